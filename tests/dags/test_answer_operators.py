"""The operators that answer questions, as Airflow runs them; only the call that asks people is caught."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.providers.standard.operators import hitl
from airflow.sdk.exceptions import AirflowSkipException, TaskAwaitingInput

from include.actions import config as actions
from include.replies import config
from include.settings import CONFIG
from include.warehouse.connection import Warehouse
from tests.sql.test_answers import ask, looked_at
from tests.sql.test_feedback import rate

TODAY = datetime.now(UTC).date()
YESTERDAY = datetime.combine(TODAY - timedelta(days=1), datetime.min.time(), UTC)


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What people are shown."""
    told: dict[str, Any] = {}
    monkeypatch.setattr(hitl, "upsert_hitl_detail", lambda **values: told.update(values))
    return told


def test_propose_decide_and_time_out(
    embedded_warehouse: Warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shown: dict[str, Any]
) -> None:
    from plugins.operators.answers import NONE, DecideAnswersOperator, ProposeAnswersOperator

    monkeypatch.setenv("AIRFLOW_CONN_CRM_WAREHOUSE", embedded_warehouse.url)
    text = (CONFIG / "outbox.yaml").read_text().replace("dry_run: true", "dry_run: false")
    (tmp_path / "outbox.yaml").write_text(text.replace("source: sandbox_helpdesk", "source: desk"))
    monkeypatch.setattr(actions, "CONFIG", tmp_path)
    at = YESTERDAY + timedelta(hours=12)
    for ticket, said in (
        ("A", "We want our money back for the broken chair, please refund us."),
        ("B", "Please refund the last payment ![x](http://spy.example/x.png) <b>now</b>"),
        ("C", "I forgot my password and cannot log in"),
    ):
        ask(embedded_warehouse, ticket, said, at=at, updated=at)
    with pytest.raises(AirflowSkipException, match="not fresh"):
        ProposeAnswersOperator(task_id="propose_old", day=str(TODAY - timedelta(days=9))).execute({})
    batches = ProposeAnswersOperator(task_id="propose_answers", day=str(YESTERDAY.date())).execute({})
    states = {ticket: (row[0], row[2]) for ticket, row in looked_at(embedded_warehouse).items()}
    assert states["A"] == states["B"] == ("draft", "proposed")
    (numbers,) = batches
    decide = DecideAnswersOperator(task_id="decide_answers", numbers=numbers)
    context: Any = {"task_instance": SimpleNamespace(id="one")}
    with pytest.raises(TaskAwaitingInput) as waiting:
        decide.execute(context)
    assert waiting.value.timeout is not None and waiting.value.timeout < timedelta(hours=12)
    assert shown["options"] == [*map(str, numbers), NONE] and shown["multiple"]
    # what customers wrote is code in Markdown: four blanks before every line of it
    (line,) = [line for line in shown["body"].splitlines() if "spy.example" in line]
    assert line.startswith("    ")
    one, *others = numbers
    form = {name: param["value"] for name, param in shown["params"].items()}
    assert form[f"asks_{one}"] == "refund" and "Fernhill Works Support" in form[f"text_{one}"]
    form[f"asks_{others[0]}"] = "no such intent"
    resumed = DecideAnswersOperator(task_id="decide_answers", numbers=numbers)  # another process, perhaps
    event = {
        "chosen_options": [str(one)], "params_input": form, "responded_at": datetime.now(UTC),
        "responded_by_user": {"id": "1", "name": "bob"}, "timedout": False,
    }  # fmt: skip
    assert resumed.execute_complete(context, event) == {
        "late": 0, "approved": 1, "edited": 0, "rejected": len(others),
    }  # fmt: skip
    with embedded_warehouse.connect() as connection:
        rows = connection.execute(
            "select o.outbox_id, o.state, o.decided_by, a.decided_intent from ops.outbox as o"
            " inner join ops.ticket_answer as a on o.outbox_id = a.outbox_id where o.outbox_id = any(%s)", [numbers],
        ).fetchall()  # fmt: skip
    assert sorted(rows) == sorted(
        [(one, "approved", "bob", "refund"), *((n, "cancelled", "bob", None) for n in others)]
    )
    with pytest.raises(AirflowSkipException, match="No draft waits"):
        DecideAnswersOperator(task_id="decide_answers", numbers=numbers).execute(context)
    with pytest.raises(AirflowSkipException, match="the tickets stay with people"):
        resumed.execute_complete(context, {"error": "too late", "error_type": "timeout"})
    assert config.load_replies().config.sending.hours == 12


def test_read_feedback_and_propose_alerts(
    embedded_warehouse: Warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from plugins.operators.answers import ReadFeedbackOperator
    from plugins.operators.outbox import ProposeAlertsOperator

    monkeypatch.setenv("AIRFLOW_CONN_CRM_WAREHOUSE", embedded_warehouse.url)
    text = (CONFIG / "outbox.yaml").read_text()
    (tmp_path / "outbox.yaml").write_text(text.replace("source: sandbox_helpdesk", "source: desk"))
    monkeypatch.setattr(actions, "CONFIG", tmp_path)
    rate(embedded_warehouse, "PRAISE", "good", "Quick and friendly, thank you!", at=YESTERDAY + timedelta(hours=12))
    rate(embedded_warehouse, "BAD", "bad", "Took far too long.", at=YESTERDAY + timedelta(hours=12))
    # of which no word for word is among the examples
    for number, text in enumerate(
        ("Great service", "服务很好", "The agent was lovely", "Brilliant support, ten of ten")
    ):
        rate(embedded_warehouse, f"NICE-{number}", "good", text, at=YESTERDAY + timedelta(hours=12))
    for number, text in enumerate((
        "Nice, but when does the second parcel come?", "Good. Please also change our delivery address to Main St 5.",
        "Thanks, all fine now, but can you also send me the invoice?",
    )):  # fmt: skip
        rate(embedded_warehouse, f"ASKS-{number}", "good", text, at=YESTERDAY + timedelta(hours=12))
    for operator in (ReadFeedbackOperator, ProposeAlertsOperator):
        with pytest.raises(AirflowSkipException, match="not fresh"):
            operator(task_id="old", day=str(TODAY - timedelta(days=9))).execute({})
    day = str(YESTERDAY.date())
    with pytest.raises(AirflowSkipException, match="marts of the day are not built"):
        ProposeAlertsOperator(task_id="early", day=day).execute({})
    with embedded_warehouse.connect() as connection:
        connection.execute("insert into ops.mart_day (subject, day_on, is_stale) values ('service', %s, false)", [day])
    assert ReadFeedbackOperator(task_id="read_feedback", day=day).execute({}) == {
        "ratings": 9, "thanked": 5, "escalated": 4, "skipped": "",
    }  # fmt: skip
    done = ProposeAlertsOperator(task_id="propose_alerts", day=day).execute({})
    assert (done["alerts"], done["messages"]) == (4, 1)
    with embedded_warehouse.connect() as connection:
        rows = connection.execute("select kind, state, recipient from ops.outbox order by outbox_id").fetchall()
    thanked = ["praise", "nice-0", "nice-1", "nice-2", "nice-3"]
    assert sorted(rows) == sorted([
        *(("thanks", "proposed", f"{name}@customer.example") for name in thanked),
        ("alert", "proposed", "service@fernhillworks.example"),
    ])  # fmt: skip
