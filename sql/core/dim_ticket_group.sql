-- one row per group of agents, as its latest version tells
delete from core.dim_ticket_group as d
using touched_ticket_group as t
where d.source = split_part(t.source_table, '__', 1) and d.group_key = t.source_id;

insert into core.dim_ticket_group (source, group_key, name)
select
    source,
    group_key,
    name
from (
    select distinct on (s.source_table, s.source_id)
        split_part(s.source_table, '__', 1) as source,
        s.source_id as group_key,
        coalesce(s.name, s.source_id) as name,
        s.is_deleted
    from staging.ticket_group as s
    inner join touched_ticket_group as t on s.source_table = t.source_table and s.source_id = t.source_id
    order by s.source_table asc, s.source_id asc, s.version_at desc, s.payload_hash desc
) as latest
where not is_deleted;
