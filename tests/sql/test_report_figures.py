"""The reports' figures on little cases, each worked out by hand beside it: a week of November 2026 in UTC."""

import re
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
import pytest
from psycopg import sql
from psycopg.types.json import Jsonb

from include.customers.value.config import load_value_config
from include.reports.frame import Frame
from include.reports.language import speaking
from include.reports.model import Picture, Report, Sentence, Table
from include.reports.reader import Reader, Row
from include.reports.render import SUBJECTS
from include.service.rules import write_service
from include.warehouse.connection import Warehouse
from include.window import Window

UTC = ZoneInfo("UTC")
WEEK = Frame(Window.between("2026-11-09", "2026-11-15", UTC), ("crm", "desk"))


@pytest.fixture
def warehouse(embedded_warehouse: Warehouse) -> Warehouse:
    """An empty warehouse."""
    return embedded_warehouse


@pytest.fixture
def connection(warehouse: Warehouse) -> Iterator[psycopg.Connection]:
    """A connection that sees its own rows; nothing is committed."""
    with warehouse.connect() as opened:
        yield opened
        opened.rollback()


def at(text: str) -> datetime:
    """``11-09 14:30`` of 2026, in UTC."""
    return datetime.fromisoformat(f"2026-{text}" + ("" if ":" in text else " 00:00")).replace(tzinfo=UTC)


def put(connection: psycopg.Connection, table: str, defaults: Row, *rows: Row) -> None:
    """Insert rows, each with the defaults that it does not give itself."""
    for row in ({**defaults, **row} for row in rows):
        schema, name = table.split(".")
        connection.execute(
            sql.SQL("insert into {} ({}) values ({})").format(
                sql.Identifier(schema, name),
                sql.SQL(", ").join(map(sql.Identifier, row)),
                sql.SQL(", ").join(sql.Placeholder() * len(row)),
            ),
            list(row.values()),
        )


def build(connection: psycopg.Connection, subject: str, frame: Frame = WEEK) -> Report:
    """The report; the tables that its queries make are dropped, so that it can be built again."""
    report = SUBJECTS[subject](Reader(connection, frame.parameters()), frame)
    for table in ("open_deal", "open_promise", "ticket_state", "rating", "customer_state", "rfm_score", "stage_visit"):
        connection.execute(sql.SQL("drop table if exists pg_temp.{}").format(sql.Identifier(table)))
    return report


def tiles(report: Report) -> dict[str, Any]:
    """Label → value."""
    return {tile.label: tile.value for tile in report.tiles}


def changes(report: Report) -> dict[str, str | None]:
    """Label → what became of it."""
    return {tile.label: tile.change.text if tile.change else None for tile in report.tiles}


def table(report: Report, caption: str) -> list[list[Any]]:
    """The rows of the table whose caption starts so."""
    found = [
        block
        for section in report.sections
        for block in section.blocks
        if isinstance(block, Table) and block.caption.startswith(caption)
    ]
    return [list(row) for row in found[0].rows]


def picture(report: Report, caption: str) -> Picture:
    """The picture whose caption starts so."""
    return next(
        block
        for section in report.sections
        for block in section.blocks
        if isinstance(block, Picture) and block.caption.startswith(caption)
    )


# ---- sales

DEAL: Row = {
    "source": "crm", "status": "open", "pipeline_name": "Sales", "stage_name": "Proposal", "stage_position": 1,
    "probability": Decimal("0.5"), "amount": Decimal(100), "currency": "USD", "rep_name": "Ann", "rep_id": "crm:ann",
    "team": "Field", "region": "East", "company_id": "crm:1", "company_name": "Acme", "product_name": "Desk",
}  # fmt: skip
WON: Row = {"status": "won", "stage_name": "Won", "stage_position": 2, "probability": 1}
LOST: Row = {"status": "lost", "stage_name": "Lost", "stage_position": 3, "probability": 0}
BO: Row = {"rep_name": "Bo", "rep_id": "crm:bo", "product_name": "Chair"}
VISIT: Row = {"source": "crm", "status": "open", "probability": Decimal("0.5")}
FIRST: Row = {"stage_key": "s0", "stage_name": "Contact", "stage_position": 0, "probability": Decimal("0.1")}
SECOND: Row = {"stage_key": "s1", "stage_name": "Proposal", "stage_position": 1, "probability": Decimal("0.5")}


def deals(connection: psycopg.Connection) -> None:
    """Twelve deals and one of a source that is not reported on."""
    put(
        connection,
        "mart.deal",
        DEAL,
        {"deal_id": "1", **WON, "amount": 1000, "created_at": at("11-01"), "closed_at": at("11-11"),
         "sales_cycle_days": 10},
        {"deal_id": "2", **WON, "amount": 500, "created_at": at("10-22"), "closed_at": at("11-11"),
         "sales_cycle_days": 20},
        # on the window's very first instant, and created in it
        {"deal_id": "3", **WON, **BO, "amount": 300, "created_at": at("11-09"), "closed_at": at("11-15"),
         "sales_cycle_days": 6},
        {"deal_id": "4", **LOST, "amount": 200, "created_at": at("11-02"), "closed_at": at("11-12")},
        # lost on the instant at which the window ends: open in it
        {"deal_id": "5", **LOST, "amount": 100, "created_at": at("11-03"), "closed_at": at("11-16")},
        # the week before
        {"deal_id": "6", **WON, **BO, "amount": 900, "created_at": at("11-03"), "closed_at": at("11-08"),
         "sales_cycle_days": 5},
        {"deal_id": "7", **LOST, "amount": 100, "created_at": at("10-30"), "closed_at": at("11-05")},
        # open at the end: without an amount, without visits, won later
        {"deal_id": "8", **BO, "amount": None, "created_at": at("11-10"), "company_id": None, "company_name": None},
        {"deal_id": "9", "amount": 400, "created_at": at("11-14")},
        {"deal_id": "10", **WON, "amount": 700, "created_at": at("11-01"), "closed_at": at("11-20"),
         "sales_cycle_days": 19},
        {"deal_id": "11", **WON, **BO, "amount": 50, "currency": "EUR", "created_at": at("11-08"),
         "closed_at": at("11-10"), "sales_cycle_days": 2},
        # not yet known
        {"deal_id": "12", "amount": 999, "created_at": at("11-16")},
        {"deal_id": "1", "source": "elsewhere", **WON, "amount": 9999, "created_at": at("11-01"),
         "closed_at": at("11-11")},
    )  # fmt: skip
    put(
        connection,
        "mart.deal_stage",
        VISIT,
        {"deal_id": "5", "visit_no": 1, **FIRST, "entered_at": at("11-03"), "exited_at": at("11-10")},
        {"deal_id": "5", "visit_no": 2, **SECOND, "entered_at": at("11-10"), "exited_at": at("11-16")},
        {"deal_id": "8", "visit_no": 1, **FIRST, "entered_at": at("11-10")},
        {"deal_id": "10", "visit_no": 1, **FIRST, "entered_at": at("11-01"), "exited_at": at("11-15")},
        {"deal_id": "10", "visit_no": 2, **SECOND, "entered_at": at("11-15"), "exited_at": at("11-20")},
        {"deal_id": "10", "visit_no": 3, "stage_key": "won", "stage_name": "Won", "stage_position": 2,
         "status": "won", "probability": 1, "entered_at": at("11-20")},
    )  # fmt: skip


def test_sales_figures_are_those_worked_out_by_hand(connection: psycopg.Connection) -> None:
    deals(connection)
    report = build(connection, "sales")
    assert tiles(report) == {
        "Won amount": 1800,  # 1000 + 500 + 300; the 50 EUR apart
        "Won deals": 4,
        "Lost deals": 1,
        "Created deals": 3,  # 3, 8, 9
        "Win rate (count)": Decimal("0.8"),  # 4 of 5
        "Win rate (amount)": Decimal("0.9"),  # 1800 of 1800 + 200
        "Sales cycle, mean": Decimal("9.5"),  # 10, 20, 6, 2
        "Sales cycle, median": 8,  # between 6 and 10
        "Average deal size": 600,  # 1800 ÷ 3
        "Sales velocity": 150,  # 4 open × 3/4 won × 600 ÷ 12 days, all of USD
        "Open deals": 4,  # 5, 8, 9, 10
        "Pipeline": 1200,  # 100 + none + 400 + 700
        "Weighted pipeline": 600,  # half of each: all three are in Proposal
        "Deals known": 11,  # all but 12
    }
    told = changes(report)
    assert told["Won amount"] == "▲ 100 % on the 7 days before"  # 900 then
    assert told["Win rate (count)"] == "▲ 30 points on the 7 days before"  # 1 of 2 then
    assert told["Created deals"] == "▼ 25 % on the 7 days before"  # 4, 5, 6, 11 then
    assert told["Lost deals"] == "the same in the 7 days before"
    # at the start: 1, 2, 4, 5, 10, 11 were open
    assert told["Open deals"] == "▼ 33 % since the window’s start"
    said = " ".join(report.doubts)
    assert "50 EUR won, 0 EUR open" in said
    assert "1 open deal has no amount and adds nothing to the pipeline" in said
    assert "1 deal of 11 has no account" in said
    assert "The win rate rests on 5 closed deals only" in said


def test_sales_tables_split_the_same_figures(connection: psycopg.Connection) -> None:
    deals(connection)
    report = build(connection, "sales")
    # rep, won amount, won, lost, win rate, open deals, pipeline
    assert table(report, "Reps") == [
        ["Ann", 1500, 2, 1, Decimal(2) / 3, 3, 1200],
        ["Bo", 300, 2, 0, 1, 1, 0],
    ]
    assert table(report, "Products") == [
        ["Desk", 1500, 2, 1, Decimal(2) / 3, 750],
        ["Chair", 300, 2, 0, 1, 300],
    ]
    assert table(report, "Regions") == [["East", 1800, 4, 1, Decimal("0.8")]]
    assert table(report, "Open deals by stage") == [["Contact", 1, 0, 0], ["Proposal", 3, 1200, 600]]
    assert [row[0] for row in table(report, "The largest")] == ["10", "9", "5"]
    # 8 since 11-10, 5 since 11-10 in its second stage, 10 since 11-15; 9 has no visit
    assert [(row[0], row[4]) for row in table(report, "Longest")] == [("5", 6), ("8", 6), ("10", 1)]


def test_what_happens_later_changes_no_sales_figure(connection: psycopg.Connection) -> None:
    deals(connection)
    before = build(connection, "sales")
    connection.execute(
        "update mart.deal set status = 'won', closed_at = '2026-11-25Z', stage_name = 'Won', probability = 1"
        " where deal_id = '8'"
    )
    connection.execute("update mart.deal_stage set exited_at = '2026-11-25Z' where deal_id = '8'")
    put(connection, "mart.deal_stage", VISIT, {"deal_id": "8", "visit_no": 2, **SECOND, "entered_at": at("11-25")})
    put(connection, "mart.deal", DEAL, {"deal_id": "20", "created_at": at("11-17")})
    assert build(connection, "sales") == before


def test_the_pipeline_from_start_to_end(connection: psycopg.Connection) -> None:
    put(
        connection,
        "mart.deal",
        DEAL,
        {"deal_id": "1", "created_at": at("10-01"), "amount": 100},  # open all the while
        {"deal_id": "2", **WON, "created_at": at("10-01"), "closed_at": at("11-10"), "amount": 40},
        {"deal_id": "3", **LOST, "created_at": at("10-01"), "closed_at": at("11-11"), "amount": 7},
        {"deal_id": "4", "created_at": at("11-12"), "amount": 30},
        {"deal_id": "5", **WON, "created_at": at("11-12"), "closed_at": at("11-13"), "amount": 500},  # never at an end
        {"deal_id": "6", "created_at": at("11-12"), "amount": 9, "currency": "EUR"},
        {"deal_id": "7", "created_at": at("11-16"), "amount": 9},
    )
    alt = picture(build(connection, "sales"), "What became of the pipeline").alt
    # 100 + 40 + 7 at first; 30 came in; 130 at the end
    assert alt.endswith("At the start 147; Came in 30; Won −40; Lost −7; At the end 130.")


def test_orders_and_tickets_of_a_year_before_are_said(connection: psycopg.Connection) -> None:
    put(
        connection,
        "mart.customer_order",
        ORDER,
        *(
            {"order_id": str(n), "customer_id": "a", "amount": amount, "currency": currency, "ordered_at": day,
             "ordered_on": day.date()}
            for n, (day, amount, currency) in enumerate([
                (datetime(2025, 9, 30, 23, 59, tzinfo=UTC), 1, "USD"), (datetime(2025, 10, 1, tzinfo=UTC), 20, "USD"),
                (datetime(2025, 10, 31, 23, 59, tzinfo=UTC), 3, "EUR"), (datetime(2025, 11, 1, tzinfo=UTC), 400, "USD"),
                (datetime(2026, 10, 5, tzinfo=UTC), 5, "USD"),
            ])
        ),
    )  # fmt: skip
    october = Frame(Window.month("2026-10-01", UTC), ("crm", "desk"))
    assert "In October 2025: 2 orders, for 20 USD." in build(connection, "customers", october).changes
    put(
        connection,
        "mart.ticket",
        TICKET,
        *(
            {"ticket_id": str(n), "created_at": datetime(*day, tzinfo=UTC)}
            for n, day in enumerate([(2025, 9, 30), (2025, 10, 1), (2025, 10, 31), (2025, 11, 1), (2026, 10, 1)])
        ),
    )
    assert "In October 2025: 2 tickets came in." in build(connection, "service", october).changes


def test_who_came_back_by_the_month_of_the_first_order(connection: psycopg.Connection) -> None:
    put(
        connection,
        "mart.customer_order",
        {"source": "crm", "amount": 5, "currency": "USD", "lines": 1},
        *(
            {"order_id": f"{n}", "customer_id": customer, "ordered_at": at(day), "ordered_on": at(day).date()}
            for n, (customer, day) in enumerate([
                ("a", "09-02"), ("a", "09-20"), ("a", "11-03"), ("b", "09-30"), ("b", "10-01"), ("c", "09-05"),
                ("d", "10-07"), ("d", "11-20"),  # after the window's end
            ])
        ),
    )  # fmt: skip
    block = picture(build(connection, "customers"), "Customers who ordered again")
    # of three in September one ordered a month later and one two months later, 33 of a hundred each
    assert "The most, 33, in Sep 2026: 3, 1." in block.alt


def test_promises_kept_by_day(connection: psycopg.Connection) -> None:
    sla = {
        "source": "desk", "measure": "first_reply", "policy_name": "P", "schedule": "", "is_business": False,
        "target_minutes": 60, "applied_at": at("11-09"), "elapsed_minutes": 0,
    }  # fmt: skip
    put(
        connection,
        "mart.ticket_sla",
        sla,
        {"ticket_id": "1", "instance_no": 1, "state": "achieved", "decided_at": at("11-09 10:00")},
        {"ticket_id": "2", "instance_no": 1, "state": "achieved", "decided_at": at("11-15 10:00")},
        {"ticket_id": "3", "instance_no": 1, "state": "breached", "decided_at": at("11-15 11:00")},
        {"ticket_id": "4", "instance_no": 1, "state": "active", "decided_at": None},
    )
    assert "Last: First reply, Kept: 50 %" in picture(build(connection, "service"), "Promises kept").alt


def test_the_period_that_a_window_is_like() -> None:
    def alike(first: str, last: str) -> str | None:
        found = Frame(Window.between(first, last, UTC), ("crm",)).alike
        return str(found) if found else None

    assert alike("2026-11-22", "2026-11-22") == "2026-11-15"  # the Sunday before
    assert alike("2026-10-01", "2026-10-31") == "2025-10-01..2025-10-31"
    assert alike("2028-02-01", "2028-02-29") == "2027-02-01..2027-02-28"
    assert alike("2026-11-09", "2026-11-15") == "2025-11-10..2025-11-16"  # Monday to Sunday, 52 weeks before
    assert alike("2026-01-01", "2026-12-31") is None  # the period before is the year before
    part = Window(at("11-09 06:00"), at("11-10 06:00"), UTC)
    assert Frame(part, ("crm",)).alike is None


def test_what_was_a_week_and_a_year_before_is_said(connection: psycopg.Connection) -> None:
    put(
        connection,
        "mart.deal",
        DEAL,
        {"deal_id": "1", "created_at": datetime(2025, 6, 1, tzinfo=UTC)},
        {"deal_id": "2", **WON, "created_at": datetime(2025, 10, 2, tzinfo=UTC), "amount": 70,
         "closed_at": datetime(2025, 10, 31, 23, 59, tzinfo=UTC)},
        {"deal_id": "3", **WON, "created_at": datetime(2025, 10, 3, tzinfo=UTC), "amount": 30,
         "closed_at": datetime(2025, 11, 1, tzinfo=UTC)},
        {"deal_id": "4", **WON, "created_at": at("10-18 08:00"), "closed_at": at("10-18 09:00"), "amount": 5},
        {"deal_id": "5", **WON, "created_at": at("10-20"), "closed_at": at("10-25 09:00"), "amount": 6},
    )  # fmt: skip
    month = build(connection, "sales", Frame(Window.month("2026-10-01", UTC), ("crm",)))
    assert "In October 2025: 1 deal won, for 70 USD, and 2 new deals." in month.changes
    day = build(connection, "sales", Frame(Window.day("2026-10-25", UTC), ("crm",)))
    assert "On Sunday 18 October 2026, a week before: 1 deal won, for 5 USD, and 1 new deal." in day.changes
    # nothing is said of a time before the first thing that is known
    first = build(connection, "sales", Frame(Window.month("2026-06-01", UTC), ("crm",)))
    assert not any("2025" in said for said in first.changes)


def test_a_deal_first_seen_closed_has_no_stage_before(connection: psycopg.Connection) -> None:
    # won after the window, and known only since: open in it, but not with the certainty of Won
    put(connection, "mart.deal", DEAL, {"deal_id": "1", **WON, "created_at": at("11-01"), "closed_at": at("11-20")})
    report = build(connection, "sales")
    assert tiles(report)["Pipeline"] == 100
    assert tiles(report)["Weighted pipeline"] == 0
    assert table(report, "Open deals by stage") == [["stage not known", 1, 100, 0]]
    assert any("the stage at the window’s end is not known" in doubt for doubt in report.doubts)


def test_stage_conversion_leaves_out_the_young_and_counts_the_skipped(connection: psycopg.Connection) -> None:
    put(
        connection,
        "mart.deal",
        DEAL,
        {"deal_id": "A", **WON, "created_at": at("09-01"), "closed_at": at("09-21")},
        {"deal_id": "B", **LOST, "created_at": at("09-01"), "closed_at": at("09-11")},
        {"deal_id": "C", **LOST, "created_at": at("09-01"), "closed_at": at("09-06")},
        {"deal_id": "D", "created_at": at("11-12")},
        {"deal_id": "E", "created_at": at("10-17")},
    )
    put(
        connection,
        "mart.deal_stage",
        VISIT,
        {"deal_id": "A", "visit_no": 1, **FIRST, "entered_at": at("09-01"), "exited_at": at("09-11"),
         "days_in_stage": 10},
        {"deal_id": "A", "visit_no": 2, **SECOND, "entered_at": at("09-11"), "exited_at": at("09-21"),
         "days_in_stage": 10},
        {"deal_id": "B", "visit_no": 1, **FIRST, "entered_at": at("09-01"), "exited_at": at("09-11"),
         "days_in_stage": 10},
        # skips the first stage
        {"deal_id": "C", "visit_no": 1, **SECOND, "entered_at": at("09-01"), "exited_at": at("09-06"),
         "days_in_stage": 5},
        # four days old, and half of the visits last ten
        {"deal_id": "D", "visit_no": 1, **FIRST, "entered_at": at("11-12")},
        {"deal_id": "E", "visit_no": 1, **FIRST, "entered_at": at("10-17")},
    )  # fmt: skip
    # stage, entered, went on, conversion, visits ended, median, 90th percentile
    assert table(build(connection, "sales"), "Stage conversion") == [
        ["Contact", 4, 2, Decimal("0.5"), 2, 10, 10],  # A, B, C, E; A and C went on
        ["Proposal", 2, 1, Decimal("0.5"), 2, Decimal("7.5"), Decimal("9.5")],  # A and C; A was won
    ]


def test_days_are_those_of_the_windows_zone(connection: psycopg.Connection) -> None:
    # 04:30 UTC on the 9th is still Sunday evening in New York, which is five hours behind
    put(connection, "mart.deal", DEAL, {"deal_id": "1", **WON, "created_at": at("11-01"),
                                        "closed_at": at("11-09 04:30")})  # fmt: skip
    window = Window.between("2026-11-09", "2026-11-15", ZoneInfo("America/New_York"))
    assert tiles(build(connection, "sales", Frame(window, ("crm",))))["Won deals"] == 0
    assert tiles(build(connection, "sales"))["Won deals"] == 1


def run(connection: psycopg.Connection, model: str, scores: dict[str, Any]) -> None:
    """A run of a model, named as the model."""
    put(connection, "ops.model_run", {
        "model_run_id": model, "model": model, "subject": "sales", "window_start": at("01-01"),
        "window_end": at("11-01"), "features": "{}", "fingerprint": "", "parameters": "{}", "rows": 1, "seconds": 1,
        "scores": Jsonb(scores),
    }, {})  # fmt: skip


def said(report: Report, heading: str) -> str:
    """The sentences of a section and the notes of its tables and pictures."""
    (section,) = [section for section in report.sections if section.heading == heading]
    return " ".join(block.text if isinstance(block, Sentence) else block.note for block in section.blocks)


def test_the_forecast_is_the_newest_that_was_made_by_then(connection: psycopg.Connection) -> None:
    run(connection, "weekly_forecast", {
        "cuts": 12, "season": 52, "months_inside": {"80": 0.875},
        "methods": {"blend": {"relative_to_naive": 0.734, "months_relative_to_naive": 0.719}},
    })  # fmt: skip
    told: Row = {
        "model_run_id": "weekly_forecast", "series": "bookings", "period": "month", "known_amount": 0,
        "method": "blend", "low_95": 50, "low_80": 80, "expected": 100, "high_80": 120, "high_95": 150,
    }  # fmt: skip
    november, december = date(2026, 11, 1), date(2026, 12, 1)
    put(
        connection,
        "mart.sales_forecast",
        told,
        {"known_to": date(2026, 11, 8), "period_start": november, "periods_ahead": 1},
        {"known_to": date(2026, 11, 15), "period_start": november, "periods_ahead": 1, "expected": 90},
        {"known_to": date(2026, 11, 15), "period_start": december, "periods_ahead": 2, "expected": 110},
        {"known_to": date(2026, 11, 15), "period_start": date(2026, 11, 16), "periods_ahead": 1, "period": "week"},
        {"known_to": date(2026, 11, 15), "period_start": november, "periods_ahead": 1, "series": "new_deals"},
        # made after the window
        {"known_to": date(2026, 11, 22), "period_start": november, "periods_ahead": 1, "expected": 70},
    )
    judged: Row = {
        "series": "bookings", "period": "month", "known_to": date(2026, 8, 2), "method": "blend", "expected": 100,
        "is_inside_80": True, "is_inside_95": True,
    }  # fmt: skip
    put(
        connection,
        "mart.sales_forecast_accuracy",
        judged,
        {"period_start": date(2026, 9, 1), "periods_ahead": 1, "actual": 90, "error": 10},
        {"period_start": date(2026, 10, 1), "periods_ahead": 1, "actual": 130, "error": -30, "is_inside_80": False},
        {"period_start": date(2026, 8, 1), "periods_ahead": 2, "actual": 100, "error": 0},
        # not over by the window's end
        {"period_start": november, "periods_ahead": 1, "actual": 999, "error": 899},
    )
    report = build(connection, "sales")
    # month, expected, 80 % from, to, 95 % from, to
    assert table(report, "Foretold") == [["Nov 2026", 90, 80, 120, 50, 150], ["Dec 2026", 110, 80, 120, 50, 150]]
    # months ahead, forecasts, mean error, mean won amount, inside 80 %
    assert table(report, "How forecasts") == [[1, 2, 20, 110, Decimal("0.5")], [2, 1, 0, 100, 1]]
    told_of = said(report, "What is to come")
    assert "was known on 15 November 2026, by the mean of several methods" in told_of
    assert "its error was 73.40 % of that of the same week a year before" in told_of
    assert "of four weeks together 71.90 %. 87.50 % of such sums were inside the 80 % interval." in told_of
    assert "no better" not in told_of and "No interval begins" not in told_of


def test_a_forecast_that_is_no_better_than_the_season_before_says_so(connection: psycopg.Connection) -> None:
    run(connection, "weekly_forecast", {
        "cuts": 12, "season": 13, "months_inside": {"80": 0.875},
        "methods": {"blend": {"relative_to_naive": 0.8, "months_relative_to_naive": 1.02}},
    })  # fmt: skip
    put(connection, "mart.sales_forecast", {
        "model_run_id": "weekly_forecast", "series": "bookings", "period": "month", "method": "blend",
        "known_to": date(2026, 11, 15), "expected": 100, "high_80": 120, "high_95": 150,
    }, {"period_start": date(2026, 11, 1), "periods_ahead": 1, "known_amount": 60, "low_80": 60, "low_95": 60},
       {"period_start": date(2026, 12, 1), "periods_ahead": 2, "known_amount": 0, "low_80": 20, "low_95": 0},
    )  # fmt: skip
    told = said(build(connection, "sales"), "What is to come")
    assert "By months it has been no better than the season before: what the same weeks a quarter before had" in told
    # both low ends of November are what was won in it by then
    assert "No interval begins below what was won in its month by then" in told


def test_open_deals_by_what_their_chances_bring_in(connection: psycopg.Connection) -> None:
    deals(connection)
    connection.execute("update mart.deal set reporting_amount = amount, reporting_currency = 'USD'")
    run(connection, "win_probability", {
        "later_deals": 40, "brier": 0.1812, "brier_stage_rate": 0.2351, "calibration_error": 0.022,
    })  # fmt: skip
    outlook: Row = {
        "source": "crm", "known_to": date(2026, 11, 15), "method": "model", "stage_rate": Decimal("0.5"),
        "reasons": ["+ younger than most"], "unlike_peers": [], "model_run_id": "win_probability",
    }  # fmt: skip
    put(
        connection,
        "mart.deal_outlook",
        outlook,
        {"deal_id": "8", "win_probability": Decimal("0.9")},  # without an amount
        {"deal_id": "9", "win_probability": Decimal("0.6"), "expected_amount": 240,
         "likely_close_month": date(2026, 12, 1)},
        {"deal_id": "5", "win_probability": Decimal("0.2"), "expected_amount": 20, "unlike_peers": ["6 days in Talk"]},
        {"deal_id": "10", "win_probability": Decimal("0.3"), "expected_amount": 210},
    )  # fmt: skip
    report = build(connection, "sales")
    # deal, rep, stage, amount, chance, its stage, likely in, why
    assert table(report, "The open deals that bring in most") == [
        ["9", "Ann", "Proposal", 400, Decimal("0.6"), Decimal("0.5"), "Dec 2026", "for: younger than most"],
        ["10", "Ann", "Won", 700, Decimal("0.3"), Decimal("0.5"), None, "for: younger than most"],
        ["5", "Ann", "Lost", 100, Decimal("0.2"), Decimal("0.5"), None, "for: younger than most; 6 days in Talk"],
        ["8", "Bo", "Proposal", None, Decimal("0.9"), Decimal("0.5"), None, "for: younger than most"],
    ]
    told = said(report, "Which open deals will be won")
    assert "4 deals are open; by their chances they bring in 470 USD. 1 of them is unlike its peers." in told
    assert "On 40 later deals that the model had not seen, its Brier score was 0.181" in told
    # a window that ends on another day than the outlook is of
    earlier = build(connection, "sales", Frame(Window.between("2026-11-02", "2026-11-08", UTC), ("crm",)))
    assert "there are none" in said(earlier, "Which open deals will be won")


def test_how_long_a_deal_may_stay_is_told_beside_how_long_it_has_stayed(connection: psycopg.Connection) -> None:
    deals(connection)
    report = build(connection, "sales")
    assert {row[6] for row in table(report, "Longest")} == {None}
    put(connection, "mart.sales_stage", {
        "source": "crm", "process_name": "standard", "process_stage": "Offer", "won_visits": 30, "is_learned": True,
    }, {"stage_key": "s1", "stage_name": "Proposal", "may_stay_days": 12.5},
       {"stage_key": "other", "stage_name": "Proposal", "may_stay_days": 9},  # of another pipeline
    )  # fmt: skip
    told = {row[3]: row[6] for row in table(build(connection, "sales"), "Longest")}
    assert told == {"Proposal": 12.5, "Contact": None}
    assert "The allowed stay is what sales.yaml says" in said(build(connection, "sales"), "Open deals to look at")


def test_leads_by_their_chance(connection: psycopg.Connection) -> None:
    assert "Which leads will be converted" not in [section.heading for section in build(connection, "sales").sections]
    run(connection, "conversion_probability", {"reason": "30 closed leads, and 200 are needed"})
    for key, name, chance in (("1", "Lea", "0.2"), ("2", "Max", "0.7")):
        put(connection, "core.dim_customer", {
            "customer_id": key, "valid_from": at("11-01"), "is_current": True, "full_name": name,
            "first_seen_at": at("11-01"),
        }, {})  # fmt: skip
        put(connection, "mart.lead", {
            "source": "crm", "lead_id": f"00Q{key}", "customer_id": key, "status": "open", "stage_name": "Working",
            "lead_source": "Web", "rep_name": "Ann", "created_at": at("11-01"), "decided_at": at("12-31"),
        }, {})  # fmt: skip
        put(connection, "mart.lead_outlook", {
            "source": "crm", "lead_id": f"00Q{key}", "customer_id": key, "known_to": date(2026, 11, 15),
            "method": "stage_rate", "conversion_probability": Decimal(chance), "stage_rate": Decimal("0.3"),
            "reasons": ["stage Working"], "model_run_id": "conversion_probability",
        }, {})  # fmt: skip
    report = build(connection, "sales")
    # lead, rep, stage, source, since, chance, its stage, why
    assert table(report, "The open leads") == [
        ["Max", "Ann", "Working", "Web", "1 November 2026", Decimal("0.7"), Decimal("0.3"), "stage Working"],
        ["Lea", "Ann", "Working", "Web", "1 November 2026", Decimal("0.2"), Decimal("0.3"), "stage Working"],
    ]
    told = said(report, "Which leads will be converted")
    assert "2 leads of the last 180 days are open; by their chances 1 will be converted" in told  # 0.7 + 0.2
    assert "the share of leads of the stage that were converted, no model: 30 closed leads, and 200 are needed" in told


def test_unusual_figures_and_groups_are_those_of_the_window(connection: psycopg.Connection) -> None:
    figure: Row = {
        "series": "new_deals", "period": "day", "actual": 28, "expected": 3, "low": 0, "high": 8, "is_anomaly": True,
        "explained_by": ["source fair 98 %"],
    }  # fmt: skip
    put(
        connection,
        "mart.sales_expectation",
        figure,
        {"period_start": date(2026, 11, 10)},
        {"period_start": date(2026, 11, 9), "period": "week", "series": "bookings", "explained_by": []},
        {"period_start": date(2026, 11, 11), "is_anomaly": False},
        {"period_start": date(2026, 11, 16)},  # after the window
    )
    group: Row = {"known_to": date(2026, 11, 15), "model_run_id": "clusters"}
    put(
        connection,
        "mart.account_cluster",
        group,
        {"company_id": "1", "cluster": "large", "cluster_month_before": "large"},
        {"company_id": "2", "cluster": "large", "cluster_month_before": "small"},
        {"company_id": "3", "cluster": "large"},  # it had no deal a month before: it did not move
        {"company_id": "4", "cluster": "small", "cluster_month_before": "small"},
    )
    report = build(connection, "sales")
    # when, what, was, expected, range from, to, explained most by
    assert table(report, "Figures out of") == [
        ["10 November 2026", "New deals", 28, 3, 0, 8, "source fair 98 %"],
        ["week of 9 November 2026", "Won amount", 28, 3, 0, 8, ""],
    ]
    assert table(report, "Groups of accounts") == [["large", 3, 1], ["small", 1, 0]]
    assert "no groups of open deals" in said(report, "Accounts and deals that behave alike")


def test_slippage_targets_and_velocity_of_the_periods_up_to_the_window(connection: psycopg.Connection) -> None:
    slipped: Row = {
        "period": "month", "period_start": date(2026, 11, 1), "source": "crm", "dimension": "source", "member": "crm",
        "due_deals": 10, "due_amount": 1000, "closed_deals": 6, "slipped_deals": 3, "slipped_amount": 300,
        "still_due_deals": 1, "mean_days_moved": 20, "reporting_currency": "USD",
    }  # fmt: skip
    put(
        connection,
        "mart.sales_slippage",
        slipped,
        {},
        {"source": "desk", "due_deals": 2, "closed_deals": 1, "slipped_deals": 1, "slipped_amount": 50,
         "mean_days_moved": 40},
        {"dimension": "team", "member": "Field"},
        {"period_start": date(2026, 5, 1)},  # more than six months ago
        {"source": "elsewhere"},
    )  # fmt: skip
    covered: Row = {
        "day_on": date(2026, 11, 15), "period": "month", "period_start": date(2026, 11, 1), "dimension": "team",
        "member": "Field", "target_amount": 1000, "won_amount": 400, "open_pipeline": 900, "coverage": Decimal("1.5"),
        "reporting_currency": "USD",
    }  # fmt: skip
    put(
        connection,
        "mart.sales_coverage_daily",
        covered,
        {},
        {"period": "quarter", "period_start": date(2026, 10, 1), "target_amount": 3000, "won_amount": 3000,
         "coverage": None},
        {"day_on": date(2026, 11, 14)},
    )  # fmt: skip
    quarter: Row = {
        "period": "quarter", "period_start": date(2026, 10, 1), "source": "crm", "dimension": "source",
        "member": "crm", "created_deals": 0, "created_amount": 0, "won_deals": 0, "won_amount": 0, "lost_deals": 0,
        "lost_amount": 0, "open_deals": 12, "win_rate": Decimal("0.5"), "deal_size": 100, "mean_cycle_days": 30,
        "pipeline": 0, "unconverted_deals": 0, "reporting_currency": "USD",
    }  # fmt: skip
    put(
        connection,
        "mart.sales_period",
        quarter,
        {},
        {"period_start": date(2026, 7, 1), "mean_cycle_days": None},  # nothing was won in it
        {"period_start": date(2027, 1, 1)},
    )
    report = build(connection, "sales")
    # month, to close, closed, slipped, slippage, slipped amount, days moved: (3 × 20 + 1 × 40) ÷ 4
    assert table(report, "Deals that were to close") == [["Nov 2026", 12, 7, 4, Decimal(4) / 12, 350, 25]]
    # who, period, target, won so far, reached, open, coverage
    assert table(report, "Targets") == [
        ["Field", "Nov 2026", 1000, 400, Decimal("0.4"), 900, Decimal("1.5")],
        ["Field", "Q4 2026", 3000, 3000, 1, 900, None],
    ]
    # quarter, open deals, win rate, deal size, cycle, velocity: 12 × 0.5 × 100 ÷ 30
    assert table(report, "Sales velocity") == [["Q4 2026", 12, Decimal("0.5"), 100, 30, 20]]


def test_the_ways_of_the_deals_that_closed(connection: psycopg.Connection) -> None:
    deals(connection)
    way: Row = {
        "source": "crm", "process_name": "Sales", "is_standard": True, "skipped_stages": 0, "repeated_stages": 0,
        "back_moves": 0, "path": "Contact > Proposal", "moves": 1, "forbidden_moves": 0, "unknown_stages": 0,
        "mended_visits": 0,
    }  # fmt: skip
    put(
        connection,
        "mart.deal_path",
        way,
        *({"deal_id": key} for key in ("1", "2", "5", "8", "10")),
        {"deal_id": "3", "is_standard": False, "skipped_stages": 1},
        {"deal_id": "4", "is_standard": False, "repeated_stages": 1, "back_moves": 2},
    )
    # team, closed deals, standard path, skipped, came again, went back: 5 and 10 closed after the window
    quarter = Decimal("0.25")
    assert table(build(connection, "sales"), "Deals on the standard path") == [
        ["All", 4, Decimal("0.5"), quarter, quarter, quarter],
        ["Field", 4, Decimal("0.5"), quarter, quarter, quarter],
    ]


def test_reminders_by_rule(connection: psycopg.Connection) -> None:
    reminder: Row = {
        "rule": "stage_overdue", "subject_kind": "deal", "source": "crm", "seen_at": at("11-10"), "late_days": 1,
        "value_at_risk": 1,
    }  # fmt: skip
    put(
        connection,
        "ops.reminder",
        reminder,
        {"subject_id": "before", "opened_at": at("11-01"), "closed_at": at("11-08"), "closed_why": "won"},
        {"subject_id": "closes", "opened_at": at("11-01"), "closed_at": at("11-10"), "closed_why": "moved"},
        {"subject_id": "begins", "opened_at": at("11-16"), "closed_at": at("11-17"), "closed_why": "moved"},
        {"subject_id": "later", "opened_at": at("11-17")},
        {"subject_id": "elsewhere", "source": "files", "opened_at": at("11-10")},
    )
    message: Row = {
        "kind": "reminder", "channel": "email", "recipient": "a@b.example", "subject": "x", "payload": "{}",
        "not_before": at("11-10"), "not_after": at("11-11"), "attempt_after": at("11-10"),
    }  # fmt: skip
    put(
        connection,
        "ops.outbox",
        message,
        {
            "message_key": "reminder/rep/a",
            "state": "sent",
            "proposed_at": at("11-09 02:00"),
            "sent_at": at("11-09 08:00"),
        },
        {"message_key": "reminder/rep/b", "state": "uncertain", "proposed_at": at("11-10 02:00")},
        {"message_key": "reminder/manager/c", "state": "sent", "proposed_at": at("11-10"), "sent_at": at("11-10")},
    )
    connection.execute(
        "insert into ops.reminder_notice select o.outbox_id, r.reminder_id from ops.outbox as o, ops.reminder as r"
        " where (o.message_key, r.subject_id) in"
        " (('reminder/rep/a', 'begins'), ('reminder/rep/b', 'closes'), ('reminder/manager/c', 'closes'))"
    )
    # began: begins; proposed: both; sent: begins; closed: closes; in doubt: closes; open at the end: begins
    assert table(build(connection, "sales"), "Reminders, by rule") == [["stage overdue", 1, 2, 1, 1, 1, 1]]


# ---- service

TICKET: Row = {
    "source": "desk", "status": "open", "priority": "normal", "channel": "email", "assignee_id": "desk:7",
    "assignee_name": "Kim", "public_replies": 0, "reopens": 0, "assignee_handoffs": 0, "group_handoffs": 0,
    "agent_wait_minutes": 0, "requester_wait_minutes": 0, "on_hold_minutes": 0,
}  # fmt: skip


def stays(connection: psycopg.Connection, ticket_id: str, *moves: tuple[str, str]) -> None:
    """Statuses of a ticket and when each began."""
    ends = [entered for _, entered in moves[1:]] + [None]
    for number, ((status, entered), exited) in enumerate(zip(moves, ends, strict=True), start=1):
        put(connection, "mart.ticket_status", {"source": "desk", "ticket_id": ticket_id}, {
            "stay_no": number, "status": status, "entered_at": at(entered), "exited_at": at(exited) if exited else None,
        })  # fmt: skip


def tickets(connection: psycopg.Connection) -> None:
    """Six tickets with all that happens to them, some of it after the window."""
    write_service(connection)
    put(
        connection,
        "mart.ticket",
        TICKET,
        {"ticket_id": "1", "created_at": at("11-09 10:00"), "first_reply_at": at("11-09 11:00"),
         "first_reply_minutes": 60, "first_reply_business_minutes": 30},
        {"ticket_id": "2", "created_at": at("11-10"), "first_reply_at": at("11-10 03:00"), "first_reply_minutes": 180,
         "first_reply_business_minutes": 90, "last_solved_at": at("11-18"), "reopens": 2, "public_replies": 3},
        # answered after the window: it has no reply time in it
        {"ticket_id": "3", "created_at": at("11-14"), "first_reply_at": at("11-16 06:00"),
         "first_reply_minutes": 3240, "priority": "urgent"},
        {"ticket_id": "4", "created_at": at("11-01"), "first_reply_at": at("11-01 01:00"), "first_reply_minutes": 60,
         "channel": "chat"},
        {"ticket_id": "5", "created_at": at("11-12"), "assignee_id": None, "assignee_name": None},
        {"ticket_id": "6", "created_at": at("11-07"), "first_reply_at": at("11-07 10:00"), "first_reply_minutes": 600},
    )  # fmt: skip
    stays(connection, "1", ("new", "11-09 10:00"), ("solved", "11-09 12:00"), ("closed", "11-13"))
    stays(connection, "2", ("new", "11-10"), ("solved", "11-11"), ("open", "11-12"), ("solved", "11-13"),
          ("open", "11-17"), ("solved", "11-18"))  # fmt: skip
    stays(connection, "3", ("new", "11-14"), ("solved", "11-17"))
    stays(connection, "4", ("new", "11-01"), ("pending", "11-02"))
    stays(connection, "5", ("new", "11-12"), ("closed", "11-13"))
    stays(connection, "6", ("new", "11-07"), ("solved", "11-08"))
    put(
        connection,
        "core.dim_rep",
        {"source": "desk", "valid_from": at("01-01"), "is_current": True},
        {"rep_id": "desk:7", "full_name": "Kim"},
    )
    message: Row = {"source": "desk", "is_public": True, "author_key": "7"}
    for ticket_id, key, sent, more in (
        ("1", "a", "11-09 11:00", {}),
        ("1", "b", "11-09 11:30", {"is_public": False}),
        ("1", "c", "11-09 11:40", {"author_key": "the customer"}),
        ("2", "d", "11-10 03:00", {}),
        ("2", "e", "11-12 03:00", {}),
        ("2", "f", "11-17 03:00", {}),
    ):
        put(connection, "core.fct_message", message, {
            "ticket_id": ticket_id, "message_id": key, "update_key": key, "sent_at": at(sent), **more,
        })  # fmt: skip
    for key, ticket_id, score, rated in (
        ("a", "1", "good", "11-09 13:00"),
        ("b", "4", "bad", "11-15"),
        # bad the week before, good in the window
        ("c", "6", "bad", "11-08"),
        ("d", "6", "good", "11-10"),
        ("e", "2", "offered", "11-13"),
        ("f", "1", "bad", "11-20"),
    ):
        put(connection, "core.fct_satisfaction", {"source": "desk"}, {
            "rating_id": key, "ticket_id": ticket_id, "score": score, "rated_at": at(rated),
        })  # fmt: skip
    for key, field, old, new, when in (
        ("a", "assignee", "7", "8", "11-10"),
        ("b", "assignee", None, "7", "11-10"),
        ("c", "group", "1", "2", "11-11"),
        ("d", "group", "2", "3", "11-17"),
    ):
        put(connection, "core.fct_ticket_event", {"source": "desk", "ticket_id": "2"}, {
            "event_id": key, "update_key": key, "field": field, "old_value": old, "new_value": new,
            "event_at": at(when),
        })  # fmt: skip


def test_service_figures_are_those_worked_out_by_hand(connection: psycopg.Connection) -> None:
    tickets(connection)
    report = build(connection, "service")
    assert tiles(report) == {
        "Created tickets": 4,  # 1, 2, 3, 5
        "Solved tickets": 3,  # 1, 2, and 5, which was closed without being solved
        "Backlog": 2,  # 3, 4
        "Without a first reply": 1,  # 3
        "First replies": 2,  # 1, 2
        "First reply, median": 120,  # of 60 and 180: 3 and 5, without one, are no 0
        "First reply, 90 % within": 168,  # 60 + 0.9 × 120
        "Business hours, median": 60,  # 30, 90
        "Business hours, 90 % within": 84,  # 30 + 0.9 × 60
        "Full resolution, median": 1440,  # 120, 1440, 4320
        "Full resolution, 90 % within": 3744,  # 1440 + 0.8 × 2880
        "CSAT": Decimal(2) / 3,  # good for 1 and 6, bad for 4
        "Reopen rate": Decimal(1) / 3,  # 2
        "One-touch share": Decimal(1) / 3,  # 1 has one, 2 has two by then, 5 none
        "Handoffs": 1,
    }
    handoffs = next(tile for tile in report.tiles if tile.label == "Handoffs")
    assert handoffs.note == "1 between groups"
    told = changes(report)
    assert told["Created tickets"] == "▲ 300 % on the 7 days before"  # 6 then
    assert told["Backlog"] == "▲ 100 % since the window’s start"  # 4 then
    assert told["CSAT"] == "▲ 66.67 points on the 7 days before"  # 0 of 1 then


def test_service_tables_split_the_same_figures(connection: psycopg.Connection) -> None:
    tickets(connection)
    report = build(connection, "service")
    # agent, solved, first replies, median first reply, CSAT, n, backlog
    assert table(report, "Agents") == [
        ["Kim", 2, 2, 120, Decimal(2) / 3, 3, 2],
        ["not assigned", 1, 0, None, None, 0, 0],
    ]
    # channel, created, solved, median first reply, backlog
    assert table(report, "Channels") == [["email", 4, 3, 120, 1], ["chat", 0, 0, None, 1]]
    assert [(row[0], row[6]) for row in table(report, "Longest without")] == [("3", 2)]
    assert [row[:2] for row in table(report, "Touches")] == [
        ["None", 1], ["One", 1], ["Two", 1], ["Three or more", 0],
    ]  # fmt: skip


def test_the_backlog_of_each_day_is_what_waited_at_its_end(connection: psycopg.Connection) -> None:
    tickets(connection)
    reader = Reader(connection, WEEK.parameters())
    reader.rows("service_ticket_state")
    days = {row["day_on"].day: row for row in reader.rows("service_days") if row["day_on"] >= date(2026, 11, 7)}
    # 4 waits all along; 6 on the 7th; 2 on the 10th and, reopened, on the 12th; 3 from the 14th; 5 on the 12th
    assert {day: row["backlog"] for day, row in days.items()} == {
        7: 2, 8: 1, 9: 1, 10: 2, 11: 1, 12: 3, 13: 1, 14: 2, 15: 2,
    }  # fmt: skip
    assert {day: row["solved_tickets"] for day, row in days.items() if row["solved_tickets"]} == {8: 1, 9: 1, 13: 2}


def test_what_happens_later_changes_no_service_figure(connection: psycopg.Connection) -> None:
    tickets(connection)
    before = build(connection, "service")
    connection.execute("delete from mart.ticket_status where entered_at >= '2026-11-16Z'")
    connection.execute("update mart.ticket_status set exited_at = null where exited_at >= '2026-11-16Z'")
    connection.execute("update mart.ticket set first_reply_at = null, first_reply_minutes = null where ticket_id = '3'")
    for events, when in (
        ("fct_message", "sent_at"),
        ("fct_satisfaction", "rated_at"),
        ("fct_ticket_event", "event_at"),
    ):
        connection.execute(
            sql.SQL("delete from core.{} where {} >= '2026-11-16Z'").format(*map(sql.Identifier, (events, when)))
        )
    assert build(connection, "service") == before


# ---- customers

ORDER: Row = {"source": "crm", "currency": "USD", "lines": 1}
PERSON: Row = {"valid_from": at("07-01"), "first_seen_at": at("07-01"), "is_current": True}


def orders(connection: psycopg.Connection) -> None:
    """Seven customers, five of whom bought by the window's end."""
    for key in range(1, 8):
        seen = {6: at("11-12"), 7: at("11-16")}.get(key, at("07-01"))
        put(connection, "mart.customer_360", {"records": 1, "deals": 0, "won_deals": 0, "tickets": 0, "orders": 0}, {
            "customer_id": f"c{key}", "first_seen_at": seen, "sources": ["crm", "desk"] if key == 1 else ["crm"],
            "order_amount": 0, "completeness": 1,
        })  # fmt: skip
        full = {"phone": "1", "company_name": "Acme", "country": "Chile", "language": "es"} if key == 1 else {}
        put(connection, "core.dim_customer", {**PERSON, "first_seen_at": seen, "valid_from": seen}, {
            "customer_id": f"c{key}", "full_name": f"Name {key}", "email": f"{key}@example.org", **full,
        })  # fmt: skip
    connection.execute("update core.dim_customer set valid_to = %s, is_current = false where customer_id = 'c2'",
                       [at("11-17")])  # fmt: skip
    # all filled, but only since the window ended
    put(connection, "core.dim_customer", PERSON, {
        "customer_id": "c2", "valid_from": at("11-17"), "full_name": "Name 2", "email": "2@example.org", "phone": "1",
        "company_name": "Acme", "country": "Chile", "language": "es",
    })  # fmt: skip
    for key, (customer, when, amount) in enumerate(
        (
            ("c1", "11-15 08:00", 100), ("c1", "11-15 09:00", 50), ("c1", "11-01", 30),
            ("c2", "11-10", 200),
            ("c3", "10-01", 20), ("c3", "09-01", 20),
            ("c4", "08-01", 80), ("c4", "11-12", -80),
            ("c5", "07-01", 10), ("c5", "11-20", 5000),
        )
    ):  # fmt: skip
        put(connection, "mart.customer_order", ORDER, {
            "order_id": str(key), "customer_id": customer, "ordered_at": at(when), "ordered_on": at(when).date(),
            "amount": amount,
        })  # fmt: skip


def test_customer_figures_are_those_worked_out_by_hand(connection: psycopg.Connection) -> None:
    orders(connection)
    report = build(connection, "customers")
    values = tiles(report)
    # c1 has all six fields, the five others two of them: (1 + 5 × 1/3) ÷ 6 = 4/9
    assert round(values.pop("Completeness"), 12) == round(Decimal(4) / 9, 12)
    assert values == {
        "New customers": 1,  # c6
        "Customers known": 6,  # all but c7
        "Customers with orders": 5,
        "Ordering customers": 3,  # c1, c2, and c4, who gave back
        "Orders": 4,
        "Revenue": 270,  # 150 + 200 − 80
        "Average order value": Decimal("67.5"),
        "In several sources": 1,
    }
    assert changes(report)["Revenue"] == "0 in the 7 days before"
    assert changes(report)["Customers known"] == "▲ 20 % since the window’s start"
    assert table(report, "Countries") == [["not told", 5, 1], ["Chile", 1, 0]]
    assert table(report, "Where customers are known from") == [["crm", 6, 5], ["desk", 1, 0]]


def test_customers_who_are_new_because_a_source_was_first_read_are_said(connection: psycopg.Connection) -> None:
    """c5 and c6 come with the first reading of a source that tells no time, on the 12th, c4 a day later."""
    orders(connection)
    connection.execute("create table staging.crm__people partition of staging.customer for values in ('crm__people')")
    connection.execute(
        "update mart.customer_360 set first_seen_at = %s where customer_id in ('c5', 'c6')", [at("11-12")]
    )
    connection.execute("update mart.customer_360 set first_seen_at = %s where customer_id = 'c4'", [at("11-13")])
    for key, when in (("c4", "11-13"), ("c5", "11-12"), ("c6", "11-12"), ("c1", "11-12")):
        put(connection, "core.customer_link", {}, {
            "source": "crm", "record_key": key, "record_id": f"crm:{key}", "customer_id": key,
        })  # fmt: skip
        put(connection, "staging.customer", {"source_table": "crm__people", "load_id": 1}, {
            "source_id": key, "version_at": at(when), "payload_hash": "00000000-0000-0000-0000-000000000000",
        })  # fmt: skip
    said = " ".join(build(connection, "customers").doubts).translate({0x2068: None, 0x2069: None})
    assert "2 of the new customers were there when crm was first read, on" in said  # c1 was known before


def test_rfm_scores_are_quintiles_that_keep_ties_together(connection: psycopg.Connection) -> None:
    orders(connection)
    sizes = {row[0]: row[3] for row in table(build(connection, "customers"), "Segments") if row[3]}
    assert sizes == {"Champions": 1, "Promising": 1, "Loyal": 1, "Hibernating": 2}
    Reader(connection, WEEK.parameters()).rows("customers_rfm_score")
    scored = connection.execute("select * from rfm_score order by customer_id").fetchall()
    # currency, days since the last purchase day, purchase days, their mean value, bought in all, a score of each of the
    # three
    assert scored == [
        ("c1", "USD", 0, 2, 90, 180, 5, 4, 4),
        ("c2", "USD", 5, 1, 200, 200, 4, 1, 5),
        ("c3", "USD", 45, 2, 20, 40, 3, 4, 2),
        ("c4", "USD", 106, 1, 80, 0, 2, 1, 3),  # the day of the return is no purchase, but its amount is taken off
        ("c5", "USD", 137, 1, 10, 10, 1, 1, 1),
    ]


def test_every_pair_of_scores_is_in_one_segment() -> None:
    segment = load_value_config().segment
    named = {(recency, frequency): segment(recency, frequency) for recency in range(1, 6) for frequency in range(1, 6)}
    assert len(named) == 25
    assert named[5, 5] == "Champions"
    assert named[1, 5] == "Cannot lose them"
    assert named[1, 1] == "Hibernating"
    with pytest.raises(ValueError, match="scores are 1 to 5"):
        segment(0, 3)


def test_what_happens_later_changes_no_customer_figure(connection: psycopg.Connection) -> None:
    orders(connection)
    before = build(connection, "customers")
    connection.execute("delete from mart.customer_order where ordered_at >= '2026-11-16Z'")
    connection.execute("delete from core.dim_customer where valid_from >= '2026-11-16Z'")
    connection.execute("delete from mart.customer_360 where first_seen_at >= '2026-11-16Z'")
    assert build(connection, "customers") == before


# ---- what is missing


def doubts(connection: psycopg.Connection) -> str:
    return " ".join(build(connection, "sales").doubts).translate({0x2068: None, 0x2069: None})


def test_days_that_failed_or_are_missing_are_named(connection: psycopg.Connection) -> None:
    put(connection, "ops.source_day", {"state": "ok"}, *(
        {"source": source, "day_on": date(2026, 11, day)}
        for source in ("crm", "desk") for day in range(9, 16) if (source, day) not in (("crm", 10), ("desk", 12))
    ))  # fmt: skip
    put(connection, "ops.source_day", {}, {"source": "crm", "day_on": date(2026, 11, 10), "state": "failed"})
    said = doubts(connection)
    assert "The source crm failed on 1 of 7 days (10 November 2026)" in said
    assert "The source desk brought nothing on 1 of 7 days (12 November 2026)" in said


@pytest.mark.parametrize("kind", ["pull", "file"])
def test_a_load_over_the_window_leaves_no_day_missing(connection: psycopg.Connection, kind: str) -> None:
    # one long window covers its days; what comes as files by hand misses none, whatever its window
    end = at("11-16") if kind == "pull" else at("11-01 12:00")
    put(connection, "ops.load", {"kind": kind, "state": "staged", "entity": "deals"}, *(
        {"source": source, "window_start": at("11-01"), "window_end": end} for source in ("crm", "desk")
    ))  # fmt: skip
    assert "brought nothing" not in doubts(connection)


def test_rows_in_quarantine_are_counted_by_source(connection: psycopg.Connection) -> None:
    row: Row = {"source": "crm", "entity": "deals", "stage": "rules", "rules": ["x"], "load_id": 1,
                "window_start": at("11-12"), "window_end": at("11-13")}  # fmt: skip
    hashes = [f"00000000-0000-0000-0000-{number:012}" for number in range(5)]
    put(connection, "ops.quarantine", row,
        {"source_id": "1", "payload_hash": hashes[0]},
        {"source_id": "2", "payload_hash": hashes[1]},
        {"source_id": "3", "payload_hash": hashes[2], "state": "replayed"},
        {"source_id": "4", "payload_hash": hashes[3], "window_start": at("11-16"), "window_end": at("11-17")},
        {"source_id": "5", "payload_hash": hashes[4], "source": "elsewhere"})  # fmt: skip
    assert "2 rows that came in this window wait in quarantine" in doubts(connection)
    assert "2 of crm (deals)" in doubts(connection)


def test_changed_fields_are_named_by_source_and_entity(connection: psycopg.Connection) -> None:
    row: Row = {"source": "crm", "entity": "deals", "kind": "new", "load_id": 1,
                "window_start": at("11-12"), "window_end": at("11-13")}  # fmt: skip
    put(connection, "ops.drift", row,
        {"path": "amount", "kind": "gone", "types_before": ["string"]},
        {"path": "id", "kind": "retyped", "types_before": ["string"], "types_now": ["number"]},
        *({"path": f"new{number}"} for number in range(1, 8)),
        {"path": "earlier", "window_start": at("11-01"), "window_end": at("11-02")},
        {"path": "elsewhere", "source": "elsewhere"})  # fmt: skip
    assert (
        "The records of crm (deals) changed in this window: amount is gone; new1, new2, new3, new4, new5 and 2 more are"
        " new; id (string, now number) is of another type."
    ) in doubts(connection)


@pytest.mark.parametrize("subject", ["sales", "service"])
def test_a_report_in_chinese_has_no_english_heading(connection: psycopg.Connection, subject: str) -> None:
    deals(connection)
    tickets(connection)
    with speaking("zh"):
        report = build(connection, subject)
    told = [report.title, *(tile.label for tile in report.tiles)]
    for section in report.sections:
        told.append(section.heading)
        for block in section.blocks:
            if isinstance(block, Table):
                told += [block.caption, block.note, *(column.heading for column in block.columns)]
    assert len(told) > 40
    assert {word for text in told for word in re.findall(r"[A-Za-z.]{4,}", text)} <= {"CSAT", "sales.yaml"}
