-- one row per source and day that was its first: customers of the window who are new only because it was read then
with first_read as (
    select
        source_table,
        min(version_at) as read_at
    from staging.customer
    group by source_table
)

select
    l.source,
    (f.read_at at time zone %(timezone)s)::date as day_on,
    count(distinct c.customer_id) as customers
from first_read as f
inner join staging.customer as s
    on f.source_table = s.source_table and f.read_at = s.version_at and s.created_at is null
inner join core.customer_link as l
    on split_part(s.source_table, '__', 1) = l.source and s.source_id = l.record_key
inner join customer_state as c on l.customer_id = c.customer_id and f.read_at = c.first_seen_at
where
    l.source = any(%(sources)s)
    and f.read_at >= %(window_start)s
    and f.read_at < %(window_end)s
group by l.source, (f.read_at at time zone %(timezone)s)::date
having count(distinct c.customer_id) > 1
order by l.source collate "C", (f.read_at at time zone %(timezone)s)::date;
