-- one row per line of the log: an activity of a case; activity 6 closes it
select
    b.source_id,
    b.version_at,
    b.payload_hash,
    r."CaseID" as ticket_key,
    r."CompleteTimestamp" as event_at,
    case
        when r."ActivityID" = '6'
            then json_build_array(
                json_build_object('field', 'activity', 'new', r."ActivityID"),
                json_build_object('field', 'status', 'old', 'open', 'new', 'closed')
            )
        else json_build_array(
            json_build_object('field', 'activity', 'new', r."ActivityID"),
            json_build_object('field', 'status', 'new', 'open')
        )
    end as changes
from batch as b
cross join lateral json_to_record(b.payload) as r (
    "CaseID" text,
    "ActivityID" text,
    "CompleteTimestamp" text
);
