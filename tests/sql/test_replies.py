"""Training keeps the better model and can make it again; a reply is made of its customer's own rows."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from include.replies import training
from include.replies.compose import Order, compose, customer_facts
from include.replies.config import Replies, load_replies
from include.replies.intents import Example
from include.replies.training import Trained, intent_model, train_replies
from include.replies.understanding import Message, understand
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


def test_a_reply_is_made_of_its_customers_own_rows(warehouse: Warehouse) -> None:
    with warehouse.connect() as connection:
        connection.execute(
            "insert into mart.customer_360 (customer_id, full_name, given_name, email, company_name, first_seen_at,"
            " records, sources, open_tickets, completeness) values"
            " ('c1', 'Ann Lee', 'Ann', 'ann@acme.example', 'Acme', now(), 1, '{crm}', 2, 1),"
            " ('c2', 'Bob Ray', 'Bob', 'bob@other.example', 'Other', now(), 1, '{crm}', 0, 1),"
            " ('c3', null, null, null, null, now(), 1, '{crm}', 0, 0)"
        )
        orders = [("c1", f"A-{n}", date(2026, 11, n)) for n in range(1, 8)]
        orders += [
            ("c1", "OLD", date(2026, 1, 1)),
            ("c1", "LATER", date(2026, 11, 20)),
            ("c2", "B-1", date(2026, 11, 3)),
        ]
        with connection.cursor() as cursor:
            cursor.executemany(
                "insert into mart.customer_order values ('shop', %s, %s, %s, %s, 10.50, 'EUR', 1)",
                [(order, customer, day, day) for customer, order, day in orders],
            )
        facts = customer_facts(connection, ["c1", "c3", "c1", "nobody"], date(2026, 11, 15))
    assert sorted(facts) == ["c1", "c3"]
    # the newest five of ninety days, and none that came after the day
    assert [order.order_id for order in facts["c1"].orders] == ["A-7", "A-6", "A-5", "A-4", "A-3"]
    assert facts["c1"].orders[0] == Order("A-7", date(2026, 11, 7), Decimal("10.50"), "EUR")
    assert (facts["c1"].name, facts["c1"].open_tickets, facts["c1"].value_group) == ("Ann Lee", 2, None)
    assert facts["c3"].orders == () and facts["c3"].name is None
    delivered = load_replies()
    for intent in delivered.intents:
        for language in ("en", "zh"):
            for customer in facts.values():
                parts = delivered.parts(intent, language)
                if parts and (intent != "order_status" or customer.orders):
                    told = compose(parts, language, customer)
                    assert not any(word in told for word in ("Bob", "Other", "B-1", "OLD", "LATER"))
