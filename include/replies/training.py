"""The intent model in force: fitted on examples and on what people decided, and replaced by a new one that is as good.

A model is kept as the examples that it was fitted on, in ops.reply_example: fitted again it is the same.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
import orjson
import psycopg
import sklearn

from include.models.runs import Fitted, Training, fingerprint, fit_once
from include.replies.config import Replies, load_replies
from include.replies.intents import (
    OUT_OF_SCOPE,
    SETTINGS,
    Calibration,
    Example,
    HeldOut,
    IntentModel,
    calibrate,
    fold_of,
    judge,
)
from include.replies.text import normal_form
from include.warehouse.connection import Warehouse
from include.warehouse.locks import exclusive

MODEL, SUBJECT = "intents", "replies"
# One example of so many is what an old and a new model are compared on.
COMPARED = 5
NO_TIME = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Trained:
    """What a training made.

    :param examples: how many it was given.
    :param model_run_id: the new model's; None when the examples and settings are those of the model in force.
    :param is_in_force: whether it is in force now, or would be but for a dry run.
    :param scores: how it does on examples that were held out, the same that its thresholds are of (`./crm classify` is
        stricter); and how it and the model before did on those that both are compared on.
    """

    examples: int
    model_run_id: str | None
    is_in_force: bool
    scores: dict[str, Any]

    def as_text(self) -> str:
        """One line for people."""
        if self.model_run_id is None:
            return f"not trained: the model in force is of the same {self.examples:,} examples and settings"
        told = self.scores
        state = "in force" if self.is_in_force else "kept out: the model in force does better"
        before = f", the model before {told['compared_before']:.3f}" if told["compared_before"] is not None else ""
        return (
            f"{self.model_run_id} of {self.examples:,} examples, {state}: accuracy {told['accuracy']:.3f}, answers"
            f" {100 * told['coverage']:.0f} % alone, {100 * told['precision']:.1f} % of these right;"
            f" on {told['compared_on']:,} held-out examples {told['compared']:.3f}{before}"
        )


def train_replies(warehouse: Warehouse, decided: Sequence[Example] = (), *, dry_run: bool = False) -> Trained:
    """Fit a model, and put it in force unless the one in force names more of the same held-out examples rightly.

    Both are compared as they are without those examples, which are the same ones in every training: chosen by their
    words, among today's. What people decided about a text goes before what the files say of the same text.

    :param decided: texts made by `include.replies.text.message_text`, with what people decided that they ask.
    :param dry_run: write nothing.
    :raises ConfigError: when a file in include/config/replies is not as it should be.
    :raises IntentError: when no model can be made of the examples.
    """
    replies = load_replies()
    examples = _merged(decided, replies.examples)
    features = _features(replies)
    with warehouse.connect(autocommit=True) as connection, exclusive(connection, "replies"):
        before = _in_force(connection)
        told = fingerprint(np.frombuffer(orjson.dumps([list(example) for example in examples]), dtype=np.uint8))
        if before and (before.fingerprint, before.features) == (told, features):
            return Trained(len(examples), None, True, before.scores)
        training = Training(MODEL, SUBJECT, NO_TIME, datetime.now(UTC), features, told, len(examples))
        with connection.transaction(force_rollback=dry_run):
            fitted = fit_once(connection, training, lambda: _fit(examples, replies.config.precision, before))
            if fitted.scores["is_in_force"]:
                _put_in_force(connection, training.model_run_id, examples)
    return Trained(len(examples), training.model_run_id, fitted.scores["is_in_force"], fitted.scores)


def intent_model(warehouse: Warehouse) -> IntentModel:
    """The model in force; where there is none yet, one is trained on the supplied examples.

    :raises ConfigError, IntentError: as `train_replies`.
    """
    with warehouse.connect() as connection:
        found = _in_force(connection)
    if found is None:
        train_replies(warehouse)
        return intent_model(warehouse)
    return IntentModel(found.examples, found.calibration)


@dataclass(frozen=True)
class _InForce:
    examples: list[Example]
    calibration: Calibration
    features: dict[str, Any]
    fingerprint: str
    scores: dict[str, Any]


def _in_force(connection: psycopg.Connection) -> _InForce | None:
    rows = connection.execute("select text, intent, language from ops.reply_example order by example_no").fetchall()
    run = connection.execute(
        "select parameters, features, fingerprint, scores from ops.model_run"
        " where model_run_id = (select min(model_run_id) from ops.reply_example)"
    ).fetchone()
    if run is None:
        return None
    parameters, *told = run
    return _InForce([Example(*row) for row in rows], Calibration(**parameters), *told)


def _put_in_force(connection: psycopg.Connection, model_run_id: str, examples: Sequence[Example]) -> None:
    connection.execute("delete from ops.reply_example")
    with connection.cursor().copy(
        "copy ops.reply_example (example_no, model_run_id, text, intent, language) from stdin"
    ) as copy:
        for number, example in enumerate(examples):
            copy.write_row((number, model_run_id, *example))


def _fit(examples: Sequence[Example], precision: float, before: _InForce | None) -> Fitted:
    calibration, held_out = calibrate(examples, precision)
    is_compared = fold_of([example.text for example in examples], COMPARED, "compare") == 0
    compared = [example for example, is_out in zip(examples, is_compared, strict=True) if is_out]
    is_out_of_scope = held_out.truth == OUT_OF_SCOPE
    now = _without(examples, compared, calibration)
    then = _without(before.examples, compared, before.calibration).accuracy if before else None
    scores = {
        "accuracy": held_out.accuracy, "coverage": held_out.coverage, "precision": held_out.precision,
        "out_of_scope": int(is_out_of_scope.sum()),
        "out_of_scope_answered": int((is_out_of_scope & held_out.is_sure).sum()),
        "compared_on": len(compared), "compared": now.accuracy, "compared_before": then,
        "is_in_force": then is None or now.accuracy >= then,
    }  # fmt: skip
    return Fitted({"temperature": calibration.temperature, "thresholds": calibration.thresholds}, scores)


def _without(examples: Sequence[Example], compared: Sequence[Example], calibration: Calibration) -> HeldOut:
    """How a model of the examples does on some of them, or others, that it is not shown."""
    hidden = {normal_form(example.text) for example in compared}
    shown = [example for example in examples if normal_form(example.text) not in hidden]
    return judge(IntentModel(shown, calibration), compared)


def _features(replies: Replies) -> dict[str, Any]:
    return {**SETTINGS, "precision": replies.config.precision, "scikit-learn": sklearn.__version__}


def _merged(decided: Sequence[Example], supplied: Sequence[Example]) -> list[Example]:
    """Each text once: as it was decided last, else as it is supplied first."""
    found: dict[str, Example] = {}
    for example in (*reversed(decided), *supplied):
        found.setdefault(normal_form(example.text), example)
    return list(found.values())
