"""Reading a table or a query: the rows of a window, or all keys, and the rows of some of them."""

import json
from collections import Counter
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import orjson
import sqlalchemy as sa
from pymysql.constants import FIELD_TYPE
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.sql.elements import ColumnClause, ColumnElement

from include.settings import TIMEZONE
from include.sources.config import Database, Entity
from include.sources.config.request import PLACEHOLDER
from include.sources.connection import SourceConnection
from include.sources.database.connect import MYSQL, connect, reason
from include.sources.database.values import NESTED, PLAIN, plain
from include.sources.errors import ReadFailedError
from include.sources.page import Page, unreadable
from include.sources.records import to_text
from include.sources.rest import window_values
from include.window import Window

ROWS_A_PAGE = 1_000  # what the processor's cache holds; more is slower
KEYS_A_PAGE = 5_000
BYTES_A_PAGE = 4 * 2**20
KEYS_A_FETCH = 500
_FIRST_ROWS = 100
_SAMPLE_ROWS = 20

Rows = Sequence[Sequence[Any]]


def read_database(entity: Entity, window: Window, connection: SourceConnection, name: str) -> Generator[Page]:
    """The rows of a window, each as a record of its columns.

    :param name: the connection's name, for messages.
    :raises ReadFailedError: when the database cannot be read to the end.
    """
    assert entity.database
    with connect(connection, entity.database.timezone, name) as opened:
        reader = _Reader(opened, entity.database, connection, name)
        statement, parameters = reader.of_window(window)
        for names, rows in reader.batches(statement, parameters, _columns(entity), ROWS_A_PAGE):
            yield reader.page(names, rows)


def compare_keys(
    entity: Entity, connection: SourceConnection, name: str, missed: Callable[[Page], Sequence[int]]
) -> Generator[Page]:
    """The rows that turn out to be missed when all keys are compared; the keys alone are read for that.

    :param missed: told each page of keys, as records of the key and the time of change; says by their places which
        of them are missed.
    :raises ReadFailedError: when the database cannot be read to the end.
    """
    assert entity.database
    ids, wanted = _ids(entity), _columns(entity)
    zone = entity.database.timezone
    with connect(connection, zone, name) as listing, connect(connection, zone, name) as fetching:
        reader = _Reader(listing, entity.database, connection, name)
        fetcher = _Reader(fetching, entity.database, connection, name)
        listed: sa.Select = sa.select(*map(sa.column, wanted)).select_from(reader.rows)
        for names, keys in reader.batches(listed, {}, wanted, KEYS_A_PAGE):
            missing = [keys[place][: len(ids)] for place in missed(reader.page(names, keys))]
            for start in range(0, len(missing), KEYS_A_FETCH):
                statement = _everything(fetcher.rows).where(_is_one_of(ids, missing[start : start + KEYS_A_FETCH]))
                for found, rows in fetcher.batches(statement, {}, wanted, ROWS_A_PAGE):
                    yield fetcher.page(found, rows)


class _Reader:
    """A table or query in an open database."""

    def __init__(self, opened: sa.Connection, config: Database, connection: SourceConnection, name: str) -> None:
        self._opened, self._config, self._connection = opened, config, connection
        self._dialect = opened.dialect.name
        self._location = f"{config.table or 'query'} of {name}"
        self.rows = _table(config.table) if config.table else _query(config.query or "").subquery("source_rows")

    def of_window(self, window: Window) -> tuple[sa.Executable, dict[str, Any]]:
        """The statement for the rows of a window, and its parameters."""
        if self._config.changed_at:
            changed_at: ColumnClause = sa.column(self._config.changed_at)
            zone = self._zone_of(changed_at)
            start, end = (_parameter(self._bound(moment, zone)) for moment in (window.start, window.end))
            return _everything(self.rows).where(changed_at >= start, changed_at < end), {}
        if self._config.query:
            zone = self._config.timezone or TIMEZONE
            values = window_values(window)
            values |= {f"window_{end}": self._bound(getattr(window, end), zone) for end in ("start", "end")}
            return _query(self._config.query), {name: values[name] for name in self._config.placeholders()}
        return _everything(self.rows), {}

    def batches(
        self, statement: sa.Executable, parameters: dict[str, Any], needed: Sequence[str], most: int
    ) -> Generator[tuple[list[str], Rows]]:
        """Column names, and rows as the driver gives them: at most so many at a time, and fewer when they are large."""
        with self._result(statement, parameters) as result:
            names = list(result.keys())
            self._check(names, needed)
            size = _FIRST_ROWS
            while rows := result.fetchmany(size):
                yield names, rows
                size = min(most, max(1, BYTES_A_PAGE // _bytes_a_row(rows)))

    def page(self, names: Sequence[str], rows: Rows) -> Page:
        """The rows as records."""
        zone = self._config.timezone
        columns: list[Sequence[Any]] = list(zip(*rows, strict=True))
        kinds = [set(map(type, values)) for values in columns]
        for place, found in enumerate(kinds):
            if not found <= PLAIN:
                columns[place] = [plain(value, zone) for value in columns[place]]
        records = [dict(zip(names, values, strict=True)) for values in zip(*columns, strict=True)]
        page = Page(records, [to_text(record) for record in records], location=self._location)
        return _taken_apart(page) if any(found & NESTED for found in kinds) else page

    def _bound(self, moment: datetime, zone: ZoneInfo) -> Any:
        """An end of the window to compare with: an instant where the database knows any, else the zone's wall time."""
        if self._dialect == "postgresql":  # its session knows the zone of times without one
            return moment
        wall = moment.astimezone(zone).replace(tzinfo=None)
        # SQLite compares texts: no fraction where there is none, as nearly everyone writes them
        return wall.isoformat(" ") if self._dialect in (*MYSQL, "sqlite") else wall

    def _zone_of(self, changed_at: ColumnClause) -> ZoneInfo:
        """The time zone that the values of the column are in.

        :raises ReadFailedError: when it holds no times and the database would compare it with them nevertheless.
        """
        is_time, zone = True, self._config.timezone or TIMEZONE
        if self._dialect in MYSQL:
            with self._result(sa.select(changed_at).select_from(self.rows).limit(0)) as result:
                assert result.cursor and result.cursor.description
                kind = result.cursor.description[0][1]
            is_time = kind in (FIELD_TYPE.TIMESTAMP, FIELD_TYPE.DATETIME, FIELD_TYPE.DATE)
            if kind == FIELD_TYPE.TIMESTAMP:  # of the session's zone, whatever that of the other columns
                zone = ZoneInfo("UTC")
        elif self._dialect == "sqlite":
            sample = (
                sa.select(sa.func.typeof(changed_at)).select_from(self.rows).where(changed_at.is_not(None)).limit(1)
            )
            with self._result(sample) as result:
                is_time = result.scalar() in (None, "text")
        if not is_time:
            what = f"the column {changed_at.name} of changed_at holds no times"
            next_step = "Take it from a query with {window_start_s} or {window_start_ms}, or from another column."
            raise ReadFailedError(self._location, what, next_step)
        return zone

    @contextmanager
    def _result(self, statement: sa.Executable, parameters: dict[str, Any] | None = None) -> Generator[sa.CursorResult]:
        try:
            with self._opened.execute(statement, parameters or {}) as result:
                yield result
        except (SQLAlchemyError, UnicodeDecodeError) as error:
            what = f"it cannot be read: {reason(error, self._connection.database_url)}"
            raise ReadFailedError(
                self._location, what, "Check database: in the source's YAML; a connection that was lost: run it again."
            ) from None

    def _check(self, names: list[str], needed: Sequence[str]) -> None:
        if twice := [name for name, count in Counter(names).items() if count > 1]:
            what = f"it has two columns of the name {', '.join(twice)}"
            raise ReadFailedError(self._location, what, "Give them names of their own in the query.")
        if missing := [name for name in needed if name not in names]:
            what = f"it has no column {', '.join(missing)}; there are {', '.join(names)}"
            raise ReadFailedError(self._location, what, "Check id, version_at and changed_at in the source's YAML.")


def _taken_apart(page: Page) -> Page:
    """A page whose records hold JSON that the server wrote, with that JSON's values in the records."""
    apart = Page([], [], location=page.location)
    for written in page.texts:
        try:
            apart.rows.append(orjson.loads(written))
        except orjson.JSONDecodeError:
            try:
                apart.rows.append(json.loads(written))  # knows lone surrogates, which PostgreSQL's json takes
            except (ValueError, RecursionError):
                apart.unreadable.append(unreadable(written, "not_json", page.location))
                continue
        apart.texts.append(written)
    return apart


def _table(name: str) -> sa.FromClause:
    schema, _, own = name.rpartition(".")
    return sa.table(own, schema=schema or None)


def _query(query: str) -> Any:
    # colons in the query are its own; its placeholders become bound values
    escaped = query.strip().rstrip(";").replace(":", r"\:")
    return sa.text(PLACEHOLDER.sub(r" :\1", escaped)).columns()


def _everything(rows: sa.FromClause) -> sa.Select:
    return sa.select(sa.literal_column("*")).select_from(rows)


def _parameter(value: Any) -> ColumnElement:
    # without a type the driver's own rules hold, as for a value typed in by hand
    return sa.bindparam(None, value, type_=sa.types.NullType())


def _is_one_of(names: Sequence[str], keys: Rows) -> ColumnElement[bool]:
    if len(names) == 1:
        values = [key[0] for key in keys]
        return sa.column(names[0]).in_(sa.bindparam(None, values, expanding=True, type_=sa.types.NullType()))
    return sa.or_(*(sa.and_(*(sa.column(n) == _parameter(v) for n, v in zip(names, key, strict=True))) for key in keys))


def _ids(entity: Entity) -> list[str]:
    return [entity.id] if isinstance(entity.id, str) else list(entity.id)


def _columns(entity: Entity) -> list[str]:
    """The columns that the entity goes by, the key's first."""
    times = [entity.version_at] if isinstance(entity.version_at, str) else entity.version_at or ()
    return list(dict.fromkeys([*_ids(entity), *times]))


def _bytes_a_row(rows: Rows) -> int:
    """About how large a row is, of a few of them."""
    sample = rows[:: max(1, len(rows) // _SAMPLE_ROWS)]
    return 1 + sum(len(v) if isinstance(v, str | bytes) else 8 for row in sample for v in row) // len(sample)
