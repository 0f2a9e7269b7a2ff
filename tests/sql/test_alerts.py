"""What people in service are told, worked out by hand: a help desk at the end of Monday 5 October 2020.

Monday to Friday 9 to 17 in UTC; of a normal ticket the first reply is due within 480 business minutes, of a high one
within 120; the customer may wait 1,920 and 960.
"""

from datetime import date, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from include.actions.alert_rules import AlertsConfig, load_alerts_config
from include.actions.alerts import Alerted, propose_alerts
from include.actions.config import OutboxConfig, load_outbox_config
from include.actions.rules import RemindersConfig, load_reminders_config
from include.config_files import ConfigError
from include.settings import CONFIG
from include.warehouse.connection import Warehouse
from include.window import Window
from tests.sql.test_reminders import OUTBOX, WEEK
from tests.sql.test_service_marts import AGENT, CUSTOMER, Desk, at

WORDING = {"en": "{{ promise }} {{ left }} {{ at }} {{ tickets }}/{{ usual }} {{ reason }} {{ comment }}", "zh": "x"}
BOTH = {"to": ["agent", "lead"], "wording": WORDING}
REMINDERS = RemindersConfig.model_validate(
    {
        "calendars": [
            {"name": "default", "timezone": "UTC", "week": WEEK},
            {"name": "china", "timezone": "Asia/Shanghai", "week": WEEK},
        ],
        "language": "en", "most_deals": 5, "rules": [],
    }
)  # fmt: skip
BOSS = {"name": "Bo Boss", "email": "bo@acme.example"}
DAY = "10-05"


def alerts(**keys: Any) -> AlertsConfig:
    given = {
        "most_tickets": 5, "leads": [BOSS], "promise_due": {"within_minutes": 480, **BOTH}, "promise_broken": BOTH,
        "backlog_high": {"times": 1.5, "least": 3, "wording": WORDING}, "bad_feedback": BOTH,
    }  # fmt: skip
    return AlertsConfig.model_validate(given | keys)


def run(desk: Desk, config: AlertsConfig | None = None, day: str = DAY, after: float = 2) -> Alerted:
    window = Window.day(f"2020-{day}")
    now = window.end + timedelta(hours=after)
    box = OutboxConfig.model_validate(OUTBOX)
    return propose_alerts(desk.warehouse, config or alerts(), REMINDERS, box, window, now)


def sent(desk: Desk) -> None:
    """All messages have gone out."""
    with desk.warehouse.connect() as connection:
        connection.execute("update ops.outbox set state = 'sent', sent_at = not_before")


def mails(warehouse: Warehouse) -> dict[str, list[str]]:
    """Recipient → the lines of their mails that tell something."""
    with warehouse.connect() as connection:
        found = connection.execute("select recipient, payload ->> 'text' from ops.outbox order by outbox_id").fetchall()
    told: dict[str, list[str]] = {}
    for recipient, text in found:
        lines = [line.strip() for line in text.splitlines()]
        told.setdefault(recipient, []).extend(line for line in lines if line[:1].isdigit() or line.startswith("- "))
    return told


@pytest.fixture
def desk(embedded_warehouse: Warehouse) -> Desk:
    desk = Desk(embedded_warehouse)
    desk.put("customer", AGENT, "2020-02-01", role="agent", full_name="Ann Agent", email="ann@acme.example")
    return desk


def test_promises_that_are_due_or_broken(desk: Desk) -> None:
    # of 480 minutes 60 are gone at the end of Monday: due on Tuesday after seven hours
    desk.ticket("1", at("10-05 16:00"), subject="Next", assignee_key=AGENT)
    desk.ticket("2", at("10-05 09:00"), subject="Broken", priority="high")  # 120 minutes are over at 11:00
    desk.ticket("3", at("10-05 09:00"), subject="Broken and done", priority="high")
    desk.event("3", at("10-05 12:00"), AGENT, "So.", status=("new", "solved"))
    desk.ticket("4", at("10-05 09:00"), subject="Waits for the customer")
    desk.event("4", at("10-05 10:00"), AGENT, "And?", status=("new", "pending"))
    desk.build(DAY)
    assert run(desk) == Alerted(alerts=3, messages=2)
    assert mails(desk.warehouse) == {
        "bo@acme.example": [
            # the one with less left first; of ticket 2, too, the customer waits: 960 minutes, of which 480 are gone
            "1. Next (7 h left)", "- First reply 7 h Tue 6 October, 16:00 UTC None/None",
            "2. Broken (broken)", "- First reply – Mon 5 October, 11:00 UTC None/None",
            "- Solving (customer waits) 8 h Tue 6 October, 17:00 UTC None/None",
        ],
        "ann@acme.example": ["1. Next (7 h left)", "- First reply 7 h Tue 6 October, 16:00 UTC None/None"],
    }  # fmt: skip
    with desk.warehouse.connect() as connection:
        kept = connection.execute("select message_key, kind, not_before, subject from ops.outbox order by 1").fetchall()
    assert kept == [
        ("alert/ann@acme.example/2020-10-06", "alert", at("10-06 08:00"),
         "1 thing to look at in service, 6 October 2020"),
        ("alert/bo@acme.example/2020-10-06", "alert", at("10-06 08:00"),
         "2 things to look at in service, 6 October 2020"),
    ]  # fmt: skip
    assert run(desk) == Alerted(alerts=3, messages=2)  # the same messages, written anew
    assert len(mails(desk.warehouse)["ann@acme.example"]) == 2


def test_nobody_is_told_the_same_again_nor_of_the_past(desk: Desk) -> None:
    desk.ticket("1", at("10-05 09:00"), subject="Broken", priority="high")
    desk.build(DAY)
    assert run(desk, after=36).skipped
    assert mails(desk.warehouse) == {}
    only = alerts(promise_due=None)
    run(desk, only)
    sent(desk)
    desk.ticket("2", at("10-06 09:00"), subject="Broken, too", priority="high")
    desk.build("10-06")
    run(desk, only, "10-06")
    assert mails(desk.warehouse)["bo@acme.example"] == [
        "1. Broken (broken)", "- First reply – Mon 5 October, 11:00 UTC None/None",
        "1. Broken, too (broken)", "- First reply – Tue 6 October, 11:00 UTC None/None",
        # another promise of ticket 1: 960 minutes are over
        "2. Broken (broken)", "- Solving (customer waits) – Tue 6 October, 17:00 UTC None/None",
    ]  # fmt: skip


def test_facts_that_come_late_change_what_is_told_as_of_the_last_window(desk: Desk) -> None:
    desk.ticket("1", at("10-06 09:00"), subject="Answered, as is told late", priority="high")
    desk.build("10-06")
    assert run(desk, day="10-06").messages == 1
    desk.event("1", at("10-06 09:30"), AGENT, "So.", status=("new", "solved"))
    desk.build(DAY)  # the run of a day before it, which also builds the days that are marked
    assert run(desk, day=DAY, after=20) == Alerted(alerts=0, messages=0)
    with desk.warehouse.connect() as connection:
        assert connection.execute("select state, reason from ops.outbox").fetchall() == [
            ("cancelled", "nothing of it is left")
        ]


def test_what_nobody_sent_in_time_is_told_again(desk: Desk) -> None:
    desk.ticket("1", at("10-05 09:00"), subject="Broken", priority="high")
    desk.build(DAY, "10-06")
    only = alerts(promise_due=None)
    run(desk, only)
    later = run(desk, only, "10-06")  # the first mail is approved, and its hours are over
    assert later.messages == 1
    assert mails(desk.warehouse)["bo@acme.example"].count("- First reply – Mon 5 October, 11:00 UTC None/None") == 2


def test_a_backlog_above_the_usual_is_told_once_a_week(desk: Desk) -> None:
    desk.put("ticket_group", "5", "2020-01-01", name="Returns")
    for n in range(2):  # two are open on every Monday
        desk.ticket(f"old {n}", at("08-01 09:00"), group_key="5")
    for n in range(2):
        desk.ticket(f"new {n}", at("10-05 09:00"), group_key="5")
    desk.build("08-03", "10-06")
    only = alerts(promise_due=None, promise_broken=None)
    assert run(desk, only) == Alerted(alerts=1, messages=1)
    assert mails(desk.warehouse)["bo@acme.example"] == ["1. Backlog of Returns", "-  – Tue 6 October, 00:00 UTC 4/2"]
    sent(desk)
    assert run(desk, only, "10-06") == Alerted(alerts=1, messages=0)
    many = alerts(promise_due=None, promise_broken=None, backlog_high={"times": 2, "least": 3, "wording": WORDING})
    with desk.warehouse.connect() as connection:
        connection.execute("delete from ops.alert_notice")
    assert run(desk, many, "10-06").alerts == 0  # twice the usual is not more than twice


def test_a_new_group_has_no_usual(desk: Desk) -> None:
    desk.ticket("old", at("08-01 09:00"), group_key="5")
    for n in range(9):
        desk.ticket(f"new {n}", at("10-05 09:00"), group_key="6")
    desk.build("08-03", DAY)
    assert run(desk, alerts(promise_due=None, promise_broken=None)).alerts == 0


def test_what_is_over_before_it_went_out_is_not_told(desk: Desk) -> None:
    # the message of a Friday and of the days after it goes out on Monday, with what is left by then
    desk.ticket("1", at("10-09 16:00"), subject="Answered on Saturday", assignee_key=AGENT)
    desk.ticket("2", at("10-09 09:00"), subject="Broken on Friday", priority="high")
    desk.build("10-09")
    assert run(desk, day="10-09").messages == 2
    desk.event("1", at("10-10 10:00"), AGENT, "So.", status=("new", "solved"))
    desk.build("10-10", "10-11")
    assert run(desk, day="10-10").messages == 1
    with desk.warehouse.connect() as connection:
        found = connection.execute("select recipient, state, reason, not_before from ops.outbox order by 1").fetchall()
    assert found == [
        ("ann@acme.example", "cancelled", "nothing of it is left", at("10-12 08:00")),
        ("bo@acme.example", "approved", None, at("10-12 08:00")),
    ]
    run(desk, day="10-11")
    assert mails(desk.warehouse)["bo@acme.example"][:2] == [
        "1. Broken on Friday (broken)", "- First reply – Fri 9 October, 11:00 UTC None/None",
    ]  # fmt: skip


def test_a_long_holiday_loses_nothing(desk: Desk) -> None:
    desk.ticket("1", at("10-05 09:00"), subject="Broken before it", priority="high")
    desk.build(DAY, "10-16")
    days = [date(2020, 10, day) for day in range(6, 17)]
    away = REMINDERS.model_copy(update={"calendars": [REMINDERS.calendars[0].model_copy(update={"holidays": days})]})
    only = alerts(promise_due=None)
    for day in range(5, 17):
        window = Window.day(f"2020-10-{day:02}")
        propose_alerts(
            desk.warehouse, only, away, OutboxConfig.model_validate(OUTBOX), window, window.end + timedelta(hours=2)
        )
    with desk.warehouse.connect() as connection:
        found = connection.execute("select state, not_before, payload ->> 'text' from ops.outbox").fetchall()
    ((state, not_before, text),) = found
    assert (state, not_before) == ("approved", at("10-19 08:00"))
    assert "First reply – Mon 5 October, 11:00 UTC" in text


def test_one_address_gets_one_message(desk: Desk) -> None:
    # Ann leads a group, and all of them; and has a ticket of her own
    desk.ticket("1", at("10-05 09:00"), subject="Hers", priority="high", assignee_key=AGENT)
    desk.ticket("2", at("10-05 09:00"), subject="Another", priority="high", group_key="5")
    desk.build(DAY)
    ann = {"name": "Ann", "email": "Ann@acme.example"}
    config = alerts(leads=[ann, {**ann, "group": "5"}], promise_due=None)
    for _ in range(3):
        assert run(desk, config) == Alerted(alerts=2, messages=1)
        (lines,) = mails(desk.warehouse).values()
        assert [line for line in lines if line[0].isdigit()] == ["1. Hers (broken)", "2. Another (broken)"]


def test_a_ticket_that_moved_is_told_to_those_who_have_it(desk: Desk) -> None:
    desk.put("ticket_group", "5", "2020-01-01", name="Returns")
    desk.put("ticket_group", "6", "2020-01-01", name="Legal")
    desk.ticket("1", at("10-05 09:00"), subject="Moved", priority="high", group_key="6")
    desk.event("1", at("10-05 12:00"), AGENT, None, group=("5", "6"))
    desk.build(DAY)
    leads = [{"group": key, "name": key, "email": f"{key}@acme.example"} for key in ("5", "6", "Returns", "Legal")]
    run(desk, alerts(leads=leads))
    assert set(mails(desk.warehouse)) == {"6@acme.example", "Legal@acme.example"}


def test_leads_of_a_group_and_bad_feedback(desk: Desk) -> None:
    desk.put("ticket_group", "5", "2020-01-01", name="Returns")
    for key, group in (("1", "5"), ("2", "6")):
        desk.ticket(key, at("10-01 09:00"), group_key=group, subject=f"Ticket {key}")
        desk.event(key, at("10-01 10:00"), AGENT, "So.", status=("new", "solved"))
        desk.put("satisfaction", key, at("10-05 10:00"), ticket_key=key, customer_key=CUSTOMER, score="bad",
                 comment="Too <b>slow</b>.", rated_at=at("10-05 10:00"))  # fmt: skip
    desk.build(DAY)
    with desk.warehouse.connect() as connection:
        for key in ("1", "2"):
            connection.execute(
                "insert into ops.ticket_feedback (source, rating_id, ticket_id, window_end, looked_at, rated_at, score,"
                " decision, reason) values ('desk', %s, %s, %s, %s, %s, 'bad', 'escalate', 'rated bad')",
                [key, key, at("10-06 00:00"), at("10-06 02:00"), at("10-05 10:00")],
            )
    # who rated the third one bad has thought better of it
    leads = [{"group": "Returns", "name": "Rita", "email": "rita@acme.example", "calendar": "china", "language": "zh"}]
    found = run(desk, alerts(leads=leads))
    assert found == Alerted(alerts=2, messages=1)
    with desk.warehouse.connect() as connection:
        ((subject, text, html, not_before),) = connection.execute(
            "select subject, payload ->> 'text', payload ->> 'html', not_before from ops.outbox"
        ).fetchall()
    assert subject == "客服（Returns）：1 项待关注，2020年10月6日"
    assert not_before == at("10-06 00:00")  # eight o'clock in Shanghai
    assert "Ticket 1" in text and "Ticket 2" not in text and "Ticket 1" in html


def test_foreign_text_is_text(desk: Desk) -> None:
    desk.ticket("1", at("10-05 09:00"), subject="<script>alert(1)</script>\nBcc: x", priority="high")
    desk.build(DAY)
    run(desk)
    with desk.warehouse.connect() as connection:
        ((html,),) = connection.execute("select payload ->> 'html' from ops.outbox").fetchall()
    assert "<script>" not in html and "&lt;script&gt;alert(1)&lt;/script&gt; Bcc: x" in html


def test_the_file_as_delivered_and_wrong_ones(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    outbox = load_outbox_config()
    reminders = load_reminders_config(outbox)
    assert load_alerts_config(outbox, reminders).leads
    monkeypatch.setattr("include.actions.alert_rules.CONFIG", tmp_path)
    text = (CONFIG / "alerts.yaml").read_text()
    for before, after, says in (
        ("channel: email", "channel: pigeon", r"alerts\.yaml: channel: pigeon is no channel of outbox\.yaml: email"),
        ("channel: email", "channel: crm_task", "names subject_id"),
        ("calendar: shanghai", "calendar: mars", r"leads\.1\.calendar: mars is none of reminders\.yaml: default"),
        ("{{ tickets }}", "{{ people }}", "names people; there is agent"),
        ("times: 1.3", "times: 0.5", "greater than or equal to 1"),
    ):
        (tmp_path / "alerts.yaml").write_text(text.replace(before, after, 1))
        with pytest.raises(ConfigError, match=says):
            load_alerts_config(outbox, reminders)
    with pytest.raises(ValidationError, match="twice for one group"):
        alerts(leads=[BOSS, BOSS])
