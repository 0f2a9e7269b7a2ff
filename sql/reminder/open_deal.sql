-- one row per deal that was open at the window's end, with the stage that it was in then and its rep's calendar
create temp table open_deal on commit drop as
with deal as (
    select
        d.source,
        d.deal_id,
        d.rep_id,
        d.customer_id,
        d.amount,
        d.currency,
        d.probability,
        d.stage_name,
        d.created_at,
        d.expected_close_on,
        coalesce(r.calendar, 'default') as calendar,
        coalesce(r.timezone, %(timezone)s) as timezone
    from mart.deal as d
    left join rep_setting as r on d.rep_id = r.rep_id
    where d.created_at < %(window_end)s and (d.status = 'open' or d.closed_at >= %(window_end)s)
),

visit as (
    select distinct on (v.source, v.deal_id)
        v.source,
        v.deal_id,
        v.stage_key,
        v.stage_name,
        v.probability,
        v.entered_at
    from mart.deal_stage as v
    inner join deal as d on v.source = d.source and v.deal_id = d.deal_id
    where v.entered_at < %(window_end)s
    order by v.source asc, v.deal_id asc, v.visit_no desc
)

select
    d.source,
    d.deal_id,
    d.rep_id,
    d.customer_id,
    d.amount,
    d.currency,
    v.stage_key,
    v.entered_at,
    d.created_at,
    d.expected_close_on,
    d.calendar,
    d.timezone,
    coalesce(v.probability, d.probability) as probability,
    coalesce(v.stage_name, d.stage_name) as stage_name,
    -- the last day that was over then, where the rep is
    (%(window_end)s::timestamptz at time zone d.timezone)::date - 1 as today
from deal as d
left join visit as v on d.source = v.source and d.deal_id = v.deal_id;

alter table open_deal add primary key (source, deal_id);
analyze open_deal;
