"""What a new set of containers needs once: ``python -m include.local.container``, run by docker-compose's airflow-init.

Makes the warehouse's database when the server lacks it, applies the migrations, writes the file in which Airflow
looks up the password of its user, and makes the pools that sources name. Safe to run again.
"""

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

from include.local import pools
from include.local.airflow import USER
from include.local.files import write_private
from include.warehouse.connection import Warehouse
from include.warehouse.migrations import migrate


def prepare(env: Mapping[str, str]) -> int:
    """
    :param env: AIRFLOW_CONN_CRM_WAREHOUSE, AIRFLOW_ADMIN_PASSWORD, and Airflow's names of its password file and of its
        own database, whose tables are there.
    :return: how many migrations were applied.
    """
    warehouse = Warehouse(env["AIRFLOW_CONN_CRM_WAREHOUSE"])
    _make_database(warehouse)
    passwords = Path(env["AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE"])
    write_private(passwords, json.dumps({USER: env["AIRFLOW_ADMIN_PASSWORD"]}))
    pools.keep(env["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"].replace("+psycopg2", ""))
    return migrate(warehouse)


def _make_database(warehouse: Warehouse) -> None:
    parts = urlsplit(warehouse.url)
    name = parts.path.lstrip("/")
    with psycopg.connect(urlunsplit(parts._replace(path="/postgres")), autocommit=True) as connection:
        if not connection.execute("select 1 from pg_database where datname = %s", (name,)).fetchone():
            connection.execute(sql.SQL("create database {}").format(sql.Identifier(name)))


if __name__ == "__main__":
    try:
        print(f"The warehouse is ready; {prepare(os.environ)} migrations applied.")
    except KeyError as error:
        sys.exit(f"Error: {error.args[0]} is not set. See .env.example.")
