-- one row per version of a person on the web site's directory
select
    b.source_id,
    b.version_at,
    b.payload_hash,
    'customer' as role,
    r.email,
    r.phone,
    r.name as full_name,
    r.job_title,
    r.organisation as company_name,
    r.country,
    r.city
from batch as b
cross join lateral json_to_record(b.payload) as r (
    name text,
    email text,
    phone text,
    job_title text,
    organisation text,
    country text,
    city text
);
