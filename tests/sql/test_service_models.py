"""Service models in the warehouse: what tickets are about, how they went, how many come, and what was unusual."""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal

import psycopg
import pytest

from include.service.models import model_service
from include.service.topics import tell_topics
from include.service.volume import forecast_volume, tell_anomalies
from include.service.ways import tell_ways
from include.settings import SQL
from include.warehouse.connection import Warehouse

LAST = date(2025, 3, 31)  # a Monday, and a month's end

# what customers write of each thing, with words of its own in every text and some that vary
PARTS = {
    "en": {
        "invoice": ("the invoice lacks our vat number", "please send the invoice with the vat number"),
        "password": ("the password reset link has expired", "i cannot reset my password, the link is dead"),
        "parcel": ("the parcel was left in the rain", "our parcel came damaged by rain and water"),
    },
    "de": {
        "rechnung": ("die rechnung hat keine steuernummer", "bitte schicken sie die rechnung mit steuernummer"),
        "kennwort": ("das kennwort ist abgelaufen und der link auch", "der link für mein kennwort ist nicht gültig"),
    },
}


@pytest.fixture
def connection(embedded_warehouse: Warehouse) -> Iterator[psycopg.Connection]:
    """A connection that sees its own rows; nothing is committed."""
    with embedded_warehouse.connect() as opened:
        opened.execute("set time zone 'UTC'")
        yield opened
        opened.rollback()


class Desk:
    """Tickets put straight into core and the mart."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self.connection = connection
        self.number = 0

    def ticket(self, day: date, text: str = "hello", customer: str = "", **values: object) -> str:
        """A ticket of ten o'clock; returns its id."""
        self.number += 1
        key = str(self.number)
        hour = values.pop("hour", 10)
        told = {
            "source": "desk", "ticket_id": key, "status": "open", "channel": "email", "reopens": 0,
            "assignee_handoffs": 0, "group_handoffs": 0, "public_replies": 0, "flaws": [],
            "created_at": f"{day} {hour:02}:00+00", **values,
        }  # fmt: skip
        columns = ", ".join(told)
        marks = ", ".join(["%s"] * len(told))
        statement = f"insert into mart.ticket ({columns}) values ({marks})"  # noqa: S608 (the test's own words)
        self.connection.execute(statement.encode(), list(told.values()))
        self.connection.execute(
            "insert into core.fct_ticket (source, ticket_id, description, requester_key, created_at, is_deleted)"
            " values ('desk', %s, %s, %s, %s, false)",
            [key, text, customer or f"customer {self.number % 40}", told["created_at"]],
        )
        return key

    def write(self, language: str, about: str, day: date, times: int = 1) -> list[str]:
        texts = PARTS[language][about]
        return [self.ticket(day, f"{texts[n % 2]}, case {'abcdefg'[n % 7]}") for n in range(times)]

    def rows(self, query: str) -> list[tuple]:
        return self.connection.execute(query.encode()).fetchall()


@pytest.fixture
def desk(connection: psycopg.Connection) -> Desk:
    return Desk(connection)


def fill(desk: Desk) -> None:
    """A year in which every thing is written of every week, in both languages."""
    for week in range(50):
        day = LAST - timedelta(days=350 - 7 * week)
        for language, parts in PARTS.items():
            for about in parts:
                if about != "parcel":
                    desk.write(language, about, day, 2)


def topic_with(desk: Desk, word: str) -> str:
    (found,) = desk.rows(f"select topic from mart.service_topic where '{word}' = any(words)")  # noqa: S608
    return found[0]


def test_topics_are_what_customers_write_by_language(desk: Desk) -> None:
    fill(desk)
    key = desk.ticket(LAST, "<p>Hello,<br>the <b>invoice</b> lacks the vat number</p><blockquote>password</blockquote>")
    tell_topics(desk.connection, LAST)
    # each thing's own texts are in one topic, and in no other
    for language, about, word in (("en", "invoice", "invoice"), ("en", "password", "password"),
                                  ("de", "rechnung", "rechnung"), ("de", "kennwort", "kennwort")):  # fmt: skip
        told = desk.rows(
            "select distinct k.language, k.topic from mart.ticket_topic as k inner join core.fct_ticket as f"  # noqa: S608
            f" on k.ticket_id = f.ticket_id where f.description like '%{word}%' and f.description not like '<%'"
        )
        assert len(told) <= 2 and {row[0] for row in told} == {language}, about
        others = desk.rows(
            "select count(*) from mart.ticket_topic as k inner join core.fct_ticket as f on k.ticket_id = f.ticket_id"  # noqa: S608
            f" where f.description not like '%{word}%' and k.topic in (select o.topic from mart.ticket_topic as o"
            f" inner join core.fct_ticket as g on o.ticket_id = g.ticket_id where g.description like '%{word}%'"
            " and g.description not like '<%')"
        )
        assert others == [(0,)], about
    # markup and what was quoted is no part of what a ticket says
    ((language, topic),) = desk.rows(f"select language, topic from mart.ticket_topic where ticket_id = '{key}'")  # noqa: S608
    assert language == "en" and "password" not in topic
    assert desk.rows("select count(*) from mart.service_topic where is_new") == [(0,)]


def test_a_topic_s_growth_breaches_and_satisfaction(desk: Desk) -> None:
    fill(desk)
    tell_topics(desk.connection, LAST)
    desk.connection.execute("delete from mart.ticket_topic")
    desk.connection.execute("delete from mart.ticket")
    name, language, run = desk.rows("select topic, language, model_run_id from mart.service_topic limit 1")[0]
    # the 28 days up to the 31st begin on the 4th: six tickets in them, four in the 28 before, one older
    days = [*([date(2025, 3, 4)] * 2), *([LAST] * 4), *([date(2025, 3, 3)] * 3), date(2025, 2, 4), date(2025, 2, 3)]
    rated = ["good", "good", "bad", None, None, None, "bad", None, None, None, None]
    keys = [desk.ticket(day, satisfaction=score) for day, score in zip(days, rated, strict=True)]
    for place, key in enumerate(keys):
        desk.connection.execute(
            "insert into mart.ticket_topic values ('desk', %s, %s, %s, %s, %s)",
            [key, language, name, Decimal(place) / 100, run],
        )
    # of the six, four have promises that are decided, one of them broken twice, and one has one that still runs
    for key, states in zip(keys, (["breached", "achieved"], ["achieved"], ["achieved"], ["achieved"], ["active"]),
                           strict=False):  # fmt: skip
        for number, state in enumerate(states):
            desk.connection.execute(
                "insert into mart.ticket_sla (source, ticket_id, measure, instance_no, policy_name, schedule,"
                " is_business, target_minutes, applied_at, state, elapsed_minutes)"
                " values ('desk', %s, 'first_reply', %s, 'all', 'default', true, 60, now(), %s, 1)",
                [key, number, state],
            )
    desk.connection.execute((SQL / "mart" / "service_topic.sql").read_bytes())
    (row,) = desk.rows(
        "select tickets, tickets_before, growth, broken_tickets, breached_share, good_ratings, bad_ratings, csat,"  # noqa: S608
        f" example_tickets from mart.service_topic where topic = '{name}' and language = '{language}'"
    )
    assert row[:2] == (6, 4)
    assert row[2] == Decimal("0.5")  # 6 ÷ 4 − 1
    assert row[3:5] == (1, Decimal("0.25"))  # 1 of 4
    assert row[5:7] == (2, 1) and round(row[7], 4) == Decimal("0.6667")
    assert row[8] == [f"desk:{key}" for key in (keys[5], keys[4], keys[3])]  # the likest of the six


def test_a_topic_that_came_up_in_the_last_month_is_new(desk: Desk) -> None:
    fill(desk)
    for days in range(15):
        desk.write("en", "parcel", LAST - timedelta(days=days), 2)
    tell_topics(desk.connection, LAST)
    new = [row[0] for row in desk.rows("select words from mart.service_topic where is_new")]
    assert new and all({"parcel", "rain"} & set(" ".join(words).split()) for words in new)


def test_a_word_of_one_customer_is_in_no_topic(desk: Desk) -> None:
    fill(desk)
    for days in range(12):
        desk.ticket(LAST - timedelta(days=days), "the invoice of Quentin Zebulon lacks our vat number", "quentin")
    tell_topics(desk.connection, LAST)
    assert desk.rows("select count(*) from ops.model_run where parameters::text ~* 'zebulon|quentin'") == [(0,)]


def test_within_a_month_only_new_tickets_are_placed(desk: Desk) -> None:
    fill(desk)
    tell_topics(desk.connection, LAST)
    before = desk.rows("select ctid::text, * from mart.ticket_topic order by ticket_id")
    # its text is another one now: that is of no account until the next month
    desk.connection.execute("update core.fct_ticket set description = 'the password' where ticket_id = '290'")
    (key,) = desk.write("en", "password", LAST + timedelta(days=1))
    tell_topics(desk.connection, LAST + timedelta(days=1))
    after = desk.rows("select ctid::text, * from mart.ticket_topic order by ticket_id")
    assert {row[2] for row in after} - {row[2] for row in before} == {key}
    gone = {row[2] for row in before} - {row[2] for row in after}
    oldest = LAST + timedelta(days=1 - 89)
    assert gone == {row[0] for row in desk.rows(
        f"select ticket_id from mart.ticket where created_at between '{oldest - timedelta(days=1)}' and '{oldest}'"  # noqa: S608
    )}  # fmt: skip
    assert set(before) >= {row for row in after if row[2] != key}
    assert desk.rows("select count(*) from ops.model_run where model = 'topics'") == [(1,)]


def test_ways_are_told_apart_and_named(desk: Desk) -> None:
    # one hundred tickets of each of two ways, each solved on the day it came
    for number in range(200):
        day = LAST - timedelta(days=number % 80)
        quick = number % 2 == 0
        wobble = 1 + number % 5 / 10
        desk.ticket(
            day, last_solved_at=f"{day} 20:00+00", first_reply_minutes=5 * wobble if quick else 400 * wobble,
            first_reply_business_minutes=5 * wobble if quick else 300 * wobble,
            full_resolution_minutes=20 * wobble if quick else 3000 * wobble,
            full_resolution_business_minutes=10 * wobble if quick else 900 * wobble, public_replies=1 if quick else 4,
            assignee_handoffs=0 if quick else 2, satisfaction="good" if quick or number % 4 == 1 else "bad",
        )  # fmt: skip
    tell_ways(desk.connection, LAST)
    rows = desk.rows(
        "select way, tickets, mean_replies, mean_handoffs, csat, median_full_resolution_minutes from mart.service_way"
        " order by mean_replies"
    )
    assert [row[1:5] for row in rows] == [(100, 1, 0, 1), (100, 4, 2, Decimal("0.5"))]
    # the middle of 20, 22, 24, 26 and 28 minutes, and of as many times 3000
    assert [row[5] for row in rows] == [pytest.approx(24), pytest.approx(3600)]
    quick, slow = rows[0][0], rows[1][0]
    assert {"quick reply", "solved soon", "over in hours", "few replies", "one pair of hands"} >= set(quick.split(", "))
    assert {"slow reply", "solved late", "over in days", "many replies", "handed on"} >= set(slow.split(", "))


def come(desk: Desk, days: int) -> None:
    """Six tickets a working day, two at nine and four at ten, and one at noon on a day of the weekend."""
    for back in range(days):
        day = LAST - timedelta(days=back)
        for hour in [9, 9, 10, 10, 10, 10] if day.weekday() < 5 else [12]:
            desk.ticket(day, hour=hour, group_name="first line", tags="chairs" if hour == 9 else "desks, oak")


def test_days_and_hours_ahead(desk: Desk) -> None:
    come(desk, 120)
    forecast_volume(desk.connection, LAST)
    # Sunday the 30th is the last one over: five weeks of days, each with its hours
    assert desk.rows(
        "select period, count(*), min(period_start)::date, max(days_ahead), min(known_to) from mart.service_forecast"
        " group by period order by period"
    ) == [("day", 35, LAST, 35, date(2025, 3, 30)), ("hour", 840, LAST, 35, date(2025, 3, 30))]
    days = dict(desk.rows("select period_start::date, expected from mart.service_forecast where period = 'day'"))
    assert float(days[date(2025, 4, 1)]) == pytest.approx(6, abs=0.7)
    assert float(days[date(2025, 4, 5)]) == pytest.approx(1, abs=0.4)
    assert float(days[date(2025, 4, 18)]) < float(days[date(2025, 4, 17)])  # Good Friday
    hours = dict(desk.rows(
        "select extract(hour from period_start)::integer, expected from mart.service_forecast"
        " where period = 'hour' and period_start::date = '2025-04-01'"
    ))  # fmt: skip
    assert float(hours[10]) == pytest.approx(2 * float(hours[9]), rel=0.1)
    assert float(sum(hours.values())) == pytest.approx(float(days[date(2025, 4, 1)]), abs=0.05)
    assert desk.rows("select count(*) from mart.service_forecast where not (low_95 <= low_80 and low_80 <= high_80"
                     " and high_80 <= high_95)") == [(0,)]  # fmt: skip


def test_a_forecast_is_made_once_a_week(desk: Desk) -> None:
    come(desk, 120)
    forecast_volume(desk.connection, LAST)
    before = desk.rows("select * from mart.service_forecast order by period, period_start")
    desk.connection.execute("delete from mart.ticket where ticket_id::integer % 2 = 0")
    forecast_volume(desk.connection, LAST + timedelta(days=3))
    assert desk.rows("select * from mart.service_forecast order by period, period_start") == before


def test_a_history_too_short_foretells_nothing(desk: Desk) -> None:
    come(desk, 80)
    forecast_volume(desk.connection, LAST)
    assert desk.rows("select count(*) from mart.service_forecast") == [(0,)]


def test_a_spike_and_the_tag_that_explains_it(desk: Desk) -> None:
    come(desk, 120)
    spike = date(2025, 3, 19)
    for _ in range(24):
        desk.ticket(spike, group_name="first line", tags="chairs, recall")
    tell_anomalies(desk.connection, LAST)
    rows = desk.rows("select period, period_start, actual, explained_by from mart.service_expectation where is_anomaly")
    assert [row[:3] for row in rows if row[0] == "day"] == [("day", spike, 30)]
    told = next(row[3] for row in rows if row[0] == "day")
    # all that came beyond the six bore both tags: recall had never been there, chairs on a third of a working day's;
    # the channel and the group are those of every ticket, so they explain nothing
    assert told[0].startswith("tag recall") and told[1].startswith("tag chairs") and len(told) == 2
    assert desk.rows("select count(*) from mart.service_expectation where period = 'day' and actual not between low"
                     " and high and not is_anomaly") == [(0,)]  # fmt: skip


def test_without_tickets_nothing_is_told(connection: psycopg.Connection) -> None:
    connection.execute("insert into ops.mart_day (subject, day_on, is_stale) values ('service', %s, false)", [LAST])
    model_service(connection)
    for table in ("ticket_topic", "service_topic", "ticket_way", "service_forecast", "service_expectation"):
        assert connection.execute(f"select count(*) from mart.{table}".encode()).fetchone() == (0,)  # noqa: S608
