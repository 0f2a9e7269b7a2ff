-- one row per day with new customers or orders; revenue in the main currency
with event as (
    select
        (first_seen_at at time zone %(timezone)s)::date as day_on,
        1 as new_customers,
        0 as orders,
        0 as revenue
    from customer_state
    where first_seen_at >= %(history_start)s
    union all
    select
        (ordered_at at time zone %(timezone)s)::date as day_on,
        0 as new_customers,
        1 as orders,
        case when currency = %(currency)s then amount else 0 end as revenue
    from mart.customer_order
    where source = any(%(sources)s) and ordered_at >= %(history_start)s and ordered_at < %(window_end)s
)

select
    day_on,
    sum(new_customers) as new_customers,
    sum(orders) as orders,
    sum(revenue) as revenue
from event
group by day_on
order by day_on;
