-- how the tickets of each topic fared in the 28 days up to its known_to, and how many there were in the 28 before
with told as (
    select
        k.language,
        k.topic,
        k.likeness,
        t.source,
        t.ticket_id,
        t.created_at >= (s.known_to - 27)::timestamptz as is_now,
        t.satisfaction,
        p.is_broken
    from mart.ticket_topic as k
    inner join mart.service_topic as s on k.language = s.language and k.topic = s.topic
    inner join mart.ticket as t on k.source = t.source and k.ticket_id = t.ticket_id
    left join lateral (
        select bool_or(a.state = 'breached') as is_broken from mart.ticket_sla as a
        where a.source = t.source and a.ticket_id = t.ticket_id and a.state in ('achieved', 'breached')
    ) as p on true
    where t.created_at >= (s.known_to - 55)::timestamptz and t.created_at < (s.known_to + 1)::timestamptz
),

counted as (
    select
        language,
        topic,
        count(*) filter (where is_now) as tickets,
        count(*) filter (where not is_now) as tickets_before,
        count(*) filter (where is_now and is_broken) as broken,
        count(*) filter (where is_now and is_broken is not null) as promised,
        count(*) filter (where is_now and satisfaction = 'good') as good,
        count(*) filter (where is_now and satisfaction = 'bad') as bad
    from told
    group by language, topic
),

example as (
    select
        language,
        topic,
        array_agg(source || ':' || ticket_id order by place) as ids
    from (
        select
            language,
            topic,
            source,
            ticket_id,
            row_number() over (
                partition by language, topic order by likeness desc, source asc, ticket_id collate "C" asc
            ) as place
        from told
        where is_now
    ) as r
    where place <= 3
    group by language, topic
)

update mart.service_topic as s
set
    tickets = coalesce(c.tickets, 0),
    tickets_before = coalesce(c.tickets_before, 0),
    growth = c.tickets::numeric / nullif(c.tickets_before, 0) - 1,
    broken_tickets = coalesce(c.broken, 0),
    breached_share = c.broken::numeric / nullif(c.promised, 0),
    good_ratings = coalesce(c.good, 0),
    bad_ratings = coalesce(c.bad, 0),
    csat = c.good::numeric / nullif(c.good + c.bad, 0),
    example_tickets = coalesce(e.ids, '{}')
from mart.service_topic as o
left join counted as c on o.language = c.language and o.topic = c.topic
left join example as e on o.language = e.language and o.topic = e.topic
where s.language = o.language and s.topic = o.topic;
