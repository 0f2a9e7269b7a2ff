-- one row per day, source, group, priority and age: tickets not at an end at the end of the day
delete from mart.service_backlog_daily as m
using day as d
where m.day_on = d.day_on;

insert into mart.service_backlog_daily (day_on, source, group_key, priority, age_band, tickets)
with span as (
    select
        min(ends_at) as first_end,
        max(ends_at) as last_end
    from day
),

-- the days at whose end a state holds: a state is few of the days, so they are named and not looked for
waiting as (
    select
        s.source,
        s.ticket_id,
        s.from_at,
        s.to_at,
        coalesce(s.group_key, '') as group_key,
        coalesce(s.priority, 'none') as priority,
        g.day_on::date as day_on
    from mart.ticket_state as s
    inner join span as x on s.from_at < x.last_end and (s.to_at >= x.first_end or s.to_at is null)
    cross join
        lateral generate_series(
            greatest(s.from_at, x.first_end - interval '1 day')::date::timestamp,
            (least(s.to_at, x.last_end) - interval '1 microsecond')::date::timestamp,
            interval '1 day'
        ) as g (day_on)
    left join core.dim_ticket_status as e on s.status = e.status
    where not coalesce(e.is_end, false)
),

aged as (
    select
        w.day_on,
        w.source,
        w.group_key,
        w.priority,
        extract(epoch from d.ends_at - t.created_at) / 86400 as age_days
    from waiting as w
    inner join day as d
        on w.day_on = d.day_on and w.from_at < d.ends_at and (w.to_at >= d.ends_at or w.to_at is null)
    inner join mart.ticket as t on w.source = t.source and w.ticket_id = t.ticket_id
),

banded as (
    select
        day_on,
        source,
        group_key,
        priority,
        case
            when age_days < 1 then '0-1 days'
            when age_days < 3 then '1-3 days'
            when age_days < 7 then '3-7 days'
            when age_days < 30 then '7-30 days'
            else 'over 30 days'
        end as age_band
    from aged
)

select
    day_on,
    source,
    group_key,
    priority,
    age_band,
    count(*) as tickets
from banded
group by day_on, source, group_key, priority, age_band;
