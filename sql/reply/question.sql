-- one row per ticket of a help desk that was opened in a window and of which nothing was sent or decided yet
with asked as (
    select
        t.source,
        t.ticket_id,
        t.subject,
        t.description,
        t.updated_at,
        m.created_at,
        m.status,
        m.channel,
        m.tags,
        m.group_key,
        m.group_name,
        m.company_name,
        v.segment as customer_segment,
        coalesce(m.customer_id, t.requester_key, t.ticket_id) as customer,
        r.matching ->> 'email_key' as mailbox,
        p.rep_id is not null as is_agent,
        o.outbox_id
    from core.fct_ticket as t
    inner join mart.ticket as m on t.source = m.source and t.ticket_id = m.ticket_id
    left join mart.customer_value as v on m.customer_id = v.customer_id
    left join core.customer_link as l on t.source = l.source and t.requester_key = l.record_key
    left join core.identity_record as r on r.kind = 'person' and l.record_id = r.record_id
    left join core.dim_rep as p on t.source || ':' || t.requester_key = p.rep_id and p.is_current
    left join ops.ticket_answer as a on t.source = a.source and t.ticket_id = a.ticket_id
    left join ops.outbox as o on a.outbox_id = o.outbox_id
    where
        t.source = %(source)s
        and t.created_at >= %(window_start)s
        and t.created_at < %(window_end)s
        and (
            o.outbox_id is null
            or (o.decided_by is null and o.attempts = 0 and o.state in ('proposed', 'approved'))
        )
),

message as (
    select
        a.ticket_id,
        count(*) as messages,
        count(r.rep_id) as agent_messages
    from asked as a
    inner join core.fct_message as f on a.source = f.source and a.ticket_id = f.ticket_id and f.is_public
    left join core.dim_rep as r on f.source || ':' || f.author_key = r.rep_id and r.is_current
    group by a.ticket_id
)

select
    a.source,
    a.ticket_id,
    a.subject,
    a.description,
    a.updated_at,
    a.status,
    a.channel,
    a.tags,
    a.group_key,
    a.group_name,
    a.company_name,
    a.customer_segment,
    a.customer,
    a.mailbox,
    a.is_agent,
    a.outbox_id,
    coalesce(w.messages, 0) as messages,
    coalesce(w.agent_messages, 0) as agent_messages
from asked as a
left join message as w on a.ticket_id = w.ticket_id
order by a.created_at asc, a.ticket_id collate "C" asc;
