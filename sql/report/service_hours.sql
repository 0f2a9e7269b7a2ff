-- one row per weekday (1 is Monday) and hour: tickets created from the start of the pictures to the window's end
select
    extract(isodow from created_at at time zone %(timezone)s)::integer as iso_weekday,
    extract(hour from created_at at time zone %(timezone)s)::integer as hour_of_day,
    count(*) as tickets
from ticket_state
where period = 'current' and created_at >= %(history_start)s
group by iso_weekday, hour_of_day
order by iso_weekday, hour_of_day;
