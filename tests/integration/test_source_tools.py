"""`./crm source new` and `./crm source check` against real HTTP servers and a real PostgreSQL."""

import json
import subprocess
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from include import check as checks
from include.check import Step, check_source, reading
from include.local import services
from include.new_source import Asked, new_source
from include.settings import PROJECT
from include.sources import SourceConnection, read
from include.sources.config import load_source
from include.sources.http import Patience
from include.sources.skeleton import sample as samples
from include.warehouse import staging, trial
from include.warehouse.connection import Warehouse
from include.warehouse.landing import land
from include.warehouse.staging import stage
from include.window import Window

from tests.api import Answer, Api, Asked as Request  # isort: skip
from tests.deliveries import rows as table

DAY = date(2026, 3, 5)
SECRET = "s3cret-token"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty project, whose statements and suites staging and the check look for."""
    for folder in ("include/config/sources", "sql/staging", "expectations"):
        (tmp_path / folder).mkdir(parents=True)
    for module in (staging, checks):
        monkeypatch.setattr(module, "SQL", tmp_path / "sql")
    for module in (staging, checks, trial):
        monkeypatch.setattr(module, "EXPECTATIONS", tmp_path / "expectations")
    hurried = Patience(first=0.01, longest=0.02, total=0.1, asked=1.0)
    monkeypatch.setattr(reading, "PATIENCE", hurried)
    monkeypatch.setattr(samples, "PATIENCE", hurried)
    return tmp_path


@pytest.fixture
def connections(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Sets connections of Airflow's by the environment; no other is found."""
    monkeypatch.setattr(services, "STATE", Path("/nonexistent"))

    def put(conn_id: str, **parts: Any) -> None:
        monkeypatch.setenv(f"AIRFLOW_CONN_{conn_id.upper()}", json.dumps({"conn_type": "generic", **parts}))

    return put


def deal(n: int, day: str = "2026-03-05") -> dict[str, Any]:
    return {
        "id": n,
        "title": f"Deal {n}",
        "stage": "offer",
        "value": {"amount": f"{n}.50", "currency": "EUR"},
        "owner": {"id": 7, "name": "Ann"} if n % 2 else None,
        "created_at": 1772668800000 + n,
        "updated_at": f"{day}T10:00:{n % 60:02}Z",
        "archived": False,
    }


class Deals:
    """An API of deals in pages, which wants a bearer token, and heeds `updated_since`."""

    def __init__(self, api: Api, deals: list[dict[str, Any]], size: int = 10) -> None:
        self.deals, self.size = deals, size
        api.answer = self.answer

    def answer(self, asked: Request, n: int) -> Any:
        if asked.headers.get("authorization") != f"Bearer {SECRET}":
            return Answer({"message": f"who are you, {asked.headers.get('authorization')}?"}, 401)
        if asked.path != "/v2/deals":
            return Answer({"message": "not here"}, 404)
        since = asked.query.get("updated_since", [""])[0]
        found = [one for one in self.deals if one["updated_at"] >= since]
        page = int(asked.query.get("page", ["1"])[0])
        return {
            "meta": {"page": page, "total": len(found), "per_page": self.size},
            "data": found[(page - 1) * self.size : page * self.size],
            "included": [{"type": "user", "n": n} for n in range(100)],
        }


def new(project: Path, name: str = "acme", url: str | None = None, sample: Path | None = None, **asked: Any) -> str:
    return "\n".join(new_source(Asked(name, asked.pop("connection", name), **asked), url, sample, project))


def load(project: Path, warehouse: Warehouse, name: str, connection: SourceConnection) -> tuple[int, int]:
    """Land and stage a day of a source; how many records were received and staged."""
    source = load_source(name, project / "include/config/sources")
    received = staged = 0
    for entity in source.entities.values():
        window = Window.day(DAY)
        received += land(warehouse, source, entity, window, read(source, entity, window, connection)).received
        staged += stage(warehouse, source, entity, window).staged
    return received, staged


def check(
    project: Path, warehouse: Warehouse | None, connection: SourceConnection | None, name: str = "acme", day: date = DAY
) -> list[Step]:
    def find_warehouse() -> Warehouse:
        assert warehouse
        return warehouse

    return list(check_source(name, day, lambda conn_id: connection, find_warehouse, project / "include/config/sources"))


def failures(steps: list[Step]) -> list[Step]:
    return [step for step in steps if not step.ok]


def step(steps: list[Step], name: str) -> Step:
    (found,) = [step for step in steps if step.name == name]
    return found


def sqlfluff(folder: Path) -> str:
    command = [str(PROJECT / ".venv/bin/sqlfluff"), "lint", "--disable-progress-bar", "--config"]
    done = subprocess.run(
        [*command, str(PROJECT / "pyproject.toml"), str(folder / "sql")], capture_output=True, text=True
    )
    return "" if done.returncode == 0 else done.stdout


# New


def test_a_new_source_loads(
    api: Api, project: Path, connections: Callable[..., None], embedded_warehouse: Warehouse
) -> None:
    """From an address to staged rows, with nothing written by hand."""
    Deals(api, [deal(n) for n in range(1, 26)])
    connections("acme", host=f"{api.address}/v2", password=SECRET)
    said = new(project, url=f"{api.address}/v2/deals?updated_since=2026-03-05T00:00:00Z&page=1&per_page=10")
    assert SECRET not in said
    source = load_source("acme", project / "include/config/sources")
    entity = source.entities["deals"]
    assert (source.enabled, source.auth.kind, entity.feeds, entity.id, entity.version_at) == (
        False, "bearer", "deal", "id", "updated_at",
    )  # fmt: skip
    assert entity.rest
    assert entity.rest.model_dump(exclude_defaults=True) == {
        "request": {"path": "/deals", "params": {"updated_since": "{window_start_iso}", "per_page": 10}},
        "records": "data",
        "paging": {"kind": "page_number", "into": "params.page", "size": 10},
        "until": {"path": "updated_at", "ordered": False},
    }
    connection = api.connection(base_url=f"{api.address}/v2", password=SECRET)
    assert load(project, embedded_warehouse, "acme", connection) == (25, 25)
    assert table(
        embedded_warehouse,
        "select name, stage_key, amount::text, currency, owner_key, created_at::text, is_deleted"
        " from staging.deal where source_id in ('2', '3') order by source_id",
    ) == [
        # 1772668800000 ms is 2026-03-05 00:00:00 UTC
        ("Deal 2", "offer", "2.50", "EUR", None, "2026-03-05 00:00:00.002+00", False),
        ("Deal 3", "offer", "3.50", "EUR", "7", "2026-03-05 00:00:00.003+00", False),
    ]
    assert sqlfluff(project) == ""


@pytest.fixture
def acme(api: Api, project: Path, connections: Callable[..., None]) -> Deals:
    """A source that `new` wrote, and its API."""
    deals = Deals(api, [deal(n) for n in range(1, 26)])
    connections("acme", host=f"{api.address}/v2", password=SECRET)
    new(project, url=f"{api.address}/v2/deals?updated_since=2026-03-05T00:00:00Z&page=1&per_page=10")
    return deals


# Check


def test_a_source_that_is_well(acme: Deals, api: Api, project: Path, embedded_warehouse: Warehouse) -> None:
    steps = check(project, embedded_warehouse, api.connection(base_url=f"{api.address}/v2", password=SECRET))
    for s in steps:
        print(s)
    assert not failures(steps)
    assert 0
