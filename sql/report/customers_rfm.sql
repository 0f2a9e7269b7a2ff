-- one row per recency and frequency score: customers, and what those of the currency bought up to the window's end
select
    recency_score,
    frequency_score,
    count(*) as customers,
    coalesce(sum(revenue) filter (where currency = %(currency)s), 0) as revenue
from rfm_score
group by recency_score, frequency_score
order by recency_score, frequency_score;
