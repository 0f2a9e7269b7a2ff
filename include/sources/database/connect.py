"""Connecting to a database that is read: how each kind of server is spoken to."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import URL, Connection, NullPool, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError

from include.settings import TIMEZONE
from include.sources.connection import SourceConnection
from include.sources.database import values
from include.sources.errors import ReadFailedError

MYSQL = ("mysql", "mariadb")
SECONDS_TO_CONNECT = 10
DRIVERS = {"postgresql": "postgresql+psycopg", "mysql": "mysql+pymysql", "mariadb": "mariadb+pymysql"}


@contextmanager
def connect(connection: SourceConnection, zone: ZoneInfo | None, name: str) -> Iterator[Connection]:
    """An open connection that only reads and streams what it reads.

    :param zone: the time zone of times without one; None leaves them without, and compares them as the business's own.
    :param name: the connection's name, for messages.
    :raises ReadFailedError: when the database cannot be reached.
    """
    try:
        url = _address(connection, name)
        engine = create_engine(url, poolclass=NullPool, connect_args=_arguments(url, zone))
        event.listen(engine, "connect", lambda opened, _: _prepare(opened, url, zone))
        opened = engine.connect()
    except (NoSuchModuleError, ImportError) as error:
        what = f"the driver is not there: {reason(error, connection.database_url)}"
        raise ReadFailedError(name, what, f"Name another driver in the connection {name}, or install it.") from None
    except SQLAlchemyError as error:
        raise ReadFailedError(
            name, f"it cannot be reached: {reason(error, connection.database_url)}", f"Check the connection {name}."
        ) from None
    try:
        yield opened.execution_options(stream_results=True)
    finally:
        opened.close()


def reason(error: Exception, database_url: str) -> str:
    """What a driver says of an error, in a line, without the statement, its values and the password."""
    said = str(error.orig.args[-1] if isinstance(error, DBAPIError) and error.orig and error.orig.args else error)
    line = " ".join(said.split())
    for secret in (database_url, _password(database_url)):
        line = line.replace(secret, "…") if secret else line
    return line[:300]


def _address(connection: SourceConnection, name: str) -> URL:
    if not connection.database_url:
        what = "it is not a database's: its type is neither mysql, postgres nor sqlite, and its extra names no driver"
        raise ReadFailedError(name, what, f'Add "driver" to the extra of the connection {name}: "mysql+pymysql".')
    try:
        url = make_url(connection.database_url)
    except ArgumentError:  # its text may have the password in it
        raise ReadFailedError(name, "its address is not one of a database", f"Check the connection {name}.") from None
    file = url.database or ""
    if url.get_backend_name() == "sqlite" and ":" not in file and not Path(file).is_file():
        # the driver would make one
        raise ReadFailedError(name, f"there is no file {file}", f"Check the connection {name}.")
    return url.set(drivername=DRIVERS.get(url.drivername, url.drivername))


def _password(database_url: str) -> str:
    try:
        return make_url(database_url).password or ""
    except ArgumentError:
        return ""


def _arguments(url: URL, zone: ZoneInfo | None) -> dict[str, Any]:
    if url.drivername.endswith("+pymysql"):
        return {"conv": values.mysql(zone), "charset": "utf8mb4", "connect_timeout": SECONDS_TO_CONNECT}
    if url.drivername == "postgresql+psycopg":
        return {"client_encoding": "utf8", "connect_timeout": SECONDS_TO_CONNECT}
    if url.get_backend_name() == "sqlite":
        return {"check_same_thread": False}  # read by one thread, closed by another
    return {}


def _prepare(opened: Any, url: URL, zone: ZoneInfo | None) -> None:
    """Settle what the session has to be, on the driver's own connection."""
    backend = url.get_backend_name()
    statements: tuple[str, ...] = ()
    if backend in MYSQL:
        statements = (
            "set session transaction read only",
            "set session time_zone = '+00:00'",  # a TIMESTAMP comes in the session's
            "set session net_write_timeout = 600",  # a warehouse that is busy keeps it waiting
        )
    elif backend == "postgresql":
        statements = (
            "set default_transaction_read_only to on",
            f"set timezone to '{(zone or TIMEZONE).key}'",
            "set datestyle to iso",
            "set intervalstyle to postgres",
            "set cursor_tuple_fraction to 1",  # all rows will be read, not the first tenth
        )
    elif backend == "sqlite":
        statements = ("pragma query_only = on",)
    if url.drivername == "postgresql+psycopg":
        values.use_texts(opened, zone)
    is_transactional = backend == "postgresql" and not opened.autocommit
    if is_transactional:
        opened.autocommit = True  # a setting made in a transaction is lost when it is rolled back
    cursor = opened.cursor()
    for statement in statements:
        cursor.execute(statement)
    cursor.close()
    if is_transactional:
        opened.autocommit = False
