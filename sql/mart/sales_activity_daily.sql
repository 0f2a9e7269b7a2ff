-- one row per day, source, rep and kind of activity
delete from mart.sales_activity_daily as m
using day as d
where m.day_on = d.day_on;

insert into mart.sales_activity_daily (
    day_on, source, rep_id, activity_type, rep_name, team, activities, completed_activities, deals
)
select
    d.day_on,
    a.source,
    coalesce(r.rep_id, '') as rep_id,
    a.activity_type,
    min(r.full_name) as rep_name,
    min(r.team) as team,
    count(*) as activities,
    count(*) filter (where a.is_completed) as completed_activities,
    count(distinct a.deal_key) as deals
from core.fct_activity as a
inner join day as d on a.occurred_at >= d.starts_at and a.occurred_at < d.ends_at
left join core.dim_rep as r on a.source || ':' || a.owner_key = r.rep_id and r.is_current
where not a.is_deleted
group by d.day_on, a.source, coalesce(r.rep_id, ''), a.activity_type;
