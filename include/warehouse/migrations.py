"""Schema migrations: the plain SQL files in sql/migrations, applied in order, once each, by yoyo."""

import logging

from yoyo import get_backend, read_migrations

from include.errors import WarehouseTooOldError
from include.settings import SQL
from include.warehouse.connection import Warehouse

OLDEST_POSTGRES = 150000


def migrate(warehouse: Warehouse) -> int:
    """Bring the warehouse's schema up to date; safe to call at any time and by several processes at once.

    :returns: how many migrations were applied.
    :raises WarehouseTooOldError: when the server is older than PostgreSQL 15.
    """
    logging.getLogger("yoyo").setLevel(logging.WARNING)
    with warehouse.connect(autocommit=True) as connection:
        if connection.info.server_version < OLDEST_POSTGRES:
            raise WarehouseTooOldError(
                f"{warehouse.address} is PostgreSQL {connection.info.server_version // 10000}; "
                "the warehouse needs 15 or newer (null keys that are equal, safe casts)."
            )
        connection.execute("select pg_advisory_lock(hashtext('crm migrations'))")
        connection.execute("create schema if not exists ops")
        backend = get_backend(_yoyo_url(warehouse))
        try:
            todo = backend.to_apply(read_migrations(str(SQL / "migrations")))
            backend.apply_migrations(todo)
            return len(todo)
        finally:
            backend.connection.close()


def pending(warehouse: Warehouse) -> list[str]:
    """The ids of the migrations that the warehouse does not have yet, in order."""
    with warehouse.connect(autocommit=True) as connection:
        connection.execute("create schema if not exists ops")
    backend = get_backend(_yoyo_url(warehouse))
    try:
        return [migration.id for migration in backend.to_apply(read_migrations(str(SQL / "migrations")))]
    finally:
        backend.connection.close()


def _yoyo_url(warehouse: Warehouse) -> str:
    # yoyo keeps its own tables in the project's bookkeeping schema
    separator = "&" if "?" in warehouse.url else "?"
    return f"{warehouse.url.replace('postgresql://', 'postgresql+psycopg://')}{separator}schema=ops"
