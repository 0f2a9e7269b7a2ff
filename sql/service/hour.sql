-- tickets made until the end of a day, by day and hour of the clock on the wall, from one day on
select
    created_at::date as day_on,
    extract(hour from created_at)::integer as hour_of_day,
    count(*) as tickets
from mart.ticket
where created_at >= %(first_day)s::date::timestamptz and created_at < (%(last_day)s::date + 1)::timestamptz
group by day_on, hour_of_day
order by day_on, hour_of_day;
