-- tickets whose customer has another segment than they were told with: marts of customers are built apart from those of
-- service, before or after them, and the result has to be the same
create temp table ticket_resegmented on commit drop as
with built as (
    select max(built_at) as built_at from ops.mart_day
    where subject = 'service'
),

-- a build of customers may have begun before the last one of service and ended after it
month_end as (
    select d.day_on
    from ops.mart_day as d
    cross join built as b
    where
        d.subject = 'customers'
        and d.built_at > b.built_at - interval '1 day'
        and d.day_on = (date_trunc('month', d.day_on) + interval '1 month')::date - 1
),

candidate as (
    select
        t.source,
        t.ticket_id,
        t.created_at,
        t.customer_segment,
        l.customer_id
    from mart.ticket as t
    inner join core.fct_ticket as f on t.source = f.source and t.ticket_id = f.ticket_id
    left join core.customer_link as l on f.source = l.source and f.requester_key = l.record_key
    where
        date_trunc('month', t.created_at)::date - 1 in (select m.day_on from month_end as m)
        or t.customer_id is distinct from l.customer_id
)

select
    c.source,
    c.ticket_id,
    c.created_at
from candidate as c
left join mart.customer_rfm_monthly as r
    on c.customer_id = r.customer_id and r.month_on = date_trunc('month', c.created_at)::date - 1
left join mart.rfm_segment as s
    on r.recency_score = s.recency_score and r.frequency_score = s.frequency_score
where
    c.customer_segment is distinct from s.segment
    and exists (
        select from core.dim_service_condition as d
        where d.field = 'segment'
    );

insert into ops.changed_ticket (source, ticket_id)
select
    source,
    ticket_id
from ticket_resegmented
on conflict do nothing;

update ops.mart_day
set is_stale = true
where
    subject = 'service'
    and day_on >= (select min(r.created_at) from ticket_resegmented as r)::date;
