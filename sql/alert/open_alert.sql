-- one row per thing that people in service may have to know at the end of a window
create temp table alert on commit drop as
-- a business day that is not built has no backlog to compare with
with weekday as (
    select
        m.day_on,
        m.day_on = %(last_day)s::date as is_last
    from ops.mart_day as m
    where m.subject = 'service' and m.day_on in (
        select %(last_day)s::date - 7 * n.n from generate_series(0, 8) as n (n)
    )
),

-- a group has a usual from its first day on, not from that of the subject
member as (
    select
        source,
        group_key,
        min(day_on) as first_day
    from mart.service_backlog_daily
    group by source, group_key
),

backlog as (
    select
        g.source,
        g.group_key,
        w.is_last,
        coalesce(sum(b.tickets), 0) as tickets
    from member as g
    inner join weekday as w on g.first_day <= w.day_on
    left join mart.service_backlog_daily as b
        on w.day_on = b.day_on and g.source = b.source and g.group_key = b.group_key
    group by g.source, g.group_key, w.day_on, w.is_last
),

compared as (
    select
        source,
        group_key,
        sum(tickets) filter (where is_last) as tickets,
        percentile_cont(0.5) within group (order by tickets) filter (where not is_last) as usual,
        count(*) filter (where not is_last) as weeks
    from backlog
    group by source, group_key
)

select
    'promise_due' as kind,
    p.source,
    p.ticket_id as subject_id,
    p.measure,
    p.instance_no::bigint as instance_no,
    p.group_key,
    p.group_name,
    p.assignee_id,
    p.breach_at as at,
    p.minutes_left,
    null::bigint as tickets,
    null::bigint as usual,
    null::text as comment,
    null::text as reason
from open_promise as p
where p.minutes_left <= %(within_minutes)s
union all
select
    'promise_broken' as kind,
    s.source,
    s.ticket_id as subject_id,
    s.measure,
    s.instance_no::bigint as instance_no,
    t.group_key,
    t.group_name,
    t.assignee_id,
    s.breach_at as at,
    null as minutes_left,
    null as tickets,
    null as usual,
    null as comment,
    null as reason
from mart.ticket_sla as s
inner join mart.ticket as t on s.source = t.source and s.ticket_id = t.ticket_id
left join core.dim_ticket_status as e on t.status = e.status
where
    s.state = 'breached'
    and s.decided_at >= %(looked_back_to)s
    and s.decided_at < %(window_end)s
    and s.achieved_at is null
    and not coalesce(e.is_end, false)
union all
-- of fewer than four weeks nothing is usual
select
    'backlog_high' as kind,
    c.source,
    c.group_key as subject_id,
    '' as measure,
    0 as instance_no,
    c.group_key,
    g.name as group_name,
    null as assignee_id,
    %(window_end)s as at,
    null as minutes_left,
    c.tickets::bigint as tickets,
    round(c.usual::numeric)::bigint as usual,
    null as comment,
    null as reason
from compared as c
left join core.dim_ticket_group as g on c.source = g.source and c.group_key = g.group_key
where c.weeks >= 4 and c.tickets >= %(least)s and c.tickets > %(times)s * c.usual
union all
select
    'bad_feedback' as kind,
    f.source,
    f.ticket_id as subject_id,
    f.rating_id as measure,
    0 as instance_no,
    t.group_key,
    t.group_name,
    t.assignee_id,
    f.rated_at as at,
    null as minutes_left,
    null as tickets,
    null as usual,
    r.comment,
    f.reason
from ops.ticket_feedback as f
inner join mart.ticket as t on f.source = t.source and f.ticket_id = t.ticket_id
inner join core.fct_satisfaction as r on f.source = r.source and f.rating_id = r.rating_id
where
    f.decision = 'escalate'
    and f.rated_at >= %(looked_back_to)s
    and f.rated_at < %(window_end)s
    -- who has thought better of it has
    and not exists (
        select from core.fct_satisfaction as l
        where
            l.source = f.source
            and l.ticket_id = f.ticket_id
            and l.score in ('good', 'bad')
            and l.rated_at > f.rated_at
            and l.rated_at < %(window_end)s
    );

analyze alert;
