-- one row per kind of contradiction: tickets created in the window whose times contradict each other; and one per
-- policy of a help desk that is not understood
select
    'flaw' as kind,
    f.flaw as what,
    count(*) as tickets
from mart.ticket as t
cross join lateral unnest(t.flaws) as f (flaw)
where
    t.source = any(%(sources)s)
    and t.created_at >= %(window_start)s
    and t.created_at < %(window_end)s
group by f.flaw
union all
select
    'policy' as kind,
    name as what,
    null as tickets
from core.dim_service_rule
where source = any(%(sources)s) and not is_understood
order by kind, what;
