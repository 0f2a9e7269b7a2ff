-- one row per hour, source and channel in which there was something: what came in and what was answered
delete from mart.service_volume_hourly as m
using day as d
where m.hour_at >= d.starts_at and m.hour_at < d.ends_at;

insert into mart.service_volume_hourly (
    hour_at, source, channel, created_tickets, customer_messages, agent_replies
)
with span as (
    select
        min(starts_at) as starts_at,
        max(ends_at) as ends_at
    from day
),

happened as (
    select
        t.source,
        t.channel,
        t.created_at as at,
        'created' as what
    from mart.ticket as t
    inner join span as x on t.created_at >= x.starts_at and t.created_at < x.ends_at
    union all
    select
        m.source,
        t.channel,
        m.sent_at as at,
        case when r.rep_id is null then 'message' else 'reply' end as what
    from core.fct_message as m
    inner join span as x on m.sent_at >= x.starts_at and m.sent_at < x.ends_at
    inner join mart.ticket as t on m.source = t.source and m.ticket_id = t.ticket_id
    left join core.dim_rep as r on m.source || ':' || m.author_key = r.rep_id and r.is_current
    where m.is_public
)

select
    date_trunc('hour', h.at) as hour_at,
    h.source,
    coalesce(h.channel, 'not told') as channel,
    count(*) filter (where h.what = 'created') as created_tickets,
    count(*) filter (where h.what = 'message') as customer_messages,
    count(*) filter (where h.what = 'reply') as agent_replies
from happened as h
inner join day as d on h.at::date = d.day_on
group by date_trunc('hour', h.at), h.source, coalesce(h.channel, 'not told');
