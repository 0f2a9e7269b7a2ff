"""Records become lines of PostgreSQL's COPY: key, version time, hash, load, defects, payload, as raw has them."""

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import IO, Any, Literal

import orjson
import pyarrow as pa
from pyarrow import compute

from include.sources.config import Entity
from include.sources.fields import instant, value_at
from include.sources.page import Columns, Page, Unreadable
from include.window import Window

# A record is a person, a deal, a message: one beyond this is not what it says it is, and would fill memory.
LARGEST_RECORD_BYTES = 16 * 1024 * 1024
KEPT_OF_TOO_LARGE = 1000
LARGEST_KEY = 500

READABLE = "source_id, version_at, payload_hash, load_id, defects, payload"
UNREADABLE = "payload_hash, payload, reason, location"


class LineWriter:
    """Writes the lines of one load, and counts them.

    :param entity: says which fields are the key and the version time.
    :param unreadable: takes the lines of what cannot be kept in raw.
    """

    def __init__(self, entity: Entity, window: Window, load_id: int, unreadable: IO[bytes]) -> None:
        self._entity, self._window, self._load_id, self._unreadable_to = entity, window, load_id, unreadable
        self._key_of, self._version_of = key_reader(self._keys, entity.id_starts), version_reader(entity.version_at)
        self._engine: Any = None
        self.received = self.unreadable = 0

    @property
    def _keys(self) -> Sequence[str]:
        return [self._entity.id] if isinstance(self._entity.id, str) else self._entity.id

    def lines(self, page: Page) -> Iterator[bytes | memoryview]:
        """Whole lines of the page's readable records (columns of `READABLE`), in pieces."""
        self.received += page.count
        if isinstance(page, Columns) and self._is_plain(page.table):
            yield from self._from_columns(page)
        else:
            yield b"".join(self._one_by_one(page))

    # One by one

    def _one_by_one(self, page: Page) -> Iterator[bytes]:
        key_of, version_of = self._key_of, self._version_of
        seen_at, load_id = self._seen_at(page), b"%d" % self._load_id
        for row, text in zip(page.rows, page.texts, strict=True):
            try:
                key = key_of(row)
                if len(text) > LARGEST_RECORD_BYTES:
                    raise BadRecordError("record_too_large")
                version = version_of(row)
                canonical, defect = _canonical(row, text)
            except BadRecordError as error:
                self._set_aside(Unreadable(text.decode(errors="replace"), str(error), page.location))
                continue
            yield b"%b\t%b\t%b\t%b\t%b\t%b\n" % (
                _escape(key),
                (version or seen_at).encode(),
                _digest(canonical),
                load_id,
                b"{%b}" % defect if defect else b"\\N",
                _escape(text),
            )
        for item in page.unreadable:
            self._set_aside(item)

    def _set_aside(self, item: Unreadable) -> None:
        text = item.text if len(item.text) <= LARGEST_RECORD_BYTES else item.text[:KEPT_OF_TOO_LARGE]
        stored = text.replace("\x00", "\\u0000").encode(errors="backslashreplace")
        self.unreadable += 1
        self._unreadable_to.write(
            b"%b\t%b\t%b\t%b\n"
            % (
                _digest(item.text.encode(errors="backslashreplace")),
                _escape(stored),
                item.reason.encode(),
                _escape(item.location.encode(errors="backslashreplace")),
            )
        )

    def _seen_at(self, page: Page) -> str:
        return (page.seen_at or self._window.last_day_start).isoformat()

    # In columns

    def _is_plain(self, table: pa.Table) -> bool:
        """Whether every row has a key that can be kept, so that none needs to be looked at by itself."""
        keys = self._keys
        if self._entity.version_at is not None or self._entity.id_starts:
            return False
        if any(key not in table.column_names for key in keys) or any(table[key].null_count for key in keys):
            return False
        longest = sum(compute.max(compute.binary_length(table[key])).as_py() or 0 for key in keys)
        return longest + len(keys) <= LARGEST_KEY

    def _from_columns(self, page: Columns) -> Iterator[memoryview]:
        names = page.table.column_names
        columns = {name: f"c{number}" for number, name in enumerate(names)}
        parts = (
            _escaped_key([columns[key] for key in self._keys]),
            _text(f"\t{self._seen_at(page)}\t"),
            f"left(sha256({_json(sorted(names), columns)}), 32)",
            _text(f"\t{self._load_id}\t\\N\t"),
            f"replace({_json(names, columns)}, '\\', '\\\\')",
            "chr(10)",
        )
        lines = f"select concat({', '.join(parts)}) from block"  # noqa: S608 (names are literals of our making)
        for batch in self._duckdb(page.table.rename_columns(list(columns.values())), lines):
            yield _bytes_of(batch.column(0))

    def _duckdb(self, block: pa.Table, query: str) -> Iterator[pa.RecordBatch]:
        if self._engine is None:
            import duckdb  # a tenth of a second, only for who reads columns

            self._engine = duckdb.connect(config={"threads": 2, "memory_limit": "256MB"})
        self._engine.register("block", block)
        yield from self._engine.sql(query).to_arrow_reader(100_000)
        self._engine.unregister("block")


def _escaped_key(columns: Sequence[str]) -> str:
    key = "concat({})".format(", '/', ".join(columns))
    for sign, escape in (("'\\'", "'\\\\'"), ("chr(10)", "'\\n'"), ("chr(9)", "'\\t'"), ("chr(13)", "'\\r'")):
        key = f"replace({key}, {sign}, {escape})"
    return key


def _json(names: Sequence[str], columns: dict[str, str]) -> str:
    return f"json_object({', '.join(f'{_text(name)}, {columns[name]}' for name in names)})::varchar"


def _text(value: str) -> str:
    """A text literal of DuckDB."""
    return "'" + value.replace("'", "''") + "'"


def _bytes_of(column: pa.Array) -> memoryview:
    """The texts of a column, one after the other, as they lie in memory."""
    _, offsets, data = column.buffers()
    wide: Literal["q", "i"] = "q" if pa.types.is_large_string(column.type) else "i"
    ends = memoryview(offsets).cast("B").cast(wide)
    return memoryview(data)[ends[column.offset] : ends[column.offset + len(column)]]


class BadRecordError(Exception):
    """A record that cannot be kept in raw; the message is the rule's short name."""


def _digest(canonical: bytes) -> bytes:
    """The first half of SHA-256, as PostgreSQL and DuckDB have it too."""
    return hashlib.sha256(canonical).hexdigest()[:32].encode()


def _escape(value: bytes) -> bytes:
    """A value in COPY's text format."""
    if b"\\" in value:
        value = value.replace(b"\\", b"\\\\")
    if b"\n" in value or b"\t" in value or b"\r" in value:
        value = value.replace(b"\n", b"\\n").replace(b"\t", b"\\t").replace(b"\r", b"\\r")
    return value


def key_reader(ids: Sequence[str], starts: str | None) -> Callable[[dict], bytes]:
    """A function from a record to its key, which starts as told; several dotted paths are joined with a slash."""

    def one(row: dict, path: str) -> str:
        value = row[path] if path in row else value_at(row, path)
        if type(value) is str and value:  # nearly always
            return value
        if value is None or value == "" or isinstance(value, (dict, list, bool)):
            raise BadRecordError("no_id")
        return str(value)

    def key_of(row: dict) -> bytes:
        if not isinstance(row, dict):
            raise BadRecordError("not_a_record")
        key = "/".join([one(row, path) for path in ids])
        if "\x00" in key or len(key) > 500:
            raise BadRecordError("id_not_storable")
        if starts and not key.startswith(starts):
            raise BadRecordError("id_of_another_entity")
        try:
            return key.encode()
        except UnicodeEncodeError:
            raise BadRecordError("id_not_storable") from None

    return key_of


def version_reader(paths: str | Sequence[str] | None) -> Callable[[dict], str | None]:
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

    :raises BadRecordError: when it is no instant (see `include.sources.fields.instant`).
    """
    if value is None or value == "":
        return None
    at = instant(value)
    if at is None:
        raise BadRecordError("bad_version_time")
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
