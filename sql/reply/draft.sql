-- one row per draft that waits for a person: what was asked, by whom, and what would be answered
select
    o.outbox_id,
    o.recipient,
    o.subject,
    o.not_before,
    o.not_after,
    o.channel,
    o.payload ->> 'text' as text,
    a.source,
    a.ticket_id,
    a.intent,
    a.confidence,
    a.language,
    a.ticket_updated_at,
    a.reason,
    t.subject as ticket_subject,
    t.description,
    c.full_name
from ops.outbox as o
inner join ops.ticket_answer as a on o.outbox_id = a.outbox_id and a.decision = 'draft'
inner join core.fct_ticket as t on a.source = t.source and a.ticket_id = t.ticket_id
inner join mart.ticket as m on a.source = m.source and a.ticket_id = m.ticket_id
left join mart.customer_360 as c on m.customer_id = c.customer_id
where
    o.outbox_id = any(%(numbers)s)
    and o.state = 'proposed'
    and o.not_after > %(now)s
order by a.confidence desc, o.outbox_id asc;
