-- Answers to customers' questions: what was proposed for which ticket, what people decided, what became of it.

create table ops.ticket_answer (
    source text not null,
    ticket_id text not null,
    window_end timestamptz not null,
    looked_at timestamptz not null,
    intent text,
    confidence numeric,
    language text,
    decision text not null,
    reason text,
    ticket_updated_at timestamptz,
    outbox_id bigint,
    decided_intent text,
    is_edited boolean,
    decided_by text,
    decided_at timestamptz,
    constraint pk_ticket_answer primary key (source, ticket_id),
    constraint fk_ticket_answer_outbox foreign key (outbox_id) references ops.outbox (outbox_id),
    constraint ticket_answer_decision check (decision in ('answer', 'draft', 'leave')),
    constraint ticket_answer_message check ((decision = 'leave') = (outbox_id is null))
);
comment on table ops.ticket_answer is 'one row per question that was looked at: whether it is answered, and why not';
comment on column ops.ticket_answer.source is 'name of the help desk''s source';
comment on column ops.ticket_answer.ticket_id is 'key of the ticket';
comment on column ops.ticket_answer.window_end is 'end of the window in which it was asked';
comment on column ops.ticket_answer.looked_at is 'when it was looked at last';
comment on column ops.ticket_answer.intent is 'what it was taken to ask, a file in include/config/replies; null when out of scope or not read';
comment on column ops.ticket_answer.confidence is 'probability that this is right, 0 to 1';
comment on column ops.ticket_answer.language is 'its language, BCP 47';
comment on column ops.ticket_answer.decision is 'answer (without a person), draft (a person decides), leave (to people)';
comment on column ops.ticket_answer.reason is 'why it is left to people, or is a draft though the model was sure';
comment on column ops.ticket_answer.ticket_updated_at is 'when the ticket had been changed last: the answer is of that state';
comment on column ops.ticket_answer.outbox_id is 'the answer, in ops.outbox';
comment on column ops.ticket_answer.decided_intent is 'what a person says that it asks; null while nobody has said';
comment on column ops.ticket_answer.is_edited is 'whether a person changed the text';
comment on column ops.ticket_answer.decided_by is 'who approved or rejected the draft';
comment on column ops.ticket_answer.decided_at is 'when they did';

create index ticket_answer_by_window on ops.ticket_answer (window_end);
comment on index ops.ticket_answer_by_window is 'answers of the last days';
create index ticket_answer_by_outbox on ops.ticket_answer (outbox_id);
comment on index ops.ticket_answer_by_outbox is 'what a message answers';

create view mart.reply_outcome as
select
    a.source,
    a.ticket_id,
    a.intent,
    a.language,
    a.decision = 'draft' as is_approved,
    coalesce(a.is_edited, false) as is_edited,
    o.sent_at,
    t.created_at,
    extract(epoch from o.sent_at - t.created_at) / 60 as answer_minutes,
    n.next_message_at,
    n.next_is_agent,
    coalesce((
        select bool_or(true) from core.fct_ticket_event as e
        where
            e.source = a.source
            and e.ticket_id = a.ticket_id
            and e.field = 'status'
            and e.old_value = 'solved'
            and e.new_value in ('new', 'open', 'pending', 'hold')
            and e.event_at > o.sent_at
    ), false) as is_reopened,
    t.satisfaction
from ops.ticket_answer as a
inner join ops.outbox as o on a.outbox_id = o.outbox_id and o.state = 'sent'
inner join mart.ticket as t on a.source = t.source and a.ticket_id = t.ticket_id
-- clocks of two machines may differ by a minute: a message within it may be the answer itself
left join lateral (
    select
        m.sent_at as next_message_at,
        r.rep_id is not null as next_is_agent
    from core.fct_message as m
    left join core.dim_rep as r on m.source || ':' || m.author_key = r.rep_id and r.is_current
    where
        m.source = a.source
        and m.ticket_id = a.ticket_id
        and m.is_public
        and m.sent_at > o.sent_at + interval '1 minute'
    order by m.sent_at asc, m.message_id asc
    limit 1
) as n on true;
comment on view mart.reply_outcome is 'one row per answer that went out: how fast it was, and what happened next';
comment on column mart.reply_outcome.source is 'name of the help desk''s source';
comment on column mart.reply_outcome.ticket_id is 'key of the ticket';
comment on column mart.reply_outcome.intent is 'what the question was taken to ask';
comment on column mart.reply_outcome.language is 'language of the answer, BCP 47';
comment on column mart.reply_outcome.is_approved is 'whether a person approved it; false: it was sent without one';
comment on column mart.reply_outcome.is_edited is 'whether that person changed the text';
comment on column mart.reply_outcome.sent_at is 'when the help desk took it';
comment on column mart.reply_outcome.created_at is 'when the ticket was opened';
comment on column mart.reply_outcome.answer_minutes is 'created to sent, calendar minutes';
comment on column mart.reply_outcome.next_message_at is 'next public message on the ticket; null when there is none';
comment on column mart.reply_outcome.next_is_agent is 'whether an agent wrote that message';
comment on column mart.reply_outcome.is_reopened is 'whether the ticket was solved afterwards, and opened again';
comment on column mart.reply_outcome.satisfaction is 'good or bad; null when unrated';

comment on column ops.outbox.kind is 'what made it: reminder, reply';
