-- Service: what people are told of it, and feedback after a ticket. Which status is an end is decided in one place; the
-- agent of a promise is its ticket's.

alter table core.dim_ticket_status
add column is_end boolean not null
generated always as (not (is_requester_wait or is_agent_work or is_agent_wait or is_on_hold)) stored;
comment on column core.dim_ticket_status.is_end is 'whether no clock runs in it: the ticket is at an end';

alter table mart.ticket_sla drop column assignee_id;

comment on column mart.ticket.customer_segment is 'RFM segment of the customer at the last month''s end before the ticket; null where no rule of include/config/service.yaml asks for segments';

create table ops.alert_notice (
    outbox_id bigint not null,
    window_end timestamptz not null,
    kind text not null,
    source text not null,
    subject_id text not null,
    measure text not null,
    instance_no bigint not null,
    constraint pk_alert_notice primary key (outbox_id, kind, source, subject_id, measure, instance_no),
    constraint fk_alert_notice_outbox foreign key (outbox_id) references ops.outbox (outbox_id)
);
comment on table ops.alert_notice is 'one row per message to people in service and thing that it tells: what was told is not told to them again';
comment on column ops.alert_notice.outbox_id is 'the message, in ops.outbox';
comment on column ops.alert_notice.window_end is 'end of the window as of which it is told';
comment on column ops.alert_notice.kind is 'promise_due, promise_broken, backlog_high or bad_feedback';
comment on column ops.alert_notice.source is 'name of the source';
comment on column ops.alert_notice.subject_id is 'key of the ticket; of a backlog, key of the group';
comment on column ops.alert_notice.measure is 'of a promise, its measure in mart.ticket_sla; of feedback, key of the rating; else empty';
comment on column ops.alert_notice.instance_no is 'of a promise, its number in mart.ticket_sla; else 0';

create index alert_notice_by_subject on ops.alert_notice (source, subject_id);
comment on index ops.alert_notice_by_subject is 'what was told of a ticket';

create table ops.alert_run (
    window_end timestamptz not null,
    ran_at timestamptz not null,
    alerts bigint not null,
    messages bigint not null,
    constraint pk_alert_run primary key (window_end)
);
comment on table ops.alert_run is 'one row per window whose alerts were looked for';
comment on column ops.alert_run.window_end is 'end of the window';
comment on column ops.alert_run.ran_at is 'when it was looked at last';
comment on column ops.alert_run.alerts is 'things that somebody may have to know, told before or not';
comment on column ops.alert_run.messages is 'messages written';

create table ops.ticket_feedback (
    source text not null,
    rating_id text not null,
    ticket_id text not null,
    window_end timestamptz not null,
    looked_at timestamptz not null,
    rated_at timestamptz not null,
    score text not null,
    intent text,
    confidence numeric,
    language text,
    decision text not null,
    reason text,
    outbox_id bigint,
    constraint pk_ticket_feedback primary key (source, rating_id),
    constraint fk_ticket_feedback_outbox foreign key (outbox_id) references ops.outbox (outbox_id),
    constraint ticket_feedback_decision check (decision in ('thank', 'escalate', 'leave')),
    constraint ticket_feedback_message check (decision <> 'thank' or outbox_id is not null)
);
comment on table ops.ticket_feedback is 'one row per rating of a ticket that was read: whether the customer is thanked, or a person has to see it';
comment on column ops.ticket_feedback.source is 'name of the help desk''s source';
comment on column ops.ticket_feedback.rating_id is 'key of the rating';
comment on column ops.ticket_feedback.ticket_id is 'key of the ticket';
comment on column ops.ticket_feedback.window_end is 'end of the window in which it was rated';
comment on column ops.ticket_feedback.looked_at is 'when it was read last';
comment on column ops.ticket_feedback.rated_at is 'when it was rated';
comment on column ops.ticket_feedback.score is 'good or bad';
comment on column ops.ticket_feedback.intent is 'what the comment was taken to ask, a file in include/config/replies; null when it asks nothing, or there is none';
comment on column ops.ticket_feedback.confidence is 'probability that this is right, 0 to 1';
comment on column ops.ticket_feedback.language is 'language of the comment, BCP 47';
comment on column ops.ticket_feedback.decision is 'thank (by a message), escalate (to people, by include/config/alerts.yaml), leave';
comment on column ops.ticket_feedback.reason is 'why it is escalated or left';
comment on column ops.ticket_feedback.outbox_id is 'the thanks, in ops.outbox; also where the customer changed their mind later';

create index ticket_feedback_by_rated on ops.ticket_feedback (rated_at);
comment on index ops.ticket_feedback_by_rated is 'ratings of the last weeks';

comment on table mart.service_backlog_daily is 'one row per day, source, group, priority and age: tickets that were not at an end at the end of the day';

comment on column ops.outbox.kind is 'what made it: reminder, reply, thanks or alert';
