-- one row per open deal of a source that tells of activities: when the last one was, and whether one is planned
create temp table deal_activity on commit drop as
select
    o.source,
    o.deal_id,
    coalesce(
        max(f.occurred_at) filter (where f.occurred_at < %(window_end)s and f.is_completed is not false), o.created_at
    ) as last_at,
    coalesce(bool_or(f.occurred_at >= %(window_end)s), false) as has_next
from open_deal as o
left join core.fct_activity as f on o.source = f.source and o.deal_id = f.deal_key and not f.is_deleted
where o.source in (select distinct source from core.fct_activity)
group by o.source, o.deal_id, o.created_at;
