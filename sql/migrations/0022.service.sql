-- Service: which clock runs for a ticket and by whose hours, what it was promised, and how service went by period.

create table staging.ticket_group (
    source_table text not null,
    source_id text not null,
    version_at timestamptz not null,
    payload_hash uuid not null,
    load_id bigint not null,
    is_deleted boolean not null default false,
    name text
) partition by list (source_table);
comment on table staging.ticket_group is 'one row per version of a group of agents';
comment on column staging.ticket_group.source_table is 'the partition: source, two underscores, entity';
comment on column staging.ticket_group.source_id is 'the record''s own key';
comment on column staging.ticket_group.version_at is 'version time of the record';
comment on column staging.ticket_group.payload_hash is 'hash of the record in raw';
comment on column staging.ticket_group.load_id is 'the load that brought it first';
comment on column staging.ticket_group.is_deleted is 'whether the source says that it is gone';
comment on column staging.ticket_group.name is 'name';

create table staging.survey_answer (
    source_table text not null,
    source_id text not null,
    version_at timestamptz not null,
    payload_hash uuid not null,
    load_id bigint not null,
    is_deleted boolean not null default false,
    survey text,
    score integer,
    comment text,
    customer_key text,
    answered_at timestamptz
) partition by list (source_table);
comment on table staging.survey_answer is 'one row per version of an answer to how likely a customer is to recommend us';
comment on column staging.survey_answer.source_table is 'the partition: source, two underscores, entity';
comment on column staging.survey_answer.source_id is 'the record''s own key';
comment on column staging.survey_answer.version_at is 'version time of the record';
comment on column staging.survey_answer.payload_hash is 'hash of the record in raw';
comment on column staging.survey_answer.load_id is 'the load that brought it first';
comment on column staging.survey_answer.is_deleted is 'whether the source says that it is gone';
comment on column staging.survey_answer.survey is 'which survey was answered';
comment on column staging.survey_answer.score is '0 (not at all likely) to 10';
comment on column staging.survey_answer.comment is 'what they wrote';
comment on column staging.survey_answer.customer_key is 'key of the person in the same source, where it has people';
comment on column staging.survey_answer.answered_at is 'when it was answered';

create table core.dim_ticket_group (
    source text not null,
    group_key text not null,
    name text not null,
    constraint pk_dim_ticket_group primary key (source, group_key)
);
comment on table core.dim_ticket_group is 'one row per group of agents, as its latest version tells';
comment on column core.dim_ticket_group.source is 'name of the source';
comment on column core.dim_ticket_group.group_key is 'key in the source';
comment on column core.dim_ticket_group.name is 'name';

create table core.dim_ticket_status (
    status text not null,
    is_requester_wait boolean not null,
    is_agent_work boolean not null,
    is_agent_wait boolean not null,
    is_on_hold boolean not null,
    constraint pk_dim_ticket_status primary key (status)
);
comment on table core.dim_ticket_status is 'one row per status of include/config/service.yaml: which clocks run in it; where none does, the ticket is at an end';
comment on column core.dim_ticket_status.status is 'new, open, pending, hold, solved, closed, deleted, or one of a source''s own';
comment on column core.dim_ticket_status.is_requester_wait is 'whether the customer waits for us';
comment on column core.dim_ticket_status.is_agent_work is 'whether an agent works on it';
comment on column core.dim_ticket_status.is_agent_wait is 'whether we wait for the customer';
comment on column core.dim_ticket_status.is_on_hold is 'whether it waits for others';

create table core.dim_schedule (
    schedule text not null,
    source text,
    schedule_key text,
    name text not null,
    is_first boolean not null,
    versions jsonb not null,
    constraint pk_dim_schedule primary key (schedule)
);
comment on table core.dim_schedule is 'one row per schedule of business hours: those of include/config/service.yaml, and those that help desks tell';
comment on column core.dim_schedule.schedule is 'the name in service.yaml; of a help desk''s, source:key';
comment on column core.dim_schedule.source is 'the help desk; null for one of service.yaml';
comment on column core.dim_schedule.schedule_key is 'key in the help desk';
comment on column core.dim_schedule.name is 'name';
comment on column core.dim_schedule.is_first is 'whether it is the help desk''s first, by which tickets without another are counted';
comment on column core.dim_schedule.versions is 'the hours: array of {from, timezone, spans}, as business time was spread from them';

create table core.dim_service_rule (
    rule_id text not null,
    kind text not null,
    source text,
    position integer not null,
    name text not null,
    schedule text,
    is_understood boolean not null,
    constraint pk_dim_service_rule primary key (rule_id),
    constraint dim_service_rule_kind check (kind in ('policy', 'schedule'))
);
comment on table core.dim_service_rule is 'one row per service level policy, and per rule of which schedule a ticket is counted by';
comment on column core.dim_service_rule.rule_id is 'the rule: its name in service.yaml, or source:key';
comment on column core.dim_service_rule.kind is 'policy or schedule';
comment on column core.dim_service_rule.source is 'the help desk that tells it; null for one of service.yaml';
comment on column core.dim_service_rule.position is 'place in the order in which rules are tried';
comment on column core.dim_service_rule.name is 'name';
comment on column core.dim_service_rule.schedule is 'name or key of the schedule, where the kind is schedule';
comment on column core.dim_service_rule.is_understood is 'whether all of its conditions are ones that core can judge; else it fits no ticket';

create table core.dim_service_condition (
    rule_id text not null,
    condition_no integer not null,
    is_any boolean not null,
    field text not null,
    is_negated boolean not null,
    accepted text[] not null,
    constraint pk_dim_service_condition primary key (rule_id, condition_no)
);
comment on table core.dim_service_condition is 'one row per condition of a rule: it fits when all hold, and one of those that are any, if there are such';
comment on column core.dim_service_condition.rule_id is 'the rule';
comment on column core.dim_service_condition.condition_no is 'number of the condition';
comment on column core.dim_service_condition.is_any is 'whether it is one of which any must hold';
comment on column core.dim_service_condition.field is 'source, group, channel, company, segment, tag or priority';
comment on column core.dim_service_condition.is_negated is 'whether it holds for all other values';
comment on column core.dim_service_condition.accepted is 'values of which one must be there';

create table core.dim_sla_target (
    rule_id text not null,
    measure text not null,
    priority text not null,
    minutes integer not null,
    is_business boolean not null,
    constraint pk_dim_sla_target primary key (rule_id, measure, priority)
);
comment on table core.dim_sla_target is 'one row per policy, measure and priority: what is promised';
comment on column core.dim_sla_target.rule_id is 'the policy, in core.dim_service_rule';
comment on column core.dim_sla_target.measure is 'first_reply, next_reply, requester_wait or agent_work';
comment on column core.dim_sla_target.priority is 'low, normal, high or urgent; * for all, tickets without a priority among them';
comment on column core.dim_sla_target.minutes is 'target in minutes';
comment on column core.dim_sla_target.is_business is 'whether they are business minutes';

-- an instant is looked up by its day; a count of open seconds, by the seconds: that finds when a target is passed
create index business_time_by_seconds on core.business_time (schedule, seconds_before) where is_open;
comment on column core.business_time.schedule is 'the schedule, in core.dim_schedule';

create table core.fct_survey_answer (
    source text not null,
    answer_id text not null,
    survey text not null,
    score integer not null,
    comment text,
    customer_key text,
    answered_at timestamptz not null,
    constraint pk_fct_survey_answer primary key (source, answer_id)
);
comment on table core.fct_survey_answer is 'one row per answer to how likely a customer is to recommend us, as its latest version tells';
comment on column core.fct_survey_answer.source is 'name of the source';
comment on column core.fct_survey_answer.answer_id is 'key in the source';
comment on column core.fct_survey_answer.survey is 'which survey was answered';
comment on column core.fct_survey_answer.score is '0 to 10';
comment on column core.fct_survey_answer.comment is 'what they wrote';
comment on column core.fct_survey_answer.customer_key is 'key of the person in the same source';
comment on column core.fct_survey_answer.answered_at is 'when it was answered';

create table ops.changed_ticket (
    source text not null,
    ticket_id text not null,
    constraint pk_changed_ticket primary key (source, ticket_id)
);
comment on table ops.changed_ticket is 'one row per ticket that core has told anew and the service marts have not taken up yet';
comment on column ops.changed_ticket.source is 'name of the source';
comment on column ops.changed_ticket.ticket_id is 'key of the ticket';

create table mart.ticket_state (
    source text not null,
    ticket_id text not null,
    state_no integer not null,
    from_at timestamptz not null,
    to_at timestamptz,
    status text not null,
    priority text,
    group_key text,
    assignee_key text,
    schedule text not null,
    rule_id text,
    schedule_seconds numeric,
    business_seconds numeric,
    constraint pk_ticket_state primary key (source, ticket_id, state_no)
);
create index ticket_state_by_end on mart.ticket_state (to_at);
comment on table mart.ticket_state is 'one row per time of a ticket''s life in which status, priority, group, assignee and schedule stayed as they were';
comment on column mart.ticket_state.source is 'name of the source';
comment on column mart.ticket_state.ticket_id is 'key of the ticket';
comment on column mart.ticket_state.state_no is 'number of the state, from 1';
comment on column mart.ticket_state.from_at is 'when it began';
comment on column mart.ticket_state.to_at is 'when it ended; null while it lasts';
comment on column mart.ticket_state.status is 'status';
comment on column mart.ticket_state.priority is 'priority; null when it had none';
comment on column mart.ticket_state.group_key is 'key of the group';
comment on column mart.ticket_state.assignee_key is 'key of the agent';
comment on column mart.ticket_state.schedule is 'the schedule that business time is counted by, in core.dim_schedule';
comment on column mart.ticket_state.rule_id is 'the service level policy that fits, in core.dim_service_rule';
comment on column mart.ticket_state.schedule_seconds is 'open seconds of the schedule up to from_at, as core.business_time counts';
comment on column mart.ticket_state.business_seconds is 'business seconds of the ticket from its creation to from_at';

create table mart.ticket_sla (
    source text not null,
    ticket_id text not null,
    measure text not null,
    instance_no integer not null,
    policy_name text not null,
    priority text,
    group_key text,
    assignee_id text,
    schedule text not null,
    is_business boolean not null,
    target_minutes integer not null,
    applied_at timestamptz not null,
    breach_at timestamptz,
    achieved_at timestamptz,
    decided_at timestamptz,
    state text not null,
    elapsed_minutes numeric not null,
    remaining_minutes numeric,
    constraint pk_ticket_sla primary key (source, ticket_id, measure, instance_no),
    constraint ticket_sla_state check (state in ('achieved', 'breached', 'active', 'dropped'))
);
create index ticket_sla_active on mart.ticket_sla (breach_at) where state = 'active';
create index ticket_sla_by_decided on mart.ticket_sla (decided_at);
comment on table mart.ticket_sla is 'one row per ticket and promise that was made for it: when it applied, and whether it was kept';
comment on column mart.ticket_sla.source is 'name of the source';
comment on column mart.ticket_sla.ticket_id is 'key of the ticket';
comment on column mart.ticket_sla.measure is 'first_reply, next_reply, requester_wait or agent_work';
comment on column mart.ticket_sla.instance_no is 'number of the promise: of next replies there are as many as the customer came back';
comment on column mart.ticket_sla.policy_name is 'name of the policy';
comment on column mart.ticket_sla.priority is 'priority when it applied';
comment on column mart.ticket_sla.group_key is 'group when it applied';
comment on column mart.ticket_sla.assignee_id is 'the agent now, in core.dim_rep';
comment on column mart.ticket_sla.schedule is 'schedule when it applied';
comment on column mart.ticket_sla.is_business is 'whether its minutes are business minutes';
comment on column mart.ticket_sla.target_minutes is 'what was promised, in minutes';
comment on column mart.ticket_sla.applied_at is 'when its clock started';
comment on column mart.ticket_sla.breach_at is 'the instant at which the clock passes the target; null while it does not run';
comment on column mart.ticket_sla.achieved_at is 'when it was done: the reply, the last solving';
comment on column mart.ticket_sla.decided_at is 'the earlier one of both, where it has come';
comment on column mart.ticket_sla.state is 'achieved, breached, active (still inside), or dropped: the ticket ended inside without the reply';
comment on column mart.ticket_sla.elapsed_minutes is 'minutes on its clock up to achieved_at, or to the end of the last day built';
comment on column mart.ticket_sla.remaining_minutes is 'of an active one: minutes left at the end of the last day built';

alter table mart.ticket
add column group_name text,
add column tags text,
add column customer_segment text,
add column schedule text,
add column first_reply_business_minutes_last_schedule numeric,
add column total_reply_minutes numeric,
add column total_reply_business_minutes numeric,
add column agent_work_minutes numeric,
add column agent_wait_business_minutes numeric,
add column requester_wait_business_minutes numeric,
add column agent_work_business_minutes numeric,
add column on_hold_business_minutes numeric,
add column touches text,
add column times_solved bigint,
add column path text,
add column flaws text[];
comment on column mart.ticket.group_name is 'name of the group';
comment on column mart.ticket.tags is 'tags, separated by commas';
comment on column mart.ticket.customer_segment is 'RFM segment of the customer at the last month''s end before the ticket';
comment on column mart.ticket.schedule is 'the schedule that it is counted by now, in core.dim_schedule';
comment on column mart.ticket.first_reply_business_minutes is 'the same in business minutes, each schedule counted while it was in force';
comment on column mart.ticket.first_reply_business_minutes_last_schedule is 'the same counted by the last schedule alone, as help desks show it';
comment on column mart.ticket.total_reply_minutes is 'sum over each new run of customer comments: its first one to the next public comment of an agent';
comment on column mart.ticket.total_reply_business_minutes is 'the same in business minutes';
comment on column mart.ticket.agent_wait_minutes is 'calendar minutes in which we waited for the customer, up to the end of the last finished state';
comment on column mart.ticket.agent_work_minutes is 'calendar minutes in which an agent had it to work on';
comment on column mart.ticket.agent_wait_business_minutes is 'agent_wait_minutes in business minutes';
comment on column mart.ticket.requester_wait_business_minutes is 'requester_wait_minutes in business minutes';
comment on column mart.ticket.agent_work_business_minutes is 'agent_work_minutes in business minutes';
comment on column mart.ticket.on_hold_business_minutes is 'on_hold_minutes in business minutes';
comment on column mart.ticket.touches is 'public comments of agents on a ticket that has been solved: none, one, two or many; null on others';
comment on column mart.ticket.times_solved is 'times that it was solved';
comment on column mart.ticket.path is 'its statuses in order, or its activities where the source tells such, separated by >';
comment on column mart.ticket.flaws is 'times that contradict each other: reply_before_ticket, solved_before_ticket; these times are in no figure';

alter table mart.service_backlog_daily
drop constraint pk_service_backlog_daily,
add column group_key text not null default '';
alter table mart.service_backlog_daily
alter column group_key drop default,
add constraint pk_service_backlog_daily primary key (day_on, source, group_key, priority, age_band);
comment on table mart.service_backlog_daily is 'one row per day, source, group, priority and age: tickets not solved, closed or deleted at the end of the day';
comment on column mart.service_backlog_daily.group_key is 'key of the group that had them then; empty for none';
comment on column mart.service_backlog_daily.priority is 'priority then: low, normal, high, urgent, or none';

comment on column mart.service_daily.solved_tickets is 'tickets that were solved on the day (closed, where they had never been solved)';
comment on column mart.service_daily.good_ratings is 'tickets whose last rating of the day is good';
comment on column mart.service_daily.bad_ratings is 'tickets whose last rating of the day is bad';

create table mart.service_volume_hourly (
    hour_at timestamptz not null,
    source text not null,
    channel text not null,
    created_tickets bigint not null,
    customer_messages bigint not null,
    agent_replies bigint not null,
    constraint pk_service_volume_hourly primary key (hour_at, source, channel)
);
comment on table mart.service_volume_hourly is 'one row per hour, source and channel in which there was something: what came in and what was answered';
comment on column mart.service_volume_hourly.hour_at is 'start of the hour';
comment on column mart.service_volume_hourly.source is 'name of the source';
comment on column mart.service_volume_hourly.channel is 'how the tickets came; not told where the source does not say';
comment on column mart.service_volume_hourly.created_tickets is 'tickets opened';
comment on column mart.service_volume_hourly.customer_messages is 'public comments of customers';
comment on column mart.service_volume_hourly.agent_replies is 'public comments of agents';

create table mart.service_period (
    period text not null,
    period_start date not null,
    source text not null,
    dimension text not null,
    member text not null,
    member_name text,
    created_tickets bigint not null,
    solved_tickets bigint not null,
    reopened_tickets bigint not null,
    first_replies bigint not null,
    median_first_reply_minutes numeric,
    p90_first_reply_minutes numeric,
    median_first_reply_business_minutes numeric,
    p90_first_reply_business_minutes numeric,
    median_full_resolution_minutes numeric,
    median_full_resolution_business_minutes numeric,
    one_touch_tickets bigint not null,
    agent_replies bigint not null,
    good_ratings bigint not null,
    bad_ratings bigint not null,
    csat numeric,
    sla_achieved bigint not null,
    sla_breached bigint not null,
    sla_attainment numeric,
    constraint pk_service_period primary key (period, period_start, source, dimension, member)
);
comment on table mart.service_period is 'one row per day, week, month or quarter, source and agent, group, channel or priority that had something: how service went';
comment on column mart.service_period.period is 'day, week, month or quarter';
comment on column mart.service_period.period_start is 'its first day';
comment on column mart.service_period.source is 'name of the source';
comment on column mart.service_period.dimension is 'all, agent, group, channel or priority';
comment on column mart.service_period.member is 'the agent in core.dim_rep, key of the group, the channel, the priority; empty for all, and for none';
comment on column mart.service_period.member_name is 'name of the agent or group';
comment on column mart.service_period.created_tickets is 'tickets opened';
comment on column mart.service_period.solved_tickets is 'tickets solved (closed, where never solved before), each once a period';
comment on column mart.service_period.reopened_tickets is 'of these, tickets that had been solved before';
comment on column mart.service_period.first_replies is 'tickets that got their first reply';
comment on column mart.service_period.median_first_reply_minutes is 'median of created to first reply, calendar minutes, of these';
comment on column mart.service_period.p90_first_reply_minutes is '90th percentile of the same';
comment on column mart.service_period.median_first_reply_business_minutes is 'median in business minutes';
comment on column mart.service_period.p90_first_reply_business_minutes is '90th percentile in business minutes';
comment on column mart.service_period.median_full_resolution_minutes is 'median of created to the last solving in the period, calendar minutes';
comment on column mart.service_period.median_full_resolution_business_minutes is 'the same in business minutes';
comment on column mart.service_period.one_touch_tickets is 'solved tickets with one public comment of an agent up to then';
comment on column mart.service_period.agent_replies is 'public comments of agents; of an agent, their own';
comment on column mart.service_period.good_ratings is 'tickets whose last rating in the period is good';
comment on column mart.service_period.bad_ratings is 'tickets whose last rating in the period is bad';
comment on column mart.service_period.csat is 'good ÷ (good + bad)';
comment on column mart.service_period.sla_achieved is 'promises that were kept in the period';
comment on column mart.service_period.sla_breached is 'promises that were broken in the period';
comment on column mart.service_period.sla_attainment is 'achieved ÷ (achieved + breached)';

create view mart.service_agent_period as
select
    period,
    period_start,
    source,
    member as agent_id,
    member_name as agent_name,
    solved_tickets,
    reopened_tickets,
    first_replies,
    median_first_reply_minutes,
    p90_first_reply_minutes,
    median_first_reply_business_minutes,
    p90_first_reply_business_minutes,
    median_full_resolution_minutes,
    median_full_resolution_business_minutes,
    one_touch_tickets,
    agent_replies,
    good_ratings,
    bad_ratings,
    csat,
    sla_achieved,
    sla_breached,
    sla_attainment
from mart.service_period
where dimension = 'agent';
comment on view mart.service_agent_period is 'one row per period and agent: see mart.service_period';

create view mart.service_group_period as
select
    period,
    period_start,
    source,
    member as group_key,
    member_name as group_name,
    created_tickets,
    solved_tickets,
    reopened_tickets,
    first_replies,
    median_first_reply_minutes,
    p90_first_reply_minutes,
    median_first_reply_business_minutes,
    p90_first_reply_business_minutes,
    median_full_resolution_minutes,
    median_full_resolution_business_minutes,
    one_touch_tickets,
    agent_replies,
    good_ratings,
    bad_ratings,
    csat,
    sla_achieved,
    sla_breached,
    sla_attainment
from mart.service_period
where dimension = 'group';
comment on view mart.service_group_period is 'one row per period and group: see mart.service_period';

create view mart.service_csat as
select
    period,
    period_start,
    source,
    dimension,
    member,
    member_name,
    good_ratings,
    bad_ratings,
    csat
from mart.service_period
where good_ratings + bad_ratings > 0;
comment on view mart.service_csat is 'one row per period, source, dimension and member with ratings: good ÷ (good + bad)';

create table mart.service_nps (
    period text not null,
    period_start date not null,
    source text not null,
    survey text not null,
    promoters bigint not null,
    passives bigint not null,
    detractors bigint not null,
    nps numeric not null,
    constraint pk_service_nps primary key (period, period_start, source, survey)
);
comment on table mart.service_nps is 'one row per day, week, month or quarter, source and survey with answers: net promoter score';
comment on column mart.service_nps.period is 'day, week, month or quarter';
comment on column mart.service_nps.period_start is 'its first day';
comment on column mart.service_nps.source is 'name of the source';
comment on column mart.service_nps.survey is 'which survey';
comment on column mart.service_nps.promoters is 'answers of 9 and 10';
comment on column mart.service_nps.passives is 'answers of 7 and 8';
comment on column mart.service_nps.detractors is 'answers of 0 to 6';
comment on column mart.service_nps.nps is 'share of promoters less share of detractors, -1 to 1';

-- the columns of a view mean what those of its table mean
do $$
declare
    told record;
begin
    for told in
        select v.attrelid::regclass as view_name, v.attname, col_description(t.attrelid, t.attnum) as says
        from pg_attribute as v
        inner join pg_attribute as t
            on t.attrelid = 'mart.service_period'::regclass
            and t.attname = case when v.attname in ('agent_id', 'group_key') then 'member'
                when v.attname in ('agent_name', 'group_name') then 'member_name' else v.attname end
        where v.attrelid in (
            'mart.service_agent_period'::regclass, 'mart.service_group_period'::regclass, 'mart.service_csat'::regclass
        )
    loop
        execute format('comment on column %s.%I is %L', told.view_name, told.attname, told.says);
    end loop;
end
$$;
