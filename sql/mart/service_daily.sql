-- one row per day and source: what happened to tickets on that day
delete from mart.service_daily as m
using day as d
where m.day_on = d.day_on;

insert into mart.service_daily (
    day_on, source, created_tickets, solved_tickets, reopened_tickets, first_replies, good_ratings, bad_ratings
)
with span as (
    select
        min(starts_at) as starts_at,
        max(ends_at) as ends_at
    from day
),

stay as (
    select
        s.source,
        s.ticket_id,
        s.status,
        s.entered_at,
        n.status as status_before
    from mart.ticket_status as s
    inner join span as x on s.entered_at >= x.starts_at and s.entered_at < x.ends_at
    left join mart.ticket_status as n
        on s.source = n.source and s.ticket_id = n.ticket_id and n.stay_no = s.stay_no - 1
),

happened as (
    select
        t.source,
        t.ticket_id,
        'created' as what,
        t.created_at as at
    from mart.ticket as t
    inner join span as x on t.created_at >= x.starts_at and t.created_at < x.ends_at
    union all
    select
        t.source,
        t.ticket_id,
        'first_reply' as what,
        t.first_reply_at as at
    from mart.ticket as t
    inner join span as x on t.first_reply_at >= x.starts_at and t.first_reply_at < x.ends_at
    where not 'reply_before_ticket' = any(t.flaws)
    union all
    -- closed, where it had never been solved
    select
        s.source,
        s.ticket_id,
        'solved' as what,
        s.entered_at as at
    from stay as s
    where
        s.status = 'solved'
        or (
            s.status = 'closed' and not exists (
                select from mart.ticket_status as b
                where
                    b.source = s.source
                    and b.ticket_id = s.ticket_id
                    and b.status in ('solved', 'closed')
                    and b.entered_at < s.entered_at
            )
        )
    union all
    select
        source,
        ticket_id,
        'reopened' as what,
        entered_at as at
    from stay
    where status_before = 'solved' and status in ('new', 'open', 'pending', 'hold')
),

counted as (
    select
        d.day_on,
        h.source,
        count(*) filter (where h.what = 'created') as created_tickets,
        count(distinct h.ticket_id) filter (where h.what = 'solved') as solved_tickets,
        count(*) filter (where h.what = 'reopened') as reopened_tickets,
        count(*) filter (where h.what = 'first_reply') as first_replies
    from happened as h
    inner join day as d on (h.at at time zone current_setting('timezone'))::date = d.day_on
    group by d.day_on, h.source
),

rating as (
    select distinct on (d.day_on, f.source, f.ticket_id)
        d.day_on,
        f.source,
        f.score
    from core.fct_satisfaction as f
    inner join day as d on f.rated_at >= d.starts_at and f.rated_at < d.ends_at
    inner join mart.ticket as t on f.source = t.source and f.ticket_id = t.ticket_id
    where f.score in ('good', 'bad')
    order by d.day_on asc, f.source asc, f.ticket_id asc, f.rated_at desc, f.rating_id collate "C" desc
),

rated as (
    select
        day_on,
        source,
        count(*) filter (where score = 'good') as good_ratings,
        count(*) filter (where score = 'bad') as bad_ratings
    from rating
    group by day_on, source
)

select
    coalesce(c.day_on, r.day_on) as day_on,
    coalesce(c.source, r.source) as source,
    coalesce(c.created_tickets, 0) as created_tickets,
    coalesce(c.solved_tickets, 0) as solved_tickets,
    coalesce(c.reopened_tickets, 0) as reopened_tickets,
    coalesce(c.first_replies, 0) as first_replies,
    coalesce(r.good_ratings, 0) as good_ratings,
    coalesce(r.bad_ratings, 0) as bad_ratings
from counted as c
full outer join rated as r on c.day_on = r.day_on and c.source = r.source;
