"""Redaction of JSON texts: what tells a person goes, all else stays as it was written."""

import json
import re

from hypothesis import given
from hypothesis import strategies as st

from include.warehouse.redaction import Needles, leaves, parse, rewrite, to_text

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)
UNICODE = st.text(st.characters(exclude_categories=["Cs"]))


@given(VALUES.filter(lambda value: "\\ud" not in json.dumps(value)))
def test_what_is_not_changed_is_the_same_value(value: object) -> None:
    assert json.loads(to_text(rewrite(parse(json.dumps(value)), lambda path, leaf: leaf))) == value


def test_numbers_stay_as_they_are_written() -> None:
    text = '{"amount":1200.50,"big":123456789012345678901234567890,"exp":1E-7,"text":"1200.50"}'
    assert to_text(parse(text)) == text


def test_paths_do_not_tell_places_in_lists() -> None:
    assert leaves(parse('{"a": [{"b": 1}, {"b": "x"}], "c": null}')) == [
        (("a", "*", "b"), "1"), (("a", "*", "b"), "x"), (("c",), None),
    ]  # fmt: skip


def test_an_address_is_not_found_in_a_longer_one() -> None:
    needles = Needles(["ann@x.com", "Ann Lee", "王伟", "+44 20 7946 0000"])
    same = ("joann@x.com", "ann@x.com.au", "first.ann@x.com", "ann@x.community", "Joann Lee", "Ann Leeds")
    assert [needles.scrub(text) for text in same] == list(same)
    assert needles.scrub("to ANN@X.COM, Ann Lee; 请回复王伟您好 (+44 20 7946 0000).") == (
        "to (forgotten), (forgotten); 请回复(forgotten)您好 ((forgotten))."
    )
    assert needles.scrub("Write to ann@x.com.") == "Write to (forgotten)."


def test_what_others_have_too_goes_only_where_it_is_about_the_person() -> None:
    needles = Needles(["ann@x.com"], ["Ann Lee"])
    assert needles.scrub("Ann Lee, ann@x.com") == "Ann Lee, (forgotten)"
    assert needles.scrub("Ann Lee, ann@x.com", is_about_person=True) == "(forgotten), (forgotten)"


@given(st.lists(UNICODE.filter(bool), min_size=1, max_size=3), UNICODE, UNICODE)
def test_whatever_is_scrubbed_was_to_be_found(values: list[str], before: str, after: str) -> None:
    needles = Needles(values)
    text = before + values[0] + after
    if needles.scrub(text) != text:
        for written in (json.dumps(text), json.dumps(text, ensure_ascii=False)):
            assert re.search(needles.anywhere or "", written, re.IGNORECASE)
    masked = needles.mask(text)
    assert len(masked.encode()) == len(text.encode())
