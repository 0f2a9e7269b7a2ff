-- one row per day, source, priority and age: tickets not solved, closed or deleted at the end of the day
delete from mart.service_backlog_daily as m
using day as d
where m.day_on = d.day_on;

insert into mart.service_backlog_daily (day_on, source, priority, age_band, tickets)
with waiting as (
    select
        d.day_on,
        s.source,
        coalesce(t.priority, 'none') as priority,
        extract(epoch from d.ends_at - t.created_at) / 86400 as age_days
    from mart.ticket_status as s
    inner join day as d on s.entered_at < d.ends_at and (s.exited_at is null or s.exited_at >= d.ends_at)
    inner join mart.ticket as t on s.source = t.source and s.ticket_id = t.ticket_id
    where s.status not in ('solved', 'closed', 'deleted')
),

banded as (
    select
        day_on,
        source,
        priority,
        case
            when age_days < 1 then '0-1 days'
            when age_days < 3 then '1-3 days'
            when age_days < 7 then '3-7 days'
            when age_days < 30 then '7-30 days'
            else 'over 30 days'
        end as age_band
    from waiting
)

select
    day_on,
    source,
    priority,
    age_band,
    count(*) as tickets
from banded
group by day_on, source, priority, age_band;
