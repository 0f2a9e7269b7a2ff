-- one row per version of a holiday of a schedule
select
    b.source_id,
    b.version_at,
    b.payload_hash,
    r.parent ->> 'id' as schedule_key,
    r.name,
    r.start_date as start_on,
    r.end_date as end_on
from batch as b
cross join lateral json_to_record(b.payload) as r (
    name text,
    start_date text,
    end_date text,
    parent json
);
