-- one row per order: whose, when, how much
delete from mart.customer_order;

insert into mart.customer_order (source, order_id, customer_id, ordered_at, ordered_on, amount, currency, lines)
select
    o.source,
    o.order_id,
    min(l.customer_id) as customer_id,
    min(o.ordered_at) as ordered_at,
    min(o.ordered_at)::date as ordered_on,
    coalesce(sum(o.amount), 0) as amount,
    coalesce(min(o.currency), 'XXX') as currency,
    count(*) as lines
from core.fct_order_line as o
left join core.customer_link as l on o.source = l.source and o.customer_key = l.record_key
group by o.source, o.order_id;
