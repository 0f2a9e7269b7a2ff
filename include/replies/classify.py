"""How well what texts ask is told apart, on any labelled texts: ``./crm classify``."""

import warnings
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from include.replies.errors import IntentError
from include.replies.intents import OUT_OF_SCOPE, Example, HeldOut, fit, fold_of, judge
from include.replies.text import message_text

CONFUSIONS = 10


@dataclass(frozen=True)
class Confusion:
    """So many texts of one label were taken for another."""

    truth: str
    taken_for: str
    texts: int


@dataclass(frozen=True)
class Classification:
    """How texts turned out that the model had not learned from. Shares are 0 to 1, None where there are no such texts.

    :param trained_on: texts that a model learned from, on average.
    :param answered: texts answered without a person; ``coverage`` their share of all, ``precision`` of them the share
        whose label is right.
    :param drafts: texts that go to a person with a proposed label; ``drafts_right`` of them the share that is right.
    :param out_of_scope: texts that are so in truth; ``out_of_scope_answered`` of them the share that is answered.
    :param left: texts taken to be out of scope; ``left_right`` of them the share that is.
    :param never: labels that are never answered without a person.
    """

    texts: int
    labels: int
    trained_on: int
    asked_precision: float
    accuracy: float
    answered: int
    coverage: float
    precision: float | None
    drafts: int
    drafts_right: float | None
    out_of_scope: int
    out_of_scope_answered: float | None
    left: int
    left_right: float | None
    never: list[str]
    confusions: list[Confusion]

    def as_dict(self) -> dict[str, Any]:
        """The figures, for JSON."""
        return asdict(self)

    def as_text(self) -> str:
        """The figures, a line each."""
        lines = [
            f"{'texts':24}{self.texts:>10,}   of {self.labels:,} labels; {self.trained_on:,} others to learn from",
            f"{'accuracy':24}{self.accuracy:>10.4f}",
            f"{'answered alone':24}{self.answered:>10,}   coverage {_percent(self.coverage)}, of these right"
            f" {_percent(self.precision)} (asked for: {_percent(self.asked_precision)})",
            f"{'to a person as a draft':24}{self.drafts:>10,}   of these right {_percent(self.drafts_right)}",
        ]
        if self.out_of_scope or self.left:
            lines += [
                f"{'left to people':24}{self.left:>10,}   of these out of scope {_percent(self.left_right)}",
                f"{'out of scope in truth':24}{self.out_of_scope:>10,}   of these answered"
                f" {_percent(self.out_of_scope_answered)}",
            ]
        if self.never:
            lines.append(f"never answered alone: {', '.join(self.never)}")
        if self.confusions:
            lines += ["worst confusions", f"{'texts':>8}  label → taken for"]
            lines += [f"{one.texts:>8,}  {one.truth} → {one.taken_for}" for one in self.confusions]
        return "\n".join(lines)


def read_texts(paths: Sequence[Path], text: str, label: str) -> list[Example]:
    """The labelled texts of CSV files; rows without a text or a label are left out.

    :param text, label: names of the columns.
    :raises IntentError: when a file cannot be read, or lacks a column.
    """
    found = []
    for path in paths:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error", pd.errors.ParserWarning)  # a row longer than the header
                table = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig", index_col=False)
        except OSError as error:
            raise IntentError(f"{path}: cannot be read: {error.strerror or error}") from None
        except UnicodeDecodeError as error:
            raise IntentError(f"{path}: not UTF-8 at byte {error.start}; save it as UTF-8") from None
        except (pd.errors.ParserError, pd.errors.ParserWarning, pd.errors.EmptyDataError) as error:
            raise IntentError(f"{path}: not CSV with a header: {str(error).strip()}") from None
        for option, column in (("--text", text), ("--label", label)):
            if column not in table.columns:
                there = ", ".join(map(str, table.columns))
                raise IntentError(f"{path}: has no column {column!r}; give {option} one of: {there}")
        rows = zip(table[text], table[label], strict=True)
        found += [Example(message_text(said), asked.strip()) for said, asked in rows if said.strip() and asked.strip()]
    if not found:
        raise IntentError(f"{', '.join(map(str, paths))}: there is no row with a text and a label")
    return found


def classify(
    train: Sequence[Example],
    test: Sequence[Example] | None,
    *,
    folds: int,
    precision: float,
    out_of_scope: str = OUT_OF_SCOPE,
    tell: Callable[[str], None] = lambda _: None,
) -> Classification:
    """Learn from texts and score on others; without others, on each part of the texts after learning from the rest.

    :param folds: how many parts, where there are no others.
    :param precision: of what is answered without a person, the share that has to be right.
    :param tell: is told how far it is.
    :raises IntentError: when no model can be made of the texts.
    """
    if test is not None:
        tell(f"learning from {len(train):,} texts")
        model, _ = fit(train, precision, out_of_scope)
        tell(f"scoring {len(test):,} texts")
        thresholds = [model.calibration.thresholds]
        return _summary(judge(model, test), len(train), precision, out_of_scope, thresholds)
    parts = fold_of([example.text for example in train], folds, "classify")
    found, thresholds = [], []
    for part in range(folds):
        tell(f"part {part + 1} of {folds}: learning from the other parts")
        rest = [example for example, place in zip(train, parts, strict=True) if place != part]
        held_out = [example for example, place in zip(train, parts, strict=True) if place == part]
        model, _ = fit(rest, precision, out_of_scope)
        found.append(judge(model, held_out))
        thresholds.append(model.calibration.thresholds)
    columns = ("truth", "intent", "confidence", "is_sure")
    all_of_it = HeldOut(*(np.concatenate([getattr(one, name) for one in found]) for name in columns))
    trained_on = round(len(train) * (1 - 1 / folds))
    return _summary(all_of_it, trained_on, precision, out_of_scope, thresholds)


def _summary(
    found: HeldOut, trained_on: int, precision: float, out_of_scope: str, thresholds: Sequence[dict[str, float]]
) -> Classification:
    sure, right = found.is_sure, found.is_right
    left = ~sure & (found.intent == out_of_scope)
    draft = ~sure & ~left
    outside = found.truth == out_of_scope
    labels = sorted(set(found.truth) | set(found.intent))
    wrong = Counter(zip(found.truth[~right], found.intent[~right], strict=True))
    worst = sorted(wrong.items(), key=lambda item: (-item[1], item[0]))[:CONFUSIONS]
    return Classification(
        texts=len(sure), labels=len(set(found.truth)), trained_on=trained_on, asked_precision=precision,
        accuracy=found.accuracy, answered=int(sure.sum()), coverage=found.coverage, precision=_share(right[sure]),
        drafts=int(draft.sum()), drafts_right=_share(right[draft]),
        out_of_scope=int(outside.sum()), out_of_scope_answered=_share(sure[outside]),
        left=int(left.sum()), left_right=_share(right[left]),
        never=[name for name in labels if name != out_of_scope and not any(name in one for one in thresholds)],
        confusions=[Confusion(str(truth), str(taken), texts) for (truth, taken), texts in worst],
    )  # fmt: skip


def _share(flags: np.ndarray) -> float | None:
    return float(flags.mean()) if len(flags) else None


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.1f} %"
