-- one row per message on a ticket
delete from core.fct_message as m
using latest_ticket_update as u
where m.source = u.source and m.update_key = u.update_key;

insert into core.fct_message (
    source, message_id, update_key, ticket_id, author_key, is_public, channel, body, sent_at
)
select
    u.source,
    u.update_key || '/' || m.message_no as message_id,
    u.update_key,
    u.ticket_id,
    coalesce(m.message ->> 'author', u.author_key) as author_key,
    coalesce(m.message ->> 'public' = 'true', false) as is_public,
    m.message ->> 'channel' as channel,
    m.message ->> 'body' as body,
    u.event_at as sent_at
from latest_ticket_update as u
cross join lateral jsonb_array_elements(u.messages) with ordinality as m (message, message_no);
