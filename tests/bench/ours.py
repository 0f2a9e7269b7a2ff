"""The project's side of the benchmarks: the calls that the ingest DAGs make."""

import logging
import time
from pathlib import Path

from include.ingest import land_source, stage_source
from include.sources import SourceConnection, read
from include.sources.config import NoAuth, Source
from include.sources.http import Call, Client
from include.warehouse.connection import Warehouse
from include.window import Window
from tests.bench.data import ORDER_COLUMNS

WINDOW = Window.between("2026-03-01", "2026-03-31")


def contacts_source(size: int) -> Source:
    """The stand-in's contacts; named as the sandbox's, whose staging statement and suite they get."""
    return Source.model_validate(
        {
            "name": "sandbox_crm",
            "description": "Contacts of the benchmark.",
            "kind": "rest",
            "connection": "bench",
            "enabled": False,
            "entities": {
                "contacts": {
                    "feeds": "customer",
                    "id": "id",
                    "version_at": "properties.lastmodifieddate",
                    "rest": {
                        "request": {"path": "/contacts", "params": {"limit": size}},
                        "records": "results",
                        "paging": {"kind": "cursor", "next": "paging.next.after", "into": "params.after"},
                        "snapshot": True,
                    },
                }
            },
        }
    )


def orders_source() -> Source:
    """The order lines' file; named as the sandbox's, whose staging statement and suite it gets."""
    return Source.model_validate(
        {
            "name": "sandbox_orders",
            "description": "Order lines of the benchmark.",
            "kind": "files",
            "connection": "bench",
            "enabled": False,
            "entities": {
                "orders": {
                    "feeds": "order_line",
                    "id": ["order_id", "line"],
                    "version_at": None,
                    "files": {"pattern": "orders.csv", "columns": ORDER_COLUMNS},
                }
            },
        }
    )


def load(url: str, source: Source, connection: SourceConnection) -> dict[str, float]:
    """Pull a source into raw and stage it; seconds until raw is committed, and in all."""
    logging.disable(logging.WARNING)
    warehouse = Warehouse(url)
    started = time.perf_counter()
    land_source(warehouse, source, WINDOW, connection)
    raw = time.perf_counter()
    stage_source(warehouse, source, WINDOW)
    return {"raw_seconds": raw - started, "seconds": time.perf_counter() - started}


def read_only(source: Source, connection: SourceConnection) -> dict[str, float]:
    """Read a source and drop what comes."""
    (entity,) = source.entities.values()
    started = time.perf_counter()
    rows = sum(len(page.rows) for page in read(source, entity, WINDOW, connection))
    return {"rows": rows, "seconds": time.perf_counter() - started}


def fetch_only(rows: int, size: int, connection: SourceConnection) -> dict[str, float]:
    """Fetch the stand-in's pages and parse none: what it can serve."""
    client = Client(connection, NoAuth(), "bench")
    started = time.perf_counter()
    for after in range(0, rows, size):
        client.fetch(Call("GET", "/contacts", {"limit": size, "after": after}), lambda answer: len(answer.body))
    seconds = time.perf_counter() - started
    client.close()
    return {"rows": rows, "seconds": seconds}


def files(path: str) -> SourceConnection:
    """A connection to the folder of a file."""
    return SourceConnection(extra={"path": str(Path(path).parent)})
