"""`./crm source new` and `./crm source check` against real HTTP servers and a real PostgreSQL."""

import io
import json
import os
import re
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any, get_args
from urllib.parse import quote, unquote, urlsplit

import psycopg
import pytest
import yaml
from cryptography.fernet import Fernet
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from include import check as checks
from include.check import Step, as_dict, check_source, reading
from include.cli import app
from include.local import services
from include.local.connections import from_environment, stored
from include.local.errors import ServiceError
from include.new_source import Asked, Sample, new_source
from include.settings import PROJECT
from include.sources import SourceConnection, read
from include.sources.config import Feeds, Source, load_source
from include.sources.connection import source_connection
from include.sources.errors import ReadFailedError
from include.sources.http import Patience
from include.sources.skeleton import SkeletonError, rest_skeleton
from include.sources.skeleton import sample as samples
from include.sources.skeleton.columns import COLUMNS, NEEDED
from include.warehouse import renamed, staging, trial
from include.warehouse.connection import Warehouse
from include.warehouse.landing import land
from include.warehouse.staging import stage
from include.warehouse.tables import staging_types
from include.window import Window
from tests.api import Answer, Api
from tests.api import Asked as Request
from tests.conftest import Databases
from tests.deliveries import rows as table
from tests.site import serving

DAY = date(2026, 3, 5)
SECRET = "s3cret-token"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty project, whose statements and suites staging and the check look for."""
    for folder in ("include/config/sources", "sql/staging", "expectations"):
        (tmp_path / folder).mkdir(parents=True)
    for module in (renamed, checks):
        monkeypatch.setattr(module, "SQL", tmp_path / "sql")
    for module in (staging, checks, trial):
        monkeypatch.setattr(module, "EXPECTATIONS", tmp_path / "expectations")
    hurried = Patience(first=0.01, longest=0.02, total=0.1, asked=1.0)
    monkeypatch.setattr(reading, "PATIENCE", hurried)
    monkeypatch.setattr(samples, "PATIENCE", hurried)
    return tmp_path


@pytest.fixture(scope="module")
def tried(embedded: Databases) -> Warehouse:
    """A warehouse in which nothing is ever loaded."""
    return embedded.warehouse()


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
    given = Sample(url, sample, asked.pop("table", None), asked.pop("site", None))
    return "\n".join(new_source(Asked(name, asked.pop("connection", name), **asked), given, project))


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


def one(steps: list[Step], name: str) -> Step:
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


@pytest.fixture
def acme(api: Api, project: Path, connections: Callable[..., None]) -> Deals:
    """A source that `new` wrote, and its API."""
    deals = Deals(api, [deal(n) for n in range(1, 26)])
    connections("acme", host=f"{api.address}/v2", password=SECRET)
    new(project, url=f"{api.address}/v2/deals?updated_since=2026-03-05T00:00:00Z&page=1&per_page=10")
    return deals


Checked = Callable[..., list[Step]]


@pytest.fixture
def checked(opened: SourceConnection, project: Path, tried: Warehouse) -> Checked:
    """Checks it; parts of the connection may be others."""
    return lambda **other: check(project, tried, replace(opened, **other))


@pytest.fixture
def opened(api: Api) -> SourceConnection:
    """The connection that opens it."""
    return api.connection(base_url=f"{api.address}/v2", login="", password=SECRET)


def test_nothing_is_overwritten_and_a_second_entity_is_to_be_pasted(acme: Deals, api: Api, project: Path) -> None:
    files = {path: path.read_text() for path in project.rglob("*") if path.is_file()}
    url = f"{api.address}/v2/deals"
    with pytest.raises(SkeletonError, match=r"acme.yaml has deals already. Nothing was written"):
        new(project, url=url)
    (project / "sql/staging/acme__offers.sql").write_text("mine")
    with pytest.raises(SkeletonError, match=r"sql/staging/acme__offers.sql is there already"):
        new(project, url=url, entity="offers", feeds="deal")
    said = new(project, url=url, entity="quotes", feeds="activity")
    assert {path: path.read_text() for path in files} == files
    assert "put this under entities:" in said
    block = said[said.index("  quotes:") : said.index("next   read the files")]
    definition = project / "include/config/sources/acme.yaml"
    definition.write_text(definition.read_text() + block)
    assert list(load_source("acme", definition.parent).entities) == ["deals", "quotes"]


def test_a_secret_in_the_address_is_used_once_and_written_nowhere(
    api: Api, project: Path, connections: Callable[..., None]
) -> None:
    api.answer = lambda asked, n: {"deals": [deal(1)]} if asked.query.get("api_key") == [SECRET] else Answer({}, 401)
    said = new(project, url=f"{api.address}/deals?api_key={SECRET}")
    written = "".join(path.read_text() for path in project.rglob("*") if path.is_file())
    assert SECRET not in said + written
    assert "auth: {kind: query, name: api_key}" in written
    assert f"./crm airflow connections add acme --conn-type generic --conn-host {api.address}" in said


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (Answer({"message": SECRET}, 401), "GET /v2/deals: answered 401: the login was not accepted. Check login"),
        (Answer({"message": f"no {SECRET}"}, 404), "answered 404"),
        (Answer(b"<html>Sign in</html>"), "the answer is not whole JSON, it starts with '<html>Sign in</html>'"),
        (Answer({"data": []}), "The sample has no list of records"),
        (Answer({"data": [{"a": 1}, {"b": 2}]}), "No field is in every record of the sample"),
    ],
)
def test_an_address_that_gives_no_sample(
    answer: Answer, message: str, api: Api, project: Path, connections: Callable[..., None]
) -> None:
    api.answer = lambda asked, n: answer
    connections("acme", host=api.address, password=SECRET)
    with pytest.raises((SkeletonError, ReadFailedError)) as caught:
        new(project, url=f"{api.address}/v2/deals")
    assert message in str(caught.value) and SECRET not in str(caught.value)
    assert not [path for path in project.rglob("*") if path.is_file()]


def test_an_address_that_asks_for_a_login_that_is_not_there(
    api: Api, project: Path, connections: Callable[..., None]
) -> None:
    api.answer = lambda asked, n: Answer({}, 401)
    with pytest.raises(SkeletonError, match=r"Make its connection first: ./crm airflow connections add acme"):
        new(project, url=f"{api.address}/v2/deals", auth="basic")


def test_the_login_goes_to_no_other_host(api: Api, project: Path, connections: Callable[..., None]) -> None:
    connections("acme", host="https://api.acme.example/v2", password=SECRET)
    with pytest.raises(SkeletonError, match=r"is not at https://api.acme.example/v2"):
        new(project, url=f"{api.address}/v2/deals")
    assert not api.asked


def test_a_sample_from_a_file_and_from_standard_input(
    project: Path, connections: Callable[..., None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sample = tmp_path / "answer.json"
    sample.write_bytes(b"\xef\xbb\xbf" + json.dumps([deal(1), deal(2)]).encode())
    new(project, url="https://api.acme.example/deals", sample=sample)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(sample.read_bytes())))
    new(project, "other", url="https://api.acme.example/deals", sample=Path("-"))
    first, second = (project / f"sql/staging/{name}__deals.sql" for name in ("acme", "other"))
    assert first.read_text() == second.read_text()
    sample.write_text("id,name")
    with pytest.raises(SkeletonError, match=r"--sample: is not JSON. It starts with 'id,name'"):
        new(project, "third", url="https://api.acme.example/deals", sample=sample)
    with pytest.raises(SkeletonError, match=r"nowhere.json: cannot be read: No such file"):
        new(project, "third", url="https://api.acme.example/deals", sample=tmp_path / "nowhere.json")


ORDERS = """Auftrag;Position;Datum;E-Mail;Artikel;Menge;Preis;Währung
A-1;1;05.03.2026;ann@example.com;X-1;2;1.234,50;EUR
A-1;2;05.03.2026;ann@example.com;X-2;1;9,90;EUR
A-2;1;06.03.2026;;X-1;1;1.000,00;EUR
"""


def test_files_load(
    project: Path, connections: Callable[..., None], embedded_warehouse: Warehouse, tmp_path: Path
) -> None:
    """How the file is written is detected, and pinned in the definition."""
    folder = tmp_path / "orders"
    folder.mkdir()
    sample = folder / "orders-2026-03-05.csv"
    written = ORDERS.replace("Auftrag;Position;Datum", "order_id;line_no;order_date").replace(
        "Artikel;Menge;Preis", "sku;qty;price"
    )
    sample.write_bytes(written.replace("Währung", "currency").encode("cp1252"))
    said = new(project, "shop", sample=sample)
    entity = load_source("shop", project / "include/config/sources").entities["orders"]
    assert (entity.feeds, entity.id, entity.version_at) == ("order_line", ("order_id", "line_no"), None)
    assert entity.files and entity.files.delimiter == ";" and entity.files.dates == {"order_date": "%d.%m.%Y"}
    assert "--conn-type fs" in said and "ann@" not in said
    connection = SourceConnection(extra={"path": str(folder)})
    assert not failures(check(project, embedded_warehouse, connection, "shop"))
    assert load(project, embedded_warehouse, "shop", connection) == (3, 3)
    assert table(
        embedded_warehouse,
        "select order_key, line_no, ordered_at::date::text, customer_email, quantity::text, unit_price::text, currency"
        " from staging.order_line order by 1, 2",
    ) == [
        ("A-1", 1, "2026-03-05", "ann@example.com", "2", "1234.50", "EUR"),
        ("A-1", 2, "2026-03-05", "ann@example.com", "1", "9.90", "EUR"),
        ("A-2", 1, "2026-03-06", None, "1", "1000.00", "EUR"),
    ]


def test_files_that_give_no_skeleton(project: Path, connections: Callable[..., None], tmp_path: Path) -> None:
    (tmp_path / "orders.csv").write_text("order_id,line\n")
    for sample, message in (("orders.csv", "has no record"), ("nowhere.csv", "cannot be read"), ("", "cannot be read")):
        with pytest.raises((SkeletonError, ReadFailedError), match=message):
            new(project, "shop", sample=tmp_path / sample, feeds="order_line")
    for url, name in ((None, None), ("https://x.example/deals", "deals")):
        with pytest.raises(SkeletonError, match="Give --url of an API, --sample of files, --table or --site"):
            new(project, "shop", url, table=name)


def test_a_table_of_a_database_loads(
    project: Path, connections: Callable[..., None], embedded_warehouse: Warehouse, embedded: Databases
) -> None:
    parts = urlsplit(embedded.empty().url)
    with psycopg.connect(parts.geturl()) as shop:
        shop.execute(
            'create table "Kontakte" (nr int primary key, email text, name text, "updatedAt" timestamptz, n numeric);'
            "insert into \"Kontakte\" values (7, 'ann@example.com', 'Ann', '2026-03-05 10:00Z', 1),"
            " (8, 'bo@example.com', 'Bo', '2026-03-04 10:00Z', 2)"
        )
    connections(
        "shop", conn_type="postgres", host=parts.hostname, port=parts.port, login=parts.username,
        password=unquote(parts.password or ""), schema=parts.path[1:],
    )  # fmt: skip
    new(project, "shop", table="public.Kontakte", feeds="customer")
    entity = load_source("shop", project / "include/config/sources").entities["kontakte"]
    assert (entity.id, entity.version_at) == ("nr", "updatedAt")
    assert entity.database and entity.database.changed_at == "updatedAt"
    stored = services.connection("shop")
    assert stored
    connection = source_connection(stored)
    steps = check(project, embedded_warehouse, connection, "shop")
    assert not failures(steps)
    assert (parts.password or "no password") not in repr(steps)
    assert load(project, embedded_warehouse, "shop", connection) == (1, 1)  # of the day
    assert table(embedded_warehouse, "select source_id, email, full_name from staging.customer") == [
        ("7", "ann@example.com", "Ann")
    ]
    with pytest.raises(ReadFailedError, match="Check the name of the table"):
        new(project, "other", table="public.nothing", feeds="customer", connection="shop")
    with pytest.raises(SkeletonError, match=r"Make it first: ./crm airflow connections add nobody"):
        new(project, "other", table="public.nothing", feeds="customer", connection="nobody")


def test_a_page_of_a_site_loads(project: Path, connections: Callable[..., None], embedded_warehouse: Warehouse) -> None:
    """What is on the page is found without rules; the check follows a few links, and says so of no limit."""
    card = "<div>Ann Smith<a href='mailto:ann@example.com'>mail</a> <a href='tel:+4930123456'>call</a></div>"
    with serving({"/team": f"<html><body>{card}</body></html>"}) as site:
        said = new(project, "team", site=f"{site.address}/team", feeds="customer")
        assert "ann@" not in said and f"--conn-host {site.address}" in said
        source = load_source("team", project / "include/config/sources")
        assert source.entities["team"].web and source.entities["team"].web.start == ("/team",)
        connection = SourceConnection(site.address)
        assert not failures(check(project, embedded_warehouse, connection, "team"))
        assert load(project, embedded_warehouse, "team", connection) == (1, 1)
    assert table(embedded_warehouse, "select email, phone from staging.customer") == [
        ("ann@example.com", "+4930123456")
    ]


def test_the_example_of_the_documentation(api: Api, project: Path, connections: Callable[..., None]) -> None:
    """The documentation shows what the command says and writes, as it is."""
    documentation = (PROJECT / "docs" / "sources.md").read_text()
    deals = [
        {
            "id": n,
            "title": f"Deal {n}",
            "stage_id": "offer",
            "value": {"amount": "100.00", "currency": "EUR"},
            "owner_id": 1,
            "organisation_id": 2,
            "contact_id": 3,
            "opened_at": "2026-11-01T08:00:00Z",
            "closed_at": None if n % 2 else "2026-12-01",
            "deleted": False,
            "updated_at": "2026-11-20T09:00:00Z",
        }
        for n in range(1, 101)
    ]
    stages = [
        {"id": "offer", "name": "Offer", "order": 1, "win_chance": 40, "outcome": None},
        {"id": "won", "name": "Won", "order": 2, "win_chance": 100, "outcome": "won"},
    ]
    api.answer = lambda asked, n: {"data": deals if asked.path.endswith("/deals") else stages}
    host = "https://api.acme-crm.example"
    connections("acme_crm", host=f"{api.address}/v2", password=SECRET)
    command = re.search(r"source new acme_crm --url '(.*)'\n", documentation)
    assert command
    said = new(project, "acme_crm", url=command[1].replace(host, api.address))
    assert f"{said}\n```" in documentation
    new(project, "acme_crm", url=f"{api.address}/v2/stages")
    statements = project / "sql" / "staging"
    assert (statements / "acme_crm__deals.sql").read_text() in documentation
    stages_of_a_person = (
        (statements / "acme_crm__stages.sql").read_text().replace("r.outcome as", "coalesce(r.outcome, 'open') as")
    )
    for line in stages_of_a_person.splitlines():
        assert line in documentation
    # the definition there is the written one, after a person has read it
    (theirs,) = re.findall(r"```yaml\n(name: acme_crm\n.*?)```", documentation, re.DOTALL)
    ours = load_source("acme_crm", project / "include/config/sources").entities["deals"]
    assert Source.model_validate(yaml.safe_load(theirs)).entities["deals"] == ours


# Between the letters of a name these change nothing of what it is taken for.
NAUGHTY = (
    *('"', "'", "--", ";", "/*", "*/", "\\", "{}", "%%", "%", ".", "$$", " ", "📧", "::", "`", "#", "£", "(", ")"),
)
WORDS = (
    *(
        "name",
        "stage",
        "amount",
        "currency",
        "ownerid",
        "companyid",
        "contactid",
        "leadsource",
        "createdat",
        "closedat",
    ),
)
VALUES = ("N", "S", "7", "EUR", "o", "c", "p", "l", "2026-03-05", "2026-03-06")
HOSTILE = {
    "a\n'; drop table staging.deal; --": 1,
    "b\u2028\r\nenabled: true": 2,
    "*/ select pg_sleep(60) /*": 3,
    "x" * 5000: 5,
    "": 6,
    "select": 7,
    "%(evil)s": {"{0.__class__}": 8, "'": 9},
}


def test_naughty_names_are_names_and_nothing_else(
    project: Path, connections: Callable[..., None], embedded_warehouse: Warehouse, api: Api
) -> None:
    """Whatever a source calls its fields: the files are whole, the values arrive, nothing else happens."""
    for number in range(0, len(NAUGHTY), len(WORDS)):
        marks, name = NAUGHTY[number : number + len(WORDS)], f"naughty_{number}"
        fields = {mark.join(word): value for mark, word, value in zip(marks, WORDS, VALUES, strict=True)}
        rows = [{"id": "1", **fields, **HOSTILE}, {"id": "2", "\ud800": 4}]  # the other one SQL cannot hold
        body = {"list": rows, **dict.fromkeys(marks, "".join(marks))}
        api.answer = partial(lambda body, asked, n: body, body)
        new(project, name, url=f"{api.address}/deals?{quote(''.join(marks))}={quote(marks[0])}", feeds="deal")
        assert not load_source(name, project / "include/config/sources").enabled
        assert load(project, embedded_warehouse, name, api.connection()) == (2, 1)
        assert table(
            embedded_warehouse,
            "select name, stage_key, amount::text, currency, owner_key, company_key, customer_key, lead_source,"
            " created_at::date::text, closed_at::date::text from staging.deal where source_table = %s",
            [f"{name}__deals"],
        ) == [VALUES]
    for feeds in COLUMNS:
        one_each = {column.words[0]: 1 for column in COLUMNS[feeds].values() if column.words}
        api.answer = partial(
            lambda body, asked, n: body, [{"Id": 1, **one_each, "tags": ["a"], "value": {"amount": 1}}]
        )
        new(project, feeds, url=f"{api.address}/{feeds}", feeds=feeds)
    assert sqlfluff(project) == ""


ANY_WORDS = st.sampled_from(
    sorted({word for columns in COLUMNS.values() for one in columns.values() for word in one.words})
)
ANY_KEY = (
    st.text(max_size=8) | ANY_WORDS | st.builds(lambda word, mark: mark.join(word), ANY_WORDS, st.sampled_from(NAUGHTY))
)
ANY_SCALAR = (
    st.none()
    | st.booleans()
    | st.integers(-10, 2_000_000_000_000)
    | st.text(max_size=8)
    | st.just("2026-03-05T10:00:00Z")
)
ANY_VALUE = st.recursive(
    ANY_SCALAR, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(ANY_KEY, inner, max_size=3), max_leaves=6
)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(st.dictionaries(ANY_KEY, ANY_VALUE, max_size=8), min_size=1, max_size=3),
    envelope=st.dictionaries(ANY_KEY, ANY_VALUE, max_size=3),
    feeds=st.sampled_from(get_args(Feeds)),
)
def test_whatever_the_sample_the_files_are_whole(
    rows: list[dict], envelope: dict, feeds: Feeds, tried: Warehouse
) -> None:
    """The definition can be read, and the statement reads the very records that it was made of."""
    rows = [{**row, "id": n} for n, row in enumerate(rows)]
    sample = json.dumps({**envelope, "data": rows}).encode()
    skeleton = rest_skeleton(Asked("acme", "acme", "things", feeds), "https://x.example/y", sample, None)
    assert list(Source.model_validate(yaml.safe_load(skeleton.definition)).entities) == ["things"]
    texts = [json.dumps(row, ensure_ascii=False) for row in rows]
    texts = [text for text in texts if "\\u0000" not in text]  # which SQL cannot hold
    with tried.connect() as connection:
        connection.execute(
            "create temp table batch on commit drop as select '1' as source_id, now() as version_at,"
            " gen_random_uuid() as payload_hash, payload::json from unnest(%s::text[]) as t (payload)",
            [texts],
        )
        connection.execute(b"create temp view renamed as " + skeleton.statement.rstrip().rstrip(";").encode())
        assert len(connection.execute("select * from renamed").fetchall()) == len(texts)
        connection.rollback()


@pytest.mark.parametrize("feeds", get_args(Feeds))
def test_every_column_that_can_be_filled_is_one_of_the_table(feeds: Feeds, tried: Warehouse) -> None:
    kinds = {"text": "text", "numeric": "number", "bigint": "number", "integer": "number", "boolean": "flag"}
    kinds |= {"timestamp with time zone": "time", "date": "time"}
    with tried.connect() as connection:
        types = staging_types(connection, feeds)
    # lists of records, and what no source fills by itself
    others = {
        "source_id",
        "version_at",
        "payload_hash",
        "is_deleted",
        "merged_keys",
        "close_history",
        "unreadable_rates",
    }
    assert list(COLUMNS[feeds]) == [name for name in types if name not in others]
    for name, column in COLUMNS[feeds].items():
        if column.kind != "list" and types[name] != "jsonb":
            assert kinds[types[name]] == column.kind, name
    assert set(NEEDED[feeds]) <= set(types)


# Check


def test_a_source_that_is_well(acme: Deals, checked: Checked, project: Path, tried: Warehouse) -> None:
    before = everything(tried)
    steps = checked()
    assert not failures(steps)
    assert [step.name for step in steps] == [
        "definition", "warehouse", "connection", "login", "deals: page", "deals: id", "deals: version_at",
        "deals: statement", "deals: types", "deals: rules", "a year's backfill",
    ]  # fmt: skip
    assert one(steps, "deals: page").says.startswith("10 records, GET /v2/deals, page 1, 3 requests of ")
    # 25 records in pages of 10 are 3 requests a day
    assert one(steps, "a year's backfill").says.startswith("about 1,095 requests (3 a day), ")
    assert everything(tried) == before
    assert SECRET not in repr(steps)
    summary = as_dict("acme", steps)
    assert (summary["ok"], summary["requests_a_year"], json.loads(json.dumps(summary))) == (True, 1095, summary)


def everything(warehouse: Warehouse) -> dict[str, int]:
    """How many rows every table has."""
    names = table(
        warehouse,
        "select oid::regclass::text from pg_class where relkind in ('r', 'v', 'p')"
        " and relnamespace::regnamespace::text in ('raw', 'staging', 'core', 'ops')",
    )
    return {name: len(table(warehouse, f"table {name}")) for (name,) in names}


@pytest.mark.parametrize(
    ("password", "answer", "name", "says", "do"),
    [
        ("wrong", None, "login", "answered 401: the login was not accepted (GET /v2/deals)", "auth: is bearer"),
        (SECRET, Answer({}, 403), "login", "answered 403: the login was not accepted", "password of the connection"),
        (SECRET, Answer({"m": SECRET}, 404), "deals: page", "answered 404: '{\"m\": \"***", "Check the request"),
        (SECRET, Answer(b"<p>[/red]Sign in"), "deals: page", "it starts with '<p>[/red]Sign in'", "Run it again"),
        (SECRET, Answer({"rows": []}), "deals: page", "no list of records at 'data'", "records: in the source's YAML"),
        (SECRET, Answer({}, 302, {"location": "/x"}), "deals: page", "a redirect", "the address it leads to"),
        (SECRET, Answer({}, 500), "deals: page", "answered 500, after", "when the source is well"),
    ],
)  # fmt: skip
def test_a_source_that_does_not_answer_as_it_should(
    password: str, answer: Answer | None, name: str, says: str, do: str, acme: Deals, api: Api, checked: Checked
) -> None:
    if answer:
        api.answer = lambda asked, n: answer
    asked = len(api.asked)
    steps = checked(password=password)
    (failed,) = failures(steps)
    assert failed.name == name
    assert says in failed.says and do in failed.do
    assert SECRET not in repr(steps) and "wrong" not in repr(steps)
    assert one(steps, "deals: statement").says.endswith("there is no record to try it on")
    if name == "login":
        assert len(api.asked) == asked + 1  # a source may lock who tries again


def test_a_server_that_is_not_there(acme: Deals, checked: Checked, project: Path, tried: Warehouse) -> None:
    (failed,) = failures(checked(base_url="http://127.0.0.1:9"))
    assert "no answer" in failed.says


def test_an_empty_day(acme: Deals, checked: Checked, project: Path, tried: Warehouse) -> None:
    acme.deals.clear()
    steps = checked()
    assert not failures(steps)
    page = one(steps, "deals: page")
    assert page.says.startswith("no record on 2026-03-05, 1 request of") and "--day" in page.do


def test_a_missing_connection(acme: Deals, project: Path, tried: Warehouse) -> None:
    steps = check(project, tried, None)
    (failed,) = failures(steps)
    assert (failed.name, failed.says) == ("connection", "acme is neither in Airflow nor in the environment")
    assert "./crm airflow connections add acme" in failed.do and "AIRFLOW_CONN_ACME" in failed.do
    assert one(steps, "deals: statement").ok


def test_files_that_are_missing_or_wrong(acme: Deals, checked: Checked, project: Path, tried: Warehouse) -> None:
    statement, suite = project / "sql/staging/acme__deals.sql", project / "expectations/acme__deals.json"
    good, rules = statement.read_text(), suite.read_text()
    statement.unlink()
    (failed,) = failures(checked())
    assert failed.says == "sql/staging/acme__deals.sql is missing"
    statement.write_text(good.replace("r.title as name", "r.titel as name"))
    (failed,) = failures(checked())
    assert failed.name == "deals: statement" and "column r.titel does not exist" in failed.says
    statement.write_text(good.replace("r.title as name", "r.title as title"))
    (failed,) = failures(checked())
    assert "gives title, which staging.deal does not have" in failed.says
    statement.write_text(good)
    suite.write_text(rules.replace('"column": "name"', '"column": "title"'))
    (failed,) = failures(checked())
    assert failed.says == "expectations/acme__deals.json has rules for title, which staging.deal does not have"
    suite.write_text("{}")
    (failed,) = failures(checked())
    assert failed.name == "deals: suite" and "missing" in failed.says
    (project / "include/config/sources/acme.yaml").write_text("name: acme")
    (failed,) = failures(checked())
    assert failed.name == "definition" and "description" in failed.says
    (failed,) = failures(check(project, tried, None, "nobody"))
    assert "no source named 'nobody'" in failed.says


def test_records_that_do_not_fit(acme: Deals, checked: Checked, project: Path, tried: Warehouse) -> None:
    acme.size = 30
    acme.deals[0]["value"]["amount"] = "n/a"
    acme.deals[1]["value"] = {"amount": "1,5", "currency": "EUR"}
    acme.deals[24]["value"]["amount"] = "1 5"
    acme.deals[2]["created_at"] = "soon"
    acme.deals[3]["updated_at"] = "yesterday, or so"
    acme.deals[4]["id"] = None
    acme.deals[5]["value"]["amount"] = -1
    for one_deal in acme.deals:
        one_deal["owner"] = None
    steps = checked()
    said: dict[str, list] = {step.name: [] for step in steps}
    for step in steps:
        said[step.name].append((step.ok, step.says))
    assert said["deals: id"] == [(False, "id is no key in 1 of 25 records: no_id (1)")]
    assert said["deals: version_at"] == [(False, "updated_at is no time in 1 of 25 records")]
    assert said["deals: records"] == [(False, "records that raw cannot hold: bad_version_time (1), no_id (1)")]
    assert said["deals: types"] == [
        (
            False,
            "amount is no numeric in 3 of 23 records:"
            " value.amount 'n/a' in 1, value.amount '1,5' in 2, value.amount '1 5' in 25",
        ),
        (True, "created_at is no timestamp in 1 of 23 records: created_at 'soon' in 3"),
    ]
    assert said["deals: columns"] == [(True, "null in every record: owner_key")]
    assert said["deals: rules"] == [(True, "amount__be_between (critical) is broken by 1 of 19 records")]
    assert everything(tried)["ops.quarantine"] == 0


def test_a_rule_that_no_record_meets(acme: Deals, checked: Checked, project: Path, tried: Warehouse) -> None:
    for one_deal in acme.deals:
        one_deal["stage"] = None
    failed = failures(checked())
    assert [step.says for step in failed] == ["stage_key__not_be_null (critical) is broken by 10 of 10 records"]


def test_a_source_that_does_not_heed_the_window(
    acme: Deals, api: Api, checked: Checked, project: Path, tried: Warehouse
) -> None:
    api.answer = lambda asked, n: {"data": [deal(1, "2026-03-05"), deal(2, "2025-01-01"), deal(3, "2025-01-02")]}
    version = one(checked(), "deals: version_at")
    assert version.ok and "of which 2 are not of the window that was asked for" in version.says


def test_what_a_year_takes_is_counted_with_few_requests(
    acme: Deals, api: Api, checked: Checked, project: Path, tried: Warehouse
) -> None:
    definition = project / "include/config/sources/acme.yaml"
    budget = "budget: {requests: 100, seconds: 10}"
    definition.write_text(definition.read_text().replace(f"# {budget}", f"{budget} #"))
    acme.deals += [deal(n) for n in range(26, 1001)]
    asked = len(api.asked)
    step = one(checked(), "a year's backfill")
    # the answer tells of 1,000 records, 10 a page: 100 requests a day; 36,500 of them at 10 a second take an hour
    assert len(api.asked) == asked + 1
    assert step.says.startswith("about 36,500 requests (100 a day), ")
    assert step.says.endswith("; the budget of 100 in 10 s takes 61 minutes")
    answer = api.answer

    def without_total(request: Request, n: int) -> Any:
        body = answer(request, n)
        del body["meta"]["total"]
        return body

    api.answer, asked = without_total, len(api.asked)
    step = one(checked(), "a year's backfill")
    assert len(api.asked) == asked + 10
    assert step.says.startswith("at least 3,650 requests (10 a day)")


def test_a_warehouse_that_cannot_be_used(
    acme: Deals, opened: SourceConnection, project: Path, embedded: Databases
) -> None:
    """What needs no warehouse is still looked at."""
    steps = check(project, embedded.empty(), opened)
    (failed,) = failures(steps)
    assert failed.name == "warehouse" and "migrations to apply" in failed.says
    assert one(steps, "deals: page").ok
    (failed,) = failures(check(project, Warehouse("postgresql://ann:s3cret-token@127.0.0.1:9/x"), opened))
    assert failed.name == "warehouse" and SECRET not in failed.says


def test_the_command(
    tried: Warehouse, connections: Callable[..., None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lines for people on one stream, JSON on the other, and the exit status."""
    head = "order_id,line,ordered_at,customer_email,customer_name,sku,product,quantity,unit_price,currency,country"
    order = "A-1,1,2026-03-05T10:00:00Z,ann@example.com,Ann,X-1,Table,2,9.90,EUR,DE"
    (tmp_path / "orders-2026-03-05.csv").write_text(f"{head}\n{order}\n")
    monkeypatch.setenv("CRM_WAREHOUSE_URL", tried.url)
    connections("sandbox_orders", conn_type="fs", extra={"path": str(tmp_path)})
    command = ["source", "check", "sandbox_orders", "--day"]
    ran = CliRunner().invoke(app, [*command, "2026-03-05", "--json"])
    assert ran.exit_code == 0, ran.output
    assert "ok   orders: page: 1 record, orders-2026-03-05.csv:2, in " in ran.stderr
    summary = json.loads(ran.stdout)
    assert (summary["source"], summary["ok"]) == ("sandbox_orders", True)
    assert {"name": "orders: types", "ok": True, "says": "1 record fits staging.order_line", "do": ""} in summary[
        "steps"
    ]
    (tmp_path / "orders-2026-03-06.csv").write_text(f"{head}\n{order.replace('9.90', 'free')}\n")
    ran = CliRunner().invoke(app, [*command, "2026-03-06"])
    assert ran.exit_code == 1 and ran.stdout == ""
    assert "FAIL orders: types: unit_price is no numeric in 1 of 1 record: unit_price 'free' in A-1/1" in ran.stderr
    assert "     → Read it another way in sql/staging/sandbox_orders__orders.sql" in ran.stderr
    ran = CliRunner().invoke(app, ["source", "check", "[/nobody]"])
    assert ran.exit_code == 1 and "no source named '[/nobody]'" in ran.stderr
    done = subprocess.run(
        [sys.executable, "-m", "include.cli", "source", "new", "shop", "--url", "[/b]"],
        capture_output=True, text=True, cwd=PROJECT, env={**os.environ, "CRM_STATE": str(tmp_path)},
    )  # fmt: skip
    assert done.returncode == 1 and done.stderr.startswith("Error: --url: no address that starts with http")


# Connections


def test_a_database_is_checked_too(project: Path, tried: Warehouse, tmp_path: Path) -> None:
    definition = """
name: hr
description: People.
kind: database
connection: hr
enabled: false
entities:
  people:
    feeds: rep
    id: id
    version_at: changed
    database: {table: people, changed_at: changed}
"""
    (project / "include/config/sources/hr.yaml").write_text(definition)
    statement = "select b.source_id, b.version_at, b.payload_hash, b.payload ->> 'name' as full_name from batch as b"
    (project / "sql/staging/hr__people.sql").write_text(statement)
    (project / "expectations/hr__people.json").write_text(
        '{"name": "hr__people", "expectations": [{"type": "expect_column_values_to_not_be_null",'
        ' "kwargs": {"column": "full_name"}}]}'
    )

    steps = {step.name: step for step in check(project, tried, None, "hr")}
    assert not steps["connection"].ok and '--conn-extra \'{"driver": "mysql+pymysql"}\'' in steps["connection"].do
    with sqlite3.connect(tmp_path / "hr.db") as database:
        database.execute("create table people (id integer primary key, name text, changed text)")
        database.execute(
            "insert into people values (1, 'Ann', '2026-03-05 10:00:00'), (2, 'Ben', '2026-03-06 10:00:00')"
        )
    connection = SourceConnection(password=SECRET, database_url=f"sqlite:///{tmp_path}/hr.db")
    steps = {step.name: step for step in check(project, tried, connection, "hr")}
    assert all(step.ok for step in steps.values()), steps
    assert steps["connection"].says == f"hr: sqlite:///{tmp_path}/hr.db, with password"
    assert steps["people: page"].says.startswith("1 record") and SECRET not in str(steps)


CONNECTIONS = (
    "http://ann:pa%2Fss@api.example.com:8443/https?timeout=3",
    "generic://:to%20ken@https%3A%2F%2Fapi.Example.com%2Fv2",
    "http://https://ann:pw@api.example.com:8443/schema",
    "fs:///?path=%2Fsrv%2Forders",
    "fs:///?__extra__=%7B%22path%22%3A+%22%2Fsrv%22%2C+%22n%22%3A+1%7D",
    "my-type://ann@host",
    '{"conn_type": "http", "schema": "http", "host": "sandbox", "port": "8765", "password": "pw"}',
    '{"conn_type": "fs", "extra": {"path": "/srv"}}',
    '{"conn_type": "fs", "extra": "{\\"path\\": \\"/srv\\"}"}',
)


AIRFLOW_READS = """
import json, sys
from airflow.sdk import Connection

for value in json.load(sys.stdin):
    read = Connection.from_json(value, "x") if value.startswith("{") else Connection.from_uri(value, "x")
    print(json.dumps({name: getattr(read, name) for name in sys.argv[1:]}))
"""


def airflow_says(script: str, *arguments: str, given: str = "", home: Path, **environment: str) -> list[str]:
    """What a script prints in a process of its own: Airflow makes files where it is imported."""
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments],
        input=given,
        env={**os.environ, "AIRFLOW_HOME": str(home), **environment},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout.splitlines()


def test_a_connection_in_the_environment_is_read_as_airflow_reads_it(tmp_path: Path) -> None:
    parts = ("conn_type", "host", "schema", "login", "password", "port", "extra_dejson")
    told = airflow_says(AIRFLOW_READS, *parts, given=json.dumps(CONNECTIONS), home=tmp_path)
    for value, line in zip(CONNECTIONS, told[-len(CONNECTIONS) :], strict=True):
        theirs, ours = json.loads(line), from_environment("x", {"AIRFLOW_CONN_X": value})
        assert ours
        assert {name: getattr(ours, name) or None for name in parts} == {n: theirs[n] or None for n in parts}, value
        assert "pw" not in repr(ours)


def test_a_connection_in_the_environment_that_is_none() -> None:
    for value in ("{", "s3cret-token", '{"port": "s3cret-token"}', '{"extra": "s3cret-token"}', "a://b:s3cret-token"):
        with pytest.raises(ServiceError, match="AIRFLOW_CONN_X cannot be read") as caught:
            from_environment("x", {"AIRFLOW_CONN_X": value})
        assert SECRET not in str(caught.value)
    assert from_environment("x", {}) is None


AIRFLOWS_OWN = """
import sqlalchemy as sa
from airflow.configuration import conf
from airflow.models import Connection
from airflow.models.team import Team  # noqa: F401
from sqlalchemy.orm import Session

engine = sa.create_engine(conf.get("database", "sql_alchemy_conn"))
tables = [Connection.metadata.tables["team"], Connection.__table__]
Connection.metadata.create_all(engine, tables=tables)
with Session(engine) as session:
    acme = dict(host="https://x.example/v2", login="ann", password="s3cret", extra='{"a": 1}')
    session.add(Connection("acme", "generic", **acme))
    session.add(Connection("bare", "fs"))
    session.commit()
"""


def test_a_connection_that_airflow_stored(embedded: Databases, tmp_path: Path) -> None:
    url, key = embedded.empty().url, Fernet.generate_key().decode()
    assert stored(url, key, "acme") is None  # no tables yet
    env = {
        "AIRFLOW__CORE__FERNET_KEY": key,
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": url.replace("postgresql://", "postgresql+psycopg2://"),
    }
    airflow_says(AIRFLOWS_OWN, home=tmp_path, **env)
    found = stored(url, key, "acme")
    assert found and (found.host, found.login, found.password, found.extra_dejson) == (
        "https://x.example/v2", "ann", "s3cret", {"a": 1},
    )  # fmt: skip
    assert stored(url, key, "bare") and stored(url, key, "nobody") is None
    with pytest.raises(ServiceError, match="acme was stored with another key"):
        stored(url, Fernet.generate_key().decode(), "acme")
