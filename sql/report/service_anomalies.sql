-- one row per number of tickets out of its range, of the days and weeks that the pictures show, the newest first
select
    period,
    period_start,
    actual,
    expected,
    low,
    high,
    explained_by
from mart.service_expectation
where
    is_anomaly
    and period_start >= (%(history_start)s at time zone %(timezone)s)::date
    and period_start < (%(window_end)s at time zone %(timezone)s)::date
order by period_start desc, period asc
limit 20;
