"""What the window tests share: deliveries that can be replayed in any order, and a checksum for each table."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

import orjson
from psycopg import sql

from include.sources.config import Entity, Source, load_source
from include.sources.page import Page
from include.warehouse.connection import Warehouse
from include.warehouse.core import build_core
from include.warehouse.landing import Landed, land
from include.warehouse.marts import STATEMENTS, build_marts, settle_marts
from include.warehouse.staging import Staged, stage
from include.window import Window

# Which load brought a row first depends on the order by nature; nothing is computed from it.
BOOKKEEPING = ("load_id",)

# Books of what happened when: they tell the order by nature.
LOGS = ("core.customer_change", "core.identity_alias", "core.identity_decision")


@dataclass(frozen=True)
class Delivery:
    """What a source gave for one entity in one window."""

    source: str
    entity: str
    window: Window
    pages: tuple[Page, ...]


def page(*records: dict, location: str = "test") -> Page:
    """A page of records, each as its JSON text."""
    return Page(rows=list(records), texts=[orjson.dumps(record) for record in records], location=location)


def page_of_texts(*texts: bytes) -> Page:
    """A page of records given as JSON texts, read as a reader would."""
    import json

    return Page(rows=[json.loads(text) for text in texts], texts=list(texts), location="test")


def source_of(delivery: Delivery) -> tuple[Source, Entity]:
    """The definitions that a delivery was read by."""
    source = load_source(delivery.source)
    return source, source.entities[delivery.entity]


def load(warehouse: Warehouse, delivery: Delivery) -> tuple[Landed, Staged]:
    """Land and stage one delivery."""
    source, entity = source_of(delivery)
    landed = land(warehouse, source, entity, delivery.window, delivery.pages)
    return landed, stage(warehouse, source, entity, delivery.window)


def build(warehouse: Warehouse, days: Sequence[date], *, settle: bool = False) -> None:
    """Core, and the marts of some days."""
    build_core(warehouse)
    for subject in STATEMENTS:
        build_marts(warehouse, subject, Window.between(days[0], days[-1]), settle=settle)


def settle_all(warehouse: Warehouse) -> None:
    """Bring every mart up to date, as the DAG settle_marts does."""
    for subject in STATEMENTS:
        settle_marts(warehouse, subject)


def checksums(warehouse: Warehouse, schemas: Iterable[str] = ("raw", "staging", "core", "mart")) -> dict[str, str]:
    """Table → number of rows and a checksum of them, whatever their order, bookkeeping aside."""
    sums = {}
    with warehouse.connect() as connection:
        tables = connection.execute(
            "select n.nspname, c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace"
            " where c.relkind = 'r' and n.nspname = any(%s) order by 1, 2",
            [list(schemas)],
        ).fetchall()
        for schema, table in tables:
            if f"{schema}.{table}" in LOGS:
                continue
            columns = [
                row[0]
                for row in connection.execute(
                    "select attname from pg_attribute where attrelid = to_regclass(%s) and attnum > 0"
                    " and not attisdropped and attname <> all(%s) order by attname",
                    [f'"{schema}"."{table}"', list(BOOKKEEPING)],
                )
            ]
            row = connection.execute(
                sql.SQL(
                    "select count(*), string_agg(h, '' order by h) from (select md5(row({})::text) as h from {}) as t"
                ).format(
                    sql.SQL(", ").join(sql.SQL("{}::text").format(sql.Identifier(c)) for c in columns),
                    sql.Identifier(schema, table),
                )
            ).fetchone()
            assert row
            sums[f"{schema}.{table}"] = f"{row[0]} {hashlib.md5((row[1] or '').encode()).hexdigest()}"
    return sums


def rows(warehouse: Warehouse, query: str, parameters: Sequence = ()) -> list[tuple]:
    """All rows of a query."""
    with warehouse.connect() as connection:
        return connection.execute(query.encode(), parameters or None).fetchall()
