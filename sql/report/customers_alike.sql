-- one row: orders in the period that is like the window, their amount in the main currency, whether some were before it
select
    count(*) filter (where ordered_at >= %(alike_start)s) as orders,
    coalesce(sum(amount) filter (where ordered_at >= %(alike_start)s and currency = %(currency)s), 0) as revenue,
    count(*) filter (where ordered_at < %(alike_start)s) > 0 as is_known
from mart.customer_order
where source = any(%(sources)s) and ordered_at < %(alike_end)s;
