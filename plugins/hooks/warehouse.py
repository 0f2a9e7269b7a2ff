"""The warehouse as a connection of Airflow's."""

from airflow.providers.postgres.hooks.postgres import PostgresHook

from include.settings import WAREHOUSE_CONN_ID
from include.warehouse.connection import Warehouse

# what a connection's extra may say to the driver
LIBPQ = ("sslmode", "sslrootcert", "sslcert", "sslkey", "connect_timeout", "options")


class WarehouseHook(PostgresHook):
    """
    The warehouse behind a Postgres connection.

    :param warehouse_conn_id: a connection of type Postgres; its extra may hold libpq's ssl settings.
    """

    conn_name_attr = "warehouse_conn_id"
    default_conn_name = WAREHOUSE_CONN_ID
    hook_name = "CRM warehouse"

    def __init__(self, warehouse_conn_id: str = WAREHOUSE_CONN_ID, **kwargs) -> None:
        super().__init__(postgres_conn_id=warehouse_conn_id, **kwargs)
        self.warehouse_conn_id = warehouse_conn_id

    @property
    def warehouse(self) -> Warehouse:
        """The warehouse for everything in ``include/``."""
        extra = self.connection.extra_dejson
        url = self.sqlalchemy_url.update_query_dict({key: str(extra[key]) for key in LIBPQ if key in extra})
        return Warehouse(url.render_as_string(hide_password=False))
