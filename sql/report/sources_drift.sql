-- one row per source, entity and field whose shape changed in loads with a window that overlaps the report's
select
    source,
    entity,
    kind,
    path,
    types_before,
    types_now
from ops.drift
where
    source = any(%(sources)s)
    and window_start < %(window_end)s
    and window_end > %(window_start)s
order by source collate "C", entity collate "C", kind collate "C", path collate "C", drift_id;
