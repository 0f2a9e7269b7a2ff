"""Training keeps the better model and can make it again; a reply is made of its customer's own rows."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from psycopg.types.json import Jsonb

from include.replies import training
from include.replies.compose import Facts, Order, compose, lacks, ticket_facts
from include.replies.config import Replies, load_replies
from include.replies.intents import Example
from include.replies.training import Trained, intent_model, train_replies
from include.replies.understanding import Message, understand
from include.service.rules import write_service
from include.warehouse.connection import Warehouse
from tests.unit.test_replies_config import INTENT, OUTSIDE, write

FRAMES = ("where is {}", "{} please", "I ask for {}", "about {}", "{} again", "no news of {}", "we need {}", "{} now")
THINGS = {
    "order_status": ("my order", "the parcel", "our delivery", "the shipment", "tracking", "my package"),
    "refund": ("a refund", "money back", "the credit note", "reimbursement", "my payment back", "the repayment"),
    "out_of_scope": ("lunch", "a webinar", "the newsletter", "football", "the party", "a vacation"),
}
TEXTS = {name: [frame.format(thing) for thing in things for frame in FRAMES] for name, things in THINGS.items()}
REFUND = INTENT | {"needs": [], "needs_approval": True, "reply": {"en": "Money is on its way."}}


@pytest.fixture
def replies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Replies:
    """Two intents with replies, and what is out of scope; what training reads."""
    told = {"order_status": INTENT | {"needs": [], "reply": {"en": "Soon."}}, "refund": REFUND, "out_of_scope": OUTSIDE}
    intents = {name: values | {"examples": {"en": TEXTS[name]}} for name, values in told.items()}
    found = load_replies(write(tmp_path, {"precision": 0.9}, **intents))
    monkeypatch.setattr(training, "load_replies", lambda: found)
    return found


def runs(warehouse: Warehouse) -> list[tuple]:
    """The book of models, and how many examples are in force, of which model."""
    with warehouse.connect() as connection:
        book = connection.execute(
            "select model_run_id, rows, (scores ->> 'is_in_force')::boolean from ops.model_run order by trained_at"
        ).fetchall()
        kept = connection.execute(
            "select model_run_id, count(*), null from ops.reply_example group by model_run_id"
        ).fetchall()
    return book + kept


def test_a_model_is_trained_once_and_made_again(warehouse: Warehouse, replies: Replies) -> None:
    assert runs(warehouse) == []
    assert train_replies(warehouse, dry_run=True).is_in_force
    assert runs(warehouse) == []
    model = intent_model(warehouse)  # there is none: it is trained now
    book = runs(warehouse)
    assert [row[1:] for row in book] == [(144, True), (144, None)] and book[0][0] == book[1][0]
    again = train_replies(warehouse)
    assert again.model_run_id is None and "same 144 examples" in again.as_text()
    assert runs(warehouse) == book
    texts = ["my order is nowhere", "please reimburse", "football tonight?", "what?"]
    assert intent_model(warehouse).answers(texts) == model.answers(texts)


def test_a_worse_model_is_booked_and_kept_out(warehouse: Warehouse, replies: Replies) -> None:
    first = train_replies(warehouse)
    # of each text, people are made to say the opposite, but of those on which models are compared
    compared = training.fold_of([text for texts in TEXTS.values() for text in texts], training.COMPARED, "compare")
    told = [(text, name) for name, texts in TEXTS.items() for text in texts]
    other = {"order_status": "refund", "refund": "out_of_scope", "out_of_scope": "order_status"}
    wrong = [Example(text, other[name], "en") for (text, name), part in zip(told, compared, strict=True) if part]
    worse = train_replies(warehouse, wrong)
    assert not worse.is_in_force and worse.scores["compared"] < worse.scores["compared_before"]
    assert "kept out" in worse.as_text()
    book = runs(warehouse)
    assert [row[2] for row in book] == [True, False, None] and book[2][0] == first.model_run_id
    # more examples that agree take its place
    better = train_replies(warehouse, [Example("the pallet is not here yet", "order_status", "en")])
    assert better.is_in_force and better.examples == 145
    assert runs(warehouse)[-1][:2] == (better.model_run_id, 145)


def test_what_people_decided_goes_before_the_files(warehouse: Warehouse, replies: Replies) -> None:
    text = TEXTS["refund"][0]
    done: Trained = train_replies(
        warehouse, [Example(text, "order_status", "en"), Example(text.upper(), "out_of_scope", "en")]
    )
    assert done.examples == 144
    with warehouse.connect() as connection:
        found = connection.execute("select intent from ops.reply_example where lower(text) = %s", [text]).fetchall()
    assert found == [("out_of_scope",)]  # what was decided last


def test_messages_are_answered_drafted_or_left(warehouse: Warehouse, replies: Replies) -> None:
    model = intent_model(warehouse)
    order, refund, lunch, german, hazy, empty = understand(
        model, replies,
        [
            Message("Re: my order", "Hi,\n\nwhere is my order please?\n\nThanks,\nAnn"),
            Message(None, "I ask for a refund"),
            Message("lunch", "football again, about lunch"), Message(None, "Wo bleibt unsere Bestellung?"),
            Message(None, "we need about the please again"), Message(None, None),
        ],
    )  # fmt: skip
    assert (order.intent, order.decision, order.language) == ("order_status", "answer", "en")
    assert order.nearest[0] in replies.examples and order.nearest[0].intent == "order_status"
    assert (refund.intent, refund.decision) == ("refund", "draft")  # sure, and yet a person's
    assert (lunch.intent, lunch.decision) == (None, "leave")
    assert (german.decision, german.language) == ("leave", None)
    assert hazy.decision != "answer"
    assert empty.decision != "answer"
    assert understand(model, replies, []) == []


# Ann's ticket T-1 is asked from ann@acme.example. The link takes a namesake for her, who writes from ann@other.example.
RECORDS = [
    ("crm", "1", "c1", "ann@acme.example"), ("desk", "7", "c1", "ann@acme.example"),
    ("shop", "email:ann@acme.example", "c1", "ann@acme.example"),
    ("desk", "8", "c1", "ann@other.example"), ("shop", "email:ann@other.example", "c1", "ann@other.example"),
    ("desk", "9", "c2", "bob@acme.example"), ("shop", "email:bob@acme.example", "c2", "bob@acme.example"),
]  # fmt: skip
TICKETS = [
    ("T-1", "7", "open"), ("T-2", "7", "solved"), ("T-3", "7", "new"), ("T-4", "8", "open"), ("T-5", "9", "open"),
    ("T-6", "nobody", "open"),
]  # fmt: skip
NOVEMBER = [("ann@acme.example", f"A-{n}", date(2026, 11, n)) for n in range(1, 8)]
ORDERS = [
    *NOVEMBER, ("ann@acme.example", "OLD", date(2026, 1, 1)), ("ann@acme.example", "LATER", date(2026, 11, 20)),
    ("ann@other.example", "N-1", date(2026, 11, 9)), ("bob@acme.example", "B-1", date(2026, 11, 8)),
]  # fmt: skip


def fill(warehouse: Warehouse) -> None:
    """Core and marts of two customers, one of whom is two people in truth."""
    with warehouse.connect() as connection, connection.cursor() as cursor:
        cursor.executemany(
            "insert into core.customer_link (source, record_key, record_id, customer_id) values (%s, %s, %s, %s)",
            [(source, key, f"{source}:{key}", customer) for source, key, customer, _ in RECORDS],
        )
        cursor.executemany(
            "insert into core.identity_record (kind, source, record_key, record_id, is_deleted, matching)"
            " values ('person', %s, %s, %s, false, jsonb_build_object('email_key', %s::text))",
            [(source, key, f"{source}:{key}", email) for source, key, _, email in RECORDS],
        )
        cursor.executemany(
            "insert into core.fct_ticket (source, ticket_id, requester_key, status, created_at, is_deleted)"
            " values ('desk', %s, %s, %s, now(), false)",
            TICKETS,
        )
        cursor.executemany(
            "insert into core.fct_order_line (source, order_id, line_no, ordered_at, customer_key, amount)"
            " values ('shop', %s, 1, %s, %s, 10.50)",
            [(order, day, f"email:{email}") for email, order, day in ORDERS],
        )
        cursor.executemany(
            "insert into mart.customer_order values ('shop', %s, %s, %s, %s, 10.50, 'EUR', 1)",
            [(order, "c2" if email.startswith("bob") else "c1", day, day) for email, order, day in ORDERS],
        )
        # of Ann the namesake's record told the company
        cursor.execute(
            "insert into mart.customer_360 (customer_id, full_name, given_name, email, company_name, owner_name,"
            " given_by, first_seen_at, records, sources, completeness) values"
            " ('c1', 'Ann Lee', 'Ann', 'ann@acme.example', 'Other', 'Maya', %s, now(), 1, '{crm}', 1),"
            " ('c2', 'Bob Ray', 'Bob', 'bob@acme.example', 'Acme', 'Maya', '{}', now(), 1, '{crm}', 1)",
            [Jsonb({"full_name": "crm:1", "given_name": "crm:1", "email": "crm:1", "company_name": "desk:8"})],
        )


def test_a_reply_tells_of_the_address_that_asks(warehouse: Warehouse) -> None:
    fill(warehouse)
    with warehouse.connect() as connection:
        write_service(connection)  # which statuses are an end
        tickets = [("desk", ticket_id) for ticket_id in ("T-1", "T-4", "T-6", "T-1", "nothing")]
        facts = ticket_facts(connection, tickets, date(2026, 11, 15))
        assert ticket_facts(connection, [], date(2026, 11, 15)) == {}
    assert sorted(facts) == [("desk", "T-1"), ("desk", "T-4"), ("desk", "T-6")]
    ann, namesake, unknown = facts["desk", "T-1"], facts["desk", "T-4"], facts["desk", "T-6"]
    # the newest five of ninety days, and none that came after the day
    assert [order.order_id for order in ann.orders] == ["A-7", "A-6", "A-5", "A-4", "A-3"]
    assert ann.orders[0] == Order("A-7", date(2026, 11, 7), Decimal("10.50"), "EUR")
    # of the tickets T-1 and T-3 are open, T-4 is the namesake's
    assert (ann.name, ann.given_name, ann.owner_name, ann.open_tickets) == ("Ann Lee", "Ann", "Maya", 2)
    assert ann.company_name is None  # it is the namesake's
    assert (namesake.name, namesake.email, namesake.company_name) == (None, None, "Other")
    assert [order.order_id for order in namesake.orders] == ["N-1"] and namesake.open_tickets == 1
    assert unknown == Facts(ticket_id="T-6")


def test_no_reply_as_delivered_tells_of_anyone_else(warehouse: Warehouse) -> None:
    fill(warehouse)
    with warehouse.connect() as connection:
        facts = ticket_facts(connection, [("desk", ticket_id) for ticket_id, *_ in TICKETS], date(2026, 11, 15))
    others = {"T-1": ("Other", "N-1", "Bob", "B-1"), "T-4": ("Acme", "A-", "Bob", "B-1"), "T-5": ("Ann", "A-", "N-1")}
    replies = load_replies()
    composed = 0
    for (_, ticket_id), known in facts.items():
        for name, intent in replies.intents.items():
            for language in ("en", "zh"):
                parts = replies.parts(name, language)
                if parts and not lacks(intent.needs, known):
                    told = compose(parts, language, known)
                    composed += 1
                    assert not any(word in told for word in others.get(ticket_id, ())), f"{ticket_id} {name}: {told}"
    # 18 intents in two languages for six tickets; of T-6 no orders are known, which order_status needs
    assert composed == 18 * 2 * 6 - 2
