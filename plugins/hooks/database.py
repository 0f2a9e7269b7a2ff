"""A database as a connection of Airflow's."""

from airflow.sdk.bases.hook import BaseHook

from include.sources.connection import database_url


class DatabaseHook(BaseHook):
    """
    Where a database is, and what opens it: to be read as a source, or to be published to.

    :param database_conn_id: a connection that `include.sources.connection.database_url` knows as a database's.
    """

    conn_name_attr = "database_conn_id"

    def __init__(self, database_conn_id: str) -> None:
        super().__init__()
        self.database_conn_id = database_conn_id

    def get_conn(self) -> str:
        """The address for SQLAlchemy, with the password: empty when the connection is not a database's."""
        return database_url(self.get_connection(self.database_conn_id))
