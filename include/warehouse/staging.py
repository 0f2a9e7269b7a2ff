"""Staging: raw rows are validated; good rows become typed rows, bad rows wait in quarantine with their rules."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

import psycopg
from psycopg import sql

from include.quality.expectations import RuleResult, Validation, validate
from include.quality.suites import load_suite
from include.settings import EXPECTATIONS, TIMEZONE
from include.sources.config import Entity, Source
from include.warehouse.connection import Warehouse
from include.warehouse.forgotten import free_batch
from include.warehouse.landing import tables_of
from include.warehouse.locks import exclusive
from include.warehouse.renamed import CLOCK_WORDS, StagingError, casts, renamed_columns
from include.warehouse.tables import BOOKKEEPING, KEYS, EntityTables, ensure, staging_types
from include.window import Window


class RulesStoppedError(StagingError):
    """A critical table rule failed; nothing of the load was staged."""


@dataclass(frozen=True)
class Staged:
    """Counts of one staging: validated = staged + quarantined."""

    loads: int
    validated: int
    staged: int
    quarantined: int


# Where a batch comes from: new rows of a load, or quarantined rows that are tried again.
NEW_ROWS = sql.SQL("select {keys}, payload from {raw} where load_id = {load_id} and defects is null")
QUARANTINED_ROWS = sql.SQL(
    "select r.source_id, r.version_at, r.payload_hash, r.payload from {raw} as r"
    " inner join ops.quarantine as q on q.source = {source} and q.entity = {entity} and q.state = 'open'"
    " and q.source_id = r.source_id and q.version_at = r.version_at and q.payload_hash = r.payload_hash"
    " where r.defects is null"
)


ENDLESS = {
    "numeric": ("NaN", "Infinity", "-Infinity"),
    "timestamp with time zone": ("infinity", "-infinity"),
    "date": ("infinity", "-infinity"),
}
ENDLESS_TEXTS = ("nan", "inf", "+inf", "-inf", "infinity", "+infinity", "-infinity")
# One record at a time, the statement tells which ones it cannot read; they fail, and the batch goes on without them.
FIND_SHAPE_FAILURES = b"""
create temp table suspect on commit drop as select row_number() over () as n, b.* from batch as b;
alter table suspect add primary key (n);
create or replace temp view batch as
select source_id, version_at, payload_hash, payload from suspect where n = current_setting('crm.suspect')::bigint;
do $$
declare
    one record;
begin
    for one in select n, source_id, version_at, payload_hash from suspect loop
        perform set_config('crm.suspect', one.n::text, true);
        begin
            perform * from renamed;
        exception when data_exception then
            insert into failed
            values (one.source_id, one.version_at, one.payload_hash, 'record__has_another_shape', 'types', sqlerrm);
        end;
    end loop;
end
$$;
create or replace temp view batch as
select s.source_id, s.version_at, s.payload_hash, s.payload from suspect as s
where not exists (
    select from failed as f
    where f.source_id = s.source_id and f.version_at = s.version_at and f.payload_hash = s.payload_hash
);
"""


def stage(warehouse: Warehouse, source: Source, entity: Entity, window: Window) -> Staged:
    """Validate and stage every load of an entity that has landed and is not staged yet.

    The loads of processes that died are taken over.  A load that a table rule stopped is tried again only by a run
    of its own window.  Each load is one commit, under the entity's lock.

    :raises RulesStoppedError: at the end, when a critical table rule failed for any load; the others are staged.
    :raises StagingError: when the staging statement does not fit the table.
    """
    tables = tables_of(source, entity)
    total = [0, 0, 0, 0]
    with warehouse.connect(autocommit=True) as connection:
        ensure(connection, tables)
        with exclusive(connection, f"staging {tables.name}"):
            stopped = []
            for load_id in _waiting(connection, tables, window):
                try:
                    counts = _stage_load(warehouse, connection, tables, load_id)
                except RulesStoppedError as error:  # a load of another day must not hold back this one
                    stopped.append(error)
                    continue
                total = [a + b for a, b in zip(total, (1, *counts), strict=True)]
    if stopped:
        raise RulesStoppedError("\n".join(map(str, stopped)))
    return Staged(*total)


def replay(warehouse: Warehouse, source: Source, entity: Entity, window: Window, run_ref: str | None = None) -> Staged:
    """Run today's rules on the open quarantined rows of an entity again; those that pass are staged.

    Rows that could not be read as records stay: only the source can send them again.

    :param window: noted in the books as the replay's window.
    """
    tables = tables_of(source, entity)
    with warehouse.connect(autocommit=True) as connection:
        ensure(connection, tables)
        with exclusive(connection, f"staging {tables.name}"):
            row = connection.execute(
                "insert into ops.load (source, entity, kind, window_start, window_end, run_ref, state, landed_at,"
                " received, inserted, unchanged, unreadable)"
                " values (%s, %s, 'replay', %s, %s, %s, 'landed', now(), 0, 0, 0, 0) returning load_id",
                [tables.source, tables.entity, window.start, window.end, run_ref],
            ).fetchone()
            assert row
            return Staged(1, *_stage_load(warehouse, connection, tables, row[0], is_replay=True))


def _waiting(connection: psycopg.Connection, tables: EntityTables, window: Window) -> Sequence[int]:
    rows = connection.execute(
        "select load_id from ops.load where source = %s and entity = %s and kind <> 'replay'"
        " and (state = 'landed' or (state = 'stopped' and window_start = %s and window_end = %s)) order by load_id",
        [tables.source, tables.entity, window.start, window.end],
    ).fetchall()
    return [row[0] for row in rows]


def _stage_load(
    warehouse: Warehouse, connection: psycopg.Connection, tables: EntityTables, load_id: int, is_replay: bool = False
) -> tuple[int, int, int]:
    is_first = not is_replay and _is_empty(connection, tables)
    with connection.transaction():
        evaluated = make_batch(connection, tables, load_id, is_replay, is_first)
    validation = None
    suite = load_suite(EXPECTATIONS / f"{tables.name}.json")
    if evaluated:
        # another connection reads the batch, so it is a table that others can see, not a temporary one
        validation = validate(warehouse.sqlalchemy_url, "ops", tables.numbered_name, suite, KEYS)
    stopped = [rule for rule in validation.results if _stops(rule)] if validation else []
    with connection.transaction():
        if validation:
            _note(connection, load_id, suite.name, validation, evaluated)
        if stopped:
            what = "; ".join(f"{rule.rule}: saw {rule.observed}" for rule in stopped)
            connection.execute(
                "update ops.load set state = 'stopped', detail = %s where load_id = %s", [what[:2000], load_id]
            )
            counts = (0, 0, 0)
        else:
            counts = _commit_batch(connection, tables, load_id, validation, is_replay, is_first)
        drop_batch(connection, tables)
    if stopped:
        raise RulesStoppedError(
            f"{tables.name}, load {load_id}: {what}. Nothing of it was staged; its rows are in raw.{tables.name}. "
            f"Mend the source or the rule in expectations/{tables.name}.json, then run the same window again."
        )
    return counts


def _stops(rule: RuleResult) -> bool:
    return rule.level == "table" and rule.severity == "critical" and not rule.success


def make_batch(
    connection: psycopg.Connection, tables: EntityTables, load_id: int, is_replay: bool, is_first: bool
) -> int:
    """Make the batch table and the temporary table of rows that already failed.

    :param is_first: whether the batch may become staging itself.
    :returns: the number of rows in the batch.
    """
    types = staging_types(connection, tables.feeds)
    drop_batch(connection, tables)
    connection.execute("drop view if exists pg_temp.renamed; drop view if exists pg_temp.batch")
    connection.execute("create temp table if not exists failed (source_id text, version_at timestamptz,"
                       " payload_hash uuid, rule text, stage text, detail text)")  # fmt: skip
    connection.execute("truncate failed")
    rows = (QUARANTINED_ROWS if is_replay else NEW_ROWS).format(
        keys=sql.SQL(", ").join(map(sql.Identifier, KEYS)),
        raw=tables.raw,
        load_id=load_id,
        source=tables.source,
        entity=tables.entity,
    )
    connection.execute(sql.SQL("create temp view batch as {}").format(rows))
    columns = renamed_columns(connection, tables, types)
    if not is_replay:
        connection.execute(
            sql.SQL(
                "insert into failed select source_id, version_at, payload_hash, unnest(defects), 'read', null"
                " from {} where load_id = %s and defects is not null"
            ).format(tables.raw),
            [load_id],
        )
    # A date or time without a zone is one of the business's own.
    connection.execute("select set_config('timezone', %s, true)", [TIMEZONE.key])
    try:
        with connection.transaction():
            return _typed_batch(connection, tables, load_id, types, columns, is_first)
    except psycopg.DataError:
        # some value is not of its column's type: find every such row, then go on without them
        _find_type_failures(connection, types, columns)
        return _typed_batch(connection, tables, load_id, types, columns, is_first)


def drop_batch(connection: psycopg.Connection, tables: EntityTables) -> None:
    connection.execute(sql.SQL("drop view if exists {}").format(tables.numbered))
    connection.execute(sql.SQL("drop table if exists {}").format(tables.batch))


def _is_empty(connection: psycopg.Connection, tables: EntityTables) -> bool:
    row = connection.execute(sql.SQL("select not exists (select from {})").format(tables.staging)).fetchone()
    return bool(row and row[0])


NOT_FAILED = sql.SQL(
    " where not exists (select from failed as f where f.source_id = {0}.source_id and f.version_at = {0}.version_at"
    " and f.payload_hash = {0}.payload_hash)"
)


def _typed_batch(
    connection: psycopg.Connection,
    tables: EntityTables,
    load_id: int,
    types: dict[str, str],
    columns: list[str],
    is_first: bool,
) -> int:
    """The batch in staging's shape, and the view of it that the rules are run on."""
    # With nothing to leave out, several processes of the server work on it; a temporary table only one may read.
    connection.execute("set local parallel_tuple_cost = 0")
    failed = connection.execute("select exists (select from failed)").fetchone()
    made = connection.execute(
        sql.SQL(
            "create {kind} {batch} as select {name}::text as source_table, {load_id}::bigint as load_id, {casts}"
            " from renamed as r{remaining}"
        ).format(
            kind=sql.SQL("table" if is_first else "unlogged table"),
            batch=tables.batch,
            name=tables.name,
            load_id=load_id,
            casts=casts(types, columns),
            remaining=NOT_FAILED.format(sql.SQL("r")) if failed and failed[0] else sql.SQL(""),
        )
    ).rowcount
    # a record that raw has as gone is deleted, whatever its last payload says
    connection.execute(
        sql.SQL(
            "update {} as b set is_deleted = true from {} as r where r.is_gone and r.source_id = b.source_id"
            " and r.version_at = b.version_at and r.payload_hash = b.payload_hash"
        ).format(tables.batch, tables.raw)
    )
    connection.execute(
        sql.SQL(
            "create view {} as select (ctid::text::point)[0]::bigint * 65536 + (ctid::text::point)[1]::bigint"
            " as row_number, * from {}"
        ).format(tables.numbered, tables.batch)
    )
    # PostgreSQL takes these as numbers and times, and greater than all others: one of them would spoil every sum
    endless = [
        sql.SQL("{} in ({})").format(sql.Identifier(name), sql.SQL(", ").join(map(sql.Literal, ENDLESS[types[name]])))
        for name in columns
        if types[name] in ENDLESS
    ]
    if endless:
        found = connection.execute(
            sql.SQL("select exists (select from {} where {})").format(tables.batch, sql.SQL(" or ").join(endless))
        ).fetchone()
        if found and found[0]:
            raise psycopg.DataError("a number or time is not finite")
    return made


def _find_type_failures(connection: psycopg.Connection, types: dict[str, str], columns: list[str]) -> None:
    connection.execute("drop table if exists pg_temp.renamed_text")
    try:
        with connection.transaction():
            connection.execute("create temp table renamed_text on commit drop as select * from renamed")
    except psycopg.DataError:
        # the statement itself stumbles over some record's shape, such as a list where it takes an object apart
        connection.execute(FIND_SHAPE_FAILURES)
        connection.execute("create temp table renamed_text on commit drop as select * from renamed")
    for name in columns:
        if name in KEYS or types[name] == "text":
            continue
        rule = f"{name}__is_{types[name].split(' ')[0]}"
        connection.execute(
            sql.SQL(
                "insert into failed select source_id, version_at, payload_hash, {rule}, 'types',"
                " left({column}::text, 200) from renamed_text"
                " where {column} is not null and (not ops.is_castable({column}::text, {type})"
                " or trim(lower({column}::text)) = any({endless}))"
            ).format(
                endless=list(ENDLESS_TEXTS + CLOCK_WORDS), rule=rule, column=sql.Identifier(name), type=types[name]
            )
        )


def _note(connection: psycopg.Connection, load_id: int, suite: str, validation: Validation, evaluated: int) -> None:
    is_success = all(rule.success for rule in validation.results if rule.severity == "critical")
    row = connection.execute(
        "insert into ops.validation (load_id, suite, is_success, evaluated, result) values (%s, %s, %s, %s, %s)"
        " returning validation_id",
        [load_id, suite, is_success, evaluated, json.dumps(validation.json)],
    ).fetchone()
    assert row
    with connection.cursor() as cursor:
        cursor.executemany(
            "insert into ops.validation_rule (validation_id, rule, column_name, severity, level, is_success, evaluated,"
            " unexpected, observed) values (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
            [
                (row[0], r.rule, r.column, r.severity, r.level, r.success, r.evaluated, r.unexpected, r.observed)
                for r in validation.results
            ],
        )


def _commit_batch(
    connection: psycopg.Connection,
    tables: EntityTables,
    load_id: int,
    validation: Validation | None,
    is_replay: bool,
    is_first: bool,
) -> tuple[int, int, int]:
    """Rows that broke a critical rule to quarantine, the others to staging, the counts to the books."""
    for rule in validation.results if validation else ():
        if rule.level == "row" and rule.severity == "critical" and not rule.success and rule.failing_rows_sql:
            insert = "insert into failed select source_id, version_at, payload_hash, {}, 'rules', null from ({}) as x"
            connection.execute(sql.SQL(insert).format(rule.rule, sql.SQL(rule.failing_rows_sql)))
    forgotten = free_batch(connection, tables)
    quarantined = connection.execute(
        sql.SQL(
            "insert into ops.quarantine (source, entity, source_id, version_at, payload_hash, stage, rules, detail,"
            " payload, load_id, window_start, window_end)"
            " select {source}, {entity}, r.source_id, r.version_at, r.payload_hash, f.stage, f.rules, f.detail,"
            " r.payload::text, l.load_id, l.window_start, l.window_end"
            " from (select source_id, version_at, payload_hash, min(stage) as stage,"
            " array_agg(distinct rule order by rule) as rules, string_agg(distinct detail, '; ') as detail"
            " from failed group by source_id, version_at, payload_hash) as f"
            " inner join {raw} as r using (source_id, version_at, payload_hash)"
            " inner join ops.load as l on l.load_id = {load_id}"
            " on conflict on constraint quarantine_once do update"
            " set stage = excluded.stage, rules = excluded.rules, detail = excluded.detail"
        ).format(source=tables.source, entity=tables.entity, raw=tables.raw, load_id=load_id)
    ).rowcount
    staged = _become_staging(connection, tables) if is_first else _add_to_staging(connection, tables)
    if is_replay:
        connection.execute(
            sql.SQL(
                "update ops.quarantine as q set state = 'replayed', resolved_at = now() from {} as s"
                " where q.source = %s and q.entity = %s and q.state = 'open' and s.load_id = %s"
                " and q.source_id = s.source_id and q.version_at = s.version_at and q.payload_hash = s.payload_hash"
            ).format(tables.staging),
            [tables.source, tables.entity, load_id],
        )
    connection.execute(
        "update ops.load set state = 'staged', staged_at = now(), detail = null, validated = %(validated)s,"
        " staged = %(staged)s, quarantined = %(quarantined)s, inserted = inserted - %(forgotten)s,"
        " unchanged = unchanged + %(forgotten)s, forgotten = forgotten + %(forgotten)s where load_id = %(load_id)s",
        {
            "validated": staged + quarantined,
            "staged": staged,
            "quarantined": quarantined,
            "load_id": load_id,
            "forgotten": 0 if is_replay else forgotten,
        },
    )
    return staged + quarantined, staged, quarantined


def _add_to_staging(connection: psycopg.Connection, tables: EntityTables) -> int:
    """Insert the rows of the batch that did not fail; returns how many."""
    columns = [sql.Identifier(name) for name in (*BOOKKEEPING, *staging_types(connection, tables.feeds))]
    names = sql.SQL(", ").join(columns)
    insert = sql.SQL("insert into {} ({}) select {} from {} as b").format(tables.staging, names, names, tables.batch)
    insert += NOT_FAILED.format(sql.SQL("b"))
    try:
        with connection.transaction():
            return connection.execute(insert).rowcount
    except psycopg.errors.UniqueViolation:
        # versions that raw was pruned of came again: they are read anew
        again = sql.SQL(", ").join(sql.SQL("{0} = excluded.{0}").format(column) for column in columns)
        keys = sql.SQL(", ").join(map(sql.Identifier, KEYS))
        return connection.execute(insert + sql.SQL(" on conflict ({}) do update set {}").format(keys, again)).rowcount


def _become_staging(connection: psycopg.Connection, tables: EntityTables) -> int:
    """Put the batch of an entity's first load in the place of its empty partition; returns how many rows it has.

    Each row is written once, and each index is sorted once.
    """
    connection.execute(
        sql.SQL(
            "delete from {} as b using failed as f where f.source_id = b.source_id and f.version_at = b.version_at"
            " and f.payload_hash = b.payload_hash"
        ).format(tables.batch)
    )
    parent, name = sql.Identifier("staging", tables.feeds), sql.Identifier(tables.name)
    for statement in (
        "alter table {batch} alter source_table set not null, alter load_id set not null,"
        " alter is_deleted set not null, alter is_deleted set default false,"
        " add constraint one_source check (source_table = {source}),"
        " add constraint {key} primary key (source_id, version_at, payload_hash)",
        "drop view {view}",
        "drop table {staging}",
        "alter table {batch} set schema staging",
        "alter table {moved} rename to {name}",
        "alter table {parent} attach partition {staging} for values in ({source})",
        "alter table {staging} drop constraint one_source",
        "create index {index} on {staging} using brin (load_id) with (pages_per_range = 16)",
    ):
        connection.execute(
            sql.SQL(statement).format(
                batch=tables.batch, view=tables.numbered, staging=tables.staging, parent=parent, name=name,
                moved=sql.Identifier("staging", f"rows__{tables.name}"), source=sql.Literal(tables.name),
                key=sql.Identifier(f"{tables.name}_pkey"), index=sql.Identifier(f"{tables.name}__load"),
            )
        )  # fmt: skip
    row = connection.execute(sql.SQL("select count(*) from {}").format(tables.staging)).fetchone()
    assert row
    return row[0]
