-- one row per version of a case
select
    b.source_id,
    b.version_at,
    b.payload_hash,
    r."Subject" as subject,
    r."Description" as description,
    case
        when r."IsClosed" = 'true' then 'closed'
        when lower(r."Status") = 'new' then 'new'
        when lower(r."Status") in ('on hold', 'hold') then 'hold'
        else 'open'
    end as status,
    case lower(r."Priority")
        when 'low' then 'low'
        when 'medium' then 'normal'
        when 'high' then 'high'
        when 'critical' then 'urgent'
    end as priority,
    lower(r."Origin") as channel,
    r."ContactId" as requester_key,
    case when r."OwnerId" like '005%' then r."OwnerId" end as assignee_key,
    case when r."OwnerId" like '00G%' then r."OwnerId" end as group_key,
    r."AccountId" as company_key,
    r."CreatedDate" as created_at,
    b.version_at as updated_at,
    r."IsDeleted" as is_deleted
from batch as b
cross join lateral json_to_record(b.payload) as r (
    "Subject" text,
    "Description" text,
    "IsClosed" text,
    "Status" text,
    "Priority" text,
    "Origin" text,
    "ContactId" text,
    "OwnerId" text,
    "AccountId" text,
    "CreatedDate" text,
    "IsDeleted" text
);
