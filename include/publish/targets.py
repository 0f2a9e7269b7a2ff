"""The databases that are published to: their types, and how rows get there."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import Any

import psycopg
import sqlalchemy as sa
from psycopg import sql
from sqlalchemy.dialects import mysql
from sqlalchemy.types import TypeEngine, UserDefinedType

from include.publish.columns import Column

_STAGE = "crm_publish_stage"
BYTES_A_STATEMENT = 2**20  # a quarter of what the oldest servers take
_ROWS_A_FETCH = 1_000
_INDEX_CHARACTERS = 3072 // 4  # of InnoDB's index, in utf8mb4
_LONGEST_KEY = 500  # as raw has it


class Target(ABC):
    """A connection to a database that is published to."""

    def __init__(self, connection: sa.Connection) -> None:
        self.connection = connection.execution_options(preserve_rowcount=True)
        for statement in self.session:
            connection.exec_driver_sql(statement)
        connection.commit()

    session: tuple[str, ...]
    options: dict[str, Any]

    @abstractmethod
    def type_of(self, column: Column, keys: int) -> TypeEngine:
        """The type of a column in a table that is made here."""

    @abstractmethod
    def stage(self, target: sa.Table, is_there: bool) -> sa.Table:
        """Make a temporary table for the rows to come, with the target's types and its key."""

    @abstractmethod
    def fill(self, source: psycopg.Connection, columns: Sequence[Column], stage: sa.Table) -> None:
        """Copy the warehouse's view ``publication`` into the stage."""

    @abstractmethod
    def differs(self, target: sa.Table, stage: sa.Table) -> sa.ColumnElement[bool]:
        """Whether a row of both is not the same."""

    def problem_of(self, target: sa.Table) -> str | None:
        """What keeps a table that is there from being published to."""
        return None

    @abstractmethod
    def lock(self, target: sa.Table) -> None:
        """Keep other publications of the table out until the end of the transaction, or of the connection."""


class _Named(UserDefinedType):
    """A type by PostgreSQL's own name of it."""

    cache_ok = True

    def __init__(self, name: str) -> None:
        self.name = name

    def get_col_spec(self, **_: Any) -> str:
        return self.name


class Postgres(Target):
    """PostgreSQL, by psycopg: rows go from COPY to COPY."""

    session = (
        "set client_encoding to 'UTF8'",
        "set timezone to 'UTC'",
        "set datestyle to iso",
        "set intervalstyle to postgres",
    )
    options: dict[str, Any] = {}  # noqa: RUF012

    def type_of(self, column: Column, keys: int) -> TypeEngine:
        return _Named(column.type)

    def stage(self, target: sa.Table, is_there: bool) -> sa.Table:
        stage = _copy_of(target, prefixes=["temporary"], postgresql_on_commit="drop")
        if is_there:
            like = sa.DDL("create temporary table crm_publish_stage (like %(fullname)s) on commit drop")
            self.connection.execute(like.against(target))
            key = ", ".join(map(self.connection.dialect.identifier_preparer.quote, target.primary_key.columns.keys()))
            self.connection.exec_driver_sql(f"alter table crm_publish_stage add primary key ({key})")
        else:
            stage.create(self.connection)
        return stage

    def fill(self, source: psycopg.Connection, columns: Sequence[Column], stage: sa.Table) -> None:
        names = sql.SQL(", ").join(sql.Identifier(column.name) for column in columns)
        read = sql.SQL("copy (select {} from publication) to stdout").format(
            sql.SQL(", ").join(_as_text(column) for column in columns)
        )
        driver = self.connection.connection.driver_connection
        assert driver
        with (
            source.cursor().copy(read) as rows,
            driver.cursor().copy(sql.SQL("copy crm_publish_stage ({}) from stdin").format(names)) as copy,
        ):
            for block in rows:
                copy.write(block)
        self.connection.exec_driver_sql("analyze crm_publish_stage")

    def differs(self, target: sa.Table, stage: sa.Table) -> sa.ColumnElement[bool]:
        # by the values' very bytes: JSON has no other equality
        ours, theirs = (sa.cast(sa.func.row(*table.columns), _Named("record")) for table in (stage, target))
        return theirs.op("*<>", is_comparison=True)(ours)

    def lock(self, target: sa.Table) -> None:
        self.connection.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtextextended(_lock(target), 0))))


def _as_text(column: Column) -> sql.Composable:
    name = sql.Identifier(column.name)
    return sql.SQL("{}::text").format(name) if column.type == "text" else name


class MySQL(Target):
    """MySQL and MariaDB: rows go in as statements of many rows."""

    session = (
        "set session sql_mode = 'STRICT_ALL_TABLES,ERROR_FOR_DIVISION_BY_ZERO'",
        "set session time_zone = '+00:00'",
    )

    def __init__(self, connection: sa.Connection) -> None:
        super().__init__(connection)
        dialect = connection.dialect
        is_mariadb = bool(getattr(dialect, "is_mariadb", False))
        # texts are the same when each character is: no case, no accent and no blank at the end is passed over
        newer = is_mariadb or (dialect.server_version_info or (0,)) >= (8, 0, 17)
        self._collation = ("utf8mb4_nopad_bin" if is_mariadb else "utf8mb4_0900_bin") if newer else "utf8mb4_bin"
        self.options = {
            "mysql_engine": "InnoDB",
            "mysql_default_charset": "utf8mb4",
            "mysql_collate": self._collation,
            "mysql_row_format": "DYNAMIC",
        }

    def type_of(self, column: Column, keys: int) -> TypeEngine:
        if column.is_array:
            return mysql.JSON()
        if column.name_of_type == "numeric":
            digits, scale = column.sizes if len(column.sizes) == 2 else (65, 30)
            fits = digits <= 65 and 0 <= scale <= min(30, digits)
            return mysql.DECIMAL(digits, scale) if fits else mysql.DECIMAL(65, 30)
        if column.name_of_type in _MYSQL_TYPES:
            return _MYSQL_TYPES[column.name_of_type]
        if column.is_key:
            length = min(_LONGEST_KEY, (_INDEX_CHARACTERS - 8 * keys) // keys)
            return mysql.VARCHAR(length, charset="utf8mb4", collation=self._collation)
        return mysql.LONGTEXT(charset="utf8mb4", collation=self._collation)

    def stage(self, target: sa.Table, is_there: bool) -> sa.Table:
        stage = _copy_of(target, schema=target.schema, prefixes=["temporary"], **self.options)
        if is_there:
            name = self.connection.dialect.identifier_preparer.format_table(stage)
            self.connection.execute(sa.DDL(f"create temporary table {name} like %(fullname)s").against(target))
        else:
            stage.create(self.connection)
        return stage

    def fill(self, source: psycopg.Connection, columns: Sequence[Column], stage: sa.Table) -> None:
        insert = str(stage.insert().compile(dialect=self.connection.dialect)).partition(" VALUES ")[0]
        marks = f"({', '.join(['%s'] * len(columns))})"
        for rows in self._rows(source, columns):
            statement = f"{insert} values {', '.join([marks] * len(rows))}"
            self.connection.exec_driver_sql(statement, tuple(value for row in rows for value in row))
            warnings = self.connection.exec_driver_sql("show warnings").first()
            if warnings:  # in spite of its strict mode it rounds numbers and times without an error
                raise ValueError(f"the target would not keep a value as it is: {warnings[2]}")

    def differs(self, target: sa.Table, stage: sa.Table) -> sa.ColumnElement[bool]:
        return sa.or_(*(target.c[name].is_distinct_from(stage.c[name]) for name in target.columns.keys()))  # noqa: SIM118 (it is not a dict)

    def problem_of(self, target: sa.Table) -> str | None:
        engine = self.connection.execute(
            sa.text(
                "select engine from information_schema.tables"
                " where table_schema = coalesce(:schema, database()) and table_name = :name"
            ),
            {"schema": target.schema, "name": target.name},
        ).scalar()
        return None if engine == "InnoDB" else f"its engine is {engine}, which has no transactions"

    def lock(self, target: sa.Table) -> None:
        self.connection.execute(sa.select(sa.func.get_lock(_lock(target)[-64:], 600)))

    def _rows(self, source: psycopg.Connection, columns: Sequence[Column]) -> Iterator[list[tuple]]:
        """The rows in the shape that MySQL takes, as many at a time as go into a statement."""
        read = sql.SQL("select {} from publication").format(sql.SQL(", ").join(map(_for_mysql, columns)))
        with source.cursor(name="publication") as cursor:
            cursor.execute(read)
            batch: list[tuple] = []
            size = 0
            while rows := cursor.fetchmany(_ROWS_A_FETCH):
                for row in rows:
                    size += sum(len(value) if isinstance(value, str | bytes) else 8 for value in row)
                    batch.append(row)
                    if size > BYTES_A_STATEMENT:
                        yield batch
                        batch, size = [], 0
            if batch:
                yield batch


_MYSQL_TYPES: dict[str, TypeEngine] = {
    "boolean": mysql.TINYINT(1),
    "smallint": mysql.SMALLINT(),
    "integer": mysql.INTEGER(),
    "bigint": mysql.BIGINT(),
    "real": mysql.DOUBLE(),
    "double precision": mysql.DOUBLE(),
    "date": mysql.DATE(),
    "time without time zone": mysql.TIME(fsp=6),
    "timestamp without time zone": mysql.DATETIME(fsp=6),
    "timestamp with time zone": mysql.DATETIME(fsp=6),
    "uuid": mysql.CHAR(36, charset="ascii", collation="ascii_bin"),
    "bytea": mysql.LONGBLOB(),
    "json": mysql.JSON(),
    "jsonb": mysql.JSON(),
}


def _for_mysql(column: Column) -> sql.Composable:
    if column.is_array:
        form = "to_json({})::text"
    elif column.name_of_type == "boolean":
        form = "{}::integer"
    elif column.name_of_type == "timestamp with time zone":
        form = "({} at time zone 'UTC')::text"
    elif column.name_of_type == "bytea":
        form = "{}"
    else:
        form = "{}::text"
    return sql.SQL(form).format(sql.Identifier(column.name))


def _copy_of(target: sa.Table, **options: Any) -> sa.Table:
    columns = [sa.Column(c.name, c.type, primary_key=c.primary_key, autoincrement=False) for c in target.columns]
    return sa.Table(_STAGE, sa.MetaData(), *columns, **options)


def _lock(target: sa.Table) -> str:
    return f"crm publish {target.fullname}"
