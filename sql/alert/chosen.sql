-- one row per thing that goes into a person's next mail, with what the wording may name
with addressed as (
    select
        r.recipient_no,
        a.*
    from alert as a
    inner join alert_agent as r on a.assignee_id = r.rep_id
    where a.kind = any(%(to_agents)s)
    union
    select
        r.recipient_no,
        a.*
    from alert as a
    inner join alert_lead as r on r.group_told is null or r.group_told in (a.group_key, a.group_name)
    where a.kind = any(%(to_leads)s)
),

-- a message whose time was over before anyone sent it has told nothing; a backlog that lasts is told again
told as (
    select
        o.recipient,
        o.message_key,
        n.kind,
        n.source,
        n.subject_id,
        n.measure,
        n.instance_no
    from ops.alert_notice as n
    inner join ops.outbox as o on n.outbox_id = o.outbox_id
    where
        o.state not in ('cancelled', 'failed')
        and not (o.state in ('proposed', 'approved') and o.not_after <= %(now)s)
        and (n.kind <> 'backlog_high' or n.window_end > %(backlog_told_since)s)
),

news as (
    select a.*
    from addressed as a
    inner join alert_recipient as r on a.recipient_no = r.recipient_no
    where not exists (
        select from told as t
        where
            t.recipient = r.address
            and t.message_key <> r.message_key
            and t.kind = a.kind
            and t.source = a.source
            and t.subject_id = a.subject_id
            and t.measure = a.measure
            and t.instance_no = a.instance_no
    )
),

thing as (
    select
        recipient_no,
        kind = 'backlog_high' as is_group,
        source,
        subject_id,
        row_number() over (
            partition by recipient_no
            order by
                bool_or(kind = 'backlog_high') desc,
                min(minutes_left) asc nulls last,
                min(at) asc,
                source collate "C" asc,
                subject_id collate "C" asc
        ) as place,
        count(*) over (partition by recipient_no) as things
    from news
    group by recipient_no, kind = 'backlog_high', source, subject_id
)

select
    n.recipient_no,
    g.place,
    g.things,
    n.kind,
    n.source,
    n.subject_id,
    n.measure,
    n.instance_no,
    n.at,
    n.minutes_left,
    n.tickets,
    n.usual,
    n.comment,
    n.reason,
    n.group_name,
    t.subject,
    t.priority,
    t.assignee_name,
    t.company_name,
    c.full_name as customer_name
from news as n
inner join thing as g
    on
        n.recipient_no = g.recipient_no
        and (n.kind = 'backlog_high') = g.is_group
        and n.source = g.source
        and n.subject_id = g.subject_id
left join mart.ticket as t on n.source = t.source and n.subject_id = t.ticket_id and n.kind <> 'backlog_high'
left join mart.customer_360 as c on t.customer_id = c.customer_id
where g.place <= %(most_tickets)s
order by n.recipient_no asc, g.place asc, n.at asc, n.kind asc, n.measure asc, n.instance_no asc;
