-- one row per customer, the fifteen who bought most in the main currency up to the window's end
with top as (
    select
        customer_id,
        recency_days,
        frequency,
        monetary,
        revenue,
        recency_score,
        frequency_score,
        monetary_score,
        row_number() over (order by revenue desc, customer_id collate "C" asc) as place
    from rfm_score
    where currency = %(currency)s
    order by place
    limit 15
),

recent as (
    select
        customer_id,
        sum(amount) as revenue
    from mart.customer_order
    where
        source = any(%(sources)s)
        and currency = %(currency)s
        and ordered_at >= %(window_start)s
        and ordered_at < %(window_end)s
    group by customer_id
)

select
    r.customer_id,
    c.full_name,
    c.email,
    c.company_name,
    c.country,
    r.recency_days,
    r.frequency,
    r.monetary,
    r.revenue,
    r.recency_score,
    r.frequency_score,
    r.monetary_score,
    coalesce(n.revenue, 0) as window_revenue
from top as r
left join customer_state as c on r.customer_id = c.customer_id
left join recent as n on r.customer_id = n.customer_id
order by r.place;
