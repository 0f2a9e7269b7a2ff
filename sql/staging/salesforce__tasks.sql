-- one row per version of a task, a call or an e-mail: all are tasks of some kind
select
    b.source_id,
    b.version_at,
    b.payload_hash,
    case r."TaskSubtype" when 'Call' then 'call' when 'Email' then 'email' else 'task' end as activity_type,
    r."Subject" as subject,
    r."OwnerId" as owner_key,
    case when r."WhatId" like '006%' then r."WhatId" end as deal_key,
    r."WhoId" as customer_key,
    coalesce(r."CompletedDateTime", r."ActivityDate", r."CreatedDate") as occurred_at,
    r."IsClosed" as is_completed,
    r."IsDeleted" as is_deleted
from batch as b
cross join lateral json_to_record(b.payload) as r (
    "TaskSubtype" text,
    "Subject" text,
    "OwnerId" text,
    "WhatId" text,
    "WhoId" text,
    "CompletedDateTime" text,
    "ActivityDate" text,
    "CreatedDate" text,
    "IsClosed" text,
    "IsDeleted" text
);
