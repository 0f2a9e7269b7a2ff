-- tickets made, once for each topic, tag, channel and group that they belong to
create temp view event_part as
select
    'created_tickets' as series,
    t.created_at as at,
    p.dimension,
    p.member,
    1 as figure
from mart.ticket as t
left join mart.ticket_topic as k on t.source = k.source and t.ticket_id = k.ticket_id and k.topic <> 'other'
cross join
    lateral (
        values ('topic', k.topic), ('channel', t.channel), ('group', t.group_name)
        union
        select
            'tag' as dimension,
            nullif(trim(g.tag), '') as member
        from unnest(string_to_array(t.tags, ',')) as g (tag)
    ) as p (dimension, member);
