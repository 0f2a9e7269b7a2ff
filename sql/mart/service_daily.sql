-- one row per day and source: what happened to tickets on that day
delete from mart.service_daily as m
using day as d
where m.day_on = d.day_on;

insert into mart.service_daily (
    day_on, source, created_tickets, solved_tickets, reopened_tickets, first_replies, good_ratings, bad_ratings
)
with happened as (
    select
        source,
        'created' as what,
        created_at as at
    from mart.ticket
    union all
    select
        source,
        'solved' as what,
        last_solved_at as at
    from mart.ticket
    union all
    select
        source,
        'first_reply' as what,
        first_reply_at as at
    from mart.ticket
    union all
    select
        source,
        satisfaction as what,
        rated_at as at
    from mart.ticket
    union all
    select
        s.source,
        'reopened' as what,
        s.exited_at as at
    from mart.ticket_status as s
    inner join mart.ticket_status as n
        on s.source = n.source and s.ticket_id = n.ticket_id and n.stay_no = s.stay_no + 1
    where s.status = 'solved' and n.status in ('new', 'open', 'pending', 'hold')
)

select
    d.day_on,
    h.source,
    count(*) filter (where h.what = 'created') as created_tickets,
    count(*) filter (where h.what = 'solved') as solved_tickets,
    count(*) filter (where h.what = 'reopened') as reopened_tickets,
    count(*) filter (where h.what = 'first_reply') as first_replies,
    count(*) filter (where h.what = 'good') as good_ratings,
    count(*) filter (where h.what = 'bad') as bad_ratings
from happened as h
inner join day as d on h.at >= d.starts_at and h.at < d.ends_at
group by d.day_on, h.source;
