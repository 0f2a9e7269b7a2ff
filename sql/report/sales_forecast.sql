-- one row per month that the newest forecast of bookings by the window's end foretells, and how its method did
select
    f.period_start,
    f.known_to,
    f.known_amount,
    f.expected,
    f.low_80,
    f.high_80,
    f.low_95,
    f.high_95,
    f.method,
    (r.scores -> 'methods' -> f.method ->> 'relative_to_naive')::numeric as relative_to_naive,
    (r.scores -> 'methods' -> f.method ->> 'months_relative_to_naive')::numeric as months_relative_to_naive,
    (r.scores ->> 'season')::integer as season,
    (r.scores ->> 'cuts')::integer as cuts,
    (r.scores -> 'months_inside' ->> '80')::numeric as months_inside_80
from mart.sales_forecast as f
left join ops.model_run as r on f.model_run_id = r.model_run_id
where
    f.series = 'bookings'
    and f.period = 'month'
    and f.known_to = (
        select max(n.known_to) from mart.sales_forecast as n
        where n.series = 'bookings' and n.known_to < (%(window_end)s at time zone %(timezone)s)::date
    )
order by f.period_start;
