-- one row per sales activity, as its latest version tells
delete from core.fct_activity as d
using
    touched_activity as t,
    staging.activity as s
where
    s.source_table = t.source_table
    and s.source_id = t.source_id
    and d.source = split_part(s.source_table, '__', 1)
    and d.activity_type = s.activity_type
    and d.activity_id = s.source_id;

insert into core.fct_activity (
    source, activity_type, activity_id, subject, owner_key, deal_key, customer_key, occurred_at, is_completed,
    is_deleted
)
select distinct on (s.source_table, s.source_id)
    split_part(s.source_table, '__', 1) as source,
    s.activity_type,
    s.source_id as activity_id,
    s.subject,
    s.owner_key,
    s.deal_key,
    s.customer_key,
    s.occurred_at,
    s.is_completed,
    s.is_deleted
from staging.activity as s
inner join touched_activity as t on s.source_table = t.source_table and s.source_id = t.source_id
where s.activity_type is not null
order by s.source_table asc, s.source_id asc, s.version_at desc, s.payload_hash desc;
