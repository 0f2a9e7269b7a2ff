-- one row per load, of one source or of all, the latest first; the ones before a load, when that is given
select
    load_id,
    source,
    entity,
    kind,
    window_start,
    window_end,
    state,
    started_at,
    staged_at,
    received,
    inserted,
    unchanged,
    unreadable,
    staged,
    quarantined,
    detail
from ops.load
where
    (%(source)s = '' or source = %(source)s)
    and (%(before)s::bigint is null or load_id < %(before)s)
order by load_id desc
limit %(most)s;
