-- one row per rating of a ticket of a help desk that was given in a window
select
    s.source,
    s.rating_id,
    s.ticket_id,
    s.score,
    s.comment,
    s.rated_at,
    t.updated_at,
    m.subject,
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
    f.outbox_id,
    coalesce((
        select bool_or(true) from ops.ticket_feedback as b
        inner join mart.ticket as n on b.source = n.source and b.ticket_id = n.ticket_id
        where
            b.decision = 'thank'
            and b.window_end > %(thanked_since)s
            and n.customer_id = m.customer_id
            and row(b.source, b.rating_id) <> row(s.source, s.rating_id)
    ), false) as is_thanked
from core.fct_satisfaction as s
inner join core.fct_ticket as t on s.source = t.source and s.ticket_id = t.ticket_id
inner join mart.ticket as m on s.source = m.source and s.ticket_id = m.ticket_id
left join mart.customer_value as v on m.customer_id = v.customer_id
left join core.customer_link as l on t.source = l.source and t.requester_key = l.record_key
left join core.identity_record as r on r.kind = 'person' and l.record_id = r.record_id
left join core.dim_rep as p on t.source || ':' || t.requester_key = p.rep_id and p.is_current
left join ops.ticket_feedback as f on s.source = f.source and s.rating_id = f.rating_id
where
    s.source = %(source)s
    and s.score in ('good', 'bad')
    and s.rated_at >= %(window_start)s
    and s.rated_at < %(window_end)s
order by s.rated_at asc, s.rating_id collate "C" asc;
