-- one row per currency: orders and their amount in the window, in the period before it, and ever up to its end
select
    currency,
    count(*) filter (where ordered_at >= %(window_start)s) as orders,
    coalesce(sum(amount) filter (where ordered_at >= %(window_start)s), 0) as revenue,
    count(*) filter (where ordered_at >= %(previous_start)s and ordered_at < %(window_start)s) as previous_orders,
    coalesce(
        sum(amount) filter (where ordered_at >= %(previous_start)s and ordered_at < %(window_start)s), 0
    ) as previous_revenue,
    sum(amount) as revenue_ever
from mart.customer_order
where source = any(%(sources)s) and ordered_at < %(window_end)s
group by currency
order by revenue desc, revenue_ever desc, currency collate "C";
