-- one row per change of a field of a ticket
delete from core.fct_ticket_event as e
using latest_ticket_update as u
where e.source = u.source and e.update_key = u.update_key;

insert into core.fct_ticket_event (
    source, event_id, update_key, ticket_id, event_at, author_key, field, old_value, new_value
)
select distinct on (u.source, u.update_key, c.change ->> 'id', c.change ->> 'field')
    u.source,
    u.update_key || '/' || coalesce(c.change ->> 'id', '') || '/' || (c.change ->> 'field') as event_id,
    u.update_key,
    u.ticket_id,
    u.event_at,
    u.author_key,
    c.change ->> 'field' as field,
    c.change ->> 'old' as old_value,
    c.change ->> 'new' as new_value
from latest_ticket_update as u
cross join lateral jsonb_array_elements(u.changes) with ordinality as c (change, change_no)
where c.change ->> 'field' is not null
order by u.source asc, u.update_key asc, c.change ->> 'id', c.change ->> 'field', c.change_no desc;

-- where no change of a ticket's field is told, its versions tell: what differs from the one before
delete from core.fct_ticket_event as e
using touched_ticket as t
where
    e.source = split_part(t.source_table, '__', 1)
    and e.ticket_id = t.source_id
    and e.update_key like 'version %';

insert into core.fct_ticket_event (
    source, event_id, update_key, ticket_id, event_at, author_key, field, old_value, new_value
)
with version as (
    select
        split_part(s.source_table, '__', 1) as source,
        s.source_id as ticket_id,
        s.version_at,
        s.payload_hash,
        coalesce(s.updated_at, s.version_at) as event_at,
        s.status,
        s.priority,
        s.assignee_key,
        s.group_key
    from staging.ticket as s
    inner join touched_ticket as t on s.source_table = t.source_table and s.source_id = t.source_id
),

told as (
    select
        v.source,
        v.ticket_id,
        v.version_at,
        v.payload_hash,
        v.event_at,
        c.field,
        c.value,
        lag(c.value) over w as value_before,
        row_number() over w as version_no
    from version as v
    cross join
        lateral (
            values
            ('status', v.status),
            ('priority', v.priority),
            ('assignee', v.assignee_key),
            ('group', v.group_key)
        ) as c (field, value)
    window w as (partition by v.source, v.ticket_id, c.field order by v.version_at asc, v.payload_hash asc)
)

select
    t.source,
    'version ' || t.ticket_id || ' ' || t.version_at || ' ' || t.payload_hash || '/' || t.field as event_id,
    'version ' || t.ticket_id || ' ' || t.version_at || ' ' || t.payload_hash as update_key,
    t.ticket_id,
    t.event_at,
    null as author_key,
    t.field,
    t.value_before as old_value,
    t.value as new_value
from told as t
where
    t.version_no > 1
    and t.value is distinct from t.value_before
    and not exists (
        select from core.fct_ticket_event as e
        where e.source = t.source and e.ticket_id = t.ticket_id and e.field = t.field
    );
