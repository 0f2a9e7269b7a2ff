"""Trying an entity's statement and suite on some of its records: nothing of them is kept."""

import io
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import psycopg
from psycopg import sql

from include.quality.expectations import RuleResult, validate
from include.quality.suites import load_suite
from include.settings import EXPECTATIONS
from include.sources.config import Entity, Source
from include.sources.page import Page
from include.warehouse.connection import Warehouse
from include.warehouse.copy_lines import READABLE, LineWriter
from include.warehouse.landing import tables_of
from include.warehouse.locks import exclusive
from include.warehouse.staging import drop_batch, make_batch
from include.warehouse.tables import KEYS, EntityTables, staging_types
from include.window import Window

_MOST_EXAMPLES = 3


@dataclass(frozen=True)
class Misfit:
    """Records that staging would put into quarantine before any rule is asked.

    :param rule: ``amount__is_numeric``, ``record__has_another_shape``, or what SQL cannot hold.
    :param values: how many records have a value in the column, of whatever kind.
    :param examples: some of them: source id, and the value or what the database said.
    """

    rule: str
    records: int
    values: int
    examples: tuple[tuple[str, str], ...]

    @property
    def column(self) -> str:
        return self.rule.partition("__")[0]


@dataclass(frozen=True)
class Trial:
    """What became of the records.

    :param readable: how many have a key and a version time that can be kept.
    :param unreadable: reason → how many have not.
    :param columns: what the statement gives, without keys.
    :param empty: those of its columns that are null in every record.
    :param rules: what each rule of the suite found; none when there was no record to ask about.
    """

    readable: int
    unreadable: dict[str, int]
    columns: tuple[str, ...]
    misfits: tuple[Misfit, ...]
    empty: tuple[str, ...]
    rules: tuple[RuleResult, ...]


@dataclass(frozen=True)
class _TrialTables(EntityTables):
    """In the place of raw a table of this session alone; the typed rows where Great Expectations sees them."""

    @property
    def raw(self) -> sql.Identifier:
        return sql.Identifier("pg_temp", "trial")

    @property
    def batch(self) -> sql.Identifier:
        return sql.Identifier("ops", f"trial__{self.name}")

    @property
    def numbered_name(self) -> str:
        return f"trial_rows__{self.name}"


def try_records(warehouse: Warehouse, source: Source, entity: Entity, window: Window, pages: Sequence[Page]) -> Trial:
    """Type and validate records as staging would.

    The typed rows are in a table of ops while it lasts, one an entity, which the next trial drops when this one dies.

    :param pages: none to try only whether the statement fits the table.
    :raises StagingError: when the statement does not run, or does not fit the table.
    :raises QualityError: when the suite cannot be read or evaluated.
    """
    of = tables_of(source, entity)
    tables = _TrialTables(of.source, of.entity, of.feeds)
    suite = load_suite(EXPECTATIONS / f"{tables.name}.json")
    with warehouse.connect(autocommit=True) as connection, exclusive(connection, f"trial {tables.name}"):
        readable, unreadable = _take(connection, entity, window, pages)
        try:
            with connection.transaction():
                typed = make_batch(connection, tables, 0, is_replay=False, is_first=False)
            columns = _columns(connection, tables)
            misfits = _misfits(connection, columns)
            empty = _empty(connection, tables, columns) if typed else ()
            rules: tuple[RuleResult, ...] = ()
            if typed:
                rules = validate(warehouse.sqlalchemy_url, "ops", tables.numbered_name, suite, KEYS).results
        finally:
            if not connection.broken:
                with connection.transaction():
                    drop_batch(connection, tables)
    return Trial(readable, unreadable, columns, misfits, empty, rules)


def _take(
    connection: psycopg.Connection, entity: Entity, window: Window, pages: Sequence[Page]
) -> tuple[int, dict[str, int]]:
    """The records as raw would have them, in the table of the trial, each version once."""
    aside = io.BytesIO()
    writer = LineWriter(entity, window, 0, aside)
    connection.execute("create temp table taken (like raw.template including defaults)")
    with connection.cursor().copy(sql.SQL("copy taken ({}) from stdin").format(sql.SQL(READABLE))) as copy:
        for page in pages:
            for lines in writer.lines(page):
                copy.write(lines)
    connection.execute(
        "create temp table trial as select distinct on (source_id, version_at, payload_hash) * from taken"
    )
    reasons = Counter(line.split(b"\t")[2].decode() for line in aside.getvalue().splitlines())
    return writer.received - writer.unreadable, dict(reasons)


def _columns(connection: psycopg.Connection, tables: EntityTables) -> tuple[str, ...]:
    rows = connection.execute(
        "select attname from pg_attribute where attrelid = 'pg_temp.renamed'::regclass and attnum > 0 order by attnum"
    ).fetchall()
    return tuple(name for (name,) in rows if name not in KEYS)


def _misfits(connection: psycopg.Connection, columns: Sequence[str]) -> tuple[Misfit, ...]:
    rows = connection.execute(
        "select rule, count(*), (array_agg(array[source_id, coalesce(detail, '')] order by source_id))[1:%s]"
        " from failed group by rule order by rule",
        [_MOST_EXAMPLES],
    ).fetchall()
    misfits = []
    for rule, count, found in rows:
        column = sql.Identifier(name) if (name := rule.partition("__")[0]) in columns else sql.SQL("*")
        values = connection.execute(sql.SQL("select count({}) from pg_temp.renamed").format(column)).fetchone()
        assert values
        misfits.append(Misfit(rule, count, values[0], tuple((key, detail) for key, detail in found)))
    return tuple(misfits)


def _empty(connection: psycopg.Connection, tables: EntityTables, columns: Sequence[str]) -> tuple[str, ...]:
    counted = [name for name in columns if name != "is_deleted"]  # null is false there
    if not counted:
        return ()
    counts = connection.execute(
        sql.SQL("select {} from {}").format(
            sql.SQL(", ").join(sql.SQL("count({})").format(sql.Identifier(name)) for name in counted), tables.batch
        )
    ).fetchone()
    assert counts
    return tuple(name for name, count in zip(counted, counts, strict=True) if not count)


def rule_columns_missing(warehouse: Warehouse, source: Source, entity: Entity) -> list[str]:
    """The columns that rules of the entity's suite name and its staging table does not have."""
    tables = tables_of(source, entity)
    suite = load_suite(EXPECTATIONS / f"{tables.name}.json")
    with warehouse.connect() as connection:
        types = staging_types(connection, tables.feeds)
    return sorted({rule.column for rule in suite.rules if rule.column and rule.column not in types})
