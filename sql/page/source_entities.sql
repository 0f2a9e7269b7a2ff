-- one row per entity of a source: its latest load that was no replay
select distinct on (entity)
    entity,
    load_id,
    kind,
    state,
    started_at,
    window_start,
    window_end,
    received,
    inserted,
    unchanged,
    unreadable,
    staged,
    quarantined,
    detail
from ops.load
where source = %(source)s and kind <> 'replay'
order by entity asc, load_id desc;
