-- one row per period and deal open at the period's end, with the stage that it was in then
create temp table open_deal on commit drop as
with period as (
    select
        'current' as period,
        %(window_end)s::timestamptz as ends_at
    union all
    select
        'previous' as period,
        %(window_start)s::timestamptz as ends_at
),

deal as (
    select
        source,
        deal_id,
        deal_name,
        status,
        stage_name,
        stage_position,
        probability,
        amount,
        currency,
        rep_id,
        rep_name,
        company_name,
        created_at,
        closed_at
    from mart.deal
    where source = any(%(sources)s)
),

open_then as (
    select
        p.period,
        p.ends_at,
        d.source,
        d.deal_id,
        d.deal_name,
        d.status,
        d.stage_name,
        d.stage_position,
        d.probability,
        d.amount,
        d.currency,
        d.rep_id,
        d.rep_name,
        d.company_name,
        d.created_at
    from deal as d
    inner join period as p on d.created_at < p.ends_at and (d.closed_at is null or d.closed_at >= p.ends_at)
),

-- the visit under way at the period's end, else the first one that is known
visit as (
    select distinct on (o.period, o.source, o.deal_id)
        o.period,
        o.source,
        o.deal_id,
        v.stage_key,
        v.stage_name,
        v.stage_position,
        v.probability,
        v.status,
        case when v.entered_at < o.ends_at then v.entered_at end as entered_at
    from open_then as o
    inner join mart.deal_stage as v on o.source = v.source and o.deal_id = v.deal_id
    order by o.period, o.source, o.deal_id, case when v.entered_at < o.ends_at then -v.visit_no else v.visit_no end
),

-- a deal without visits is where it is now, but never in a stage that it reached by closing later
placed as (
    select
        o.*,
        v.stage_key,
        v.entered_at as stage_entered_at,
        coalesce(v.status, o.status) = 'open' as has_stage,
        coalesce(v.stage_name, o.stage_name) as stage_then,
        case when v.deal_id is null then o.stage_position else v.stage_position end as position_then,
        coalesce(v.probability, o.probability) as probability_then
    from open_then as o
    left join visit as v on o.period = v.period and o.source = v.source and o.deal_id = v.deal_id
)

select
    period,
    source,
    deal_id,
    deal_name,
    amount,
    currency,
    rep_id,
    rep_name,
    company_name,
    created_at,
    case when has_stage then stage_key end as stage_key,
    case when has_stage then stage_then end as stage_name,
    case when has_stage then position_then end as stage_position,
    case when has_stage then probability_then end as probability,
    case when has_stage then stage_entered_at end as stage_entered_at,
    extract(epoch from ends_at - case when has_stage then stage_entered_at end) / 86400 as days_in_stage
from placed;
