"""Versions of records, cleaned: core.clean_version, and core.identity_record, what a record is matched by now."""

from collections.abc import Iterator
from typing import Any

import orjson
import psycopg
import pyarrow as pa
from psycopg import sql

from include.customers.kinds import Kind
from include.settings import SQL

BATCH = 20_000
BOOKS = ("record_id", "source", "record_key", "version_at", "payload_hash", "is_deleted", "is_staff",
         "first_created_at")  # fmt: skip


# A version that says what the one before it said is no news: whether a source gave it again changes nothing.
NEWS = """
    select *, lead(version_at) over w is null as is_latest
    from (
        select
            *,
            min(created_at) over (partition by record_id) as first_created_at,
            lag(said) over (partition by record_id order by version_at, payload_hash) as said_before
        from (
            select
                *,
                to_jsonb(g) - array['record_id', 'version_at', 'payload_hash', 'created_at'] as said
            from given_version as g
        ) as told
    ) as compared
    where said is distinct from said_before
    window w as (partition by record_id order by version_at, payload_hash)
"""


def clean_versions(connection: psycopg.Connection, kind: Kind) -> None:
    """Clean every version of the touched records of a kind.

    Leaves the temporary tables ``touched_<kind>_record`` (record_id: all that were touched) and
    ``changed_<kind>_record`` (record_id: those that are matched by something else than before, or are new or gone;
    domain and domain_before, the web domain that they have and had).

    :param connection: in the transaction of a build of core, after the tables of touched keys were made.
    """
    connection.execute((SQL / "core" / f"given_{kind.name}.sql").read_bytes())
    _execute(
        connection, "create temp table {touched} on commit drop as select distinct record_id from given_version", kind
    )
    _execute(connection, "create temp table fresh_record (like core.identity_record) on commit drop", kind)
    _execute(
        connection,
        "delete from core.clean_version as v using {touched} as t where v.kind = {kind} and v.record_id = t.record_id",
        kind,
    )
    for batch in _batches(connection, kind):
        _write(connection, kind, batch)
    connection.execute("drop table given_version")
    _note_changes(connection, kind)


def _batches(connection: psycopg.Connection, kind: Kind) -> Iterator[pa.Table]:
    with connection.cursor("given_versions") as cursor:
        cursor.execute(NEWS)
        assert cursor.description
        names = [column.name for column in cursor.description]
        while rows := cursor.fetchmany(BATCH):
            yield pa.table(
                {
                    name: pa.array(values, pa.string()) if name not in (*BOOKS, "is_latest") else _books(values)
                    for name, values in zip(names, zip(*rows, strict=True), strict=True)
                    if name in (*BOOKS, *kind.fields, "is_latest")
                }
            )


def _books(values: tuple[Any, ...]) -> pa.Array:
    return pa.array([str(value) if not isinstance(value, bool | None) else value for value in values])


def _write(connection: psycopg.Connection, kind: Kind, batch: pa.Table) -> None:
    clean = kind.clean(batch)
    given = _objects(batch, [name for name in kind.fields if name in batch.column_names])
    fields = _objects(clean, kind.fields)
    codes = _objects(clean, [f"{name}_code" for name in kind.cleaned], suffix="_code", only=given)
    matching = _objects(clean, kind.matching)
    books = [batch.column(name).to_pylist() for name in BOOKS]
    with connection.cursor().copy(
        "copy core.clean_version (kind, record_id, source, record_key, version_at, payload_hash, is_deleted, is_staff,"
        " created_at, given, fields, codes) from stdin"
    ) as copy:
        for *row, told, value, code in zip(*books, given, fields, codes, strict=True):
            copy.write_row([kind.name, *row, _json(told), _json(value),
                            _json(code)])  # fmt: skip
    companies = batch.column("company_record").to_pylist() if "company_record" in batch.column_names else None
    with connection.cursor().copy(
        "copy fresh_record (kind, record_id, source, record_key, is_deleted, company_record, matching) from stdin"
    ) as copy:
        latest, staff = batch.column("is_latest").to_pylist(), batch.column("is_staff").to_pylist()
        record_ids, sources, keys, deleted = (
            batch.column(name).to_pylist() for name in ("record_id", "source", "record_key", "is_deleted")
        )
        for number, is_latest in enumerate(latest):
            if is_latest and not staff[number]:
                copy.write_row([
                    kind.name, record_ids[number], sources[number], keys[number], deleted[number],
                    companies[number] if companies else None, _json(matching[number]),
                ])  # fmt: skip


def _json(values: dict[str, Any]) -> str:
    return orjson.dumps(values, default=str).decode()


def _objects(
    table: pa.Table, names: list[str] | tuple[str, ...], suffix: str = "", only: list[dict[str, Any]] | None = None
) -> list[dict[str, Any]]:
    """A dict a row of the columns that are there, nulls left out; ``only`` those keys that another dict has."""
    names = [name for name in names if name in table.column_names]
    columns = [table.column(name).to_pylist() for name in names]
    keys = [name.removesuffix(suffix) for name in names]
    rows: list[dict[str, Any]] = [{} for _ in range(table.num_rows)]
    for key, column in zip(keys, columns, strict=True):
        for number, value in enumerate(column):
            if value is not None and (only is None or key in only[number]):
                rows[number][key] = value
    return rows


def _note_changes(connection: psycopg.Connection, kind: Kind) -> None:
    _execute(
        connection,
        """
        create temp table {changed} on commit drop as
        select
            t.record_id,
            f.matching ->> 'domain' as domain,
            r.matching ->> 'domain' as domain_before
        from {touched} as t
        left join fresh_record as f on t.record_id = f.record_id
        left join core.identity_record as r on r.kind = {kind} and t.record_id = r.record_id
        where (f.record_id is null) <> (r.record_id is null)
            or (f.matching, f.company_record) is distinct from (r.matching, r.company_record)
        """,
        kind,
    )
    _execute(
        connection,
        "delete from core.identity_record as r using {touched} as t"
        " where r.kind = {kind} and r.record_id = t.record_id",
        kind,
    )
    connection.execute("insert into core.identity_record table fresh_record")
    connection.execute("drop table fresh_record")


def _execute(connection: psycopg.Connection, statement: str, kind: Kind) -> None:
    connection.execute(
        sql.SQL(statement).format(
            kind=sql.Literal(kind.name),
            touched=sql.Identifier(f"touched_{kind.name}_record"),
            changed=sql.Identifier(f"changed_{kind.name}_record"),
        )
    )
