"""The REST reader against a real HTTP server on loopback."""

import gzip
import json
import threading
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from include.sources import SourceConnection, SourceError, http, read
from tests.api import DAY, SNAPSHOT, Answer, Api, Asked, pages, rows, source

DAY_START_MS = 1_772_668_800_000  # date -u -d 2026-03-05 +%s, in milliseconds


def failure(api: Api, rest: dict[str, Any]) -> str:
    with pytest.raises(SourceError) as caught:
        pages(api, rest)
    message = str(caught.value)
    assert "shop, deals for 2026-03-05" in message
    assert "s3cret-token" not in message
    return message


def test_texts_are_the_records_as_received(api: Api) -> None:
    records = [b'{"id": 1,  "name":"a\\u00e9"}', '{"name":"李雷","id":2}'.encode(), b'{"id":3,"id":4}']
    api.answer = lambda asked, n: Answer(b'{"total": 3, "results": [' + b" ,\n".join(records) + b"]}")
    (page,) = pages(api, SNAPSHOT)
    assert page.texts == records
    assert page.rows == [{"id": 1, "name": "aé"}, {"name": "李雷", "id": 2}, {"id": 4}]
    assert page.unreadable == []


def test_the_answer_itself_may_be_the_list_and_be_compressed(api: Api) -> None:
    api.answer = lambda asked, n: Answer(gzip.compress(b'[{"id":1}]'), headers={"content-encoding": "gzip"})
    assert rows(api, {**SNAPSHOT, "records": ""}) == [{"id": 1}]
    assert api.asked[0].headers["accept-encoding"] == "gzip"


def test_lone_surrogates_and_nul_are_kept(api: Api) -> None:
    text = b'{"id":1,"name":"a\\ud83d b\\u0000"}'
    api.answer = lambda asked, n: Answer(b'{"results":[{"id":0}, ' + text + b" ]}")
    (page,) = pages(api, SNAPSHOT)
    assert page.texts == [b'{"id":0}', text]
    assert page.rows[1]["name"] == "a\ud83d b\x00"


@pytest.mark.parametrize(
    ("bad", "reason", "kept"),
    [
        (b'{"id":2,"x":NaN}', "not_json", '{"id":2,"x":NaN}'),
        (b'{"id":2,"x":"\xff"}', "not_utf8", '{"id":2,"x":"\\xff"}'),
        (b"null", "not_an_object", "null"),
        (b"[2]", "not_an_object", "[2]"),
    ],
)
def test_one_bad_record_costs_no_other(api: Api, bad: bytes, reason: str, kept: str) -> None:
    api.answer = lambda asked, n: Answer(b'{"results":[{"id":1},' + bad + b',{"id":3}]}')
    (page,) = pages(api, SNAPSHOT)
    assert page.rows == [{"id": 1}, {"id": 3}]
    assert page.texts == [b'{"id":1}', b'{"id":3}']
    (found,) = page.unreadable
    assert (found.text, found.reason) == (kept, reason)
    assert "GET /deals, page 1, record 2" in found.location


def test_window_placeholders_keep_their_type(api: Api) -> None:
    request = {
        "method": "POST",
        "path": "/search",
        "params": {"since": "{window_start_s}"},
        "body": {"from": "{window_start_ms}", "text": "after {window_start_iso}", "days": ["{window_end_day}"]},
    }
    rows(api, {"request": request, "records": "results"})
    assert api.asked[0].body == {"from": DAY_START_MS, "text": "after 2026-03-05T00:00:00Z", "days": ["2026-03-05"]}
    assert api.asked[0].query == {"since": [str(DAY_START_MS // 1000)]}


def test_cursor_goes_into_the_body(api: Api) -> None:
    def answer(asked: Asked, n: int) -> Any:
        after = int(asked.body.get("after", 0))
        following = {"paging": {"next": {"after": str(after + 2)}}} if after < 4 else {}
        return {"results": [{"id": after}, {"id": after + 1}], **following}

    api.answer = answer
    rest = {
        **SNAPSHOT,
        "request": {"method": "POST", "path": "/search", "body": {"limit": 2}},
        "paging": {"kind": "cursor", "next": "paging.next.after", "into": "body.after"},
    }
    assert [row["id"] for row in rows(api, rest)] == [0, 1, 2, 3, 4, 5]
    assert [asked.body for asked in api.asked] == [{"limit": 2}, {"limit": 2, "after": "2"}, {"limit": 2, "after": "4"}]


def test_next_url_stays_on_our_host_and_stops_at_the_end(api: Api) -> None:
    def answer(asked: Asked, n: int) -> Any:
        url = f"http://elsewhere.example.com/v2/export.json?cursor=c{n}&x=%2F"
        return {"tickets": [{"id": n}], "after_url": url, "end_of_stream": n == 3}

    api.answer = answer
    rest = {
        "request": {"path": "/v2/export.json", "params": {"start_time": "{window_start_s}"}},
        "records": "tickets",
        "paging": {"kind": "next_url", "next": "after_url", "end": "end_of_stream"},
    }
    assert [row["id"] for row in rows(api, rest)] == [1, 2, 3]
    assert [asked.query for asked in api.asked[1:]] == [{"cursor": ["c1"], "x": ["/"]}, {"cursor": ["c2"], "x": ["/"]}]


def test_page_numbers_end_with_a_short_page(api: Api) -> None:
    api.answer = lambda asked, n: {"results": [{"id": n}] * (2 if n < 3 else 1)}
    assert len(rows(api, {**SNAPSHOT, "paging": {"kind": "page_number", "into": "params.page", "size": 2}})) == 5
    assert [asked.query["page"] for asked in api.asked] == [["1"], ["2"], ["3"]]


@pytest.mark.parametrize(
    ("own", "told", "asked"),
    [
        ({}, {}, 2),  # the second page is short
        ({"end": "last"}, {"last": [False, False, True]}, 3),
        ({"end": "last"}, {}, 4),  # it is never said: an empty page is an end
        ({"more": "more"}, {"more": [True, True, False]}, 3),
        ({"more": "more"}, {"more": [True, True, True, True, False]}, 5),
    ],
)
def test_what_ends_page_numbers(api: Api, own: dict[str, str], told: dict[str, list[bool]], asked: int) -> None:
    """Pages of 2, 1, 1, 0 and 0 records."""

    def answer(asked: Asked, n: int) -> Any:
        found = [{"id": f"{n}.{place}"} for place in range([2, 1, 1, 0, 0][n - 1])]
        return {"results": found, **{name: values[n - 1] for name, values in told.items()}}

    api.answer = answer
    paging = {"kind": "page_number", "into": "params.page", "size": 2, **own}
    assert len(rows(api, {**SNAPSHOT, "paging": paging})) == min(asked + 1, 4)
    assert len(api.asked) == asked


KEYSET = {
    "request": {"method": "POST", "path": "/search", "body": {"after_id": "{last}", "from": "{window_start_ms}"}},
    "records": "results",
    "paging": {"kind": "keyset", "key": "id", "more": "more"},
}


def test_keyset_reads_more_than_any_limit_on_results_and_misses_none_that_shift(api: Api) -> None:
    """25,000 records of one millisecond, of which one already read leaves the result after each page."""
    present = list(range(1, 25_001))

    def answer(asked: Asked, n: int) -> Any:
        found = [id_ for id_ in present if id_ > asked.body["after_id"]]
        present.remove(found[0])
        return {"results": [{"id": str(id_)} for id_ in found[:2500]], "more": len(found) > 2500}

    api.answer = answer
    assert [int(row["id"]) for row in rows(api, KEYSET)] == list(range(1, 25_001))


@pytest.mark.parametrize("ids", [[2, 1], [1, 1], [0, 1], ["x"], [None]])
def test_keyset_refuses_what_is_not_in_order(api: Api, ids: list[Any]) -> None:
    api.answer = lambda asked, n: {"results": [{"id": id_} for id_ in ids], "more": True}
    assert "Check paging" in failure(api, KEYSET)


def test_a_cursor_that_never_moves_is_an_error(api: Api) -> None:
    api.answer = lambda asked, n: {"results": [{"id": n}], "after": "7"}
    rest = {**SNAPSHOT, "paging": {"kind": "cursor", "next": "after", "into": "params.after"}}
    assert "the next page is one that was read already (GET /deals, page 2)" in failure(api, rest)


def test_until_leaves_later_records_and_stops(api: Api) -> None:
    ends = [["2026-03-05T23:59:59Z"], ["2026-03-05T10:00:00+08:00", "2026-03-06T00:00:00Z"], ["2026-03-07T00:00:00Z"]]
    api.answer = lambda asked, n: {"results": [{"at": at} for at in ends[n - 1]], "next": str(n)}
    rest = {
        "request": {"path": "/export", "params": {"start": "{window_start_s}"}},
        "records": "results",
        "until": {"path": "at"},
        "paging": {"kind": "cursor", "next": "next", "into": "params.cursor"},
    }
    assert [row["at"] for row in rows(api, rest)] == ["2026-03-05T23:59:59Z", "2026-03-05T10:00:00+08:00"]
    assert len(api.asked) == 2


def test_within_keeps_the_window_and_what_has_no_time(api: Api) -> None:
    times = [DAY_START_MS - 1, DAY_START_MS, DAY_START_MS // 1000, "2026-03-06T00:00:00Z", None, "soon"]
    api.answer = lambda asked, n: {"results": [{"at": at} for at in times]}
    rest = {"request": {"path": "/deals"}, "records": "results", "within": "at"}
    assert [row["at"] for row in rows(api, rest)] == [DAY_START_MS, DAY_START_MS // 1000, None, "soon"]


def test_each_makes_a_record_of_every_element(api: Api) -> None:
    api.answer = lambda asked, n: {"results": [{"id": "p", "stages": [{"id": "a"}, {"id": "b"}]}, {"id": "q"}]}
    (page,) = pages(api, {**SNAPSHOT, "each": "stages"})
    assert page.rows == [{"id": "a", "parent": {"id": "p"}}, {"id": "b", "parent": {"id": "p"}}]
    assert page.texts[0] == b'{"id":"a","parent":{"id":"p"}}'
    assert [found.reason for found in page.unreadable] == ["no_list_to_flatten"]


def test_also_reads_a_second_list(api: Api) -> None:
    api.answer = lambda asked, n: {"results": [{"id": n, "archived": "archived" in asked.query}]}
    also = {**SNAPSHOT, "request": {"path": "/deals", "params": {"archived": "true"}}}
    assert rows(api, {**SNAPSHOT, "also": [also]}) == [{"id": 1, "archived": False}, {"id": 2, "archived": True}]


PARENTS = {
    "request": {"path": "/plans/{parent.plan.key}/days"},
    "records": "days",
    "paging": {"kind": "next_url", "next": "next"},
    "snapshot": True,
    "parents": {
        "request": {"path": "/plans"},
        "records": "plans",
        "paging": {"kind": "next_url", "next": "next"},
        "snapshot": True,
    },
}


def test_every_record_of_one_list_has_a_list_of_its_own(api: Api) -> None:
    answers = {
        "/plans": {"plans": [{"plan": {"key": 1}}], "next": "https://elsewhere.example/plans2"},
        "/plans2": {"plans": [{"plan": {"key": "a/../b"}}, {"plan": {"key": 3}}]},
        "/plans/1/days": {"days": [{"id": 1}], "next": "/days2"},
        "/days2": {"days": [{"id": 2}]},
        "/plans/a%2F..%2Fb/days": {"days": [{"id": 1}]},  # a key is never more than one part of the path
        "/plans/3/days": {"days": []},
    }
    api.answer = lambda asked, n: answers[asked.path]
    found = pages(api, PARENTS)
    assert [row for page in found for row in page.rows] == [
        {"id": 1, "parent": {"plan": {"key": 1}}},
        {"id": 2, "parent": {"plan": {"key": 1}}},
        {"id": 1, "parent": {"plan": {"key": "a/../b"}}},
    ]
    assert [json.loads(text) for page in found for text in page.texts] == [row for page in found for row in page.rows]
    assert [asked.path for asked in api.asked] == [
        "/plans", "/plans/1/days", "/days2", "/plans2", "/plans/a%2F..%2Fb/days", "/plans/3/days",
    ]  # fmt: skip


def test_a_parent_that_is_no_record_is_told_and_one_without_its_key_fails(api: Api) -> None:
    api.answer = lambda asked, n: Answer(b'{"plans": [null], "days": []}')
    (page,) = pages(api, PARENTS)
    assert [(item.reason, page.rows) for item in page.unreadable] == [("not_an_object", [])]
    api.answer = lambda asked, n: {"plans": [{"plan": {"key": None}}]}
    assert "a record has no value at 'plan.key', which the next request needs" in failure(api, PARENTS)


def test_enrich_merges_batches_into_record_and_text(api: Api) -> None:
    def answer(asked: Asked, n: int) -> Any:
        if asked.path == "/deals":
            return Answer(b'{"results":[{"id": "1" }, {"id":"2"},{"id":"3"}]}')
        ids = [part["id"] for part in asked.body["inputs"]]
        if asked.path == "/history":
            return {"results": [{"id": id_, "past": {"stage": [id_]}} for id_ in ids if id_ != "2"]}
        return {"results": [{"from": {"id": id_}, "to": [{"toObjectId": 7}, {"toObjectId": 8}]} for id_ in ids[:1]]}

    api.answer = answer
    enrich = [
        {
            "request": {"method": "POST", "path": "/history", "body": {"inputs": "{inputs}", "with": ["stage"]}},
            "batch": 2,
            "records": "results",
            "match": "id",
            "take": "past",
            "into": "history",
        },
        {
            "request": {"method": "POST", "path": "/links", "body": {"inputs": "{inputs}"}},
            "batch": 100,
            "records": "results",
            "match": "from.id",
            "take": "to",
            "each": "toObjectId",
            "into": "companies",
        },
    ]
    (page,) = pages(api, {**SNAPSHOT, "enrich": enrich})
    assert page.rows == [
        {"id": "1", "history": {"stage": ["1"]}, "companies": [7, 8]},
        {"id": "2", "history": None, "companies": []},
        {"id": "3", "history": {"stage": ["3"]}, "companies": []},
    ]
    assert page.texts[0] == b'{"id": "1","history":{"stage":["1"]},"companies":[7,8]}'
    assert [json.loads(text) for text in page.texts] == page.rows
    assert [asked.body["inputs"] for asked in api.asked if asked.path == "/history"] == [
        [{"id": "1"}, {"id": "2"}],
        [{"id": "3"}],
    ]


@pytest.mark.parametrize(
    "trouble",
    [
        Answer({"message": "slow down"}, 429, {"retry-after": "0"}),
        Answer({"message": "slow down"}, 429, {"retry-after": format_datetime(datetime.now(UTC) - timedelta(hours=1))}),
        Answer(b"", 503),
        Answer(b"<html>Down for maintenance</html>"),
        Answer(b'{"results":[{"id":'),
        Answer(b'{"results":[', claimed_length=5000),
    ],
    ids=["429", "429 until a date", "503", "html", "cut off", "connection lost"],
)
def test_trouble_that_passes_is_waited_for(api: Api, trouble: Answer) -> None:
    api.answer = lambda asked, n: trouble if n < 3 else {"results": [{"id": n}]}
    assert rows(api, SNAPSHOT) == [{"id": 3}]


def test_trouble_that_stays_is_told(api: Api) -> None:
    api.answer = lambda asked, n: Answer(b"<html><title>Please log in, s3cret-token</title>" + b"x" * 500)
    message = failure(api, SNAPSHOT)
    assert "not whole JSON, it starts with '<html><title>Please log in, ***</title>xxx" in message
    assert "GET /deals" in message


def test_a_wait_longer_than_our_patience_is_told_at_once(api: Api) -> None:
    api.answer = lambda asked, n: Answer({}, 429, {"retry-after": "3600"})
    assert "answered 429 and asks to wait 3600 s" in failure(api, SNAPSHOT)
    assert len(api.asked) == 1


def test_a_source_that_says_at_once_for_ever_is_not_asked_for_ever(api: Api) -> None:
    api.answer = lambda asked, n: Answer({}, 429, {"retry-after": "0"})
    assert "answered 429, after 0 s of trying again" in failure(api, SNAPSHOT)
    assert 5 < len(api.asked) < 70  # waits of 5 to 20 ms, 300 ms in all


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_login_names_the_connection_at_once(api: Api, status: int) -> None:
    api.answer = lambda asked, n: Answer({"message": "token s3cret-token expired"}, status)
    assert f"answered {status}: the login was not accepted" in (message := failure(api, SNAPSHOT))
    assert "connection shop_connection" in message
    assert len(api.asked) == 1


def test_a_wrong_request_is_told_at_once_with_what_the_api_says(api: Api) -> None:
    api.answer = lambda asked, n: Answer({"message": "no property foo"}, 400)
    assert 'answered 400: \'{"message": "no property foo"}\'' in failure(api, SNAPSHOT)
    assert len(api.asked) == 1


def test_a_redirect_does_not_take_the_login_along(api: Api) -> None:
    api.answer = lambda asked, n: Answer(b"", 302, {"location": "http://127.0.0.1:1/"})
    assert "answered 302, a redirect" in failure(api, SNAPSHOT)


def test_no_list_at_the_path_is_told(api: Api) -> None:
    api.answer = lambda asked, n: {"status": "error", "items": []}
    assert "no list of records at 'results'" in failure(api, SNAPSHOT)


def test_an_answer_too_large_is_told(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "LARGEST_ANSWER_BYTES", 2**20)
    api.answer = lambda asked, n: Answer(b"[" + b" " * 2**21 + b"]")
    assert "larger than 1 MB" in failure(api, SNAPSHOT)


def test_an_address_that_is_none_is_told(api: Api) -> None:
    made = source(SNAPSHOT)
    with pytest.raises(SourceError, match="the connection shop_connection has no address"):
        list(read(made, made.entities["deals"], DAY, SourceConnection("shop.example.com")))


def test_nobody_listening_is_told(api: Api) -> None:
    made = source(SNAPSHOT)
    with pytest.raises(SourceError, match=r"no answer \(NewConnectionError\), after"):
        list(read(made, made.entities["deals"], DAY, SourceConnection("http://127.0.0.1:1")))


def test_the_next_page_is_asked_for_before_this_one_is_done_and_no_more(api: Api) -> None:
    asked_for_second, third_asked = threading.Event(), threading.Event()

    def answer(asked: Asked, n: int) -> Any:
        if n == 2:
            asked_for_second.set()
        if n > 2:
            third_asked.set()
        return {"results": [{"id": n}, {"id": n}]}

    api.answer = answer
    made = source({**SNAPSHOT, "paging": {"kind": "page_number", "into": "params.page", "size": 2}})
    told: list[int] = []
    reading = read(made, made.entities["deals"], DAY, api.connection(), progress=told.append)
    next(reading)
    assert asked_for_second.wait(5)
    assert not third_asked.wait(0.2)
    next(reading)
    reading.close()  # type: ignore[attr-defined]
    assert told == [2]


def test_stopping_early_ends_a_wait(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "PATIENCE", http.Patience(total=3600))
    api.answer = lambda asked, n: {"results": [{}, {}]} if n == 1 else Answer({}, 429, {"retry-after": "3000"})
    made = source({**SNAPSHOT, "paging": {"kind": "page_number", "into": "params.page", "size": 2}})
    reading = read(made, made.entities["deals"], DAY, api.connection())
    next(reading)
    reading.close()  # type: ignore[attr-defined]  # would hang for 50 minutes
