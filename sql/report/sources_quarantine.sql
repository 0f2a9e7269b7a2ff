-- one row per source and entity with rows still in quarantine from loads whose window overlaps the report's
select
    source,
    entity,
    count(*) as quarantined
from ops.quarantine
where
    source = any(%(sources)s)
    and state = 'open'
    and window_start < %(window_end)s
    and window_end > %(window_start)s
group by source, entity
order by source collate "C", entity collate "C";
