-- one row per period, source, dimension and member: how service went
create temp table service_span on commit drop as
select
    min(p.period_start)::timestamptz as starts_at,
    least((max(p.period_end) + 1)::timestamptz, max(a.ends_at)) as ends_at
from period as p
cross join as_of as a;

-- closed, where it had never been solved
create temp table service_solved on commit drop as
with ended as (
    select
        s.source,
        s.ticket_id,
        s.status,
        s.entered_at,
        exists(
            select from mart.ticket_status as b
            where
                b.source = s.source
                and b.ticket_id = s.ticket_id
                and b.stay_no < s.stay_no
                and b.status in ('solved', 'closed')
        ) as was_solved_before
    from mart.ticket_status as s
    inner join service_span as x on s.entered_at >= x.starts_at and s.entered_at < x.ends_at
    where s.status in ('solved', 'closed')
)

select
    source,
    ticket_id,
    entered_at,
    was_solved_before
from ended
where status = 'solved' or not was_solved_before;

analyze service_span;
analyze service_solved;

create temp table service_event on commit drop as
-- times of a solving that is neither the first nor the last of its ticket are told here alone
with timed as (
    select
        s.source,
        s.ticket_id,
        s.entered_at,
        s.was_solved_before,
        (
            v.business_seconds + b.seconds_before
            + case when b.is_open then extract(epoch from s.entered_at - b.from_at) else 0 end
            - v.schedule_seconds
        ) / 60 as business_minutes,
        (
            select count(*) from core.fct_message as m
            where
                m.source = s.source
                and m.ticket_id = s.ticket_id
                and m.is_public
                and m.sent_at <= s.entered_at
                and exists (
                    select from core.dim_rep as a
                    where a.rep_id = m.source || ':' || m.author_key and a.is_current
                )
        ) as replies
    from service_solved as s
    inner join mart.ticket_state as v
        on
            s.source = v.source
            and s.ticket_id = v.ticket_id
            and s.entered_at = v.from_at
    left join core.business_time as b
        on
            v.schedule = b.schedule
            and (s.entered_at at time zone 'UTC')::date = b.day_on
            and s.entered_at >= b.from_at
            and s.entered_at < b.to_at
),

reply as (
    select
        m.source,
        m.ticket_id,
        m.sent_at,
        r.rep_id
    from core.fct_message as m
    inner join service_span as x on m.sent_at >= x.starts_at and m.sent_at < x.ends_at
    inner join core.dim_rep as r on m.source || ':' || m.author_key = r.rep_id and r.is_current
    where m.is_public
)

select
    'created' as what,
    t.source,
    t.ticket_id,
    t.created_at::date as on_day,
    t.created_at as at,
    null::text as agent,
    null::float8 as minutes,
    null::float8 as business_minutes,
    false as is_again,
    null::bigint as replies
from mart.ticket as t
inner join service_span as x on t.created_at >= x.starts_at and t.created_at < x.ends_at
union all
select
    'first_reply' as what,
    t.source,
    t.ticket_id,
    t.first_reply_at::date as on_day,
    t.first_reply_at as at,
    null as agent,
    t.first_reply_minutes::float8 as minutes,
    t.first_reply_business_minutes::float8 as business_minutes,
    false as is_again,
    null::bigint as replies
from mart.ticket as t
inner join service_span as x on t.first_reply_at >= x.starts_at and t.first_reply_at < x.ends_at
where not 'reply_before_ticket' = any(t.flaws)
union all
select
    'solved' as what,
    s.source,
    s.ticket_id,
    s.entered_at::date as on_day,
    s.entered_at as at,
    null as agent,
    case when not 'solved_before_ticket' = any(t.flaws) then extract(epoch from s.entered_at - t.created_at) / 60 end
        as minutes,
    case when not 'solved_before_ticket' = any(t.flaws) then s.business_minutes end as business_minutes,
    s.was_solved_before as is_again,
    s.replies
from timed as s
inner join mart.ticket as t on s.source = t.source and s.ticket_id = t.ticket_id
union all
select
    'reply' as what,
    r.source,
    r.ticket_id,
    r.sent_at::date as on_day,
    r.sent_at as at,
    r.rep_id as agent,
    null as minutes,
    null as business_minutes,
    false as is_again,
    null::bigint as replies
from reply as r
union all
select
    f.score as what,
    f.source,
    f.ticket_id,
    f.rated_at::date as on_day,
    f.rated_at as at,
    null as agent,
    null as minutes,
    null as business_minutes,
    false as is_again,
    null::bigint as replies
from core.fct_satisfaction as f
inner join service_span as x on f.rated_at >= x.starts_at and f.rated_at < x.ends_at
where f.score in ('good', 'bad')
union all
select
    s.state as what,
    s.source,
    s.ticket_id,
    s.decided_at::date as on_day,
    s.decided_at as at,
    null as agent,
    null as minutes,
    null as business_minutes,
    false as is_again,
    null::bigint as replies
from mart.ticket_sla as s
inner join service_span as x on s.decided_at >= x.starts_at and s.decided_at < x.ends_at
where s.state in ('achieved', 'breached');

analyze service_event;

-- who had the ticket when it happened; members are numbered, since numbers are grouped and sorted faster than names
create temp table service_happened on commit drop as
with known as (
    select
        e.*,
        t.channel,
        coalesce(e.agent, case when s.assignee_key is not null then e.source || ':' || s.assignee_key end, '')
            as agent_now,
        coalesce(s.group_key, '') as group_key,
        coalesce(s.priority, 'none') as priority
    from service_event as e
    inner join mart.ticket as t on e.source = t.source and e.ticket_id = t.ticket_id
    left join mart.ticket_state as s
        on
            e.source = s.source
            and e.ticket_id = s.ticket_id
            and e.at >= s.from_at
            and (e.at < s.to_at or s.to_at is null)
)

select
    what,
    source,
    ticket_id,
    on_day,
    at,
    minutes,
    business_minutes,
    is_again,
    replies,
    coalesce(channel, 'not told') as channel,
    agent_now as agent,
    group_key,
    priority
from known;

analyze service_happened;

delete from mart.service_period as m
using period as p
where m.period = p.period and m.period_start = p.period_start;

create temp table service_member on commit drop as
select
    row_number() over () as member_no,
    m.*
from (
    select distinct
        h.source,
        d.dimension,
        d.member
    from (
        select distinct
            source,
            channel,
            agent,
            group_key,
            priority
        from service_happened
    ) as h
    cross join
        lateral (
            values
            ('all', ''),
            ('agent', h.agent),
            ('group', h.group_key),
            ('channel', h.channel),
            ('priority', h.priority)
        ) as d (dimension, member)
) as m;

analyze service_member;

-- what is only counted is counted by day first: the longer periods are sums of days
create temp table service_tally on commit drop as
select
    h.on_day,
    m.member_no,
    count(*) filter (where h.what = 'created') as created_tickets,
    count(*) filter (where h.what = 'first_reply') as first_replies,
    count(*) filter (where h.what = 'reply') as agent_replies,
    count(*) filter (where h.what = 'achieved') as sla_achieved,
    count(*) filter (where h.what = 'breached') as sla_breached
from (
    select
        what,
        source,
        on_day,
        channel,
        agent,
        group_key,
        priority
    from service_happened
    where what in ('created', 'first_reply', 'reply', 'achieved', 'breached')
) as h
cross join
    lateral (
        values
        ('all', ''),
        ('agent', h.agent),
        ('group', h.group_key),
        ('channel', h.channel),
        ('priority', h.priority)
    ) as d (dimension, member)
inner join service_member as m on h.source = m.source and d.dimension = m.dimension and d.member = m.member
group by h.on_day, m.member_no;

analyze service_tally;

create temp table service_placed on commit drop as
select
    p.period,
    p.period_start,
    h.what,
    h.source,
    h.ticket_id,
    h.at,
    h.minutes,
    h.business_minutes,
    h.is_again,
    h.replies,
    m.member_no
from service_happened as h
cross join
    lateral (
        values
        ('all', ''),
        ('agent', h.agent),
        ('group', h.group_key),
        ('channel', h.channel),
        ('priority', h.priority)
    ) as d (dimension, member)
inner join service_member as m on h.source = m.source and d.dimension = m.dimension and d.member = m.member
cross join
    lateral (
        values
        ('day', h.on_day),
        ('week', date_trunc('week', h.on_day)::date),
        ('month', date_trunc('month', h.on_day)::date),
        ('quarter', date_trunc('quarter', h.on_day)::date)
    ) as w (period, period_start)
inner join period as p on w.period = p.period and w.period_start = p.period_start
where h.what in ('first_reply', 'solved', 'good', 'bad');

analyze service_placed;

insert into mart.service_period (
    period, period_start, source, dimension, member, member_name, created_tickets, solved_tickets, reopened_tickets,
    first_replies, median_first_reply_minutes, p90_first_reply_minutes, median_first_reply_business_minutes,
    p90_first_reply_business_minutes, median_full_resolution_minutes, median_full_resolution_business_minutes,
    one_touch_tickets, agent_replies, good_ratings, bad_ratings, csat, sla_achieved, sla_breached, sla_attainment
)
with flow as (
    select
        p.period,
        p.period_start,
        t.member_no,
        sum(t.created_tickets) as created_tickets,
        sum(t.first_replies) as first_replies,
        sum(t.agent_replies) as agent_replies,
        sum(t.sla_achieved) as sla_achieved,
        sum(t.sla_breached) as sla_breached
    from service_tally as t
    cross join
        lateral (
            values
            ('day', t.on_day),
            ('week', date_trunc('week', t.on_day)::date),
            ('month', date_trunc('month', t.on_day)::date),
            ('quarter', date_trunc('quarter', t.on_day)::date)
        ) as w (period, period_start)
    inner join period as p on w.period = p.period and w.period_start = p.period_start
    group by p.period, p.period_start, t.member_no
),

reply as (
    select
        period,
        period_start,
        member_no,
        percentile_cont(0.5) within group (order by minutes) as median_reply,
        percentile_cont(0.9) within group (order by minutes) as p90_reply,
        percentile_cont(0.5) within group (order by business_minutes) as median_reply_open,
        percentile_cont(0.9) within group (order by business_minutes) as p90_reply_open
    from service_placed
    where what = 'first_reply'
    group by period, period_start, member_no
),

-- of a ticket that was solved or rated several times in a period, the last counts
last_solved as (
    select distinct on (period, period_start, member_no, ticket_id)
        period,
        period_start,
        member_no,
        source,
        ticket_id,
        at,
        minutes,
        business_minutes,
        is_again,
        replies
    from service_placed
    where what = 'solved'
    order by period asc, period_start asc, member_no asc, ticket_id asc, at desc
),

solved as (
    select
        s.period,
        s.period_start,
        s.member_no,
        count(*) as solved_tickets,
        count(*) filter (where s.is_again) as reopened_tickets,
        count(*) filter (where s.replies = 1) as one_touch_tickets,
        percentile_cont(0.5) within group (order by s.minutes) as median_resolution,
        percentile_cont(0.5) within group (order by s.business_minutes) as median_resolution_open
    from last_solved as s
    group by s.period, s.period_start, s.member_no
),

last_rated as (
    select distinct on (period, period_start, member_no, ticket_id)
        period,
        period_start,
        member_no,
        what
    from service_placed
    where what in ('good', 'bad')
    order by period asc, period_start asc, member_no asc, ticket_id asc, at desc, what asc
),

rated as (
    select
        period,
        period_start,
        member_no,
        count(*) filter (where what = 'good') as good_ratings,
        count(*) filter (where what = 'bad') as bad_ratings
    from last_rated
    group by period, period_start, member_no
),

member as (
    select
        period,
        period_start,
        member_no
    from flow
    union
    select
        period,
        period_start,
        member_no
    from solved
    union
    select
        period,
        period_start,
        member_no
    from rated
)

select
    p.period,
    p.period_start,
    m.source,
    m.dimension,
    m.member,
    coalesce(a.full_name, g.name) as member_name,
    coalesce(f.created_tickets, 0) as created_tickets,
    coalesce(s.solved_tickets, 0) as solved_tickets,
    coalesce(s.reopened_tickets, 0) as reopened_tickets,
    coalesce(f.first_replies, 0) as first_replies,
    w.median_reply::numeric as median_first_reply_minutes,
    w.p90_reply::numeric as p90_first_reply_minutes,
    w.median_reply_open::numeric as median_first_reply_business_minutes,
    w.p90_reply_open::numeric as p90_first_reply_business_minutes,
    s.median_resolution::numeric as median_full_resolution_minutes,
    s.median_resolution_open::numeric as median_full_resolution_business_minutes,
    coalesce(s.one_touch_tickets, 0) as one_touch_tickets,
    coalesce(f.agent_replies, 0) as agent_replies,
    coalesce(r.good_ratings, 0) as good_ratings,
    coalesce(r.bad_ratings, 0) as bad_ratings,
    r.good_ratings::numeric / nullif(r.good_ratings + r.bad_ratings, 0) as csat,
    coalesce(f.sla_achieved, 0) as sla_achieved,
    coalesce(f.sla_breached, 0) as sla_breached,
    f.sla_achieved::numeric / nullif(f.sla_achieved + f.sla_breached, 0) as sla_attainment
from member as p
inner join service_member as m on p.member_no = m.member_no
left join flow as f on p.period = f.period and p.period_start = f.period_start and p.member_no = f.member_no
left join reply as w on p.period = w.period and p.period_start = w.period_start and p.member_no = w.member_no
left join solved as s on p.period = s.period and p.period_start = s.period_start and p.member_no = s.member_no
left join rated as r on p.period = r.period and p.period_start = r.period_start and p.member_no = r.member_no
left join core.dim_rep as a on m.dimension = 'agent' and m.member = a.rep_id and a.is_current
left join core.dim_ticket_group as g on m.dimension = 'group' and m.source = g.source and m.member = g.group_key;
