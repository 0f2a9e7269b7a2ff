-- one row per ticket asked for: what a reply to it may tell, all of it from records of the address that asks
with asked as (
    select
        t.source,
        t.ticket_id,
        l.customer_id,
        l.record_id,
        r.matching ->> 'email_key' as mailbox
    from unnest(%(sources)s::text[], %(ticket_ids)s::text[]) as a (source, ticket_id)
    inner join core.fct_ticket as t on a.source = t.source and a.ticket_id = t.ticket_id
    left join core.customer_link as l on t.source = l.source and t.requester_key = l.record_key
    left join core.identity_record as r on r.kind = 'person' and l.record_id = r.record_id
),

-- Two people may have been taken for one: what another address of the customer stands for is not told.
own as (
    select
        a.source,
        a.ticket_id,
        l.source as record_source,
        l.record_key,
        l.record_id
    from asked as a
    inner join core.customer_link as l on a.customer_id = l.customer_id
    inner join core.identity_record as r on r.kind = 'person' and l.record_id = r.record_id
    where l.record_id = a.record_id or r.matching ->> 'email_key' = a.mailbox
),

records as (
    select
        source,
        ticket_id,
        array_agg(record_id) as record_ids
    from own
    group by source, ticket_id
),

recent as (
    select
        a.source,
        a.ticket_id,
        m.order_id,
        m.ordered_on,
        m.amount,
        m.currency,
        row_number() over (
            partition by a.source, a.ticket_id order by m.ordered_at desc, m.source asc, m.order_id asc
        ) as place
    from asked as a
    inner join mart.customer_order as m on a.customer_id = m.customer_id
    where
        m.ordered_on > %(since)s
        and m.ordered_on <= %(known_to)s
        and not exists (
            select 1
            from core.fct_order_line as f
            left join own as o
                on
                    f.source = o.record_source and f.customer_key = o.record_key
                    and a.source = o.source and a.ticket_id = o.ticket_id
            where f.source = m.source and f.order_id = m.order_id and o.record_id is null
        )
),

ordered as (
    select
        source,
        ticket_id,
        jsonb_agg(jsonb_build_array(order_id, ordered_on, amount::text, currency) order by place asc) as orders
    from recent
    where place <= %(most)s
    group by source, ticket_id
),

still_open as (
    select
        o.source,
        o.ticket_id,
        count(*) as tickets
    from own as o
    inner join core.fct_ticket as t on o.record_source = t.source and o.record_key = t.requester_key
    left join core.dim_ticket_status as e on t.status = e.status
    where not t.is_deleted and not coalesce(e.is_end, false)
    group by o.source, o.ticket_id
)

select
    a.source,
    a.ticket_id,
    case when c.given_by ->> 'full_name' = any(r.record_ids) then c.full_name end as name,
    case when c.given_by ->> 'given_name' = any(r.record_ids) then c.given_name end as given_name,
    case when c.given_by ->> 'email' = any(r.record_ids) then c.email end as email,
    case when c.given_by ->> 'company_name' = any(r.record_ids) then c.company_name end as company_name,
    case when c.given_by ->> 'email' = any(r.record_ids) then c.owner_name end as owner_name,
    case when c.given_by ->> 'email' = any(r.record_ids) then v.segment end as value_group,
    coalesce(o.orders, '[]') as orders,
    coalesce(s.tickets, 0) as open_tickets
from asked as a
left join records as r on a.source = r.source and a.ticket_id = r.ticket_id
left join mart.customer_360 as c on a.customer_id = c.customer_id
left join mart.customer_value as v on a.customer_id = v.customer_id
left join ordered as o on a.source = o.source and a.ticket_id = o.ticket_id
left join still_open as s on a.source = s.source and a.ticket_id = s.ticket_id;
