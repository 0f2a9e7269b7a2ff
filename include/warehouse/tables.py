"""The tables of a source: made when they are first needed, in the shape that the migrations lay down."""

from dataclasses import dataclass

import psycopg
from psycopg import sql

from include.warehouse.locks import exclusive

KEYS = ("source_id", "version_at", "payload_hash")
# columns of a staging table that the project fills in, not the source's own statement
BOOKKEEPING = ("source_table", "load_id")


@dataclass(frozen=True)
class EntityTables:
    """Names of the tables of one entity of a source.

    :param source: name of the source.
    :param entity: name of the entity.
    :param feeds: the staging parent that it is a partition of, for example ``deal``.
    """

    source: str
    entity: str
    feeds: str

    @property
    def name(self) -> str:
        """``<source>__<entity>``: the same in raw, staging, sql/staging and expectations."""
        return f"{self.source}__{self.entity}"

    @property
    def raw(self) -> sql.Identifier:
        return sql.Identifier("raw", self.name)

    @property
    def staging(self) -> sql.Identifier:
        return sql.Identifier("staging", self.name)

    def landing(self, load_id: int) -> sql.Identifier:
        """Where an entity's first load is written, before it becomes the raw table."""
        return sql.Identifier("ops", self.landing_name(load_id))

    def landing_name(self, load_id: int) -> str:
        return f"landing_{load_id}"

    @property
    def batch(self) -> sql.Identifier:
        """The rows of one load on their way from raw to staging, in the shape of staging."""
        return sql.Identifier("ops", f"rows__{self.name}")

    @property
    def numbered(self) -> sql.Identifier:
        """A view of the batch in which each row has a number; Great Expectations reads it."""
        return sql.Identifier("ops", self.numbered_name)

    @property
    def numbered_name(self) -> str:
        return f"batch__{self.name}"


def ensure(connection: psycopg.Connection, tables: EntityTables) -> None:
    """Make the raw table and the staging partition of an entity when they are not there.

    :param connection: a connection in autocommit mode.
    """
    found = connection.execute(
        "select to_regclass(%s) is not null and to_regclass(%s) is not null",
        [f'raw."{tables.name}"', f'staging."{tables.name}"'],
    ).fetchone()
    if found and found[0]:
        return
    with exclusive(connection, f"tables {tables.name}"), connection.transaction():
        connection.execute(
            sql.SQL("create table if not exists {} (like raw.template including all)").format(tables.raw)
        )
        connection.execute(
            sql.SQL(
                "create table if not exists {} partition of {} (primary key (source_id, version_at, payload_hash))"
                " for values in ({})"
            ).format(tables.staging, sql.Identifier("staging", tables.feeds), tables.name)
        )
        connection.execute(
            sql.SQL("create index if not exists {} on {} using brin (load_id) with (pages_per_range = 16)").format(
                sql.Identifier(f"{tables.name}__load"), tables.staging
            )
        )


def staging_types(connection: psycopg.Connection, feeds: str) -> dict[str, str]:
    """Column → type of a staging parent, without the bookkeeping columns."""
    rows = connection.execute(
        "select attname, format_type(atttypid, atttypmod) from pg_attribute"
        " where attrelid = to_regclass(%s) and attnum > 0 and not attisdropped order by attnum",
        [f'staging."{feeds}"'],
    ).fetchall()
    return {name: kind for name, kind in rows if name not in BOOKKEEPING}
