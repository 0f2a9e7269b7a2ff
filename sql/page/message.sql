-- one row: a message of the outbox, with what it says
select
    outbox_id,
    message_key,
    state,
    kind,
    channel,
    recipient,
    subject,
    reason,
    proposed_at,
    not_before,
    not_after,
    attempts,
    sending_at,
    sent_at,
    decided_by,
    decided_at,
    payload ->> 'text' as text,
    payload ->> 'html' as html,
    payload ->> 'path' as path,
    payload ->> 'body' as body,
    coalesce(payload -> 'files', '[]'::jsonb) as files
from ops.outbox
where outbox_id = %(outbox_id)s;
