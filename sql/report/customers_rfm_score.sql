-- one row per customer who bought in the main currency before the window's end: recency, frequency, monetary, quintiles
create temp table rfm_score on commit drop as
with order_day as (
    select
        customer_id,
        (ordered_at at time zone %(timezone)s)::date as bought_on,
        sum(amount) as amount
    from mart.customer_order
    where
        source = any(%(sources)s)
        and customer_id is not null
        and currency = %(currency)s
        and ordered_at < %(window_end)s
    group by customer_id, bought_on
),

-- a day that only took things back is no purchase, but it is taken off what was bought
customer as (
    select
        customer_id,
        %(last_day)s::date - max(bought_on) filter (where amount >= 0) as recency_days,
        count(*) filter (where amount >= 0) as frequency,
        avg(amount) filter (where amount >= 0) as monetary,
        sum(amount) as revenue
    from order_day
    group by customer_id
    having count(*) filter (where amount >= 0) > 0
)

-- a quintile is told by how many customers are strictly worse, so equal customers get the same one
select
    customer_id,
    recency_days,
    frequency,
    monetary,
    revenue,
    1 + 5 * (rank() over (order by recency_days desc) - 1) / count(*) over () as recency_score,
    1 + 5 * (rank() over (order by frequency) - 1) / count(*) over () as frequency_score,
    1 + 5 * (rank() over (order by monetary) - 1) / count(*) over () as monetary_score
from customer;
