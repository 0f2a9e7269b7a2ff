"""A database as a connection of Airflow's."""

from airflow.sdk.bases.hook import BaseHook
from airflow.sdk.definitions.connection import Connection
from sqlalchemy import URL

# without a driver in the connection's extra
DRIVERS = {
    "mysql": "mysql+pymysql",
    "mariadb": "mariadb+pymysql",
    "postgres": "postgresql+psycopg",
    "postgresql": "postgresql+psycopg",
    "sqlite": "sqlite",
}


class DatabaseHook(BaseHook):
    """
    Where a database is, and what opens it: to be read as a source, or to be published to.

    :param database_conn_id: a connection of type mysql, mariadb, postgres or sqlite (its host is the file), or of any
        type with SQLAlchemy's name of a ``driver`` in its extra. What else is in the extra goes to the driver.
    """

    conn_name_attr = "database_conn_id"

    def __init__(self, database_conn_id: str) -> None:
        super().__init__()
        self.database_conn_id = database_conn_id

    def get_conn(self) -> str:
        """The address for SQLAlchemy, with the password: empty when the connection is not a database's."""
        return database_url(self.get_connection(self.database_conn_id))


def database_url(connection: Connection) -> str:
    """A connection of Airflow's as SQLAlchemy's address; empty when it is not a database's."""
    extra = dict(connection.extra_dejson)
    driver = extra.pop("driver", None) or DRIVERS.get(connection.conn_type or "")
    if not driver:
        return ""
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
