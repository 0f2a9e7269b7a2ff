"""A table of order lines in MySQL or MariaDB: made on the server that CRM_TEST_MYSQL_URL names, and read by both sides.

The rival is dlt's ``sql_database`` with its pyarrow backend, as its documentation has it for speed.
"""

import csv
import os
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from include.sources import SourceConnection
from include.sources.config import Source
from tests.bench import ours
from tests.bench.data import ORDER_COLUMNS, write_orders

URL = os.environ.get("CRM_TEST_MYSQL_URL")
_ROWS_AN_INSERT = 5_000
_TABLE = """
    create table order_lines (
        order_id varchar(20), line int, ordered_at timestamp(3) null, customer_email varchar(100),
        customer_name varchar(100), sku varchar(20), product varchar(100), quantity int, unit_price decimal(12, 2),
        currency char(3), country varchar(60), primary key (order_id, line)
    )
"""


@contextmanager
def filled(rows: int) -> Iterator[str]:
    """The address of a throwaway database with so many order lines in its table ``order_lines``."""
    assert URL
    name = f"crm_bench_{uuid.uuid4().hex[:12]}"
    server = sa.create_engine(URL, poolclass=sa.NullPool)
    with server.begin() as connection:
        connection.exec_driver_sql(f"create database {name} character set utf8mb4")
    try:
        url = sa.make_url(URL).set(database=name)
        with tempfile.TemporaryDirectory() as folder, sa.create_engine(url).begin() as connection:
            write_orders(Path(folder) / "orders.csv", rows)
            connection.exec_driver_sql(_TABLE)
            with (Path(folder) / "orders.csv").open(encoding="utf-8", newline="") as file:
                lines = csv.DictReader(file)
                insert = sa.table("order_lines", *map(sa.column, ORDER_COLUMNS)).insert()
                while batch := list(islice(lines, _ROWS_AN_INSERT)):
                    connection.execute(
                        insert, [{**line, "ordered_at": line["ordered_at"].rstrip("Z")} for line in batch]
                    )
        yield url.render_as_string(hide_password=False)
    finally:
        with server.begin() as connection:
            connection.exec_driver_sql(f"drop database {name}")


def run(job: dict[str, Any], where: dict[str, Any]) -> dict[str, float]:
    """Do a job of either side, as `tests.bench.child` does."""
    if job["side"] == "dlt":
        from dlt.sources.sql_database import sql_table

        from tests.bench import rival

        resource = sql_table(credentials=where["source"], table="order_lines", backend="pyarrow")
        with tempfile.TemporaryDirectory() as folder:
            return rival.load(where["url"], resource.apply_hints(write_disposition="append"), folder)
    source, connection = _source(), SourceConnection(database_url=where["source"])
    if job["side"] == "read":
        return ours.read_only(source, connection)
    return ours.load(where["url"], source, connection)


def _source() -> Source:
    """The order lines' table; named as the sandbox's, whose staging statement and suite it gets."""
    entity = {"feeds": "order_line", "id": ["order_id", "line"], "version_at": None,
              "database": {"table": "order_lines", "full": True}}  # fmt: skip
    return Source.model_validate(
        {"name": "sandbox_orders", "description": "Order lines of the benchmark.", "kind": "database",
         "connection": "bench", "enabled": False, "entities": {"orders": entity}}
    )  # fmt: skip
