-- one row per version of a company
select
    b.source_id,
    b.version_at,
    b.payload_hash,
    p.name,
    p.domain,
    p.industry,
    p.phone,
    p.address as street,
    p.zip as postcode,
    p.city,
    p.state,
    p.country,
    p.numberofemployees as employees,
    p.annualrevenue as annual_revenue,
    p.createdate as created_at,
    string_to_array(nullif(p.hs_merged_object_ids, ''), ';') as merged_keys,
    r.archived as is_deleted
from batch as b
cross join
    lateral json_to_record(b.payload -> 'properties')
        as p (
            name text,
            domain text,
            industry text,
            phone text,
            address text,
            zip text,
            city text,
            state text,
            country text,
            numberofemployees text,
            annualrevenue text,
            createdate text,
            hs_merged_object_ids text
        )
cross join lateral json_to_record(b.payload) as r (
    archived text
);
