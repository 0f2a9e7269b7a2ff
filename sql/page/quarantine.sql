-- one row per record in quarantine, the latest first; the ones before a row, when that is given
select
    quarantine_id,
    source,
    entity,
    source_id,
    version_at,
    stage,
    rules,
    detail,
    location,
    left(payload, 4000) as payload,
    length(payload) > 4000 as is_cut,
    window_start,
    window_end,
    state,
    quarantined_at,
    resolved_at,
    resolved_by,
    resolved_why
from ops.quarantine
where
    state = %(state)s
    and (%(source)s = '' or source = %(source)s)
    and (%(entity)s = '' or entity = %(entity)s)
    and (%(rule)s = '' or %(rule)s = any(rules))
    and (%(before)s::bigint is null or quarantine_id < %(before)s)
order by quarantine_id desc
limit %(most)s;
