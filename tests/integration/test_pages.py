"""The pages, served on loopback over a warehouse of the sandbox company, read and clicked through in a real browser."""

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
import urllib3
import uvicorn
from axe_playwright_python.sync_playwright import Axe
from bs4 import BeautifulSoup
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.routing import Mount

from include.actions.config import load_outbox_config
from include.actions.outbox import Message, propose
from include.pages.app import Right, Surroundings, Visitor, make_app
from include.quality.books import build_latest_docs
from include.reports.render import render
from include.sources.config import load_source
from include.warehouse.connection import Warehouse
from include.warehouse.core import build_core
from include.warehouse.marts import refresh_marts
from include.window import Window
from tests.conftest import Databases
from tests.deliveries import Delivery, build, load, page, rows
from tests.sandbox import running

COMPANY = ("--seed", "4711", "--start", "2025-08-01", "--months", "2", "--companies", "12", "--people", "40",
           "--deals", "40", "--tickets", "80", "--now", "2025-09-20T00:00:00Z")  # fmt: skip
WINDOW = Window.between(date(2025, 8, 1), date(2025, 9, 18))
LOADED = {
    "sandbox_crm": ("owners", "pipelines", "companies", "contacts", "deals"),
    "sandbox_helpdesk": ("users", "tickets", "ticket_events", "sla_policies", "schedules", "groups"),
    "sandbox_orders": ("orders",),
}
NASTY = "<script>alert(1)</script>"
PREFIX = "/crm/pages"
SERIOUS = ("serious", "critical")
PAGES = ("today", "reports", "customers", "quality", "actions", "sources")


@dataclass
class Pages:
    """The pages of a warehouse at an address; ``may`` says what each user may do, ``started`` which runs they began."""

    warehouse: Warehouse
    state: Path
    url: str = ""
    may: dict[str, tuple[Right, ...]] = field(default_factory=lambda: {"ann": ("read", "run"), "vic": ("read",)})
    started: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)

    @property
    def reports(self) -> Path:
        return self.state / "reports"

    def get(self, path: str, user: str = "ann", **more: Any) -> urllib3.BaseHTTPResponse:
        headers = {"cookie": f"who={user}"} if user else {}
        return urllib3.request("GET", f"{self.url}/{path}", headers=headers, redirect=False, timeout=30, **more)

    def soup(self, path: str) -> BeautifulSoup:
        answer = self.get(path)
        assert answer.status == 200, answer.data.decode()
        return BeautifulSoup(answer.data, "html.parser")

    def post(self, path: str, form: dict[str, Any], user: str = "ann", **headers: str) -> urllib3.BaseHTTPResponse:
        """Send a form as a browser does, from one of the pages unless headers say otherwise."""
        sent = {"content-type": "application/x-www-form-urlencoded", "cookie": f"who={user}"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()} or {"sec-fetch-site": "same-origin"}
        body = urlencode(form, doseq=True)
        return urllib3.request("POST", f"{self.url}/{path}", body=body, headers=sent, redirect=False, timeout=30)

    def rows(self, query: str, parameters: Any = ()) -> list[tuple]:
        return rows(self.warehouse, query, parameters)


def links(soup: BeautifulSoup, selector: str) -> list[str]:
    """Where the links of a page lead."""
    return [str(link["href"]) for link in soup.select(selector)]


@contextmanager
def serving(pages: Pages) -> Iterator[Pages]:
    """Serve the pages under their prefix, as Airflow mounts them."""
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    pages.url = f"http://127.0.0.1:{listening.getsockname()[1]}{PREFIX}"

    async def identify(request: Request) -> Visitor | None:
        who = SimpleCookie(request.headers.get("cookie", "")).get("who")
        return Visitor(who.value) if who and who.value in pages.may else None

    def may(visitor: Visitor, right: Right, dag_id: str) -> bool:
        return right in pages.may[visitor.name]

    def trigger(visitor: Visitor, dag_id: str, conf: dict[str, Any]) -> str:
        pages.started.append((visitor.name, dag_id, conf))
        return "manual__1"

    around = Surroundings(identify, may, trigger, lambda: pages.warehouse, pages.reports, pages.state / "data_docs")
    app = Starlette(routes=[Mount(PREFIX, make_app(around))])
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield pages
    server.should_exit = True
    thread.join(10)


@pytest.fixture(scope="module")
def pages(embedded: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pages]:
    """The sandbox company, loaded, with a report of each subject."""
    warehouse, state = embedded.warehouse(), tmp_path_factory.mktemp("pages")
    with running(tmp_path_factory.mktemp("sandbox"), *COMPANY) as sandbox:
        for name, entities in LOADED.items():
            source = load_source(name)
            for entity in entities:
                load(warehouse, sandbox.pull(source, source.entities[entity], WINDOW))
    nasty = {"id": "900001", "archived": False, "properties": {
        "email": "nasty@script.example", "firstname": NASTY, "lastname": "Nasty", "company": NASTY,
        "createdate": "2025-09-10T10:00:00Z", "lastmodifieddate": "2025-09-10T10:00:00Z"}}  # fmt: skip
    bad = {"id": "900002", "archived": False, "properties": {
        "email": "bad@script.example", "firstname": NASTY, "createdate": "some day",
        "lastmodifieddate": "2025-09-10T10:00:00Z"}}  # fmt: skip
    load(warehouse, Delivery("sandbox_crm", "contacts", Window.day("2025-09-10"), (page(nasty, bad),)))
    build(warehouse, [WINDOW.first_day, WINDOW.last_day], settle=True)
    for subject in ("customers", "sales", "service"):
        render(warehouse, subject, WINDOW, list(LOADED), state / "reports", ["pdf", "xlsx"])
    with serving(Pages(warehouse, state)) as pages:
        yield pages


# ---- who may come in


@pytest.mark.parametrize("path", ["", "style.css", "nothing", *PAGES])
def test_nobody_comes_in_without_a_login(pages: Pages, path: str) -> None:
    assert pages.get(path, user="").status == 401
    assert pages.get(path, user="mallory").status == 401
    assert pages.post(path, {}, user="mallory").status == 401


def test_who_may_only_read_changes_nothing(pages: Pages) -> None:
    form = {"subject": "sales", "first_day": "2025-09-01", "last_day": "2025-09-02"}
    assert pages.get("reports", user="vic").status == 200
    assert b"Render a window" not in pages.get("reports", user="vic").data
    assert pages.post("reports/render", form, user="vic").status == 403
    assert pages.started == []


def test_what_another_site_asks_for_is_refused(pages: Pages) -> None:
    form = {"subject": "sales", "first_day": "2025-09-01", "last_day": "2025-09-02"}
    here = pages.url.removesuffix(PREFIX)
    refused = [
        {"sec_fetch_site": "cross-site"}, {"sec_fetch_site": "same-site"}, {"sec_fetch_site": "none"},
        {"origin": "https://evil.example"}, {"origin": "null"}, {"referer": f"{here}/"},
        {"origin": here, "sec_fetch_site": "cross-site"}, {"authorization": "Bearer "},
    ]  # fmt: skip
    for headers in refused:
        assert pages.post("reports/render", form, **headers).status == 403, headers
    assert pages.started == []
    assert pages.post("reports/render", form, origin=here).status == 303
    assert pages.started.pop()[0] == "ann"


@pytest.mark.parametrize("path", PAGES)
def test_a_page_has_no_script_and_says_so(pages: Pages, path: str) -> None:
    answer = pages.get(path)
    policy = answer.headers["content-security-policy"]
    assert answer.status == 200 and "default-src 'none'" in policy and "script-src" not in policy
    assert answer.headers["cache-control"] == "no-store"
    soup = BeautifulSoup(answer.data, "html.parser")
    assert not soup.find_all("script")
    assert not [
        tag for tag in soup.find_all(True) if any(name.startswith("on") or name == "style" for name in tag.attrs)
    ]
    assert len(soup.find_all("h1")) == 1
    # each field has a name that is read out
    for control in soup.select("input:not([type=hidden]), select, textarea"):
        assert control.find_parent("label") or control.get("aria-label"), control


@pytest.mark.parametrize(
    "path", ["customers?q=%00", "quality/quarantine?rule=%00&before=999999999999999999", "customers/%00",
             "sources/%00", "reports?first_day=9999-12-31&last_day=0001-01-01&after=99999999999999999999",
             "quality/tables/..%2F..%2Fx",
             "actions?state=%27&before=-1", "today?done=%3Cscript%3E", "reports/1/download/..%2F..%2Fsecrets.json"]
)  # fmt: skip
def test_nonsense_is_answered(pages: Pages, path: str) -> None:
    answer = pages.get(path)
    assert answer.status in (200, 400, 404)
    assert b"<script" not in answer.data


def test_a_form_is_read_no_further_than_is_allowed(pages: Pages) -> None:
    assert pages.post("quality/dismiss", {"reason": "x" * 70_000, "number": 1}).status == 413
    assert pages.post("quality/dismiss", {"reason": "x" * 2_000, "number": 1}).status == 400
    assert pages.post("quality/dismiss", {"reason": "\0", "number": 1}).status == 400
    assert (
        pages.post("actions/decide", {"number": 1}, sec_fetch_site="same-origin", content_type="text/plain").status
        == 415
    )


def test_a_warehouse_that_does_not_answer_is_said(pages: Pages, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "warehouse", Warehouse("postgresql://nobody:s3cret@127.0.0.1:1/nothing"))
    answer = pages.get("today")
    assert answer.status == 503 and b"does not answer" in answer.data and b"s3cret" not in answer.data


# ---- reports


def test_an_edition_is_opened_and_taken_away(pages: Pages) -> None:
    soup = pages.soup("reports?subject=sales")
    (link,) = links(soup, "tbody tr:not(.group) th a")
    number = link.rsplit("/", 1)[1]
    path = rows(pages.warehouse, "select path from ops.report_edition where edition_id = %s", [number])[0][0]
    opened = pages.get(f"reports/{number}/page")
    assert opened.data == (pages.reports / path).read_bytes()
    assert "sandbox" in opened.headers["content-security-policy"]
    for name in ("html", "pdf", "xlsx"):
        taken = pages.get(f"reports/{number}/download/{name}")
        assert taken.data == (pages.reports / path).with_suffix(f".{name}").read_bytes()
        assert taken.headers["content-disposition"].startswith('attachment; filename="sales-2025-08-01..2025-09-18-')
    assert pages.get(f"reports/{number}/download/json").status == 404
    assert pages.get("reports/99999/page").status == 404


def test_only_files_of_the_reports_folder_are_served(pages: Pages) -> None:
    (pages.state / "secret.html").write_text("secret")
    added = rows(
        pages.warehouse,
        "insert into ops.report_edition (subject, window_start, window_end, sources, path, checksum, manifest)"
        " select 'sales', now(), now() + interval '1 day', '{}', p, p, '{}'"
        " from unnest(%s::text[]) as p returning edition_id",
        [["../secret.html", str(pages.state / "secret.html"), "sales/../../secret.html"]],
    )
    try:
        for (number,) in added:
            assert pages.get(f"reports/{number}/page").status == 404
            assert pages.get(f"reports/{number}").status == 200
    finally:
        rows(pages.warehouse, "delete from ops.report_edition where edition_id = any(%s) returning 1",
             [[n for (n,) in added]])  # fmt: skip


def test_every_edition_is_listed_once_page_after_page(pages: Pages) -> None:
    rows(
        pages.warehouse,
        "insert into ops.report_edition (subject, window_start, window_end, sources, path, checksum, manifest,"
        " language) select s, d, d + interval '1 day', '{crm}', 'gone.html', v::text, '{}', (array['en', 'zh'])[v]"
        " from unnest('{sales,service,customers}'::text[]) as s, generate_series(1, 2) as v,"
        " generate_series(timestamptz '2024-01-01Z', '2024-01-20Z', interval '1 day') as d returning 1",
    )
    try:
        seen, path = [], "reports"
        while path:
            soup = pages.soup(path)
            seen += links(soup, "tbody tr:not(.group) th a")
            path = "".join(links(soup, "a[rel=next]")).removeprefix(f"{PREFIX}/")
        assert len(seen) == len(set(seen)) == 3 + 120
        kept = pages.soup("reports?subject=sales&language=zh&first_day=2024-01-05&last_day=2024-01-08")
        assert len(kept.select("tbody tr:not(.group)")) == 4
        assert kept.select("tr.group")[0].get_text(strip=True) == "8 January 2024"
        one = links(kept, "tbody tr:not(.group) th a")[0].rsplit("/", 1)[1]
        # both languages of the window are listed together
        assert "2 editions of this window" in pages.soup(f"reports/{one}").get_text()
        assert pages.soup("reports?subject=nonsense&language=xx&first_day=x&after=y").select("tr.group")
    finally:
        rows(pages.warehouse, "delete from ops.report_edition where path = 'gone.html' returning 1")


def test_a_window_is_rendered_by_the_dag(pages: Pages) -> None:
    form = {
        "subject": "service",
        "first_day": "2025-09-01",
        "last_day": "2025-09-07",
        "formats": ["xlsx", "pdf", "exe"],
    }
    answer = pages.post("reports/render", form)
    assert answer.status == 303 and answer.headers["location"] == f"{PREFIX}/reports?done=render"
    conf = {
        "subject": "service", "first_day": "2025-09-01", "last_day": "2025-09-07",
        "formats": ["html", "pdf", "xlsx"], "languages": ["en"],
    }  # fmt: skip
    assert pages.started.pop() == ("ann", "render_window", conf)
    for wrong in ({"last_day": "2025-08-01"}, {"first_day": "soon"}, {"subject": "all"}, {"language": "fr"}):
        assert pages.post("reports/render", form | wrong).status == 400
    assert pages.started == []


def test_an_edition_is_sent_by_the_dag(pages: Pages) -> None:
    (link,) = links(pages.soup("reports?subject=sales"), "tbody tr:not(.group) th a")
    number = link.rsplit("/", 1)[1]
    once = pages.soup(f"reports/{number}").select_one("input[name=once]")["value"]  # type: ignore[index]
    form = {"to": "ann@acme.example, bo@acme.example", "attach": ["pdf", "exe"], "once": once}
    assert pages.post(f"reports/{number}/send", form).status == 303
    _, dag, conf = pages.started.pop()
    assert conf["occasion"] == once  # sent twice, it mails once
    assert dag == "render_window" and conf["send_to"] == ["ann@acme.example", "bo@acme.example"]
    assert (conf["attach"], conf["formats"], conf["subject"]) == (["pdf"], ["html", "pdf"], "sales")
    assert (conf["first_day"], conf["last_day"]) == ("2025-08-01", "2025-09-18")
    for wrong in ("ann", "<ann@acme.example>", "", ","):
        assert pages.post(f"reports/{number}/send", form | {"to": wrong}).status == 400
    assert pages.started == []


# ---- actions


@pytest.fixture
def messages(pages: Pages) -> Iterator[dict[str, int]]:
    """State → a message in it, all of them nasty."""
    at, config = datetime.now(UTC), load_outbox_config().model_copy(update={"dry_run": True})
    numbers = {}
    with pages.warehouse.connect() as connection:
        for state in ("proposed", "approved", "sending", "sent", "failed", "cancelled", "uncertain"):
            message = Message(
                f"test/{state}", "reminder", "email", "ann@acme.example", f"{NASTY} {state}", f"{NASTY}\nDear Ann",
                at - timedelta(hours=1), at + timedelta(hours=6),
                html=f"{NASTY}<p style='color:red'>Dear <b>Ann</b></p>",
            )  # fmt: skip
            number = propose(connection, config, message, at)
            assert number
            connection.execute("update ops.outbox set state = %s where outbox_id = %s", [state, number])
            numbers[state] = number
    yield numbers
    pages.rows("delete from ops.outbox where outbox_id = any(%s) returning 1", [list(numbers.values())])


def state(pages: Pages, number: int) -> tuple:
    return pages.rows("select state, decided_by from ops.outbox where outbox_id = %s", [number])[0]


def test_messages_are_decided_upon_by_name(pages: Pages, messages: dict[str, int]) -> None:
    for before, decision, after in (
        ("proposed", "approve", "approved"), ("approved", "cancel", "cancelled"), ("failed", "resend", "approved"),
        ("uncertain", "arrived", "sent"),
    ):  # fmt: skip
        form = {"number": messages[before], "decision": decision}
        assert pages.post("actions/decide", form, user="vic").status == 403
        assert state(pages, messages[before]) == (before, None)
        assert pages.post("actions/decide", form).status == 303
        assert state(pages, messages[before]) == (after, "ann")
    # of several, all or none
    form = {"number": [messages["proposed"], messages["sent"]], "decision": "cancel"}
    answer = pages.post("actions/decide", form)
    assert answer.status == 409 and f"{messages['sent']} is sent" in answer.data.decode()
    assert state(pages, messages["proposed"]) == ("approved", "ann")
    assert pages.post("actions/decide", {"decision": "cancel"}).status == 400
    assert pages.post("actions/decide", {"number": messages["sent"], "decision": "drop table"}).status == 400


def test_what_a_message_says_can_do_nothing(pages: Pages, messages: dict[str, int]) -> None:
    number = messages["proposed"]
    told = pages.get(f"actions/{number}")
    assert NASTY.encode() not in told.data and b"&lt;script&gt;alert(1)" in told.data
    html = pages.get(f"actions/{number}/html")
    assert html.data.startswith(NASTY.encode())
    policy = html.headers["content-security-policy"].split("; ")
    assert policy[0] == "default-src 'none'" and policy[-1] == "sandbox"
    assert pages.get("actions/99999999").status == 404
    assert pages.get("actions/99999999999999999999").status == 404


def test_two_records_are_decided_to_be_one(pages: Pages) -> None:
    (first,), (second,) = pages.rows(
        "select record_id from core.identity_record where kind = 'person' and record_id like 'sandbox_crm:%%'"
        " order by 1 limit 2"
    )
    form = {"kind": "person", "record_a": first, "record_b": second, "decision": "different", "reason": NASTY}
    assert pages.post("actions/pairs/decide", form, user="vic").status == 403
    assert pages.post("actions/pairs/decide", form | {"reason": " "}).status == 400
    assert pages.post("actions/pairs/decide", form | {"record_b": "no:body"}).status == 409
    assert pages.post("actions/pairs/decide", form).status == 303
    decided = "select is_same, reason, decided_by from core.identity_decision where record_a = %s and record_b = %s"
    assert pages.rows(decided, [first, second]) == [(False, NASTY, "ann")]


# ---- customers


def test_a_customer_is_found_and_told_of_on_one_page(pages: Pages) -> None:
    query = (
        "select customer_id, email, full_name from mart.customer_360"
        " where deals > 0 and tickets > 0 and orders > 0 order by customer_id limit 1"
    )
    ((customer_id, email, name),) = pages.rows(query)
    found = pages.get(f"customers?{urlencode({'q': email})}")
    assert (found.status, found.headers["location"]) == (303, f"{PREFIX}/customers/{customer_id}")
    told = pages.soup(f"customers/{customer_id}").get_text(" ", strip=True)
    for (text,) in pages.rows(
        "select deal_name from mart.deal where customer_id = %(c)s union select subject from mart.ticket"
        " where customer_id = %(c)s union select order_id from mart.customer_order where customer_id = %(c)s"
        " union select record_id from core.customer_link where customer_id = %(c)s"
        " union select email from core.dim_customer where customer_id = %(c)s and is_current",
        {"c": customer_id},
    ):
        assert text in told
    assert name in told
    several = pages.soup(f"customers?{urlencode({'q': name.split()[0][:2]})}")
    assert len(links(several, "tbody th a")) > 1
    assert "Nobody is found" in pages.soup("customers?q=zzzzzzzzzzzz").get_text()
    assert pages.get("customers/nobody").status == 404


def test_an_open_reminder_is_on_the_customers_page(pages: Pages) -> None:
    (customer_id, source, deal_id, name), *_ = pages.rows(
        "select customer_id, source, deal_id, deal_name from mart.deal where customer_id is not null order by deal_id"
    )
    pages.rows(
        "insert into ops.reminder (rule, subject_kind, source, subject_id, opened_at, seen_at, late_days,"
        " value_at_risk, currency, closed_at) select 'no_next_step', 'deal', %s, %s, now(), now(), 1, n, 'USD',"
        " case n when 500 then null else now() end from unnest('{500,600}'::integer[]) as n returning 1",
        [source, deal_id],
    )
    try:
        found = pages.soup(f"customers/{customer_id}").select_one("section[aria-label='Open reminders'] tbody")
        assert found
        text = found.get_text(" ", strip=True)
        assert "no next step" in text and name in text and "500 USD" in text and "600" not in text
    finally:
        pages.rows("delete from ops.reminder returning 1")


def test_an_id_from_before_a_merge_leads_to_the_customer(pages: Pages) -> None:
    ((customer_id, record_id),) = pages.rows("select customer_id, record_id from core.customer_link order by 2 limit 1")
    pages.rows("insert into core.identity_alias (kind, canonical_id, record_id) values ('person', 'c-old', %s)"
               " returning 1", [record_id])  # fmt: skip
    found = pages.get("customers/c-old")
    assert (found.status, found.headers["location"]) == (303, f"{PREFIX}/customers/{customer_id}")


# ---- quality


@pytest.fixture
def waiting(pages: Pages) -> Iterator[list[int]]:
    """Numbers of rows that wait because of a rule of the test's own, more than fit on one page."""
    numbers = pages.rows(
        "insert into ops.quarantine (source, entity, source_id, payload_hash, stage, rules, detail, payload, load_id,"
        " window_start, window_end) select 'sandbox_crm', 'deals', n::text, gen_random_uuid(), 'rules',"
        " '{amount_is_odd}', %s, %s, 1, '2025-09-01Z', '2025-09-02Z' from generate_series(1, 60) as n"
        " returning quarantine_id",
        [NASTY, f'{{"name": "{NASTY}"}}'],
    )
    yield [number for (number,) in numbers]
    pages.rows("delete from ops.quarantine where rules = '{amount_is_odd}' returning 1")


DISMISSED = (
    "select count(*) from ops.quarantine where state = 'dismissed' and resolved_by = 'ann' and resolved_why = %s"
)


def test_rows_in_quarantine_are_looked_at_and_dismissed(pages: Pages, waiting: list[int]) -> None:
    asked = {"source": "sandbox_crm", "entity": "deals", "rule": "amount_is_odd"}
    assert f"{PREFIX}/quality/quarantine?{urlencode(asked)}" in links(pages.soup("quality"), "tbody a")
    first = pages.soup(f"quality/quarantine?{urlencode(asked)}")
    more = links(first, "a[rel=next]")[0].removeprefix(f"{PREFIX}/")
    numbers = [str(box["value"]) for soup in (first, pages.soup(more)) for box in soup.select("input[name=number]")]
    assert sorted(map(int, numbers)) == sorted(waiting)
    form = {"number": waiting[:2], "reason": "a test's"}
    assert pages.post("quality/dismiss", form, user="vic").status == 403
    assert pages.post("quality/dismiss", {"number": waiting[:2]}).status == 400
    assert pages.post("quality/dismiss", {"reason": "none chosen"}).status == 400
    assert pages.post("quality/dismiss", {"reason": "of what?", "all": "yes", "source": "sandbox_crm"}).status == 400
    assert pages.rows(DISMISSED, ["a test's"]) == [(0,)]
    assert pages.post("quality/dismiss", form).status == 303
    assert pages.rows(DISMISSED, ["a test's"]) == [(2,)]
    assert pages.post("quality/dismiss", asked | {"reason": "all of them", "all": "yes"}).status == 303
    assert pages.rows(DISMISSED, ["all of them"]) == [(58,)]
    told = pages.soup("quality/quarantine?state=dismissed").get_text()
    assert "by ann" in told and "all of them" in told


def test_a_replay_is_the_dags(pages: Pages) -> None:
    form = {"source": "sandbox_crm", "entity": "contacts"}
    assert pages.post("quality/replay", form, user="vic").status == 403
    assert pages.post("quality/replay", form).status == 303
    assert pages.started.pop() == ("ann", "replay_quarantine", form)


def test_each_table_has_its_rules_and_its_data_docs(pages: Pages) -> None:
    assert not [link for link in links(pages.soup("quality"), "a") if "docs" in link]
    build_latest_docs(pages.warehouse, pages.state / "data_docs")
    (docs,) = [link for link in links(pages.soup("quality"), "a") if "docs" in link]
    index = pages.get(docs.removeprefix(f"{PREFIX}/"))
    assert index.status == 200 and b"sandbox_crm__contacts" in index.data
    assert "style-src 'self'" in index.headers["content-security-policy"]
    assert pages.get("quality/docs/style.css").headers["content-type"].startswith("text/css")
    assert pages.get("quality/docs/..%2Fsecret.html").status == 404
    told = pages.soup("quality/tables/sandbox_crm__contacts")
    rules = {row.get_text() for row in told.select("tbody")[0].select("th")}
    named = pages.rows(
        "select rule from ops.validation_rule as r inner join ops.validation as v using (validation_id)"
        " where suite = 'sandbox_crm__contacts'"
    )
    assert rules == {rule for (rule,) in named} and len(rules) > 3
    assert pages.get("quality/tables/nothing").status == 404


# ---- sources, and today


def test_a_source_tells_what_its_loads_brought(pages: Pages) -> None:
    soup = pages.soup("sources")
    cells = {row.th.get_text(strip=True): [cell.get_text(strip=True) for cell in row.select("td")]
             for row in soup.select("tbody tr") if row.th}  # fmt: skip
    books = pages.rows(
        "select source, sum(received), sum(inserted), sum(unchanged), sum(unreadable) from ops.load group by 1"
    )
    assert {source for source, *_ in books} <= set(cells)
    for source, *counts in books:
        assert cells[source][3:7] == [f"{count:,}" for count in counts], source
    pages.rows(
        "insert into ops.drift (source, entity, path, kind, types_now, load_id, window_start, window_end)"
        " values ('sandbox_crm', 'deals', %s, 'new', '{string}', 1, '2025-09-01Z', '2025-09-02Z') returning 1",
        [NASTY],
    )
    told = pages.soup("sources/sandbox_crm")
    assert NASTY in told.select("table")[1].get_text() and len(told.select("table")) == 3
    assert pages.get("sources/nothing").status == 404
    first = [row.get_text(" ", strip=True) for row in told.select("table")[2].select("tbody tr")]
    assert len(first) == len(pages.rows("select from ops.load where source = 'sandbox_crm'"))


def test_today_is_what_the_marts_say(pages: Pages) -> None:
    assert pages.get("today").headers["refresh"] == "60" and "refresh" not in pages.get("today?still=yes").headers
    soup = pages.soup("today")
    ((deals,),) = pages.rows("select count(*) from mart.deal where status = 'open'")
    ((tickets,),) = pages.rows("select count(*) from mart.ticket where status not in ('solved', 'closed', 'deleted')")
    tiles = {tile.dt.get_text(strip=True): tile.get_text(" ", strip=True) for tile in soup.select(".tile") if tile.dt}
    assert f"{deals} open deals" in tiles["Pipeline, USD"] and f"Queue {tickets} " in tiles["Queue"]
    pipeline, queue, promises, loads = soup.select("table")
    assert sum(int(row.select("td")[0].get_text()) for row in pipeline.select("tbody tr")) == deals
    assert sum(int(row.select("td")[0].get_text()) for row in queue.select("tbody tr")) == tickets
    assert len(loads.select("tbody tr")) == 10
    active = pages.rows("select from mart.ticket_sla where state = 'active' and breach_at is not null")
    assert len(promises.select("tbody th")) == min(len(active), 20)
    pages.rows(
        "insert into mart.ticket_sla (source, ticket_id, measure, instance_no, policy_name, schedule, is_business,"
        " target_minutes, applied_at, breach_at, state, elapsed_minutes) select source, ticket_id, 'next_reply', 99,"
        " 'test', '', false, 60, now(), now() + interval '1 hour', 'active', 0 from mart.ticket order by ticket_id"
        " limit 1 returning 1"
    )
    try:
        ((subject,),) = pages.rows("select subject from mart.ticket order by ticket_id limit 1")
        promise = pages.soup("today").select("table")[2].select("tbody tr")[-1].get_text(" ", strip=True)
        assert subject in promise and "next reply" in promise
    finally:
        pages.rows("delete from mart.ticket_sla where instance_no = 99 returning 1")


def test_today_takes_up_what_webhooks_tell(pages: Pages) -> None:
    def deals() -> str:
        tiles = pages.soup("today").select(".tile")
        return next(tile.get_text(" ", strip=True) for tile in tiles if tile.dt and "Deals" in tile.dt.get_text())

    assert "0 created" in deals()
    ((raw,),) = pages.rows("select payload from raw.sandbox_crm__deals order by version_at desc limit 1")
    told = json.loads(raw) if isinstance(raw, str) else raw
    at = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    told |= {"id": "990001", "createdAt": at, "updatedAt": at}
    told["properties"] |= {"createdate": at, "hs_lastmodifieddate": at, "hs_object_id": "990001"}
    load(pages.warehouse, Delivery("sandbox_crm", "deals", Window.day(datetime.now(UTC).date()), (page(told),)))
    days = pages.rows("select count(*), max(day_on) from ops.mart_day")
    assert build_core(pages.warehouse).loads == 1
    refresh_marts(pages.warehouse, "sales")
    assert "1 created" in deals()
    assert pages.rows("select count(*), max(day_on) from ops.mart_day") == days  # a day that is not over is not told
    pages.rows("delete from mart.deal where deal_id = '990001' returning 1")


def test_a_budget_tells_what_is_left_of_it(pages: Pages) -> None:
    budget = load_source("zendesk").budget
    assert budget
    pages.rows(
        "insert into ops.load (source, entity, kind, window_start, window_end) values ('zendesk', 'tickets', 'pull',"
        " '2025-09-01Z', '2025-09-02Z') returning 1"
    )
    pages.rows(
        "insert into ops.request_budget select %s, n, now() + case n when 0 then interval '1 h' else '-1 h' end"
        " from generate_series(0, 3) as n returning 1",
        [budget.pool or "zendesk"],
    )
    try:
        row = next(row for row in pages.soup("sources").select("tbody tr") if "zendesk" in row.get_text())
        assert f"1 of {budget.requests} in" in row.get_text(" ", strip=True)
    finally:
        pages.rows("delete from ops.request_budget returning 1")
        pages.rows("delete from ops.load where source = 'zendesk' returning 1")


# ---- in a browser


@pytest.fixture
def tab(browser: Any, pages: Pages) -> Iterator[Any]:
    """A tab of somebody who may do all; a dialog, or a script that the policy stops, fails the test."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.add_cookies([{"name": "who", "value": "ann", "url": pages.url}])
    tab = context.new_page()
    tab.set_default_timeout(20_000)
    wrong: list[str] = []
    tab.on("dialog", lambda dialog: wrong.append(dialog.message))
    tab.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
    yield tab
    context.close()
    # that a script of a message was stopped is as it should be
    assert [said for said in wrong if not said.startswith("Blocked script execution")] == []


def test_reports_by_click(tab: Any, pages: Pages) -> None:
    tab.goto(f"{pages.url}/reports")
    tab.get_by_label("Subject").first.select_option("sales")
    tab.get_by_role("button", name="Show").click()
    tab.get_by_role("link", name="Sales", exact=True).click()
    frame = tab.frame_locator("iframe.report")
    assert frame.get_by_role("heading", level=1).inner_text() == "Sales"
    tab.get_by_role("link", name="All reports").click()
    tab.get_by_text("Render a window now").click()
    form = tab.locator("details form")
    form.get_by_label("Subject").select_option("customers")
    form.get_by_label("First day").fill("2025-09-01")
    form.get_by_label("Last day").fill("2025-09-03")
    form.get_by_label("Workbook").check()
    form.get_by_role("button", name="Render").click()
    assert "is being made" in tab.get_by_role("status").inner_text()
    assert pages.started.pop()[2]["formats"] == ["html", "xlsx"]


def test_actions_by_click(tab: Any, pages: Pages, messages: dict[str, int]) -> None:
    tab.goto(f"{pages.url}/actions")
    assert tab.locator("[aria-current=true]").inner_text() == "uncertain 1"
    tab.get_by_role("link", name="proposed 1").click()
    tab.get_by_role("link", name=f"{NASTY} proposed").click()
    assert tab.frame_locator("iframe.mail").locator("b").inner_text() == "Ann"
    tab.get_by_role("button", name="Approve").click()
    assert "Approved" in tab.get_by_role("status").inner_text()
    tab.goto(f"{pages.url}/actions?state=uncertain")
    tab.get_by_label(f"Choose message {messages['uncertain']}").check()
    tab.get_by_role("button", name="It did not arrive").click()
    assert state(pages, messages["uncertain"]) == ("cancelled", "ann")
    assert state(pages, messages["proposed"]) == ("approved", "ann")


def test_a_customer_by_click(tab: Any, pages: Pages) -> None:
    tab.goto(f"{pages.url}/customers")
    tab.get_by_label("Find").fill("nasty")
    tab.keyboard.press("Enter")
    tab.wait_for_url("**/customers/**")
    # cleaning writes names as names are written
    assert "Script>Alert" in tab.get_by_role("heading", level=1).inner_text()
    query = (
        "select full_name from mart.customer_360 where deals > 0 and tickets > 0 and orders > 0 order by customer_id"
    )
    tab.get_by_role("link", name="Find another").click()
    tab.get_by_label("Find").fill(pages.rows(query)[0][0])
    tab.get_by_role("button", name="Find").click()
    tab.goto(f"{pages.url}/customers?q=an")


def test_quality_by_click(tab: Any, pages: Pages, waiting: list[int]) -> None:
    tab.goto(f"{pages.url}/quality")
    tab.get_by_role("link", name="amount_is_odd").click()
    tab.get_by_label(f"Choose row {waiting[-1]}").check()
    tab.get_by_text("Show", exact=True).nth(1).click()
    assert NASTY in tab.locator("details[open] pre").inner_text()
    tab.get_by_label("Reason").fill("known to be odd")
    tab.get_by_role("button", name="Dismiss").click()
    assert "Dismissed" in tab.get_by_role("status").inner_text()
    assert pages.rows(DISMISSED, ["known to be odd"]) == [(1,)]
    tab.goto(f"{pages.url}/quality")
    tab.get_by_role("button", name="Replay sandbox_crm contacts").click()
    assert pages.started.pop()[2] == {"source": "sandbox_crm", "entity": "contacts"}
    tab.get_by_role("link", name="sandbox_crm__contacts").click()


def test_every_page_by_the_bar_light_and_dark(tab: Any, pages: Pages) -> None:
    tab.goto(f"{pages.url}/")
    for name in ("Sources", "Quality", "Actions", "Customers", "Reports", "Today"):
        tab.get_by_role("navigation").get_by_role("link", name=name).click()
        assert tab.get_by_role("link", name=name, exact=True).first.get_attribute("aria-current") == "page"
    tab.get_by_role("link", name="sandbox_crm").first.click()
    tab.emulate_media(color_scheme="dark")
    tab.goto(f"{pages.url}/today")
    assert tab.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(17, 24, 29)"
    # on a telephone nothing but tables is wider than the screen
    tab.set_viewport_size({"width": 390, "height": 800})
    for path in PAGES:
        tab.goto(f"{pages.url}/{path}")
        assert tab.evaluate("document.documentElement.scrollWidth") <= 390, path


def test_everyone_can_use_the_pages(tab: Any, pages: Pages, messages: dict[str, int], waiting: list[int]) -> None:
    found = {}
    ((customer_id,),) = pages.rows("select customer_id from mart.customer_360 where email = 'nasty@script.example'")
    customer = f"customers/{customer_id}"
    message = f"actions/{next(iter(messages.values()))}"
    for scheme in ("light", "dark"):
        tab.emulate_media(color_scheme=scheme)
        for path in (*PAGES, customer, message, "quality/quarantine", "sources/sandbox_crm", "actions/pairs"):
            answer = tab.goto(f"{pages.url}/{path}")
            if answer.status != 200:
                found[scheme, path] = [str(answer.status)]
                continue
            # the page forbids scripts: axe comes in beside it
            rules = Axe().run(tab).response["violations"]
            bad = [rule for rule in rules if rule["impact"] in SERIOUS]
            if bad:
                found[scheme, path] = [f"{rule['id']}: {rule['nodes'][0]['html'][:120]}" for rule in bad]
    assert found == {}
