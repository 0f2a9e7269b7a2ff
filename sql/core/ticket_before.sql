-- what is told of the touched tickets before it is told anew, as far as marts by day read it
create temp table ticket_before on commit drop as
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
inner join touched_ticket as t on d.source = split_part(t.source_table, '__', 1) and d.ticket_id = t.source_id;

-- updates whose changes and messages may be told otherwise: their own, and those that versions of tickets tell
create temp table event_before on commit drop as
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
inner join touched_ticket_event as t on e.source = split_part(t.source_table, '__', 1) and e.update_key = t.source_id
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
where e.update_key like 'version %';

create temp table message_before on commit drop as
select
    m.source,
    m.message_id,
    m.ticket_id,
    m.author_key,
    m.is_public,
    m.sent_at
from core.fct_message as m
inner join touched_ticket_event as t on m.source = split_part(t.source_table, '__', 1) and m.update_key = t.source_id;

create temp table satisfaction_before on commit drop as
select
    d.source,
    d.rating_id,
    d.ticket_id,
    d.score,
    d.rated_at
from core.fct_satisfaction as d
inner join touched_satisfaction as t on d.source = split_part(t.source_table, '__', 1) and d.rating_id = t.source_id;

create temp table answer_before on commit drop as
select
    d.source,
    d.answer_id,
    d.survey,
    d.score,
    d.answered_at
from core.fct_survey_answer as d
inner join touched_survey_answer as t on d.source = split_part(t.source_table, '__', 1) and d.answer_id = t.source_id;

create temp table ticket_group_before on commit drop as table core.dim_ticket_group;

analyze ticket_before;
analyze event_before;
analyze message_before;
