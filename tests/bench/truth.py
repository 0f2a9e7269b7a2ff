"""What was pulled against what there is: a sandbox company with every fault on, whose clock moves from day to day.

Ten days are pulled each just after it ended, as a schedule does; then the ten before them are backfilled, their days
in random order. The sandbox tells how much there is of everything, from code that imports nothing of the product.
"""

import random
import tempfile
from collections import Counter
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

from psycopg import sql

from include.ingest import land_source
from include.sandbox.catalog import CLIENT_ID, REFRESH_TOKEN
from include.sources import SourceConnection, http
from include.sources.config import Entity, Source, load_sources
from include.sources.config.auth import OAuth2Auth
from include.sources.files import store
from include.warehouse.connection import Warehouse
from include.warehouse.tables import EntityTables
from include.window import Window
from tests.sandbox import Sandbox, running

START = date(2025, 6, 1)
LIVE_DAYS = 10
LATENESS = timedelta(days=2)  # the fault shows changes up to thirty hours late
SEED = 20260301
SIZE = {"companies": 120, "people": 360, "deals": 300, "tickets": 900}
FAULTS = (
    "burst_timestamps",
    "late_records",
    "renamed_fields",
    "retyped_fields",
    "expire_tokens",
    "garbage",
    "errors_500",
)


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
        sandbox.ask("POST", "faults", dict.fromkeys(FAULTS, True))
        sources = [
            _with_expiring_login(source) for name, source in load_sources().items() if name.startswith("sandbox_")
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


def _with_expiring_login(source: Source) -> Source:
    """A source whose tokens may expire at any time, and that knows how late its records turn up."""
    if source.name == "sandbox_crm":
        auth = OAuth2Auth(kind="oauth2", grant="refresh_token", token_path="/oauth/v1/token")
    elif source.name == "sandbox_helpdesk":
        auth = OAuth2Auth(kind="oauth2", grant="client_credentials", token_path="/oauth/tokens", scope="read")
    else:
        return source
    return source.model_copy(update={"auth": auth, "lateness": LATENESS})


def _connection(sandbox: Sandbox, source: Source) -> SourceConnection:
    plain = sandbox.connection(source)
    return replace(plain, login=CLIENT_ID, extra={**plain.extra, "refresh_token": REFRESH_TOKEN})


def _pull(warehouse: Warehouse, sandbox: Sandbox, sources: list[Source], day: date) -> None:
    for source in sources:
        land_source(warehouse, source, Window.day(day), _connection(sandbox, source))


def _there(sandbox: Sandbox) -> dict[str, int]:
    """Entity → how many the sandbox has by now."""
    counts = sandbox.ask("GET", "truth/counts")
    people = sandbox.ask("GET", "truth/people")
    on_site = [record for person in people for record in person["records"] if record["system"] == "site"]
    there = {entity: told["total"] for entity, told in counts.items() if isinstance(told, dict)}
    return {**there, "orders": there["order_lines"], "people": len(on_site)}


def _found(warehouse: Warehouse, source: Source, entity: Entity, there: int) -> Found:
    """A record that came under two keys, or one version of it in two shapes, is there twice."""
    tables = EntityTables(source.name, entity.name, entity.feeds)
    with warehouse.connect() as connection:
        query = sql.SQL("select source_id, version_at from {}").format(tables.raw)
        versions = connection.execute(query).fetchall()
    keys = {key for key, _ in versions}
    twice = sum(count - 1 for count in Counter(versions).values())
    return Found(source.name, entity.name, there, max(0, there - len(keys)), max(0, len(keys) - there) + twice)
