-- one row per version of an account
select
    b.source_id,
    b.version_at,
    b.payload_hash,
    r.account as name,
    r.sector as industry,
    r.office_location as country,
    r.employees,
    r.revenue as annual_revenue,
    r.subsidiary_of as parent_name
from batch as b
cross join lateral json_to_record(b.payload) as r (
    account text,
    sector text,
    revenue text,
    employees text,
    office_location text,
    subsidiary_of text
);
