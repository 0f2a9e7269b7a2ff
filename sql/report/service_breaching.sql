-- one row per promise that was open at the window's end, the one with the least time left first; ten of them
select
    ticket_id,
    subject,
    measure,
    priority,
    group_name,
    assignee_name,
    minutes_left,
    breach_at at time zone %(timezone)s as breach_at,
    count(*) over () as promises
from open_promise
order by minutes_left asc, breach_at asc, source collate "C" asc, ticket_id collate "C" asc, measure asc
limit 10;
