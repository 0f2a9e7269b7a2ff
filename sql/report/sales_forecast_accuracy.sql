-- how the forecasts of bookings whose month was over by the window's end turned out, by months ahead
select
    periods_ahead,
    count(*) as forecasts,
    avg(abs(error)) as mean_error,
    avg(actual) as mean_actual,
    avg(is_inside_80::integer) as inside_80
from mart.sales_forecast_accuracy
where
    series = 'bookings'
    and period = 'month'
    and period_start + interval '1 month' <= (%(window_end)s at time zone %(timezone)s)::timestamp
group by periods_ahead
order by periods_ahead;
