-- one row per touched update of a ticket, as its latest version tells: what the next two statements read
create temp table latest_ticket_update on commit drop as
select distinct on (s.source_table, s.source_id)
    split_part(s.source_table, '__', 1) as source,
    s.source_id as update_key,
    s.ticket_key as ticket_id,
    s.author_key,
    coalesce(s.event_at, s.version_at) as event_at,
    s.changes,
    s.messages
from staging.ticket_event as s
inner join touched_ticket_event as t on s.source_table = t.source_table and s.source_id = t.source_id
where s.ticket_key is not null
order by s.source_table asc, s.source_id asc, s.version_at desc, s.payload_hash desc;
