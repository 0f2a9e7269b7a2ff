-- one row per version of a case: each of its lines is one; activity 6 closes it
select
    b.source_id,
    b.version_at,
    b.payload_hash,
    case when r."ActivityID" = '6' then 'closed' else 'open' end as status,
    r."CompleteTimestamp" as updated_at
from batch as b
cross join lateral json_to_record(b.payload) as r (
    "ActivityID" text,
    "CompleteTimestamp" text
);
