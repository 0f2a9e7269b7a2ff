-- one row per ticket that the source still has, with all its times
delete from mart.ticket;

insert into mart.ticket (
    source, ticket_id, subject, status, priority, channel, group_key, assignee_id, assignee_name, customer_id,
    company_name, created_at, first_reply_at, first_solved_at, last_solved_at, first_reply_minutes,
    first_reply_business_minutes, first_resolution_minutes, first_resolution_business_minutes,
    full_resolution_minutes, full_resolution_business_minutes, agent_wait_minutes, requester_wait_minutes,
    on_hold_minutes, public_replies, reopens, assignee_handoffs, group_handoffs, satisfaction, rated_at
)
with message as (
    select
        m.source,
        m.ticket_id,
        m.sent_at,
        r.rep_id is not null and m.is_public as is_reply,
        count(r.rep_id) filter (where m.is_public) over w as reply_no,
        coalesce(
            first_value(r.rep_id is not null and m.is_public and m.sent_at <= t.created_at + interval '1 minute')
                over w,
            false
        ) as is_opened_by_agent
    from core.fct_message as m
    inner join core.fct_ticket as t on m.source = t.source and m.ticket_id = t.ticket_id
    left join core.dim_rep as r on m.source || ':' || m.author_key = r.rep_id and r.is_current
    window w as (
        partition by m.source, m.ticket_id
        order by m.sent_at asc, m.message_id collate "C" asc
        rows unbounded preceding
    )
),

-- the message that opens a ticket is the question, so where an agent wrote it the second one is the reply
reply as (
    select
        source,
        ticket_id,
        min(sent_at) filter (where reply_no = case when is_opened_by_agent then 2 else 1 end) as first_reply_at,
        count(*) as public_replies
    from message
    where is_reply
    group by source, ticket_id
),

stay as (
    select
        source,
        ticket_id,
        min(entered_at) filter (where status = 'solved') as first_solved_at,
        max(entered_at) filter (where status = 'solved') as last_solved_at,
        min(entered_at) filter (where status = 'closed') as first_closed_at,
        max(entered_at) filter (where status = 'closed') as last_closed_at,
        count(*) filter (where status = 'solved') as times_solved,
        sum(extract(epoch from exited_at - entered_at)) filter (where status = 'pending') / 60 as agent_wait_minutes,
        sum(extract(epoch from exited_at - entered_at))
        filter (where status in ('new', 'open', 'hold'))
        / 60 as requester_wait_minutes,
        sum(extract(epoch from exited_at - entered_at)) filter (where status = 'hold') / 60 as on_hold_minutes
    from mart.ticket_status
    group by source, ticket_id
),

handoff as (
    select
        source,
        ticket_id,
        count(*) filter (where field = 'assignee') as assignee_handoffs,
        count(*) filter (where field = 'group') as group_handoffs
    from core.fct_ticket_event
    where
        field in ('assignee', 'group')
        and old_value is not null
        and new_value is not null
        and old_value <> new_value
    group by source, ticket_id
),

rating as (
    select distinct on (source, ticket_id)
        source,
        ticket_id,
        score,
        rated_at
    from core.fct_satisfaction
    where score in ('good', 'bad')
    order by source asc, ticket_id asc, rated_at desc, rating_id collate "C" desc
),

timed as (
    select
        t.*,
        r.first_reply_at,
        coalesce(r.public_replies, 0) as public_replies,
        coalesce(s.first_solved_at, s.first_closed_at) as first_solved_at,
        coalesce(s.last_solved_at, s.last_closed_at) as last_solved_at,
        greatest(coalesce(s.times_solved, 0) - 1, 0) as reopens,
        coalesce(s.agent_wait_minutes, 0) as agent_wait_minutes,
        coalesce(s.requester_wait_minutes, 0) as requester_wait_minutes,
        coalesce(s.on_hold_minutes, 0) as on_hold_minutes
    from core.fct_ticket as t
    left join reply as r on t.source = r.source and t.ticket_id = r.ticket_id
    left join stay as s on t.source = s.source and t.ticket_id = s.ticket_id
    where not t.is_deleted
),

-- open seconds of the schedule up to each instant: business time is the difference of two of them
instant as (
    select distinct i.at
    from timed as t
    cross join
        lateral (
            values (t.created_at), (t.first_reply_at), (t.first_solved_at), (t.last_solved_at)
        ) as i (at)
    where i.at is not null
),

clock as (
    select
        i.at,
        b.seconds_before + case when b.is_open then extract(epoch from i.at - b.from_at) else 0 end as open_seconds
    from instant as i
    inner join core.business_time as b
        on (i.at at time zone 'UTC')::date = b.day_on and i.at >= b.from_at and i.at < b.to_at
    where b.schedule = 'default'
)

select
    t.source,
    t.ticket_id,
    t.subject,
    coalesce(t.status, 'new') as status,
    t.priority,
    t.channel,
    t.group_key,
    a.rep_id as assignee_id,
    a.full_name as assignee_name,
    l.customer_id,
    c.name as company_name,
    t.created_at,
    t.first_reply_at,
    t.first_solved_at,
    t.last_solved_at,
    extract(epoch from t.first_reply_at - t.created_at) / 60 as first_reply_minutes,
    (reply_clock.open_seconds - created_clock.open_seconds) / 60 as first_reply_business_minutes,
    extract(epoch from t.first_solved_at - t.created_at) / 60 as first_resolution_minutes,
    (first_clock.open_seconds - created_clock.open_seconds) / 60 as first_resolution_business_minutes,
    extract(epoch from t.last_solved_at - t.created_at) / 60 as full_resolution_minutes,
    (last_clock.open_seconds - created_clock.open_seconds) / 60 as full_resolution_business_minutes,
    t.agent_wait_minutes,
    t.requester_wait_minutes,
    t.on_hold_minutes,
    t.public_replies,
    t.reopens,
    coalesce(h.assignee_handoffs, 0) as assignee_handoffs,
    coalesce(h.group_handoffs, 0) as group_handoffs,
    g.score as satisfaction,
    g.rated_at
from timed as t
left join core.dim_rep as a on t.source || ':' || t.assignee_key = a.rep_id and a.is_current
left join core.customer_link as l on t.source = l.source and t.requester_key = l.record_key
left join core.company_link as k on t.source = k.source and t.company_key = k.record_key
left join core.dim_company as c on k.company_id = c.company_id and c.is_current
left join handoff as h on t.source = h.source and t.ticket_id = h.ticket_id
left join rating as g on t.source = g.source and t.ticket_id = g.ticket_id
left join clock as created_clock on t.created_at = created_clock.at
left join clock as reply_clock on t.first_reply_at = reply_clock.at
left join clock as first_clock on t.first_solved_at = first_clock.at
left join clock as last_clock on t.last_solved_at = last_clock.at;
