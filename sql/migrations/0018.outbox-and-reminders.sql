-- What goes out, whether it went, and what reminders there are.

create table ops.outbox (
    outbox_id bigint generated always as identity,
    message_key text not null,
    kind text not null,
    channel text not null,
    recipient text not null,
    subject text not null,
    payload jsonb not null,
    state text not null,
    reason text,
    proposed_at timestamptz not null,
    not_before timestamptz not null,
    not_after timestamptz not null,
    attempts integer not null default 0,
    attempt_after timestamptz not null,
    sending_at timestamptz,
    sent_at timestamptz,
    decided_by text,
    decided_at timestamptz,
    constraint pk_outbox primary key (outbox_id),
    constraint outbox_key unique (message_key),
    constraint outbox_state check (
        state in ('proposed', 'approved', 'sending', 'sent', 'failed', 'cancelled', 'uncertain')
    ),
    constraint outbox_window check (not_before < not_after)
);
comment on table ops.outbox is 'one row per message that is to go out, whatever the channel: nothing is sent but from here';
comment on column ops.outbox.outbox_id is 'number of the message, for people';
comment on column ops.outbox.message_key is 'what the message is: two of one key are one message; Message-ID and Idempotency-Key are made of it';
comment on column ops.outbox.kind is 'what made it: reminder';
comment on column ops.outbox.channel is 'name of the channel, in include/config/outbox.yaml';
comment on column ops.outbox.recipient is 'whom it goes to: an e-mail address, or a name where the channel has no addresses';
comment on column ops.outbox.subject is 'what it is about, in one line';
comment on column ops.outbox.payload is 'what is sent: subject, text and html of a mail, path and body of an HTTP request';
comment on column ops.outbox.state is 'proposed; approved (the next run sends it); sending; sent; failed (given up); cancelled; uncertain (it may have gone out: a person has to look)';
comment on column ops.outbox.reason is 'why it is in that state, or why the last attempt failed';
comment on column ops.outbox.proposed_at is 'when it was written here, or last written anew';
comment on column ops.outbox.not_before is 'it is not sent before this instant';
comment on column ops.outbox.not_after is 'nor at or after this one: it is cancelled instead';
comment on column ops.outbox.attempts is 'attempts begun';
comment on column ops.outbox.attempt_after is 'the next attempt is not before this instant';
comment on column ops.outbox.sending_at is 'when the last attempt began';
comment on column ops.outbox.sent_at is 'when the other side took it';
comment on column ops.outbox.decided_by is 'who approved, cancelled, resent or closed it';
comment on column ops.outbox.decided_at is 'when they did';

create index outbox_waiting on ops.outbox (attempt_after) where state = 'approved';
create index outbox_open on ops.outbox (not_after) where state in ('proposed', 'approved');
create index outbox_sending on ops.outbox (outbox_id) where state in ('sending', 'uncertain');
create index outbox_by_attempt on ops.outbox (sending_at) where sending_at is not null;

create table ops.reminder (
    reminder_id bigint generated always as identity,
    rule text not null,
    subject_kind text not null,
    source text not null,
    subject_id text not null,
    rep_id text,
    opened_at timestamptz not null,
    opened_stage text,
    opened_amount numeric,
    seen_at timestamptz not null,
    closed_at timestamptz,
    closed_why text,
    held_why text,
    amount numeric,
    currency text,
    probability numeric,
    days numeric,
    limit_days numeric,
    late_days numeric not null,
    about_on date,
    was_amount numeric,
    value_at_risk numeric not null,
    constraint pk_reminder primary key (reminder_id),
    constraint reminder_subject check (subject_kind in ('deal', 'customer'))
);
comment on table ops.reminder is 'one row per rule and deal (or lead), from when the rule first applied until it no longer did';
comment on column ops.reminder.reminder_id is 'number of the reminder';
comment on column ops.reminder.rule is 'name of the rule, in include/config/reminders.yaml';
comment on column ops.reminder.subject_kind is 'deal, or customer for a lead';
comment on column ops.reminder.source is 'source of the deal; of a lead, that of its rep';
comment on column ops.reminder.subject_id is 'key of the deal in its source, or the customer''s id';
comment on column ops.reminder.rep_id is 'whom it concerns, in core.dim_rep';
comment on column ops.reminder.opened_at is 'end of the window in which the rule first applied';
comment on column ops.reminder.opened_stage is 'stage of the deal then';
comment on column ops.reminder.opened_amount is 'amount of the deal then';
comment on column ops.reminder.seen_at is 'end of the last window in which it applied';
comment on column ops.reminder.closed_at is 'when the deal closed or moved, else the end of the window in which the rule no longer applied; null while it applies';
comment on column ops.reminder.closed_why is 'won, lost, moved, gone (the source no longer has it), reason gone, or rule off';
comment on column ops.reminder.held_why is 'why the last window did not put it into a message: cap, cooldown, no address, or other source (its channel leads to another CRM); null when it did';
comment on column ops.reminder.amount is 'amount of the deal';
comment on column ops.reminder.currency is 'ISO 4217 code; XXX when the source tells none';
comment on column ops.reminder.probability is 'chance of winning in its stage, 0 to 1';
comment on column ops.reminder.days is 'how long it has been so: days, or working days, as the rule counts';
comment on column ops.reminder.limit_days is 'how long is too long';
comment on column ops.reminder.late_days is 'days beyond the limit';
comment on column ops.reminder.about_on is 'the day that the rule speaks of: a close date, an end of contract, the last activity';
comment on column ops.reminder.was_amount is 'amount before it changed';
comment on column ops.reminder.value_at_risk is 'amount × probability × how late, see docs/reminders.md; in the deal''s currency, 0 without an amount';

create unique index reminder_open on ops.reminder (rule, subject_kind, source, subject_id) where closed_at is null;
create index reminder_by_subject on ops.reminder (source, subject_id);

create table ops.reminder_notice (
    outbox_id bigint not null,
    reminder_id bigint not null,
    constraint pk_reminder_notice primary key (outbox_id, reminder_id),
    constraint reminder_notice_outbox foreign key (outbox_id) references ops.outbox on delete cascade,
    constraint reminder_notice_reminder foreign key (reminder_id) references ops.reminder on delete cascade
);
comment on table ops.reminder_notice is 'one row per reminder in a message of the outbox';
comment on column ops.reminder_notice.outbox_id is 'the message, in ops.outbox';
comment on column ops.reminder_notice.reminder_id is 'the reminder, in ops.reminder';

create index reminder_notice_by_reminder on ops.reminder_notice (reminder_id);

create table ops.reminder_run (
    window_end timestamptz not null,
    ran_at timestamptz not null,
    opened bigint not null,
    closed bigint not null,
    still_open bigint not null,
    messages bigint not null,
    constraint pk_reminder_run primary key (window_end)
);
comment on table ops.reminder_run is 'one row per window for which reminders were proposed';
comment on column ops.reminder_run.window_end is 'end of the window: the rules looked at what had happened by then';
comment on column ops.reminder_run.ran_at is 'when it last ran';
comment on column ops.reminder_run.opened is 'reminders that began';
comment on column ops.reminder_run.closed is 'reminders that closed themselves';
comment on column ops.reminder_run.still_open is 'reminders open afterwards';
comment on column ops.reminder_run.messages is 'messages written into the outbox, or written anew';

create view mart.reminder as
select
    r.reminder_id,
    r.rule,
    r.subject_kind,
    r.source,
    r.subject_id,
    r.rep_id,
    r.opened_at,
    r.opened_stage,
    r.opened_amount,
    r.currency,
    r.value_at_risk,
    n.proposed_at,
    n.sent_at,
    n.sent_messages,
    n.is_uncertain,
    r.held_why,
    r.closed_at,
    r.closed_why
from ops.reminder as r
cross join lateral (
    select
        min(o.proposed_at) as proposed_at,
        min(o.sent_at) as sent_at,
        count(o.sent_at) as sent_messages,
        coalesce(bool_or(o.state in ('sending', 'uncertain')), false) as is_uncertain
    from ops.reminder_notice as i
    inner join ops.outbox as o on i.outbox_id = o.outbox_id
    where i.reminder_id = r.reminder_id and o.message_key not like 'reminder/manager/%'
) as n;
comment on view mart.reminder is 'one row per reminder: which deal, which rule, when it was proposed, sent and closed, and why';
comment on column mart.reminder.reminder_id is 'number of the reminder';
comment on column mart.reminder.rule is 'name of the rule';
comment on column mart.reminder.subject_kind is 'deal, or customer for a lead';
comment on column mart.reminder.source is 'source of the deal';
comment on column mart.reminder.subject_id is 'key of the deal, in mart.deal, or the customer''s id';
comment on column mart.reminder.rep_id is 'whom it concerns, in core.dim_rep';
comment on column mart.reminder.opened_at is 'end of the window in which the rule first applied';
comment on column mart.reminder.opened_stage is 'stage of the deal then';
comment on column mart.reminder.opened_amount is 'amount of the deal then';
comment on column mart.reminder.currency is 'currency of the amount';
comment on column mart.reminder.value_at_risk is 'amount × probability × how late, as last seen';
comment on column mart.reminder.proposed_at is 'when it was first put into a message to the rep';
comment on column mart.reminder.sent_at is 'when the rep was first reminded; null when never';
comment on column mart.reminder.sent_messages is 'messages to the rep that it was sent in';
comment on column mart.reminder.is_uncertain is 'whether a message that it is in may or may not have gone out';
comment on column mart.reminder.held_why is 'why the last window did not put it into a message';
comment on column mart.reminder.closed_at is 'when it closed; null while the rule applies';
comment on column mart.reminder.closed_why is 'won, lost, moved, gone, reason gone, or rule off';

create table mart.reminder_outcome (
    rule text not null,
    reminded_deals bigint not null,
    reminded_moved bigint not null,
    reminded_share numeric not null,
    like_deals bigint not null,
    like_share numeric not null,
    difference numeric not null,
    difference_low numeric not null,
    difference_high numeric not null,
    unmatched_deals bigint not null,
    constraint pk_reminder_outcome primary key (rule)
);
comment on table mart.reminder_outcome is 'one row per rule: whether reminded deals moved more often than their like. Reminded: the rep was sent the reminder within 3 days of its opening. Like: the same rule applied, in the same stage and band of amount (a factor of four), and nobody was reminded within the 14 days, because of the cap, a cooldown, a dry run or a missing address. Moved: entered another stage, won or lost, within 14 days of the opening. Only reminders that are 14 days old count, of deals that were open at the opening: contracts that end are none. The like are weighted as the reminded are spread over stages and bands; it is no experiment, since the cap takes the most valuable first';
comment on column mart.reminder_outcome.rule is 'name of the rule';
comment on column mart.reminder_outcome.reminded_deals is 'reminders sent that have their like';
comment on column mart.reminder_outcome.reminded_moved is 'of these, deals that moved';
comment on column mart.reminder_outcome.reminded_share is 'their share, 0 to 1';
comment on column mart.reminder_outcome.like_deals is 'reminders not sent, of the same stages and bands';
comment on column mart.reminder_outcome.like_share is 'share of these that moved, weighted by the reminded of each stage and band';
comment on column mart.reminder_outcome.difference is 'reminded_share less like_share';
comment on column mart.reminder_outcome.difference_low is 'lower end of its 95 % interval (Agresti and Caffo''s variance, summed over stages and bands)';
comment on column mart.reminder_outcome.difference_high is 'upper end';
comment on column mart.reminder_outcome.unmatched_deals is 'reminders sent for which there is no like: left out';
