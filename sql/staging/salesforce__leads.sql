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
    -- Salesforce says of a status only whether it is one of conversion: "Closed - Not Converted" is its own example
    case
        when r."IsConverted" = 'true' then 'converted'
        when r."Status" ~* '^(closed|unqualified|disqualified)' then 'lost'
        else 'open'
    end as lead_status,
    r."LeadSource" as lead_source,
    r."ConvertedDate" as converted_at,
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
    "IsConverted" text,
    "ConvertedDate" text,
    "LeadSource" text,
    "OwnerId" text,
    "CreatedDate" text,
    "IsDeleted" text
);
