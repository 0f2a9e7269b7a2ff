"""Editions of a report: the same bytes from the same warehouse, never overwritten, and foreign text as text."""

import hashlib
import json
import re
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from bs4 import BeautifulSoup

from include.config_files import ConfigError
from include.reports.by_hand import render_by_hand
from include.reports.errors import ReportsFailedError
from include.reports.page import SORT
from include.reports.render import SUBJECTS, Edition, render, render_all
from include.warehouse.connection import Warehouse
from include.window import Window

WEEK = Window.between("2026-11-09", "2026-11-15", ZoneInfo("UTC"))
NASTY = "<script>alert('$x^$')</script> \u202e$1 {{ 7 * 7 }} 王小明 =cmd()"
SMALL = 2_000_000
NAMING = [subject for subject in SUBJECTS if subject != "summary"]  # the summary has no table, and names nobody


@pytest.fixture
def warehouse(embedded_warehouse: Warehouse) -> Warehouse:
    """An empty warehouse."""
    return embedded_warehouse


def fill(warehouse: Warehouse, name: str) -> None:
    """A won deal, a waiting ticket and an order, all of whose texts are the name."""
    day = datetime(2026, 11, 10, 12, tzinfo=UTC)
    with warehouse.connect() as connection:
        connection.execute(
            "insert into mart.deal (source, deal_id, deal_name, status, pipeline_name, stage_name, probability, amount,"
            " currency, rep_id, rep_name, team, region, company_name, product_name, created_at, closed_at,"
            " sales_cycle_days) values ('crm', '1', %(n)s, 'won', %(n)s, %(n)s, 1, 1234567.5, 'USD', 'r', %(n)s, %(n)s,"
            " %(n)s, %(n)s, %(n)s, %(d)s, %(d)s, 0),"
            " ('crm', '2', %(n)s, 'open', %(n)s, %(n)s, 0.5, 10, 'USD', 'r', %(n)s, %(n)s, %(n)s, %(n)s, %(n)s, %(d)s,"
            " null, null)",
            {"n": name, "d": day},
        )
        connection.execute(
            "insert into mart.ticket (source, ticket_id, subject, status, priority, channel, assignee_id,"
            " assignee_name, company_name, created_at, agent_wait_minutes, requester_wait_minutes, on_hold_minutes,"
            " public_replies, reopens, assignee_handoffs, group_handoffs)"
            " values ('crm', '1', %(n)s, 'open', %(n)s, %(n)s, 'a', %(n)s, %(n)s, %(d)s, 0, 0, 0, 0, 0, 0, 0)",
            {"n": name, "d": day},
        )
        connection.execute("insert into mart.ticket_status values ('crm', '1', 1, 'open', %s, null)", [day])
        connection.execute(
            "insert into mart.customer_360 (customer_id, full_name, first_seen_at, records, sources, deals, won_deals,"
            " tickets, orders, order_amount, completeness) values ('c', %s, %s, 1, '{crm}', 0, 0, 0, 1, 5, 0.5)",
            [name, day],
        )
        connection.execute(
            "insert into core.dim_customer (customer_id, valid_from, is_current, full_name, company_name, country,"
            " first_seen_at) values ('c', %(d)s, true, %(n)s, %(n)s, %(n)s, %(d)s)",
            {"n": name, "d": day},
        )
        connection.execute(
            "insert into mart.customer_order values ('crm', '1', 'c', %s, %s, 5, 'USD', 1)", [day, day.date()]
        )


def made(warehouse: Warehouse, subject: str, folder: Path) -> tuple[Edition, BeautifulSoup]:
    """The edition and its page, parsed."""
    edition = render(warehouse, subject, WEEK, ["crm"], folder)
    return edition, BeautifulSoup(edition.path.read_bytes(), "html.parser")


@pytest.mark.parametrize("subject", SUBJECTS)
def test_the_same_warehouse_gives_the_same_bytes(warehouse: Warehouse, subject: str, tmp_path: Path) -> None:
    fill(warehouse, "Ada")
    first = render(warehouse, subject, WEEK, ["crm", "desk"], tmp_path / "one")
    again = render(warehouse, subject, WEEK, ["desk", "crm", "crm"], tmp_path / "two")
    assert (first.is_new, again.is_new) == (True, False)
    assert first.path.read_bytes() == again.path.read_bytes()
    assert first.path.with_suffix(".json").read_bytes() == again.path.with_suffix(".json").read_bytes()
    assert first.checksum == hashlib.sha256(first.path.read_bytes()).hexdigest()
    assert first.path == tmp_path / "one" / subject / "2026-11-09..2026-11-15" / f"{first.checksum[:12]}.html"
    manifest = json.loads(first.path.with_suffix(".json").read_text())
    assert manifest["checksum"] == first.checksum
    assert manifest["sources"] == ["crm", "desk"]
    with warehouse.connect() as connection:
        booked = connection.execute(
            "select subject, window_start, window_end, sources, path, checksum, manifest from ops.report_edition"
        ).fetchall()
    assert booked == [
        (subject, WEEK.start, WEEK.end, ["crm", "desk"], str(first.path.relative_to(tmp_path / "one")), first.checksum,
         manifest)
    ]  # fmt: skip


def test_other_formats_lie_beside_the_page(warehouse: Warehouse, tmp_path: Path) -> None:
    fill(warehouse, NASTY)
    edition = render(warehouse, "sales", WEEK, ["crm"], tmp_path, formats=["xlsx", "pdf"])
    assert edition.others == tuple(edition.path.with_suffix(end) for end in (".pdf", ".xlsx"))
    first = [path.read_bytes() for path in edition.others]
    assert [content[:4] for content in first] == [b"%PDF", b"PK\x03\x04"]
    again = render(warehouse, "sales", WEEK, ["crm"], tmp_path / "again", formats=["pdf", "xlsx"])
    assert [path.read_bytes() for path in again.others] == first


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        (("sails", "2026-11-09", "2026-11-15", "html"), "there is no report sails; the reports are customers, sales"),
        (("sales", "2026-11-09", "2026-11-15", "html,doc"), "--format: doc is none of html, pdf, xlsx"),
        (("sales", "9 November", "2026-11-15", "pdf"), "'9 November' is no day"),
        (("sales", "2026-11-15", "2026-11-09", "pdf"), "--from 2026-11-15 is after --to 2026-11-09"),
    ],
)
def test_a_report_by_hand_says_what_is_wrong(warehouse: Warehouse, asked: tuple[str, str, str, str], says: str) -> None:
    with warehouse.connect() as connection:
        connection.execute(
            "insert into ops.load (source, entity, kind, window_start, window_end)"
            " values ('crm', 'deals', 'pull', '2026-11-09', '2026-11-10')"
        )
    with pytest.raises(ConfigError, match=re.escape(says)):
        render_by_hand(warehouse, *asked, sources=())
    with pytest.raises(ConfigError, match="nothing was loaded of shop; there is crm"):
        render_by_hand(warehouse, "sales", "2026-11-09", "2026-11-15", "html", sources=["shop"])


def test_without_any_load_there_is_no_report_by_hand(warehouse: Warehouse) -> None:
    with pytest.raises(ConfigError, match="nothing was loaded yet"):
        render_by_hand(warehouse, "sales", "2026-11-09", "2026-11-15", "html", sources=())


def test_new_facts_make_a_new_edition_beside_the_old_one(warehouse: Warehouse, tmp_path: Path) -> None:
    fill(warehouse, "Ada")
    old = render(warehouse, "sales", WEEK, ["crm"], tmp_path)
    kept = old.path.read_bytes()
    with warehouse.connect() as connection:
        connection.execute("update mart.deal set amount = 5 where status = 'won'")
    new = render(warehouse, "sales", WEEK, ["crm"], tmp_path)
    assert new.is_new
    assert new.path != old.path
    assert new.path.parent == old.path.parent
    assert old.path.read_bytes() == kept
    assert not list(tmp_path.rglob("*.part"))


@pytest.mark.parametrize("subject", NAMING)
def test_foreign_text_is_text(
    warehouse: Warehouse, subject: str, tmp_path: Path, capfd: pytest.CaptureFixture[str], recwarn
) -> None:
    fill(warehouse, NASTY)
    _, page = made(warehouse, subject, tmp_path)
    (script,) = page.find_all("script")
    assert script.text == SORT  # our own, and the only one that the page lets run
    assert "<script>alert('$x^$')</script>" in page.get_text()
    assert "\u202e" not in page.get_text()  # would turn the text around it
    assert "{{ 7 * 7 }}" in page.get_text()
    assert "王小明" in page.get_text()
    assert not recwarn.list
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("subject", NAMING)
def test_the_page_needs_nothing_else_and_can_be_read_without_eyes(
    warehouse: Warehouse, subject: str, tmp_path: Path
) -> None:
    fill(warehouse, "Ada")
    edition, page = made(warehouse, subject, tmp_path)
    assert edition.path.stat().st_size < SMALL
    assert not re.findall(r"""(?:src|href|url)\s*[=(]\s*["']?(?!#|data:)[^"'\s>]""", str(page))
    assert page.html is not None and page.html["lang"] == "en"
    assert page.find_all("img")
    assert all(len(picture["alt"]) > 20 for picture in page.find_all("img"))
    assert all(found.select("caption") and found.select("tbody tr") for found in page.find_all("table"))
    assert {cell.get("scope") for cell in page.select("thead th")} == {"col"}
    assert {cell.get("scope") for cell in page.select("tbody tr > :first-child")} == {"row"}
    ids = [part["id"] for part in page.find_all(id=True)]
    assert len(ids) == len(set(ids))
    # each figure leads to what it means
    assert all(label["title"] for label in page.select(".tile dt"))
    assert {str(link["href"]).removeprefix("#") for link in page.select("sup a")} <= set(ids)


@pytest.mark.parametrize("subject", NAMING)
def test_a_page_stays_small_however_many_names_there_are(warehouse: Warehouse, subject: str, tmp_path: Path) -> None:
    fill(warehouse, "Ada")
    with warehouse.connect() as connection:
        for table, changed in (
            ("mart.deal", "deal_id = deal_id || n, rep_id = n, rep_name = n, team = n, region = n, product_name = n"),
            ("mart.ticket", "ticket_id = ticket_id || n, priority = n, channel = n, assignee_id = n"),
            ("mart.ticket_status", "ticket_id = ticket_id || n"),
            ("core.dim_customer", "customer_id = customer_id || n, country = n"),
            ("mart.customer_360", "customer_id = customer_id || n"),
        ):
            # the rows that are there, 500 times over, each with a name of its own
            connection.execute(f"create temp table one on commit drop as select * from {table}")  # noqa: S608
            connection.execute("create temp table many on commit drop as select o.*, 'x' || i as n"
                               " from one as o, generate_series(1, 500) as i")  # fmt: skip
            connection.execute(f"update many set {changed}")  # noqa: S608
            connection.execute("alter table many drop column n")
            connection.execute(f"insert into {table} select * from many")  # noqa: S608
            connection.execute("drop table one, many")
    edition, page = made(warehouse, subject, tmp_path)
    assert edition.path.stat().st_size < SMALL
    assert "not shown" in page.get_text()


@pytest.mark.parametrize("subject", SUBJECTS)
def test_where_there_is_nothing_a_sentence_says_so(warehouse: Warehouse, subject: str, tmp_path: Path) -> None:
    _, page = made(warehouse, subject, tmp_path)
    assert not page.find_all("img")
    assert page.select(".said")
    assert "brought nothing on all 7 days" in page.select_one(".doubts").get_text()  # type: ignore[union-attr]


def test_tiles_carry_the_exact_figure(warehouse: Warehouse, tmp_path: Path) -> None:
    fill(warehouse, "Ada")
    _, page = made(warehouse, "sales", tmp_path)
    won = page.select_one(".tile data")
    assert won is not None
    assert (won["value"], won.get_text()) == ("1234567.5", "1,234,567.50")


def test_a_subject_or_sources_that_are_not_there_are_told(warehouse: Warehouse, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no report weather; the reports are customers, sales, service"):
        render(warehouse, "weather", WEEK, ["crm"], tmp_path)
    with pytest.raises(ValueError, match="at least one source"):
        render(warehouse, "sales", WEEK, [], tmp_path)


def test_a_report_that_cannot_be_made_keeps_none_of_the_others_back(warehouse: Warehouse, tmp_path: Path) -> None:
    fill(warehouse, "Ada")
    alone = render(warehouse, "service", WEEK, ["crm"], tmp_path / "alone")
    with warehouse.connect() as connection:
        connection.execute("alter table mart.customer_360 rename column first_seen_at to gone_at")
    with pytest.raises(ReportsFailedError, match="customers: UndefinedColumn") as caught:
        render_all(warehouse, ["customers", "service", "summary"], WEEK, ["crm"], tmp_path)
    assert set(caught.value.failed) == {"customers", "summary"}
    assert [edition.checksum for edition in caught.value.editions] == [alone.checksum]
