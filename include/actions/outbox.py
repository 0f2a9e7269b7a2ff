"""The outbox, ops.outbox: every message that is to go out, once each, and what people decide about it.

::

    proposed ─▶ approved ─▶ sending ─▶ sent
                   ▲           ├─▶ approved   surely not delivered: tried again later
                   │           ├─▶ failed     surely not delivered, given up
                   │           └─▶ uncertain  nobody knows: a person resends or closes it
                   └── a person ──┘
    proposed, approved, failed ─▶ cancelled   by a person, or because its time or what it says is over
"""

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote
from uuid import NAMESPACE_URL, uuid5

import psycopg
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from include.actions import wording
from include.actions.config import HttpChannel, OutboxConfig
from include.reports.words import cut, plain

_LONGEST_SUBJECT = 200
RESENT_FOR = timedelta(hours=24)


class OutboxError(Exception):
    """A message that is not there, or not in a state in which what was asked can be done."""


@dataclass(frozen=True)
class Attached:
    """A file that goes with a mail.

    :param path: under the reports folder.
    :param name: what the recipient sees.
    :param content_id: what the HTML part names a picture by, which is then shown in it; none for an attachment.
    """

    path: str
    name: str
    content_id: str | None = None


@dataclass(frozen=True)
class Message:
    """A message before it is in the outbox.

    :param key: what it is: a second message of the same key is the same message.
    :param kind: what makes it: ``reminder``, ``reply``, ``thanks``, ``alert`` or ``report``.
    :param recipient: an e-mail address, or a name where the channel has no addresses.
    :param subject: one line; line breaks and control characters are taken out.
    :param html: the mail's HTML part; none for other channels.
    :param values: what an HTTP channel's templates may name besides: see `include.actions.config.NAMES`.
    :param needs_approval: it waits for a person, whatever its channel says.
    :param files: go with a mail; read when it is sent.
    """

    key: str
    kind: str
    channel: str
    recipient: str
    subject: str
    text: str
    not_before: datetime
    not_after: datetime
    html: str | None = None
    values: dict[str, Any] = field(default_factory=dict)
    needs_approval: bool = False
    files: Sequence[Attached] = ()


def propose(connection: psycopg.Connection, config: OutboxConfig, message: Message, at: datetime) -> int | None:
    """Put a message into the outbox, or write one anew that nobody has decided upon and that surely was not delivered.

    A message that was cancelled because its time or its subject was over is such a one: there is something to say again
    under the same key. It is approved at once, unless this is a dry run or its channel needs a person's approval.

    :returns: its number; None when one of this key is on its way, done, or decided upon.
    """
    channel = config.channels[message.channel]
    waits = config.dry_run or channel.needs_approval or message.needs_approval
    subject = cut(plain(message.subject), _LONGEST_SUBJECT)
    payload: dict[str, Any]
    if isinstance(channel, HttpChannel):
        nothing = {"source": "", "subject_id": "", "owner_key": "", "link": "", "updated_at": ""}
        values = nothing | message.values | {
            "recipient": message.recipient, "subject": subject, "text": message.text,
            "at": message.not_before.isoformat(timespec="seconds").replace("+00:00", "Z"),
        }  # fmt: skip
        # foreign keys stay within their part of the path
        parts = {name: quote(value, safe="") for name, value in values.items()}
        path, body = wording.fill(channel.path, parts), wording.fill(channel.body, values)
        payload = {"path": path, "body": body, "text": message.text}
    else:
        payload = {"text": message.text, "html": message.html}
        if message.files:
            payload["files"] = [asdict(file) for file in message.files]
    row = connection.execute(
        "insert into ops.outbox (message_key, kind, channel, recipient, subject, payload, state, reason, proposed_at,"
        " not_before, not_after, attempt_after)"
        " values (%(key)s, %(kind)s, %(channel)s, %(recipient)s, %(subject)s, %(payload)s, %(state)s, %(reason)s,"
        " %(at)s, %(not_before)s, %(not_after)s, %(not_before)s)"
        " on conflict (message_key) do update set recipient = excluded.recipient, subject = excluded.subject,"
        " payload = excluded.payload, state = excluded.state, reason = excluded.reason,"
        " proposed_at = excluded.proposed_at, not_before = excluded.not_before, not_after = excluded.not_after,"
        " attempt_after = excluded.attempt_after, attempts = 0"
        " where outbox.decided_by is null"
        " and (outbox.state = 'cancelled' or (outbox.state in ('proposed', 'approved') and outbox.attempts = 0))"
        " returning outbox_id",
        {
            "key": message.key, "kind": message.kind, "channel": message.channel, "recipient": message.recipient,
            "subject": subject, "payload": Jsonb(payload), "state": "proposed" if waits else "approved",
            "reason": "dry run" if config.dry_run else "waits for approval" if waits else None, "at": at,
            "not_before": message.not_before, "not_after": message.not_after,
        },
    ).fetchone()  # fmt: skip
    return row[0] if row else None


def idempotency_key(message_key: str) -> str:
    """What a receiver may know a message again by: the same at every attempt."""
    return str(uuid5(NAMESPACE_URL, message_key))


def message_id(message_key: str, domain: str) -> str:
    """The mail's Message-ID: the same at every attempt."""
    return f"<{hashlib.sha256(message_key.encode()).hexdigest()[:32]}@{domain}>"


def listed(connection: psycopg.Connection, states: list[str], most: int) -> list[dict[str, Any]]:
    """Messages in some states, the latest first; those that a person has to look at before all others."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(
            "select outbox_id, state, kind, channel, recipient, subject, reason, not_before, not_after, attempts,"
            " sending_at, sent_at from ops.outbox where state = any(%s)"
            " order by state = 'uncertain' desc, outbox_id desc limit %s",
            [states, most],
        ).fetchall()


def counts(connection: psycopg.Connection) -> dict[str, int]:
    """State → how many messages are in it."""
    rows = connection.execute("select state, count(*) from ops.outbox group by state order by state").fetchall()
    return dict(rows)


def approve(connection: psycopg.Connection, numbers: list[int], by: str, now: datetime) -> None:
    """Let proposed messages go.

    :raises OutboxError: when one is not proposed, or its time is over; then nothing is changed.
    """
    _decide(connection, numbers, ["proposed"], by, now, "state = 'approved', reason = null", "and not_after > %(now)s")


def cancel(connection: psycopg.Connection, numbers: list[int], by: str, now: datetime) -> None:
    """Keep messages from going out.

    :raises OutboxError: when one is sent, being sent, or uncertain; then nothing is changed.
    """
    change = "state = 'cancelled', reason = 'cancelled by hand'"
    _decide(connection, numbers, ["proposed", "approved", "failed"], by, now, change)


def resend(connection: psycopg.Connection, numbers: list[int], by: str, now: datetime) -> None:
    """Let uncertain or failed messages go once more, within a day from now: whoever asks takes a doubling upon them.

    :raises OutboxError: when one is neither; then nothing is changed.
    """
    change = (
        "state = 'approved', reason = 'resent by hand', attempt_after = %(now)s,"
        " not_before = %(now)s, not_after = %(until)s"
    )
    _decide(connection, numbers, ["uncertain", "failed"], by, now, change)


def close(connection: psycopg.Connection, numbers: list[int], by: str, now: datetime, *, arrived: bool) -> None:
    """Settle uncertain messages: they arrived, or did not and are no longer wanted.

    :raises OutboxError: when one is not uncertain; then nothing is changed.
    """
    change = (
        "state = 'sent', sent_at = sending_at, reason = 'arrived, as a person found out'"
        if arrived
        else "state = 'cancelled', reason = 'did not arrive, as a person found out'"
    )
    _decide(connection, numbers, ["uncertain"], by, now, change)


def _decide(
    connection: psycopg.Connection, numbers: list[int], states: list[str], by: str, now: datetime, change: str,
    condition: str = "",
) -> None:  # fmt: skip
    with connection.transaction():
        done = connection.execute(
            f"update ops.outbox set {change}, decided_by = %(by)s, decided_at = %(now)s"  # noqa: S608 (own words)
            f" where outbox_id = any(%(numbers)s) and state = any(%(states)s) {condition} returning outbox_id".encode(),
            {"by": by, "now": now, "until": now + RESENT_FOR, "numbers": numbers, "states": states},
        ).fetchall()
        left = sorted(set(numbers) - {row[0] for row in done})
        if not left:
            return
        there = connection.execute(
            "select outbox_id, state, not_after from ops.outbox where outbox_id = any(%s) order by 1", [left]
        ).fetchall()
        told = [f"{number} is {state}" + (" and its time is over" if state in states else "")
                for number, state, _ in there]  # fmt: skip
        told += [f"{number} is not there" for number in left if number not in {row[0] for row in there}]
        raise OutboxError(f"Nothing was changed: of the messages {', '.join(told)}; expected {' or '.join(states)}.")
