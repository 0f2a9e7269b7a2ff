"""The steps that answer customers: propose answers, let people decide about drafts, read feedback."""

import textwrap
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.providers.standard.operators.hitl import HITLOperator
from airflow.sdk import Param
from airflow.sdk.definitions.param import ParamsDict
from airflow.sdk.exceptions import AirflowSkipException

from include.settings import WAREHOUSE_CONN_ID
from plugins.hooks.warehouse import WarehouseHook
from plugins.operators.day import DayOperator

NONE = "none of them"
LONGEST_WAIT = timedelta(days=3)


class ProposeAnswersOperator(DayOperator):
    """
    Put answers and drafts to a day's questions into the outbox; returns the drafts' numbers in batches for people.

    Nothing is sent here: see `SendOutboxOperator`. Skipped for a day that is not fresh.

    :param day: the business day, ``2026-11-22``. (templated)
    :param warehouse_conn_id: the warehouse's connection.
    """

    ui_color = "#fce7f3"

    def execute(self, context) -> list[list[int]]:
        from include.actions.config import load_outbox_config
        from include.replies.answers import propose_answers
        from include.replies.config import load_replies
        from include.replies.training import intent_model

        warehouse = self.warehouse
        done = propose_answers(
            warehouse, lambda: intent_model(warehouse), load_replies(), load_outbox_config(), self.window,
            datetime.now(UTC),
        )  # fmt: skip
        if done.skipped:
            raise AirflowSkipException(f"Nothing is proposed: {done.skipped}.")
        left = ", ".join(f"{count} {reason}" for reason, count in sorted(done.left.items())) or "none"
        self.log.info(
            "%s questions: %s answers, %s drafts; left to people: %s", done.questions, done.answers, done.drafts, left
        )
        return done.batches


class DecideAnswersOperator(HITLOperator):
    """
    Show a batch of drafts to people, and wait until one of them has decided, or the drafts' time is over.

    What is chosen goes out, with the text and what it asks as the form has them; what is not chosen is rejected.
    Without a decision in time nothing goes out, and the tickets stay with people. Waiting takes no worker.

    :param numbers: the drafts' numbers in the outbox.
    :param warehouse_conn_id: the warehouse's connection.
    """

    ui_color = "#fce7f3"

    def __init__(self, *, numbers: list[int], warehouse_conn_id: str = WAREHOUSE_CONN_ID, **kwargs) -> None:
        # what is shown, and how long it waits, is known when it runs
        super().__init__(
            subject="Which of these answers go out?", options=[NONE], multiple=True, response_timeout=LONGEST_WAIT,
            **kwargs,
        )  # fmt: skip
        self.numbers = numbers
        self.warehouse_conn_id = warehouse_conn_id

    def execute(self, context) -> Any:
        from include.replies.approvals import drafts
        from include.replies.config import load_replies
        from include.replies.training import intent_model

        warehouse = WarehouseHook(self.warehouse_conn_id).warehouse
        now = datetime.now(UTC)
        shown = drafts(warehouse, intent_model(warehouse), self.numbers, now)
        if not shown:
            raise AirflowSkipException("No draft waits any more.")
        self.options = [*(str(draft.outbox_id) for draft in shown), NONE]
        self.body = "\n\n".join(_shown(draft) for draft in shown)
        intents = sorted(load_replies().intents)
        form: dict[str, Param] = {}
        for draft in shown:
            number = draft.outbox_id
            form[f"text_{number}"] = Param(draft.text, type="string", format="multiline", title=f"{number}: the answer")
            form[f"asks_{number}"] = Param(draft.intent, type="string", enum=intents, title=f"{number}: what it asks")
        self.params = ParamsDict(form)
        self.response_timeout = min(draft.not_after for draft in shown) - now
        return super().execute(context)

    def execute_complete(self, context, event: dict[str, Any]) -> dict[str, int]:
        from include.actions.config import load_outbox_config
        from include.replies.approvals import decide
        from include.replies.config import load_replies

        if event.get("error_type") == "timeout":
            raise AirflowSkipException("Nobody has decided: the drafts are not sent, and the tickets stay with people.")
        if "error" in event:
            self.process_trigger_event_error(event)
        form: Mapping[str, Any] = event["params_input"] or {}
        intents = load_replies().intents
        by = event.get("responded_by_user") or {}
        return decide(
            WarehouseHook(self.warehouse_conn_id).warehouse,
            load_outbox_config(),
            self.numbers,
            {int(option) for option in event["chosen_options"] if option != NONE},
            {n: str(form[f"text_{n}"]) for n in self.numbers if f"text_{n}" in form},
            {n: form[f"asks_{n}"] for n in self.numbers if form.get(f"asks_{n}") in intents},
            by.get("name") or by.get("id") or "Airflow",
            datetime.now(UTC),
        )


class ReadFeedbackOperator(DayOperator):
    """
    Read a day's ratings and their comments: put thanks into the outbox, and note which a person has to see.

    Returns the counts. Skipped for a day that is not fresh.

    :param day: the business day, ``2026-11-22``. (templated)
    :param warehouse_conn_id: the warehouse's connection.
    """

    ui_color = "#fce7f3"

    def execute(self, context) -> dict:
        from include.actions.config import load_outbox_config
        from include.replies.config import load_replies
        from include.replies.feedback import read_feedback
        from include.replies.training import intent_model

        warehouse = self.warehouse
        done = read_feedback(
            warehouse, lambda: intent_model(warehouse), load_replies(), load_outbox_config(), self.window,
            datetime.now(UTC),
        )  # fmt: skip
        if done.skipped:
            raise AirflowSkipException(f"Nothing is read: {done.skipped}.")
        return asdict(done)


def _shown(draft: Any) -> str:
    """A draft in Markdown. What foreigners wrote is code, so that nothing in it is markup, a link or a picture."""
    like = "\n".join(f"{example.intent}: {example.text}" for example in draft.nearest)
    why = f" ({draft.reason})" if draft.reason else ""
    parts = (
        f"### {draft.outbox_id}: `{draft.intent}`, {100 * draft.confidence:.0f} % sure{why}",
        _code(f"ticket {draft.ticket_id}, from {draft.customer}"),
        "asks", _code(draft.asked), "Most alike among the examples:", _code(like), "Would be answered:",
        _code(draft.text),
    )  # fmt: skip
    return "\n\n".join(parts)


def _code(text: str) -> str:
    lines = [part for line in text.splitlines() for part in textwrap.wrap(line, 100) or [""]]
    return textwrap.indent("\n".join(lines), "    ", lambda line: True)
