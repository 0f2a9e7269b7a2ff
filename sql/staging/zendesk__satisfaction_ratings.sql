-- one row per version of a rating of a ticket
select
    b.source_id,
    b.version_at,
    b.payload_hash,
    r.ticket_id as ticket_key,
    r.requester_id as customer_key,
    r.score,
    r.comment,
    r.updated_at as rated_at
from batch as b
cross join lateral json_to_record(b.payload) as r (
    ticket_id text,
    requester_id text,
    score text,
    comment text,
    updated_at text
);
