"""The sales marts on little cases, each worked out by hand beside it: November 2026 in UTC, reported in USD."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import psycopg
import pytest

from include.by_hand import load_files
from include.sales import targets
from include.sales.targets import Target
from include.settings import SQL
from include.warehouse.connection import Warehouse
from include.warehouse.marts import build_marts, settle_marts
from include.window import Window
from tests.conftest import Databases
from tests.deliveries import checksums, rows

STAGES = ("Talk", "Offer", "Deal", "Won", "Lost")
MONTH = Window.between("2026-11-01", "2026-11-30")
DAYS = MONTH.days()


def prepare(connection: psycopg.Connection) -> None:
    """A process of three open stages, and two reps of two teams."""
    for place, name in enumerate(STAGES):
        status = {"Won": "won", "Lost": "lost"}.get(name, "open")
        connection.execute(
            "insert into core.dim_pipeline_stage (source, stage_key, pipeline_name, stage_name, position, probability,"
            " status, process_name, process_stage, process_position, process_step)"
            " values ('crm', %s, 'Sales', %s, %s, 0.5, %s, 'Sales', %s, %s, %s)",
            [name, name, place, status, name, place, place + 1 if status != "lost" else None],
        )
    for key, name, team in (("a", "Ann", "East"), ("b", "Bo", "West")):
        connection.execute(
            "insert into core.dim_rep (rep_id, valid_from, is_current, source, full_name, email, team)"
            " values (%s, '2026-01-01', true, 'crm', %s, %s, %s)",
            [f"crm:{key}", name, f"{name.lower()}@example.com", team],
        )


def deal(
    connection: psycopg.Connection,
    key: str,
    visits: str,
    *,
    amount: int | None = 100,
    currency: str = "USD",
    owner: str = "a",
    expected: str = "",
    origin: str = "history",
) -> None:
    """A deal with its visits ``Talk 11-02, Won 11-07`` and the close dates that were expected ``11-30 since 11-02``."""
    moves = [part.split() for part in visits.split(", ")]
    (last, ended), created = moves[-1], f"2026-{moves[0][1]}"
    connection.execute(
        "insert into core.fct_deal (source, deal_id, name, stage_key, amount, currency, owner_key, created_at,"
        " closed_at, first_seen_at, is_deleted) values ('crm', %s, %s, %s, %s, %s, %s, %s, %s, %s, false)",
        [key, key, last, amount, currency, owner, created, f"2026-{ended}" if last in STAGES[3:] else None, created],
    )
    for no, (stage, on) in enumerate(moves):
        connection.execute(
            "insert into core.fct_deal_stage (source, deal_id, visit_no, stage_key, entered_at, exited_at, origin)"
            " values ('crm', %s, %s, %s, %s, %s, %s)",
            [key, no + 1, stage, f"2026-{on}", f"2026-{moves[no + 1][1]}" if no + 1 < len(moves) else None, origin],
        )
    dates = [part.split(" since ") for part in expected.split(", ") if part]
    for no, (on, since) in enumerate(dates):
        connection.execute(
            "insert into core.fct_deal_close_date values ('crm', %s, %s, %s, %s, %s)",
            [key, no + 1, f"2026-{on}", f"2026-{since}", f"2026-{dates[no + 1][1]}" if no + 1 < len(dates) else None],
        )
    connection.execute("insert into ops.changed_deal values ('crm', %s) on conflict do nothing", [key])


@pytest.fixture
def connection(embedded_warehouse: Warehouse) -> Iterator[psycopg.Connection]:
    """A connection to the warehouse, with stages and reps in it; committed at once."""
    with embedded_warehouse.connect(autocommit=True) as opened:
        prepare(opened)
        yield opened


def test_amounts_are_converted_at_the_rate_of_the_day(
    embedded_warehouse: Warehouse, connection: psycopg.Connection
) -> None:
    for currency, on, rate in (
        ("USD", "05", "1.10"),
        ("USD", "06", "1.20"),
        ("GBP", "05", "0.8"),
        ("GBP", "06", "0.8"),
    ):
        connection.execute("insert into core.currency_rate values (%s, %s, %s)", [currency, f"2026-11-{on}", rate])
    deal(connection, "own", "Talk 11-02, Won 11-07", amount=1000)
    deal(connection, "sunday", "Talk 11-05, Won 11-08", currency="EUR")  # Friday's rate holds: 100 × 1.2
    deal(connection, "pound", "Talk 11-05, Lost 11-06", currency="GBP", amount=80)  # 80 ÷ 0.8 × 1.2
    deal(connection, "open", "Talk 11-05", currency="EUR", amount=50)  # on the last day: 50 × 1.2
    deal(connection, "yen", "Talk 11-05", currency="JPY", amount=500)  # no rate
    deal(connection, "late", "Talk 11-05, Won 11-20", currency="EUR", amount=7)  # the last rate is two weeks old
    build_marts(embedded_warehouse, "sales", Window.between("2026-11-01", "2026-11-10"), settle=True)
    converted = dict(rows(embedded_warehouse, "select deal_id, reporting_amount from mart.deal"))
    assert converted == {"own": 1000, "sunday": 120, "pound": 120, "open": 60, "yen": None, "late": None}
    assert rows(embedded_warehouse, "select amount, currency from mart.deal where deal_id = 'sunday'") == [(100, "EUR")]
    figures = (
        "select created_deals, created_amount, won_deals, won_amount, lost_amount, open_deals, pipeline,"
        " unconverted_deals, round(deal_size, 2) from mart.sales_period"
        " where period = %s and period_start = %s and dimension = 'source'"
    )
    # created: 1000 + 110 + 80 ÷ 0.8 × 1.1 + 55 + 7.7 at the rates of those days, the yen in none; won: own, sunday,
    # late; unconverted: the yen created and open, late won
    assert rows(embedded_warehouse, figures, ["month", "2026-11-01"]) == [
        (6, Decimal("1282.7"), 3, 1120, 120, 2, 60, 3, Decimal("560.00"))
    ]
    # at the end of the week of the second, its pipeline at Friday's rate: open 60, late 8.4
    assert rows(embedded_warehouse, figures, ["week", "2026-11-02"])[0][5:8] == (3, Decimal("68.4"), 2)
    # on the fifth at that day's rate: 1000 + 110 + 110 + 55 + 7.7
    assert rows(embedded_warehouse, figures, ["day", "2026-11-05"])[0][5:8] == (6, Decimal("1282.7"), 2)


def test_a_days_figures_follow_the_calendar_of_each_period(
    embedded_warehouse: Warehouse, connection: psycopg.Connection
) -> None:
    deal(connection, "1", "Talk 11-02, Won 11-12", amount=100)  # ten days
    deal(connection, "2", "Talk 10-13, Won 11-12", amount=500)  # thirty
    deal(connection, "3", "Talk 11-11, Lost 11-13", amount=200, owner="b")
    deal(connection, "4", "Talk 11-01, Won 11-20", amount=50, owner="b")
    deal(connection, "5", "Talk 11-09", amount=None, owner="b")
    build_marts(embedded_warehouse, "sales", MONTH, settle=True)
    query = (
        "select rep_name, won_deals, won_amount, lost_deals, win_rate, mean_cycle_days, median_cycle_days, open_deals,"
        " pipeline from mart.sales_rep_period where period = %s and period_start = %s order by 1"
    )
    # in the week of the ninth Ann won both; of Bo's, the fourth and fifth are open at its end
    assert rows(embedded_warehouse, query, ["week", "2026-11-09"]) == [
        ("Ann", 2, 600, 0, 1, 20, 20, 0, 0), ("Bo", 0, 0, 1, 0, None, None, 2, 50),
    ]  # fmt: skip
    assert rows(embedded_warehouse, query, ["quarter", "2026-10-01"])[1][:5] == ("Bo", 1, 50, 1, Decimal("0.5"))
    # one open deal × 3/4 won × mean size 650/3 ÷ mean cycle 59/3
    velocity = "select round(velocity, 6) from mart.sales_velocity where period = 'month' and dimension = 'source' and period_start = '2026-11-01'"  # noqa: E501
    assert rows(embedded_warehouse, velocity) == [(round(Decimal(1) * 3 / 4 * 650 / 59, 6),)]
    # built day by day, last day first, it is the same
    before = checksums(embedded_warehouse, ["mart"])
    for day in reversed(DAYS):
        build_marts(embedded_warehouse, "sales", Window.day(day), settle=False)
    settle_marts(embedded_warehouse, "sales")
    assert checksums(embedded_warehouse, ["mart"]) == before


def test_the_way_that_deals_take(embedded_warehouse: Warehouse, connection: psycopg.Connection) -> None:
    deal(connection, "standard", "Talk 11-01, Offer 11-03, Deal 11-05, Won 11-09")
    deal(connection, "skips", "Talk 11-01, Deal 11-05, Won 11-09")
    deal(connection, "back", "Talk 11-01, Offer 11-02, Talk 11-03, Offer 11-04, Deal 11-05, Won 11-09", owner="b")
    deal(connection, "lost", "Talk 11-01, Offer 11-03, Lost 11-09", owner="b")
    deal(connection, "starts late", "Offer 11-01, Lost 11-09", owner="b")
    deal(connection, "starts unseen", "Offer 11-01, Lost 11-09", owner="b", origin="versions")
    deal(connection, "unknown", "Talk 11-01, Limbo 11-03", owner="b")
    build_marts(embedded_warehouse, "sales", MONTH, settle=True)
    path = (
        "select deal_id, skipped_stages, repeated_stages, back_moves, forbidden_moves, unknown_stages, is_standard"
        " from mart.deal_path order by 1"
    )
    assert rows(embedded_warehouse, path) == [
        ("back", 0, 2, 1, 1, 0, False), ("lost", 0, 0, 0, 0, 0, True), ("skips", 1, 0, 0, 0, 0, False),
        ("standard", 0, 0, 0, 0, 0, True), ("starts late", 1, 0, 0, 0, 0, False),
        ("starts unseen", 0, 0, 0, 0, 0, True), ("unknown", 0, 0, 0, 0, 1, False),
    ]  # fmt: skip
    conformance = (
        "select member, closed_deals, standard_deals, skipping_deals, repeating_deals, back_deals"
        " from mart.sales_conformance where period = 'month' and dimension = %s order by 1"
    )
    assert rows(embedded_warehouse, conformance, ["all"]) == [("", 6, 3, 2, 1, 1)]
    assert rows(embedded_warehouse, conformance, ["team"]) == [("East", 2, 1, 1, 0, 0), ("West", 4, 2, 1, 1, 1)]
    moves = (
        "select from_stage, to_stage, move, deals, moves, median_days from mart.sales_transition"
        " where period = 'month' and dimension = 'all' order by from_stage, to_stage"
    )
    assert rows(embedded_warehouse, moves) == [
        ("", "Offer", "start", 2, 2, None), ("", "Talk", "start", 5, 5, None),
        ("Deal", "Won", "forward", 3, 3, 4),
        ("Offer", "Deal", "forward", 2, 2, Decimal("1.5")),  # two days and one
        ("Offer", "Lost", "lost", 3, 3, 8), ("Offer", "Talk", "back", 1, 1, 1),
        ("Talk", "Deal", "skip", 1, 1, 4), ("Talk", "Offer", "forward", 3, 4, Decimal("1.5")),  # 2, 1, 1, 2
    ]  # fmt: skip
    # an unknown stage is not dropped: the deal is open in it
    unknown = "select status, stage_name, is_stage_known, probability from mart.deal where deal_id = 'unknown'"
    assert rows(embedded_warehouse, unknown) == [("open", "Limbo", False, 0)]


def test_moves_that_the_process_lists(embedded_warehouse: Warehouse, connection: psycopg.Connection) -> None:
    connection.execute(
        "insert into core.dim_process_move values ('Sales', 'Talk', 'Offer'), ('Sales', 'Offer', 'Talk'),"
        " ('Sales', 'Offer', 'Lost')"
    )
    deal(connection, "1", "Talk 11-01, Offer 11-02, Talk 11-03, Deal 11-05, Lost 11-09")
    build_marts(embedded_warehouse, "sales", MONTH, settle=True)
    allowed = "select move, is_allowed from mart.deal_stage order by visit_no"
    assert rows(embedded_warehouse, allowed) == [
        ("start", None), ("forward", True), ("back", True), ("skip", False), ("lost", False),
    ]  # fmt: skip


def test_the_funnel_leaves_out_who_is_too_young(embedded_warehouse: Warehouse, connection: psycopg.Connection) -> None:
    deal(connection, "1", "Talk 11-01, Offer 11-05, Deal 11-06, Won 11-10")  # four days in Talk
    deal(connection, "2", "Talk 11-02, Deal 11-10", owner="b")  # eight; passed Offer
    deal(connection, "3", "Talk 11-03, Lost 11-09")  # six
    deal(connection, "4", "Talk 11-27")  # three days old at the month's end, where six are usual
    deal(connection, "5", "Talk 11-20")  # ten: old enough
    build_marts(embedded_warehouse, "sales", MONTH, settle=True)
    funnel = (
        "select stage_name, entered_deals, gone_on_deals, left_out_deals, finished_visits, median_days, p90_days"
        " from mart.sales_funnel where period = 'month' and dimension = 'all' order by process_step"
    )
    assert rows(embedded_warehouse, funnel) == [
        ("Talk", 4, 2, 1, 3, 6, Decimal("7.6")), ("Offer", 2, 2, 0, 1, 1, 1), ("Deal", 2, 1, 0, 1, 4, 4),
    ]  # fmt: skip
    # days go by, and nothing else happens: the young one has stayed long enough to count
    build_marts(embedded_warehouse, "sales", Window.between("2026-12-01", "2026-12-05"), settle=True)
    assert rows(embedded_warehouse, funnel.replace("where", "where period_start = '2026-11-01' and"))[0][1:4] == (
        5,
        2,
        0,
    )
    # won deals stayed four days in Talk, which is therefore how long one may stay
    stay = "select won_visits, may_stay_days, is_learned from mart.sales_stage where stage_key = 'Talk'"
    assert rows(embedded_warehouse, stay) == [(1, 4, True)]


def test_the_funnel_of_a_stage_that_nobody_has_left(
    embedded_warehouse: Warehouse, connection: psycopg.Connection
) -> None:
    for key in "123":
        deal(connection, key, "Talk 11-29")
    build_marts(embedded_warehouse, "sales", MONTH, settle=True)
    # no visit says how long deals stay, so nothing can be said of any of the three
    assert rows(
        embedded_warehouse,
        "select entered_deals, gone_on_deals, conversion, left_out_deals from mart.sales_funnel"
        " where period = 'month' and period_start = '2026-11-01' and dimension = 'all' and stage_name = 'Talk'",
    ) == [(0, 0, None, 3)]


def test_regions_are_told_as_teams_are(embedded_warehouse: Warehouse, connection: psycopg.Connection) -> None:
    """Two teams of one region, and a rep without a region."""
    connection.execute("update core.dim_rep set region = 'Europe'")
    connection.execute(
        "insert into core.dim_rep (rep_id, valid_from, is_current, source, full_name, team)"
        " values ('crm:c', '2026-01-01', true, 'crm', 'Cy', 'South')"
    )
    deal(connection, "1", "Talk 11-01, Offer 11-05, Deal 11-07, Won 11-10", expected="11-20 since 11-01")
    deal(connection, "2", "Talk 11-02, Offer 11-10, Lost 11-13", owner="b", expected="11-20 since 11-02")
    deal(connection, "3", "Talk 11-04, Lost 11-14", owner="b")
    deal(connection, "4", "Talk 11-03, Offer 11-09, Won 11-15", owner="c")
    build_marts(embedded_warehouse, "sales", MONTH, settle=True)
    funnel = (
        "select stage_name, member, entered_deals, gone_on_deals, finished_visits, median_days, p90_days"
        " from mart.sales_funnel where period = 'month' and dimension = 'region' and stage_name <> 'Deal'"
        " order by process_step, member"
    )
    assert rows(embedded_warehouse, funnel) == [
        ("Talk", "", 1, 1, 1, 6, 6), ("Talk", "Europe", 3, 2, 3, 8, Decimal("9.6")),  # 4, 8 and 10 days
        ("Offer", "", 1, 1, 1, 6, 6), ("Offer", "Europe", 2, 1, 2, Decimal("2.5"), Decimal("2.9")),  # 2 and 3
    ]  # fmt: skip
    conformance = (
        "select member, closed_deals, standard_deals, skipping_deals from mart.sales_conformance"
        " where period = 'month' and dimension = 'region' order by 1"
    )
    assert rows(embedded_warehouse, conformance) == [("", 1, 0, 1), ("Europe", 3, 3, 0)]
    moves = (
        "select member, deals, moves, median_days from mart.sales_transition where period = 'month'"
        " and dimension = 'region' and from_stage = 'Talk' and to_stage = 'Offer' order by 1"
    )
    assert rows(embedded_warehouse, moves) == [("", 1, 1, 6), ("Europe", 2, 2, 6)]  # four days and eight
    due = (
        "select member, member_name, due_deals, closed_deals from mart.sales_slippage"
        " where period = 'month' and dimension = 'region'"
    )
    assert rows(embedded_warehouse, due) == [("Europe", "Europe", 2, 2)]


def test_a_rep_who_changes_team_is_told_in_it_on_every_day(
    embedded_warehouse: Warehouse, connection: psycopg.Connection
) -> None:
    deal(connection, "1", "Talk 11-02, Won 11-07")
    connection.execute("update core.dim_rep set email = 'ann@example.com' where rep_id = 'crm:a'")
    build_marts(embedded_warehouse, "sales", MONTH, settle=True)
    with connection.transaction():
        connection.execute((SQL / "core" / "member_before.sql").read_bytes())
        connection.execute("update core.dim_rep set team = 'North' where rep_id = 'crm:a'")
        changed = connection.execute((SQL / "core" / "member_changed_from.sql").read_bytes()).fetchone()
    # from the creation of their first deal on
    assert changed and changed[0].date() == date(2026, 11, 2)
    with connection.transaction():
        connection.execute((SQL / "core" / "member_before.sql").read_bytes())
        connection.execute("update core.dim_rep set email = 'a@example.com' where rep_id = 'crm:a'")
        unchanged = connection.execute((SQL / "core" / "member_changed_from.sql").read_bytes()).fetchone()
    assert unchanged == (None,)


def test_slippage(embedded_warehouse: Warehouse, connection: psycopg.Connection) -> None:
    deal(connection, "moved", "Talk 10-01", amount=300, expected="11-20 since 10-01, 12-10 since 11-15")
    deal(connection, "closed", "Talk 10-01, Won 11-18", expected="11-20 since 10-01")
    deal(connection, "not moved", "Talk 10-01", expected="11-10 since 10-01")
    deal(connection, "later", "Talk 10-01", expected="12-05 since 10-01")
    deal(connection, "moved before", "Talk 10-01", expected="11-25 since 10-01, 12-01 since 10-20")
    deal(connection, "within", "Talk 10-01, Lost 11-29", owner="b", expected="11-05 since 10-01, 11-28 since 11-05")
    build_marts(embedded_warehouse, "sales", MONTH, settle=True)
    slippage = (
        "select due_deals, due_amount, closed_deals, slipped_deals, slipped_amount, still_due_deals, slippage,"
        " mean_days_moved from mart.sales_slippage where period = %s and dimension = 'source' and member = 'crm'"
    )
    assert rows(embedded_warehouse, slippage, ["month"]) == [(4, 600, 2, 1, 300, 1, Decimal("0.25"), 20)]
    assert rows(embedded_warehouse, slippage, ["quarter"])[0][:4] == (6, 800, 2, 0)  # what moved is still in it
    by_rep = (
        "select member_name, due_deals from mart.sales_slippage where period = 'month' and dimension = 'rep' order by 1"
    )
    assert rows(embedded_warehouse, by_rep) == [("Ann", 3), ("Bo", 1)]


def test_coverage_of_a_target(
    embedded_warehouse: Warehouse, connection: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = [
        Target(date(2026, 11, 1), "rep", "ANN@example.com", Decimal(1000)),
        Target(date(2026, 12, 1), "rep", "ANN@example.com", Decimal(500)),
        Target(date(2026, 11, 1), "team", "Nord", Decimal(1)),
    ]
    monkeypatch.setattr(targets, "load_targets", lambda: wanted)
    deal(connection, "won", "Talk 11-01, Won 11-08", amount=400, expected="11-08 since 11-01")
    deal(connection, "open", "Talk 11-01", amount=300, expected="11-25 since 11-05, 12-15 since 11-12")
    deal(connection, "another's", "Talk 11-01", amount=900, owner="b", expected="11-25 since 11-05")
    build_marts(embedded_warehouse, "sales", MONTH, settle=True)
    coverage = (
        "select to_char(day_on, 'DD'), won_amount, open_pipeline, round(coverage, 4) from mart.sales_coverage_daily"
        " where period = %s and dimension = 'rep' and to_char(day_on, 'DD') = any('{04,07,08,11,12}') order by 1"
    )
    assert rows(embedded_warehouse, coverage, ["month"]) == [
        ("04", 0, 400, Decimal("0.4")),  # what is to close on the eighth
        ("07", 0, 700, Decimal("0.7")), ("08", 400, 300, Decimal("0.5")), ("11", 400, 300, Decimal("0.5")),
        ("12", 400, 0, 0),  # the open one moved to December
    ]  # fmt: skip
    assert rows(embedded_warehouse, coverage, ["quarter"])[-1] == ("12", 400, 300, Decimal("0.2727"))  # 300 ÷ 1100
    assert rows(embedded_warehouse, "select member from mart.sales_target where not is_known") == [("Nord",)]
    # another target, and the days are built again
    monkeypatch.setattr(targets, "load_targets", lambda: wanted[:1])
    assert build_marts(embedded_warehouse, "sales", Window.day("2026-11-30"), settle=True).settled == 29
    assert rows(embedded_warehouse, "select distinct target_amount from mart.sales_coverage_daily") == [(1000,)]


def test_activities_by_day_and_rep(embedded_warehouse: Warehouse, connection: psycopg.Connection) -> None:
    given = (
        ("1", "call", "a", "11-02", True), ("2", "call", "a", "11-02", False), ("3", "task", None, "11-02", True),
        ("4", "call", "a", "12-02", True),
    )  # fmt: skip
    for key, kind, owner, on, done in given:
        connection.execute(
            "insert into core.fct_activity (source, activity_type, activity_id, owner_key, deal_key, occurred_at,"
            " is_completed, is_deleted) values ('crm', %s, %s, %s, 'd', %s, %s, false)",
            [kind, key, owner, f"2026-{on}", done],
        )
    build_marts(embedded_warehouse, "sales", MONTH, settle=True)
    told = (
        "select rep_id, activity_type, rep_name, activities, completed_activities, deals from mart.sales_activity_daily"
    )
    assert sorted(rows(embedded_warehouse, told)) == [("", "task", None, 1, 1, 1), ("crm:a", "call", "Ann", 2, 1, 1)]


def test_the_ecbs_file_makes_rates(embedded: Databases, tmp_path: Path) -> None:
    warehouse = embedded.warehouse()
    path = tmp_path / "eurofxref-hist.csv"
    # as the bank writes it: a comma at each line's end, N/A for a currency without a rate
    path.write_text(
        "Date,USD,JPY,CYP,\n2026-11-06,1.2,170.5,N/A,\n2026-11-05,1.1,lots,N/A,\n2026-11-04,1.0,170,0.58,\n"
    )
    summary = load_files(warehouse, "ecb_rates", [path], reports=tmp_path / "reports")
    assert (summary.total.received, summary.total.staged, summary.total.quarantined) == (3, 2, 1)
    assert rows(warehouse, "select currency, rate_on::text, per_euro from core.currency_rate order by 2, 1") == [
        ("CYP", "2026-11-04", Decimal("0.58")), ("JPY", "2026-11-04", 170), ("USD", "2026-11-04", 1),
        ("JPY", "2026-11-06", Decimal("170.5")), ("USD", "2026-11-06", Decimal("1.2")),
    ]  # fmt: skip
    # mended by the bank: the day's latest version holds
    path.write_text("Date,USD,JPY,CYP,\n2026-11-05,1.1,171,N/A,\n2026-11-04,1.05,170,N/A,\n")
    load_files(warehouse, "ecb_rates", [path], reports=tmp_path / "reports")
    assert rows(warehouse, "select currency, rate_on::text, per_euro from core.currency_rate order by 2, 1")[:4] == [
        ("JPY", "2026-11-04", 170), ("USD", "2026-11-04", Decimal("1.05")), ("JPY", "2026-11-05", 171),
        ("USD", "2026-11-05", Decimal("1.1")),
    ]  # fmt: skip
