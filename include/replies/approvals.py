"""Approvals: drafts as people see them, and what they decide, which goes out, or not, and is learned from."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from psycopg.rows import dict_row

from include.actions.config import OutboxConfig
from include.actions.outbox import Message, approve, cancel, propose
from include.replies.answers import answer_message
from include.replies.intents import Example, IntentModel
from include.replies.text import message_text
from include.settings import SQL
from include.warehouse.connection import Warehouse


@dataclass(frozen=True)
class Draft:
    """A draft that waits for a person.

    :param outbox_id: its number in the outbox.
    :param asked: what the customer wrote, on one line.
    :param text: what would be answered.
    :param reason: why it is a draft although the model was sure; None otherwise.
    :param not_after: it does not go out from then on.
    :param nearest: the examples that are most like the question, the most alike first.
    """

    outbox_id: int
    ticket_id: str
    customer: str
    asked: str
    intent: str
    confidence: float
    text: str
    reason: str | None
    not_after: datetime
    nearest: tuple[Example, ...]


def drafts(warehouse: Warehouse, model: IntentModel, numbers: Sequence[int], now: datetime) -> list[Draft]:
    """Those of some messages that still wait for a person, the surest first."""
    with warehouse.connect() as connection:
        rows = _waiting(connection, numbers, now)
    texts = [message_text(row["description"], row["ticket_subject"]) for row in rows]
    return [
        Draft(
            row["outbox_id"], row["ticket_id"],
            f"{row['full_name']} <{row['recipient']}>" if row["full_name"] else row["recipient"],
            text, row["intent"], float(row["confidence"]), row["text"], row["reason"],
            row["not_after"], tuple(nearest),
        )
        for row, text, nearest in zip(rows, texts, model.nearest(texts), strict=True)
    ]  # fmt: skip


def decide(
    warehouse: Warehouse, outbox: OutboxConfig, numbers: Sequence[int], chosen: Collection[int],
    texts: Mapping[int, str], intents: Mapping[int, str], by: str, now: datetime,
) -> dict[str, int]:  # fmt: skip
    """Note what a person decided about drafts: those chosen go out, with their text as it was changed, others do not.

    What is chosen, or whose intent was changed, is an example from then on: see `decided_examples`.

    :param numbers: the drafts that were shown.
    :param texts, intents: number → what the person left in the form; what is absent is as it was shown.
    :returns: how many were approved, of these ``edited``, rejected, and ``late``: decided otherwise, or over, before.
    """
    done: Counter[str] = Counter()
    with warehouse.connect(autocommit=True) as connection, connection.transaction():
        rows = _waiting(connection, numbers, now)
        done["late"] = len(set(numbers)) - len(rows)
        for row in rows:
            number = row["outbox_id"]
            is_approved = number in chosen
            text = texts.get(number, "").strip() or row["text"].strip()
            is_edited = is_approved and text != row["text"].strip()
            if is_edited:
                propose(connection, outbox, _edited(row, f"{text}\n"), now)
            (approve if is_approved else cancel)(connection, [number], by, now)
            intent = intents.get(number, row["intent"])
            connection.execute(
                "update ops.ticket_answer set decided_intent = %s, is_edited = %s, decided_by = %s, decided_at = %s"
                " where outbox_id = %s",
                [intent if is_approved or intent != row["intent"] else None, is_edited, by, now, number],
            )
            done["approved" if is_approved else "rejected"] += 1
            done["edited"] += is_edited
    return dict(done)


def _edited(row: Mapping[str, Any], text: str) -> Message:
    return answer_message(
        row["channel"], row["source"], row["ticket_id"], row["recipient"], row["subject"], text,
        row["ticket_updated_at"], row["not_before"], row["not_after"], needs_approval=True,
    )  # fmt: skip


def decided_examples(warehouse: Warehouse) -> list[Example]:
    """What people decided that messages ask, the oldest first: to train on."""
    with warehouse.connect() as connection:
        rows = connection.execute(
            "select t.description, t.subject, a.decided_intent, a.language from ops.ticket_answer as a"
            " inner join core.fct_ticket as t on a.source = t.source and a.ticket_id = t.ticket_id"
            " where a.decided_intent is not null order by a.decided_at, a.source, a.ticket_id"
        ).fetchall()
    return [Example(message_text(body, subject), intent, language) for body, subject, intent, language in rows]


def _waiting(connection: psycopg.Connection, numbers: Sequence[int], now: datetime) -> list[dict[str, Any]]:
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(
            (SQL / "reply" / "draft.sql").read_bytes(), {"numbers": list(numbers), "now": now}
        ).fetchall()
