-- one row per time of a ticket's life in which nothing of it changed that decides on clocks and promises
-- a promise that is not decided yet depends on how late it is
insert into ops.changed_ticket (source, ticket_id)
select distinct
    source,
    ticket_id
from mart.ticket_sla
where state = 'active'
on conflict do nothing;

analyze ops.changed_ticket;

-- as the rules see a ticket: what no rule asks for makes no difference, so that many tickets are in few situations
create temp table ticket_frame on commit drop as
with asked as (
    select distinct
        field,
        unnest(accepted) as value
    from core.dim_service_condition
),

-- nobody has to look segments up where no rule asks for them
segment as (
    select
        r.customer_id,
        r.month_on,
        s.segment
    from mart.customer_rfm_monthly as r
    inner join mart.rfm_segment as s
        on r.recency_score = s.recency_score and r.frequency_score = s.frequency_score
    where exists (
        select from core.dim_service_condition as c
        where c.field = 'segment'
    )
),

ticket as (
    select
        t.*,
        l.customer_id,
        (
            select array_agg(a.value order by a.value) from asked as a
            where a.field = 'tag' and a.value = any(string_to_array(t.tags, ','))
        ) as asked_tags
    from core.fct_ticket as t
    inner join ops.changed_ticket as c on t.source = c.source and t.ticket_id = c.ticket_id
    left join core.customer_link as l on t.source = l.source and t.requester_key = l.record_key
    where not t.is_deleted
)

select
    t.source,
    t.ticket_id,
    t.customer_id,
    t.created_at,
    coalesce(t.status, 'new') as status,
    t.priority,
    t.group_key,
    t.assignee_key,
    s.segment,
    t.asked_tags,
    c.value as channel,
    o.value as company_key,
    row(c.value, o.value, t.asked_tags, s.segment)::text as frame
from ticket as t
left join segment as s on t.customer_id = s.customer_id and s.month_on = date_trunc('month', t.created_at)::date - 1
left join asked as c on c.field = 'channel' and t.channel = c.value
left join asked as o on o.field = 'company' and t.company_key = o.value;

create unique index on ticket_frame (source, ticket_id);
analyze ticket_frame;

create temp table ticket_moment on commit drop as
with change as (
    select
        e.source,
        e.ticket_id,
        greatest(e.event_at, t.created_at) as at,
        e.event_at,
        e.event_id,
        e.field,
        e.old_value,
        e.new_value
    from core.fct_ticket_event as e
    inner join ticket_frame as t on e.source = t.source and e.ticket_id = t.ticket_id
    where e.field in ('status', 'priority', 'group', 'assignee', 'schedule')
),

first_change as (
    select distinct on (source, ticket_id, field)
        source,
        ticket_id,
        field,
        old_value,
        new_value
    from change
    order by source asc, ticket_id asc, field asc, event_at asc, event_id collate "C" asc
),

-- a ticket starts with what its first change left, or has had what it has now all along
start as (
    select
        t.source,
        t.ticket_id,
        t.created_at as at,
        case when s.field is null then t.status else coalesce(s.old_value, s.new_value, t.status) end as status,
        case when p.field is null then t.priority else p.old_value end as priority,
        case when g.field is null then t.group_key else g.old_value end as group_key,
        case when a.field is null then t.assignee_key else a.old_value end as assignee_key,
        h.old_value as own_schedule
    from ticket_frame as t
    left join first_change as s on t.source = s.source and t.ticket_id = s.ticket_id and s.field = 'status'
    left join first_change as p on t.source = p.source and t.ticket_id = p.ticket_id and p.field = 'priority'
    left join first_change as g on t.source = g.source and t.ticket_id = g.ticket_id and g.field = 'group'
    left join first_change as a on t.source = a.source and t.ticket_id = a.ticket_id and a.field = 'assignee'
    left join first_change as h on t.source = h.source and t.ticket_id = h.ticket_id and h.field = 'schedule'
),

-- of several changes of a field in one instant the last counts, so a value goes behind the order of its change;
-- an empty value is one that was taken away
told as (
    select
        source,
        ticket_id,
        at,
        max(n || coalesce(new_value, '')) filter (where field = 'status' and new_value is not null) as status,
        max(n || coalesce(new_value, '')) filter (where field = 'priority') as priority,
        max(n || coalesce(new_value, '')) filter (where field = 'group') as group_key,
        max(n || coalesce(new_value, '')) filter (where field = 'assignee') as assignee_key,
        max(n || coalesce(new_value, '')) filter (where field = 'schedule') as own_schedule
    from (
        select
            *,
            lpad(
                row_number() over (
                    partition by source, ticket_id
                    order by event_at asc, event_id collate "C" asc
                )::text,
                9, '0'
            ) collate "C" as n
        from change
    ) as c
    group by source, ticket_id, at
),

moment as (
    select
        coalesce(s.source, t.source) as source,
        coalesce(s.ticket_id, t.ticket_id) as ticket_id,
        coalesce(s.at, t.at) as at,
        coalesce(t.status, '000000000' || s.status) as status,
        coalesce(t.priority, case when s.at is not null then '000000000' || coalesce(s.priority, '') end) as priority,
        coalesce(t.group_key, case when s.at is not null then '000000000' || coalesce(s.group_key, '') end)
            as group_key,
        coalesce(t.assignee_key, case when s.at is not null then '000000000' || coalesce(s.assignee_key, '') end)
            as assignee_key,
        coalesce(t.own_schedule, case when s.at is not null then '000000000' || coalesce(s.own_schedule, '') end)
            as own_schedule
    from start as s
    full outer join told as t on s.source = t.source and s.ticket_id = t.ticket_id and s.at = t.at
)

-- what holds at a moment is the greatest so far, since each value goes behind the order of its change
select
    source,
    ticket_id,
    at,
    lead(at) over own as to_at,
    row_number() over own as state_no,
    substr(max(status) over so_far, 10) as status,
    nullif(substr(max(priority) over so_far, 10), '') as priority,
    nullif(substr(max(group_key) over so_far, 10), '') as group_key,
    nullif(substr(max(assignee_key) over so_far, 10), '') as assignee_key,
    nullif(substr(max(own_schedule) over so_far, 10), '') as own_schedule
from moment
window
    own as (partition by source, ticket_id order by at),
    so_far as (partition by source, ticket_id order by at rows unbounded preceding);

analyze ticket_moment;

create temp table situation on commit drop as
select
    row_number() over () as situation_no,
    s.*,
    g.name as group_name
from (
    select
        t.source,
        t.frame,
        coalesce(m.group_key, '') as group_key,
        coalesce(m.priority, '') as priority,
        min(t.channel) as channel,
        min(t.company_key) as company_key,
        min(t.asked_tags) as asked_tags,
        min(t.segment) as segment
    from ticket_moment as m
    inner join ticket_frame as t on m.source = t.source and m.ticket_id = t.ticket_id
    group by t.source, t.frame, coalesce(m.group_key, ''), coalesce(m.priority, '')
) as s
left join core.dim_ticket_group as g on s.source = g.source and s.group_key = g.group_key;

analyze situation;

create temp table situation_rule on commit drop as
with judged as (
    select
        s.situation_no,
        c.rule_id,
        c.is_any,
        coalesce(
            c.accepted
            && case c.field
                when 'source' then array[s.source]
                when 'group' then array[s.group_key, s.group_name]
                when 'channel' then array[s.channel]
                when 'company' then array[s.company_key]
                when 'segment' then array[s.segment]
                when 'priority' then array[s.priority]
                when 'tag' then s.asked_tags
            end,
            false
        )
        <> c.is_negated as is_met
    from situation as s
    cross join core.dim_service_condition as c
),

met as (
    select
        situation_no,
        rule_id,
        bool_and(is_met) filter (where not is_any) is not false
        and bool_or(is_met) filter (where is_any) is not false as is_met
    from judged
    group by situation_no, rule_id
),

-- a help desk's own policies are for its tickets, which then have no others
fitting as (
    select
        s.situation_no,
        s.source,
        r.kind,
        r.rule_id,
        r.schedule,
        r.position
    from situation as s
    inner join core.dim_service_rule as r
        on
            r.is_understood
            and r.source is not distinct from case
                when
                    r.kind = 'policy' and exists (
                        select from core.dim_service_rule as d
                        where d.kind = 'policy' and d.source = s.source
                    ) then s.source
            end
    left join met as m on s.situation_no = m.situation_no and r.rule_id = m.rule_id
    where coalesce(m.is_met, true)
),

policy as (
    select distinct on (situation_no)
        situation_no,
        rule_id
    from fitting
    where kind = 'policy'
    order by situation_no asc, position asc, rule_id collate "C" asc
),

schedule as (
    select distinct on (f.situation_no)
        f.situation_no,
        d.schedule
    from fitting as f
    inner join core.dim_schedule as d
        on
            (d.source is null or f.source = d.source)
            and (f.schedule = d.schedule or f.schedule = d.name or f.schedule = d.schedule_key)
    where f.kind = 'schedule'
    order by f.situation_no asc, f.position asc, d.source collate "C" asc nulls last, d.schedule collate "C" asc
)

select
    s.situation_no,
    p.rule_id,
    coalesce(h.schedule, f.schedule, 'default') as schedule
from situation as s
left join policy as p on s.situation_no = p.situation_no
left join schedule as h on s.situation_no = h.situation_no
left join core.dim_schedule as f on s.source = f.source and f.is_first;

create temp table ticket_span on commit drop as
select
    m.source,
    m.ticket_id,
    m.state_no,
    m.at as from_at,
    m.to_at,
    m.status,
    m.priority,
    m.group_key,
    m.assignee_key,
    coalesce(o.schedule, r.schedule) as schedule,
    r.rule_id
from ticket_moment as m
inner join ticket_frame as t on m.source = t.source and m.ticket_id = t.ticket_id
inner join situation as s
    on
        t.source = s.source
        and t.frame = s.frame
        and coalesce(m.group_key, '') = s.group_key
        and coalesce(m.priority, '') = s.priority
inner join situation_rule as r on s.situation_no = r.situation_no
-- what the help desk says of the ticket itself wins
left join core.dim_schedule as o on m.source = o.source and m.own_schedule = o.schedule_key;

analyze ticket_span;

delete from mart.ticket_state as m
using ops.changed_ticket as c
where m.source = c.source and m.ticket_id = c.ticket_id;

-- open seconds of the schedule up to an instant: business time is the difference of two of them
insert into mart.ticket_state (
    source, ticket_id, state_no, from_at, to_at, status, priority, group_key, assignee_key, schedule, rule_id,
    schedule_seconds, business_seconds
)
with clock as (
    select
        s.*,
        f.seconds_before + case when f.is_open then extract(epoch from s.from_at - f.from_at) else 0 end
            as seconds_at_start,
        u.seconds_before + case when u.is_open then extract(epoch from s.to_at - u.from_at) else 0 end
            as seconds_at_end
    from ticket_span as s
    left join core.business_time as f
        on
            s.schedule = f.schedule
            and (s.from_at at time zone 'UTC')::date = f.day_on
            and s.from_at >= f.from_at and s.from_at < f.to_at
    left join core.business_time as u
        on
            s.schedule = u.schedule
            and (s.to_at at time zone 'UTC')::date = u.day_on
            and s.to_at >= u.from_at and s.to_at < u.to_at
)

select
    source,
    ticket_id,
    state_no,
    from_at,
    to_at,
    status,
    priority,
    group_key,
    assignee_key,
    schedule,
    rule_id,
    seconds_at_start as schedule_seconds,
    coalesce(
        sum(seconds_at_end - seconds_at_start) over (
            partition by source, ticket_id
            order by state_no
            rows between unbounded preceding and 1 preceding
        ),
        0
    ) as business_seconds
from clock;

analyze mart.ticket_state;
