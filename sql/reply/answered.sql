-- one row per answer that is proposed or went out for some customers' tickets since an instant
select
    coalesce(m.customer_id, t.requester_key, t.ticket_id) as customer,
    t.ticket_id,
    a.window_end,
    t.subject,
    t.description
from ops.ticket_answer as a
inner join core.fct_ticket as t on a.source = t.source and a.ticket_id = t.ticket_id
inner join mart.ticket as m on a.source = m.source and a.ticket_id = m.ticket_id
where
    a.source = %(source)s
    and a.outbox_id is not null
    and a.window_end >= %(since)s
    and coalesce(m.customer_id, t.requester_key, t.ticket_id) = any(%(customers)s);
