-- one row per promise that was open at an instant: time left on its own clock
create temp table open_promise on commit drop as
with running as (
    select
        s.source,
        s.ticket_id,
        s.measure,
        s.instance_no,
        s.priority,
        s.is_business,
        s.breach_at,
        t.group_key,
        t.assignee_id,
        t.assignee_name,
        t.group_name,
        t.subject,
        v.schedule as schedule_then,
        extract(epoch from s.breach_at - %(window_end)s::timestamptz) / 60 as calendar_minutes
    from mart.ticket_sla as s
    inner join mart.ticket as t on s.source = t.source and s.ticket_id = t.ticket_id
    inner join mart.ticket_state as v
        on
            s.source = v.source
            and s.ticket_id = v.ticket_id
            and v.from_at < %(window_end)s
            and (v.to_at >= %(window_end)s or v.to_at is null)
    where
        s.source = any(%(sources)s)
        and s.applied_at < %(window_end)s
        and s.breach_at >= %(window_end)s
        and (s.achieved_at is null or s.achieved_at >= %(window_end)s)
        and s.state in ('active', 'achieved', 'breached')
),

timed as (
    select
        r.*,
        case
            when r.is_business
                then (
                    u.seconds_before + case when u.is_open then extract(epoch from r.breach_at - u.from_at) else 0 end
                    - f.seconds_before
                    - case when f.is_open then extract(epoch from %(window_end)s::timestamptz - f.from_at) else 0 end
                ) / 60
            else r.calendar_minutes
        end as minutes_left
    from running as r
    left join core.business_time as f
        on
            r.schedule_then = f.schedule
            and (%(window_end)s::timestamptz at time zone 'UTC')::date = f.day_on
            and f.from_at <= %(window_end)s
            and f.to_at > %(window_end)s
    left join core.business_time as u
        on
            r.schedule_then = u.schedule
            and (r.breach_at at time zone 'UTC')::date = u.day_on
            and r.breach_at >= u.from_at
            and r.breach_at < u.to_at
)

select
    source,
    ticket_id,
    measure,
    instance_no,
    subject,
    priority,
    group_key,
    group_name,
    assignee_id,
    assignee_name,
    is_business,
    breach_at,
    minutes_left
from timed
where minutes_left is not null;
