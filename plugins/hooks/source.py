"""A source's address and login as a connection of Airflow's."""

from airflow.sdk.bases.hook import BaseHook

from include.sources.connection import SourceConnection, source_connection


class SourceHook(BaseHook):
    """
    Where a source is, and what opens it.

    :param source_conn_id: a connection of type HTTP (web sites and APIs), of type File or a store's own (files; its
        extra has ``path``), or of a database (see `plugins.hooks.database.DatabaseHook`).
    """

    conn_name_attr = "source_conn_id"

    def __init__(self, source_conn_id: str) -> None:
        super().__init__()
        self.source_conn_id = source_conn_id

    def get_conn(self) -> SourceConnection:
        """The connection for the readers in ``include/sources``."""
        return source_connection(self.get_connection(self.source_conn_id), self._filesystem)

    def _filesystem(self, scheme: str):
        """The file system of a scheme as Airflow's providers make it of this connection; None where none does."""
        from airflow.sdk.io import get_fs, has_fs

        return get_fs(scheme, self.source_conn_id) if has_fs(scheme) else None
