"""Webhooks in ops.webhook: stored before they are answered, landed later, dropped after a while."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import psycopg

from include.warehouse.connection import Warehouse

# What could not be landed for so long is given up: the daily pull brings what it told of.
GIVEN_UP_AFTER = timedelta(days=1)
# Bodies are read in portions: so many bytes, and so many webhooks, are in memory at once.
PORTION_BYTES = 32 * 1024 * 1024
PORTION_COUNT = 5_000


@dataclass(frozen=True)
class Webhook:
    """A webhook that waits."""

    webhook_id: int
    received_at: datetime
    body: bytes


def store(warehouse: Warehouse, source: str, delivery: UUID, body: bytes) -> None:
    """Commit a webhook; one that is there already is left as it is."""
    with warehouse.connect() as connection:
        connection.execute(
            "insert into ops.webhook (source, delivery, body) values (%s, %s, %s) on conflict do nothing",
            [source, delivery, body],
        )


def waiting(connection: psycopg.Connection, source: str) -> Iterator[list[Webhook]]:
    """The webhooks of a source that wait now, oldest first, in portions. What comes meanwhile waits for the next call.

    :param connection: a connection in autocommit mode.
    """
    rows = connection.execute(
        "select webhook_id, octet_length(body) from ops.webhook where source = %s and state = 'waiting'"
        " order by webhook_id",
        [source],
    ).fetchall()
    portion: list[int] = []
    size = 0
    for number, bytes_ in rows:
        if portion and (size + bytes_ > PORTION_BYTES or len(portion) == PORTION_COUNT):
            yield _read(connection, portion)
            portion, size = [], 0
        portion.append(number)
        size += bytes_
    if portion:
        yield _read(connection, portion)


def _read(connection: psycopg.Connection, numbers: Sequence[int]) -> list[Webhook]:
    rows = connection.execute(
        "select webhook_id, received_at, body from ops.webhook where webhook_id = any(%s) order by webhook_id",
        [list(numbers)],
    ).fetchall()
    return [Webhook(*row) for row in rows]


def finish(connection: psycopg.Connection, state: str, details: dict[int, str | None]) -> None:
    """Note that webhooks (number → what is to be said of it) are ``landed`` or ``unreadable``."""
    connection.execute(
        "update ops.webhook as w set state = %s, finished_at = now(), detail = d.detail"
        " from unnest(%s::bigint[], %s::text[]) as d (webhook_id, detail) where w.webhook_id = d.webhook_id",
        [state, list(details), list(details.values())],
    )


def postpone(connection: psycopg.Connection, details: dict[int, str]) -> None:
    """Note why webhooks could not be landed: they wait on, or are given up when they have waited for a day."""
    connection.execute(
        "update ops.webhook as w set detail = left(d.detail, 2000),"
        " state = case when w.received_at < now() - %s then 'given_up' else 'waiting' end,"
        " finished_at = case when w.received_at < now() - %s then now() end"
        " from unnest(%s::bigint[], %s::text[]) as d (webhook_id, detail) where w.webhook_id = d.webhook_id",
        [GIVEN_UP_AFTER, GIVEN_UP_AFTER, list(details), list(details.values())],
    )
