"""The project's own sources against the sandbox company, which knows how much there is of everything."""

import json
import re
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from include.settings import PROJECT
from include.sources import SourceConnection, SourceError, http, read
from include.sources.config import Source, load_source
from include.sources.files import store
from include.window import Window

FIRST, LAST = "2025-06-01", "2025-08-31"
ALL = Window.between(FIRST, LAST)
TOKENS = ("crm-token-of-this-test", "desk-token-of-this-test")
COUNTED = {
    "sandbox_crm": ["companies", "contacts", "deals", "calls", "emails", "meetings", "tasks"],
    "sandbox_helpdesk": ["users", "organizations", "tickets", "ticket_events", "satisfaction_ratings"],
    "sandbox_orders": ["orders"],
}


@dataclass(frozen=True)
class Sandbox:
    """A sandbox whose clock stands at the end of `LAST`."""

    address: str
    state: Path

    def tell(self, path: str) -> Any:
        with urllib.request.urlopen(f"{self.address}/_sandbox/{path}") as answer:
            return json.load(answer)

    def set_faults(self, **rates: float) -> None:
        off = dict.fromkeys(self.tell("faults"), 0.0)
        body = json.dumps(off | rates).encode()
        urllib.request.urlopen(f"{self.address}/_sandbox/faults", body).close()

    def connection(self, source: str) -> SourceConnection:
        return {
            "sandbox_crm": SourceConnection(self.address, password=TOKENS[0]),
            "sandbox_helpdesk": SourceConnection(self.address, "ann@example.com/token", TOKENS[1]),
            "sandbox_site": SourceConnection(self.address),
            "sandbox_orders": SourceConnection(extra={"path": str(self.state / "orders")}),
        }[source]

    def rows(self, source: str, entity: str, window: Window = ALL) -> list[dict]:
        made: Source = load_source(source)
        pages = list(read(made, made.entities[entity], window, self.connection(source)))
        assert [bad for page in pages for bad in page.unreadable] == []
        assert all(json.loads(text) == row for page in pages for text, row in zip(page.texts, page.rows, strict=True))
        return [row for page in pages for row in page.rows]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    state = tmp_path_factory.mktemp("sandbox")
    options = {
        "--port": "0",
        "--state": str(state),
        "--start": FIRST,
        "--now": "2025-09-01T00:00:00Z",
        "--months": "3",
        "--companies": "60",
        "--people": "180",
        "--deals": "200",
        "--tickets": "400",
        "--rate-limit": "0",
        "--crm-token": TOKENS[0],
        "--helpdesk-token": TOKENS[1],
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "include.sandbox", *(word for option in options.items() for word in option)],
        cwd=PROJECT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    found = re.search(r"http://\S+", process.stdout.readline())
    assert found
    yield Sandbox(found[0], state)
    process.terminate()
    process.wait(10)


@pytest.fixture
def sandbox(running: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    monkeypatch.setattr(http, "PATIENCE", http.Patience(first=0.01, longest=0.05, total=1.0))
    monkeypatch.setattr(store, "SETTLED_SECONDS", 0.0)
    running.set_faults()
    return running


def key(row: dict) -> str:
    return f"{row['order_id']}/{row['line']}" if "order_id" in row else str(row["id"])


def test_all_of_everything_is_read(sandbox: Sandbox) -> None:
    """Time-based exports repeat the last second of a page: distinct ids are what counts."""
    counts = sandbox.tell("truth/counts")
    for source, entities in COUNTED.items():
        for entity in entities:
            told = counts["order_lines" if entity == "orders" else entity]
            rows = sandbox.rows(source, entity)
            assert len({key(row) for row in rows}) == told["total"] > 0, entity
            if "archived" in told:
                assert sum(row["archived"] for row in rows) == told["archived"], entity


@pytest.mark.parametrize("source", COUNTED)
def test_a_day_brings_what_changed_on_it(sandbox: Sandbox, source: str) -> None:
    counts = sandbox.tell("truth/counts")
    for entity in COUNTED[source]:
        by_day = counts["order_lines" if entity == "orders" else entity]["by_updated_day"]
        for day in (*sorted(by_day)[-2:], "2025-05-31"):
            rows = sandbox.rows(source, entity, Window.day(day))
            assert len({key(row) for row in rows}) == by_day.get(day, 0), (entity, day)


def test_small_lists_are_whole_in_every_window(sandbox: Sandbox) -> None:
    for entity in ("owners", "pipelines"):
        whole = sandbox.rows("sandbox_crm", entity)
        assert whole
        assert sandbox.rows("sandbox_crm", entity, Window.day("2025-06-10")) == whole
    stages = sandbox.rows("sandbox_crm", "pipelines")
    assert {(stage["parent"]["id"], stage["id"]) for stage in stages} >= {("default", "closedwon")}


def test_deals_carry_their_history_and_links(sandbox: Sandbox) -> None:
    live = [deal for deal in sandbox.rows("sandbox_crm", "deals") if not deal["archived"]]
    for deal in live:
        # newest first, so the first is what the deal says now
        assert deal["history"]["dealstage"][0]["value"] == deal["properties"]["dealstage"]
    companies = {row["id"] for row in sandbox.rows("sandbox_crm", "companies")}
    contacts = {row["id"] for row in sandbox.rows("sandbox_crm", "contacts")}
    assert {str(id_) for deal in live for id_ in deal["companies"]} <= companies
    assert {str(id_) for deal in live for id_ in deal["contacts"]} <= contacts
    assert sum(bool(deal["companies"]) for deal in live) > len(live) / 2


def test_the_site_tells_of_the_people_that_are_on_it(sandbox: Sandbox) -> None:
    people = sandbox.tell("truth/people")
    on_site = {
        record["id"]: record["email"] for person in people for record in person["records"] if record["system"] == "site"
    }
    rows = sandbox.rows("sandbox_site", "people")
    assert {row["url"].rpartition("/")[2]: row["email"] for row in rows} == on_site
    assert all(row["name"] and row["organisation"] and row["city"] and row["country"] for row in rows)
    assert {row["found_by"]["name"] for row in rows} == {"json_ld", "css:.person-name::text"}


@pytest.mark.parametrize(
    "faults", [{"garbage": 0.5}, {"errors_500": 0.5}, {"burst_timestamps": 1.0}, {"retyped_fields": 1.0}]
)
def test_faults_cost_no_record(sandbox: Sandbox, faults: dict[str, float]) -> None:
    def ids(source: str, entity: str) -> set[str]:
        return {str(row["id"]) for row in sandbox.rows(source, entity)}

    listed = [("sandbox_crm", "contacts"), ("sandbox_crm", "deals"), ("sandbox_helpdesk", "tickets")]
    before = [ids(*entity) for entity in listed]
    sandbox.set_faults(**faults)
    assert [ids(*entity) for entity in listed] == before


def test_an_expired_token_names_the_connection_and_not_the_token(sandbox: Sandbox) -> None:
    sandbox.set_faults(expire_tokens=1.0)
    for source, entity, token in (("sandbox_crm", "deals", TOKENS[0]), ("sandbox_helpdesk", "tickets", TOKENS[1])):
        with pytest.raises(SourceError, match=f"Check login and password of the connection {source}") as caught:
            sandbox.rows(source, entity)
        assert token not in str(caught.value)
