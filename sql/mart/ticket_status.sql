-- one row per stay of a ticket in a status
delete from mart.ticket_status as m
using ops.changed_ticket as c
where m.source = c.source and m.ticket_id = c.ticket_id;

insert into mart.ticket_status (source, ticket_id, stay_no, status, entered_at, exited_at)
with compared as (
    select
        s.source,
        s.ticket_id,
        s.state_no,
        s.status,
        s.from_at,
        lag(s.status) over w as status_before
    from mart.ticket_state as s
    inner join ops.changed_ticket as c on s.source = c.source and s.ticket_id = c.ticket_id
    window w as (partition by s.source, s.ticket_id order by s.state_no)
)

select
    source,
    ticket_id,
    row_number() over w as stay_no,
    status,
    from_at as entered_at,
    lead(from_at) over w as exited_at
from compared
where status is distinct from status_before
window w as (partition by source, ticket_id order by state_no);

analyze mart.ticket_status;
