-- one row per version of a schedule of business hours
select
    b.source_id,
    b.version_at,
    b.payload_hash,
    r.name,
    r.time_zone,
    t.intervals,
    r.created_at
from batch as b
cross join
    lateral json_to_record(b.payload)
        as r (
            name text,
            time_zone text,
            intervals json,
            created_at text
        )
cross join lateral (
    select
        json_agg(
            json_build_object('from', i.open -> 'start_time', 'to', i.open -> 'end_time')
            order by i.no
        ) as intervals
    from json_array_elements(r.intervals) with ordinality as i (open, no)
) as t;
