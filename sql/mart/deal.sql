-- one row per deal that the source still has, with names in place of keys; told anew, of which what differs is written
-- compared once, before anything is written, and without a copy of them all
create temp table deal_changed on commit drop as
with staged as (
    select
        d.*,
        s.pipeline_name,
        coalesce(s.stage_name, d.stage_key, 'unknown') as stage_name,
        s.position as stage_position,
        s.process_name,
        s.stage_key is not null as is_stage_known,
        coalesce(s.status, 'open') as status,
        case s.status when 'won' then 1 when 'lost' then 0 else coalesce(s.probability, 0) end as probability
    from core.fct_deal as d
    left join core.dim_pipeline_stage as s on d.source = s.source and d.stage_key = s.stage_key
    where not d.is_deleted
),

-- the instant of winning or losing where the source tells no close date: the last move into the closed stage
moved as (
    select
        d.source,
        d.deal_id,
        max(v.entered_at) as closed_at
    from core.fct_deal as d
    inner join core.dim_pipeline_stage as s
        on d.source = s.source and d.stage_key = s.stage_key and s.status <> 'open'
    inner join core.fct_deal_stage as v
        on d.source = v.source and d.deal_id = v.deal_id and d.stage_key = v.stage_key
    where d.closed_at is null
    group by d.source, d.deal_id
),

listed as (
    select distinct on (source, match_key)
        source,
        match_key,
        name
    from core.dim_product
    order by source, match_key, product_key
),

product as (
    select
        n.source,
        n.product_name,
        l.name
    from (select distinct
        source,
        product_name
    from core.fct_deal) as n
    inner join listed as l
        on n.source = l.source and lower(regexp_replace(n.product_name, '[^[:alnum:]]', '', 'g')) = l.match_key
),

closed as (
    select
        d.*,
        case when d.status <> 'open' then coalesce(d.closed_at, m.closed_at) end as ended_at
    from staged as d
    left join moved as m on d.source = m.source and d.deal_id = m.deal_id
),

converted as (
    select
        d.*,
        r.currency as reporting_currency,
        case when d.currency = r.currency then d.amount else round(d.amount * x.factor, 2) end as reporting_amount
    from closed as d
    cross join reporting as r
    cross join as_of as a
    left join rate as x on d.currency = x.currency and coalesce(d.ended_at::date, a.on_day) = x.on_day
),

told as (
    select
        d.source,
        d.deal_id,
        d.name as deal_name,
        d.status,
        d.pipeline_name,
        d.stage_name,
        d.stage_position,
        d.probability,
        d.amount,
        coalesce(d.currency, 'XXX') as currency,
        d.amount * d.probability as weighted_amount,
        r.rep_id,
        r.full_name as rep_name,
        r.team,
        r.manager,
        r.region,
        c.company_id,
        c.name as company_name,
        l.customer_id,
        coalesce(p.name, d.product_name) as product_name,
        d.lead_source,
        coalesce(d.created_at, d.first_seen_at) as created_at,
        d.ended_at as closed_at,
        case when d.status = 'open' then d.closed_at::date end as expected_close_on,
        extract(epoch from d.ended_at::timestamp - d.created_at::timestamp) / 86400 as sales_cycle_days,
        case when d.status = 'lost' then d.lost_reason end as lost_reason,
        d.process_name,
        d.is_stage_known,
        d.reporting_amount,
        round(d.reporting_amount * d.probability, 2) as reporting_weighted_amount,
        d.reporting_currency
    from converted as d
    left join core.dim_rep as r on d.source || ':' || d.owner_key = r.rep_id and r.is_current
    left join core.company_link as k on d.source = k.source and d.company_key = k.record_key
    left join core.dim_company as c on k.company_id = c.company_id and c.is_current
    left join core.customer_link as l on d.source = l.source and d.customer_key = l.record_key
    left join product as p on d.source = p.source and d.product_name = p.product_name
)

select
    coalesce(t.source, m.source) as key_source,
    coalesce(t.deal_id, m.deal_id) as key_deal_id,
    t.*
from told as t
full outer join mart.deal as m on t.source = m.source and t.deal_id = m.deal_id
where row(t.*) is distinct from row(m.*);

analyze deal_changed;

delete from mart.deal as m
using deal_changed as c
where m.source = c.key_source and m.deal_id = c.key_deal_id;

insert into mart.deal (
    source, deal_id, deal_name, status, pipeline_name, stage_name, stage_position, probability, amount, currency,
    weighted_amount, rep_id, rep_name, team, manager, region, company_id, company_name, customer_id, product_name,
    lead_source, created_at, closed_at, expected_close_on, sales_cycle_days, lost_reason, process_name, is_stage_known,
    reporting_amount, reporting_weighted_amount, reporting_currency
)
select
    n.source,
    n.deal_id,
    n.deal_name,
    n.status,
    n.pipeline_name,
    n.stage_name,
    n.stage_position,
    n.probability,
    n.amount,
    n.currency,
    n.weighted_amount,
    n.rep_id,
    n.rep_name,
    n.team,
    n.manager,
    n.region,
    n.company_id,
    n.company_name,
    n.customer_id,
    n.product_name,
    n.lead_source,
    n.created_at,
    n.closed_at,
    n.expected_close_on,
    n.sales_cycle_days,
    n.lost_reason,
    n.process_name,
    n.is_stage_known,
    n.reporting_amount,
    n.reporting_weighted_amount,
    n.reporting_currency
from deal_changed as n
where n.source is not null;
