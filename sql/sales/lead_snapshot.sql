-- what was known of leads at instants at which they were open
select
    o.source,
    o.lead_id,
    extract(epoch from o.at)::double precision as at,
    extract(epoch from o.closed_at)::double precision as closed_at,
    o.is_won::integer as is_won,
    -- the stage that a lead of the past has today tells how it ended
    coalesce(v.stage_name, case when o.closed_at is null then m.stage_name end, 'unknown') as stage_name,
    greatest(extract(epoch from o.at - m.created_at) / 86400, 0)::double precision as age_days,
    greatest(extract(epoch from o.at - coalesce(v.entered_at, m.created_at)) / 86400, 0)::double precision
        as days_in_stage,
    coalesce(a.activities, 0)::double precision as activities,
    -- where nothing was ever done, the silence is as old as the lead
    (extract(epoch from o.at - coalesce(a.last_at, m.created_at)) / 86400)::double precision as silent_days,
    m.rep_id,
    m.lead_source
from moment as o
inner join mart.lead as m on o.source = m.source and o.lead_id = m.lead_id
left join lateral (
    select
        s.stage_name,
        s.entered_at
    from core.fct_lead_stage as s
    where s.source = o.source and s.lead_id = o.lead_id and s.entered_at < o.at
    order by s.entered_at desc
    limit 1
) as v on true
left join lateral (
    select
        count(*) filter (where c.occurred_at >= o.at - interval '30 days') as activities,
        max(c.occurred_at) as last_at
    from core.fct_activity as c
    where c.source = o.source and c.customer_key = o.lead_id and c.occurred_at < o.at and not c.is_deleted
) as a on true
order by o.source collate "C", o.lead_id collate "C", o.at;
