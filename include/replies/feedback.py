"""Feedback: what customers say after a ticket is read as their questions are, and thanked or put before a person.

::

    ratings of the day ─┬─▶ bad                                      escalate   include/actions/alerts.py
                        ├─▶ good, the comment may ask something      escalate
                        ├─▶ good, the comment surely asks nothing    thank      ops.outbox, on the ticket
                        └─▶ good, without                            leave

Nothing is sent here: see `include.actions.sender`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import psycopg
from psycopg.rows import class_row

from include.actions.config import HttpChannel, OutboxConfig
from include.actions.outbox import Message, propose
from include.replies.answers import desk_channel
from include.replies.compose import Facts, ReplyError, compose, ticket_facts
from include.replies.config import Feedback, Replies
from include.replies.eligible import Ticket, not_written_to_why
from include.replies.intents import IntentModel
from include.replies.understanding import Message as Asked
from include.replies.understanding import Understanding, understand
from include.settings import SQL
from include.warehouse.connection import Warehouse
from include.warehouse.locks import exclusive, shared
from include.warehouse.marts import may_be_told
from include.window import Window

# Nobody is thanked more often.
THANKED_FOR = timedelta(days=30)
# Ratings that came late, or while nothing ran, are read so long after they were given.
READ_FOR = timedelta(days=7)
# How sure it has to be that a comment asks nothing, for thanks; and that it asks something, for people to be told so.
SURE_OF_PRAISE, SURE_OF_INTENT = 0.9, 0.5


@dataclass(frozen=True)
class FeedbackRead:
    """What a window's run did: ratings by what became of them.

    :param skipped: why it did nothing; then all counts are 0.
    """

    ratings: int = 0
    thanked: int = 0
    escalated: int = 0
    skipped: str = ""


@dataclass(frozen=True)
class Rating(Ticket):
    """A rating as sql/reply/rating.sql tells it.

    :param outbox_id: thanks that were written for it by an earlier run.
    :param is_settled: whether these are sent, on their way, given up, or decided upon.
    :param is_thanked: whether the customer was thanked for another rating lately.
    """

    rating_id: str
    score: str
    comment: str | None
    rated_at: datetime
    outbox_id: int | None
    is_settled: bool
    is_thanked: bool


@dataclass(frozen=True)
class _Plan:
    """What is to become of a rating."""

    rating: Rating
    decision: str
    reason: str | None = None
    understood: Understanding | None = None
    text: str = ""


def thanks_channel(replies: Replies, outbox: OutboxConfig) -> HttpChannel | None:
    """The channel by which customers are thanked; None when nobody is.

    :raises ConfigError: when it is not there, or does not say which help desk and ticket it leads to.
    """
    feedback = replies.config.feedback
    return desk_channel(feedback.channel, "feedback.channel", outbox) if feedback else None


def read_feedback(
    warehouse: Warehouse, model: Callable[[], IntentModel], replies: Replies, outbox: OutboxConfig, window: Window,
    now: datetime,
) -> FeedbackRead:  # fmt: skip
    """Decide about the last rating of each ticket that was rated in a window, and put thanks into the outbox.

    Of the week before, ratings are read that nobody has read as they are. Once more for the same window, it writes
    those anew of which nobody has sent, approved or cancelled anything.

    :param model: gives the model in force; called when there are comments.
    :param window: does nothing unless it is fresh: so a backfill thanks nobody.
    :param now: the clock.
    :raises ConfigError: when the channel is not as it should be.
    """
    channel = thanks_channel(replies, outbox)
    if not may_be_told(window, now):
        return FeedbackRead(skipped="the window is not fresh: feedback of the past is not answered")
    with (
        warehouse.connect(autocommit=True) as connection,
        shared(connection, "marts service"),
        shared(connection, "marts customers"),
        exclusive(connection, "feedback"),
        connection.transaction(),
    ):
        with connection.cursor(row_factory=class_row(Rating)) as cursor:
            ratings = cursor.execute(
                (SQL / "reply" / "rating.sql").read_bytes(),
                {
                    "window_start": window.start, "window_end": window.end, "now": now,
                    "since": window.start - READ_FOR, "thanked_since": window.end - THANKED_FOR,
                },
            ).fetchall()  # fmt: skip
        plans = _plans(connection, model, replies, channel.source if channel else None, ratings, window)
        thanked = _write(connection, replies.config.feedback, outbox, plans, window, now)
    escalated = sum(plan.decision == "escalate" for plan in plans)
    return FeedbackRead(len(ratings), thanked, escalated)


def _plans(
    connection: psycopg.Connection, model: Callable[[], IntentModel], replies: Replies, source: str | None,
    ratings: Sequence[Rating], window: Window,
) -> list[_Plan]:  # fmt: skip
    """What is to become of the ratings; nothing is made of thanks that are out already.

    :param source: the help desk on whose tickets customers are thanked.
    """
    said = [rating for rating in ratings if rating.comment]
    understood = understand(model(), replies, [Asked(None, rating.comment) for rating in said]) if said else []
    told = dict(zip(((one.source, one.rating_id) for one in said), understood, strict=True))
    facts = ticket_facts(connection, [(one.source, one.ticket_id) for one in said], window.last_day)
    thanked: set[str] = set()
    plans = []
    for rating in ratings:
        one = told.get((rating.source, rating.rating_id))
        if rating.is_settled and rating.score == "good":
            continue
        if rating.score == "bad":
            plans.append(_Plan(rating, "escalate", "rated bad", one))
        elif one is None:
            plans.append(_Plan(rating, "leave", "no comment"))
        elif one.intent or one.confidence < SURE_OF_PRAISE:
            asks = one.intent is not None and one.confidence >= SURE_OF_INTENT
            plans.append(_Plan(rating, "escalate", "asks something" if asks else "not understood", one))
        elif why := _not_thanked_why(rating, one, replies, source, thanked):
            plans.append(_Plan(rating, "leave", why, one))
        else:
            plan = _thanks(rating, one, replies, facts[rating.source, rating.ticket_id])
            plans.append(plan)
            if plan.decision == "thank":
                thanked.add(rating.customer)
    return plans


def _not_thanked_why(
    rating: Rating, told: Understanding, replies: Replies, source: str | None, thanked: set[str]
) -> str | None:
    feedback = replies.config.feedback
    if not feedback:
        return "nobody is thanked"
    if rating.source != source:
        return "of another help desk than feedback.channel"
    if told.language not in feedback.reply:
        return "in an unknown language"
    if rating.status != "solved":  # a closed one takes no comment, at an open one somebody is at work
        return rating.status or "no status"
    if rating.is_thanked or rating.customer in thanked:
        return "thanked lately"
    return not_written_to_why(rating, replies.config.sending)


def _thanks(rating: Rating, told: Understanding, replies: Replies, facts: Facts) -> _Plan:
    config, language = replies.config, told.language or ""
    assert config.feedback
    parts = (config.opening[language], config.feedback.reply[language], config.closing[language])
    try:
        return _Plan(rating, "thank", None, told, compose(parts, language, facts))
    except ReplyError as error:
        return _Plan(rating, "leave", f"cannot be composed: {error}", told)


def _write(
    connection: psycopg.Connection, feedback: Feedback | None, outbox: OutboxConfig, plans: Sequence[_Plan],
    window: Window, now: datetime,
) -> int:  # fmt: skip
    """Put the plans into the outbox and ops.ticket_feedback; returns how many thanks there are."""
    gone = [p.rating.outbox_id for p in plans if p.decision != "thank" and p.rating.outbox_id is not None]
    connection.execute(
        "update ops.outbox set state = 'cancelled', reason = 'the rating is another'"
        " where outbox_id = any(%s) and state in ('proposed', 'approved') and attempts = 0 and decided_by is null",
        [gone],
    )
    written = 0
    for plan in plans:
        number = plan.rating.outbox_id
        if plan.decision == "thank" and feedback:
            number = propose(connection, outbox, _message(feedback.channel, plan, now), now)
            if number is None:
                continue  # on its way, done, or decided upon
            written += 1
        rating, told = plan.rating, plan.understood
        connection.execute(
            "insert into ops.ticket_feedback (source, rating_id, ticket_id, window_end, looked_at, rated_at, score,"
            " intent, confidence, language, decision, reason, outbox_id)"
            " values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
            " on conflict (source, rating_id) do update set window_end = excluded.window_end,"
            " looked_at = excluded.looked_at, rated_at = excluded.rated_at, score = excluded.score,"
            " intent = excluded.intent, confidence = excluded.confidence, language = excluded.language,"
            " decision = excluded.decision, reason = excluded.reason, outbox_id = excluded.outbox_id",
            [
                rating.source, rating.rating_id, rating.ticket_id, window.end, now, rating.rated_at, rating.score,
                told.intent if told else None, told.confidence if told else None, told.language if told else None,
                plan.decision, plan.reason, number,
            ],
        )  # fmt: skip
    return written


def _message(channel: str, plan: _Plan, now: datetime) -> Message:
    rating = plan.rating
    stamp = rating.updated_at.strftime("%Y-%m-%dT%H:%M:%SZ") if rating.updated_at else ""
    return Message(
        f"thanks/{rating.source}/{rating.rating_id}", "thanks", channel, rating.mailbox or "the customer",
        rating.subject or "", plan.text, now, now + timedelta(hours=12),
        values={"source": rating.source, "subject_id": rating.ticket_id, "updated_at": stamp},
    )  # fmt: skip
