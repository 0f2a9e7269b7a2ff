-- one row per day, source and currency: orders
delete from mart.order_daily as m
using day as d
where m.day_on = d.day_on;

insert into mart.order_daily (day_on, source, currency, orders, amount)
select
    d.day_on,
    o.source,
    o.currency,
    count(*) as orders,
    sum(o.amount) as amount
from mart.customer_order as o
inner join day as d on o.ordered_at >= d.starts_at and o.ordered_at < d.ends_at
group by d.day_on, o.source, o.currency;
