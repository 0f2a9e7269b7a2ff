"""Comparing a source's keys with raw's: records that are gone are marked, missed ones are landed.

A comparison is of now. It finds what windows do not tell: a source lists the keys that it has, not those it had.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import psycopg
from psycopg import sql

from include.sources import SourceConnection, compare
from include.sources.config import Entity, Source
from include.sources.errors import SourceError
from include.sources.page import Page
from include.warehouse.connection import Warehouse
from include.warehouse.copy_lines import BadRecordError, key_reader, version_reader
from include.warehouse.landing import Landed, land, tables_of
from include.warehouse.locks import exclusive
from include.warehouse.marts import is_fresh
from include.warehouse.tables import EntityTables, ensure
from include.window import Window


@dataclass(frozen=True)
class Swept:
    """What a comparison found: marked as gone, marked as back, and landed because no window had brought them."""

    gone: int
    back: int
    missed: Landed


def is_due(entity: Entity, window: Window, now: datetime) -> bool:
    """Whether a window's load also compares keys: every so many days, and only when it is fresh."""
    every = entity.sweep.every_days if entity.sweep else 0
    return every > 0 and is_fresh(window, now) and any(day.toordinal() % every == 0 for day in window.days())


def sweep(
    warehouse: Warehouse,
    source: Source,
    entity: Entity,
    window: Window,
    connection: SourceConnection,
    *,
    run_ref: str | None = None,
) -> Swept:
    """Compare all keys of an entity with those that raw has, and write what was found into raw.

    Two loads of kind ``sweep``: the missed records, then the marks. A record that is gone gets a version more, with the
    payload last known, and so does one that is there again.

    :raises SourceError: when the source cannot be read to the end, or so many records are gone that it is more likely
        at fault: then nothing is marked, and what was missed is landed nevertheless.
    """
    assert entity.sweep
    tables = tables_of(source, entity)
    with warehouse.connect(autocommit=True) as comparing:
        ensure(comparing, tables)
        with exclusive(comparing, f"sweep {tables.name}"):
            _note_known(comparing, tables)
            keys = _Keys(comparing, entity, window)
            pages = compare(source, entity, window, connection, keys.missed)
            missed = land(warehouse, source, entity, window, pages, kind="sweep", run_ref=run_ref)
            _find(comparing)
            if problem := _too_much(comparing, keys.unreadable, entity.sweep.max_gone):
                _note_failure(comparing, tables, window, run_ref, problem)
                next_step = (
                    "Nothing was marked. Look at the list that the source gives; max_gone: says how much may go."
                )
                raise SourceError(source.name, entity.name, window, "comparison of keys", problem, next_step)
            return Swept(*_mark(comparing, tables, window, run_ref), missed)


class _Keys:
    """The keys that a source has, noted in the table ``present`` while they are read."""

    def __init__(self, connection: psycopg.Connection, entity: Entity, window: Window) -> None:
        self._connection, self._end = connection, window.end
        self._key_of = key_reader([entity.id] if isinstance(entity.id, str) else entity.id, entity.id_starts)
        self._version_of = version_reader(entity.version_at)
        self.unreadable = 0
        connection.execute("create temp table present (source_id text primary key)")

    def missed(self, page: Page) -> Sequence[int]:
        """Note the keys of a page; the places of the records that raw does not have, or not the version of.

        A record that was changed after the window is left to its own.
        """
        self.unreadable += len(page.unreadable)
        found = [(place, key, self._version(row)) for place, row in enumerate(page.rows) if (key := self._key(row))]
        rows = self._connection.execute(
            "with given as ("
            "select * from unnest(%s::integer[], %s::text[], %s::timestamptz[]) as g (place, source_id, version_at)"
            "), noted as (insert into present select distinct source_id from given on conflict do nothing)"
            " select g.place from given as g left join known as k on k.source_id = g.source_id"
            " where (g.version_at is null or g.version_at < %s)"
            " and (k.source_id is null or g.version_at > coalesce(k.told_at, k.version_at)) order by g.place",
            [*([list(values) for values in zip(*found, strict=True)] or ([], [], [])), self._end],
        ).fetchall()
        return [row[0] for row in rows]

    def _key(self, row: dict) -> str | None:
        try:
            return self._key_of(row).decode()
        except BadRecordError:
            return None  # raw cannot have it

    def _version(self, row: dict) -> str | None:
        try:
            return self._version_of(row)
        except BadRecordError:
            return None


def _note_known(connection: psycopg.Connection, tables: EntityTables) -> None:
    """What raw has of each key before the source is asked: what comes to raw meanwhile is newer than the list."""
    connection.execute(
        sql.SQL(
            "create temp table known as select distinct on (source_id) source_id, version_at, is_gone,"
            " max(version_at) filter (where not is_gone) over (partition by source_id) as told_at from {}"
            " order by source_id, version_at desc, payload_hash desc"
        ).format(tables.raw)
    )
    connection.execute("alter table known add primary key (source_id)")
    connection.execute("analyze known")


def _find(connection: psycopg.Connection) -> None:
    connection.execute("analyze present")
    connection.execute(
        "create temp table found as select k.source_id, k.version_at, p.source_id is null as is_gone from known as k"
        " left join present as p using (source_id) where (p.source_id is null) <> k.is_gone"
    )


def _too_much(connection: psycopg.Connection, unreadable: int, max_gone: float) -> str | None:
    """Why what was found is not to be believed."""
    row = connection.execute(
        "select (select count(*) from known where not is_gone), (select count(*) from present),"
        " (select count(*) from found where is_gone)"
    ).fetchone()
    assert row
    known, present, gone = row
    if unreadable:
        return f"{unreadable:,} pieces of the list cannot be read, so a record may be there without being seen"
    if known and not present:
        return f"the list is empty, and {known:,} records are known"
    if gone > max_gone * known:
        return f"{gone:,} of {known:,} known records are gone, more than the {max_gone:.0%} that may be"
    return None


def _note_failure(
    connection: psycopg.Connection, tables: EntityTables, window: Window, run_ref: str | None, problem: str
) -> None:
    connection.execute(
        "insert into ops.load (source, entity, kind, window_start, window_end, run_ref, state, detail)"
        " values (%s, %s, 'sweep', %s, %s, %s, 'failed', %s)",
        [tables.source, tables.entity, window.start, window.end, run_ref, problem],
    )


def _mark(connection: psycopg.Connection, tables: EntityTables, window: Window, run_ref: str | None) -> tuple[int, int]:
    """Write a version of each record that is gone, or there again; returns how many of both.

    Its version time is the start of the window's last day, or just after the version that it ends. Its payload is the
    newest that the source gave and that did not end in quarantine, where nobody would see that the record is gone.
    """
    with connection.transaction():
        connection.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"raw {tables.name}"])
        load = connection.execute(
            "insert into ops.load (source, entity, kind, window_start, window_end, run_ref)"
            " values (%s, %s, 'sweep', %s, %s, %s) returning load_id",
            [tables.source, tables.entity, window.start, window.end, run_ref],
        ).fetchone()
        assert load
        marked = connection.execute(
            sql.SQL(
                "insert into {raw} (source_id, version_at, payload_hash, load_id, defects, payload, is_gone)"
                " select f.source_id, greatest({at}, f.version_at + interval '1 microsecond'), r.payload_hash,"
                " {load_id}, r.defects, r.payload, f.is_gone from found as f cross join lateral ("
                "select r.payload_hash, r.defects, r.payload from {raw} as r"
                " left join ops.quarantine as q on q.source = {source} and q.entity = {entity} and q.state = 'open'"
                " and q.source_id = r.source_id and q.version_at = r.version_at and q.payload_hash = r.payload_hash"
                " where r.source_id = f.source_id"
                " order by r.is_gone, q.quarantine_id is not null, r.version_at desc, r.payload_hash desc limit 1) as r"
                " where not exists (select from {raw} as n where n.source_id = f.source_id"
                " and n.version_at > f.version_at) returning is_gone"
            ).format(
                raw=tables.raw, at=window.last_day_start, load_id=load[0], source=tables.source, entity=tables.entity
            )
        ).fetchall()
        connection.execute(
            "update ops.load set state = 'landed', landed_at = now(), received = %s, inserted = %s, unchanged = 0,"
            " unreadable = 0 where load_id = %s",
            [len(marked), len(marked), load[0]],
        )
    gone = sum(is_gone for (is_gone,) in marked)
    return gone, len(marked) - gone
