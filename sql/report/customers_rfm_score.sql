-- one row per customer who bought before the window's end: recency, frequency, monetary, quintiles
create temp table rfm_score on commit drop as
with monthly as (
    -- a month's end is in the marts, of all sources, unless late facts wait to be settled
    select
        exists (
            select from ops.mart_day
            where subject = 'customers' and day_on = %(last_day)s and not is_stale
        )
        and exists (
            select from mart.customer_rfm_monthly
            where month_on = %(last_day)s
        )
        and not exists (
            select from mart.customer_order
            where not source = any(%(sources)s)
        ) as is_there
)

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
from mart.customer_rfm_monthly
where month_on = %(last_day)s and (select m.is_there from monthly as m)
union all
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
from mart.customer_rfm(%(window_end)s, %(last_day)s, %(sources)s::text[])
where (select not m.is_there from monthly as m);
