-- one row per customer who bought before the window's end: recency, frequency, monetary, quintiles
create temp table rfm_score on commit drop as
select
    customer_id,
    currency,
    recency_days,
    frequency,
    monetary,
    revenue,
    recency_score,
    frequency_score,
    monetary_score
from mart.customer_rfm(%(window_end)s, %(last_day)s, %(sources)s::text[]);
