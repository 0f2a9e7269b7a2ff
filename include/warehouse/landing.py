"""Landing: what a source gave for a window goes into raw, every version of every record as it came."""

import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import IO

import psycopg
from psycopg import sql

from include.sources.config import Entity, Source
from include.sources.memory import Memory
from include.sources.page import Page
from include.sources.prefetch import prefetched
from include.sources.shape import Shape
from include.warehouse import drift
from include.warehouse import memory as memories
from include.warehouse.changes import leave_out_unchanged
from include.warehouse.connection import Warehouse
from include.warehouse.copy_lines import READABLE, UNREADABLE, LineWriter
from include.warehouse.forgotten import empty_unreadable, leave_out_forgotten
from include.warehouse.tables import EntityTables, ensure
from include.window import Window

SPOOLED_BYTES = 4 * 2**20

Progress = Callable[[int], None]


@dataclass(frozen=True)
class Landed:
    """Counts of one landing: received = inserted + unchanged + unreadable.

    ``forgotten`` of the unchanged were left out, because they are of somebody who was forgotten.
    """

    load_id: int
    received: int
    inserted: int
    unchanged: int
    unreadable: int
    forgotten: int = 0


def tables_of(source: Source, entity: Entity) -> EntityTables:
    """The tables of an entity of a source."""
    return EntityTables(source.name, entity.name, entity.feeds)


def land(
    warehouse: Warehouse,
    source: Source,
    entity: Entity,
    window: Window,
    pages: Iterable[Page],
    *,
    memory: Memory | None = None,
    kind: str = "pull",
    run_ref: str | None = None,
    progress: Progress | None = None,
) -> Landed:
    """Write what a source gave into raw: again gives the same rows, in any order gives the same rows.

    Two commits: the load is opened in ops.load, then its rows and its counts land together.

    :param pages: the records, read while they are written; memory is bounded by a page.
    :param memory: what reading the pages teaches; kept in the same commit as the rows.
    :param kind: ``pull``, ``file``, ``hook`` or ``sweep``.
    :param progress: told the number of records so far, a few times a second at most.
    :raises SourceError: whatever reading raises; the load is then marked as failed, and raw is as before.
    """
    tables = tables_of(source, entity)
    with warehouse.connect(autocommit=True) as connection:
        ensure(connection, tables)
        load_id = _open(connection, tables, window, kind, run_ref)
        try:
            return _write(connection, tables, entity, window, load_id, pages, memory, progress)
        except Exception as error:
            if not connection.broken:
                _fail(connection, load_id, error)
            raise


def _open(connection: psycopg.Connection, tables: EntityTables, window: Window, kind: str, run_ref: str | None) -> int:
    row = connection.execute(
        "insert into ops.load (source, entity, kind, window_start, window_end, run_ref)"
        " values (%s, %s, %s, %s, %s, %s) returning load_id",
        [tables.source, tables.entity, kind, window.start, window.end, run_ref],
    ).fetchone()
    assert row
    return row[0]


def _fail(connection: psycopg.Connection, load_id: int, error: Exception) -> None:
    detail = str(error).replace("\x00", "\\x00")[:2000]
    connection.execute("update ops.load set state = 'failed', detail = %s where load_id = %s", [detail, load_id])


def _write(
    connection: psycopg.Connection,
    tables: EntityTables,
    entity: Entity,
    window: Window,
    load_id: int,
    pages: Iterable[Page],
    memory: Memory | None,
    progress: Progress | None,
) -> Landed:
    # asked in a commit of its own: while it is held, no other load could put its rows in the place of raw
    is_first = _is_empty(connection, tables)
    with connection.transaction(), tempfile.SpooledTemporaryFile(SPOOLED_BYTES) as aside:
        landing = _make_landing(connection, tables, load_id, is_first)
        writer, shape = LineWriter(entity, window, load_id, aside), Shape()
        copy_statement = sql.SQL("copy {} ({}) from stdin").format(landing, sql.SQL(READABLE))
        with (
            connection.cursor().copy(copy_statement) as copy,
            closing(prefetched(_lines(pages, writer, shape, progress))) as pieces,
        ):
            for lines in pieces:
                copy.write(lines)
        # Two windows of one source may bring the same records in another order: one at a time, or they deadlock.
        connection.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"raw {tables.name}"])
        readable = writer.received - writer.unreadable
        forgotten = leave_out_forgotten(connection, tables, landing)
        if is_first and _is_empty(connection, tables) and _becomes_raw(connection, tables, load_id):
            inserted = readable - forgotten
        else:
            if entity.keeps_changes:
                leave_out_unchanged(connection, tables, landing, window)
            inserted = connection.execute(
                sql.SQL("insert into {} ({}) select {} from {} on conflict do nothing").format(
                    tables.raw, sql.SQL(READABLE), sql.SQL(READABLE), landing
                )
            ).rowcount
            connection.execute(sql.SQL("drop table {}").format(landing))
        if writer.unreadable:
            _quarantine(connection, tables, window, load_id, aside)
        if memory and memory.learned:
            memories.keep(connection, tables.source, tables.entity, memory)
        drift.note(connection, tables, load_id, shape, inserted)
        landed = Landed(load_id, writer.received, inserted, readable - inserted, writer.unreadable, forgotten)
        connection.execute(
            "update ops.load set state = 'landed', landed_at = now(), received = %s, inserted = %s, unchanged = %s,"
            " unreadable = %s, forgotten = %s where load_id = %s",
            [landed.received, inserted, landed.unchanged, landed.unreadable, forgotten, load_id],
        )
    if progress:
        progress(landed.received)
    return landed


def _lines(
    pages: Iterable[Page], writer: LineWriter, shape: Shape, progress: Progress | None
) -> Iterator[bytes | memoryview]:
    told_at = time.monotonic()
    for page in pages:
        shape.add(page)
        yield from writer.lines(page)
        if progress and time.monotonic() - told_at > 0.5:
            told_at = time.monotonic()
            progress(writer.received)


def _is_empty(connection: psycopg.Connection, tables: EntityTables) -> bool:
    row = connection.execute(sql.SQL("select not exists (select from {})").format(tables.raw)).fetchone()
    return bool(row and row[0])


def _make_landing(connection: psycopg.Connection, tables: EntityTables, load_id: int, is_first: bool) -> sql.Identifier:
    """The table that a load is copied into: a temporary one, or for an entity's first load its raw table to be."""
    if is_first:
        landing = tables.landing(load_id)
        connection.execute(
            sql.SQL("create table {} (like raw.template including all excluding indexes)").format(landing)
        )
    else:
        landing = sql.Identifier("landing")
        connection.execute("create temp table landing (like raw.template including defaults) on commit drop")
    return landing


def _becomes_raw(connection: psycopg.Connection, tables: EntityTables, load_id: int) -> bool:
    """Put the landed rows in the place of the empty raw table: each is written once, and the index is sorted once.

    :returns: whether it was done: not when the source gave a record twice, nor when someone's view reads raw.
    """
    landing = tables.landing(load_id)
    key, index, defective, gone = (
        sql.Identifier(f"{tables.name}_{suffix}") for suffix in ("pkey", "load_id_idx", "load_id_idx1", "source_id_idx")
    )
    try:
        with connection.transaction():
            for statement in (
                "alter table {landing} add constraint {key} primary key (source_id, version_at, payload_hash)",
                "create index {index} on {landing} using brin (load_id) with (pages_per_range = 16)",
                "create index {defective} on {landing} (load_id) where defects is not null",
                "create index {gone} on {landing} (source_id) where is_gone",
                "drop table {raw}",
                "alter table {landing} set schema raw",
                "alter table {moved} rename to {name}",
            ):
                connection.execute(
                    sql.SQL(statement).format(
                        landing=landing,
                        key=key,
                        index=index,
                        defective=defective,
                        gone=gone,
                        raw=tables.raw,
                        name=sql.Identifier(tables.name),
                        moved=sql.Identifier("raw", tables.landing_name(load_id)),
                    )
                )
    except (psycopg.errors.UniqueViolation, psycopg.errors.DependentObjectsStillExist):
        return False
    return True


def _quarantine(
    connection: psycopg.Connection, tables: EntityTables, window: Window, load_id: int, lines: IO[bytes]
) -> None:
    """Keep what could not be read, with its reason."""
    connection.execute(
        "create temp table unreadable (payload_hash uuid, payload text, reason text, location text) on commit drop"
    )
    lines.seek(0)
    with connection.cursor().copy(sql.SQL("copy unreadable ({}) from stdin").format(sql.SQL(UNREADABLE))) as copy:
        while piece := lines.read(SPOOLED_BYTES):
            copy.write(piece)
    empty_unreadable(connection)
    connection.execute(
        "insert into ops.quarantine (source, entity, payload_hash, stage, rules, location, payload, load_id,"
        " window_start, window_end)"
        " select %s, %s, payload_hash, 'read', array[reason], location, payload, %s, %s, %s from unreadable"
        " on conflict on constraint quarantine_once do nothing",
        [tables.source, tables.entity, load_id, window.start, window.end],
    )
