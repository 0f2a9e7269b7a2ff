"""The sandbox company with every fault on and its clock moving: what was pulled is what it says is true."""

import json
import random
from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from urllib.parse import urlencode

import pytest
import urllib3
from psycopg import sql

from include.ingest import land_source
from include.sandbox.catalog import CLIENT_ID, CRM_TOKEN
from include.sources import http, read
from include.sources.config import Source, load_source
from include.sources.fields import value_at
from include.warehouse.connection import Warehouse
from include.window import Window
from tests.sandbox import LIKE_EMAILS, Sandbox, running, with_expiring_tokens

# The bulk job of the first of July touches every record at one millisecond; changes are shown up to 30 hours late.
FIRST, LAST = date(2025, 6, 28), date(2025, 7, 4)
BEFORE = Window.between("2025-06-01", FIRST - timedelta(days=1))
DAYS = [Window.day(FIRST + timedelta(days=n)) for n in range((LAST - FIRST).days + 1)]
LATENESS = timedelta(days=2)
STAYING = {"late_records": 0.2, "burst_timestamps": 1.0}
PASSING = {"expire_tokens": 0.5, "errors_500": 0.2, "garbage": 0.2}
SOURCES = ("sandbox_crm", "sandbox_helpdesk")
SMALL = ("--companies", "40", "--people", "120", "--deals", "80", "--tickets", "200", "--months", "2")


def definition(name: str) -> Source:
    """A source of the project's own, as the faults need it."""
    source = load_source(name)
    entities = {key: entity for key, entity in source.entities.items() if key not in LIKE_EMAILS}
    return with_expiring_tokens(source, LATENESS).model_copy(update={"entities": entities})


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with running(tmp_path_factory.mktemp("sandbox"), *SMALL, "--now", BEFORE.end.isoformat()) as made:
        yield made


@pytest.fixture(autouse=True)
def little_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "PATIENCE", http.Patience(first=0.01, longest=0.05, total=2.0))


def pull(warehouse: Warehouse, sandbox: Sandbox, source: Source, window: Window) -> None:
    land_source(warehouse, source, window, sandbox.client(source))


def check(warehouse: Warehouse, sandbox: Sandbox, source: Source) -> None:
    """Raw against the source's own word: how many there are of everything, and how each of them stands now."""
    sandbox.ask("POST", "faults", dict.fromkeys(PASSING, 0.0))
    counts = sandbox.ask("GET", "truth/counts")
    for entity in source.entities.values():
        raw: dict[str, list[tuple[datetime, dict]]] = {}
        with warehouse.connect() as books:
            name = sql.Identifier("raw", f"{source.name}__{entity.name}")
            query = sql.SQL("select source_id, version_at, payload::text from {}").format(name)
            for source_id, version_at, payload in books.execute(query):
                raw.setdefault(source_id, []).append((version_at, json.loads(payload)))
        if entity.name in counts:
            assert len(raw) == counts[entity.name]["total"] > 0, entity.name
        ids = [entity.id] if isinstance(entity.id, str) else entity.id
        for page in read(source, entity, Window(BEFORE.start, DAYS[-1].end), sandbox.client(source)):
            for row in page.rows:
                found = raw["/".join(str(value_at(row, path)) for path in ids)]
                newest = max(version for version, _ in found)
                assert row in [payload for version, payload in found if version == newest], (entity.name, row)
        if entity.name in ("companies", "contacts", "ticket_events"):  # of which nothing changes without a new time
            twice = Counter((key, version) for key, found in raw.items() for version, _ in found)
            assert max(twice.values()) == 1, entity.name


@pytest.mark.parametrize("name", SOURCES)
def test_days_as_they_end(sandbox: Sandbox, embedded_warehouse: Warehouse, name: str) -> None:
    """Each day just after it has ended, and two more for what is shown late."""
    sandbox.ask("POST", "faults", STAYING | PASSING)
    sandbox.set_clock(BEFORE.end.isoformat())
    source = definition(name)
    pull(embedded_warehouse, sandbox, source, BEFORE)
    for window in DAYS:
        sandbox.set_clock(window.end.isoformat())
        pull(embedded_warehouse, sandbox, source, window)
    check(embedded_warehouse, sandbox, source)


@pytest.mark.parametrize("name", SOURCES)
def test_past_days_in_any_order(sandbox: Sandbox, embedded_warehouse: Warehouse, name: str) -> None:
    sandbox.ask("POST", "faults", STAYING | PASSING)
    sandbox.set_clock(DAYS[-1].end.isoformat())
    source = definition(name)
    order = [BEFORE, *DAYS]
    random.Random(name).shuffle(order)
    for window in order:
        pull(embedded_warehouse, sandbox, source, window)
    check(embedded_warehouse, sandbox, source)


def test_a_token_of_the_sandbox_expires(sandbox: Sandbox) -> None:
    """Every second request is refused, and its token for good; a new one is good for its first request."""
    sandbox.ask("POST", "faults", STAYING | {"expire_tokens": 1.0})
    form = {"grant_type": "client_credentials", "client_id": CLIENT_ID, "client_secret": CRM_TOKEN}
    token = urllib3.request("POST", f"{sandbox.url}/oauth/v1/token", body=urlencode(form)).json()
    headers = {"authorization": f"Bearer {token['access_token']}"}
    owners = [urllib3.request("GET", f"{sandbox.url}/crm/v3/owners", headers=headers).status for _ in range(3)]
    assert owners == [200, 401, 401]
    sandbox.ask("POST", "faults", {"expire_tokens": 0.0})
    assert urllib3.request("GET", f"{sandbox.url}/crm/v3/owners", headers=headers).status == 401
