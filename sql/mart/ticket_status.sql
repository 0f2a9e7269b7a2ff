-- one row per stay of a ticket in a status
delete from mart.ticket_status;

insert into mart.ticket_status (source, ticket_id, stay_no, status, entered_at, exited_at)
with change as (
    select
        e.source,
        e.ticket_id,
        e.event_at,
        e.event_id,
        e.old_value,
        e.new_value,
        row_number() over (
            partition by e.source, e.ticket_id
            order by e.event_at asc, e.event_id collate "C" asc
        ) as change_no
    from core.fct_ticket_event as e
    where e.field = 'status' and e.new_value is not null
),

-- a ticket starts in the status that its first change left, or has been in the present one all along
stay as (
    select
        t.source,
        t.ticket_id,
        t.created_at as entered_at,
        0 as change_no,
        coalesce(c.old_value, c.new_value, t.status, 'new') as status
    from core.fct_ticket as t
    left join change as c on t.source = c.source and t.ticket_id = c.ticket_id and c.change_no = 1
    where not t.is_deleted
    union all
    select
        t.source,
        t.ticket_id,
        greatest(c.event_at, t.created_at) as entered_at,
        c.change_no,
        c.new_value as status
    from core.fct_ticket as t
    inner join change as c on t.source = c.source and t.ticket_id = c.ticket_id
    where not t.is_deleted
),

compared as (
    select
        *,
        lag(status) over w as status_before
    from stay
    window w as (partition by source, ticket_id order by change_no)
)

select
    source,
    ticket_id,
    row_number() over w as stay_no,
    status,
    entered_at,
    lead(entered_at) over w as exited_at
from compared
where status is distinct from status_before
window w as (partition by source, ticket_id order by change_no);
