-- one row per open reminder for a rep: its place in their next message, or why it is in none; a rep of several sources
-- is one person, and gets one message
create temp table choice on commit drop as
with recent as (
    select
        p.rule,
        p.subject_kind,
        p.source,
        p.subject_id,
        o.not_before
    from ops.outbox as o
    inner join ops.reminder_notice as i on o.outbox_id = i.outbox_id
    inner join ops.reminder as p on i.reminder_id = p.reminder_id
    where
        o.not_before > %(window_end)s - (select max(cooldown_days) + 7 from reminder_rule) * interval '1 day'
        and o.state not in ('cancelled', 'failed')
        and o.message_key not like 'reminder/manager/%%'
),

-- the message that this run writes, perhaps anew, does not count: it is due when the rep's next one is
cooling as (
    select distinct r.reminder_id
    from recent as n
    inner join ops.reminder as r
        on
            n.rule = r.rule
            and n.subject_kind = r.subject_kind
            and n.source = r.source
            and n.subject_id = r.subject_id
    inner join reminder_rule as q on r.rule = q.rule
    inner join rep_setting as s on r.rep_id = s.rep_id
    where
        r.closed_at is null
        and n.not_before < s.not_before
        and (n.not_before at time zone s.timezone)::date
        > (s.not_before at time zone s.timezone)::date - q.cooldown_days
),

told as (
    select
        r.reminder_id,
        coalesce(s.person_id, r.rep_id) as person_id,
        r.source,
        r.subject_kind,
        r.subject_id,
        -- in one currency where there is a rate, so that deals of several rank together
        r.value_at_risk * coalesce(d.reporting_amount / nullif(d.amount, 0), 1) as value_at_risk,
        q.channel,
        q.alone,
        case
            when s.rep_id is null or not s.is_active or (q.needs_address and s.email is null) then 'no address'
            when q.only_source <> r.source then 'other source'
            when c.reminder_id is not null then 'cooldown'
        end as held_why
    from ops.reminder as r
    inner join reminder_rule as q on r.rule = q.rule and q.to_rep
    left join rep_setting as s on r.rep_id = s.rep_id
    left join cooling as c on r.reminder_id = c.reminder_id
    left join mart.deal as d on r.source = d.source and r.subject_id = d.deal_id and r.subject_kind = 'deal'
    where r.closed_at is null
),

valued as (
    select
        *,
        max(value_at_risk) over (partition by person_id, source, subject_kind, subject_id) as subject_value
    from told
    where held_why is null
),

placed as (
    select
        *,
        dense_rank() over (
            partition by person_id order by subject_value desc, source asc, subject_kind desc, subject_id asc
        ) as place
    from valued
)

select
    reminder_id,
    person_id,
    channel,
    alone,
    place,
    case when place > %(most_deals)s then 'cap' end as held_why
from placed
union all
select
    reminder_id,
    person_id,
    channel,
    alone,
    null as place,
    held_why
from told
where held_why is not null;

update ops.reminder as r
set held_why = c.held_why
from choice as c
where r.reminder_id = c.reminder_id and r.held_why is distinct from c.held_why;
