-- one row per period: customers known at its end, new in it, buying in it; orders of it
with period as (
    select
        'current' as period,
        %(window_start)s::timestamptz as starts_at,
        %(window_end)s::timestamptz as ends_at
    union all
    select
        'previous' as period,
        %(previous_start)s::timestamptz as starts_at,
        %(window_start)s::timestamptz as ends_at
),

customer as (
    select
        p.period,
        count(*) as known_customers,
        count(*) filter (where c.first_seen_at >= p.starts_at) as new_customers,
        count(*) filter (where cardinality(c.sources) > 1) as in_several_sources
    from customer_state as c
    inner join period as p on c.first_seen_at < p.ends_at
    group by p.period
),

-- each customer once for both periods; orders of nobody are one more
buyer as (
    select
        customer_id,
        bool_or(ordered_at < %(window_start)s) as has_bought_before,
        count(*) filter (where ordered_at >= %(window_start)s) as orders,
        count(*) filter (where ordered_at >= %(previous_start)s and ordered_at < %(window_start)s) as previous_orders
    from mart.customer_order
    where source = any(%(sources)s) and ordered_at < %(window_end)s
    group by customer_id
),

bought as (
    select
        'current' as period,
        count(customer_id) as customers_with_orders,
        count(customer_id) filter (where orders > 0) as ordering_customers,
        sum(orders)::bigint as orders,
        sum(orders) filter (where customer_id is null)::bigint as orders_of_nobody
    from buyer
    union all
    select
        'previous' as period,
        count(customer_id) filter (where has_bought_before) as customers_with_orders,
        count(customer_id) filter (where previous_orders > 0) as ordering_customers,
        sum(previous_orders)::bigint as orders,
        sum(previous_orders) filter (where customer_id is null)::bigint as orders_of_nobody
    from buyer
)

select
    p.period,
    coalesce(c.known_customers, 0) as known_customers,
    coalesce(c.new_customers, 0) as new_customers,
    coalesce(c.in_several_sources, 0) as in_several_sources,
    coalesce(b.customers_with_orders, 0) as customers_with_orders,
    coalesce(b.ordering_customers, 0) as ordering_customers,
    coalesce(b.orders, 0) as orders,
    coalesce(b.orders_of_nobody, 0) as orders_of_nobody
from period as p
left join customer as c on p.period = c.period
left join bought as b on p.period = b.period
order by p.period;
