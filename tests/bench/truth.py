"""What was pulled against what there is: a sandbox company with every fault on, whose clock moves from day to day.

Ten days are pulled each just after it ended, as a schedule does; then the ten before them are backfilled, their days
in random order. The sandbox tells how much there is of everything, from code that imports nothing of the product.
"""

import random
import tempfile
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from psycopg import sql

from include.ingest import land_source
from include.sources import http
from include.sources.config import Entity, Source, load_sources
from include.sources.files import store
from include.warehouse.connection import Warehouse
from include.warehouse.tables import EntityTables
from include.window import Window
from tests.sandbox import Sandbox, running, with_expiring_tokens

START = date(2025, 6, 1)
LIVE_DAYS = 10
LATENESS = timedelta(days=2)  # the fault shows changes up to thirty hours late
SEED = 20260301
SIZE = {"companies": 120, "people": 360, "deals": 300, "tickets": 900}
FAULTS = {
    "burst_timestamps": True,
    "late_records": True,
    "renamed_fields": True,
    "retyped_fields": True,
    "expire_tokens": 0.5,
    "garbage": True,
    "errors_500": True,
}


@dataclass(frozen=True)
class Found:
    """Of one entity: how many there are, how many of them never came, and how many came as two."""

    source: str
    entity: str
    there: int
    lost: int
    doubled: int


def compare(url: str) -> list[Found]:
    """Pull everything into a warehouse, and count what is missing and what is there twice.

    :param url: a migrated, empty warehouse.
    """
    warehouse = Warehouse(url)
    http.PATIENCE = http.Patience(first=0.01, longest=0.1, total=30.0)
    store.SETTLED_SECONDS = 0.0
    history = [START + timedelta(days=n) for n in range(LIVE_DAYS)]
    live = [history[-1] + timedelta(days=n + 1) for n in range(LIVE_DAYS)]
    sizes = [word for name, value in SIZE.items() for word in (f"--{name}", str(value))]
    options = ["--start", str(START), "--months", "2", "--seed", str(SEED), *sizes]
    with tempfile.TemporaryDirectory(prefix="crm-truth-") as folder, running(Path(folder), *options) as sandbox:
        sandbox.ask("POST", "faults", FAULTS)
        sources = [
            with_expiring_tokens(source, LATENESS) if source.kind == "rest" else source
            for name, source in load_sources().items()
            if name.startswith("sandbox_")
        ]
        for day in live:
            sandbox.set_clock(Window.day(day).end.isoformat())
            _pull(warehouse, sandbox, sources, day)
        random.Random(SEED).shuffle(history)
        for day in history:
            _pull(warehouse, sandbox, sources, day)
        # what turns up late has turned up by then
        last = live[-1] + LATENESS
        sandbox.set_clock(Window.day(last).end.isoformat())
        for day in (live[-1] + timedelta(days=1), last):
            _pull(warehouse, sandbox, sources, day)
        there = _there(sandbox)
    return [
        _found(warehouse, source, entity, there[entity.name])
        for source in sources
        for entity in source.entities.values()
        if entity.name in there
    ]


def _pull(warehouse: Warehouse, sandbox: Sandbox, sources: list[Source], day: date) -> None:
    for source in sources:
        connection = sandbox.client(source) if source.kind == "rest" else sandbox.connection(source)
        land_source(warehouse, source, Window.day(day), connection)


def _there(sandbox: Sandbox) -> dict[str, int]:
    """Entity → how many the sandbox has by now."""
    counts = sandbox.ask("GET", "truth/counts")
    people = sandbox.ask("GET", "truth/people")
    on_site = [record for person in people for record in person["records"] if record["system"] == "site"]
    there = {entity: told["total"] for entity, told in counts.items() if isinstance(told, dict)}
    return {**there, "orders": there["order_lines"], "people": len(on_site)}


def _found(warehouse: Warehouse, source: Source, entity: Entity, there: int) -> Found:
    """A record is doubled when it came under two keys; that a version of a key is there once, raw itself sees to."""
    tables = EntityTables(source.name, entity.name, entity.feeds)
    with warehouse.connect() as connection:
        query = sql.SQL("select count(distinct source_id) from {}").format(tables.raw)
        row = connection.execute(query).fetchone()
    keys = row[0] if row else 0
    return Found(source.name, entity.name, there, max(0, there - keys), max(0, keys - there))
