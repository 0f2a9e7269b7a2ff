"""Landing: what a source gave for a window goes into raw, every version of every record as it came."""

import hashlib
import json
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
import psycopg
from psycopg import sql

from include.sources.config import Entity, Source
from include.sources.fields import instant, value_at
from include.sources.memory import Memory
from include.sources.page import Page, Unreadable
from include.warehouse import memory as memories
from include.warehouse.connection import Warehouse
from include.warehouse.tables import EntityTables, ensure
from include.window import Window

# A record is a person, a deal, a message: one beyond this is not what it says it is, and would fill memory.
LARGEST_RECORD_BYTES = 16 * 1024 * 1024
KEPT_OF_TOO_LARGE = 1000

Progress = Callable[[int], None]


@dataclass(frozen=True)
class Landed:
    """Counts of one landing: received = inserted + unchanged + unreadable."""

    load_id: int
    received: int
    inserted: int
    unchanged: int
    unreadable: int


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
    :param kind: ``pull`` or ``file``.
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
    with connection.transaction():
        connection.execute(
            "create temp table landing (source_id text, version_at timestamptz, payload_hash uuid, defects text[],"
            " payload text, reason text, location text) on commit drop"
        )
        received = 0
        told_at = time.monotonic()
        with connection.cursor().copy("copy landing from stdin") as copy:
            for page in pages:
                lines = list(_lines(page, entity, window))
                copy.write(b"".join(lines))
                received += len(lines)
                if progress and time.monotonic() - told_at > 0.5:
                    told_at = time.monotonic()
                    progress(received)
        # Two windows of one source may bring the same records in another order: one at a time, or they deadlock.
        connection.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"raw {tables.name}"])
        inserted = _insert(connection, tables, load_id)
        unreadable = connection.execute("select count(*) from landing where reason is not null").fetchone()
        assert unreadable
        if unreadable[0]:
            connection.execute(
                "insert into ops.quarantine (source, entity, source_id, payload_hash, stage, rules, location, payload,"
                " load_id, window_start, window_end)"
                " select %s, %s, source_id, payload_hash, 'read', array[reason], location, payload, %s, %s, %s"
                " from landing where reason is not null on conflict on constraint quarantine_once do nothing",
                [tables.source, tables.entity, load_id, window.start, window.end],
            )
        if memory and memory.learned:
            memories.keep(connection, tables.source, tables.entity, memory)
        landed = Landed(load_id, received, inserted, received - inserted - unreadable[0], unreadable[0])
        connection.execute(
            "update ops.load set state = 'landed', landed_at = now(), received = %s, inserted = %s, unchanged = %s,"
            " unreadable = %s where load_id = %s",
            [received, inserted, landed.unchanged, landed.unreadable, load_id],
        )
    if progress:
        progress(received)
    return landed


def _insert(connection: psycopg.Connection, tables: EntityTables, load_id: int) -> int:
    """Put the readable rows of ``landing`` into raw, those that it does not have; returns how many."""
    insert = sql.SQL(
        "insert into {} (source_id, version_at, payload_hash, load_id, defects, payload)"
        " select source_id, version_at, payload_hash, %s, defects, payload::json from landing where reason is null"
    ).format(tables.raw)
    found = connection.execute(sql.SQL("select exists (select from {})").format(tables.raw)).fetchone()
    if found and not found[0]:
        # Looking for a conflict takes a third of the time, and a first load seldom has one.
        try:
            with connection.transaction():
                return connection.execute(insert, [load_id]).rowcount
        except psycopg.errors.UniqueViolation:
            pass  # the source gave a record twice
    return connection.execute(insert + sql.SQL(" on conflict do nothing"), [load_id]).rowcount


class _BadRecordError(Exception):
    """A record that cannot be kept in raw; the message is the rule's short name."""


def _lines(page: Page, entity: Entity, window: Window) -> Iterator[bytes]:
    """One line of COPY text a record: key, version time, hash, defects, payload, reason, location."""
    key_of = _key_reader([entity.id] if isinstance(entity.id, str) else entity.id, entity.id_starts)
    version_of = _version_reader(entity.version_at)
    seen_at = (page.seen_at or window.last_day_start).isoformat()
    location = _escape(page.location.encode())
    for row, text in zip(page.rows, page.texts, strict=True):
        try:
            key = key_of(row)
            if len(text) > LARGEST_RECORD_BYTES:
                raise _BadRecordError("record_too_large")
            version = version_of(row)
            canonical, defect = _canonical(row, text)
            digest = hashlib.blake2b(canonical, digest_size=16).hexdigest().encode()
        except _BadRecordError as error:
            yield _unreadable_line(Unreadable(text.decode(errors="replace"), str(error), page.location))
            continue
        yield b"%b\t%b\t%b\t%b\t%b\t\\N\t%b\n" % (
            _escape(key),
            (version or seen_at).encode(),
            digest,
            b"{%b}" % defect if defect else b"\\N",
            _escape(text),
            location,
        )
    for item in page.unreadable:
        yield _unreadable_line(item)


def _unreadable_line(item: Unreadable) -> bytes:
    text = item.text if len(item.text) <= LARGEST_RECORD_BYTES else item.text[:KEPT_OF_TOO_LARGE]
    stored = text.replace("\x00", "\\u0000").encode(errors="backslashreplace")
    digest = hashlib.blake2b(item.text.encode(errors="backslashreplace"), digest_size=16).hexdigest()
    return b"\\N\t\\N\t%b\t\\N\t%b\t%b\t%b\n" % (
        digest.encode(),
        _escape(stored),
        item.reason.encode(),
        _escape(item.location.encode(errors="backslashreplace")),
    )


def _escape(value: bytes) -> bytes:
    """A value in COPY's text format."""
    if b"\\" in value:
        value = value.replace(b"\\", b"\\\\")
    if b"\n" in value or b"\t" in value or b"\r" in value:
        value = value.replace(b"\n", b"\\n").replace(b"\t", b"\\t").replace(b"\r", b"\\r")
    return value


def _key_reader(ids: Sequence[str], starts: str | None) -> Callable[[dict], bytes]:
    """A function from a record to its key, which starts as told; several dotted paths are joined with a slash."""

    def one(row: dict, path: str) -> str:
        value = row[path] if path in row else value_at(row, path)
        if type(value) is str and value:  # nearly always
            return value
        if value is None or value == "" or isinstance(value, (dict, list, bool)):
            raise _BadRecordError("no_id")
        return str(value)

    def key_of(row: dict) -> bytes:
        if not isinstance(row, dict):
            raise _BadRecordError("not_a_record")
        key = "/".join([one(row, path) for path in ids])
        if "\x00" in key or len(key) > 500:
            raise _BadRecordError("id_not_storable")
        if starts and not key.startswith(starts):
            raise _BadRecordError("id_of_another_entity")
        try:
            return key.encode()
        except UnicodeEncodeError:
            raise _BadRecordError("id_not_storable") from None

    return key_of


def _version_reader(paths: str | Sequence[str] | None) -> Callable[[dict], str | None]:
    """A function from a record to its version time: the value at the path; at several, the latest."""
    if paths is None:
        return lambda row: None
    if isinstance(paths, str):
        return lambda row: version_time(value_at(row, paths))

    def latest(row: dict) -> str | None:
        # compared as instants: of two texts in UTC, only one may have a fraction of a second
        told = [at for path in paths if (at := version_time(value_at(row, path)))]
        return max(told, key=datetime.fromisoformat, default=None)

    return latest


def version_time(value: Any) -> str | None:
    """A source's updated-at as an ISO 8601 text in UTC; a missing one stays None.

    :raises _BadRecordError: when it is no instant (see `include.sources.fields.instant`).
    """
    if value is None or value == "":
        return None
    at = instant(value)
    if at is None:
        raise _BadRecordError("bad_version_time")
    return at.isoformat()


def _canonical(row: dict, text: bytes) -> tuple[bytes, bytes | None]:
    """Canonical JSON of a record (keys sorted, no spaces), and what makes its text unfit for SQL."""
    try:
        canonical = orjson.dumps(row, option=orjson.OPT_SORT_KEYS)
    except TypeError:
        # orjson refuses lone surrogates and integers beyond 64 bits, the standard library writes both
        canonical = json.dumps(row, sort_keys=True, separators=(",", ":")).encode()
        if _has_lone_surrogate(row):
            return canonical, b"lone_surrogate"
    if b"\\u0000" in canonical and _has_nul(row):
        return canonical, b"nul_character"
    # A parser keeps the last of repeated keys.  Each key has two quotes, so equal counts mean that none was dropped.
    if text.count(b'"') != canonical.count(b'"') and _has_repeated_key(text):
        # all of the text decides whether it is a new version, not the part that the parser kept
        return text, b"repeated_key"
    return canonical, None


def _has_nul(value: Any) -> bool:
    """Whether any string in a record has a NUL; the six characters backslash-u-0000 in a text are none."""
    if isinstance(value, str):
        return "\x00" in value
    if isinstance(value, dict):
        return any(_has_nul(key) or _has_nul(item) for key, item in value.items())
    return isinstance(value, list) and any(map(_has_nul, value))


def _has_lone_surrogate(row: dict) -> bool:
    try:
        json.dumps(row, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return True
    return False


def _has_repeated_key(text: bytes) -> bool:
    repeated = False

    def check(pairs: list[tuple[str, Any]]) -> dict:
        nonlocal repeated
        found = dict(pairs)
        repeated = repeated or len(found) < len(pairs)
        return found

    json.loads(text, object_pairs_hook=check)
    return repeated
