-- one row per change of a field of a ticket
delete from core.fct_ticket_event as e
using latest_ticket_update as u
where e.source = u.source and e.update_key = u.update_key;

insert into core.fct_ticket_event (
    source, event_id, update_key, ticket_id, event_at, author_key, field, old_value, new_value
)
select distinct on (u.source, u.update_key, c.change ->> 'id', c.change ->> 'field')
    u.source,
    u.update_key || '/' || coalesce(c.change ->> 'id', '') || '/' || (c.change ->> 'field') as event_id,
    u.update_key,
    u.ticket_id,
    u.event_at,
    u.author_key,
    c.change ->> 'field' as field,
    c.change ->> 'old' as old_value,
    c.change ->> 'new' as new_value
from latest_ticket_update as u
cross join lateral jsonb_array_elements(u.changes) with ordinality as c (change, change_no)
where c.change ->> 'field' is not null
order by u.source asc, u.update_key asc, c.change ->> 'id', c.change ->> 'field', c.change_no desc;
