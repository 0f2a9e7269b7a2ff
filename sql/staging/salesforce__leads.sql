-- one row per version of a lead
select
    b.source_id,
    b.version_at,
    b.payload_hash,
    'customer' as role,
    r."Email" as email,
    coalesce(r."Phone", r."MobilePhone") as phone,
    r."Name" as full_name,
    r."FirstName" as given_name,
    r."LastName" as family_name,
    r."Title" as job_title,
    r."ConvertedAccountId" as company_key,
    r."Company" as company_name,
    r."Country" as country,
    r."City" as city,
    r."Status" as lifecycle_stage,
    r."OwnerId" as owner_key,
    r."CreatedDate" as created_at,
    r."IsDeleted" as is_deleted
from batch as b
cross join lateral json_to_record(b.payload) as r (
    "Email" text,
    "Phone" text,
    "MobilePhone" text,
    "Name" text,
    "FirstName" text,
    "LastName" text,
    "Title" text,
    "ConvertedAccountId" text,
    "Company" text,
    "Country" text,
    "City" text,
    "Status" text,
    "OwnerId" text,
    "CreatedDate" text,
    "IsDeleted" text
);
