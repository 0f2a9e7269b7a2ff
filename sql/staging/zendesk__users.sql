-- one row per version of a person whom the help desk knows
select
    b.source_id,
    b.version_at,
    b.payload_hash,
    case when r.role in ('agent', 'admin') then 'agent' else 'customer' end as role,
    r.email,
    r.phone,
    r.name as full_name,
    r.organization_id as company_key,
    r.locale as language,
    r.created_at,
    r.active = 'false' as is_deleted
from batch as b
cross join lateral json_to_record(b.payload) as r (
    name text,
    email text,
    phone text,
    role text,
    organization_id text,
    locale text,
    created_at text,
    active text
);
