-- one row per version of when a case was closed: a case knows only the last time; null while it is open
select
    b.source_id,
    b.version_at,
    b.payload_hash,
    b.source_id as ticket_key,
    coalesce(r."ClosedDate", r."CreatedDate") as event_at,
    case
        when r."IsClosed" = 'true'
            then json_build_array(json_build_object('field', 'status', 'old', 'open', 'new', 'closed'))
    end as changes,
    r."IsDeleted" as is_deleted
from batch as b
cross join lateral json_to_record(b.payload) as r (
    "IsClosed" text,
    "ClosedDate" text,
    "CreatedDate" text,
    "IsDeleted" text
);
