-- one row per source, entity and rule: rows that wait in quarantine because of it, and others that broke it too
select
    q.source,
    q.entity,
    r.rule,
    count(*) as waiting,
    min(q.quarantined_at) as since,
    count(*) filter (where q.stage = 'read') as unreadable
from ops.quarantine as q
cross join lateral unnest(q.rules) as r (rule)
where q.state = 'open'
group by q.source, q.entity, r.rule
order by waiting desc, q.source asc, q.entity asc, r.rule asc
limit 500;
