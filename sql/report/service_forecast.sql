-- one row per day and hour that the newest forecast made by the window's end foretells, and how its like did before
select
    f.period,
    f.period_start,
    f.known_to,
    f.expected,
    f.low_80,
    f.high_80,
    f.low_95,
    f.high_95,
    (r.scores ->> 'cuts')::integer as cuts,
    (r.scores ->> 'hours_relative_to_week_before')::numeric as hours_relative,
    (r.scores ->> 'days_relative_to_week_before')::numeric as days_relative,
    (r.scores -> 'days_inside' ->> '80')::numeric as days_inside_80
from mart.service_forecast as f
left join ops.model_run as r on f.model_run_id = r.model_run_id
where
    f.known_to = (
        select max(n.known_to) from mart.service_forecast as n
        where n.known_to < (%(window_end)s at time zone %(timezone)s)::date
    )
order by f.period, f.period_start;
