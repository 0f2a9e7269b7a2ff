-- one row: the last day built of each subject, and what is told of it
with last as (
    select
        max(day_on) filter (where subject = 'sales') as sales_on,
        max(day_on) filter (where subject = 'service') as service_on,
        max(built_at) as built_at,
        count(*) filter (where is_stale) as stale_days
    from ops.mart_day
),

sales as (
    select
        coalesce(sum(d.created_deals), 0)::bigint as created_deals,
        coalesce(sum(d.won_deals), 0)::bigint as won_deals,
        coalesce(sum(d.lost_deals), 0)::bigint as lost_deals
    from mart.sales_daily as d
    inner join last as l on d.day_on = l.sales_on
),

service as (
    select
        coalesce(sum(d.created_tickets), 0)::bigint as created_tickets,
        coalesce(sum(d.solved_tickets), 0)::bigint as solved_tickets
    from mart.service_daily as d
    inner join last as l on d.day_on = l.service_on
)

select
    l.sales_on,
    l.service_on,
    l.built_at,
    l.stale_days,
    s.created_deals,
    s.won_deals,
    s.lost_deals,
    v.created_tickets,
    v.solved_tickets
from last as l
cross join sales as s
cross join service as v;
