"""Reaching into records."""

import json
import pickle
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from include.sources import SourceConnection, SourceError, records
from include.sources.fields import instant, value_at
from include.sources.records import NotJsonError, cut
from include.window import Window

AT = datetime(2026, 3, 5, 12, 0, tzinfo=UTC)  # date -u -d '2026-03-05 12:00' +%s says 1772712000


@pytest.mark.parametrize(
    "value",
    [
        "2026-03-05T12:00:00Z",
        "2026-03-05T20:00:00+08:00",
        "2026-03-05 12:00:00",
        "2026-03-05T12:00:00.000Z",
        1772712000,
        1772712000.0,
        1772712000000,
        "1772712000",
        "1772712000000",
    ],
)
def test_an_instant_however_it_is_written(value: object) -> None:
    assert instant(value) == AT


@pytest.mark.parametrize("value", [None, "", "soon", True, {}, [], "2026-13-05", 1e300, float("nan"), "9" * 40])
def test_what_is_no_instant(value: object) -> None:
    assert instant(value) is None


def test_paths() -> None:
    record = {"a": {"b": [{"c": 1}], "n": None}, "a.b": 2, "x": 0}
    assert value_at(record, "a.b") == 2  # a column may have a dot in its name
    assert value_at(record, "a.b.0.c") == 1
    assert value_at(record, "x") == 0
    assert value_at(record, "") is record
    assert [value_at(record, path) for path in ("a.n.z", "a.b.7", "y", "x.y", "a.b.c")] == [None] * 5


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(st.characters(codec=None)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(st.characters(codec=None)), inner, max_size=3),
    max_leaves=8,
)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(
    st.lists(st.dictionaries(st.text(), JSON, max_size=3), max_size=5), JSON, st.sampled_from([None, 1]), st.booleans()
)
def test_records_are_cut_out_whatever_is_in_them(given_: list, other: object, indent: int | None, ascii_: bool) -> None:
    """Lone surrogates included: they come as escapes, as any writer of valid UTF-8 must write them."""
    answer = {"before": other, "data": {"list": given_, "more": other}, "after": other}
    try:
        body = json.dumps(answer, indent=indent, ensure_ascii=ascii_).encode()
    except UnicodeEncodeError:
        body = json.dumps(answer, indent=indent).encode()
    found = cut(body, "data.list", "here")
    assert found.rows == given_
    assert [json.loads(text) for text in found.texts] == given_
    assert all(text in body for text in found.texts)
    assert (found.envelope["before"], found.envelope["data"]["more"]) == (other, other)
    assert found.unreadable == []


@pytest.mark.parametrize(
    ("body", "path"),
    [
        (b'{"n": 2, "results": [{"id": 1}], "next": {"after": "2"}}', "results"),
        (b'{"data": {"list": [{"id": 1}], "more": true}, "at": null}', "data.list"),
        (b'[{"id": 1}]', ""),
    ],
)
def test_an_ordinary_answer_never_takes_the_slow_way(monkeypatch: pytest.MonkeyPatch, body: bytes, path: str) -> None:
    """The slow way gives the same records, at a quarter of the speed: nothing else would tell."""
    monkeypatch.setattr(records, "_cut_slowly", lambda *_: pytest.fail("the slow way was taken"))
    assert cut(body, path, "here").rows == [{"id": 1}]


@given(st.integers(min_value=0, max_value=60))
def test_an_answer_cut_off_anywhere_is_never_taken_for_whole(length: int) -> None:
    body = b'{"results": [{"id": 1, "name": "\\ud800"}, {"id": 2}], "next": 2}'
    with pytest.raises(NotJsonError):
        cut(body[:length], "results", "here")


def test_errors_and_connections_tell_no_secret_and_travel_between_processes() -> None:
    error = SourceError("shop", "deals", Window.day("2026-03-05"), "GET /deals", "answered 500", "Run it again.")
    assert str(error) == "shop, deals for 2026-03-05: answered 500 (GET /deals). Run it again."
    assert str(pickle.loads(pickle.dumps(error))) == str(error)
    assert "hush" not in repr(SourceConnection("http://h", "ann", "hush", {"token": "hush"}))


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("20261122", datetime(2026, 11, 22, tzinfo=UTC)),
        ("20261122093000", datetime(2026, 11, 22, 9, 30, tzinfo=UTC)),
        ("1763803800", datetime(2025, 11, 22, 9, 30, tzinfo=UTC)),
        ("20261322", None),
    ],
)
def test_dates_without_hyphens_are_no_seconds(text: str, moment: datetime | None) -> None:
    assert instant(text) == moment
