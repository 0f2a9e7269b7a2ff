"""Sending what is due in the outbox: nothing twice, and what is in doubt is known.

A message is marked ``sending`` in a commit of its own before it is sent. While it is, its sender holds an advisory
lock, which a process loses when it dies, however it dies; and that it hands the message over is noted in a commit
before it does. A message that is marked and whose lock is free was left by a sender that died. If it was handed over,
it may have gone out or not: it becomes ``uncertain``, and no sender touches it again. Else it is sent anew.
"""

import logging
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import psycopg

from include.actions.channels import Claimed, InDoubtError, NotSentError, Transport, open_transport
from include.actions.config import OutboxConfig
from include.errors import OutboxStoppedError
from include.settings import TIMEZONE
from include.warehouse.connection import Warehouse
from include.window import Window

LONGEST_WAIT = timedelta(hours=1)

log = logging.getLogger(__name__)


def send_due(
    warehouse: Warehouse, config: OutboxConfig, find_connection: Callable[[str], Any], now: Callable[[], datetime]
) -> dict[str, int]:
    """Send what is approved and due, message by message; several processes may do so at once.

    In a dry run nothing is sent, and messages of senders that died are still found.

    :param find_connection: from an id to an Airflow connection.
    :param now: the clock.
    :returns: how many messages were sent, put off (``again``), failed, became uncertain, or were too late
        (``expired``).
    :raises OutboxStoppedError: when what went out today and what is due now are together more than ``most_a_day``.
    """
    done: Counter[str] = Counter()
    with warehouse.connect(autocommit=True) as connection, ExitStack() as stack:
        done.update(_find_left(connection))
        if config.dry_run:
            log.info("dry run (include/config/outbox.yaml): nothing is sent")
            return dict(done)
        done["expired"] += _expire(connection, now())
        transports: dict[str, Transport] = {}
        usable = set(config.channels)
        while claimed := _claim(connection, config, sorted(usable), now()):
            try:
                if claimed.channel not in transports:
                    transport = open_transport(config.channels[claimed.channel], find_connection)
                    transports[claimed.channel] = transport
                    stack.callback(transport.close)
                hand_over = partial(_hand_over, connection, claimed, now)
                transports[claimed.channel].send(claimed, now(), hand_over)
            except NotSentError as error:
                if error.is_channel:
                    usable.discard(claimed.channel)
                    log.error("channel %s: %s; its messages wait", claimed.channel, error)
                done[_not_sent(connection, config, claimed, error, now())] += 1
            except InDoubtError as error:
                log.error("message %s is uncertain: %s", claimed.outbox_id, error)
                _note(connection, claimed, "uncertain", str(error), now())
                done["uncertain"] += 1
            else:
                _note(connection, claimed, "sent", None, now())
                done["sent"] += 1
            _unlock(connection, claimed.outbox_id)
    return dict(done)


def _find_left(connection: psycopg.Connection) -> Counter[str]:
    """Settle what senders that died have left behind: ``uncertain`` when it was handed over, else sent ``again``."""
    found: Counter[str] = Counter()
    for (number,) in connection.execute("select outbox_id from ops.outbox where state = 'sending'").fetchall():
        row = connection.execute("select pg_try_advisory_lock(hashtextextended(%s, 0))", [_lock(number)]).fetchone()
        if not row or not row[0]:
            continue  # its sender lives
        left = connection.execute(
            "update ops.outbox set state = case when handed_at is null then 'approved' else 'uncertain' end,"
            " reason = case when handed_at is null then 'its sender died before it handed it over'"
            " else 'its sender died before it could note whether it went out' end"
            " where outbox_id = %s and state = 'sending' returning state",
            [number],
        ).fetchone()
        if left:
            found["uncertain" if left[0] == "uncertain" else "again"] += 1
        _unlock(connection, number)
    if found["uncertain"]:
        log.error("%s messages are uncertain: see ./crm outbox list", found["uncertain"])
    return found


def _expire(connection: psycopg.Connection, now: datetime) -> int:
    return connection.execute(
        "update ops.outbox set state = 'cancelled', reason = concat_ws('; ', 'not sent in its time', reason)"
        " where state in ('proposed', 'approved') and not_after <= %s",
        [now],
    ).rowcount


def _claim(connection: psycopg.Connection, config: OutboxConfig, channels: list[str], now: datetime) -> Claimed | None:
    """The next message that is due, marked as being sent, and locked."""
    today = Window.day(now.astimezone(TIMEZONE).date()).start
    with connection.transaction():
        # one after the other, so that the count of the day is right
        connection.execute("select pg_advisory_xact_lock(hashtextextended('outbox claim', 0))")
        count = connection.execute(
            "select count(*) filter (where sending_at >= %(today)s),"
            " count(*) filter (where state = 'approved' and not_before <= %(now)s and not_after > %(now)s"
            " and (sending_at is null or sending_at < %(today)s))"
            " from ops.outbox where sending_at >= %(today)s or state = 'approved'",
            {"today": today, "now": now},
        ).fetchone()
        begun, due = count or (0, 0)
        if begun + due > config.most_a_day:
            raise OutboxStoppedError(
                f"Nothing more is sent: {begun} messages went out today and {due} are due, more than most_a_day "
                f"({config.most_a_day}) in include/config/outbox.yaml. Look at them (./crm outbox list), cancel what "
                "is wrong, or raise most_a_day."
            )
        row = connection.execute(
            "select outbox_id, message_key, channel, recipient, subject, payload, attempts + 1 from ops.outbox"
            " where state = 'approved' and not_before <= %(now)s and not_after > %(now)s and attempt_after <= %(now)s"
            " and channel = any(%(channels)s) order by attempt_after, outbox_id limit 1 for update skip locked",
            {"now": now, "channels": channels},
        ).fetchone()
        if not row:
            return None
        claimed = Claimed(*row)
        connection.execute("select pg_advisory_lock(hashtextextended(%s, 0))", [_lock(claimed.outbox_id)])
        connection.execute(
            "update ops.outbox set state = 'sending', reason = null, attempts = %s, sending_at = %s, handed_at = null"
            " where outbox_id = %s",
            [claimed.attempts, now, claimed.outbox_id],
        )
    return claimed


def _hand_over(connection: psycopg.Connection, claimed: Claimed, now: Callable[[], datetime]) -> None:
    """Note that from here on the message may be out; on the connection that holds its lock, so not without the lock."""
    connection.execute("update ops.outbox set handed_at = %s where outbox_id = %s", [now(), claimed.outbox_id])


def _not_sent(
    connection: psycopg.Connection, config: OutboxConfig, claimed: Claimed, error: NotSentError, now: datetime
) -> str:
    # what is the channel's trouble is tried until the message's time is over
    if error.is_final or (claimed.attempts >= config.attempts and not error.is_channel):
        log.error("message %s failed: %s", claimed.outbox_id, error)
        _note(connection, claimed, "failed", str(error), now)
        return "failed"
    log.warning("message %s: %s; tried again later", claimed.outbox_id, error)
    wait = min(timedelta(minutes=2 ** (claimed.attempts - 1)), LONGEST_WAIT)
    _note(connection, claimed, "approved", str(error), now, attempt_after=now + wait)
    return "again"


def _note(
    connection: psycopg.Connection, claimed: Claimed, state: str, reason: str | None, now: datetime,
    attempt_after: datetime | None = None,
) -> None:  # fmt: skip
    connection.execute(
        "update ops.outbox set state = %(state)s, reason = %(reason)s,"
        " sent_at = case when %(state)s = 'sent' then %(now)s::timestamptz end,"
        " attempt_after = coalesce(%(attempt_after)s, attempt_after)"
        " where outbox_id = %(number)s and attempts = %(attempts)s and state = 'sending'",
        {
            "state": state, "reason": reason, "now": now, "attempt_after": attempt_after,
            "number": claimed.outbox_id, "attempts": claimed.attempts,
        },
    )  # fmt: skip


def _lock(number: int) -> str:
    return f"outbox {number}"


def _unlock(connection: psycopg.Connection, number: int) -> None:
    connection.execute("select pg_advisory_unlock(hashtextextended(%s, 0))", [_lock(number)])
