-- one row per ticket, as its latest version tells
delete from core.fct_ticket as d
using touched_ticket as t
where d.source = split_part(t.source_table, '__', 1) and d.ticket_id = t.source_id;

insert into core.fct_ticket (
    source, ticket_id, subject, description, status, priority, channel, tags, requester_key, assignee_key, group_key,
    company_key, created_at, updated_at, is_deleted
)
select distinct on (s.source_table, s.source_id)
    split_part(s.source_table, '__', 1) as source,
    s.source_id as ticket_id,
    s.subject,
    s.description,
    s.status,
    s.priority,
    s.channel,
    s.tags,
    s.requester_key,
    s.assignee_key,
    s.group_key,
    s.company_key,
    coalesce(s.created_at, min(s.version_at) over (partition by s.source_table, s.source_id)) as created_at,
    s.updated_at,
    s.is_deleted
from staging.ticket as s
inner join touched_ticket as t on s.source_table = t.source_table and s.source_id = t.source_id
order by s.source_table asc, s.source_id asc, s.version_at desc, s.payload_hash desc;
