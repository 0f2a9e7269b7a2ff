-- one row per ticket of which something is told otherwise than before, and the first instant from which it is
create temp table ticket_change on commit drop as
with ticket_after as (
    select
        d.source,
        d.ticket_id,
        d.status,
        d.priority,
        d.channel,
        coalesce(d.tags, '') as tags,
        d.requester_key,
        d.assignee_key,
        d.group_key,
        d.company_key,
        d.created_at,
        d.is_deleted
    from core.fct_ticket as d
    inner join touched_ticket as t on d.source = split_part(t.source_table, '__', 1) and d.ticket_id = t.source_id
),

event_after as (
    select
        e.source,
        e.event_id,
        e.update_key,
        e.ticket_id,
        e.event_at,
        e.author_key,
        e.field,
        e.old_value,
        e.new_value
    from core.fct_ticket_event as e
    inner join touched_ticket_event as t
        on e.source = split_part(t.source_table, '__', 1) and e.update_key = t.source_id
    union all
    select
        e.source,
        e.event_id,
        e.update_key,
        e.ticket_id,
        e.event_at,
        e.author_key,
        e.field,
        e.old_value,
        e.new_value
    from core.fct_ticket_event as e
    inner join touched_ticket as t on e.source = split_part(t.source_table, '__', 1) and e.ticket_id = t.source_id
    where e.update_key like 'version %'
),

message_after as (
    select
        m.source,
        m.message_id,
        m.ticket_id,
        m.author_key,
        m.is_public,
        m.sent_at
    from core.fct_message as m
    inner join touched_ticket_event as t
        on m.source = split_part(t.source_table, '__', 1) and m.update_key = t.source_id
),

satisfaction_after as (
    select
        d.source,
        d.rating_id,
        d.ticket_id,
        d.score,
        d.rated_at
    from core.fct_satisfaction as d
    inner join touched_satisfaction as t
        on d.source = split_part(t.source_table, '__', 1) and d.rating_id = t.source_id
),

-- who is an agent decides which message is a reply
agent_after as (
    select rep_id from core.dim_rep
    where is_current
),

agent_change as (
    (
        select rep_id from rep_before
        except
        select rep_id from agent_after
    )
    union
    (
        select rep_id from agent_after
        except
        select rep_id from rep_before
    )
),

-- of these only the present value is known, which stands for all of a ticket's time; a field whose changes are told
-- changes with them
field_change as (
    select distinct
        a.source,
        a.ticket_id
    from ticket_before as b
    inner join ticket_after as a on b.source = a.source and b.ticket_id = a.ticket_id
    cross join
        lateral (
            values
            ('status', b.status, a.status),
            ('priority', b.priority, a.priority),
            ('assignee', b.assignee_key, a.assignee_key),
            ('group', b.group_key, a.group_key),
            ('channel', b.channel, a.channel),
            ('requester', b.requester_key, a.requester_key),
            ('company', b.company_key, a.company_key),
            ('created', b.created_at::text, a.created_at::text),
            ('deleted', b.is_deleted::text, a.is_deleted::text)
        ) as f (field, before, after)
    where
        f.before is distinct from f.after
        and not exists (
            select from core.fct_ticket_event as e
            where e.source = a.source and e.ticket_id = a.ticket_id and e.field = f.field
        )
),

-- tags come and go; those count that decide what is promised
tag_change as (
    select distinct
        a.source,
        a.ticket_id
    from ticket_before as b
    inner join ticket_after as a on b.source = a.source and b.ticket_id = a.ticket_id and b.tags <> a.tags
    inner join core.dim_service_condition as c on c.field = 'tag'
    where (string_to_array(b.tags, ',') && c.accepted) <> (string_to_array(a.tags, ',') && c.accepted)
),

retold as (
    select
        coalesce(a.source, b.source) as source,
        coalesce(a.ticket_id, b.ticket_id) as ticket_id,
        case
            when b.ticket_id is null or a.ticket_id is null or f.ticket_id is not null or g.ticket_id is not null
                then least(a.created_at, b.created_at)
        end as changed_at
    from ticket_before as b
    full outer join ticket_after as a on b.source = a.source and b.ticket_id = a.ticket_id
    left join field_change as f on a.source = f.source and a.ticket_id = f.ticket_id
    left join tag_change as g on a.source = g.source and a.ticket_id = g.ticket_id
),

change as (
    select
        source,
        ticket_id,
        changed_at
    from retold
    union all
    select
        e.source,
        e.ticket_id,
        e.event_at as changed_at
    from (
        (
            select * from event_before
            except
            select * from event_after
        )
        union all
        (
            select * from event_after
            except
            select * from event_before
        )
    ) as e
    union all
    select
        m.source,
        m.ticket_id,
        m.sent_at as changed_at
    from (
        (
            select * from message_before
            except
            select * from message_after
        )
        union all
        (
            select * from message_after
            except
            select * from message_before
        )
    ) as m
    union all
    select
        s.source,
        s.ticket_id,
        s.rated_at as changed_at
    from (
        (
            select * from satisfaction_before
            except
            select * from satisfaction_after
        )
        union all
        (
            select * from satisfaction_after
            except
            select * from satisfaction_before
        )
    ) as s
    union all
    select
        m.source,
        m.ticket_id,
        m.sent_at as changed_at
    from core.fct_message as m
    where
        exists (select from agent_change)
        and m.source || ':' || m.author_key in (select c.rep_id from agent_change as c)
)

select
    source,
    ticket_id,
    min(changed_at) as changed_at
from change
group by source, ticket_id;

insert into ops.changed_ticket (source, ticket_id)
select
    source,
    ticket_id
from ticket_change
on conflict do nothing;
