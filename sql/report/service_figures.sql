-- one row per period: what came in, what was solved and how fast, what waits at the end
with period as (
    select
        'current' as period,
        %(window_start)s::timestamptz as starts_at,
        %(window_end)s::timestamptz as ends_at
    union all
    select
        'previous' as period,
        %(previous_start)s::timestamptz as starts_at,
        %(window_start)s::timestamptz as ends_at
),

ticket as (
    select
        period,
        count(*) as known_tickets,
        count(*) filter (where is_created) as created_tickets,
        count(*) filter (where is_solved) as solved_tickets,
        count(*) filter (where is_solved and times_solved > 1) as reopened_tickets,
        count(*) filter (where is_first_replied) as first_replies,
        count(*) filter (where is_waiting) as backlog,
        count(*) filter (where is_waiting and not has_reply) as unreplied,
        (percentile_cont(0.5) within group (order by first_reply_minutes))::numeric as reply_median,
        (percentile_cont(0.9) within group (order by first_reply_minutes))::numeric as reply_p90,
        (percentile_cont(0.5) within group (order by first_reply_business_minutes))::numeric as reply_business_median,
        (percentile_cont(0.9) within group (order by first_reply_business_minutes))::numeric as reply_business_p90,
        count(first_reply_business_minutes) as business_replies,
        (
            percentile_cont(0.5) within group (order by full_resolution_minutes) filter (where is_solved)
        )::numeric as resolution_median,
        (
            percentile_cont(0.9) within group (order by full_resolution_minutes) filter (where is_solved)
        )::numeric as resolution_p90
    from ticket_state
    group by period
),

rated as (
    select
        period,
        count(*) filter (where score = 'good') as good_ratings,
        count(*) filter (where score = 'bad') as bad_ratings
    from rating
    group by period
),

-- public comments of agents, up to the period's end, on each ticket solved in it
touched as (
    select
        s.period,
        s.source,
        s.ticket_id,
        count(r.rep_id) as touches
    from ticket_state as s
    left join core.fct_message as m
        on s.source = m.source and s.ticket_id = m.ticket_id and m.is_public and s.ends_at > m.sent_at
    left join core.dim_rep as r on m.source || ':' || m.author_key = r.rep_id and r.is_current
    where s.is_solved
    group by s.period, s.source, s.ticket_id
),

touch as (
    select
        period,
        count(*) filter (where touches = 0) as untouched,
        count(*) filter (where touches = 1) as one_touch,
        count(*) filter (where touches = 2) as two_touch,
        count(*) filter (where touches > 2) as many_touch
    from touched
    group by period
),

change as (
    select
        source,
        ticket_id,
        field,
        event_at
    from core.fct_ticket_event
    where
        source = any(%(sources)s)
        and field in ('assignee', 'group')
        and old_value is not null
        and new_value is not null
        and old_value <> new_value
),

handoff as (
    select
        p.period,
        count(*) filter (where e.field = 'assignee') as assignee_handoffs,
        count(*) filter (where e.field = 'group') as group_handoffs
    from change as e
    inner join period as p on e.event_at >= p.starts_at and e.event_at < p.ends_at
    inner join mart.ticket as t on e.source = t.source and e.ticket_id = t.ticket_id
    group by p.period
)

select
    p.period,
    t.reply_median,
    t.reply_p90,
    t.reply_business_median,
    t.reply_business_p90,
    t.resolution_median,
    t.resolution_p90,
    coalesce(t.known_tickets, 0) as known_tickets,
    coalesce(t.created_tickets, 0) as created_tickets,
    coalesce(t.solved_tickets, 0) as solved_tickets,
    coalesce(t.reopened_tickets, 0) as reopened_tickets,
    coalesce(t.first_replies, 0) as first_replies,
    coalesce(t.backlog, 0) as backlog,
    coalesce(t.unreplied, 0) as unreplied,
    coalesce(t.business_replies, 0) as business_replies,
    coalesce(g.good_ratings, 0) as good_ratings,
    coalesce(g.bad_ratings, 0) as bad_ratings,
    coalesce(u.untouched, 0) as untouched,
    coalesce(u.one_touch, 0) as one_touch,
    coalesce(u.two_touch, 0) as two_touch,
    coalesce(u.many_touch, 0) as many_touch,
    coalesce(h.assignee_handoffs, 0) as assignee_handoffs,
    coalesce(h.group_handoffs, 0) as group_handoffs
from period as p
left join ticket as t on p.period = t.period
left join rated as g on p.period = g.period
left join touch as u on p.period = u.period
left join handoff as h on p.period = h.period
order by p.period;
