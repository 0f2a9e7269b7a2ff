-- deals that were open at the end of a day, and how they had behaved by then
select
    m.source || ' ' || m.deal_id as deal,
    m.source,
    m.deal_id,
    coalesce(m.reporting_amount, 0)::double precision as amount,
    extract(epoch from o.at - m.created_at)::double precision / 86400 as age_days,
    coalesce(extract(epoch from o.at - v.entered_at), 0)::double precision / 86400 as days_in_stage,
    coalesce(v.visits, 0)::double precision as visits,
    coalesce(a.activities, 0)::double precision as activities,
    extract(epoch from o.at - coalesce(a.last_at, m.created_at))::double precision / 86400 as silent_days
from mart.deal as m
cross join (select (%(on_day)s::date + 1)::timestamptz as at) as o
left join lateral (
    select
        max(s.entered_at) as entered_at,
        count(*) as visits
    from mart.deal_stage as s
    where s.source = m.source and s.deal_id = m.deal_id and s.entered_at < o.at
) as v on true
left join lateral (
    select
        count(*) as activities,
        max(c.occurred_at) as last_at
    from core.fct_activity as c
    where c.source = m.source and c.deal_key = m.deal_id and c.occurred_at < o.at and not c.is_deleted
) as a on true
where m.created_at < o.at and (m.closed_at is null or m.closed_at >= o.at)
order by m.source collate "C", m.deal_id collate "C";
