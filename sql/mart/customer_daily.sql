-- one row per day: new and buying customers
delete from mart.customer_daily as m
using day as d
where m.day_on = d.day_on;

insert into mart.customer_daily (day_on, new_customers, ordering_customers, orders)
select
    d.day_on,
    (
        select count(*)
        from mart.customer_360 as c
        where c.first_seen_at >= d.starts_at and c.first_seen_at < d.ends_at
    ) as new_customers,
    (
        select count(distinct o.customer_id)
        from mart.customer_order as o
        where o.ordered_at >= d.starts_at and o.ordered_at < d.ends_at
    ) as ordering_customers,
    (
        select count(*)
        from mart.customer_order as o
        where o.ordered_at >= d.starts_at and o.ordered_at < d.ends_at
    ) as orders
from day as d;
