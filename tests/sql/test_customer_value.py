"""Customer value in the warehouse: RFM by hand, months and moves between them, models fitted once, the real CDNOW."""

import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import psycopg
import pytest
from bs4 import BeautifulSoup

from include.models.calendar import a_month_before, last_month_end
from include.reports.config import Brand
from include.reports.frame import Frame
from include.reports.model import Picture, Sentence
from include.reports.page import page
from include.reports.reader import Reader
from include.reports.render import SUBJECTS
from include.settings import SQL
from include.warehouse.connection import Warehouse
from include.warehouse.marts import build_marts, settle_marts
from include.window import Window
from tests.cdnow import purchases
from tests.conftest import Databases
from tests.deliveries import checksums, rows
from tests.languages import every_message_in

UTC = ZoneInfo("UTC")


@pytest.fixture
def connection(embedded_warehouse: Warehouse) -> Iterator[psycopg.Connection]:
    """A connection that sees its own rows; nothing is committed."""
    with embedded_warehouse.connect() as opened:
        yield opened
        opened.rollback()


def order(connection: psycopg.Connection, customer: str, *bought: tuple[str, float], currency: str = "USD") -> None:
    """Orders of a customer: day and amount."""
    for day, amount in bought:
        connection.execute(
            "insert into mart.customer_order"
            " values ('shop', %s, %s, %s::timestamptz + interval '9 hours', %s, %s, %s, 1)",
            [f"{customer} {day} {amount} {currency}", customer, day, day, amount, currency],
        )


def purchases_until(connection: psycopg.Connection, ends_at: str) -> dict[str, tuple]:
    """Customer → what mart.customer_purchases says."""
    found = connection.execute("select * from mart.customer_purchases(%s)", [ends_at]).fetchall()
    return {row[0]: row[1:] for row in found}


def test_purchases_by_hand(connection: psycopg.Connection) -> None:
    order(connection, "often", ("2026-01-10", 10), ("2026-01-10", 5), ("2026-02-10", 30), ("2026-03-10", 60))
    order(connection, "often", ("2026-02-20", -8))  # a day that only took back
    order(connection, "once", ("2026-01-31", 7))
    order(connection, "returned", ("2026-01-05", -3))
    told = purchases_until(connection, "2026-03-01Z")
    # currency, first, last, purchase days, mean of 15 and 30, all of it, repeat days and their mean
    assert told == {
        "often": ("USD", date(2026, 1, 10), date(2026, 2, 10), 2, 22.5, 37, 1, 30),
        "once": ("USD", date(2026, 1, 31), date(2026, 1, 31), 1, 7, 7, 0, None),
    }


def test_currencies_are_never_added_up(connection: psycopg.Connection) -> None:
    order(connection, "both", ("2026-01-01", 100), ("2026-01-02", 200))
    order(connection, "both", ("2026-01-02", 9), ("2026-01-03", 11), ("2026-01-05", 13), currency="EUR")
    order(connection, "even", ("2026-01-01", 1), currency="USD")
    order(connection, "even", ("2026-01-02", 2), currency="EUR")
    told = purchases_until(connection, "2026-02-01Z")
    # four days of purchase in any currency; amounts of the three in euros, all after the first day
    assert told["both"] == ("EUR", date(2026, 1, 1), date(2026, 1, 5), 4, 11, 33, 3, 11)
    assert told["even"][0] == "EUR"  # as many days: the later one


def test_money_is_ranked_within_its_currency(connection: psycopg.Connection) -> None:
    for number in range(1, 6):
        order(connection, f"dollar{number}", ("2026-01-01", number), currency="USD")
        order(connection, f"yen{number}", ("2026-01-01", number * 150), currency="JPY")
    scored = connection.execute(
        "select customer_id, monetary_score from mart.customer_rfm('2026-02-01Z', '2026-01-31')"
    ).fetchall()
    assert dict(scored) == {f"{name}{number}": number for name in ("dollar", "yen") for number in range(1, 6)}


def months(connection: psycopg.Connection, *days: str) -> None:
    """Build RFM of the months among the days, as the marts do."""
    connection.execute("create temp table if not exists day (day_on date, starts_at timestamptz, ends_at timestamptz)")
    connection.execute("truncate day")
    for day in map(date.fromisoformat, days):
        window = Window.day(day, UTC)
        connection.execute("insert into day values (%s, %s, %s)", [day, window.start, window.end])
    connection.execute((SQL / "mart" / "customer_rfm_monthly.sql").read_bytes())


def test_months_are_as_of_their_end_and_moves_are_between_them(connection: psycopg.Connection) -> None:
    from include.customers.value.config import write_segments

    write_segments(connection)
    for number in range(1, 6):
        order(connection, f"c{number}", (f"2026-01-{number:02}", 10))
    order(connection, "c1", ("2026-02-20", 10), ("2026-02-21", 10))
    order(connection, "new", ("2026-02-25", 10))
    months(connection, "2026-01-31", "2026-02-27", "2026-02-28")
    kept = connection.execute(
        "select month_on, count(*), sum(frequency) from mart.customer_rfm_monthly group by 1 order by 1"
    ).fetchall()
    assert kept == [(date(2026, 1, 31), 5, 5), (date(2026, 2, 28), 6, 8)]
    moves = connection.execute(
        "select segment_before, segment, customers from mart.customer_segment_migration"
        " where month_on = '2026-02-28' order by 1, 2"
    ).fetchall()
    # in January all bought once, and c1 to c5 were the worst to the best in recency: 1 to 5
    # in February c2 to c5 are 1 to 3 (rank 0 to 3 of 6), c1 is 4 and the only one who bought often, "new" is 5
    assert moves == [
        ("About to sleep", "Hibernating", 1),
        ("Hibernating", "Hibernating", 1),
        ("Hibernating", "Loyal", 1),
        ("New", "About to sleep", 1),
        ("Promising", "Hibernating", 1),
        (None, "New", 1),
    ]
    before = connection.execute("table mart.customer_rfm_monthly").fetchall()
    months(connection, "2026-02-28", "2026-01-31")
    assert sorted(connection.execute("table mart.customer_rfm_monthly").fetchall()) == sorted(before)


@pytest.mark.parametrize(
    ("day", "month_end", "month_before"),
    [("2026-11-24", "2026-10-31", "2026-10-24"), ("2026-11-30", "2026-11-30", "2026-10-31"),
     ("2026-03-30", "2026-02-28", "2026-02-28"), ("2026-01-01", "2025-12-31", "2025-12-01")],
)  # fmt: skip
def test_months_of_the_calendar(day: str, month_end: str, month_before: str) -> None:
    assert last_month_end(date.fromisoformat(day)) == date.fromisoformat(month_end)
    assert a_month_before(date.fromisoformat(day)) == date.fromisoformat(month_before)


# ---- the real thing: CDNOW as orders of a shop

LAST_DAY = date(1997, 9, 30)  # the 39th week ends with a month


def load_cdnow(warehouse: Warehouse, real_data: Path, until: str = "1998-12-31") -> None:
    """The CDNOW sample in core, so that the marts are built from it."""
    bought = purchases(real_data)
    bought = bought[bought["day"] <= until]
    with warehouse.connect() as connection:
        with connection.cursor().copy(
            "copy core.fct_order_line (source, order_id, line_no, ordered_at, customer_key, amount, currency)"
            " from stdin"
        ) as copy:
            for customer, day, amount in bought.itertuples(index=False):
                key = f"c{customer:04}"
                copy.write_row(("shop", f"{key} {day.date()}", 1, f"{day.date()} 12:00Z", key, f"{amount:.2f}", "USD"))
        connection.execute(
            "insert into core.customer_link (source, record_key, record_id, customer_id)"
            " select distinct 'shop', customer_key, 'shop:' || customer_key, customer_key from core.fct_order_line"
        )
        connection.execute(
            "insert into core.dim_customer (customer_id, valid_from, is_current, first_seen_at)"
            " select customer_key, min(ordered_at), true, min(ordered_at) from core.fct_order_line group by 1"
        )


@pytest.fixture(scope="module")
def cdnow_warehouse(embedded: Databases, real_data: Path) -> Warehouse:
    """The marts of August and September 1997, and what came later in core."""
    warehouse = embedded.warehouse()
    load_cdnow(warehouse, real_data)
    build_marts(warehouse, "customers", Window.between("1997-08-31", LAST_DAY), settle=True)
    return warehouse


def test_the_warehouse_reaches_the_published_figures(cdnow_warehouse: Warehouse) -> None:
    models = {
        row[0]: row[1:]
        for row in rows(cdnow_warehouse, "select model, rows, parameters, window_end from ops.model_run")
    }
    found = models["bg_nbd"][1]
    assert [round(found[name], 3) for name in ("r", "a", "b")] == [0.243, 0.793, 2.426]
    assert round(found["alpha"] / 7, 3) == 4.414  # the warehouse counts in days
    found = models["gamma_gamma"][1]
    assert [round(found[name], 2) for name in ("p", "q", "v")] == [6.25, 3.74, 15.44]
    assert models["gamma_gamma"][0] == 946
    assert models["bg_nbd"][2] == datetime(1997, 10, 1, tzinfo=UTC)
    # of who bought once it is certain that they are alive
    assert rows(cdnow_warehouse, "select count(*), count(p_alive), count(lifetime_value) from mart.customer_value") == [
        (2357, 2357, 2357)
    ]
    assert rows(cdnow_warehouse, "select min(p_alive) from mart.customer_value where frequency = 1") == [(1,)]
    assert rows(
        cdnow_warehouse,
        "select count(*) from mart.customer_value where not (0 <= p_alive_low_95 and p_alive_low_95 <= p_alive"
        " and p_alive <= p_alive_high_95 and lifetime_value_low_95 < lifetime_value_low_80"
        " and lifetime_value_low_80 < lifetime_value and lifetime_value < lifetime_value_high_95)",
    ) == [(0,)]


def test_a_value_goes_by_event_time_and_a_model_is_fitted_once(
    cdnow_warehouse: Warehouse, embedded: Databases, real_data: Path
) -> None:
    """A warehouse that has seen nothing after the day says the same; building again fits nothing."""
    earlier = embedded.warehouse()
    load_cdnow(earlier, real_data, until=str(LAST_DAY))
    build_marts(earlier, "customers", Window.between("1997-08-31", LAST_DAY), settle=True)
    tables = ("mart.customer_value", "mart.customer_rfm_monthly")
    assert {t: checksums(earlier, ["mart"])[t] for t in tables} == {
        t: checksums(cdnow_warehouse, ["mart"])[t] for t in tables
    }
    runs = rows(earlier, "select model_run_id, trained_at from ops.model_run order by 1")
    settle_marts(earlier, "customers")
    build_marts(earlier, "customers", Window.day(LAST_DAY + timedelta(days=12)), settle=True)
    assert rows(earlier, "select model_run_id, trained_at from ops.model_run order by 1") == runs
    assert rows(earlier, "select distinct as_of_on from mart.customer_value") == [(LAST_DAY + timedelta(days=12),)]


def test_a_backfill_leaves_the_value_to_the_next_fresh_day(embedded: Databases, real_data: Path) -> None:
    warehouse = embedded.warehouse()
    load_cdnow(warehouse, real_data)
    build_marts(warehouse, "customers", Window.between("1997-03-01", "1997-03-03"), settle=False)
    assert rows(warehouse, "select count(*) from mart.customer_value") == [(0,)]
    assert rows(warehouse, "select count(*) from ops.model_run") == [(0,)]
    settle_marts(warehouse, "customers")
    assert rows(warehouse, "select distinct as_of_on from mart.customer_value") == [(date(1997, 3, 3),)]


def test_days_built_in_another_order_give_the_same_value(
    cdnow_warehouse: Warehouse, embedded: Databases, real_data: Path
) -> None:
    warehouse = embedded.warehouse()
    load_cdnow(warehouse, real_data)
    build_marts(warehouse, "customers", Window.day(LAST_DAY), settle=True)
    build_marts(warehouse, "customers", Window.between("1997-08-31", "1997-09-29"), settle=False)
    settle_marts(warehouse, "customers")
    assert checksums(warehouse, ["mart"]) == checksums(cdnow_warehouse, ["mart"])


def test_silence_is_measured_by_the_customers_own_rhythm(embedded: Databases) -> None:
    warehouse = embedded.warehouse()
    lines = [("weekly", day) for day in range(1, 30, 7)] + [("once", 1), ("monthly", 1), ("monthly", 31)]
    with warehouse.connect() as connection:
        for customer, day in lines:
            connection.execute(
                "insert into core.fct_order_line"
                " (source, order_id, line_no, ordered_at, customer_key, amount, currency)"
                " values ('shop', %s, 1, %s, %s, 5, 'USD')",
                [f"{customer} {day}", datetime(2026, 1, day, 12, tzinfo=UTC), customer],
            )
        connection.execute(
            "insert into core.customer_link select distinct 'shop', customer_key, customer_key, customer_key"
            " from core.fct_order_line"
        )
        connection.execute(
            "insert into core.dim_customer (customer_id, valid_from, is_current, first_seen_at)"
            " select customer_key, '2026-01-01', true, '2026-01-01Z' from core.fct_order_line group by 1"
        )
        # a ticket breaks the silence, too
        connection.execute(
            "insert into core.fct_ticket (source, ticket_id, requester_key, created_at, is_deleted)"
            " values ('shop', 't', 'once', '2026-01-31 12:00Z', false)"
        )
    build_marts(warehouse, "customers", Window.day("2026-02-10"), settle=True)
    told = {
        row[0]: row[1:]
        for row in rows(
            warehouse,
            "select customer_id, last_contact_on, churn_after_days, churn_risk, p_alive from mart.customer_value",
        )
    }
    # gaps of all: 7, 7, 7, 7, 30, 30; their 95th percentile is 30
    assert told["once"][:2] == (date(2026, 1, 31), pytest.approx((1 * 30 + 5 * 30) / 6))
    assert told["monthly"][1] == pytest.approx(30)
    assert told["weekly"][:2] == (date(2026, 1, 29), pytest.approx((4 * 7 + 5 * 30) / 9))
    assert told["weekly"][2] == pytest.approx(1 - 0.05 ** (12 / (178 / 9)))
    assert told["weekly"][3] is None  # three customers are no model
    reason = rows(warehouse, "select scores ->> 'reason' from ops.model_run where model = 'bg_nbd'")
    assert reason == [("2 customers with a repeat purchase, and 50 are needed",)]


# ---- the report


def blocks(warehouse: Warehouse, first: date, last: date) -> dict[str, list]:
    """Heading → blocks of the customers report."""
    frame = Frame(Window.between(first, last, UTC), ("shop",))
    with warehouse.connect() as connection:
        report = SUBJECTS["customers"](Reader(connection, frame.parameters()), frame)
    return {section.heading: list(section.blocks) for section in report.sections}


def test_the_report_shows_value_moves_and_groups(cdnow_warehouse: Warehouse) -> None:
    told = blocks(cdnow_warehouse, date(1997, 9, 1), LAST_DAY)
    moves = [b for b in told["Segments"] if isinstance(b, Picture) and "September 1997" in b.caption]
    assert len(moves) == 1
    said, picture, table = told["What customers are worth"]
    assert "Of 2,357 customers who buy in this currency" in said.text
    assert isinstance(picture, Picture)
    assert len(table.rows) == 15
    assert [row[7] for row in table.rows] == sorted((row[7] for row in table.rows), reverse=True)
    groups = told["Groups of alike customers"]
    assert sum(row[1] for row in groups[-1].rows) == 2357
    # the group whose mean is the highest has 100, another one its share of that: of the purchases' days by plain means
    profile = next(b for b in groups if isinstance(b, Picture) and b.caption == "What the groups are like")
    means = {row[0]: float(row[8]) for row in groups[-1].rows}
    assert max(means.values()) / min(means.values()) > 1.2
    assert "The most, 100, in " in profile.alt and "percent of the highest group" in profile.note
    with cdnow_warehouse.connect() as connection:
        counted = connection.execute(
            "select avg(frequency), avg(recency_days) from mart.customer_value where as_of_on = %s group by cluster"
            " order by count(*) desc", [LAST_DAY],
        ).fetchall()  # fmt: skip
    assert [round(float(row[0]), 6) for row in counted] == [round(value, 6) for value in means.values()]


@pytest.mark.parametrize(("first", "last"), [("1997-09-01", "1997-09-30"), ("1997-04-01", "1997-04-30")])
def test_the_report_in_chinese_has_nothing_in_english(cdnow_warehouse: Warehouse, first: str, last: str) -> None:
    frame = Frame(Window.between(first, last, UTC), ("shop",))
    with cdnow_warehouse.connect() as connection, every_message_in("zh"):
        report = SUBJECTS["customers"](Reader(connection, frame.parameters()), frame)
        text = BeautifulSoup(page(report, frame, Brand(name="甲公司")), "html.parser")
    shown = [text.get_text(), *(str(part["alt"]) for part in text.find_all("img"))]
    shown += [str(part[told]) for told in ("title", "aria-label") for part in text.select(f"[{told}]")]
    style = text.find("style")
    english = {word for told in shown for word in re.findall("[A-Za-z]+", told.replace(style.get_text(), ""))}  # type: ignore[union-attr]
    assert english <= {
        "shop", "c", "UTC", "USD", "RFM", "R", "F", "P", "alive", "BG", "NBD", "Gamma", "k", "means", "include",
        "config", "value", "yaml",
    }  # fmt: skip


def test_the_report_says_so_where_there_is_no_value(cdnow_warehouse: Warehouse) -> None:
    told = blocks(cdnow_warehouse, date(1997, 4, 1), date(1997, 4, 30))
    assert told["What customers are worth"] == [
        Sentence(
            "What customers are worth is kept as of the end of 30 September 1997 only, the last day that was built."
        )
    ]
