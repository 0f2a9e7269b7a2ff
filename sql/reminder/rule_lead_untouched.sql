-- one row per lead, a customer in a hot stage without a deal: since when nobody has contacted them; where a source
-- has leads, those that were converted or lost are none any more
create temp table quiet on commit drop as
with is_lead as (
    select
        customer_id,
        bool_or(status = 'open') as is_open
    from mart.lead
    group by customer_id
),

lead as (
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
    left join is_lead as l on c.customer_id = l.customer_id
    where c.lifecycle_stage = any(%(lifecycle_stages)s) and c.deals = 0 and coalesce(l.is_open, true)
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
)

select
    'customer' as subject_kind,
    d.source,
    d.customer_id as subject_id,
    d.owner_id as rep_id,
    null::text as stage,
    null::numeric as amount,
    null::text as currency,
    null::numeric as probability,
    d.calendar,
    (%(window_end)s::timestamptz at time zone d.timezone)::date - 1 as today,
    (greatest(t.last_at, d.since_at) at time zone d.timezone)::date as last_on
from lead as d
left join touch as t on d.customer_id = t.customer_id
where d.since_at < %(window_end)s;
