-- one row per version of a sales agent
select
    b.source_id,
    b.version_at,
    b.payload_hash,
    r.sales_agent as full_name,
    r.manager as team,
    r.manager,
    r.regional_office as region,
    true as is_active
from batch as b
cross join lateral json_to_record(b.payload) as r (
    sales_agent text,
    manager text,
    regional_office text
);
