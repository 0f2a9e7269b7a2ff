-- one row per customer who had bought and month whose last day is built: RFM as of its end
delete from mart.customer_rfm_monthly as m
using day as d
where m.month_on = d.day_on;

insert into mart.customer_rfm_monthly (
    month_on, customer_id, currency, recency_days, frequency, monetary, revenue, recency_score, frequency_score,
    monetary_score
)
select
    d.day_on as month_on,
    r.customer_id,
    r.currency,
    r.recency_days,
    r.frequency,
    r.monetary,
    r.revenue,
    r.recency_score,
    r.frequency_score,
    r.monetary_score
from day as d
cross join lateral mart.customer_rfm(d.ends_at, d.day_on) as r
where d.day_on = (date_trunc('month', d.day_on) + interval '1 month - 1 day')::date;
