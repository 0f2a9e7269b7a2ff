-- one row per customer asked for: what a reply may tell them of themselves
with recent as (
    select
        customer_id,
        order_id,
        ordered_on,
        amount,
        currency,
        row_number() over (
            partition by customer_id order by ordered_at desc, source asc, order_id asc
        ) as place
    from mart.customer_order
    where customer_id = any(%(customer_ids)s) and ordered_on > %(since)s and ordered_on <= %(known_to)s
),

ordered as (
    select
        customer_id,
        jsonb_agg(jsonb_build_array(order_id, ordered_on, amount::text, currency) order by place asc) as orders
    from recent
    where place <= %(most)s
    group by customer_id
)

select
    c.customer_id,
    c.full_name as name,
    c.given_name,
    c.email,
    c.company_name,
    c.owner_name,
    v.segment as value_group,
    coalesce(o.orders, '[]') as orders,
    c.open_tickets
from mart.customer_360 as c
left join mart.customer_value as v on c.customer_id = v.customer_id
left join ordered as o on c.customer_id = o.customer_id
where c.customer_id = any(%(customer_ids)s);
