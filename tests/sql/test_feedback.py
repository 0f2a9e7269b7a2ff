"""What is made of ratings and their comments: rows in core and the marts, a real outbox."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from include.actions.config import OutboxConfig
from include.replies.config import Feedback, Replies
from include.replies.feedback import FeedbackRead, read_feedback
from include.replies.intents import IntentModel
from include.warehouse.connection import Warehouse
from include.window import Window
from tests.sql.test_answers import AT, DAY, ask, outbox, payloads, sending
from tests.sql.test_answers import model as model  # the fixtures
from tests.sql.test_answers import warehouse as warehouse
from tests.sql.test_replies import replies as replies  # the fixture

# the model of the tests knows orders and refunds, in English; "lunch" is out of scope
GOOD, BAD = "good", "bad"


def rate(
    warehouse: Warehouse, ticket_id: str, score: str, comment: str | None = None, at: datetime = AT, **other: Any
) -> None:
    """A ticket that is solved, and its rating."""
    ask(warehouse, ticket_id, "where is my order", status="solved", at=at - timedelta(days=2), **other)
    with warehouse.connect() as connection:
        connection.execute(
            "insert into core.fct_satisfaction (source, rating_id, ticket_id, score, comment, rated_at)"
            " values ('desk', %s, %s, %s, %s, %s)",
            [f"r{ticket_id}", ticket_id, score, comment, at],
        )


def told(warehouse: Warehouse) -> dict[str, tuple[str, str | None]]:
    """Ticket → decision and reason."""
    with warehouse.connect() as connection:
        found = connection.execute("select ticket_id, decision, reason from ops.ticket_feedback").fetchall()
    return {ticket: (decision, reason) for ticket, decision, reason in found}


def settings(replies: Replies, **changes: Any) -> Replies:
    """The tests' replies, with thanks in English."""
    config = sending(replies, **changes).config
    thanks = Feedback(channel="ticket_answer", reply={"en": "thank you for telling us."})
    return Replies(config.model_copy(update={"feedback": thanks}), replies.intents)


def run(
    warehouse: Warehouse, model: Callable[[], IntentModel], replies: Replies, window: Window = DAY, after: float = 2
) -> FeedbackRead:  # fmt: skip
    return read_feedback(warehouse, model, replies, outbox(), window, window.end + timedelta(hours=after))


def test_good_ratings_are_thanked_and_bad_ones_are_for_people(
    warehouse: Warehouse,
    replies: Replies,
    model: Callable[[], IntentModel],
) -> None:
    rate(warehouse, "PRAISE", GOOD, "lunch please")
    rate(warehouse, "SILENT", GOOD)
    rate(warehouse, "BAD", BAD)
    rate(warehouse, "WORSE", BAD, "lunch please")
    rate(warehouse, "ASKS", GOOD, "I ask for a refund")
    rate(warehouse, "VIP", GOOD, "lunch please", tags="vip")
    rate(warehouse, "OURS", GOOD, "lunch please", mailbox="bob@acme.example")
    rate(warehouse, "AGAIN", GOOD, "lunch please", mailbox="praise@customer.example", at=AT + timedelta(minutes=1))
    rate(warehouse, "OLD", GOOD, "lunch please", at=DAY.start - timedelta(days=8))
    rate(warehouse, "LATE", BAD, at=DAY.end)
    with warehouse.connect() as connection:  # a closed ticket takes no comment
        connection.execute("update mart.ticket set status = 'closed' where ticket_id = 'SILENT'")
    rate(warehouse, "CLOSED", GOOD, "lunch please")
    with warehouse.connect() as connection:
        connection.execute("update mart.ticket set status = 'closed' where ticket_id = 'CLOSED'")
    done = run(warehouse, model, settings(replies))
    assert done == FeedbackRead(ratings=9, thanked=1, escalated=3)
    assert told(warehouse) == {
        "PRAISE": ("thank", None), "SILENT": ("leave", "no comment"), "BAD": ("escalate", "rated bad"),
        "WORSE": ("escalate", "rated bad"), "ASKS": ("escalate", "asks something"), "VIP": ("leave", "never"),
        "OURS": ("leave", "one of us asks"), "AGAIN": ("leave", "thanked lately"), "CLOSED": ("leave", "closed"),
    }  # fmt: skip
    sent = payloads(warehouse)
    assert list(sent) == ["thanks/desk/rPRAISE"]
    assert sent["thanks/desk/rPRAISE"]["body"]["ticket"]["comment"]["body"] == (
        "Hello there,\n\nthank you for telling us.\n\nYours\n"
    )
    # once more for the same day nothing is there twice; on a later day nobody is thanked again
    assert run(warehouse, model, settings(replies)) == done
    with warehouse.connect() as connection:
        connection.execute("update ops.outbox set state = 'sent', sent_at = now()")
    assert run(warehouse, model, settings(replies)) == FeedbackRead(ratings=9, thanked=0, escalated=3)
    assert told(warehouse)["PRAISE"] == ("thank", None)
    later = Window.day(DAY.first_day + timedelta(days=10))
    rate(warehouse, "MORE", GOOD, "lunch please", mailbox="praise@customer.example", at=later.start)
    run(warehouse, model, settings(replies), later)
    assert told(warehouse)["MORE"] == ("leave", "thanked lately")
    assert len(payloads(warehouse)) == 1


def test_who_changes_their_mind_before_the_thanks_went_out_is_not_thanked(
    warehouse: Warehouse,
    replies: Replies,
    model: Callable[[], IntentModel],
) -> None:
    rate(warehouse, "PRAISE", GOOD, "lunch please")
    run(warehouse, model, settings(replies))
    with warehouse.connect() as connection:
        connection.execute("update core.fct_satisfaction set score = 'bad'")
    run(warehouse, model, settings(replies))
    assert told(warehouse) == {"PRAISE": ("escalate", "rated bad")}
    with warehouse.connect() as connection:
        assert connection.execute("select state, reason from ops.outbox").fetchall() == [
            ("cancelled", "the rating is another")
        ]


def test_a_backfill_reads_no_feedback(
    warehouse: Warehouse,
    replies: Replies,
    model: Callable[[], IntentModel],
) -> None:
    rate(warehouse, "PRAISE", GOOD, "lunch please")
    assert run(warehouse, model, settings(replies), after=36).skipped
    assert told(warehouse) == {}


def test_the_last_rating_of_a_ticket_counts_and_late_ones_are_read(
    warehouse: Warehouse, replies: Replies, model: Callable[[], IntentModel]
) -> None:
    rate(warehouse, "BETTER", BAD, "lunch please", at=AT - timedelta(hours=2))
    rate(warehouse, "LATE", BAD, at=DAY.start - timedelta(days=3))  # nothing ran on its day
    with warehouse.connect() as connection:
        connection.execute(
            "insert into core.fct_satisfaction (source, rating_id, ticket_id, score, comment, rated_at)"
            " values ('desk', 'again', 'BETTER', 'good', 'lunch please', %s)",
            [AT],
        )
    assert run(warehouse, model, settings(replies)) == FeedbackRead(ratings=2, thanked=1, escalated=1)
    assert told(warehouse) == {"BETTER": ("thank", None), "LATE": ("escalate", "rated bad")}
    # thanks that are out stay in the book when the mind is changed once more
    with warehouse.connect() as connection:
        connection.execute("update ops.outbox set state = 'sent', sent_at = now()")
        connection.execute("update core.fct_satisfaction set score = 'bad' where rating_id = 'again'")
    run(warehouse, model, settings(replies))
    with warehouse.connect() as connection:
        kept = connection.execute(
            "select f.decision, o.state from ops.ticket_feedback as f join ops.outbox as o using (outbox_id)"
        ).fetchall()
    assert kept == [("escalate", "sent")]


def test_bad_ratings_of_every_help_desk_are_for_people_and_thanks_go_to_one(
    warehouse: Warehouse, replies: Replies, model: Callable[[], IntentModel]
) -> None:
    rate(warehouse, "BAD", BAD)
    rate(warehouse, "PRAISE", GOOD, "lunch please")
    told_otherwise = outbox().model_dump(by_alias=True)
    told_otherwise["channels"]["ticket_answer"]["source"] = "another"
    elsewhere = OutboxConfig.model_validate(told_otherwise)
    read_feedback(warehouse, model, settings(replies), elsewhere, DAY, DAY.end + timedelta(hours=2))
    assert told(warehouse) == {
        "BAD": ("escalate", "rated bad"), "PRAISE": ("leave", "of another help desk than feedback.channel"),
    }  # fmt: skip
    # without feedback: in replies.yaml nobody is thanked, and no channel is needed
    nobody = Replies(settings(replies).config.model_copy(update={"feedback": None}), replies.intents)
    read_feedback(warehouse, model, nobody, elsewhere, DAY, DAY.end + timedelta(hours=2))
    assert told(warehouse)["PRAISE"] == ("leave", "nobody is thanked")


def test_thanks_that_went_nowhere_do_not_count(
    warehouse: Warehouse, replies: Replies, model: Callable[[], IntentModel]
) -> None:
    rate(warehouse, "FIRST", GOOD, "lunch please", mailbox="ann@customer.example")
    run(warehouse, model, settings(replies))
    with warehouse.connect() as connection:
        connection.execute("update ops.outbox set state = 'cancelled', reason = 'not sent in its time'")
    later = Window.day(DAY.first_day + timedelta(days=10))
    rate(warehouse, "SECOND", GOOD, "lunch please", mailbox="ann@customer.example", at=later.start)
    run(warehouse, model, settings(replies), later)
    assert told(warehouse)["SECOND"] == ("thank", None)
