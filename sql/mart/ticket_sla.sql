-- one row per ticket and promise: when it applied, what was promised, and whether it was kept
-- what a ticket's clocks show at the start and the end of each state: all of its time, and only what runs in the status
create temp table ticket_tally on commit drop as
with lasted as (
    select
        s.source,
        s.ticket_id,
        s.state_no,
        s.from_at,
        s.to_at,
        s.schedule,
        s.schedule_seconds,
        extract(epoch from s.from_at - t.created_at) as calendar,
        s.business_seconds as business,
        coalesce(d.is_requester_wait, false) as is_requester_wait,
        coalesce(d.is_agent_work, false) as is_agent_work,
        coalesce(d.is_end, false) as is_end,
        extract(epoch from s.to_at - s.from_at) as seconds,
        lead(s.business_seconds) over (partition by s.source, s.ticket_id order by s.state_no) - s.business_seconds
            as open_seconds
    from mart.ticket_state as s
    inner join ticket_frame as t on s.source = t.source and s.ticket_id = t.ticket_id
    left join core.dim_ticket_status as d on s.status = d.status
)

select
    *,
    coalesce(sum(seconds) filter (where is_requester_wait) over before, 0) as requester_wait,
    coalesce(sum(open_seconds) filter (where is_requester_wait) over before, 0) as requester_wait_open,
    coalesce(sum(seconds) filter (where is_agent_work) over before, 0) as agent_work,
    coalesce(sum(open_seconds) filter (where is_agent_work) over before, 0) as agent_work_open
from lasted
window before as (
    partition by source, ticket_id
    order by state_no
    rows between unbounded preceding and 1 preceding
);

create index on ticket_tally (source, ticket_id, state_no);
analyze ticket_tally;

create temp table sla_instance on commit drop as
with ended as (
    select
        source,
        ticket_id,
        bool_or(is_end and to_at is null) as is_over
    from ticket_tally
    group by source, ticket_id
),

instance as (
    select
        t.source,
        t.ticket_id,
        m.measure,
        1 as instance_no,
        t.created_at as applied_at,
        case
            when m.measure <> 'first_reply' then case when e.is_over then t.last_solved_at end
            when t.first_reply_at is not null then greatest(t.first_reply_at, t.created_at)
        end as done_at
    from ticket_time as t
    inner join ended as e on t.source = e.source and t.ticket_id = e.ticket_id
    cross join lateral (values ('first_reply'), ('requester_wait'), ('agent_work')) as m (measure)
    where not case m.measure when 'first_reply' then t.is_reply_flawed else t.is_solved_flawed end
    union all
    select
        r.source,
        r.ticket_id,
        'next_reply' as measure,
        row_number() over (partition by r.source, r.ticket_id order by r.run_no) as instance_no,
        r.started_at as applied_at,
        r.replied_at as done_at
    from ticket_run as r
    inner join ticket_time as t on r.source = t.source and r.ticket_id = t.ticket_id
    where r.started_at >= t.first_reply_at and not t.is_reply_flawed
)

-- a reply is no longer owed when the ticket comes to an end without it
select
    i.source,
    i.ticket_id,
    i.measure,
    i.instance_no,
    i.applied_at,
    i.done_at,
    case when i.measure in ('first_reply', 'next_reply') then (
        select min(s.from_at) from ticket_tally as s
        where s.source = i.source and s.ticket_id = i.ticket_id and s.is_end and s.from_at >= i.applied_at
    ) end as ended_at
from instance as i;

analyze sla_instance;

-- the policy and the priority in force when it applied; where there was none, the first that came before the end
create temp table sla_promise on commit drop as
with target as (
    select distinct on (i.source, i.ticket_id, i.measure, i.instance_no)
        i.source,
        i.ticket_id,
        i.measure,
        i.instance_no,
        i.applied_at,
        i.done_at,
        i.ended_at,
        r.name as policy_name,
        s.priority,
        s.group_key,
        s.schedule,
        g.minutes,
        g.is_business
    from sla_instance as i
    inner join mart.ticket_state as s
        on
            i.source = s.source
            and i.ticket_id = s.ticket_id
            and (i.applied_at < s.to_at or s.to_at is null)
            and (i.done_at > s.from_at or i.done_at is null)
            and (i.ended_at > s.from_at or i.ended_at is null)
    inner join core.dim_service_rule as r on s.rule_id = r.rule_id
    inner join core.dim_sla_target as g
        on s.rule_id = g.rule_id and i.measure = g.measure and g.priority in (s.priority, '*')
    order by
        i.source asc,
        i.ticket_id asc,
        i.measure asc,
        i.instance_no asc,
        s.state_no asc,
        g.priority = '*' asc
)

select
    t.*,
    case
        when t.measure in ('requester_wait', 'agent_work') then 0
        when t.is_business then c.seconds
        else extract(epoch from t.applied_at - f.created_at)
    end
    + t.minutes * 60 as passes_at,
    case
        when t.done_at <= t.ended_at or t.ended_at is null then t.done_at
    end as achieved_at,
    case when t.ended_at < t.done_at or t.done_at is null then t.ended_at end as dropped_at
from target as t
inner join ticket_time as f on t.source = f.source and t.ticket_id = f.ticket_id
left join ticket_clock as c
    on t.source = c.source and t.ticket_id = c.ticket_id and greatest(t.applied_at, f.created_at) = c.at;

analyze sla_promise;

create temp table sla_clock on commit drop as
with span as (
    select
        p.source,
        p.ticket_id,
        p.measure,
        p.instance_no,
        p.passes_at,
        p.is_business,
        p.applied_at,
        greatest(coalesce(p.achieved_at, p.dropped_at, a.ends_at), p.applied_at) as until_at,
        s.from_at,
        s.to_at,
        s.schedule,
        s.schedule_seconds,
        case p.measure
            when 'requester_wait' then s.is_requester_wait
            when 'agent_work' then s.is_agent_work
            else true
        end as is_running,
        case p.measure
            when 'requester_wait' then case when p.is_business then s.requester_wait_open else s.requester_wait end
            when 'agent_work' then case when p.is_business then s.agent_work_open else s.agent_work end
            else case when p.is_business then s.business else s.calendar end
        end as shown,
        case when p.is_business then s.open_seconds else s.seconds end as seconds
    from sla_promise as p
    cross join as_of as a
    inner join ticket_tally as s on p.source = s.source and p.ticket_id = s.ticket_id
)

select
    source,
    ticket_id,
    measure,
    instance_no,
    min(
        case
            when not is_running or shown >= passes_at or shown + seconds < passes_at then null
            when is_business
                then (
                    -- counts are whole seconds: asked for as such, the index finds the piece in which it passes; what
                    -- passes beyond the years that are spread passes at no known instant
                    select case when x.at <= b.to_at then x.at end
                    from core.business_time as b
                    cross join
                        lateral (
                            select
                                b.from_at
                                + (span.schedule_seconds + span.passes_at - span.shown - b.seconds_before)
                                * interval '1 second' as at
                        ) as x
                    where
                        b.schedule = span.schedule
                        and b.is_open
                        and b.seconds_before < ceil(span.schedule_seconds + span.passes_at - span.shown)::bigint
                    order by b.seconds_before desc
                    limit 1
                )
            else from_at + (passes_at - shown) * interval '1 second'
        end
    ) as breach_at,
    max(
        case
            when until_at < from_at or until_at > to_at then null
            when not is_running then shown
            when not is_business then shown + extract(epoch from until_at - from_at)
            else shown - schedule_seconds + (
                select b.seconds_before + case when b.is_open then extract(epoch from until_at - b.from_at) else 0 end
                from core.business_time as b
                where
                    b.schedule = span.schedule
                    and b.day_on = (until_at at time zone 'UTC')::date
                    and until_at >= b.from_at
                    and until_at < b.to_at
            )
        end
    ) as shown_at_end
from span
group by source, ticket_id, measure, instance_no;

analyze sla_clock;

delete from mart.ticket_sla as m
using ops.changed_ticket as c
where m.source = c.source and m.ticket_id = c.ticket_id;

insert into mart.ticket_sla (
    source, ticket_id, measure, instance_no, policy_name, priority, group_key, schedule, is_business,
    target_minutes, applied_at, breach_at, achieved_at, decided_at, state, elapsed_minutes, remaining_minutes
)
with judged as (
    select
        p.*,
        c.breach_at,
        coalesce(c.shown_at_end - (p.passes_at - p.minutes * 60), 0) / 60 as elapsed_minutes,
        case
            when c.breach_at < coalesce(p.achieved_at, p.dropped_at, a.ends_at) then 'breached'
            when p.achieved_at is not null then 'achieved'
            when p.dropped_at is not null then 'dropped'
            else 'active'
        end as state
    from sla_promise as p
    cross join as_of as a
    inner join sla_clock as c
        on
            p.source = c.source
            and p.ticket_id = c.ticket_id
            and p.measure = c.measure
            and p.instance_no = c.instance_no
)

select
    j.source,
    j.ticket_id,
    j.measure,
    j.instance_no,
    j.policy_name,
    j.priority,
    j.group_key,
    j.schedule,
    j.is_business,
    j.minutes as target_minutes,
    j.applied_at,
    j.breach_at,
    j.achieved_at,
    case j.state when 'breached' then j.breach_at when 'achieved' then j.achieved_at end as decided_at,
    j.state,
    j.elapsed_minutes,
    case when j.state = 'active' then j.minutes - j.elapsed_minutes end as remaining_minutes
from judged as j;

analyze mart.ticket_sla;
