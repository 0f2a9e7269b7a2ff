-- one row per day of the four weeks up to the last that the newest forecast knew: tickets made, of all sources
with known as (
    select max(known_to) as last_on from mart.service_forecast
    where known_to < (%(window_end)s at time zone %(timezone)s)::date
)

select
    d.day_on::date as day_on,
    count(t.ticket_id) as tickets
from known as k
cross join lateral generate_series(k.last_on - 27, k.last_on, interval '1 day') as d (day_on)
left join mart.ticket as t
    on
        t.created_at >= d.day_on at time zone %(timezone)s
        and t.created_at < (d.day_on + interval '1 day') at time zone %(timezone)s
group by d.day_on
order by d.day_on;
