-- one row per change in the shape of a source's records, the latest first
select
    entity,
    path,
    kind,
    types_before,
    types_now,
    window_start,
    window_end,
    noticed_at
from ops.drift
where source = %(source)s
order by drift_id desc
limit %(most)s;
