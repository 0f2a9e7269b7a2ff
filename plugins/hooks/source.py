"""A source's address and login as a connection of Airflow's."""

from airflow.sdk.bases.hook import BaseHook

from include.sources.connection import SourceConnection, source_connection


class SourceHook(BaseHook):
    """
    Where a source is, and what opens it.

    :param source_conn_id: a connection of type HTTP (web sites and APIs) or File (its extra has ``path``).
    """

    conn_name_attr = "source_conn_id"

    def __init__(self, source_conn_id: str) -> None:
        super().__init__()
        self.source_conn_id = source_conn_id

    def get_conn(self) -> SourceConnection:
        """The connection for the readers in ``include/sources``."""
        return source_connection(self.get_connection(self.source_conn_id))
