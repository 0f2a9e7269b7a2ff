"""The memory of a source's reader, kept in ops.source_memory."""

import psycopg

from include.sources.memory import Memory
from include.warehouse.connection import Warehouse


def recall(warehouse: Warehouse, source: str, entity: str) -> Memory:
    """What earlier loads of an entity remembered."""
    with warehouse.connect() as connection:
        rows = connection.execute(
            "select key, value from ops.source_memory where source = %s and entity = %s", [source, entity]
        ).fetchall()
    return Memory(dict(rows))


def keep(connection: psycopg.Connection, source: str, entity: str, memory: Memory) -> None:
    """Write what a load learned, in the transaction that the connection is in."""
    connection.execute(
        "insert into ops.source_memory (source, entity, key, value)"
        " select %s, %s, key, value from unnest(%s::text[], %s::text[]) as t (key, value)"
        " on conflict (source, entity, key) do update set value = excluded.value, remembered_at = now()",
        [source, entity, list(memory.learned), list(memory.learned.values())],
    )
