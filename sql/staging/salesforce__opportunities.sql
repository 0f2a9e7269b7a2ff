-- one row per version of an opportunity
select
    b.source_id,
    b.version_at,
    b.payload_hash,
    r."Name" as name,
    'opportunities' as pipeline_key,
    r."StageName" as stage_key,
    r."Amount" as amount,
    r."CurrencyIsoCode" as currency,
    r."OwnerId" as owner_key,
    r."AccountId" as company_key,
    r."ContactId" as customer_key,
    r."LeadSource" as lead_source,
    r."CreatedDate" as created_at,
    -- a day without a time: one that is won on the day it was made is not won before that
    case when left(r."CreatedDate", 10) = r."CloseDate" then r."CreatedDate" else r."CloseDate" end as closed_at,
    r."IsDeleted" as is_deleted
from batch as b
cross join lateral json_to_record(b.payload) as r (
    "Name" text,
    "StageName" text,
    "Amount" text,
    "CurrencyIsoCode" text,
    "OwnerId" text,
    "AccountId" text,
    "ContactId" text,
    "LeadSource" text,
    "CreatedDate" text,
    "CloseDate" text,
    "IsDeleted" text
);
