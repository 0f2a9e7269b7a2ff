-- one row per version of a company
select
    b.source_id,
    b.version_at,
    b.payload_hash,
    r."Name" as name,
    -- a web site is written in many ways: https://www.example.com/about is example.com
    nullif(lower(regexp_replace(r."Website", '^([a-zA-Z]+://)?([wW]{3}[.])?([^/:?#]*).*$', '\3')), '') as domain,
    r."Industry" as industry,
    r."Phone" as phone,
    r."BillingStreet" as street,
    r."BillingPostalCode" as postcode,
    r."BillingCity" as city,
    r."BillingState" as state,
    r."BillingCountry" as country,
    r."NumberOfEmployees" as employees,
    r."AnnualRevenue" as annual_revenue,
    r."Parent" ->> 'Name' as parent_name,
    r."CreatedDate" as created_at,
    r."IsDeleted" as is_deleted
from batch as b
cross join lateral json_to_record(b.payload) as r (
    "Name" text,
    "Website" text,
    "Industry" text,
    "Phone" text,
    "BillingStreet" text,
    "BillingPostalCode" text,
    "BillingCity" text,
    "BillingState" text,
    "BillingCountry" text,
    "NumberOfEmployees" text,
    "AnnualRevenue" text,
    "Parent" json,
    "CreatedDate" text,
    "IsDeleted" text
);
