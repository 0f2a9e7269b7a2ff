-- one row per source: customers it has, and those that no other source has
select
    s.source,
    count(c.customer_id) as customers,
    count(c.customer_id) filter (where cardinality(c.sources) = 1) as only_here
from unnest(%(sources)s::text[]) as s (source)
left join customer_state as c on s.source = any(c.sources)
group by s.source
order by customers desc, s.source collate "C";
