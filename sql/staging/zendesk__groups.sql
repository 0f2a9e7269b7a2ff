-- one row per version of a group of agents
select
    b.source_id,
    b.version_at,
    b.payload_hash,
    r.name,
    r.deleted = 'true' as is_deleted
from batch as b
cross join lateral json_to_record(b.payload) as r (
    name text,
    deleted text
);
