"""What a text asks: a classifier that says how sure it is, and when that is sure enough to answer without a person.

The features are TF-IDF of words, pairs of words and parts of words; a Chinese character is a word. The classifier is
a linear support vector machine. Its confidence is a softmax of its scores whose temperature is fitted on texts that it
had not learned from (Guo et al. 2017). The same examples in the same order give the same model.
"""

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from include.replies.errors import IntentError
from include.replies.text import normal_form

Array = np.ndarray[Any, np.dtype[Any]]

OUT_OF_SCOPE = "out_of_scope"
PRECISION = 0.98
FOLDS = 5
# An intent that fewer texts than these speak for is never answered without a person.
FEWEST = 10
# A text is in a language when so many of its words are in that language's examples.
KNOWN_WORDS = 0.4
NEAREST = 3
# Settings of the model, as ops.model_run names them: another setting is another model.
SETTINGS = {"words": [1, 2], "parts_of_words": [2, 5], "regularisation": 0.5, "folds": FOLDS, "fewest": FEWEST}
# A Chinese character is a word of its own.
_WORD = r"[\u3400-\u9fff]|[^\W\u3400-\u9fff]+"
_NEVER = 2.0


class Example(NamedTuple):
    """A text and what it asks; the language where it is known."""

    text: str
    intent: str
    language: str | None = None


class Answer(NamedTuple):
    """What the model says of a text: the intent, the probability that it is that one, and whether that is enough."""

    intent: str
    confidence: float
    is_sure: bool


@dataclass(frozen=True)
class HeldOut:
    """How texts turned out that a model had not learned from, one row each."""

    truth: Array
    intent: Array
    confidence: Array
    is_sure: Array

    @property
    def is_right(self) -> Array:
        return self.truth == self.intent

    @property
    def accuracy(self) -> float:
        """Share of the texts whose intent is the true one."""
        return _share(self.is_right)

    @property
    def coverage(self) -> float:
        """Share of the texts that would be answered without a person."""
        return _share(self.is_sure)

    @property
    def precision(self) -> float:
        """Of these, the share whose intent is the true one; 1 when there are none."""
        return _share(self.is_right[self.is_sure], 1.0)


@dataclass(frozen=True)
class Calibration:
    """When a model is sure enough.

    :param temperature: what scores are multiplied by before the softmax.
    :param thresholds: intent → the least confidence at which it is answered without a person; absent: never.
    """

    temperature: float
    thresholds: dict[str, float]


class IntentModel:
    """A fitted model."""

    def __init__(self, examples: Sequence[Example], calibration: Calibration) -> None:
        """Fit on examples.

        :raises IntentError: when there are fewer than two intents.
        """
        self.examples, self.calibration = examples, calibration
        self._vectors, self._known, self._classifier = _fit(examples)
        self._classes = self._classifier.classes_
        self._vocabulary: dict[str, set[str]] = {}
        for example in examples:
            if example.language:
                self._vocabulary.setdefault(example.language, set()).update(_words(normal_form(example.text)))

    def answers(self, texts: Sequence[str]) -> list[Answer]:
        """What each text asks."""
        if not texts:
            return []
        return _answers(self._scores(self._matrix(texts)), self._classes, self.calibration)

    def nearest(self, texts: Sequence[str]) -> list[list[Example]]:
        """For each text the examples that are most like it, by the cosine of their features, the most alike first."""
        if not texts:
            return []
        likeness = self._matrix(texts) @ self._known.T
        return [[self.examples[int(place)] for place in _largest(row, NEAREST)] for row in likeness]

    def languages(self, texts: Sequence[str]) -> list[str | None]:
        """The language of each text: the one whose examples have most of its words; None when that is not many."""
        return [self._language(set(_words(normal_form(text)))) for text in texts]

    def _language(self, words: set[str]) -> str | None:
        words = {word for word in words if not word.isdigit()}
        shares = {name: len(words & known) / max(len(words), 1) for name, known in sorted(self._vocabulary.items())}
        best = max(shares, key=lambda name: shares[name], default=None)
        return best if best and shares[best] >= KNOWN_WORDS else None

    def _matrix(self, texts: Sequence[str]) -> Any:
        return self._vectors.transform([normal_form(text) for text in texts])

    def _scores(self, matrix: Any) -> Array:
        return _by_class(self._classifier.decision_function(matrix))


def calibrate(
    examples: Sequence[Example], precision: float = PRECISION, out_of_scope: str = OUT_OF_SCOPE
) -> tuple[Calibration, HeldOut]:
    """When a model of these examples is sure enough, and how it does on texts that it has not learned from.

    Every example is held out once: `FOLDS` models are fitted, each without a part of the examples.

    :raises IntentError: when there are fewer than two intents.
    """
    names = np.array(sorted({example.intent for example in examples}), dtype=object)
    folds = fold_of([example.text for example in examples], FOLDS, "calibrate")
    scores = np.full((len(examples), len(names)), -1.0)
    for fold in range(FOLDS):
        rest = [example for example, place in zip(examples, folds, strict=True) if place != fold]
        vectors, _, classifier = _fit(rest)
        held_out = folds == fold
        texts = [normal_form(example.text) for example, is_out in zip(examples, held_out, strict=True) if is_out]
        if texts:
            columns = np.searchsorted(names, classifier.classes_)
            found = _by_class(classifier.decision_function(vectors.transform(texts)))
            scores[np.ix_(held_out, columns)] = found
    truth = np.array([example.intent for example in examples], dtype=object)
    temperature = _temperature(scores, np.searchsorted(names, truth))
    intent, confidence = _best(scores, names, temperature)
    calibration = Calibration(temperature, thresholds(truth, intent, confidence, precision, out_of_scope))
    answers = _answers(scores, names, calibration)
    return calibration, HeldOut(truth, intent, confidence, np.array([answer.is_sure for answer in answers]))


def fit(
    examples: Sequence[Example], precision: float = PRECISION, out_of_scope: str = OUT_OF_SCOPE
) -> tuple[IntentModel, HeldOut]:
    """A calibrated model of examples, and how it did on those that were held out.

    :raises IntentError: when there are fewer than two intents.
    """
    calibration, held_out = calibrate(examples, precision, out_of_scope)
    return IntentModel(examples, calibration), held_out


def judge(model: IntentModel, examples: Sequence[Example]) -> HeldOut:
    """How a model does on examples that it has not learned from."""
    answers = model.answers([example.text for example in examples])
    return HeldOut(
        np.array([example.intent for example in examples], dtype=object),
        np.array([answer.intent for answer in answers], dtype=object),
        np.array([answer.confidence for answer in answers], dtype=float),
        np.array([answer.is_sure for answer in answers], dtype=bool),
    )


def thresholds(truth: Array, intent: Array, confidence: Array, precision: float, out_of_scope: str) -> dict[str, float]:
    """For each intent the least confidence from which on the share of wrong ones is what the precision allows.

    An intent's own wrong ones count together with those of all intents at that confidence, as if they stood for as many
    texts as hold one wrong one: few texts without a mistake are no proof that there is none to come.
    """
    allowed = 1 - precision
    behind = 1 / max(allowed, 1e-3)
    order = np.argsort(-confidence, kind="stable")
    falling, wrong = confidence[order], np.cumsum((truth != intent)[order])
    found = {}
    for name in sorted(set(intent) - {out_of_scope}):
        mine = order[intent[order] == name]
        own, count = np.cumsum(truth[mine] != name), np.arange(1, len(mine) + 1)
        # of all texts that are at least as sure, the share that is wrong
        sure = np.searchsorted(-falling, -confidence[mine], side="right")
        expected = (own + behind * wrong[sure - 1] / sure) / (count + behind)
        enough = np.flatnonzero((expected <= allowed) & (count >= FEWEST))
        if len(enough):
            found[name] = float(confidence[mine[enough[-1]]])
    return found


def fold_of(texts: Iterable[str], folds: int, what_for: str) -> Array:
    """The part, 0 to folds - 1, that each text is in: by its words alone, so that a text is always in the same one.

    :param what_for: parts for different purposes cut across one another.
    """
    told = (hashlib.sha256(f"{what_for}\n{normal_form(text)}".encode()).digest() for text in texts)
    return np.array([int.from_bytes(digest[:8]) % folds for digest in told], dtype=int)


def _fit(examples: Sequence[Example]) -> tuple[Any, Any, Any]:
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.pipeline import FeatureUnion
    from sklearn.svm import LinearSVC

    intents = [example.intent for example in examples]
    if len(set(intents)) < 2:
        told = f"{len(examples):,} texts of {len(set(intents))} intents are there to learn from"
        raise IntentError(f"{told}; give more that differ, of two intents or more: a part of them is held out, too")
    vectors = FeatureUnion([
        ("words", TfidfVectorizer(token_pattern=_WORD, ngram_range=(1, 2), sublinear_tf=True)),
        ("parts", TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True)),
    ])  # fmt: skip
    try:
        matrix = vectors.fit_transform([normal_form(example.text) for example in examples]).tocsr()
    except ValueError:
        raise IntentError("the texts have no words: is it the right column?") from None
    return vectors, matrix, LinearSVC(C=0.5, random_state=0).fit(matrix, intents)


def _words(text: str) -> list[str]:
    return re.findall(_WORD, text)


def _by_class(scores: Array) -> Array:
    """One column a class, where there are two classes, too."""
    return scores if scores.ndim == 2 else np.column_stack([-scores, scores])


def _softmax(scores: Array) -> Array:
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def _best(scores: Array, names: Array, temperature: float) -> tuple[Array, Array]:
    chances = _softmax(scores * temperature)
    return names[chances.argmax(axis=1)], chances.max(axis=1)


def _answers(scores: Array, names: Array, calibration: Calibration) -> list[Answer]:
    found = zip(*_best(scores, names, calibration.temperature), strict=True)
    return [Answer(i, float(c), float(c) >= calibration.thresholds.get(i, _NEVER)) for i, c in found]


def _temperature(scores: Array, truth: Array) -> float:
    """The temperature at which the true intents of held-out texts are most likely."""
    from scipy.optimize import minimize_scalar

    def loss(log_temperature: float) -> float:
        chances = _softmax(scores * np.exp(log_temperature))
        return float(-np.mean(np.log(chances[np.arange(len(truth)), truth] + 1e-12)))

    return float(np.exp(minimize_scalar(loss, bounds=(-2.0, 4.0), method="bounded").x))


def _largest(row: Any, most: int) -> Array:
    """Columns of a sparse row's largest values, the largest first."""
    return row.indices[np.lexsort((row.indices, -row.data))[:most]]


def _share(flags: Array, of_none: float = 0.0) -> float:
    return float(flags.mean()) if len(flags) else of_none
