"""Feedback: what customers say after a ticket is read as their questions are, and thanked or put before a person.

::

    ratings of the day ─┬─▶ bad                               escalate   told to people: include/actions/alerts.py
                        ├─▶ good, the comment asks something  escalate
                        ├─▶ good, with a comment              thank      ops.outbox, on the ticket
                        └─▶ good, without                     leave

Nothing is sent here: see `include.actions.sender`.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import psycopg
from psycopg.rows import class_row

from include.actions.config import OutboxConfig
from include.actions.outbox import Message, propose
from include.replies.answers import reply_channels
from include.replies.compose import Facts, ReplyError, compose, ticket_facts
from include.replies.config import Feedback, Replies
from include.replies.eligible import Ticket, not_written_to_why
from include.replies.intents import IntentModel
from include.replies.understanding import Message as Asked
from include.replies.understanding import Understanding, understand
from include.settings import SQL
from include.warehouse.connection import Warehouse
from include.warehouse.locks import exclusive, shared
from include.warehouse.marts import is_fresh
from include.window import Window

# Nobody is thanked more often.
THANKED_FOR = timedelta(days=30)


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

    :param outbox_id: thanks that wait from an earlier run.
    :param is_thanked: whether the customer was thanked for another rating lately.
    """

    rating_id: str
    score: str
    comment: str | None
    rated_at: datetime
    outbox_id: int | None
    is_thanked: bool


@dataclass(frozen=True)
class _Plan:
    """What is to become of a rating."""

    rating: Rating
    decision: str
    reason: str | None = None
    understood: Understanding | None = None
    text: str = ""


def read_feedback(
    warehouse: Warehouse, model: Callable[[], IntentModel], replies: Replies, outbox: OutboxConfig, window: Window,
    now: datetime,
) -> FeedbackRead:  # fmt: skip
    """Decide about the ratings of a window, and put thanks into the outbox.

    Once more for the same window, it writes those anew of which nobody has sent, approved or cancelled anything.

    :param model: gives the model in force; called when there are comments.
    :param window: does nothing unless it is fresh: so a backfill thanks nobody.
    :param now: the clock.
    :raises ConfigError: when the channel is not as it should be.
    """
    source = reply_channels(replies, outbox).answers.source
    if not is_fresh(window, now) or window.end > now:
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
                    "source": source, "window_start": window.start, "window_end": window.end,
                    "thanked_since": window.end - THANKED_FOR,
                },
            ).fetchall()  # fmt: skip
        plans = _plans(connection, model, replies, ratings, window)
        _write(connection, replies.config.feedback, outbox, plans, window, now)
    told = Counter(plan.decision for plan in plans)
    return FeedbackRead(len(plans), told["thank"], told["escalate"])


def _plans(
    connection: psycopg.Connection, model: Callable[[], IntentModel], replies: Replies, ratings: Sequence[Rating],
    window: Window,
) -> list[_Plan]:  # fmt: skip
    said = [rating for rating in ratings if rating.comment]
    understood = understand(model(), replies, [Asked(None, rating.comment) for rating in said]) if said else []
    told = dict(zip((rating.rating_id for rating in said), understood, strict=True))
    facts = ticket_facts(connection, [(one.source, one.ticket_id) for one in said], window.last_day)
    thanked: set[str] = set()
    plans = []
    for rating in ratings:
        one = told.get(rating.rating_id)
        if rating.score == "bad":
            plans.append(_Plan(rating, "escalate", "rated bad", one))
        elif one is None:
            plans.append(_Plan(rating, "leave", "no comment"))
        elif one.intent:
            plans.append(_Plan(rating, "escalate", "asks something", one))
        elif why := _not_thanked_why(rating, one, replies, thanked):
            plans.append(_Plan(rating, "leave", why, one))
        else:
            plan = _thanks(rating, one, replies, facts[rating.source, rating.ticket_id])
            plans.append(plan)
            thanked.add(rating.customer)
    return plans


def _not_thanked_why(rating: Rating, told: Understanding, replies: Replies, thanked: set[str]) -> str | None:
    feedback = replies.config.feedback
    if not feedback:
        return "nobody is thanked"
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
) -> None:  # fmt: skip
    """Put the plans into the outbox and ops.ticket_feedback."""
    gone = [p.rating.outbox_id for p in plans if p.decision != "thank" and p.rating.outbox_id is not None]
    connection.execute(
        "update ops.outbox set state = 'cancelled', reason = 'the rating is another'"
        " where outbox_id = any(%s) and state in ('proposed', 'approved') and attempts = 0",
        [gone],
    )
    for plan in plans:
        number = None
        if plan.decision == "thank" and feedback:
            number = propose(connection, outbox, _message(feedback.channel, plan, now), now)
            if number is None:
                continue  # on its way, done, or decided upon
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


def _message(channel: str, plan: _Plan, now: datetime) -> Message:
    rating = plan.rating
    stamp = rating.updated_at.strftime("%Y-%m-%dT%H:%M:%SZ") if rating.updated_at else ""
    return Message(
        f"thanks/{rating.source}/{rating.ticket_id}", "thanks", channel, rating.mailbox or "the customer",
        rating.subject or "", plan.text, now, now + timedelta(hours=12),
        values={"source": rating.source, "subject_id": rating.ticket_id, "updated_at": stamp},
    )  # fmt: skip
