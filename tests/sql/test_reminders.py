"""The rules on little cases, each worked out by hand: the end of Thursday 3 December 2026, with a holiday before it."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

from include.actions import outbox as book
from include.actions import rules as kinds
from include.actions.config import OutboxConfig, load_outbox_config
from include.actions.reminders import Proposed, propose_reminders
from include.actions.rules import RemindersConfig, next_hours
from include.actions.sender import send_due
from include.config_files import ConfigError, read_config
from include.service.schedules import Schedule
from include.settings import CONFIG, SQL
from include.warehouse.connection import Warehouse
from include.window import Window
from tests.post_office import PostOffice

DAY = Window.day("2026-12-03")
WEEK = {day: ["08:00", "18:00"] for day in ("monday", "tuesday", "wednesday", "thursday", "friday")}
CALENDAR = {"name": "default", "timezone": "UTC", "week": WEEK, "holidays": ["2026-12-02"]}
OUTBOX = {
    "dry_run": False, "most_a_day": 100, "attempts": 3,
    "channels": {
        "email": {"kind": "email", "connection": "crm_mail", "from": "Autopilot <crm@acme.example>"},
        "task": {
            "kind": "http", "connection": "crm", "path": "/tasks",
            "body": {
                "subject": "{{ subject }}", "owner": "{{ owner_key }}", "deal": "{{ subject_id }}", "at": "{{ at }}",
            },
        },
    },
}  # fmt: skip


def at(text: str) -> datetime:
    """``11-23 15:00`` of 2026 in UTC."""
    return datetime.fromisoformat(f"2026-{text}" + ("" if ":" in text else " 00:00")).replace(tzinfo=UTC)


def rule(kind: str, **keys: Any) -> dict[str, Any]:
    given = {"name": kind, "kind": kind, "to": ["rep"], "cooldown_days": 7, "wording": {"en": "{{ days }}", "zh": "x"}}
    return {**given, **keys}


def reminders(*rules: dict[str, Any], **keys: Any) -> RemindersConfig:
    given = {"calendars": [CALENDAR], "language": "en", "most_deals": 5, "rules": list(rules)}
    return RemindersConfig.model_validate({**given, **keys})


def outbox(**keys: Any) -> OutboxConfig:
    return OutboxConfig.model_validate({**OUTBOX, **keys})


@pytest.fixture
def warehouse(embedded_warehouse: Warehouse) -> Warehouse:
    with embedded_warehouse.connect() as connection:
        for rep in ("ann", "bo"):
            put(
                connection, "core.dim_rep", rep_id=f"crm:{rep}", valid_from=at("01-01"), is_current=True, source="crm",
                full_name=rep.title(), email=f"{rep}@acme.example", team="Field", is_active=True,
            )  # fmt: skip
    return embedded_warehouse


@pytest.fixture
def office() -> Iterator[PostOffice]:
    office = PostOffice()
    yield office
    office.close()


def put(connection: psycopg.Connection, table: str, **row: Any) -> None:
    schema, name = table.split(".")
    connection.execute(
        sql.SQL("insert into {} ({}) values ({})").format(
            sql.Identifier(schema, name),
            sql.SQL(", ").join(map(sql.Identifier, row)),
            sql.SQL(", ").join(sql.Placeholder() * len(row)),
        ),
        list(row.values()),
    )


def deal(warehouse: Warehouse, deal_id: str, entered: str | None = "11-14", **row: Any) -> None:
    """A deal in the stage Proposal since ``entered``."""
    given = {
        "source": "crm", "deal_id": deal_id, "deal_name": f"Deal {deal_id}", "status": "open",
        "stage_name": "Proposal", "stage_position": 1, "probability": Decimal("0.5"), "amount": 1000,
        "currency": "EUR", "rep_id": "crm:ann", "rep_name": "Ann", "team": "Field", "created_at": at("11-01"),
    }  # fmt: skip
    with warehouse.connect() as connection:
        put(connection, "mart.deal", **{**given, **row})
        if entered:
            visit(connection, deal_id, 1, entered)


def visit(
    connection: psycopg.Connection,
    deal_id: str,
    number: int,
    entered: str,
    exited: str | None = None,
    stage: str = "s1",
) -> None:
    days = (at(exited) - at(entered)).total_seconds() / 86400 if exited else None
    name = {"s1": "Proposal", "s2": "Contract", "s3": "Signing"}[stage]
    put(
        connection, "mart.deal_stage", source="crm", deal_id=deal_id, visit_no=number, stage_key=stage,
        stage_name=name, stage_position=1, probability=Decimal("0.5"), status="open", entered_at=at(entered),
        exited_at=at(exited) if exited else None, days_in_stage=days,
    )  # fmt: skip


def activity(
    warehouse: Warehouse, deal_id: str | None, occurred: str, completed: bool | None = True, **row: Any
) -> None:
    with warehouse.connect() as connection:
        count = connection.execute("select count(*) from core.fct_activity").fetchone()
        put(
            connection, "core.fct_activity", source="crm", activity_type="call", activity_id=str(count),
            deal_key=deal_id, occurred_at=at(occurred), is_completed=completed, is_deleted=False, **row,
        )  # fmt: skip


def propose(
    warehouse: Warehouse,
    config: RemindersConfig,
    window: Window = DAY,
    after: float = 2,
    settings: OutboxConfig | None = None,
) -> Proposed:
    now = window.end + timedelta(hours=after)
    return propose_reminders(warehouse, config, settings or outbox(), window, now)


def found(warehouse: Warehouse, columns: str, where: str = "closed_at is null") -> list[tuple]:
    with warehouse.connect() as connection:
        statement = f"select subject_id, {columns} from ops.reminder where {where}"  # noqa: S608 (a test's own words)
        return connection.execute(f"{statement} order by subject_id, rule, opened_at".encode()).fetchall()


def mails(warehouse: Warehouse, columns: str = "recipient, subject") -> list[tuple]:
    with warehouse.connect() as connection:
        return connection.execute(f"select {columns} from ops.outbox order by outbox_id".encode()).fetchall()  # noqa: S608


# ---- the rules


def build_stages(warehouse: Warehouse) -> None:
    """mart.sales_stage as of the window's end; sales.yaml lets deals stay in the stage s3 for 14 days."""
    with warehouse.connect() as connection:
        for stage, told in (("s1", None), ("s2", None), ("s3", 14)):
            put(
                connection, "core.dim_pipeline_stage", source="crm", stage_key=stage, stage_name=stage, position=1,
                probability=Decimal("0.5"), status="open", may_stay_days=told,
            )  # fmt: skip
        connection.execute("create temp table as_of on commit drop as select %s::date as on_day", [DAY.last_day])
        connection.execute((SQL / "mart" / "sales_stage.sql").read_bytes())


def test_stage_overdue_learns_its_limit_from_won_deals(warehouse: Warehouse) -> None:
    won = {"status": "won", "stage_name": "Won"}
    with warehouse.connect() as connection:
        for days in range(1, 11):  # 1, 2 … 10 days: the 90th percentile is 1 + 0.9 × 9 = 9.1
            put_won = {**won, "closed_at": at("10-20")}
            deal(warehouse, f"won{days}", None, created_at=at("09-01"), **put_won)
            visit(connection, f"won{days}", 1, "10-01", f"10-{1 + days:02}")
            if days < 10:  # one too few
                visit(connection, f"won{days}", 2, f"10-{1 + days:02}", "10-15", "s2")
                visit(connection, f"won{days}", 3, "10-15", "10-16", "s3")
        deal(warehouse, "lost", None, status="lost", closed_at=at("10-20"), created_at=at("01-01"))
        visit(connection, "lost", 1, "01-01", "10-20")
        deal(warehouse, "later", None, created_at=at("01-01"), status="won", closed_at=at("12-04"))
        visit(connection, "later", 1, "01-01", "12-04")
    deal(warehouse, "late", "11-14", amount=1790)  # 20 days
    deal(warehouse, "young", "11-25")  # 9 days
    for name, entered, stage in (
        ("s2 late", "11-02", "s2"), ("s2 young", "11-05", "s2"),  # 32 and 29 days, where 30 are unlearned
        ("s3 late", "11-19", "s3"), ("s3 young", "11-21", "s3"),  # 15 and 13 days, where sales.yaml says 14
    ):  # fmt: skip
        deal(warehouse, name, None)
        with warehouse.connect() as connection:
            visit(connection, name, 1, entered, stage=stage)
    build_stages(warehouse)
    deal(warehouse, "tomorrow", "11-14", created_at=at("12-04"))  # does not exist yet
    propose(warehouse, reminders(rule("stage_overdue", least_visits=10)))
    # "later" is open until its window's end, in the stage since 1 January: 337 days; the others are closed
    told = found(warehouse, "days, limit_days, late_days, value_at_risk")
    assert [row[0] for row in told] == ["late", "later", "s2 late", "s3 late"]
    assert [row[1:4] for row in told[2:]] == [(32, 30, 2), (15, 14, 1)]
    assert [round(float(value), 6) for value in told[0][1:]] == [20, 9.1, 10.9, 545]  # 1790 × 0.5 × 10.9 / 17.9


def test_stage_overdue_by_a_fixed_limit_or_for_want_of_visits(warehouse: Warehouse) -> None:
    deal(warehouse, "a", "11-14")
    deal(warehouse, "b", "12-01")
    fixed = rule("stage_overdue", limit_days=2)
    propose(warehouse, reminders(fixed, rule("stage_overdue", name="other", unlearned_days=19)))
    assert found(warehouse, "rule, days, limit_days") == [
        ("a", "other", 20, 19), ("a", "stage_overdue", 20, 2), ("b", "stage_overdue", 3, 2),
    ]  # fmt: skip


def test_no_activity_counts_the_reps_working_days(warehouse: Warehouse) -> None:
    deal(warehouse, "idle", amount=800)
    activity(warehouse, "idle", "11-23 15:00")
    activity(warehouse, "idle", "11-30 15:00", completed=False)  # a call that nobody made
    activity(warehouse, "idle", "12-04 09:00")  # after the window
    deal(warehouse, "busy")
    activity(warehouse, "busy", "11-24 09:00")
    deal(warehouse, "never", created_at=at("11-20"))
    deal(warehouse, "elsewhere", source="files", entered=None)  # whose source tells of no activities
    propose(warehouse, reminders(rule("no_activity", working_days=6)))
    # 24, 25, 26, 27, 30 November, 1 and 3 December: seven; the 2nd is a holiday. 800 × 0.5 × 1 / (1 + 7)
    told = found(warehouse, "days, late_days, about_on, round(value_at_risk, 2)")
    assert told == [
        ("idle", 7, 1, date(2026, 11, 23), 50),
        ("never", 8, 2, date(2026, 11, 20), Decimal("111.11")),  # 1000 × 0.5 × 2 / 9
    ]


def test_no_next_step(warehouse: Warehouse) -> None:
    for name in ("planned", "bare", "fresh"):
        deal(warehouse, name)
    activity(warehouse, "planned", "11-25 09:00")
    activity(warehouse, "planned", "12-09 09:00", completed=False)
    activity(warehouse, "bare", "11-30 09:00")  # 1 and 3 December
    activity(warehouse, "fresh", "12-01 09:00")  # 3 December
    propose(warehouse, reminders(rule("no_next_step", working_days=2)))
    assert found(warehouse, "days, late_days") == [("bare", 2, 0)]


def test_close_date_passed(warehouse: Warehouse) -> None:
    for name, on in (("past", "2026-11-26"), ("today", "2026-12-03"), ("next", "2026-12-10")):
        deal(warehouse, name, expected_close_on=date.fromisoformat(on), amount=600)
    deal(warehouse, "negative", expected_close_on=date(2026, 11, 26), amount=-600)
    propose(warehouse, reminders(rule("close_date_passed")))
    # a week late: half of 600 × 0.5
    assert found(warehouse, "late_days, value_at_risk") == [("negative", 7, 0), ("past", 7, 150)]


def test_amount_changed(warehouse: Warehouse) -> None:
    with warehouse.connect() as connection:
        connection.execute("create table staging.crm__deals partition of staging.deal for values in ('crm__deals')")
        for name, when, amount in (
            ("down", "11-01", 1000), ("down", "11-30", 900), ("down", "12-02", 600), ("down", "12-05", 1000),
            ("little", "11-01", 1000), ("little", "12-01", 900),
            ("old", "11-01", 1000), ("old", "11-20", 100),
            ("new", "12-01", 1000),
        ):  # fmt: skip
            put(
                connection, "staging.deal", source_table="crm__deals", source_id=name, version_at=at(when),
                payload_hash="0" * 32, load_id=1, amount=amount,
            )  # fmt: skip
    for name in ("down", "little", "old", "new"):
        deal(warehouse, name)
    config = reminders(rule("amount_changed", share=0.2, within_days=7))
    propose(warehouse, config)
    # from 1000 to 600, 0.4 of it: 600 × 0.5 × 0.4
    assert found(warehouse, "was_amount, amount, value_at_risk") == [("down", 1000, 600, 120)]
    propose(warehouse, config, Window.day("2026-12-12"))  # back since the 5th, and that is a week ago
    assert found(warehouse, "closed_why", "true") == [("down", "reason gone")]


def test_contact_gone_quiet(warehouse: Warehouse) -> None:
    with warehouse.connect() as connection:
        for key, customer in (("crm:c1", "ada"), ("desk:d1", "ada"), ("crm:c2", "bob"), ("crm:c3", "cy")):
            source, record = key.split(":")
            put(
                connection, "core.customer_link", source=source, record_key=record, record_id=key, customer_id=customer
            )  # fmt: skip
    for name in ("ada", "bob", "cy"):
        deal(warehouse, name, customer_id=name)
    activity(warehouse, "other", "11-02 09:00", customer_key="c1")
    activity(warehouse, "bob", "11-19 09:00", customer_key="c2")
    with warehouse.connect() as connection:  # Ada wrote to the help desk since, so she is not quiet
        put(connection, "core.fct_message", source="desk", message_id="m", update_key="u", ticket_id="t",
            author_key="d1", is_public=True, sent_at=at("12-01 10:00"))  # fmt: skip
    propose(warehouse, reminders(rule("contact_quiet", working_days=8)))
    # 20, 23, 24, 25, 26, 27, 30 November, 1 and 3 December: nine; Cy was never heard of
    assert found(warehouse, "days") == [("bob", 9)]


def test_hot_lead_untouched(warehouse: Warehouse) -> None:
    with warehouse.connect() as connection:
        for name, stage, deals in (("hot", "hot", 0), ("cold", "lead", 0), ("sold", "hot", 1), ("called", "hot", 0),
                                   ("gone", "hot", 0), ("bought", "hot", 0)):  # fmt: skip
            put(connection, "mart.customer_360", customer_id=name, full_name=name.title(), lifecycle_stage=stage,
                owner_id="crm:bo", first_seen_at=at("11-01"), records=1, sources=["crm"], deals=deals,
                completeness=1)  # fmt: skip
            put(connection, "core.dim_customer", customer_id=name, valid_from=at("11-01"), valid_to=at("11-27 10:00"),
                is_current=False, lifecycle_stage="lead", first_seen_at=at("11-01"))  # fmt: skip
            put(connection, "core.dim_customer", customer_id=name, valid_from=at("11-27 10:00"), is_current=True,
                lifecycle_stage=stage, first_seen_at=at("11-01"))  # fmt: skip
        put(connection, "core.customer_link", source="crm", record_key="k", customer_id="called", record_id="k")
        # who is a lead in a source that has leads is one while it is open, there and in mart.lead_outlook
        for name, status in (("hot", "lost"), ("hot", "open"), ("gone", "lost"), ("bought", "converted")):
            put(connection, "mart.lead", source="crm", lead_id=f"{name} {status}", customer_id=name, status=status,
                stage_name="hot", created_at=at("11-01"), decided_at=at("11-27"))  # fmt: skip
    activity(warehouse, None, "12-01 09:00", customer_key="k")
    propose(warehouse, reminders(rule("lead_untouched", lifecycle_stages=["hot"], working_days=2)))
    # hot since Friday the 27th: 30 November, 1 and 3 December
    assert found(warehouse, "subject_kind, rep_id, days, value_at_risk") == [("hot", "customer", "crm:bo", 3, 0)]
    assert mails(warehouse) == [("bo@acme.example", "1 deal to look at, 4 December 2026")]


def test_contract_ending(warehouse: Warehouse) -> None:
    won = {"status": "won", "created_at": datetime(2025, 11, 1, tzinfo=UTC), "product_name": "Team", "amount": 500}
    for name, closed, company in (
        ("ends", datetime(2025, 12, 20, tzinfo=UTC), "c1"),  # on 20 December 2026, in 17 days: 13 of 30 gone
        ("renewed", datetime(2025, 12, 20, tzinfo=UTC), "c2"),
        ("over", datetime(2025, 12, 2, tzinfo=UTC), "c3"),
        ("far", datetime(2026, 1, 10, tzinfo=UTC), "c4"),
    ):
        deal(warehouse, name, None, closed_at=closed, company_id=company, **won)
    deal(warehouse, "renewal", company_id="c2", product_name="Team")
    config = reminders(rule("contract_ending", terms={"Team": 12}, days_before=30))
    propose(warehouse, config)
    told = found(warehouse, "days, late_days, about_on, value_at_risk")
    assert told[0][:4] == ("ends", 17, 13, date(2026, 12, 20)) and len(told) == 1
    assert round(told[0][4], 6) == Decimal("325")  # 500 × 13 / 20
    deal(warehouse, "again", company_id="c1", product_name="Team", created_at=at("12-04 10:00"))
    propose(warehouse, config, Window.day("2026-12-04"))
    assert found(warehouse, "closed_why", "true") == [("ends", "reason gone")]


# ---- from day to day


OVERDUE = rule("stage_overdue", limit_days=2)


def test_a_reminder_closes_itself(warehouse: Warehouse) -> None:
    for name in ("won", "moved", "gone", "off", "stays"):
        deal(warehouse, name)
    deal(warehouse, "dated", "12-03", expected_close_on=date(2026, 12, 1))
    passed = rule("close_date_passed")
    first = propose(warehouse, reminders(OVERDUE, passed))
    assert (first.opened, first.closed, first.still_open) == (6, 0, 6)
    with warehouse.connect() as connection:
        connection.execute(
            "update mart.deal set status = 'won', closed_at = %s where deal_id = 'won'", [at("12-04 09:00")]
        )
        connection.execute("delete from mart.deal where deal_id = 'gone'")
        connection.execute("update mart.deal_stage set exited_at = %s where deal_id = 'moved'", [at("12-04 11:00")])
        visit(connection, "moved", 2, "12-04 11:00", stage="s2")
        connection.execute("update mart.deal set expected_close_on = '2026-12-20' where deal_id = 'dated'")
    second = propose(warehouse, reminders(OVERDUE, passed), Window.day("2026-12-04"))
    assert (second.opened, second.closed, second.still_open) == (0, 4, 2)
    assert found(warehouse, "closed_why, closed_at", "closed_at is not null") == [
        ("dated", "reason gone", at("12-05")), ("gone", "gone", at("12-05")), ("moved", "moved", at("12-04 11:00")),
        ("won", "won", at("12-04 09:00")),
    ]  # fmt: skip
    propose(warehouse, reminders(passed), Window.day("2026-12-05"))
    assert found(warehouse, "closed_why", "closed_why = 'rule off'") == [("off", "rule off"), ("stays", "rule off")]


def test_a_move_closes_a_reminder_only_when_its_rule_ends_with_it(warehouse: Warehouse) -> None:
    passed = reminders(rule("close_date_passed"))
    for name in ("before", "edge"):
        deal(warehouse, name, expected_close_on=date(2026, 12, 1))
    propose(warehouse, passed)
    with warehouse.connect() as connection:
        visit(connection, "before", 2, "12-04 23:59", stage="s2")
        visit(connection, "edge", 2, "12-05", stage="s2")  # the first instant after the day on which it was last seen
    propose(warehouse, passed, Window.day("2026-12-04"))
    with warehouse.connect() as connection:
        connection.execute("update mart.deal set expected_close_on = '2026-12-20'")
    propose(warehouse, passed, Window.day("2026-12-05"))
    assert found(warehouse, "closed_why, closed_at", "true") == [
        ("before", "reason gone", at("12-06")), ("edge", "moved", at("12-05")),
    ]  # fmt: skip


def test_one_digest_a_rep_and_day_the_most_at_risk_first(warehouse: Warehouse) -> None:
    for number, amount in enumerate((100, 500, 300, 400, 200)):
        deal(warehouse, str(number), amount=amount, expected_close_on=date(2026, 12, 1))
    deal(warehouse, "bo", rep_id="crm:bo")
    deal(warehouse, "nobody", rep_id=None)
    config = reminders(
        OVERDUE, rule("close_date_passed", wording={"en": "late since {{ on }}", "zh": "x"}), most_deals=3
    )
    assert propose(warehouse, config).messages == 2
    assert mails(warehouse, "message_key, state, not_before, not_after, subject") == [
        ("reminder/rep/crm:ann/2026-12-04/email", "approved", at("12-04 08:00"), at("12-04 18:00"),
         "3 deals to look at, 4 December 2026"),
        ("reminder/rep/crm:bo/2026-12-04/email", "approved", at("12-04 08:00"), at("12-04 18:00"),
         "1 deal to look at, 4 December 2026"),
    ]  # fmt: skip
    text = mails(warehouse, "payload ->> 'text'")[0][0]
    places = [text.index(f"{n}. Deal {name} (") for n, name in ((1, "1"), (2, "3"), (3, "2"))]
    assert places == sorted(places) and "Deal 0" not in text and text.count("late since 1 December 2026") == 3
    assert "2 more wait" in text
    held = found(warehouse, "held_why", "rule = 'stage_overdue' and held_why is not null")
    assert held == [("0", "cap"), ("4", "cap"), ("nobody", "no address")]
    # again, and nothing changes; with news, the digest that is not sent yet says them
    assert propose(warehouse, config).messages == 2 and len(mails(warehouse)) == 2
    with warehouse.connect() as connection:
        connection.execute("update mart.deal set amount = 900 where deal_id = '0'")
    propose(warehouse, config)
    assert "1. Deal 0 (" in mails(warehouse, "payload ->> 'text'")[0][0] and len(mails(warehouse)) == 2


def test_a_rep_of_two_crms_is_one_person(warehouse: Warehouse) -> None:
    """By the e-mail address: one digest of the deals of both, one cap, and tasks by each CRM's own key of the rep."""
    with warehouse.connect() as connection:
        for rep_id, source, active in (("hub:7", "hub", True), ("old:7", "old", False)):
            put(
                connection, "core.dim_rep", rep_id=rep_id, valid_from=at("01-01"), is_current=True, source=source,
                full_name="Ann A.", email="ann@acme.example", is_active=active,
            )  # fmt: skip
    for deal_id, source, rep_id, amount in (
        ("1", "crm", "crm:ann", 100), ("2", "hub", "hub:7", 300), ("3", "crm", "crm:ann", 200),
        ("4", "old", "old:7", 400), ("5", "crm", "crm:bo", 50),
    ):  # fmt: skip
        deal(warehouse, deal_id, None, source=source, rep_id=rep_id, amount=amount, expected_close_on=date(2026, 12, 1))
    passed = rule("close_date_passed")
    propose(warehouse, reminders(passed, most_deals=2))
    assert mails(warehouse, "message_key, recipient, subject") == [
        ("reminder/rep/crm:ann/2026-12-04/email", "ann@acme.example", "2 deals to look at, 4 December 2026"),
        ("reminder/rep/crm:bo/2026-12-04/email", "bo@acme.example", "1 deal to look at, 4 December 2026"),
    ]
    text = mails(warehouse, "payload ->> 'text'")[0][0]
    assert text.index("1. Deal 2 (") < text.index("2. Deal 3 (") and "1 more wait" in text
    held = found(warehouse, "held_why")
    assert held == [("1", "cap"), ("2", None), ("3", None), ("4", "no address"), ("5", None)]
    propose(warehouse, reminders({**passed, "name": "task", "channel": "task", "alone": True}))
    owners = mails(warehouse, "payload -> 'body' ->> 'deal', payload -> 'body' ->> 'owner'")
    assert sorted(one for one in owners if one[0]) == [("1", "ann"), ("2", "7"), ("3", "ann"), ("5", "bo")]


def test_what_was_said_is_not_said_again_before_its_cooldown(warehouse: Warehouse, office: PostOffice) -> None:
    deal(warehouse, "a")
    config = reminders(rule("stage_overdue", limit_days=2, cooldown_days=3))
    days = [date(2026, 12, 6) + timedelta(days=n) for n in range(5)]  # Sunday to Thursday: told on Monday to Friday
    for day in days:
        window = Window.day(day)
        propose(warehouse, config, window)
        send_due(warehouse, outbox(), office.connection, lambda now=window.end: now + timedelta(hours=9))  # type: ignore[misc]
    assert mails(warehouse, "message_key, state") == [
        ("reminder/rep/crm:ann/2026-12-07/email", "sent"), ("reminder/rep/crm:ann/2026-12-10/email", "sent"),
    ]  # fmt: skip
    assert len(office.mails) == 2
    assert found(warehouse, "opened_at, held_why") == [("a", at("12-07"), "cooldown")]


def test_a_weekend_is_quiet(warehouse: Warehouse) -> None:
    deal(warehouse, "a")
    for day in ("2026-12-04", "2026-12-05", "2026-12-06"):  # Friday, Saturday, Sunday: one digest, for Monday
        propose(warehouse, reminders(OVERDUE), Window.day(day))
    ((not_before, text),) = mails(warehouse, "not_before, payload ->> 'text'")
    assert not_before == at("12-07 08:00") and "- 23\n" in text  # days, on Monday morning


def test_a_digest_is_cancelled_when_all_of_it_is_over(warehouse: Warehouse) -> None:
    deal(warehouse, "a")
    propose(warehouse, reminders(OVERDUE))
    with warehouse.connect() as connection:
        connection.execute("update mart.deal_stage set entered_at = %s", [at("12-03 10:00")])
    propose(warehouse, reminders(OVERDUE))
    assert mails(warehouse, "state, reason") == [("cancelled", "what it reminds of is over")]


def test_facts_that_come_late_change_what_was_told_of_the_last_window(warehouse: Warehouse) -> None:
    config = reminders(rule("stage_overdue", limit_days=9))
    deal(warehouse, "d")
    assert propose(warehouse, config).messages == 1
    with warehouse.connect() as connection:  # it was won on the day before, as the run of that day is told late
        connection.execute("update mart.deal set status = 'won', closed_at = '2026-12-02 12:00Z'")
        connection.execute("update mart.deal_stage set exited_at = '2026-12-02 12:00Z'")
    late = propose(warehouse, config, Window.day("2026-12-02"), after=27)
    assert (late.closed, late.messages, late.skipped) == (1, 0, "")
    assert mails(warehouse, "state, reason") == [("cancelled", "what it reminds of is over")]


def test_a_weekends_digest_that_was_cancelled_is_written_for_what_is_due_since(warehouse: Warehouse) -> None:
    deal(warehouse, "a")
    deal(warehouse, "b", "12-04 12:00")  # two days are over on Sunday noon
    team = [{"team": "Field", "name": "Mo", "email": "mo@acme.example"}]
    config = reminders(rule("stage_overdue", limit_days=2, to=["rep", "manager"]), managers=team)
    propose(warehouse, config, Window.day("2026-12-04"))  # Friday's run writes Monday's digest
    with warehouse.connect() as connection:
        connection.execute(
            "update mart.deal set status = 'won', closed_at = %s where deal_id = 'a'", [at("12-05 09:00")]
        )
    propose(warehouse, config, Window.day("2026-12-05"))
    assert mails(warehouse, "state") == [("cancelled",), ("cancelled",)]
    propose(warehouse, config, Window.day("2026-12-06"))
    told = mails(warehouse, "state, reason, recipient, payload ->> 'text' ~ 'Deal b', payload ->> 'text' ~ 'Deal a'")
    assert told == [
        ("approved", None, "ann@acme.example", True, False), ("approved", None, "mo@acme.example", True, False),
    ]  # fmt: skip


def test_a_backfill_reminds_nobody(warehouse: Warehouse) -> None:
    deal(warehouse, "a")
    assert propose(warehouse, reminders(OVERDUE), after=36).skipped  # to the hour: settings.FRESH_HOURS
    assert not propose(warehouse, reminders(OVERDUE), Window.day("2026-12-04"), after=35.9).skipped
    assert len(found(warehouse, "rule")) == 1


def test_the_run_of_an_earlier_day_writes_no_message_of_its_own(warehouse: Warehouse) -> None:
    deal(warehouse, "a")
    propose(warehouse, reminders(OVERDUE), Window.day("2026-12-04"))
    before = mails(warehouse, "message_key, payload, state")
    again = propose(warehouse, reminders(OVERDUE), DAY, after=27)
    assert (again.opened, again.closed, again.skipped) == (0, 0, "")
    assert mails(warehouse, "message_key, payload, state") == before


def test_a_late_run_writes_for_the_next_hours(warehouse: Warehouse) -> None:
    deal(warehouse, "a")
    propose(warehouse, reminders(OVERDUE), after=18)  # Friday, 18:00
    propose(warehouse, reminders(OVERDUE), Window.day("2026-12-04"))
    assert mails(warehouse, "not_before") == [(at("12-07 08:00"),)]


def test_the_manager_gets_one_digest_a_week(warehouse: Warehouse) -> None:
    deal(warehouse, "a", amount=100)
    deal(warehouse, "b", amount=900, rep_id="crm:bo")
    both = rule("stage_overdue", limit_days=2, to=["rep", "manager"])
    team = [{"team": "Field", "name": "Mo", "email": "mo@acme.example", "language": "zh"}]
    for day in ("2026-12-06", "2026-12-07", "2026-12-08", "2026-12-13"):
        propose(warehouse, reminders(both, managers=team), Window.day(day))
    told = [row for row in mails(warehouse, "message_key, recipient, subject") if row[1].startswith("mo@")]
    assert told == [
        ("reminder/manager/Field/mo@acme.example/2026-W50", "mo@acme.example", "2 个商机待跟进，2026年12月9日"),
        ("reminder/manager/Field/mo@acme.example/2026-W51", "mo@acme.example", "2 个商机待跟进，2026年12月14日"),
    ]


def test_a_reminder_alone_is_a_task_in_the_crm(warehouse: Warehouse) -> None:
    deal(warehouse, "a", deal_name='He said "x"\n{{ 7 * 7 }}')
    propose(warehouse, reminders(rule("stage_overdue", limit_days=2, channel="task", alone=True)))
    (key, path, body), = mails(warehouse, "message_key, payload ->> 'path', payload -> 'body'")  # fmt: skip
    assert (key, path) == ("reminder/alone/stage_overdue/crm/a/2026-12-04/task", "/tasks")
    assert body == {
        "subject": 'He said "x" {{ 7 * 7 }}: 20', "owner": "ann", "deal": "a", "at": "2026-12-04T08:00:00Z",
    }  # fmt: skip


def test_a_channel_that_leads_to_one_crm_gets_no_deals_of_another(warehouse: Warehouse) -> None:
    for source in ("crm", "files"):
        deal(warehouse, f"of {source}", None, source=source, expected_close_on=date(2026, 12, 1))
    task = {**OUTBOX["channels"]["task"], "source": "crm"}  # type: ignore[index]
    settings = outbox(channels={"task": task})
    passed = {"kind": "close_date_passed", "channel": "task"}
    rules = [rule(**passed, alone=True), rule(**passed, name="weekly", to=["manager"])]
    team = [{"team": "Field", "name": "Mo", "email": "mo@acme.example"}]
    propose(warehouse, reminders(*rules, managers=team), settings=settings)
    told = mails(warehouse, "recipient, payload -> 'body' ->> 'deal', subject")
    assert told == [
        ("ann@acme.example", "of crm", "Deal of crm: 2"),
        ("mo@acme.example", "", "1 deal to look at, 4 December 2026"),
    ]
    held = found(warehouse, "held_why", "rule = 'close_date_passed'")
    assert held == [("of crm", None), ("of files", "other source")]


def test_a_task_that_was_not_delivered_and_one_whose_cooldown_is_over_are_said_again(
    warehouse: Warehouse, office: PostOffice
) -> None:
    deal(warehouse, "a")
    config = reminders(rule("stage_overdue", limit_days=2, channel="email", alone=True, cooldown_days=3))
    down = PostOffice()
    down.close()
    for day in range(7, 12):  # Monday, when the mail server is down, to Friday
        window = Window.day(date(2026, 12, day - 1))
        propose(warehouse, config, window)
        for hour in (9, 18):
            now = window.end + timedelta(hours=hour)
            send_due(warehouse, outbox(), (down if day == 7 else office).connection, lambda now=now: now)  # type: ignore[misc]
    key = "reminder/alone/stage_overdue/crm/a/2026-12-{:02}/email"
    assert mails(warehouse, "message_key, state") == [
        (key.format(7), "cancelled"), (key.format(8), "sent"), (key.format(11), "sent"),
    ]  # fmt: skip
    assert len(office.mails) == 2


def test_hostile_names_are_text(warehouse: Warehouse) -> None:
    evil = '<img src=x onerror="alert(1)">\r\nBcc: x@y.example {{ 7 * 7 }} {% raw %}\u202e'
    deal(warehouse, "a/../b?c", deal_name=evil, company_name=evil)
    with warehouse.connect() as connection:
        connection.execute("update mart.deal_stage set stage_name = %s", [evil])
    said = rule("stage_overdue", limit_days=2, wording={"en": "{{ deal }} in {{ stage }}", "zh": "x"})
    propose(warehouse, reminders(said, links={"crm": "https://crm.example/deal/{{ deal_id }}"}))
    ((text, html),) = mails(warehouse, "payload ->> 'text', payload ->> 'html'")
    assert "<img" not in html and "&lt;img src=x onerror=&#34;alert(1)&#34;&gt; Bcc: x@y.example {{ 7 * 7 }}" in html
    assert "\nBcc" not in text and "{{ 7 * 7 }} {% raw %}" in text and "\u202e" not in text + html
    assert 'href="https://crm.example/deal/a%2F..%2Fb%3Fc"' in html


def test_people_in_other_zones_and_languages(warehouse: Warehouse) -> None:
    deal(warehouse, "a", deal_name="Acme")
    deal(warehouse, "b", rep_id="crm:bo")
    shanghai = {"name": "shanghai", "timezone": "Asia/Shanghai", "week": WEEK}
    los_angeles = {"name": "la", "timezone": "America/Los_Angeles", "week": WEEK}
    people = [
        {"email": "ANN@acme.example", "calendar": "shanghai", "language": "zh"}, {"team": "Field", "calendar": "la"},
    ]  # fmt: skip
    config = reminders(OVERDUE, calendars=[CALENDAR, shanghai, los_angeles], people=people)
    propose(warehouse, config)
    # the window ends on 4 December, 08:00 in Shanghai and 3 December, 16:00 in Los Angeles
    assert mails(warehouse, "recipient, not_before, subject") == [
        ("ann@acme.example", at("12-04"), "1 个商机待跟进，2026年12月4日"),
        ("bo@acme.example", at("12-04 16:00"), "1 deal to look at, 4 December 2026"),
    ]


@pytest.mark.parametrize(
    ("after", "start", "end"),
    [
        # Berlin's clocks go forward on 29 March and back on 25 October: 08:00 is 07:00 UTC in winter, 06:00 in summer
        ("2026-03-27T00:00", "2026-03-27T07:00", "2026-03-27T17:00"),
        ("2026-03-28T00:00", "2026-03-30T06:00", "2026-03-30T16:00"),
        ("2026-10-23T00:00", "2026-10-23T06:00", "2026-10-23T16:00"),
        ("2026-10-24T00:00", "2026-10-26T07:00", "2026-10-26T17:00"),
        ("2026-10-26T07:00", "2026-10-26T07:00", "2026-10-26T17:00"),
        ("2026-10-26T07:01", "2026-10-27T07:00", "2026-10-27T17:00"),
    ],
)
def test_hours_keep_to_the_clock_on_the_wall(after: str, start: str, end: str) -> None:
    berlin = Schedule.model_validate({"name": "default", "timezone": "Europe/Berlin", "week": WEEK})
    told = next_hours(berlin, datetime.fromisoformat(after).replace(tzinfo=UTC))
    assert [f"{instant:%Y-%m-%dT%H:%M}" for instant in told] == [start, end]


def test_public_holidays_of_a_country_are_quiet(warehouse: Warehouse) -> None:
    deal(warehouse, "a", "01-02", created_at=at("01-01"))
    english = {"name": "default", "timezone": "Europe/London", "week": WEEK, "country": "GB-ENG"}
    config = reminders(OVERDUE, rule("no_activity", working_days=0), calendars=[english])
    activity(warehouse, "a", "04-02 09:00")
    propose(warehouse, config, Window.day("2026-04-05"))  # Easter Sunday: Good Friday is behind, Easter Monday ahead
    assert mails(warehouse, "not_before") == [(at("04-07 07:00"),)]
    propose(warehouse, config, Window.day("2026-04-07"))
    assert found(warehouse, "days", "rule = 'no_activity'") == [("a", 1)]  # Tuesday, after Thursday the 2nd


# ---- what it led to


def test_outcome_by_hand(warehouse: Warehouse, office: PostOffice) -> None:
    """Four reminded deals of which three moved; their like, of the same stage and band, six of which two moved."""
    for number in range(10):
        deal(warehouse, str(number), amount=1000)
    deal(warehouse, "large", amount=10**6)  # reminded, and like nothing
    config = reminders(OVERDUE, most_deals=5)
    propose(warehouse, config)
    with warehouse.connect() as connection:  # Ann's five: the large one and 0, 1, 2, 3
        told = connection.execute("select count(*) from ops.reminder where held_why is null").fetchone()
        assert told == (5,)
        for name in ("0", "1", "2", "4", "5"):
            visit(connection, name, 2, "12-10", stage="s2")
        visit(connection, "3", 2, "12-20", stage="s2")  # sixteen days later: too late to count
    send_due(warehouse, outbox(), office.connection, lambda: DAY.end + timedelta(hours=9))
    assert len(office.mails) == 1
    with warehouse.connect() as connection:
        parameters = {"window_end": at("12-18")}
        statement = (SQL / "mart" / "reminder_outcome.sql").read_bytes()
        psycopg.ClientCursor(connection).execute(statement, {"window_end": at("12-17")})
        assert connection.execute("select * from mart.reminder_outcome").fetchall() == []  # not fourteen days old
        psycopg.ClientCursor(connection).execute(statement, parameters)
        (row,) = connection.execute("select * from mart.reminder_outcome").fetchall()
        assert row[:6] == ("stage_overdue", 4, 3, Decimal("0.75"), 6, pytest.approx(Decimal(1) / 3))
        # Agresti and Caffo: p1 = 4/6, p0 = 3/8; variance = p1 q1 / 6 + p0 q0 / 8 = 0.066333; 1.96 × its root = 0.504802
        assert [round(float(value), 4) for value in row[6:9]] == [0.4167, -0.0881, 0.9215]
        assert row[9] == 1
        view = connection.execute(
            "select subject_id, proposed_at is not null, sent_at from mart.reminder where sent_messages > 0 order by 1"
        ).fetchall()
        assert view == [(name, True, at("12-04 09:00")) for name in ("0", "1", "2", "3", "large")]


def test_outcome_leaves_out_deals_that_were_won_already(warehouse: Warehouse, office: PostOffice) -> None:
    closed = datetime(2025, 12, 20, tzinfo=UTC)
    for name in ("a", "b"):
        deal(warehouse, name, None, status="won", closed_at=closed, created_at=closed, product_name="Team")
    propose(warehouse, reminders(rule("contract_ending", terms={"Team": 12}, days_before=30), most_deals=1))
    send_due(warehouse, outbox(), office.connection, lambda: DAY.end + timedelta(hours=9))
    assert len(office.mails) == 1  # the other one would be its like
    with warehouse.connect() as connection:
        statement = (SQL / "mart" / "reminder_outcome.sql").read_bytes()
        psycopg.ClientCursor(connection).execute(statement, {"window_end": at("12-18")})
        assert connection.execute("select * from mart.reminder_outcome").fetchall() == []


# ---- configuration


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("limit_days: learned", "limit_days: sometimes", "rules.0.stage_overdue.limit_days"),
        ("kind: no_activity", "kind: no_activities", "rules.2: Input tag 'no_activities'"),
        ("  - name: no_activity", "  - name: stage_overdue", "rules: the name stage_overdue is there twice"),
        ("calendar: shanghai, language: zh}", "calendar: peking, language: zh}", "calendar 'peking': there is default"),
        ("{{ on }} has passed", "{{ when }} has passed", "names when; there is amount"),
        (
            "days; it",
            "{{ days + 1 }}; it",
            "rules.0.stage_overdue: wording.en: 'In “{{ stage }}” for {{ days }} {{ days",
        ),
        ("days; it", "{{ days + 1 }}; it", "cannot be filled, where all values are text: TypeError"),
        ("{{ on }} has passed", "{{ on.year }} has passed", "wording.en: 'The close date, {{ on.year }} has passed."),
        (
            "links: {}",
            "links: {crm: 'https://x/{{ deal_id // 2 }}'}",
            "links.crm: 'https://x/{{ deal_id // 2 }}' cannot",
        ),
        ("timezone: Asia/Shanghai", "timezone: China", "China is not a time zone"),
        ("most_deals: 10", "most_deals: 0", "most_deals: "),
        ("country: CN", "country: XX", "country: XX is not known; expected one like FR"),
        ("working_days: 10", "working_day: 10", "working_day"),
        ("{team: Europe, name", "{team: Europe, manager: Eve, name", "give team or manager, one of them"),
        ("cooldown_days: 5", "cooldown_days: 0", "rules.1.close_date_passed.cooldown_days"),
    ],
)
def test_what_is_wrong_is_told(tmp_path: Path, old: str, new: str, told: str) -> None:
    text = (CONFIG / "reminders.yaml").read_text()
    text = text.replace("{{ on }}, has", "{{ on }} has")
    assert old in text
    path = tmp_path / "reminders.yaml"
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(ConfigError) as error:
        read_config(path, RemindersConfig)
    assert told in str(error.value) and str(path) in str(error.value)


@pytest.mark.parametrize(
    ("name", "more", "told"),
    [
        (
            "contract_ending",
            "channel: lost\n    alone: true",
            "rules.7.channel: lost is for source: nowhere in outbox.yaml",
        ),
        ("lead_untouched", "channel: crm_task\n    alone: true", "lead_untouched is about customers without one: give"),
        (
            "contract_ending",
            "channel: crm_task",
            "rules.7.channel: crm_task names subject_id, the key of a deal; a digest",
        ),
        ("contract_ending", "channel: pigeon", "rules.7.channel: pigeon is no channel of outbox.yaml: email, chat"),
    ],
)
def test_a_channel_that_does_not_fit_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, more: str, told: str
) -> None:
    text = (CONFIG / "reminders.yaml").read_text().replace(f"kind: {name}", f"kind: {name}\n    {more}")
    (tmp_path / "reminders.yaml").write_text(text)
    monkeypatch.setattr(kinds, "CONFIG", tmp_path)
    with pytest.raises(ConfigError) as error:
        delivered = load_outbox_config()
        lost = delivered.channels["crm_task"].model_copy(update={"source": "nowhere"})
        kinds.load_reminders_config(delivered.model_copy(update={"channels": {**delivered.channels, "lost": lost}}))
    assert told in str(error.value)


def test_the_counts_of_states(warehouse: Warehouse) -> None:
    deal(warehouse, "a")
    propose(warehouse, reminders(OVERDUE), settings=outbox(dry_run=True))
    with warehouse.connect() as connection:
        assert book.counts(connection) == {"proposed": 1}
