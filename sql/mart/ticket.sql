-- one row per ticket that the source still has, with all its times
-- who wrote what: the message that opens a ticket is the question, so where an agent wrote it the second is the reply
create temp table ticket_message on commit drop as
with message as (
    select
        m.source,
        m.ticket_id,
        m.sent_at,
        m.message_id,
        r.rep_id is not null as is_agent,
        t.created_at
    from core.fct_message as m
    inner join ticket_frame as t on m.source = t.source and m.ticket_id = t.ticket_id
    left join core.dim_rep as r on m.source || ':' || m.author_key = r.rep_id and r.is_current
    where m.is_public
)

select
    source,
    ticket_id,
    sent_at,
    is_agent,
    created_at,
    row_number() over w as message_no,
    count(*) filter (where is_agent) over w as reply_no,
    coalesce(lag(is_agent) over w, true) as is_turn,
    first_value(is_agent) over w
    and first_value(sent_at) over w between created_at - interval '1 minute' and created_at + interval '1 minute'
        as is_opened_by_agent,
    min(sent_at) filter (where is_agent) over (
        partition by source, ticket_id
        order by sent_at asc, message_id collate "C" asc
        rows between 1 following and unbounded following
    ) as next_reply_at
from message
window w as (
    partition by source, ticket_id
    order by sent_at asc, message_id collate "C" asc
    rows unbounded preceding
);

create temp table ticket_reply on commit drop as
select
    source,
    ticket_id,
    min(sent_at) filter (where reply_no = case when is_opened_by_agent then 2 else 1 end) as first_reply_at,
    count(*) as public_replies
from ticket_message
where is_agent
group by source, ticket_id;

-- each new run of a customer's comments, and the reply that ended it
create temp table ticket_run on commit drop as
select
    source,
    ticket_id,
    row_number() over (partition by source, ticket_id order by message_no) as run_no,
    sent_at as started_at,
    next_reply_at as replied_at
from ticket_message
where not is_agent and is_turn;

analyze ticket_message;
analyze ticket_reply;
analyze ticket_run;

create temp table ticket_time on commit drop as
with stay as (
    select
        s.source,
        s.ticket_id,
        min(s.entered_at) filter (where s.status = 'solved') as first_solved_at,
        max(s.entered_at) filter (where s.status = 'solved') as last_solved_at,
        min(s.entered_at) filter (where s.status = 'closed') as first_closed_at,
        max(s.entered_at) filter (where s.status = 'closed') as last_closed_at,
        count(*) filter (where s.status = 'solved') as times_solved
    from mart.ticket_status as s
    inner join ticket_frame as t on s.source = t.source and s.ticket_id = t.ticket_id
    group by s.source, s.ticket_id
),

flawed as (
    select
        e.source,
        e.ticket_id
    from core.fct_ticket_event as e
    inner join ticket_frame as t on e.source = t.source and e.ticket_id = t.ticket_id
    where
        e.field = 'status'
        and e.new_value in ('solved', 'closed')
        and e.event_at < t.created_at - interval '1 minute'
    group by e.source, e.ticket_id
)

-- clocks of two machines may differ by a minute: beyond that, times contradict each other and are in no figure
select
    t.source,
    t.ticket_id,
    t.created_at,
    r.first_reply_at,
    r.public_replies,
    coalesce(s.first_solved_at, s.first_closed_at) as first_solved_at,
    coalesce(s.last_solved_at, s.last_closed_at) as last_solved_at,
    coalesce(s.times_solved, 0) as times_solved,
    coalesce(r.first_reply_at < t.created_at - interval '1 minute', false) as is_reply_flawed,
    f.ticket_id is not null as is_solved_flawed
from ticket_frame as t
left join ticket_reply as r on t.source = r.source and t.ticket_id = r.ticket_id
left join stay as s on t.source = s.source and t.ticket_id = s.ticket_id
left join flawed as f on t.source = f.source and t.ticket_id = f.ticket_id;

create unique index on ticket_time (source, ticket_id);
analyze ticket_time;

-- business seconds of a ticket from its creation to each instant that a figure asks for, each schedule while in force
create temp table ticket_clock on commit drop as
with instant as (
    select
        source,
        ticket_id,
        created_at as at
    from ticket_time
    union
    select
        source,
        ticket_id,
        greatest(first_reply_at, created_at) as at
    from ticket_time
    where first_reply_at is not null
    union
    select
        source,
        ticket_id,
        first_solved_at as at
    from ticket_time
    where first_solved_at is not null
    union
    select
        source,
        ticket_id,
        last_solved_at as at
    from ticket_time
    where last_solved_at is not null
    union
    select
        r.source,
        r.ticket_id,
        greatest(i.at, t.created_at) as at
    from ticket_run as r
    inner join ticket_time as t on r.source = t.source and r.ticket_id = t.ticket_id
    cross join lateral (values (r.started_at), (r.replied_at)) as i (at)
    where i.at is not null
)

select
    i.source,
    i.ticket_id,
    i.at,
    s.state_no,
    s.business_seconds
    + b.seconds_before
    + case when b.is_open then extract(epoch from i.at - b.from_at) else 0 end
    - s.schedule_seconds as seconds
from instant as i
inner join mart.ticket_state as s
    on
        i.source = s.source
        and i.ticket_id = s.ticket_id
        and i.at >= s.from_at
        and (i.at < s.to_at or s.to_at is null)
left join core.business_time as b
    on
        s.schedule = b.schedule
        and (i.at at time zone 'UTC')::date = b.day_on
        and i.at >= b.from_at
        and i.at < b.to_at;

create unique index on ticket_clock (source, ticket_id, at);
analyze ticket_clock;

create temp table ticket_run_time on commit drop as
select
    r.source,
    r.ticket_id,
    sum(extract(epoch from r.replied_at - r.started_at)) / 60 as total_reply_minutes,
    sum(u.seconds - f.seconds) / 60 as total_reply_business_minutes
from ticket_run as r
inner join ticket_time as t on r.source = t.source and r.ticket_id = t.ticket_id
inner join ticket_clock as f
    on r.source = f.source and r.ticket_id = f.ticket_id and greatest(r.started_at, t.created_at) = f.at
inner join ticket_clock as u
    on r.source = u.source and r.ticket_id = u.ticket_id and greatest(r.replied_at, t.created_at) = u.at
where r.replied_at is not null and not t.is_reply_flawed
group by r.source, r.ticket_id;

create temp table ticket_present on commit drop as
select distinct on (s.source, s.ticket_id)
    s.source,
    s.ticket_id,
    s.schedule
from mart.ticket_state as s
inner join ticket_frame as t on s.source = t.source and s.ticket_id = t.ticket_id
order by s.source asc, s.ticket_id asc, s.state_no desc;

analyze ticket_run_time;
analyze ticket_present;

-- the last schedule alone, as help desks show it
create temp table ticket_alone on commit drop as
select
    t.source,
    t.ticket_id,
    (
        u.seconds_before + case when u.is_open then extract(epoch from t.first_reply_at - u.from_at) else 0 end
        - f.seconds_before - case when f.is_open then extract(epoch from t.created_at - f.from_at) else 0 end
    ) / 60 as minutes
from ticket_time as t
inner join ticket_present as p on t.source = p.source and t.ticket_id = p.ticket_id
inner join core.business_time as f
    on
        p.schedule = f.schedule
        and (t.created_at at time zone 'UTC')::date = f.day_on
        and t.created_at >= f.from_at
        and t.created_at < f.to_at
inner join core.business_time as u
    on
        p.schedule = u.schedule
        and (t.first_reply_at at time zone 'UTC')::date = u.day_on
        and t.first_reply_at >= u.from_at
        and t.first_reply_at < u.to_at
where t.first_reply_at >= t.created_at;

analyze ticket_alone;

-- a status that the file does not know counts as one in which nobody waits
create temp table ticket_waited on commit drop as
with lasted as (
    select
        s.source,
        s.ticket_id,
        d.is_agent_wait,
        d.is_requester_wait,
        d.is_agent_work,
        d.is_on_hold,
        extract(epoch from s.to_at - s.from_at) as seconds,
        lead(s.business_seconds) over (partition by s.source, s.ticket_id order by s.state_no) - s.business_seconds
            as open_seconds
    from mart.ticket_state as s
    inner join ticket_frame as t on s.source = t.source and s.ticket_id = t.ticket_id
    left join core.dim_ticket_status as d on s.status = d.status
)

select
    source,
    ticket_id,
    coalesce(sum(seconds) filter (where is_agent_wait), 0) / 60 as agent_wait_minutes,
    coalesce(sum(seconds) filter (where is_requester_wait), 0) / 60 as requester_wait_minutes,
    coalesce(sum(seconds) filter (where is_agent_work), 0) / 60 as agent_work_minutes,
    coalesce(sum(seconds) filter (where is_on_hold), 0) / 60 as on_hold_minutes,
    coalesce(sum(open_seconds) filter (where is_agent_wait), 0) / 60 as agent_wait_business_minutes,
    coalesce(sum(open_seconds) filter (where is_requester_wait), 0) / 60 as requester_wait_business_minutes,
    coalesce(sum(open_seconds) filter (where is_agent_work), 0) / 60 as agent_work_business_minutes,
    coalesce(sum(open_seconds) filter (where is_on_hold), 0) / 60 as on_hold_business_minutes
from lasted
group by source, ticket_id;

create temp table ticket_handoff on commit drop as
select
    e.source,
    e.ticket_id,
    count(*) filter (where e.field = 'assignee') as assignee_handoffs,
    count(*) filter (where e.field = 'group') as group_handoffs
from core.fct_ticket_event as e
inner join ticket_frame as t on e.source = t.source and e.ticket_id = t.ticket_id
where
    e.field in ('assignee', 'group')
    and e.old_value is not null
    and e.new_value is not null
    and e.old_value <> e.new_value
group by e.source, e.ticket_id;

create temp table ticket_rating on commit drop as
select distinct on (f.source, f.ticket_id)
    f.source,
    f.ticket_id,
    f.score,
    f.rated_at
from core.fct_satisfaction as f
inner join ticket_frame as t on f.source = t.source and f.ticket_id = t.ticket_id
where f.score in ('good', 'bad')
order by f.source asc, f.ticket_id asc, f.rated_at desc, f.rating_id collate "C" desc;

create temp table ticket_step on commit drop as
select
    e.source,
    e.ticket_id,
    string_agg(e.new_value, ' > ' order by e.event_at asc, e.event_id collate "C" asc) as path
from core.fct_ticket_event as e
inner join ticket_frame as t on e.source = t.source and e.ticket_id = t.ticket_id
where e.field = 'activity'
group by e.source, e.ticket_id;

create temp table ticket_way on commit drop as
select
    s.source,
    s.ticket_id,
    string_agg(s.status, ' > ' order by s.stay_no) as path
from mart.ticket_status as s
inner join ticket_frame as t on s.source = t.source and s.ticket_id = t.ticket_id
group by s.source, s.ticket_id;

analyze ticket_waited;
analyze ticket_handoff;
analyze ticket_rating;
analyze ticket_step;
analyze ticket_way;

delete from mart.ticket as m
using ops.changed_ticket as c
where m.source = c.source and m.ticket_id = c.ticket_id;

insert into mart.ticket (
    source, ticket_id, subject, status, priority, channel, tags, group_key, group_name, assignee_id, assignee_name,
    customer_id, customer_segment, company_name, schedule, created_at, first_reply_at, first_solved_at, last_solved_at,
    first_reply_minutes, first_reply_business_minutes, first_reply_business_minutes_last_schedule,
    first_resolution_minutes, first_resolution_business_minutes, full_resolution_minutes,
    full_resolution_business_minutes, total_reply_minutes, total_reply_business_minutes, agent_wait_minutes,
    requester_wait_minutes, agent_work_minutes, on_hold_minutes, agent_wait_business_minutes,
    requester_wait_business_minutes, agent_work_business_minutes, on_hold_business_minutes, public_replies, touches,
    times_solved, reopens, assignee_handoffs, group_handoffs, satisfaction, rated_at, path, flaws
)
select
    d.source,
    d.ticket_id,
    d.subject,
    f.status,
    d.priority,
    d.channel,
    d.tags,
    d.group_key,
    n.name as group_name,
    a.rep_id as assignee_id,
    a.full_name as assignee_name,
    f.customer_id,
    f.segment as customer_segment,
    c.name as company_name,
    p.schedule,
    d.created_at,
    t.first_reply_at,
    t.first_solved_at,
    t.last_solved_at,
    -- without a reply there is no time: null, never 0, which is what the greatest of null and 0 would be
    case
        when t.first_reply_at is not null and not t.is_reply_flawed
            then greatest(extract(epoch from t.first_reply_at - t.created_at) / 60, 0)
    end as first_reply_minutes,
    case when not t.is_reply_flawed then reply_clock.seconds / 60 end as first_reply_business_minutes,
    case when not t.is_reply_flawed then coalesce(o.minutes, reply_clock.seconds / 60) end
        as first_reply_business_minutes_last_schedule,
    case when not t.is_solved_flawed then extract(epoch from t.first_solved_at - t.created_at) / 60 end
        as first_resolution_minutes,
    case when not t.is_solved_flawed then first_clock.seconds / 60 end as first_resolution_business_minutes,
    case when not t.is_solved_flawed then extract(epoch from t.last_solved_at - t.created_at) / 60 end
        as full_resolution_minutes,
    case when not t.is_solved_flawed then last_clock.seconds / 60 end as full_resolution_business_minutes,
    u.total_reply_minutes,
    u.total_reply_business_minutes,
    w.agent_wait_minutes,
    w.requester_wait_minutes,
    w.agent_work_minutes,
    w.on_hold_minutes,
    w.agent_wait_business_minutes,
    w.requester_wait_business_minutes,
    w.agent_work_business_minutes,
    w.on_hold_business_minutes,
    coalesce(t.public_replies, 0) as public_replies,
    case
        when t.last_solved_at is not null
            then (array['none', 'one', 'two', 'many'])[1 + least(coalesce(t.public_replies, 0), 3)]
    end as touches,
    t.times_solved,
    greatest(t.times_solved - 1, 0) as reopens,
    coalesce(h.assignee_handoffs, 0) as assignee_handoffs,
    coalesce(h.group_handoffs, 0) as group_handoffs,
    g.score as satisfaction,
    g.rated_at,
    coalesce(e.path, y.path) as path,
    array_remove(
        array[
            case when t.is_reply_flawed then 'reply_before_ticket' end,
            case when t.is_solved_flawed then 'solved_before_ticket' end
        ],
        null
    ) as flaws
from core.fct_ticket as d
inner join ticket_frame as f on d.source = f.source and d.ticket_id = f.ticket_id
inner join ticket_time as t on d.source = t.source and d.ticket_id = t.ticket_id
left join ticket_waited as w on d.source = w.source and d.ticket_id = w.ticket_id
left join ticket_present as p on d.source = p.source and d.ticket_id = p.ticket_id
left join core.dim_ticket_group as n on d.source = n.source and d.group_key = n.group_key
left join core.dim_rep as a on d.source || ':' || d.assignee_key = a.rep_id and a.is_current
left join core.company_link as k on d.source = k.source and d.company_key = k.record_key
left join core.dim_company as c on k.company_id = c.company_id and c.is_current
left join ticket_handoff as h on d.source = h.source and d.ticket_id = h.ticket_id
left join ticket_rating as g on d.source = g.source and d.ticket_id = g.ticket_id
left join ticket_run_time as u on d.source = u.source and d.ticket_id = u.ticket_id
left join ticket_step as e on d.source = e.source and d.ticket_id = e.ticket_id
left join ticket_way as y on d.source = y.source and d.ticket_id = y.ticket_id
left join ticket_alone as o on d.source = o.source and d.ticket_id = o.ticket_id
left join ticket_clock as reply_clock
    on
        d.source = reply_clock.source
        and d.ticket_id = reply_clock.ticket_id
        and greatest(t.first_reply_at, t.created_at) = reply_clock.at
        and t.first_reply_at is not null
left join ticket_clock as first_clock
    on d.source = first_clock.source and d.ticket_id = first_clock.ticket_id and t.first_solved_at = first_clock.at
left join ticket_clock as last_clock
    on d.source = last_clock.source and d.ticket_id = last_clock.ticket_id and t.last_solved_at = last_clock.at;

-- names and customers may be others though nothing happened to the ticket
update mart.ticket as m
set
    group_name = n.group_name,
    assignee_id = n.assignee_id,
    assignee_name = n.assignee_name,
    customer_id = n.customer_id,
    company_name = n.company_name
from (
    select
        d.source,
        d.ticket_id,
        g.name as group_name,
        a.rep_id as assignee_id,
        a.full_name as assignee_name,
        l.customer_id,
        c.name as company_name
    from core.fct_ticket as d
    left join core.dim_ticket_group as g on d.source = g.source and d.group_key = g.group_key
    left join core.dim_rep as a on d.source || ':' || d.assignee_key = a.rep_id and a.is_current
    left join core.customer_link as l on d.source = l.source and d.requester_key = l.record_key
    left join core.company_link as k on d.source = k.source and d.company_key = k.record_key
    left join core.dim_company as c on k.company_id = c.company_id and c.is_current
) as n
where
    m.source = n.source
    and m.ticket_id = n.ticket_id
    and row(m.group_name, m.assignee_id, m.assignee_name, m.customer_id, m.company_name)
    is distinct from row(n.group_name, n.assignee_id, n.assignee_name, n.customer_id, n.company_name);

analyze mart.ticket;
