-- one row per rating of a ticket, as its latest version tells
delete from core.fct_satisfaction as d
using touched_satisfaction as t
where d.source = split_part(t.source_table, '__', 1) and d.rating_id = t.source_id;

insert into core.fct_satisfaction (source, rating_id, ticket_id, customer_key, score, comment, rated_at)
select distinct on (s.source_table, s.source_id)
    split_part(s.source_table, '__', 1) as source,
    s.source_id as rating_id,
    s.ticket_key as ticket_id,
    s.customer_key,
    s.score,
    s.comment,
    coalesce(s.rated_at, s.version_at) as rated_at
from staging.satisfaction as s
inner join touched_satisfaction as t on s.source_table = t.source_table and s.source_id = t.source_id
where s.ticket_key is not null
order by s.source_table asc, s.source_id asc, s.version_at desc, s.payload_hash desc;
