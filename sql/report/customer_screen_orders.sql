-- one row per order of a customer, the newest first
select
    source,
    order_id,
    ordered_at,
    amount,
    currency,
    lines
from mart.customer_order
where customer_id = %(customer_id)s
order by ordered_at desc, source asc, order_id asc
limit %(most)s;
