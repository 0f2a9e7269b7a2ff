-- one row per deal that has stayed in its stage longer than the limit: fixed, or learned from won deals
insert into candidate (
    rule, subject_kind, source, subject_id, rep_id, stage, amount, currency, probability, days, limit_days, late_days,
    risk_share
)
with learned as (
    select
        v.source,
        v.stage_key,
        (percentile_cont(0.9) within group (order by v.days_in_stage))::numeric as p90_days
    from mart.deal_stage as v
    inner join mart.deal as d on v.source = d.source and v.deal_id = d.deal_id
    where d.status = 'won' and d.closed_at < %(window_end)s and v.status = 'open' and v.exited_at < %(window_end)s
    group by v.source, v.stage_key
    having count(*) >= %(least_visits)s
),

stayed as (
    select
        o.*,
        coalesce(%(fixed_days)s::numeric, l.p90_days, %(unlearned_days)s) as limit_days,
        extract(epoch from %(window_end)s::timestamptz - o.entered_at) / 86400 as days
    from open_deal as o
    left join learned as l on o.source = l.source and o.stage_key = l.stage_key
    where o.entered_at is not null
)

select
    %(rule_name)s as rule,
    'deal' as subject_kind,
    source,
    deal_id as subject_id,
    rep_id,
    stage_name as stage,
    amount,
    currency,
    probability,
    days,
    limit_days,
    days - limit_days as late_days,
    (days - limit_days) / (days - limit_days + 7) as risk_share
from stayed
where days > limit_days;
