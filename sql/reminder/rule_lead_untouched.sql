-- one row per lead: a customer in a hot stage, without a deal, whom nobody has contacted for too many working days
insert into candidate (
    rule, subject_kind, source, subject_id, rep_id, days, limit_days, late_days, risk_share, about_on
)
with lead as (
    select
        c.customer_id,
        c.owner_id,
        split_part(c.owner_id, ':', 1) as source,
        r.calendar,
        r.timezone,
        -- since when they are in that stage, as far as is known
        (
            select min(p.valid_from) from core.dim_customer as p
            where p.customer_id = c.customer_id and p.lifecycle_stage = c.lifecycle_stage
        ) as since_at
    from mart.customer_360 as c
    inner join rep_setting as r on c.owner_id = r.rep_id
    where c.lifecycle_stage = any(%(lifecycle_stages)s) and c.deals = 0
),

touch as (
    select
        d.customer_id,
        max(f.occurred_at) as last_at
    from lead as d
    inner join core.customer_link as k on d.customer_id = k.customer_id
    inner join core.fct_activity as f on k.source = f.source and k.record_key = f.customer_key
    where not f.is_deleted and f.is_completed is not false and f.occurred_at < %(window_end)s
    group by d.customer_id
),

last_day as (
    select
        d.*,
        (greatest(t.last_at, d.since_at) at time zone d.timezone)::date as last_on,
        (%(window_end)s::timestamptz at time zone d.timezone)::date - 1 as today
    from lead as d
    left join touch as t on d.customer_id = t.customer_id
    where d.since_at < %(window_end)s
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
    'customer' as subject_kind,
    source,
    customer_id as subject_id,
    owner_id as rep_id,
    days,
    %(working_days)s as limit_days,
    days - %(working_days)s as late_days,
    (days - %(working_days)s) / (days - %(working_days)s + 7.0) as risk_share,
    last_on as about_on
from idle
where days > %(working_days)s;
