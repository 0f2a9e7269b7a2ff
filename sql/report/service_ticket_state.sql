-- one row per period and ticket created before the period's end, as it was then
create temp table ticket_state on commit drop as
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

-- both periods in one pass over the stays
ticket_stays as (
    select
        source,
        ticket_id,
        (array_agg(status order by stay_no desc))[1] as status,
        count(*) filter (where status = 'solved') as times_solved,
        max(entered_at) filter (where status = 'solved') as solved_at,
        max(entered_at) filter (where status = 'closed') as closed_at,
        (array_agg(status order by stay_no desc) filter (where entered_at < %(window_start)s))[1] as status_before,
        count(*) filter (where status = 'solved' and entered_at < %(window_start)s) as times_solved_before,
        max(entered_at) filter (where status = 'solved' and entered_at < %(window_start)s) as solved_before_at,
        max(entered_at) filter (where status = 'closed' and entered_at < %(window_start)s) as closed_before_at
    from mart.ticket_status
    where source = any(%(sources)s) and entered_at < %(window_end)s
    group by source, ticket_id
),

-- solved last; closed where it was never solved
stay as (
    select
        'current' as period,
        source,
        ticket_id,
        status,
        times_solved,
        coalesce(solved_at, closed_at) as last_solved_at
    from ticket_stays
    union all
    select
        'previous' as period,
        source,
        ticket_id,
        status_before as status,
        times_solved_before as times_solved,
        coalesce(solved_before_at, closed_before_at) as last_solved_at
    from ticket_stays
    where status_before is not null
),

known_ticket as (
    select
        source,
        ticket_id,
        subject,
        priority,
        channel,
        assignee_id,
        assignee_name,
        company_name,
        created_at,
        first_reply_at,
        first_reply_minutes,
        first_reply_business_minutes,
        'reply_before_ticket' = any(flaws) as is_reply_flawed,
        'solved_before_ticket' = any(flaws) as is_solved_flawed
    from mart.ticket
    where source = any(%(sources)s)
),

ticket as (
    select
        p.period,
        p.starts_at,
        p.ends_at,
        t.source,
        t.ticket_id,
        t.subject,
        coalesce(t.priority, 'none') as priority,
        coalesce(t.channel, 'not told') as channel,
        t.assignee_id,
        t.assignee_name,
        t.company_name,
        t.created_at,
        t.first_reply_at,
        t.first_reply_minutes,
        t.first_reply_business_minutes,
        s.last_solved_at,
        s.times_solved,
        coalesce(t.is_reply_flawed, false) as is_reply_flawed,
        coalesce(t.is_solved_flawed, false) as is_solved_flawed,
        s.status is not null and not coalesce(e.is_end, false) as is_waiting,
        t.first_reply_at is not null and t.first_reply_at < p.ends_at as has_reply
    from known_ticket as t
    inner join period as p on t.created_at < p.ends_at
    left join stay as s on p.period = s.period and t.source = s.source and t.ticket_id = s.ticket_id
    left join core.dim_ticket_status as e on s.status = e.status
)

select
    period,
    starts_at,
    ends_at,
    source,
    ticket_id,
    subject,
    priority,
    channel,
    assignee_id,
    assignee_name,
    company_name,
    created_at,
    has_reply,
    is_waiting,
    last_solved_at,
    times_solved,
    created_at >= starts_at as is_created,
    coalesce(last_solved_at >= starts_at, false) as is_solved,
    -- times that contradict each other are in no figure
    case when not is_solved_flawed then extract(epoch from last_solved_at - created_at) / 60 end
        as full_resolution_minutes,
    -- a ticket without a reply has no reply time: null, never 0
    has_reply and first_reply_at >= starts_at and not is_reply_flawed as is_first_replied,
    case when has_reply and first_reply_at >= starts_at then first_reply_minutes end as first_reply_minutes,
    case
        when has_reply and first_reply_at >= starts_at then first_reply_business_minutes
    end as first_reply_business_minutes,
    extract(epoch from ends_at - created_at) / 86400 as age_days
from ticket;
