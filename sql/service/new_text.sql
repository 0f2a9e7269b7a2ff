-- tickets of some days that have no topic yet, and what was written first
select
    f.source,
    f.ticket_id,
    f.subject,
    f.body
from mart.ticket as t
inner join core.ticket_text as f on t.source = f.source and t.ticket_id = f.ticket_id
where
    t.created_at >= %(first_day)s::date::timestamptz
    and t.created_at < (%(last_day)s::date + 1)::timestamptz
    and not exists (
        select from mart.ticket_topic as k
        where k.source = t.source and k.ticket_id = t.ticket_id
    );
