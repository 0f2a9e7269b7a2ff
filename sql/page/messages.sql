-- one row per message of the outbox in some states, the latest first; the ones before a message, when that is given
select
    outbox_id,
    state,
    kind,
    channel,
    recipient,
    subject,
    reason,
    not_before,
    not_after,
    attempts,
    sending_at,
    sent_at,
    decided_by,
    decided_at
from ops.outbox
where state = %(state)s and (%(before)s::bigint is null or outbox_id < %(before)s)
order by outbox_id desc
limit %(most)s;
