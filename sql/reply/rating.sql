-- one row per ticket that was rated in a window, or lately and nobody has read it: its last rating
with rated as (
    select distinct on (source, ticket_id)
        source,
        ticket_id,
        rating_id,
        score,
        comment,
        rated_at
    from core.fct_satisfaction
    where
        score in ('good', 'bad')
        and rated_at >= %(since)s
        and rated_at < %(window_end)s
    order by source asc, ticket_id asc, rated_at desc, rating_id collate "C" desc
),

thanked as (
    select
        f.source,
        f.rating_id,
        coalesce(m.customer_id, f.source || ':' || t.requester_key, f.source || ':' || t.ticket_id) as customer
    from ops.ticket_feedback as f
    inner join ops.outbox as o on f.outbox_id = o.outbox_id
    inner join core.fct_ticket as t on f.source = t.source and f.ticket_id = t.ticket_id
    inner join mart.ticket as m on f.source = m.source and f.ticket_id = m.ticket_id
    where
        f.window_end > %(thanked_since)s
        and (o.state in ('sent', 'sending', 'uncertain') or (o.state = 'approved' and o.not_after > %(now)s))
)

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
    coalesce(m.customer_id, t.source || ':' || t.requester_key, t.source || ':' || t.ticket_id) as customer,
    r.matching ->> 'email_key' as mailbox,
    p.rep_id is not null as is_agent,
    f.outbox_id,
    coalesce(o.state in ('sent', 'sending', 'uncertain', 'failed') or o.decided_by is not null, false) as is_settled,
    coalesce((
        select bool_or(true) from thanked as b
        where
            b.customer = coalesce(m.customer_id, t.source || ':' || t.requester_key, t.source || ':' || t.ticket_id)
            and row(b.source, b.rating_id) <> row(s.source, s.rating_id)
    ), false) as is_thanked
from rated as s
inner join core.fct_ticket as t on s.source = t.source and s.ticket_id = t.ticket_id
inner join mart.ticket as m on s.source = m.source and s.ticket_id = m.ticket_id
left join mart.customer_value as v on m.customer_id = v.customer_id
left join core.customer_link as l on t.source = l.source and t.requester_key = l.record_key
left join core.identity_record as r on r.kind = 'person' and l.record_id = r.record_id
left join core.dim_rep as p on t.source || ':' || t.requester_key = p.rep_id and p.is_current
left join ops.ticket_feedback as f on s.source = f.source and s.rating_id = f.rating_id
left join ops.outbox as o on f.outbox_id = o.outbox_id
where
    s.rated_at >= %(window_start)s
    or f.rating_id is null
    or f.score <> s.score
    or f.rated_at <> s.rated_at
order by s.rated_at asc, s.source collate "C" asc, s.rating_id collate "C" asc;
