"""The staging statement of an entity, and how what it gives becomes columns of staging."""

import psycopg
from psycopg import sql

from include.settings import SQL
from include.warehouse.tables import KEYS, EntityTables

# PostgreSQL reads these words as times of the day that it reads them on: again would not give the same
CLOCK_WORDS = ("now", "today", "tomorrow", "yesterday", "epoch", "allballs")


class StagingError(Exception):
    """Staging cannot go on: the message says for which source, why, and what to do next."""


def renamed_columns(connection: psycopg.Connection, tables: EntityTables, types: dict[str, str]) -> list[str]:
    """Make the temporary view ``renamed``, an entity's staging statement over the view ``batch``; returns its columns.

    :raises StagingError: when the statement does not run, or does not fit the table.
    """
    path = SQL / "staging" / f"{tables.name}.sql"
    if not path.exists():
        raise StagingError(
            f"{tables.name} has no staging statement: write sql/staging/{tables.name}.sql, a select from batch that "
            f"gives {', '.join(KEYS)} and columns of staging.{tables.feeds}."
        )
    try:
        with connection.transaction():
            # the statement is the project's own file, not input
            connection.execute(b"create temp view renamed as " + path.read_bytes().rstrip().rstrip(b";"))
    except psycopg.Error as error:
        raise StagingError(f"sql/staging/{tables.name}.sql does not run: {error.diag.message_primary}") from error
    rows = connection.execute(
        "select attname from pg_attribute where attrelid = 'pg_temp.renamed'::regclass and attnum > 0"
    ).fetchall()
    columns = [row[0] for row in rows]
    if unknown := sorted(set(columns) - set(types)):
        raise StagingError(
            f"sql/staging/{tables.name}.sql gives {', '.join(unknown)}, which staging.{tables.feeds} does not have. "
            f"Its columns are: {', '.join(types)}."
        )
    if missing := sorted(set(KEYS) - set(columns)):
        raise StagingError(f"sql/staging/{tables.name}.sql does not give {', '.join(missing)}.")
    return columns


_NOTHING = sql.SQL("null::{type} as {name}")
_CAST = sql.SQL("{column}::{type} as {name}")
# a source that does not say that a record is gone still has it
_FLAG = sql.SQL("coalesce({column}::boolean, false) as {name}")
_CAST_TIME = sql.SQL(
    "case when lower(trim({column}::text)) = any({words}) then 'no time' else {column}::text end::{type} as {name}"
)
_CASTS = {"timestamp with time zone": _CAST_TIME, "date": _CAST_TIME}


def casts(types: dict[str, str], columns: list[str]) -> sql.Composed:
    """The columns of a staging table, each out of a row of the view ``renamed`` that gives the ``columns``.

    :param types: column → type of the staging table.
    """
    given = set(columns)
    return sql.SQL(", ").join(
        (_FLAG if name == "is_deleted" else _CASTS.get(kind, _CAST) if name in given else _NOTHING).format(
            column=sql.Identifier(name) if name in given else sql.SQL("null"),
            name=sql.Identifier(name), type=sql.SQL(kind), words=list(CLOCK_WORDS),
        )
        for name, kind in types.items()
    )  # fmt: skip
