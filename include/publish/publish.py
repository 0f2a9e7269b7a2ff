"""A table or query of the warehouse, into a table elsewhere that ends up with the same rows, or stays as it was."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg
import sqlalchemy as sa
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError

from include.publish.columns import Column, view
from include.publish.config import Publication
from include.publish.targets import MySQL, Postgres, Target
from include.sources.database.connect import DRIVERS, SECONDS_TO_CONNECT, reason
from include.warehouse.connection import Warehouse

_TARGETS: dict[str, type[Target]] = {"mysql": MySQL, "mariadb": MySQL, "postgresql": Postgres}


class PublishError(Exception):
    """Something could not be published, and its target is as it was: the message says what, where, and what to do."""


@dataclass(frozen=True)
class Published:
    """Rows of a publication, and how many of the target's were changed for it."""

    rows: int
    inserted: int
    updated: int
    deleted: int


def publish(warehouse: Warehouse, name: str, publication: Publication, database_url: str) -> Published:
    """Bring a publication's target up to date: one transaction there, of one snapshot here; again changes nothing.

    The rows are streamed into a temporary table of the target and compared there. A target that is not there is made,
    with the key as its primary key.

    :param database_url: SQLAlchemy's address of the target's database.
    :raises PublishError: when it cannot be done; the target is then as it was.
    """
    place = f"publication {name}, table {publication.to} of {publication.connection}"
    with _errors_told(place, database_url):
        engine = _engine(place, publication, database_url)
        with warehouse.connect(autocommit=True) as source, source.transaction():
            source.execute("set transaction isolation level repeatable read")
            source.execute("set client_encoding to 'UTF8'")
            columns = _columns(place, source, publication)
            with engine.connect() as connection:
                target = _TARGETS[engine.dialect.name](connection)
                return _replace(place, source, target, publication, columns)


def _engine(place: str, publication: Publication, database_url: str) -> sa.Engine:
    try:
        url = make_url(database_url)
    except ArgumentError:  # its text may have the password in it
        url = None
    if url is None or url.get_backend_name() not in _TARGETS:
        raise PublishError(
            f"{place}: the connection is not one of MySQL or PostgreSQL. "
            f"Set its type to mysql or postgres, or name the driver in its extra."
        )
    url = url.set(drivername=DRIVERS.get(url.drivername, url.drivername))
    return sa.create_engine(url, poolclass=sa.NullPool, connect_args={"connect_timeout": SECONDS_TO_CONNECT})


def _columns(place: str, source: psycopg.Connection, publication: Publication) -> list[Column]:
    columns = view(source, publication)
    if missing := set(publication.keys) - {column.name for column in columns}:
        there = ", ".join(column.name for column in columns)
        raise PublishError(f"{place}: key: {', '.join(sorted(missing))} is no column of what is published: {there}.")
    return columns


def _replace(
    place: str, source: psycopg.Connection, target: Target, publication: Publication, columns: list[Column]
) -> Published:
    schema, _, own = publication.to.rpartition(".")
    keys = len(publication.keys)
    table = sa.Table(
        own, sa.MetaData(),
        *(sa.Column(c.name, target.type_of(c, keys), primary_key=c.is_key, autoincrement=False) for c in columns),
        schema=schema or None, **target.options,
    )  # fmt: skip
    connection = target.connection
    is_there = sa.inspect(connection).has_table(own, schema=schema or None)
    if is_there:
        _check(place, target, table)
    stage = target.stage(table, is_there)
    target.fill(source, columns, stage)
    try:
        if not is_there:
            table.create(connection)  # MySQL commits here, and may: nothing was changed so far
        target.lock(table)
        published = _bring_up_to_date(place, target, table, stage)
        connection.commit()
    except Exception:
        connection.rollback()
        if not is_there:
            table.drop(connection, checkfirst=True)
            connection.commit()
        raise
    return published


def _bring_up_to_date(place: str, target: Target, table: sa.Table, stage: sa.Table) -> Published:
    connection, key = target.connection, table.primary_key.columns.keys()
    same = sa.and_(*(table.c[name] == stage.c[name] for name in key))
    rows = connection.execute(sa.select(sa.func.count()).select_from(stage)).scalar_one()
    if not rows and connection.execute(sa.select(table).limit(1)).first():
        raise PublishError(
            f"{place}: there is nothing to publish, and the table has rows. It was left as it was: "
            f"look at the query; to empty the table, do it by hand."
        )
    deleted = connection.execute(sa.delete(table).where(~sa.exists().where(same))).rowcount
    values = {name: stage.c[name] for name in table.columns.keys() if name not in key}  # noqa: SIM118 (it is not a dict)
    changed = sa.update(table).values(values).where(same, target.differs(table, stage))
    updated = connection.execute(changed).rowcount if values else 0
    new = sa.select(*stage.columns).where(~sa.exists().where(same))
    inserted = connection.execute(table.insert().from_select(stage.columns.keys(), new)).rowcount
    return Published(rows, inserted, updated, deleted)


def _check(place: str, target: Target, table: sa.Table) -> None:
    """Whether a table that is there can hold what is published.

    :raises PublishError: when it has other columns, another key, or no transactions.
    """
    everything: sa.Select = (
        sa.select(sa.literal_column("*")).select_from(sa.table(table.name, schema=table.schema)).limit(0)
    )
    there, wanted = set(target.connection.execute(everything).keys()), set(table.columns.keys())
    key = sa.inspect(target.connection).get_pk_constraint(table.name, schema=table.schema)["constrained_columns"]
    problems = []
    if missing := sorted(wanted - there):
        problems.append(f"it has no column {', '.join(missing)}")
    if more := sorted(there - wanted):
        problems.append(f"it has the column {', '.join(more)}, which is not published")
    if set(key) != set(table.primary_key.columns.keys()):
        problems.append(
            f"its primary key is {', '.join(key) or 'none'}, not {', '.join(table.primary_key.columns.keys())}"
        )
    if problem := target.problem_of(table):
        problems.append(problem)
    if problems:
        raise PublishError(
            f"{place}: {'; '.join(problems)}. Change the table or the query, or drop it: it is made anew."
        )


@contextmanager
def _errors_told(place: str, database_url: str) -> Iterator[None]:
    try:
        yield
    except (NoSuchModuleError, ImportError) as error:
        raise PublishError(f"{place}: the driver is not there: {reason(error, database_url)}.") from None
    except (SQLAlchemyError, psycopg.Error, ValueError) as error:
        what = "it cannot be reached or written" if isinstance(error, DBAPIError) else "it cannot be published"
        raise PublishError(f"{place}: {what}: {reason(error, database_url)}. The table is as it was.") from None
