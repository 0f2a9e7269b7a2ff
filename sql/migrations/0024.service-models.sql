-- Service models: topics of tickets, ways that tickets go, forecasts of their number, and unusual days and weeks.

create view core.ticket_text as
select
    f.source,
    f.ticket_id,
    f.requester_key,
    f.subject,
    coalesce(f.description, m.body) as body
from core.fct_ticket as f
left join lateral (
    select c.body from core.fct_message as c
    where f.description is null and c.source = f.source and c.ticket_id = f.ticket_id and c.is_public
    order by c.sent_at asc, c.message_id collate "C" asc
    limit 1
) as m on true
where f.requester_key is distinct from '(forgotten)';
comment on view core.ticket_text is 'one row per ticket that is not of a forgotten person: what was written first';
comment on column core.ticket_text.source is 'name of the source';
comment on column core.ticket_text.ticket_id is 'key of the ticket';
comment on column core.ticket_text.requester_key is 'key of the asking person';
comment on column core.ticket_text.subject is 'subject';
comment on column core.ticket_text.body is 'the first message, as received';

create table mart.ticket_topic (
    source text not null,
    ticket_id text not null,
    language text,
    topic text not null,
    likeness numeric not null,
    model_run_id text not null,
    constraint pk_ticket_topic primary key (source, ticket_id)
);
create index ticket_topic_by_topic on mart.ticket_topic (language, topic);
comment on index mart.ticket_topic_by_topic is 'the tickets of a topic';
comment on table mart.ticket_topic is 'one row per ticket of the last 90 days: what it is about, once topics can be told';
comment on column mart.ticket_topic.source is 'source of the ticket';
comment on column mart.ticket_topic.ticket_id is 'the ticket, as in mart.ticket';
comment on column mart.ticket_topic.language is 'language of its first message, BCP 47; null when nobody knows';
comment on column mart.ticket_topic.topic is 'its topic, as in mart.service_topic; other when it is like none';
comment on column mart.ticket_topic.likeness is 'how like the topic it is, 0 to 1: the cosine of its words to the mean of the topic';
comment on column mart.ticket_topic.model_run_id is 'the topics, in ops.model_run';

create table mart.service_topic (
    language text not null,
    topic text not null,
    known_to date not null,
    words text[] not null,
    tickets bigint not null default 0,
    tickets_before bigint not null default 0,
    growth numeric,
    broken_tickets bigint not null default 0,
    breached_share numeric,
    good_ratings bigint not null default 0,
    bad_ratings bigint not null default 0,
    csat numeric,
    example_tickets text[] not null default '{}',
    is_new boolean not null,
    model_run_id text not null,
    constraint pk_service_topic primary key (language, topic)
);
comment on table mart.service_topic is 'one row per language and topic of the present month: what customers write about, and how it went in the last 28 days';
comment on column mart.service_topic.language is 'language of its tickets, BCP 47';
comment on column mart.service_topic.topic is 'name of the topic: its three most telling words';
comment on column mart.service_topic.known_to is 'the last day of which anything was known';
comment on column mart.service_topic.words is 'its telling words, the most telling first; each is in tickets of several customers';
comment on column mart.service_topic.tickets is 'its tickets of the 28 days up to known_to, by creation';
comment on column mart.service_topic.tickets_before is 'its tickets of the 28 days before those';
comment on column mart.service_topic.growth is 'tickets ÷ tickets_before − 1; null when there were none before';
comment on column mart.service_topic.broken_tickets is 'of tickets, those with a broken promise';
comment on column mart.service_topic.breached_share is 'broken_tickets ÷ those with any promise that was kept or broken';
comment on column mart.service_topic.good_ratings is 'of tickets, those rated good';
comment on column mart.service_topic.bad_ratings is 'of tickets, those rated bad';
comment on column mart.service_topic.csat is 'good ÷ (good + bad)';
comment on column mart.service_topic.example_tickets is 'the three tickets of the 28 days that are most like the topic, source:ticket_id';
comment on column mart.service_topic.is_new is 'whether nearly all of its tickets of the year came in the month that the topics were found at the end of';
comment on column mart.service_topic.model_run_id is 'the topics, in ops.model_run, with the numbers of topics that were tried and their stability';

create table mart.ticket_way (
    source text not null,
    ticket_id text not null,
    known_to date not null,
    way text not null,
    model_run_id text not null,
    constraint pk_ticket_way primary key (source, ticket_id)
);
comment on table mart.ticket_way is 'one row per ticket solved in the last 90 days: the way it went, when ways can be told apart';
comment on column mart.ticket_way.source is 'source of the ticket';
comment on column mart.ticket_way.ticket_id is 'the ticket, as in mart.ticket';
comment on column mart.ticket_way.known_to is 'the last day of which anything was known';
comment on column mart.ticket_way.way is 'name of the way, from what sets its tickets apart';
comment on column mart.ticket_way.model_run_id is 'the ways, in ops.model_run, with features and stability';

create view mart.service_way as
select
    w.way,
    max(w.known_to) as known_to,
    count(*) as tickets,
    percentile_cont(0.5) within group (order by t.first_reply_minutes) as median_first_reply_minutes,
    percentile_cont(0.5) within group (order by t.first_reply_business_minutes) as median_first_reply_business_minutes,
    percentile_cont(0.5) within group (order by t.full_resolution_minutes) as median_full_resolution_minutes,
    percentile_cont(0.5) within group (order by t.full_resolution_business_minutes)
        as median_full_resolution_business_minutes,
    percentile_cont(0.5) within group (order by t.agent_work_business_minutes) as median_agent_work_business_minutes,
    avg(t.public_replies) as mean_replies,
    avg(t.assignee_handoffs + t.group_handoffs) as mean_handoffs,
    avg((t.reopens > 0)::integer) as reopen_rate,
    count(*) filter (where t.satisfaction = 'good') as good_ratings,
    count(*) filter (where t.satisfaction = 'bad') as bad_ratings,
    count(*) filter (where t.satisfaction = 'good')::numeric
    / nullif(count(*) filter (where t.satisfaction in ('good', 'bad')), 0) as csat
from mart.ticket_way as w
inner join mart.ticket as t on w.source = t.source and w.ticket_id = t.ticket_id
group by w.way;
comment on view mart.service_way is 'one row per way that tickets solved in the last 90 days went: what it costs in time, and how customers like it';
comment on column mart.service_way.way is 'name of the way';
comment on column mart.service_way.known_to is 'the last day of which anything was known';
comment on column mart.service_way.tickets is 'tickets that went so';
comment on column mart.service_way.median_first_reply_minutes is 'median of created to first reply, calendar minutes';
comment on column mart.service_way.median_first_reply_business_minutes is 'the same in business minutes';
comment on column mart.service_way.median_full_resolution_minutes is 'median of created to last solved, calendar minutes';
comment on column mart.service_way.median_full_resolution_business_minutes is 'the same in business minutes';
comment on column mart.service_way.median_agent_work_business_minutes is 'median of the business minutes in which an agent had it to work on';
comment on column mart.service_way.mean_replies is 'mean of the public comments of agents';
comment on column mart.service_way.mean_handoffs is 'mean of the changes of agent and of group';
comment on column mart.service_way.reopen_rate is 'share that was solved more than once';
comment on column mart.service_way.good_ratings is 'tickets rated good';
comment on column mart.service_way.bad_ratings is 'tickets rated bad';
comment on column mart.service_way.csat is 'good ÷ (good + bad)';

create table mart.service_forecast (
    model_run_id text not null,
    known_to date not null,
    period text not null,
    period_start timestamp not null,
    days_ahead integer not null,
    expected numeric not null,
    low_80 numeric not null,
    high_80 numeric not null,
    low_95 numeric not null,
    high_95 numeric not null,
    made_at timestamptz not null default now(),
    constraint pk_service_forecast primary key (known_to, period, period_start),
    constraint service_forecast_period check (period in ('day', 'hour'))
);
comment on table mart.service_forecast is 'one row per week that it was made after, and day or hour foretold: tickets that will come; made once, never changed';
comment on column mart.service_forecast.model_run_id is 'the model, in ops.model_run, with its backtest';
comment on column mart.service_forecast.known_to is 'the last day, a Sunday, of which anything was known';
comment on column mart.service_forecast.period is 'day or hour';
comment on column mart.service_forecast.period_start is 'its start by the clock on the wall of the business time zone';
comment on column mart.service_forecast.days_ahead is '1 for the first day after known_to, and so on';
comment on column mart.service_forecast.expected is 'mean number of tickets created';
comment on column mart.service_forecast.low_80 is 'lower end of the interval that has the figure four times of five';
comment on column mart.service_forecast.high_80 is 'its upper end';
comment on column mart.service_forecast.low_95 is 'lower end of the interval that has the figure nineteen times of twenty';
comment on column mart.service_forecast.high_95 is 'its upper end';
comment on column mart.service_forecast.made_at is 'when it was made';

create table mart.service_expectation (
    series text not null,
    period text not null,
    period_start date not null,
    actual numeric not null,
    expected numeric not null,
    low numeric not null,
    high numeric not null,
    is_anomaly boolean not null,
    explained_by text[] not null default '{}',
    constraint pk_service_expectation primary key (series, period, period_start)
);
comment on table mart.service_expectation is 'one row per series and day, or week, that is over: what its own history before it allowed for, and what came';
comment on column mart.service_expectation.series is 'created_tickets';
comment on column mart.service_expectation.period is 'day or week';
comment on column mart.service_expectation.period_start is 'its first day; of a week a Monday';
comment on column mart.service_expectation.actual is 'what came, by event time';
comment on column mart.service_expectation.expected is 'the mean that trend, weekday, holidays and period ends let expect, from the year before its week';
comment on column mart.service_expectation.low is 'the lowest ordinary figure: five of a thousand are below it';
comment on column mart.service_expectation.high is 'the highest ordinary figure: five of a thousand are above it';
comment on column mart.service_expectation.is_anomaly is 'whether what came is out of the range';
comment on column mart.service_expectation.explained_by is 'of an anomaly: the topics, tags, channels and groups that explain most, each with the share of the deviation that is its own';

create index ticket_by_created on mart.ticket (created_at);
comment on index mart.ticket_by_created is 'tickets that were made in some days';
create index ticket_by_solved on mart.ticket (last_solved_at);
comment on index mart.ticket_by_solved is 'tickets that were solved in some days';

comment on column ops.model_run.model is 'bg_nbd, gamma_gamma, clusters, weekly_forecast, win_probability, intents, topics, hourly_forecast';
