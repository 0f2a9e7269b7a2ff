-- one row per version of an update of a ticket, with its changes and messages
select
    b.source_id,
    b.version_at,
    b.payload_hash,
    r.ticket_id as ticket_key,
    r.updater_id as author_key,
    coalesce(r.created_at, b.version_at::text) as event_at,
    c.changes,
    c.messages
from batch as b
cross join
    lateral json_to_record(b.payload)
        as r (
            ticket_id text,
            updater_id text,
            created_at text,
            child_events json
        )
-- a change names its field as a key of its own, or in field_name with the new value beside it, as audits do
cross join lateral (
    select
        json_agg(
            json_build_object(
                'id', e.event ->> 'id',
                'field', f.field,
                'old', coalesce(e.event ->> 'previous_value', e.event ->> 'previous_schedule_id'),
                'new', coalesce(e.event ->> f.key, e.event ->> 'value')
            )
            order by e.no
        ) filter (where f.field is not null) as changes,
        json_agg(
            json_build_object(
                'id', e.event ->> 'id',
                'public', e.event ->> 'public',
                'body', e.event ->> 'body',
                'author', e.event ->> 'author_id',
                'channel', e.event #>> '{via,channel}'
            )
            order by e.no
        ) filter (where coalesce(e.event ->> 'event_type', e.event ->> 'type') = 'Comment') as messages
    from json_array_elements(r.child_events) with ordinality as e (event, no)
    left join (
        values
        ('status', 'status'),
        ('priority', 'priority'),
        ('assignee_id', 'assignee'),
        ('group_id', 'group'),
        ('satisfaction_score', 'satisfaction'),
        ('new_schedule_id', 'schedule')
    ) as f (key, field)
        on
            coalesce(e.event ->> 'event_type', e.event ->> 'type') in ('Create', 'Change', 'ScheduleAssignment')
            and (e.event ->> f.key is not null or e.event ->> 'field_name' = f.key)
) as c;
