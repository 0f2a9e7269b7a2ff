-- one row per recency and frequency score: customers, and what they bought up to the window's end
select
    recency_score,
    frequency_score,
    count(*) as customers,
    sum(revenue) as revenue,
    avg(monetary_score) as mean_monetary_score
from rfm_score
group by recency_score, frequency_score
order by recency_score, frequency_score;
