"""Advisory locks: who may change a table right now."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg


@contextmanager
def exclusive(connection: psycopg.Connection, name: str) -> Iterator[None]:
    """Hold the lock ``name`` alone, over as many transactions as the block makes; a dead process loses it at once.

    :param connection: a connection in autocommit mode, or between two transactions.
    """
    yield from _held(connection, name, "pg_advisory_lock", "pg_advisory_unlock")


@contextmanager
def shared(connection: psycopg.Connection, name: str) -> Iterator[None]:
    """Hold the lock ``name`` together with other readers, and keep writers out."""
    yield from _held(connection, name, "pg_advisory_lock_shared", "pg_advisory_unlock_shared")


def _held(connection: psycopg.Connection, name: str, lock: str, unlock: str) -> Iterator[None]:
    connection.execute(f"select {lock}(hashtextextended(%s, 0))", [name])
    try:
        yield
    finally:
        if not connection.closed:
            connection.execute(f"select {unlock}(hashtextextended(%s, 0))", [name])
