"""Who is answered and who is not, what people decide, and when it stops: rows in core and the marts, a real outbox."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from include.actions.config import OutboxConfig, load_outbox_config
from include.actions.outbox import approve
from include.config_files import ConfigError
from include.replies.answers import Proposed, answers_channel, propose_answers
from include.replies.approvals import decide, decided_examples, drafts
from include.replies.config import Replies, Sending, load_replies
from include.replies.feedback import thanks_channel
from include.replies.intents import Example, IntentModel, fit
from include.warehouse.connection import Warehouse
from include.window import Window
from tests.sql.test_replies import replies as replies  # the fixture

DAY = Window.day("2026-11-15")
AT = DAY.start + timedelta(hours=20)
NOW = DAY.end + timedelta(hours=2)
SENDING = {
    "channel": "ticket_answer",
    "never": [{"tag": ["VIP"]}, {"segment": ["champions"]}, {"group": ["Legal"], "channel": ["email"]}],
    "own_domains": ["acme.example"], "stop": {"share": 0.2, "least": 5, "days": 28},
}  # fmt: skip


@pytest.fixture
def warehouse(embedded_warehouse: Warehouse) -> Warehouse:
    return embedded_warehouse


@pytest.fixture
def model(replies: Replies) -> Callable[[], IntentModel]:
    fitted, _ = fit(replies.examples, replies.config.precision)
    return lambda: fitted


def outbox(**changes: Any) -> OutboxConfig:
    """The outbox as delivered, sending, for a help desk named desk."""
    told = load_outbox_config().model_dump(by_alias=True)
    told["channels"]["ticket_answer"]["source"] = "desk"
    return OutboxConfig.model_validate(told | {"dry_run": False} | changes)


def sending(replies: Replies, **changes: Any) -> Replies:
    """The replies with other settings of what is sent."""
    told = Sending.model_validate(SENDING | changes)
    return Replies(replies.config.model_copy(update={"sending": told}), replies.intents)


def ask(warehouse: Warehouse, ticket_id: str, said: str, mailbox: str | None = None, **other: Any) -> None:
    """A ticket that a customer opened; every one asks from an address of their own unless told."""
    mailbox = mailbox or f"{ticket_id.lower()}@customer.example"
    told: dict[str, Any] = {
        "ticket": ticket_id, "said": said, "mailbox": mailbox, "key": mailbox, "record": f"desk:{mailbox}", "at": AT,
        "subject": None, "status": "new", "tags": None, "group": None, "channel": "email", "updated": AT,
    } | other  # fmt: skip
    with warehouse.connect() as connection, connection.cursor() as cursor:
        for statement in (
            "insert into core.fct_ticket (source, ticket_id, subject, description, status, requester_key, created_at,"
            " updated_at, is_deleted) values ('desk', %(ticket)s, %(subject)s, %(said)s, %(status)s, %(key)s, %(at)s,"
            " %(updated)s, false)",
            "insert into mart.ticket (source, ticket_id, subject, status, tags, group_name, channel, customer_id,"
            " created_at, public_replies, reopens, assignee_handoffs, group_handoffs) values ('desk', %(ticket)s,"
            " %(subject)s, %(status)s, %(tags)s, %(group)s, %(channel)s, %(mailbox)s, %(at)s, 0, 0, 0, 0)",
            "insert into core.customer_link (source, record_key, record_id, customer_id)"
            " values ('desk', %(key)s, %(record)s, %(mailbox)s) on conflict do nothing",
            "insert into core.identity_record (kind, source, record_key, record_id, is_deleted, matching) values"
            " ('person', 'desk', %(key)s, %(record)s, false, jsonb_build_object('email_key', %(mailbox)s::text))"
            " on conflict do nothing",
        ):
            cursor.execute(statement, told)
    write(warehouse, ticket_id, mailbox, told["at"])


def write(warehouse: Warehouse, ticket_id: str, author: str, at: datetime) -> None:
    """A public message on a ticket."""
    with warehouse.connect() as connection:
        connection.execute(
            "insert into core.fct_message (source, message_id, update_key, ticket_id, author_key, is_public, sent_at)"
            " values ('desk', %s, %s, %s, %s, true, %s)",
            [f"{ticket_id}/{at}", f"{ticket_id}/{at}", ticket_id, author, at],
        )


def agent(warehouse: Warehouse, key: str) -> None:
    """An agent of the help desk."""
    with warehouse.connect() as connection:
        connection.execute(
            "insert into core.dim_rep (rep_id, valid_from, is_current, source) values (%s, %s, true, 'desk')",
            [f"desk:{key}", DAY.start - timedelta(days=900)],
        )


def looked_at(warehouse: Warehouse) -> dict[str, tuple[str, str | None, str | None]]:
    """Ticket → decision, reason, and the state of its answer in the outbox."""
    with warehouse.connect() as connection:
        rows = connection.execute(
            "select ticket_id, decision, a.reason, o.state from ops.ticket_answer as a"
            " left join ops.outbox as o on a.outbox_id = o.outbox_id"
        ).fetchall()
    return {row[0]: row[1:] for row in rows}


def payloads(warehouse: Warehouse) -> dict[str, Any]:
    """Message key → what is sent."""
    with warehouse.connect() as connection:
        return dict(connection.execute("select message_key, payload from ops.outbox").fetchall())


def run(
    warehouse: Warehouse, model: Callable[[], IntentModel], replies: Replies, box: OutboxConfig | None = None,
    window: Window = DAY,
) -> Proposed:  # fmt: skip
    return propose_answers(warehouse, model, replies, box or outbox(), window, window.end + timedelta(hours=2))


def test_a_question_is_answered_and_others_are_left(
    warehouse: Warehouse, replies: Replies, model: Callable[[], IntentModel]
) -> None:
    agent(warehouse, "rosa")
    ask(warehouse, "ORDER", "where is my order")
    ask(warehouse, "REFUND", "I ask for a refund")
    ask(warehouse, "LUNCH", "lunch please")
    ask(warehouse, "BEST", "where is my order", "best@customer.example")
    with warehouse.connect() as connection:
        connection.execute("insert into mart.customer_value (customer_id, as_of_on, segment)"
                           " values ('best@customer.example', %s, 'Champions')", [DAY.first_day])  # fmt: skip
    ask(warehouse, "GERMAN", "Wo bleibt unsere Bestellung?")
    ask(warehouse, "YESTERDAY", "where is my order", at=DAY.start - timedelta(minutes=1))
    ask(warehouse, "TOMORROW", "where is my order", at=DAY.end)
    ask(warehouse, "SOLVED", "where is my order", status="solved")
    ask(warehouse, "VIP", "where is my order", tags="a,vip")
    ask(warehouse, "LEGAL", "where is my order", group="Legal")
    ask(warehouse, "LEGAL-CHAT", "where is my order", group="Legal", channel="chat")
    ask(warehouse, "OURS", "where is my order", "bob@mail.acme.example")
    ask(warehouse, "AGENT", "where is my order", "rosa")
    ask(warehouse, "BOUNCE", "where is my order", "MAILER-DAEMON@customer.example")
    ask(warehouse, "ABSENT", "where is my order", subject="Re: Automatic reply: Your order")
    ask(warehouse, "LIST", "where is my order", "users-request@customer.example")
    ask(warehouse, "REPLIED", "where is my order")
    write(warehouse, "REPLIED", "rosa", AT + timedelta(minutes=5))
    ask(warehouse, "AGAIN", "where is my order")
    write(warehouse, "AGAIN", "again@customer.example", AT + timedelta(minutes=5))
    done = run(warehouse, model, sending(replies))
    assert (done.questions, done.answers, done.drafts) == (16, 2, 1)
    automatic = "an automatic message"
    assert looked_at(warehouse) == {
        "ORDER": ("answer", None, "approved"), "LEGAL-CHAT": ("answer", None, "approved"),
        "REFUND": ("draft", None, "proposed"), "LUNCH": ("leave", "out of scope", None),
        "GERMAN": ("leave", "in an unknown language", None), "SOLVED": ("leave", "solved", None),
        "VIP": ("leave", "never", None), "BEST": ("leave", "never", None), "LEGAL": ("leave", "never", None),
        "OURS": ("leave", "one of us asks", None), "AGENT": ("leave", "an agent has written", None),
        "BOUNCE": ("leave", automatic, None), "ABSENT": ("leave", automatic, None), "LIST": ("leave", automatic, None),
        "REPLIED": ("leave", "an agent has written", None), "AGAIN": ("leave", "more than one message", None),
    }  # fmt: skip
    sent = payloads(warehouse)["reply/desk/ORDER"]
    assert sent["path"] == "/api/v2/tickets/ORDER.json"
    assert sent["body"]["ticket"] == {
        "comment": {"body": "Hello there,\n\nSoon.\n\nYours\n", "public": True}, "status": "pending",
        "additional_tags": ["autopilot_answer"], "safe_update": True, "updated_stamp": "2026-11-15T20:00:00Z",
    }  # fmt: skip
    again = run(warehouse, model, sending(replies))  # nothing is there twice
    assert (again.questions, again.answers, again.drafts) == (16, 2, 1)
    assert len(payloads(warehouse)) == 3
    # what was to go out is left when the ticket is no longer what it was
    with warehouse.connect() as connection:
        connection.execute("update mart.ticket set status = 'closed' where ticket_id = 'ORDER'")
    run(warehouse, model, sending(replies))
    assert looked_at(warehouse)["ORDER"] == ("leave", "closed", None)
    with warehouse.connect() as connection:
        row = connection.execute("select state, reason from ops.outbox where message_key = 'reply/desk/ORDER'")
        assert row.fetchall() == [("cancelled", "left to people")]


def test_a_backfill_and_a_dry_run_answer_nobody(
    warehouse: Warehouse, replies: Replies, model: Callable[[], IntentModel]
) -> None:
    ask(warehouse, "ORDER", "where is my order")
    ask(warehouse, "REFUND", "I ask for a refund")
    late = propose_answers(warehouse, model, sending(replies), outbox(), DAY, DAY.end + timedelta(hours=36))
    early = propose_answers(warehouse, model, sending(replies), outbox(), DAY, DAY.start + timedelta(hours=22))
    assert late.skipped and early.skipped and payloads(warehouse) == {}
    done = run(warehouse, model, sending(replies), outbox(dry_run=True))
    assert (done.answers, done.drafts, done.batches) == (1, 1, [])  # nobody is asked in a dry run
    assert {row[2] for row in looked_at(warehouse).values()} == {"proposed"}


def test_two_auto_responders_face_each_other(
    warehouse: Warehouse, replies: Replies, model: Callable[[], IntentModel]
) -> None:
    # their programs open a ticket for each of our answers: the one always with one text, the other with a new one
    box, settings = outbox(), sending(replies, most_a_customer=2)
    for day in range(10):
        window = Window.day(DAY.first_day + timedelta(days=day))
        for n in range(5):
            at = window.start + timedelta(hours=n)
            ask(warehouse, f"SAME-{day}-{n}", "where is my order", "same@robot.example", at=at)
            ask(
                warehouse, f"NEW-{day}-{n}", f"where is my order{' please' * (5 * day + n)}", "new@robot.example", at=at
            )
        run(warehouse, model, settings, box, window)
    answered = [ticket for ticket, row in looked_at(warehouse).items() if row[0] != "leave"]
    assert [ticket for ticket in answered if ticket.startswith("SAME")] == ["SAME-0-0"]
    # whoever finds new words each time gets no more than any customer: two a day
    assert len([ticket for ticket in answered if ticket.startswith("NEW")]) == 20


def test_people_approve_edit_and_reject(
    warehouse: Warehouse, replies: Replies, model: Callable[[], IntentModel]
) -> None:
    for ticket, text in (("A", "I ask for a refund"), ("B", "money back please"), ("C", "a refund now"),
                         ("D", "the credit note please"), ("E", "where is the repayment")):  # fmt: skip
        ask(warehouse, ticket, text)
    done = run(warehouse, model, sending(replies, approval={"batch": 2, "most": 4}))
    assert (done.drafts, done.left) == (4, {"more drafts than people read": 1})
    assert [len(batch) for batch in done.batches] == [2, 2]
    numbers = [number for batch in done.batches for number in batch]
    shown = drafts(warehouse, model(), numbers, NOW)
    assert [draft.outbox_id for draft in shown] == numbers  # the surest first
    assert all(draft.intent == "refund" and "Money is on its way." in draft.text for draft in shown)
    assert shown[0].nearest[0].intent == "refund" and shown[0].customer.endswith("@customer.example")
    one, two, three, four = numbers
    asked = {draft.outbox_id: draft.asked for draft in shown}
    with warehouse.connect() as connection:
        approve(connection, [four], "eve", NOW)  # on the command line, meanwhile
    told = decide(
        warehouse, outbox(), numbers, {one, two}, {one: shown[0].text, two: "Dear Ann, no."}, {three: "order_status"},
        "bob", NOW,
    )  # fmt: skip
    assert told == {"late": 1, "approved": 2, "edited": 1, "rejected": 1}
    with warehouse.connect() as connection:
        rows = connection.execute(
            "select outbox_id, state, decided_by, payload #>> '{body,ticket,comment,body}' from ops.outbox"
            " where outbox_id = any(%s) order by array_position(%s::bigint[], outbox_id)", [numbers, numbers],
        ).fetchall()  # fmt: skip
    usual = shown[0].text
    assert rows == [
        (one, "approved", "bob", usual), (two, "approved", "bob", "Dear Ann, no.\n"),
        (three, "cancelled", "bob", usual), (four, "approved", "eve", usual),
    ]  # fmt: skip
    assert decide(warehouse, outbox(), numbers, set(numbers), {}, {}, "bob", NOW) == {"late": 4}  # once is enough
    # what was sent, and what a person named anew, is learned; what was only rejected is not
    assert sorted(decided_examples(warehouse)) == sorted(
        [Example(asked[one], "refund", "en"), Example(asked[two], "refund", "en"),
         Example(asked[three], "order_status", "en")]
    )  # fmt: skip
    # nothing that was decided upon is written anew: only the one that was too much
    assert run(warehouse, model, sending(replies)).questions == 1


def test_it_stops_when_answers_are_bad(
    warehouse: Warehouse, replies: Replies, model: Callable[[], IntentModel]
) -> None:
    settings = sending(replies)
    for n in range(5):
        ask(warehouse, f"T-{n}", "where is my order")
    assert run(warehouse, model, settings).answers == 5
    with warehouse.connect() as connection:
        connection.execute("update ops.outbox set state = 'sent', sent_at = %s, attempts = 1", [NOW])
        connection.execute("update mart.ticket set satisfaction = 'bad' where ticket_id = 'T-0'")
    following = Window.day(DAY.first_day + timedelta(days=1))
    ask(warehouse, "NEXT", "where is my order", at=following.start)
    done = run(warehouse, model, settings, window=following)
    assert (done.answers, done.stopped) == (1, "")  # one of five is the limit, and not more
    with warehouse.connect() as connection:
        connection.execute(
            "insert into core.fct_ticket_event (source, event_id, update_key, ticket_id, event_at, field, old_value,"
            " new_value) values ('desk', 'e', 'u', 'T-1', %s, 'status', 'solved', 'open')",
            [NOW + timedelta(hours=5)],
        )
    write(warehouse, "T-1", "t-1@customer.example", NOW + timedelta(hours=5))
    done = run(warehouse, model, settings, window=following)
    assert "of 5 answers of the last 28 days 2 were opened again or rated bad" in done.stopped
    assert looked_at(warehouse)["NEXT"] == ("draft", "stopped", "proposed") and len(done.batches) == 1
    with warehouse.connect() as connection:
        rows = connection.execute(
            "select ticket_id, is_approved, answer_minutes, next_message_at, next_is_agent, is_reopened, satisfaction"
            " from mart.reply_outcome where ticket_id in ('T-0', 'T-1') order by ticket_id"
        ).fetchall()
    # asked at 20:00, sent at 02:00
    assert rows == [
        ("T-0", False, 360, None, None, False, "bad"),
        ("T-1", False, 360, NOW + timedelta(hours=5), False, True, None),
    ]
    later = Window.day(DAY.first_day + timedelta(days=40))
    ask(warehouse, "LATER", "where is my order", at=later.start)
    assert run(warehouse, model, settings, window=later).stopped == ""


def test_the_channels_have_to_lead_to_a_help_desk(replies: Replies) -> None:
    assert answers_channel(sending(replies), outbox()).source == "desk"
    with pytest.raises(ConfigError, match=r"sending\.channel: post is no channel of outbox.yaml: email, "):
        answers_channel(sending(replies, channel="post"), outbox())
    with pytest.raises(ConfigError, match="email has to be of kind http, with the source of the tickets"):
        answers_channel(sending(replies, channel="email"), outbox())
    delivered = load_outbox_config()
    thanks = thanks_channel(load_replies(), delivered)
    assert thanks and answers_channel(load_replies(), delivered).source == thanks.source == "sandbox_helpdesk"
