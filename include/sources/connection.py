"""Where a source is and what opens it: given by the caller, from an Airflow connection or the command line."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

# of databases whose connection names no driver
DRIVERS = {
    "mysql": "mysql+pymysql",
    "mariadb": "mariadb+pymysql",
    "postgres": "postgresql+psycopg",
    "postgresql": "postgresql+psycopg",
    "sqlite": "sqlite",
}


@dataclass(frozen=True)
class SourceConnection:
    """An address with its login.

    :param base_url: ``https://api.example.com`` (rest, web); empty for the others.
    :param extra: the connection's further settings; files take the folder from ``path``, and what fsspec needs to open
        its store from ``storage_options``; tokens that have to be refreshed take the ``refresh_token``.
    :param database_url: SQLAlchemy's address of a database, ``mysql+pymysql://user:password@host/name``.
    :param wait_turn: takes one request out of the source's budget; the seconds to wait before it is sent.
    :param filesystem: where there are no ``storage_options``: from a scheme (``s3``) to the file system that this
        connection opens, an fsspec one; None where it opens none of that scheme.
    """

    base_url: str = ""
    login: str = ""
    password: str = field(default="", repr=False)
    extra: dict[str, Any] = field(default_factory=dict, repr=False)
    wait_turn: Callable[[], float] | None = field(default=None, repr=False, compare=False)
    filesystem: Callable[[str], Any] | None = field(default=None, repr=False, compare=False)
    database_url: str = field(default="", repr=False)


def source_connection(connection: Any, filesystem: Callable[[str], Any] | None = None) -> SourceConnection:
    """What the readers take, of a connection by Airflow's names for its parts.

    The host of one that is no database's is a whole address, or a bare name that schema (``https`` when empty) and
    port complete.

    :param filesystem: see `SourceConnection`.
    """
    database = database_url(connection)
    host = "" if database else connection.host or ""
    if host and "://" not in host:
        host = f"{connection.schema or 'https'}://{host}"
    port = f":{connection.port}" if host and connection.port else ""
    return SourceConnection(
        base_url=f"{host}{port}",
        login=connection.login or "",
        password=connection.password or "",
        extra=connection.extra_dejson,
        filesystem=filesystem,
        database_url=database,
    )


def database_url(connection: Any) -> str:
    """A connection, by Airflow's names for its parts, as SQLAlchemy's address; empty when it is not a database's.

    It is one of type mysql, mariadb, postgres or sqlite (its host is the file), or of any type with SQLAlchemy's name
    of a ``driver`` in its extra. What else is in the extra goes to the driver.
    """
    extra = dict(connection.extra_dejson)
    driver = extra.pop("driver", None) or DRIVERS.get(connection.conn_type or "")
    if not driver:
        return ""
    from sqlalchemy import URL  # a third of a second, only for databases

    is_file = driver.split("+")[0] == "sqlite"
    url = URL.create(
        driver,
        username=connection.login or None,
        password=connection.password or None,
        host=None if is_file else connection.host or None,
        port=connection.port,
        database=(connection.host if is_file else connection.schema) or None,
        query={key: str(value) for key, value in extra.items() if isinstance(value, str | int | float)},
    )
    return url.render_as_string(hide_password=False)


def add_command(conn_id: str, kind: str, auth: str = "none", host: str = "https://…") -> str:
    """The command that makes a source's connection, secrets left for the person to fill in.

    :param kind: of the source.
    :param auth: the kind of its ``auth``.
    """
    start = f"./crm airflow connections add {conn_id}"
    if kind == "files":
        return f'{start} --conn-type fs --conn-extra \'{{"path": "/the/folder"}}\''
    if kind == "database":
        return (
            f'{start} --conn-type generic --conn-host db.example --conn-schema NAME --conn-login "$LOGIN"'
            ' --conn-password "$PASSWORD" --conn-extra \'{"driver": "mysql+pymysql"}\''
        )
    login = ' --conn-login "$LOGIN"' if auth in ("basic", "oauth2", "login") else ""
    password = ' --conn-password "$PASSWORD"' if auth != "none" else ""
    return f"{start} --conn-type generic --conn-host {host}{login}{password}"
