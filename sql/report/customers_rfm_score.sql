-- one row per customer who bought in the main currency before the window's end: recency, frequency, monetary, quintiles
create temp table rfm_score on commit drop as
with purchase_day as (
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
    -- a day that only took things back is no purchase
    having sum(amount) >= 0
),

customer as (
    select
        customer_id,
        %(last_day)s::date - max(bought_on) as recency_days,
        count(*) as frequency,
        avg(amount) as monetary,
        sum(amount) as revenue
    from purchase_day
    group by customer_id
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
