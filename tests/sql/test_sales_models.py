"""Sales models in the warehouse: forecasts made once and how they turned out, outlooks of open deals."""

from collections.abc import Iterator
from datetime import date, timedelta

import numpy as np
import psycopg
import pytest

from include.sales.anomalies import tell_anomalies
from include.sales.clusters import tell_clusters
from include.sales.forecast import forecast_sales
from include.sales.win import tell_outlook
from include.settings import SQL
from include.warehouse.connection import Warehouse

FIRST = date(2024, 1, 1)
LAST = date(2025, 3, 12)  # a Wednesday: the last week that is over ends on Sunday the 9th


@pytest.fixture
def connection(embedded_warehouse: Warehouse) -> Iterator[psycopg.Connection]:
    """A connection that sees its own rows; nothing is committed."""
    with embedded_warehouse.connect() as opened:
        opened.execute("set time zone 'UTC'")
        yield opened
        opened.rollback()


def sell(connection: psycopg.Connection, until: date = LAST) -> None:
    """Three deals a working day; two of three are won after three weeks, a third lost after five; open ones are young.

    Ann wins three of four, Bob one of two; each deal enters its second stage on its tenth day.
    """
    dice = np.random.default_rng(4)
    number = 0
    deals: list[tuple] = []
    visits: list[tuple] = []
    for place in range((LAST - FIRST).days):
        day = FIRST + timedelta(days=place)
        for _ in range(3 if day.weekday() < 5 else 0):
            number += 1
            rep = "ann" if number % 2 else "bob"
            is_won = dice.random() < (0.75 if rep == "ann" else 0.5)
            closed = day + timedelta(days=int((21 if is_won else 35) * dice.uniform(0.7, 1.3)))
            is_over = closed <= until
            status = ("won" if is_won else "lost") if is_over else "open"
            deals.append((str(number), status, rep, 100 + number % 7, day, closed if is_over else None))
            visits.append((str(number), 1, "talk", "open", day, day + timedelta(days=10)))
            visits.append((str(number), 2, "offer", "open", day + timedelta(days=10), None))
    with connection.cursor() as cursor:
        cursor.executemany(
            "insert into mart.deal (source, deal_id, deal_name, status, stage_name, probability, amount, currency,"
            " rep_id, rep_name, team, company_id, company_name, product_name, lead_source, created_at, closed_at,"
            " is_stage_known, reporting_amount, reporting_currency)"
            " select 'crm', d.id, 'deal ' || d.id, d.status, 'offer', 0.5, d.amount, 'USD', d.rep, d.rep, 'north',"
            " 'c' || (d.id::integer %% 150), 'Firm ' || (d.id::integer %% 150), 'desk', 'web',"
            " d.created_on::timestamptz + interval '9 hours', d.closed_on::timestamptz + interval '10 hours', true,"
            " d.amount, 'USD' from (select %s as id, %s as status, %s as rep, %s::numeric as amount,"
            " %s::date as created_on, %s::date as closed_on) as d",
            deals,
        )
        cursor.executemany(
            "insert into mart.deal_stage (source, deal_id, visit_no, stage_key, stage_name, probability, status,"
            " entered_at, exited_at, is_stage_known, origin, is_mended, move) values ('crm', %s, %s, %s, %s, 0.5, %s,"
            " %s::date + interval '11 hours', %s, true, 'history', false, 'forward')",
            [
                (deal, visit, stage, stage, status, entered, exited)
                for deal, visit, stage, status, entered, exited in visits
            ],
        )
    connection.execute(
        "insert into ops.mart_day (subject, day_on, is_stale) values ('sales', %s, false)"
        " on conflict (subject, day_on) do nothing",
        [until],
    )


def test_a_forecast_is_made_once_a_week_and_never_changed(connection: psycopg.Connection) -> None:
    sell(connection)
    forecast_sales(connection, LAST)
    told = connection.execute("select * from mart.sales_forecast order by series, period, period_start").fetchall()
    # there are no activities, so nothing is foretold of them; Monday follows the last Sunday that is over
    assert connection.execute(
        "select series, period, count(*), min(period_start), min(known_to) from mart.sales_forecast"
        " group by 1, 2 order by 1, 2"
    ).fetchall() == [
        ("bookings", "month", 6, date(2025, 3, 1), date(2025, 3, 9)),
        ("bookings", "week", 26, date(2025, 3, 10), date(2025, 3, 9)),
        ("new_deals", "month", 6, date(2025, 3, 1), date(2025, 3, 9)),
        ("new_deals", "week", 26, date(2025, 3, 10), date(2025, 3, 9)),
    ]
    connection.execute("update mart.deal set reporting_amount = reporting_amount * 2")
    forecast_sales(connection, LAST + timedelta(days=1))
    assert (
        connection.execute("select * from mart.sales_forecast order by series, period, period_start").fetchall() == told
    )


def test_a_month_begins_with_what_is_known_of_it(connection: psycopg.Connection) -> None:
    sell(connection)
    forecast_sales(connection, LAST)
    (known, expected, low) = connection.execute(
        "select known_amount, expected, low_95 from mart.sales_forecast"
        " where series = 'new_deals' and period = 'month' and period_start = '2025-03-01'"
    ).fetchone()  # type: ignore[misc]
    # March 2025 began on a Saturday: five working days of three deals by Sunday the 9th, twenty-one in all
    assert known == 15
    assert expected == pytest.approx(63, abs=3)
    assert low >= known


def test_how_a_forecast_turned_out(connection: psycopg.Connection) -> None:
    sell(connection, until=LAST)
    forecast_sales(connection, LAST - timedelta(days=28))
    statement = (SQL / "mart" / "sales_forecast_accuracy.sql").read_bytes()
    connection.execute(statement)
    rows = connection.execute(
        "select period_start, actual, error, expected, is_inside_95 from mart.sales_forecast_accuracy"
        " where series = 'new_deals' and period = 'week' order by 1"
    ).fetchall()
    # known to 9 February: the four weeks to 9 March are over, each with five working days of three deals
    assert [row[:2] for row in rows] == [(date(2025, 2, 10) + timedelta(days=7 * n), 15) for n in range(4)]
    assert all(row[2] == row[3] - 15 for row in rows)
    # February is over too
    assert connection.execute(
        "select actual from mart.sales_forecast_accuracy where series = 'new_deals' and period = 'month'"
    ).fetchall() == [(60,)]


def test_every_open_deal_has_an_outlook(connection: psycopg.Connection) -> None:
    sell(connection)
    tell_outlook(connection, LAST)
    rows = connection.execute(
        "select o.method, o.win_probability, o.stage_rate, o.reasons, o.likely_close_month, o.expected_amount,"
        " m.rep_id, m.reporting_amount, m.created_at::date from mart.deal_outlook as o"
        " join mart.deal as m using (source, deal_id)"
    ).fetchall()
    assert len(rows) == connection.execute("select count(*) from mart.deal where status = 'open'").fetchone()[0]  # type: ignore[index]
    assert {row[0] for row in rows} == {"model"}
    young = [row for row in rows if (LAST - row[8]).days <= 10]
    by_rep = {rep: float(np.mean([float(row[1]) for row in young if row[6] == rep])) for rep in ("ann", "bob")}
    # three of four, and one of two
    assert by_rep["ann"] == pytest.approx(0.75, abs=0.08)
    assert by_rep["bob"] == pytest.approx(0.5, abs=0.08)
    assert any("+ its rep wins often" in row[3] for row in young if row[6] == "ann")
    assert all(float(row[5]) == pytest.approx(float(row[7]) * float(row[1]), abs=0.01) for row in rows)
    assert {row[4] for row in young} <= {date(2025, 3, 1), date(2025, 4, 1)}


def test_the_likely_month_is_that_of_most_wins_of_deals_as_old(connection: psycopg.Connection) -> None:
    # ten deals were won two weeks after their creation, four after eight, one after eleven
    number = 0
    for wins, weeks in ((10, 2), (4, 8), (1, 11)):
        for _ in range(wins):
            number += 1
            connection.execute(
                "insert into mart.deal (source, deal_id, status, stage_name, probability, currency, created_at,"
                " closed_at, is_stage_known) values ('crm', %s, 'won', 'won', 1, 'USD', '2024-06-03Z',"
                " '2024-06-03 12:00Z'::timestamptz + %s * interval '7 days', true)",
                [f"won {number}", weeks],
            )
    for name, age in (("new", 1), ("three weeks old", 22), ("ten weeks old", 71), ("a year old", 365)):
        connection.execute(
            "insert into mart.deal (source, deal_id, status, stage_name, probability, currency, created_at,"
            " is_stage_known) values ('crm', %s, 'open', 'talk', 0.5, 'USD', %s, true)",
            [name, LAST + timedelta(days=1 - age)],
        )
    connection.execute("insert into ops.mart_day (subject, day_on, is_stale) values ('sales', %s, false)", [LAST])
    tell_outlook(connection, LAST)
    # 12 March 2025 and the middle of the week in which it will be so old
    assert dict(connection.execute("select deal_id, likely_close_month from mart.deal_outlook").fetchall()) == {
        "new": date(2025, 3, 1),  # in two weeks, 29 March: ten; in eight, 10 May: four; in eleven, 31 May: one
        "three weeks old": date(2025, 4, 1),  # in five weeks, 19 April: four; in eight, 10 May: one
        "ten weeks old": date(2025, 3, 1),  # in one week, 22 March: one
        "a year old": None,  # none was ever won so late
    }


def test_a_chance_knows_nothing_that_came_later(connection: psycopg.Connection) -> None:
    sell(connection)
    earlier = LAST - timedelta(days=40)
    tell_outlook(connection, earlier)
    then = connection.execute("select deal_id, win_probability from mart.deal_outlook order by 1").fetchall()
    # what happened since is made to have gone otherwise; nothing of the past changes
    connection.execute(
        "update mart.deal set status = 'lost', closed_at = closed_at + interval '3 days' where closed_at > %s",
        [earlier + timedelta(days=1)],
    )
    connection.execute(
        "insert into mart.deal_stage (source, deal_id, visit_no, stage_key, stage_name, probability, status,"
        " entered_at, is_stage_known, origin, is_mended, move) select source, deal_id, 3, 'talk', 'talk', 0.5, 'open',"
        " %s, true, 'history', false, 'back' from mart.deal",
        [earlier + timedelta(days=2)],
    )
    tell_outlook(connection, earlier)
    assert connection.execute("select deal_id, win_probability from mart.deal_outlook order by 1").fetchall() == then


def test_how_a_deal_ended_is_no_stage_of_before(connection: psycopg.Connection) -> None:
    sell(connection)
    # deals of which no visit is known, as of a source that tells only what they have become
    connection.execute("delete from mart.deal_stage")
    connection.execute("update mart.deal set stage_name = status where status <> 'open'")
    tell_outlook(connection, LAST)
    (stages,) = connection.execute(
        "select parameters -> 'stages' from ops.model_run where model = 'win_probability'"
    ).fetchone()  # type: ignore[misc]
    assert set(stages) == {"unknown"}


def test_the_same_window_gives_the_same_model(connection: psycopg.Connection) -> None:
    sell(connection)
    tell_outlook(connection, LAST)
    tell_clusters(connection, LAST)
    once = connection.execute("select model_run_id, trained_at from ops.model_run order by 1").fetchall()
    tell_outlook(connection, LAST + timedelta(days=3))
    tell_clusters(connection, LAST + timedelta(days=3))
    assert connection.execute("select model_run_id, trained_at from ops.model_run order by 1").fetchall() == once
    assert len(once) == 3


def test_who_is_in_which_group_and_was_a_month_before(connection: psycopg.Connection) -> None:
    sell(connection)
    # two kinds of companies: those that buy much and often, and those with a single small deal that was lost
    connection.execute("delete from mart.deal where deal_id::integer % 150 >= 75 and deal_id::integer > 150")
    connection.execute(
        "update mart.deal set reporting_amount = 5, status = 'lost', closed_at = created_at + interval '20 days'"
        " where deal_id::integer % 150 >= 75"
    )
    connection.execute("update mart.deal set reporting_amount = 50000 where deal_id::integer % 150 < 75")
    connection.execute(
        "insert into mart.deal (source, deal_id, status, stage_name, probability, currency, company_id, created_at,"
        " is_stage_known) values ('crm', 'new', 'open', 'talk', 0.5, 'USD', 'newcomer', '2025-03-01Z', true)"
    )
    tell_clusters(connection, LAST)
    rows = {
        company: (cluster, before)
        for company, cluster, before in connection.execute(
            "select company_id, cluster, cluster_month_before from mart.account_cluster"
        )
    }
    assert len(rows) == 151
    big, small = ({rows[f"c{n}"][0] for n in numbers} for numbers in (range(75), range(75, 150)))
    assert not big & small
    # on 12 February the newcomer had no deal, and all others had
    assert rows["newcomer"][1] is None
    assert all(before for company, (_, before) in rows.items() if company != "newcomer")


def test_an_unusual_day_and_what_explains_it(connection: psycopg.Connection) -> None:
    sell(connection)
    connection.execute(
        "insert into mart.deal (source, deal_id, status, stage_name, probability, currency, team, rep_name,"
        " product_name, lead_source, created_at, is_stage_known) select 'crm', 'fair ' || n, 'open', 'talk', 0.5,"
        " 'USD', 'north', 'ann', 'desk', 'fair', '2024-11-05 10:00+00', true from generate_series(1, 25) as n"
    )
    tell_anomalies(connection, LAST)
    rows = connection.execute(
        "select period_start, actual, explained_by from mart.sales_expectation"
        " where is_anomaly and series = 'new_deals' and period = 'day'"
    ).fetchall()
    assert [row[:2] for row in rows] == [(date(2024, 11, 5), 28)]
    # three deals were expected, and twenty-five more came, all of them from the fair, which none had come from before
    assert any(part.startswith("source fair") for part in rows[0][2])
    (low, high) = connection.execute(
        "select max(low), min(high) from mart.sales_expectation where series = 'new_deals' and period = 'day'"
        " and extract(isodow from period_start) < 6"
    ).fetchone()  # type: ignore[misc]
    assert low <= 3 <= high


def test_without_deals_nothing_is_told(connection: psycopg.Connection) -> None:
    forecast_sales(connection, LAST)
    tell_outlook(connection, LAST)
    tell_anomalies(connection, LAST)
    tell_clusters(connection, LAST)
    for table in ("sales_forecast", "deal_outlook", "sales_expectation", "account_cluster", "deal_cluster"):
        assert connection.execute(f"select count(*) from mart.{table}").fetchone() == (0,)  # noqa: S608
