-- one row per day up to the window's end: tickets created, tickets solved, and the backlog at the day's end
with ticket_stay as (
    select
        s.source,
        s.ticket_id,
        s.entered_at,
        case when s.exited_at < %(window_end)s then s.exited_at end as exited_at
    from mart.ticket_status as s
    left join core.dim_ticket_status as e on s.status = e.status
    where
        s.source = any(%(sources)s)
        and not coalesce(e.is_end, false)
        and s.entered_at < %(window_end)s
),

day as (
    select d.day_on::date as day_on
    from
        generate_series(
            %(history_first_day)s::date::timestamp, %(last_day)s::date::timestamp, interval '1 day'
        ) as d (day_on)
),

-- a stay adds to the backlog on the day it begins and leaves it on the day it ends
move as (
    select
        m.moved_at,
        m.tickets
    from ticket_stay as s
    inner join mart.ticket as t on s.source = t.source and s.ticket_id = t.ticket_id
    cross join lateral (values (s.entered_at, 1), (s.exited_at, -1)) as m (moved_at, tickets)
    where m.moved_at is not null
),

moved as (
    select
        greatest((moved_at at time zone %(timezone)s)::date, %(history_first_day)s::date) as day_on,
        sum(tickets) as tickets
    from move
    group by day_on
),

created as (
    select
        (created_at at time zone %(timezone)s)::date as day_on,
        count(*) as tickets
    from ticket_state
    where period = 'current' and created_at >= %(history_start)s
    group by day_on
),

solved as (
    select
        (last_solved_at at time zone %(timezone)s)::date as day_on,
        count(*) as tickets
    from ticket_state
    where period = 'current' and last_solved_at >= %(history_start)s
    group by day_on
),

counted as (
    select
        d.day_on,
        coalesce(c.tickets, 0) as created_tickets,
        coalesce(s.tickets, 0) as solved_tickets,
        coalesce(m.tickets, 0) as moved_tickets
    from day as d
    left join created as c on d.day_on = c.day_on
    left join solved as s on d.day_on = s.day_on
    left join moved as m on d.day_on = m.day_on
)

select
    day_on,
    created_tickets,
    solved_tickets,
    sum(moved_tickets) over (order by day_on)::bigint as backlog
from counted
order by day_on;
