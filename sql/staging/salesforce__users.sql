-- one row per version of a person who works for us
select
    b.source_id,
    b.version_at,
    b.payload_hash,
    r."Name" as full_name,
    r."Email" as email,
    r."Department" as team,
    r."Manager" ->> 'Name' as manager,
    r."IsActive" as is_active
from batch as b
cross join lateral json_to_record(b.payload) as r (
    "Name" text,
    "Email" text,
    "Department" text,
    "IsActive" text,
    "Manager" json
);
