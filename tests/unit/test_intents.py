"""When a model is sure enough: thresholds worked out by hand, held-out texts, the same model again."""

import numpy as np
import pytest

from include.replies.errors import IntentError
from include.replies.intents import (
    Calibration,
    Example,
    IntentModel,
    calibrate,
    fit,
    fold_of,
    judge,
    thresholds,
)

WORDS = {
    "refund": ["refund", "money back", "reimburse", "credit note", "return the payment"],
    "password": ["password", "log in", "locked out", "sign in", "reset link"],
    "out_of_scope": ["lunch", "webinar", "vacation", "newsletter", "football"],
}
FRAMES = ["about {} please", "I need {} today", "{} again", "what about {}?", "question: {}", "tell us of {} soon"]
EXAMPLES = [
    Example(frame.format(word), intent, "en") for intent, words in WORDS.items() for word in words for frame in FRAMES
]


def held_out(*rows: tuple[str, str, float, int]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Columns of rows (truth, intent, confidence, how many)."""
    told = [(truth, intent, confidence) for truth, intent, confidence, count in rows for _ in range(count)]
    truth, intent, confidence = zip(*told, strict=True)
    return np.array(truth, object), np.array(intent, object), np.array(confidence)


def test_the_threshold_is_where_the_wrong_ones_are_as_many_as_allowed() -> None:
    # 10 right at 0.9, then a wrong one at 0.5. At 0.5 the intent has 1 wrong of 11, all intents have 1 of 11; behind it
    # stand 10 texts (one wrong in ten is allowed) at the common rate: (1 + 10/11) / (11 + 10) = 0.0909
    data = held_out(("a", "a", 0.9, 10), ("b", "a", 0.5, 1))
    assert thresholds(*data, 0.90, "out") == {"a": 0.5}
    # at 0.95 it is (1 + 20/11) / (11 + 20) = 0.0909, and 0.05 is allowed
    assert thresholds(*data, 0.95, "out") == {"a": 0.9}


def test_few_texts_are_no_proof() -> None:
    assert thresholds(*held_out(("a", "a", 0.9, 9)), 0.9, "out") == {}
    # 20 right ones of a, while of all texts at that confidence 1 in 5 is wrong: (0 + 10 * 0.2) / (20 + 10) = 0.067
    mixed = held_out(("a", "a", 0.9, 20), ("a", "b", 0.9, 10), ("b", "b", 0.9, 20))
    assert thresholds(*mixed, 0.9, "out") == {"a": 0.9}
    # with half of the right ones: (0 + 10 * 0.25) / (10 + 10) = 0.125
    assert thresholds(*held_out(("a", "a", 0.9, 10), ("a", "b", 0.9, 10), ("b", "b", 0.9, 20)), 0.9, "out") == {}


def test_out_of_scope_is_never_answered() -> None:
    assert thresholds(*held_out(("out", "out", 0.99, 50)), 0.9, "out") == {}
    model, found = fit(EXAMPLES, 0.9)
    assert "out_of_scope" not in model.calibration.thresholds
    assert not found.is_sure[found.intent == "out_of_scope"].any()


def test_the_same_examples_give_the_same_model() -> None:
    texts = ["please reimburse us", "cannot sign in", "lunch on friday?", "something else"]
    one, other = fit(EXAMPLES)[0], fit(EXAMPLES)[0]
    assert one.calibration == other.calibration
    assert one.answers(texts) == other.answers(texts)
    # and fitted again on its examples, with its calibration
    assert IntentModel(EXAMPLES, one.calibration).answers(texts) == one.answers(texts)
    assert [answer.intent for answer in one.answers(texts)][:3] == ["refund", "password", "out_of_scope"]


def test_a_text_is_always_in_the_same_part() -> None:
    texts = [f"text {word}" for word in "abcdefghijklmnopqrstuvwxyz"]
    parts = fold_of(texts, 5, "compare")
    assert set(parts) == {0, 1, 2, 3, 4}
    assert (fold_of(reversed(texts), 5, "compare") == parts[::-1]).all()
    # the same words with another number are in the same part: no text is tried by its twin
    assert fold_of(["Order 12345 is late"], 5, "x") == fold_of(["order 98765 is late"], 5, "x")
    assert (fold_of(texts, 5, "calibrate") != parts).any()


def test_languages_and_nearest_examples() -> None:
    chinese = [Example(text, "refund", "zh") for text in ("请退款", "什么时候退款", "退款还没到账", "要求退货退款")]
    model = IntentModel([*EXAMPLES, *chinese], Calibration(5.0, {}))
    assert model.languages(["money back please", "请尽快退款", "Wo bleibt die Bestellung?", "123"]) == [
        "en", "zh", None, None,
    ]  # fmt: skip
    (nearest,) = model.nearest(["退款还没到账"])
    assert nearest[0].text == "退款还没到账"
    assert model.answers([]) == [] and model.nearest([]) == []


def test_two_intents_are_enough_and_one_is_not() -> None:
    two = [example for example in EXAMPLES if example.intent != "out_of_scope"]
    assert judge(fit(two)[0], two).accuracy == 1.0
    with pytest.raises(IntentError, match="give more that differ, of two intents or more"):
        calibrate([example for example in EXAMPLES if example.intent == "refund"])
    with pytest.raises(IntentError, match="no words"):
        calibrate([Example("…", "a"), Example("!", "b"), Example("?", "a"), Example(";", "b")])


def test_a_text_without_a_word_that_is_known_is_left() -> None:
    model, _ = fit(EXAMPLES)
    assert model.nearest(["ξψω"]) == [[]]
    assert not model.answers(["ξψω"])[0].is_sure
