-- one row per month of the year before the window's end: bookings, in the reporting currency
select
    date_trunc('month', closed_at at time zone %(timezone)s)::date as period_start,
    max(reporting_currency) as reporting_currency,
    coalesce(sum(reporting_amount), 0) as bookings
from mart.deal
where
    status = 'won'
    and closed_at < %(window_end)s
    and (closed_at at time zone %(timezone)s)::date
    >= date_trunc('month', %(window_end)s at time zone %(timezone)s)::date - interval '12 months'
group by date_trunc('month', closed_at at time zone %(timezone)s)::date
order by period_start;
