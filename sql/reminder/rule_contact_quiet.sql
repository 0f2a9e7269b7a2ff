-- one row per deal whose contact was in no activity and wrote no ticket for too many working days of its rep
insert into candidate (
    rule, subject_kind, source, subject_id, rep_id, stage, amount, currency, probability, days, limit_days, late_days,
    risk_share, about_on
)
with contact as (
    select distinct
        l.customer_id,
        l.source,
        l.record_key
    from core.customer_link as l
    inner join open_deal as o on l.customer_id = o.customer_id
),

touch as (
    select
        c.customer_id,
        f.occurred_at as touched_at
    from contact as c
    inner join core.fct_activity as f on c.source = f.source and c.record_key = f.customer_key
    where not f.is_deleted and f.is_completed is not false and f.occurred_at < %(window_end)s
    union all
    select
        c.customer_id,
        m.sent_at as touched_at
    from contact as c
    inner join core.fct_message as m on c.source = m.source and c.record_key = m.author_key
    where m.is_public and m.sent_at < %(window_end)s
),

last_touch as (
    select
        customer_id,
        max(touched_at) as last_at
    from touch
    group by customer_id
),

-- a contact who was never heard of has not gone quiet: the rule of no activity speaks of them
last_day as (
    select
        o.*,
        (t.last_at at time zone o.timezone)::date as last_on
    from open_deal as o
    inner join last_touch as t on o.customer_id = t.customer_id
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
where days > %(working_days)s;
