"""The skeleton of a source that is a table of a database."""

from contextlib import closing
from itertools import islice

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from include.settings import TIMEZONE
from include.sources.config import Database, Entity
from include.sources.connection import SourceConnection, add_command
from include.sources.database import read_database
from include.sources.database.connect import connect, reason
from include.sources.errors import ReadFailedError, SkeletonError
from include.sources.skeleton.address import as_name
from include.sources.skeleton.found import Found, entity_of
from include.sources.skeleton.model import Asked, Skeleton
from include.sources.skeleton.shape import Key
from include.sources.yaml_lines import Line
from include.window import Window


def database_skeleton(asked: Asked, table: str, connection: SourceConnection | None) -> Skeleton:
    """The skeleton of a source that is a table, ``name`` or ``schema.name``; its first rows are read.

    :raises SkeletonError: when no skeleton can be made of it, or its connection is not there.
    :raises ReadFailedError: when it cannot be read.
    """
    if connection is None:
        command = add_command(asked.connection, "database")
        raise SkeletonError(f"--table: is read through the connection {asked.connection}. Make it first: {command}")
    entity, feeds = entity_of(asked, as_name(table.rpartition(".")[2]) or "records")
    columns, key = _columns(table, connection, asked.connection)
    whole = Database(table=table, full=True)
    tried = Entity(name=entity, feeds=feeds, id=columns[0], version_at=None, database=whole)
    day = Window.between("2000-01-01", "2000-01-01", TIMEZONE)  # read whole, it has none
    with closing(read_database(tried, day, connection, asked.connection)) as pages:
        rows = [row for page in islice(pages, 1) for row in page.rows]
    if not rows:
        raise SkeletonError(f"--table: {table} has no rows: give another one.")
    found = Found(entity, feeds, rows, Key(tuple(key), "the table's primary key", is_known=True) if key else None)
    changed = found.version
    found.tell(f"window: {_WHY[bool(changed)]}", is_sure=bool(changed))
    bounds = Line("changed_at", changed.path) if changed else Line("full", True)
    lines = (Line("database", inner=(Line("table", table), bounds)),)
    return found.skeleton(asked, "database", lines, f"the table {table}")


_WHY = {True: "rows are asked for by their time of change", False: "the table is read whole every time"}


def _columns(table: str, connection: SourceConnection, name: str) -> tuple[list[str], list[str]]:
    """The names of the table's columns, and those of its primary key, if it has one.

    :raises ReadFailedError: when the table is not there, or its server.
    """
    schema, _, own = table.rpartition(".")
    with connect(connection, None, name) as opened:
        try:
            found = sa.inspect(opened)
            columns = [column["name"] for column in found.get_columns(own, schema or None)]
            key = found.get_pk_constraint(own, schema or None)["constrained_columns"]
        except SQLAlchemyError as error:
            what = f"it cannot be read: {reason(error, connection.database_url)}"
            raise ReadFailedError(f"{table} of {name}", what, "Check the name of the table.") from None
    return columns, key
