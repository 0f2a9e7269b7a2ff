-- one row per version of a person in sales
select
    b.source_id,
    b.version_at,
    b.payload_hash,
    nullif(trim(concat(r."firstName", ' ', r."lastName")), '') as full_name,
    r.email,
    r.teams -> 0 ->> 'name' as team,
    b.payload #>> '{teams,0,manager}' as manager,
    b.payload #>> '{teams,0,region}' as region,
    coalesce(r.archived, 'false') <> 'true' as is_active,
    r.archived as is_deleted
from batch as b
cross join lateral json_to_record(b.payload) as r (
    email text,
    "firstName" text,
    "lastName" text,
    archived text,
    teams json
);
