-- one row per deal for which nothing is planned, too many working days of its rep after the last activity
insert into candidate (
    rule, subject_kind, source, subject_id, rep_id, stage, amount, currency, probability, days, limit_days, late_days,
    risk_share, about_on
)
with last_day as (
    select
        o.*,
        (a.last_at at time zone o.timezone)::date as last_on
    from open_deal as o
    inner join deal_activity as a on o.source = a.source and o.deal_id = a.deal_id and not a.has_next
),

idle as (
    select
        d.*,
        w.number - coalesce(b.number, 0) as days
    from last_day as d
    inner join working_day as w on d.calendar = w.calendar and d.today = w.day_on
    left join working_day as b on d.calendar = b.calendar and d.last_on = b.day_on
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
    %(working_days)s as limit_days,
    days - %(working_days)s as late_days,
    (days - %(working_days)s) / (days - %(working_days)s + 7.0) as risk_share,
    last_on as about_on
from idle
where days >= %(working_days)s;
