"""Chances of leads: what is learned from, what is told, and what is not."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import psycopg
import pytest

from include.sales.win import tell_outlook
from include.warehouse.connection import Warehouse

LAST = date(2025, 12, 31)  # the last Sunday by the end of the month before is 30 November
WINDOW = timedelta(days=180)


@pytest.fixture
def connection(embedded_warehouse: Warehouse) -> Iterator[psycopg.Connection]:
    """A connection that sees its own rows; nothing is committed."""
    with embedded_warehouse.connect() as opened:
        opened.execute("set time zone 'UTC'")
        yield opened
        opened.rollback()


def put(
    connection: psycopg.Connection, key: str, created: date, status: str, days: float = 0, source: str = "web"
) -> None:
    """A lead that ended so many days after it was made."""
    made = datetime(created.year, created.month, created.day, 9, tzinfo=ZoneInfo("UTC"))
    closed = None if status == "open" else made + timedelta(days=days)
    connection.execute(
        "insert into mart.lead (source, lead_id, customer_id, status, stage_name, lead_source, created_at, closed_at,"
        " decided_at) values ('crm', %s, %s, %s, 'new', %s, %s, %s, %s)",
        [key, f"p{key}", status, source, made, closed, min(closed or made + WINDOW, made + WINDOW)],
    )


def history(connection: psycopg.Connection, last_day: date = LAST) -> None:
    """Two leads a day since June 2023; of the fair's six in ten are converted, of the web's two, after a month or so.

    Nobody closes the others: they stay open.
    """
    dice = np.random.default_rng(7)
    for number in range(2 * (last_day - date(2023, 6, 1)).days):
        created = date(2023, 6, 1) + timedelta(days=number // 2)
        source = "fair" if number % 2 else "web"
        is_converted = dice.random() < (0.6 if source == "fair" else 0.2)
        days = dice.exponential(30)
        is_over = is_converted and created + timedelta(days=days) <= last_day
        put(connection, str(number), created, "converted" if is_over else "open", days, source)


def chances(connection: psycopg.Connection) -> list[tuple]:
    return connection.execute(
        "select m.lead_source, m.created_at::date, o.conversion_probability::float8, o.method, o.reasons, o.lead_id"
        " from mart.lead_outlook as o join mart.lead as m using (source, lead_id) order by m.created_at, o.lead_id"
    ).fetchall()


def test_the_chance_is_the_share_that_is_converted(connection: psycopg.Connection) -> None:
    history(connection)
    tell_outlook(connection, LAST)
    told = chances(connection)
    assert {row[3] for row in told} == {"model"}
    # of a hundred leads of the fair 8 of the sixty are converted by the fourth day, and 52 of the other 92 later: 57 %;
    # of the web 17 of 97: 18 %
    young = {name: [row[2] for row in told if row[0] == name and (LAST - row[1]).days <= 8] for name in ("fair", "web")}
    assert np.mean(young["fair"]) == pytest.approx(0.57, abs=0.1)
    assert np.mean(young["web"]) == pytest.approx(0.18, abs=0.1)
    # by the 150th day all but 0.4 of the sixty are: 1 % of those that are left
    assert np.mean([row[2] for row in told if (LAST - row[1]).days > 140]) < 0.05
    assert any("+ its source is converted often" in row[4] for row in told if row[0] == "fair")
    (subject, scores) = connection.execute(
        "select subject, scores from ops.model_run where model = 'conversion_probability'"
    ).fetchone()  # type: ignore[misc]
    assert subject == "leads"
    assert scores["brier"] < scores["brier_stage_rate"]
    assert scores["calibration_error"] < 0.05


def test_only_open_leads_of_the_last_180_days_have_a_chance(connection: psycopg.Connection) -> None:
    history(connection)
    tell_outlook(connection, LAST)
    told = {row[5] for row in chances(connection)}
    expected = connection.execute(
        "select lead_id from mart.lead where status = 'open' and created_at >= '2026-01-01'::timestamptz - interval"
        " '180 days'"
    ).fetchall()
    assert told == {row[0] for row in expected}


def test_young_leads_whose_end_is_half_known_teach_nothing(connection: psycopg.Connection) -> None:
    # 250 leads of the year before, of which every fifth was converted after ten days; the others are open
    for number in range(250):
        created = date(2024, 7, 1) + timedelta(days=number % 125)
        put(connection, str(number), created, "converted" if number % 5 == 0 else "open", 10)
    put(connection, "asked", LAST - timedelta(days=3), "open")
    tell_outlook(connection, LAST)
    before = chances(connection)
    # of the leads of autumn the converted are known, of the others nothing: they would make any lead look good
    for number in range(300, 400):
        put(connection, str(number), date(2025, 10, 1), "converted", 10)
    tell_outlook(connection, LAST)
    assert chances(connection) == before


def test_below_two_hundred_leads_the_plain_share_is_told(connection: psycopg.Connection) -> None:
    # forty leads made on a Monday: ten are converted after three days, before any Sunday, ten after nine, when they had
    # been open on one Sunday, and twenty never: they were open on all 25 Sundays of 180 days
    monday = date(2025, 1, 6)
    for number in range(40):
        days = 3 if number < 10 else 9 if number < 20 else 0
        put(connection, str(number), monday, "converted" if days else "open", days)
    put(connection, "asked", LAST - timedelta(days=3), "open")
    tell_outlook(connection, LAST)
    rows = chances(connection)
    # as they stood on Sundays, 10 of 10 + 20 × 25 were converted: the last Sunday ends on Monday, 7 July, two days late
    assert [row[2:4] for row in rows] == [(pytest.approx(10 / (10 + 20 * 25), abs=1e-4), "stage_rate")]
    assert rows[0][4] == ["stage new"]
    (scores,) = connection.execute("select scores from ops.model_run where model = 'conversion_probability'").fetchone()  # type: ignore[misc]
    assert scores["reason"] == "30 closed leads, and 200 are needed"


def test_where_no_end_is_known_no_chance_is_told(connection: psycopg.Connection) -> None:
    put(connection, "asked", LAST - timedelta(days=3), "open")
    tell_outlook(connection, LAST)
    assert chances(connection) == []


def test_a_chance_knows_nothing_that_came_later(connection: psycopg.Connection) -> None:
    history(connection)
    earlier = LAST - timedelta(days=60)
    tell_outlook(connection, earlier)
    then = chances(connection)
    # what came after that day goes otherwise: who was converted is lost, and a stage and activities are added
    connection.execute(
        "update mart.lead set status = 'lost' where status = 'converted' and closed_at > %s",
        [earlier + timedelta(days=1)],
    )
    connection.execute(
        "insert into core.fct_lead_stage select source, lead_id, %s, 'warm' from mart.lead",
        [earlier + timedelta(days=2)],
    )
    connection.execute(
        "insert into core.fct_activity (source, activity_type, activity_id, customer_key, occurred_at, is_deleted)"
        " select source, 'call', lead_id, lead_id, %s, false from mart.lead",
        [earlier + timedelta(days=2)],
    )
    connection.execute("delete from ops.model_run")
    tell_outlook(connection, earlier)
    assert chances(connection) == then
    assert then
