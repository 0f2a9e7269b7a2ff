-- one row per version of an organisation
select
    b.source_id,
    b.version_at,
    b.payload_hash,
    r.name,
    r.domain_names ->> 0 as domain,
    r.created_at,
    r.deleted_at is not null as is_deleted
from batch as b
cross join lateral json_to_record(b.payload) as r (
    name text,
    domain_names json,
    created_at text,
    deleted_at text
);
