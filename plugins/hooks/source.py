"""A source's address and login as a connection of Airflow's."""

from airflow.sdk.bases.hook import BaseHook

from include.sources.connection import SourceConnection
from plugins.hooks.database import database_url


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
        connection = self.get_connection(self.source_conn_id)
        database = database_url(connection)
        host = "" if database else connection.host or ""
        if host and "://" not in host:
            scheme = connection.schema or "https"
            host = f"{scheme}://{host}"
        port = f":{connection.port}" if host and connection.port else ""
        return SourceConnection(
            base_url=f"{host}{port}",
            login=connection.login or "",
            password=connection.password or "",
            extra=connection.extra_dejson,
            filesystem=self._filesystem,
            database_url=database,
        )

    def _filesystem(self, scheme: str):
        """The file system of a scheme as Airflow's providers make it of this connection; None where none does."""
        from airflow.sdk.io import get_fs, has_fs

        return get_fs(scheme, self.source_conn_id) if has_fs(scheme) else None
