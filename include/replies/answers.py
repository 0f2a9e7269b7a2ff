"""Answers: a fresh day's questions are put into the outbox, the sure ones to go out, the others as drafts for people.

::

    questions of the day ─┬─▶ left to people      no customer's question, somebody is at it, out of scope, …
                          ├─▶ answer              ops.outbox, approved
                          └─▶ draft               ops.outbox, proposed ─▶ a person sends it, edits it or rejects it

Nothing is sent here: see `include.actions.sender`. A ticket is answered once, because the outbox knows its key; and
only in the state that was read, because the channel tells the help desk which that was. What people decide about
drafts is in `approvals`.
"""

import logging
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import psycopg
from psycopg.rows import class_row

from include.actions.config import HttpChannel, OutboxConfig
from include.actions.outbox import Message, propose
from include.config_files import ConfigError
from include.replies.compose import Facts, ReplyError, compose, lacks, ticket_facts
from include.replies.config import Replies, Stop
from include.replies.eligible import Question, held_why
from include.replies.intents import IntentModel
from include.replies.text import message_text, normal_form
from include.replies.understanding import Message as Asked
from include.replies.understanding import Understanding, understand
from include.settings import CONFIG, SQL
from include.warehouse.connection import Warehouse
from include.warehouse.locks import exclusive, shared
from include.warehouse.marts import may_be_told
from include.window import Window

# Who writes the same again within so many days is a program, or was not helped by the answer: a person reads it.
SAME_FOR = timedelta(days=30)

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Proposed:
    """What a window's run did.

    :param left: reason → questions that are left to people for it.
    :param batches: numbers of the drafts in the outbox, in batches for people; none in a dry run.
    :param stopped: why nothing is answered without a person.
    :param skipped: why it did nothing; then all counts are 0.
    """

    questions: int = 0
    answers: int = 0
    drafts: int = 0
    left: dict[str, int] = field(default_factory=dict)
    batches: list[list[int]] = field(default_factory=list)
    stopped: str = ""
    skipped: str = ""


@dataclass(frozen=True)
class _Plan:
    """What is to become of a question."""

    question: Question
    decision: str
    reason: str | None = None
    understood: Understanding | None = None
    text: str = ""


def answers_channel(replies: Replies, outbox: OutboxConfig) -> HttpChannel:
    """The channel by which questions are answered.

    :raises ConfigError: when it is not there, or does not say which help desk and ticket it leads to.
    """
    return desk_channel(replies.config.sending.channel, "sending.channel", outbox)


def desk_channel(name: str, key: str, outbox: OutboxConfig) -> HttpChannel:
    """A channel by which something is written on tickets.

    :param key: where replies.yaml names it.
    :raises ConfigError: when it is not there, or does not say which help desk and ticket it leads to.
    """
    where = f"{CONFIG / 'replies.yaml'}: {key}: {name}"
    channel = outbox.channels.get(name)
    if channel is None:
        raise ConfigError(f"{where} is no channel of outbox.yaml: {', '.join(outbox.channels)}")
    if not isinstance(channel, HttpChannel) or not channel.source or not channel.is_about_one_deal:
        raise ConfigError(f"{where} has to be of kind http, with the source of the tickets and {{{{ subject_id }}}}")
    return channel


def propose_answers(
    warehouse: Warehouse, model: Callable[[], IntentModel], replies: Replies, outbox: OutboxConfig, window: Window,
    now: datetime,
) -> Proposed:  # fmt: skip
    """Put answers and drafts to the questions of a window into the outbox, and note why the others are left.

    Once more for the same window, it writes those anew of which nobody has sent, approved or cancelled anything.

    :param model: gives the model in force; called when there are questions.
    :param window: does nothing unless it is fresh: so a backfill answers nobody.
    :param now: the clock.
    :raises ConfigError: when the channel is not as it should be.
    """
    channel = answers_channel(replies, outbox)
    if not may_be_told(window, now):
        return Proposed(skipped="the window is not fresh: questions of the past are not answered")
    with (
        warehouse.connect(autocommit=True) as connection,
        shared(connection, "marts service"),
        shared(connection, "marts customers"),
        exclusive(connection, "answers"),
        connection.transaction(),
    ):
        stopped = _stopped(connection, replies.config.sending.stop, now)
        if stopped:
            log.error("%s: what would be answered waits as a draft", stopped)
        with connection.cursor(row_factory=class_row(Question)) as cursor:
            questions = cursor.execute(
                (SQL / "reply" / "question.sql").read_bytes(),
                {"source": channel.source, "window_start": window.start, "window_end": window.end},
            ).fetchall()
        plans = _plans(connection, model, replies, questions, window, bool(stopped))
        numbers = _write(connection, replies, outbox, plans, window, now)
    told = Counter(plan.decision for plan in plans)
    size = replies.config.sending.approval.batch
    batches = [] if outbox.dry_run else [numbers[i : i + size] for i in range(0, len(numbers), size)]
    left = Counter(plan.reason or "" for plan in plans if plan.decision == "leave")
    return Proposed(len(plans), told["answer"], told["draft"], dict(left), batches, stopped)


def _stopped(connection: psycopg.Connection, stop: Stop, now: datetime) -> str:
    """Why nothing is answered without a person; empty while that goes well."""
    row = connection.execute(
        "select count(*), count(*) filter (where is_reopened or satisfaction = 'bad') from mart.reply_outcome"
        " where not is_approved and sent_at >= %s",
        [now - timedelta(days=stop.days)],
    ).fetchone()
    answers, bad = row or (0, 0)
    if answers < stop.least or bad <= stop.share * answers:
        return ""
    return (
        f"of {answers} answers of the last {stop.days} days {bad} were opened again or rated bad, more than"
        f" {100 * stop.share:g} % (sending.stop in include/config/replies.yaml)"
    )


def _plans(
    connection: psycopg.Connection, model: Callable[[], IntentModel], replies: Replies, questions: Sequence[Question],
    window: Window, is_stopped: bool,
) -> list[_Plan]:  # fmt: skip
    held = [(question, held_why(question, replies.config.sending)) for question in questions]
    plans = [_Plan(question, "leave", why) for question, why in held if why]
    asked = _without_repeats(connection, replies, [question for question, why in held if not why], window, plans)
    if not asked:
        return plans
    facts = ticket_facts(connection, [(one.source, one.ticket_id) for one in asked], window.last_day)
    understood = understand(model(), replies, [Asked(one.subject, one.description) for one in asked])
    for question, told in zip(asked, understood, strict=True):
        known = facts[question.source, question.ticket_id]
        plans.append(_plan(replies, question, told, known, is_stopped))
    drafts = sorted((p for p in plans if p.decision == "draft"), key=lambda plan: -_confidence(plan))
    too_many = {plan.question.ticket_id for plan in drafts[replies.config.sending.approval.most :]}
    return [
        _Plan(plan.question, "leave", "more drafts than people read", plan.understood)
        if plan.question.ticket_id in too_many
        else plan
        for plan in plans
    ]


def _confidence(plan: _Plan) -> float:
    return plan.understood.confidence if plan.understood else 0.0


def _without_repeats(
    connection: psycopg.Connection, replies: Replies, questions: Sequence[Question], window: Window, plans: list[_Plan]
) -> list[Question]:
    """The questions of customers who were not answered too often, nor the same before; the others become plans."""
    rows = connection.execute(
        (SQL / "reply" / "answered.sql").read_bytes(),
        {
            "source": questions[0].source if questions else None, "since": window.end - SAME_FOR,
            "customers": [question.customer for question in questions],
        },
    ).fetchall()  # fmt: skip
    again = {question.ticket_id for question in questions}
    before = [row for row in rows if row[1] not in again]
    said = {(customer, normal_form(message_text(body, subject))) for customer, _, _, subject, body in before}
    today = Counter(customer for customer, _, window_end, _, _ in before if window_end == window.end)
    kept = []
    for question in questions:
        text = normal_form(message_text(question.description, question.subject))
        if (question.customer, text) in said:
            plans.append(_Plan(question, "leave", "asked the same before"))
        elif today[question.customer] >= replies.config.sending.most_a_customer:
            plans.append(_Plan(question, "leave", "answered enough today"))
        else:
            said.add((question.customer, text))
            today[question.customer] += 1
            kept.append(question)
    return kept


def _plan(replies: Replies, question: Question, told: Understanding, facts: Facts, is_stopped: bool) -> _Plan:
    parts = replies.parts(told.intent, told.language) if told.intent and told.language else None
    if told.decision == "leave" or not told.intent or not told.language or not parts:
        return _Plan(question, "leave", "out of scope" if told.language else "in an unknown language", told)
    if missing := lacks(replies.intents[told.intent].needs, facts):
        return _Plan(question, "leave", f"not known: {', '.join(missing)}", told)
    try:
        text = compose(parts, told.language, facts)
    except ReplyError as error:
        return _Plan(question, "leave", f"cannot be composed: {error}", told)
    is_held = is_stopped and told.decision == "answer"
    return _Plan(question, "draft" if is_held else told.decision, "stopped" if is_held else None, told, text)


def _write(
    connection: psycopg.Connection, replies: Replies, outbox: OutboxConfig, plans: Sequence[_Plan], window: Window,
    now: datetime,
) -> list[int]:  # fmt: skip
    """Put the plans into the outbox and ops.ticket_answer; returns the numbers of the drafts, the surest first."""
    sending = replies.config.sending
    gone = [p.question.outbox_id for p in plans if p.decision == "leave" and p.question.outbox_id is not None]
    connection.execute(
        "update ops.outbox set state = 'cancelled', reason = 'left to people'"
        " where outbox_id = any(%s) and state in ('proposed', 'approved') and attempts = 0",
        [gone],
    )
    drafts = []
    for plan in plans:
        number = None
        if plan.decision != "leave":
            message = answer_message(
                sending.channel, plan.question.source, plan.question.ticket_id, plan.question.mailbox or "the customer",
                plan.question.subject or "", plan.text, plan.question.updated_at, now,
                now + timedelta(hours=sending.hours), needs_approval=plan.decision == "draft",
            )  # fmt: skip
            number = propose(connection, outbox, message, now)
            if number is None:
                continue  # on its way, done, or decided upon
            if plan.decision == "draft":
                drafts.append((-_confidence(plan), number))
        told = plan.understood
        connection.execute(
            "insert into ops.ticket_answer (source, ticket_id, window_end, looked_at, intent, confidence, language,"
            " decision, reason, ticket_updated_at, outbox_id) values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
            " on conflict (source, ticket_id) do update set window_end = excluded.window_end,"
            " looked_at = excluded.looked_at, intent = excluded.intent, confidence = excluded.confidence,"
            " language = excluded.language, decision = excluded.decision, reason = excluded.reason,"
            " ticket_updated_at = excluded.ticket_updated_at, outbox_id = excluded.outbox_id",
            [
                plan.question.source, plan.question.ticket_id, window.end, now, told.intent if told else None,
                told.confidence if told else None, told.language if told else None, plan.decision, plan.reason,
                plan.question.updated_at, number,
            ],
        )  # fmt: skip
    return [number for _, number in sorted(drafts)]


def answer_message(
    channel: str, source: str, ticket_id: str, recipient: str, subject: str, text: str, updated_at: datetime | None,
    not_before: datetime, not_after: datetime, *, needs_approval: bool,
) -> Message:  # fmt: skip
    """An answer to a ticket, as the outbox takes it: of one ticket there is one.

    :param updated_at: the ticket's last change that is known, which the help desk may refuse the answer by.
    """
    stamp = updated_at.strftime("%Y-%m-%dT%H:%M:%SZ") if updated_at else ""
    values = {"source": source, "subject_id": ticket_id, "updated_at": stamp}
    return Message(
        f"reply/{source}/{ticket_id}", "reply", channel, recipient, subject, text, not_before, not_after,
        values=values, needs_approval=needs_approval,
    )  # fmt: skip
