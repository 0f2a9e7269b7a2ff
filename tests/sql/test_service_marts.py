"""Service on little cases, each worked out by hand beside it."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import orjson
import pytest

from include.customers.value.config import write_segments
from include.reports.frame import Frame
from include.reports.model import Table
from include.reports.reader import Reader
from include.reports.render import SUBJECTS
from include.settings import CONFIG
from include.warehouse.connection import Warehouse
from include.warehouse.core import build_core
from include.warehouse.marts import build_marts
from include.window import Window
from tests.deliveries import rows

AGENT, CUSTOMER = "7", "9"


def at(text: str) -> datetime:
    """``09-29 17:01:38`` of 2020, UTC."""
    return datetime.fromisoformat(f"2020-{text}").replace(tzinfo=UTC)


class Desk:
    """A help desk's records as staging has them; what is put in between two builds comes in one load."""

    def __init__(self, warehouse: Warehouse) -> None:
        self.warehouse = warehouse
        self.load = 0
        with warehouse.connect() as connection:
            for kind in ("customer", "ticket", "ticket_event", "satisfaction", "schedule", "holiday", "sla_policy",
                         "ticket_group", "survey_answer"):  # fmt: skip
                connection.execute(
                    f"create table staging.desk__{kind} partition of staging.{kind} for values in ('desk__{kind}')"
                )
        self.put("customer", AGENT, "2020-01-01", role="agent", full_name="Ann Agent")
        self.put("customer", CUSTOMER, "2020-01-01", role="customer", full_name="Cy Customer", email="cy@example.com")
        self.events = 0

    def put(self, kind: str, key: str, version: str | datetime, **values: Any) -> None:
        """A version of a record."""
        columns = {
            "source_table": f"desk__{kind}", "source_id": key, "version_at": version,
            "payload_hash": f"{abs(hash((kind, key, str(version), str(values)))):032x}"[:32], "load_id": self._load(),
            **{k: orjson.dumps(v).decode() if isinstance(v, (list, dict)) else v for k, v in values.items()},
        }  # fmt: skip
        with self.warehouse.connect() as connection:
            connection.execute(
                f"insert into staging.{kind} ({', '.join(columns)}) values ({', '.join(['%s'] * len(columns))})",  # noqa: S608
                list(columns.values()),
            )

    def _load(self) -> int:
        if not self.load:
            with self.warehouse.connect() as connection:
                row = connection.execute(
                    "insert into ops.load (source, entity, kind, window_start, window_end, staged_at, validated,"
                    " staged, quarantined, inserted) values ('desk', 'all', 'pull', '2020-01-01', '2020-01-02', now(),"
                    " 0, 0, 0, 0) returning load_id"
                ).fetchone()
                assert row
                self.load = row[0]
        return self.load

    def ticket(self, key: str, created: datetime, **values: Any) -> None:
        """A ticket as it is when it is opened, with its opening message."""
        self.put(
            "ticket", key, created, created_at=created, updated_at=created,
            **{"status": "new", "priority": "normal", "requester_key": CUSTOMER, "channel": "email", **values},
        )  # fmt: skip

    def event(self, ticket: str, when: datetime, author: str = AGENT, said: str | None = None, **changes: Any) -> None:
        """An update: changes as ``field=(old, new)``, and what was said in public."""
        self.events += 1
        told = [{"field": field, "old": old, "new": new} for field, (old, new) in changes.items()]
        messages = [{"id": "m", "public": "true", "body": said}] if said else []
        self.put("ticket_event", f"{self.events:03}", when, ticket_key=ticket, author_key=author, event_at=when,
                 changes=told, messages=messages)  # fmt: skip

    def build(self, first: str, last: str = "") -> None:
        """Core and the service marts of these days of 2020."""
        self.load = 0
        build_core(self.warehouse)
        build_marts(self.warehouse, "service", Window.between(f"2020-{first}", f"2020-{last or first}"), settle=True)


@pytest.fixture
def desk(embedded_warehouse: Warehouse) -> Desk:
    return Desk(embedded_warehouse)


def weekly(*pairs: tuple[int, int]) -> list[dict[str, int]]:
    return [{"from": start, "to": end} for start, end in pairs]


def test_the_worked_example_of_two_schedules(desk: Desk) -> None:
    # from the definitions: 960.13 minutes while each schedule was in force, 690.13 by the last one alone
    a = weekly((720, 1560), (2160, 3000), (3600, 4440), (5040, 5880), (6480, 7320), (7920, 8760), (9360, 10200 - 120))
    a[-1]["to"] = 10080  # 10200 reaches into the next week: the rest is Sunday's first two hours
    a.insert(0, {"from": 0, "to": 120})
    b = weekly((2340, 2910), (3780, 4350), (5220, 5790), (6660, 7230), (8100, 8670))
    for key, intervals in (("A", a), ("B", b)):
        desk.put("schedule", key, "2020-01-01", name=key, time_zone="UTC", intervals=intervals, created_at="2020-01-01")
    desk.ticket("1", at("09-29 17:01:38"))
    desk.event("1", at("09-29 17:01:38"), CUSTOMER, "Help!", schedule=(None, "A"))
    desk.event("1", at("09-30 19:01:25"), schedule=("A", "B"))
    desk.event("1", at("09-30 19:01:46"), AGENT, "Here it is.", status=("new", "solved"))
    desk.build("09-29", "10-01")
    (found,) = rows(
        desk.warehouse,
        "select round(first_reply_business_minutes, 2), round(first_reply_business_minutes_last_schedule, 2),"
        " round(first_reply_minutes, 2), first_reply_business_minutes = total_reply_business_minutes, flaws"
        " from mart.ticket",
    )
    assert found == (Decimal("960.13"), Decimal("690.13"), Decimal("1560.13"), True, [])


# Monday to Friday 9 to 17 in UTC. Standard: first reply within 480 business minutes for normal, 120 for high; next
# reply 960 and 240; requester wait 1,920 and 960. The week of Monday 5 October 2020 has no holiday.


def sla(desk: Desk, columns: str) -> dict[tuple[str, int], tuple[Any, ...]]:
    """(measure, instance) → columns of mart.ticket_sla."""
    found = rows(desk.warehouse, f"select measure, instance_no, {columns} from mart.ticket_sla order by 1, 2")  # noqa: S608
    return {(measure, no): tuple(rest) for measure, no, *rest in found}


def test_times_on_both_clocks_touches_and_handoffs(desk: Desk) -> None:
    desk.ticket("1", at("10-05 16:00"))  # a Monday
    desk.event("1", at("10-05 16:00"), CUSTOMER, "Where is it?", status=(None, "new"))
    desk.event("1", at("10-05 16:30"), assignee=(None, AGENT), status=("new", "open"))
    desk.event("1", at("10-06 10:00"), AGENT, "On its way.", status=("open", "pending"))
    desk.event("1", at("10-06 12:00"), CUSTOMER, "Not here.", status=("pending", "open"))
    desk.event("1", at("10-06 12:30"), CUSTOMER, "Hello?")
    desk.event("1", at("10-06 13:00"), AGENT, None, assignee=(AGENT, "8"), status=("open", "hold"))
    desk.event("1", at("10-07 09:30"), AGENT, "Found it.", status=("hold", "solved"))
    desk.event("1", at("10-07 11:00"), CUSTOMER, "Thanks!", status=("solved", "open"))
    desk.event("1", at("10-07 11:30"), AGENT, status=("open", "solved"))
    desk.build("10-05", "10-08")
    (found,) = rows(
        desk.warehouse,
        "select first_reply_minutes, first_reply_business_minutes, first_resolution_minutes,"
        " first_resolution_business_minutes, full_resolution_minutes, full_resolution_business_minutes,"
        " total_reply_minutes, total_reply_business_minutes, agent_wait_minutes, requester_wait_minutes,"
        " agent_work_minutes, on_hold_minutes, agent_wait_business_minutes, requester_wait_business_minutes,"
        " agent_work_business_minutes, on_hold_business_minutes from mart.ticket",
    )
    assert [int(value) for value in found] == [
        18 * 60, 60 + 60,  # to Tuesday 10:00: Monday's last hour and Tuesday's first
        41 * 60 + 30, 60 + 480 + 30, 43 * 60 + 30, 60 + 480 + 150,
        # runs: 16:00 to 10:00, 12:00 to 9:30 on the next day; nobody answered the thanks
        18 * 60 + 21 * 60 + 30, 120 + 300 + 30,
        120, 18 * 60 + 60 + 20 * 60 + 30 + 30, 18 * 60 + 60 + 30, 20 * 60 + 30,
        120, 120 + 60 + 240 + 30 + 30, 120 + 60 + 30, 240 + 30,
    ]  # fmt: skip
    assert rows(
        desk.warehouse,
        "select public_replies, touches, times_solved, reopens, assignee_handoffs, group_handoffs, path"
        " from mart.ticket",
    ) == [(2, "two", 2, 1, 1, 0, "new > open > pending > open > hold > solved > open > solved")]


def test_no_reply_is_no_time_and_never_zero(desk: Desk) -> None:
    desk.ticket("1", at("10-05 10:00"))
    desk.event("1", at("10-05 10:00"), CUSTOMER, "Hello?")
    desk.event("1", at("10-05 10:30"), CUSTOMER, "Anybody?")
    desk.build("10-05")
    assert rows(desk.warehouse, "select first_reply_minutes, total_reply_minutes, touches from mart.ticket") == [
        (None, None, None)
    ]


def test_an_agent_s_own_opening_is_no_reply(desk: Desk) -> None:
    desk.ticket("1", at("10-05 10:00"))
    desk.event("1", at("10-05 10:00"), AGENT, "We have a question.")
    desk.event("1", at("10-05 11:00"), CUSTOMER, "Ask.")
    desk.event("1", at("10-05 11:45"), AGENT, "It is this.")
    desk.build("10-05")
    assert rows(desk.warehouse, "select first_reply_minutes, total_reply_minutes from mart.ticket") == [(105, 45)]


def test_times_that_contradict_each_other_are_flagged_and_in_no_figure(desk: Desk) -> None:
    desk.ticket("1", at("10-05 10:00"))
    desk.event("1", at("10-05 08:00"), AGENT, "Before you asked.", status=("new", "solved"))
    desk.ticket("2", at("10-05 10:00"))
    desk.event("2", at("10-05 09:59:20"), CUSTOMER, "Help.")
    desk.event("2", at("10-05 09:59:40"), AGENT, "Clocks differ by half a minute.")
    desk.build("10-05")
    assert rows(
        desk.warehouse,
        "select flaws, first_reply_minutes, first_resolution_minutes from mart.ticket order by ticket_id",
    ) == [(["reply_before_ticket", "solved_before_ticket"], None, None), ([], 0, None)]
    assert rows(
        desk.warehouse,
        "select first_replies, median_first_reply_minutes from mart.service_period"
        " where period = 'day' and dimension = 'all'",
    ) == [(1, 0)]  # fmt: skip


def test_a_promise_is_broken_when_its_clock_passes_the_target(desk: Desk) -> None:
    # 480 business minutes from Thursday 15:00: two hours on Thursday, six on Friday, over at 15:00
    desk.ticket("1", at("10-08 15:00"))
    desk.build("10-08")
    assert sla(desk, "state, breach_at, remaining_minutes, decided_at")["first_reply", 1] == (
        "active", at("10-09 15:00"), 360, None,
    )  # fmt: skip
    desk.event("1", at("10-09 15:00"), AGENT, "In the last second.", status=("new", "pending"))
    desk.build("10-09")
    assert sla(desk, "state, elapsed_minutes, decided_at")["first_reply", 1] == ("achieved", 480, at("10-09 15:00"))
    desk.ticket("2", at("10-08 15:00"))
    desk.event("2", at("10-09 15:00:01"), AGENT, "Too late by a second.")
    desk.build("10-12")
    assert rows(
        desk.warehouse,
        "select state, decided_at from mart.ticket_sla where ticket_id = '2' and measure = 'first_reply'",
    ) == [("breached", at("10-09 15:00"))]


def test_waiting_for_the_customer_stops_the_clock(desk: Desk) -> None:
    # requester wait 1,920 business minutes: four days of eight hours
    desk.ticket("1", at("10-05 09:00"))
    desk.event("1", at("10-06 09:00"), status=("new", "pending"))  # one day gone
    desk.build("10-07")
    assert sla(desk, "state, breach_at, elapsed_minutes, remaining_minutes")["requester_wait", 1] == (
        "active", None, 480, 1440,
    )  # fmt: skip
    desk.event("1", at("10-12 09:00"), CUSTOMER, "Here.", status=("pending", "open"))
    desk.build("10-12")
    # three days left: over when Wednesday closes
    assert sla(desk, "state, breach_at")["requester_wait", 1] == ("active", at("10-14 17:00"))
    desk.event("1", at("10-14 12:00"), AGENT, "Done.", status=("open", "solved"))
    desk.build("10-14")
    assert sla(desk, "state, elapsed_minutes, achieved_at")["requester_wait", 1] == (
        "achieved", 480 + 960 + 180, at("10-14 12:00"),
    )  # fmt: skip


def test_every_return_of_the_customer_is_a_promise_of_its_own(desk: Desk) -> None:
    desk.ticket("1", at("10-05 09:00"), priority="high")
    desk.event("1", at("10-05 09:00"), CUSTOMER, "One.")
    desk.event("1", at("10-05 10:00"), AGENT, "Answer.")  # within 120 minutes
    desk.event("1", at("10-05 11:00"), CUSTOMER, "Two.")
    desk.event("1", at("10-05 12:00"), CUSTOMER, "Two and a half.")  # the same run
    desk.event("1", at("10-05 16:00"), AGENT, "Late.")  # 240 minutes from 11:00 are over at 15:00
    desk.event("1", at("10-06 09:00"), CUSTOMER, "Thanks.")
    desk.event("1", at("10-06 10:00"), AGENT, status=("open", "solved"))  # ends inside: nothing is owed
    desk.build("10-07")
    found = sla(desk, "state, applied_at, breach_at, target_minutes")
    assert found["first_reply", 1] == ("achieved", at("10-05 09:00"), at("10-05 11:00"), 120)
    assert found["next_reply", 1] == ("breached", at("10-05 11:00"), at("10-05 15:00"), 240)
    assert found["next_reply", 2] == ("dropped", at("10-06 09:00"), at("10-06 13:00"), 240)


def test_the_priority_in_force_when_it_applied_decides(desk: Desk) -> None:
    desk.ticket("1", at("10-05 09:00"), priority="low")
    desk.event("1", at("10-05 09:00"), CUSTOMER, "Help.", priority=(None, "high"))
    desk.event("1", at("10-05 09:30"), priority=("high", "low"))
    # without a priority there is no promise; the first that comes makes one, from the creation on
    desk.ticket("2", at("10-05 09:00"), priority="normal")
    desk.event("2", at("10-05 10:00"), priority=(None, "normal"))
    desk.ticket("3", at("10-05 09:00"), priority=None)
    desk.build("10-05")
    assert rows(
        desk.warehouse,
        "select ticket_id, priority, target_minutes, applied_at from mart.ticket_sla where measure = 'first_reply'"
        " order by 1",
    ) == [("1", "high", 120, at("10-05 09:00")), ("2", "normal", 480, at("10-05 09:00"))]


def policy(title: str, position: int, minutes: int, *conditions: dict[str, str]) -> dict[str, Any]:
    return {
        "title": title, "position": position, "conditions": {"all": list(conditions), "any": []},
        "targets": [
            {"metric": "first_reply_time", "priority": "normal", "minutes": minutes, "business_hours": False},
            {"metric": "pausable_update_time", "priority": "normal", "minutes": 5, "business_hours": False},
        ],
    }  # fmt: skip


def test_what_the_help_desk_promises_wins_over_the_file(desk: Desk) -> None:
    vip = {"field": "current_tags", "operator": "includes", "value": "vip gold"}
    odd = {"field": "ticket_form_id", "operator": "is", "value": "12"}
    desk.put("sla_policy", "3", "2020-01-01", **policy("Everybody", 3, 60))
    desk.put("sla_policy", "2", "2020-01-01", **policy("Important", 2, 30, vip))
    desk.put("sla_policy", "1", "2020-01-01", **policy("Nobody knows", 1, 10, odd))
    desk.ticket("1", at("10-05 20:00"), tags="gold,product_a")
    desk.ticket("2", at("10-05 20:00"), tags="product_b")
    desk.event("2", at("10-05 20:50"), AGENT, "Here.")
    desk.build("10-05")
    assert rows(
        desk.warehouse,
        "select ticket_id, measure, policy_name, is_business, breach_at, state from mart.ticket_sla order by 1, 2",
    ) == [
        ("1", "first_reply", "Important", False, at("10-05 20:30"), "breached"),
        ("2", "first_reply", "Everybody", False, at("10-05 21:00"), "achieved"),
    ]
    assert rows(desk.warehouse, "select name from core.dim_service_rule where not is_understood") == [("Nobody knows",)]


def test_a_help_desk_s_first_schedule_and_its_holidays_count_for_its_tickets(desk: Desk) -> None:
    week = [{"from": day * 1440 + 480, "to": day * 1440 + 720} for day in range(1, 6)]
    desk.put("schedule", "20", "2020-01-01", name="Later", time_zone="UTC", intervals=[], created_at="2020-02-01")
    desk.put("schedule", "10", "2020-01-01", name="Lisbon", time_zone="Lisbon", intervals=week, created_at="2020-01-01")
    desk.put("holiday", "1", "2020-01-01", schedule_key="10", name="Off", start_on="2020-10-06", end_on="2020-10-06")
    desk.ticket("1", at("10-05 10:00"))  # 11:00 in Lisbon, an hour before closing
    desk.event("1", at("10-07 07:30"), AGENT, "Here.")  # half an hour after opening, a holiday between
    desk.build("10-07")
    assert rows(desk.warehouse, "select schedule, first_reply_business_minutes from mart.ticket") == [("desk:10", 90)]
    # the help desk corrects its hours: everything is timed anew
    later = [{"from": day * 1440 + 480, "to": day * 1440 + 690} for day in range(1, 6)]
    desk.put(
        "schedule", "10", "2020-01-02", name="Lisbon", time_zone="Lisbon", intervals=later, created_at="2020-01-01"
    )
    desk.build("10-08")
    assert rows(desk.warehouse, "select first_reply_business_minutes from mart.ticket") == [(60,)]
    assert rows(desk.warehouse, "select bool_or(is_stale) from ops.mart_day where subject = 'service'") == [(False,)]


def test_a_source_without_events_is_told_by_its_versions(desk: Desk) -> None:
    desk.ticket("1", at("10-05 09:00"))
    for when, status, priority in (("10-05 10:00", "open", "normal"), ("10-05 12:00", "open", "high"),
                                   ("10-06 09:00", "solved", "high")):  # fmt: skip
        desk.put("ticket", "1", at(when), created_at=at("10-05 09:00"), updated_at=at(when), status=status,
                 priority=priority, requester_key=CUSTOMER)  # fmt: skip
    desk.build("10-06")
    assert rows(
        desk.warehouse, "select from_at, status, priority from mart.ticket_state order by state_no",
    ) == [
        (at("10-05 09:00"), "new", "normal"), (at("10-05 10:00"), "open", "normal"),
        (at("10-05 12:00"), "open", "high"), (at("10-06 09:00"), "solved", "high"),
    ]  # fmt: skip
    assert rows(desk.warehouse, "select full_resolution_business_minutes from mart.ticket") == [(480,)]


def test_by_day_and_period_it_counts_what_had_happened_by_then(desk: Desk) -> None:
    desk.put("ticket_group", "g", "2020-01-01", name="Support")
    desk.ticket("1", at("10-05 09:00"), group_key="g", assignee_key=AGENT)
    desk.event("1", at("10-05 09:00"), CUSTOMER, "Help.")
    desk.event("1", at("10-05 10:00"), AGENT, "So.", status=("new", "solved"))
    desk.put("satisfaction", "r1", at("10-05 12:00"), ticket_key="1", score="good", rated_at=at("10-05 12:00"))
    desk.event("1", at("10-07 09:00"), CUSTOMER, "No.", status=("solved", "open"), priority=("normal", "urgent"))
    desk.event("1", at("10-08 10:00"), AGENT, "Yes.", status=("open", "solved"))
    desk.put("satisfaction", "r2", at("10-08 12:00"), ticket_key="1", score="bad", rated_at=at("10-08 12:00"))
    desk.build("10-05", "10-09")
    days = rows(
        desk.warehouse,
        "select to_char(day_on, 'DD'), created_tickets, solved_tickets, reopened_tickets, first_replies, good_ratings,"
        " bad_ratings from mart.service_daily order by 1",
    )
    assert days == [("05", 1, 1, 0, 1, 1, 0), ("07", 0, 0, 1, 0, 0, 0), ("08", 0, 1, 0, 0, 0, 1)]
    backlog = "select to_char(day_on, 'DD'), group_key, priority, age_band, tickets from mart.service_backlog_daily"
    assert rows(desk.warehouse, backlog) == [("07", "g", "urgent", "1-3 days", 1)]
    week = rows(
        desk.warehouse,
        "select dimension, member, member_name, created_tickets, solved_tickets, reopened_tickets,"
        " median_full_resolution_minutes, one_touch_tickets, agent_replies, good_ratings, bad_ratings, csat"
        " from mart.service_period where period = 'week' and dimension in ('all', 'agent', 'group') order by 1, 2",
    )
    # of two solvings and two ratings in a week the last count; the customer's messages are nobody's replies
    figures = (1, 1, 1, 73 * 60, 0, 2, 0, 1, 0)
    assert week == [
        ("agent", f"desk:{AGENT}", "Ann Agent", *figures),
        ("all", "", None, *figures),
        ("group", "g", "Support", *figures),
    ]  # fmt: skip
    hours = "select to_char(hour_at, 'DD HH24'), created_tickets, customer_messages, agent_replies"
    assert rows(desk.warehouse, f"{hours} from mart.service_volume_hourly order by 1") == [
        ("05 09", 1, 1, 0), ("05 10", 0, 0, 1), ("07 09", 0, 1, 0), ("08 10", 0, 0, 1),
    ]  # fmt: skip


def test_net_promoter_score(desk: Desk) -> None:
    # three promoters, one passive, two detractors of six: 1/6; an answer of 11 is none
    for number, score in enumerate((10, 9, 9, 8, 6, 0, 11)):
        desk.put(
            "survey_answer", str(number), at("10-05 09:00"), survey="nps", score=score, answered_at=at("10-05 09:00")
        )
    desk.build("10-05")
    assert rows(
        desk.warehouse,
        "select promoters, passives, detractors, round(nps, 4) from mart.service_nps where period = 'day'",
    ) == [(3, 1, 2, Decimal("0.1667"))]


def test_a_late_event_marks_only_the_days_from_it_on(desk: Desk) -> None:
    desk.ticket("1", at("10-01 09:00"))
    desk.build("10-01", "10-09")
    desk.event("1", at("10-08 09:00"), status=("new", "solved"))
    desk.load = 0
    changed = build_core(desk.warehouse).changed_from
    assert changed["service"] == date(2020, 10, 8)


def test_the_report_says_what_was_kept_and_what_is_next(desk: Desk) -> None:
    desk.ticket("1", at("10-05 09:00"), subject="Kept")
    desk.event("1", at("10-05 10:00"), AGENT, "So.", status=("new", "pending"))
    desk.ticket("2", at("10-05 09:00"), subject="Broken", priority="high")  # 120 minutes are over at 11:00
    desk.ticket("3", at("10-05 16:00"), subject="Next")  # of 480 minutes one hour is gone at the end of Monday
    desk.build("10-05")
    frame = Frame(Window.between("2020-10-05", "2020-10-05"), ("desk",))
    with desk.warehouse.connect() as connection:
        report = SUBJECTS["service"](Reader(connection, frame.parameters()), frame)
        connection.rollback()
    kept, _over_time, following = (
        block for section in report.sections if section.heading == "Service levels" for block in section.blocks
    )
    assert isinstance(kept, Table) and isinstance(following, Table)
    assert [list(row) for row in kept.rows] == [["First reply", 1, 1, Decimal("0.5"), None]]
    # of 1 nothing runs, since it waits for the customer; the customer of 2 may wait 960 minutes, of 3 1,920
    assert [(row[1], row[2], row[6]) for row in following.rows] == [
        ("Next", "First reply", 420), ("Broken", "Solving (customer waits)", 480),
        ("Next", "Solving (customer waits)", 1860),
    ]  # fmt: skip


def test_the_report_leaves_contradictory_times_out(desk: Desk) -> None:
    desk.ticket("1", at("10-05 09:00"))
    desk.event("1", at("10-05 08:00"), AGENT, "So.", status=("new", "solved"))  # both before the ticket
    desk.ticket("2", at("10-05 09:00"))
    desk.event("2", at("10-05 10:00"), AGENT, "So.", status=("new", "solved"))
    desk.build("10-05")
    frame = Frame(Window.between("2020-10-05", "2020-10-05"), ("desk",))
    with desk.warehouse.connect() as connection:
        reader = Reader(connection, frame.parameters())
        SUBJECTS["service"](reader, frame)
        told = connection.execute(
            "select ticket_id, is_first_replied, round(first_reply_minutes), round(full_resolution_minutes)"
            " from ticket_state where period = 'current' order by 1"
        ).fetchall()
        connection.rollback()
    assert told == [("1", False, None, None), ("2", True, 60, 60)]


def test_a_status_without_a_clock_is_an_end_and_an_unknown_one_is_not(desk: Desk, monkeypatch, tmp_path) -> None:
    text = (CONFIG / "service.yaml").read_text().replace("  deleted: []", "  deleted: []\n  archived: []")
    (tmp_path / "service.yaml").write_text(text)
    monkeypatch.setattr("include.service.config.CONFIG", tmp_path)
    for key, status in (("1", "archived"), ("2", "puzzled")):
        desk.ticket(key, at("10-05 10:00"))
        desk.event(key, at("10-05 11:00"), status=("new", status))
    desk.build("10-05")
    assert rows(desk.warehouse, "select sum(tickets) from mart.service_backlog_daily") == [(1,)]
    assert rows(desk.warehouse, "select ticket_id, state from mart.ticket_sla where measure = 'first_reply'"
                " order by 1") == [("1", "dropped"), ("2", "active")]  # fmt: skip


def test_a_customer_of_another_segment_has_another_promise_whichever_is_built_first(desk: Desk) -> None:
    desk.ticket("1", at("10-05 09:00"))
    desk.build("10-05")
    promised = "select policy_name, target_minutes from mart.ticket_sla where measure = 'first_reply'"
    assert rows(desk.warehouse, promised) == [("Standard", 480)]
    with desk.warehouse.connect() as connection:
        write_segments(connection)
        connection.execute(
            "insert into mart.customer_rfm_monthly (month_on, customer_id, currency, recency_days, frequency, monetary,"
            " revenue, recency_score, frequency_score, monetary_score)"
            " select '2020-09-30', customer_id, 'EUR', 1, 9, 9, 81, 5, 5, 5 from core.customer_link"
            " where source = 'desk' and record_key = %s", [CUSTOMER],
        )  # fmt: skip
        connection.execute(
            "insert into ops.mart_day (subject, day_on, is_stale) values ('customers', '2020-09-30', false)"
        )
    desk.build("10-06")
    assert rows(desk.warehouse, promised) == [("Best customers", 240)]


def test_a_group_that_is_renamed_has_other_rules(desk: Desk, monkeypatch, tmp_path) -> None:
    rule = "  - name: Asia\n    when: {group: [Asia]}\n    targets: {first_reply: 60}\n"
    text = (CONFIG / "service.yaml").read_text().replace("\npolicies:\n", f"\npolicies:\n{rule}")
    (tmp_path / "service.yaml").write_text(text)
    monkeypatch.setattr("include.service.config.CONFIG", tmp_path)
    promised = "select policy_name, target_minutes from mart.ticket_sla where measure = 'first_reply'"
    desk.put("ticket_group", "5", "2020-01-01", name="Asia")
    desk.ticket("1", at("10-05 09:00"), group_key="5")
    desk.build("10-05")
    assert rows(desk.warehouse, promised) == [("Asia", 60)]
    desk.put("ticket_group", "5", "2020-02-01", name="Asia Pacific")
    desk.build("10-06")
    assert rows(desk.warehouse, promised) == [("Standard", 480)]


def test_other_bounds_of_segments_are_other_promises(desk: Desk) -> None:
    desk.ticket("1", at("10-05 09:00"))
    desk.build("10-05")
    with desk.warehouse.connect() as connection:
        connection.execute(
            "insert into mart.customer_rfm_monthly (month_on, customer_id, currency, recency_days, frequency, monetary,"
            " revenue, recency_score, frequency_score, monetary_score)"
            " select '2020-09-30', customer_id, 'EUR', 1, 9, 9, 81, 5, 5, 5 from core.customer_link"
            " where source = 'desk' and record_key = %s", [CUSTOMER],
        )  # fmt: skip
        connection.execute(
            "insert into ops.mart_day (subject, day_on, is_stale, built_at)"
            " values ('customers', '2020-09-30', false, now() - interval '9 days')"
        )
    build_marts(desk.warehouse, "customers", Window.day("2020-10-05"), settle=False)  # it writes the segments
    desk.build("10-06")
    assert rows(desk.warehouse, "select policy_name from mart.ticket_sla where measure = 'first_reply'") == [
        ("Best customers",)
    ]
