"""Every kind of paging, against a server that behaves, and against one that does not."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from include.sources import Memory, SourceError, read
from include.sources.paging import next_link
from include.sources.rest import halved
from include.window import Window
from tests.api import DAY, SNAPSHOT, Answer, Api, Asked, pages, rows, source


def numbered(first: int, count: int) -> list[dict[str, Any]]:
    return [{"id": id_, "name": f"n{id_}"} for id_ in range(first, first + count)]


def failure(api: Api, rest: dict[str, Any], **more: Any) -> str:
    with pytest.raises(SourceError) as caught:
        pages(api, rest, **more)
    return str(caught.value)


# next_url


@pytest.mark.parametrize(
    ("following", "asked_next"),
    [
        ("/v2/deals?page=2", "/v2/deals"),
        ("?page=2", "/v1/deals"),
        ("more?page=2", "/v1/more"),
        ("../v3/deals?page=2", "/v3/deals"),
        ("http://elsewhere.example.com/v9/deals?page=2", "/v9/deals"),
        ("//elsewhere.example.com/deals?page=2", "/deals"),
        ("@elsewhere.example.com/deals?page=2", "/v1/@elsewhere.example.com/deals"),
        (".elsewhere.example.com/deals?page=2", "/v1/.elsewhere.example.com/deals"),
    ],
)
def test_the_next_address_may_be_written_in_any_way_and_stays_on_our_host(
    api: Api, following: str, asked_next: str
) -> None:
    api.answer = lambda asked, n: {"results": [{"id": n}], "next": following if n == 1 else None}
    rest = {**SNAPSHOT, "paging": {"kind": "next_url", "next": "next"}}
    assert len(rows(api, rest, base_url=f"{api.address}/v1")) == 2
    assert (api.asked[1].path, api.asked[1].query) == (asked_next, {"page": ["2"]})


@pytest.mark.parametrize("following", ["http://[", "mailto:ann@example.com", "urn:next"])
def test_a_next_address_that_is_none_is_told(api: Api, following: str) -> None:
    api.answer = lambda asked, n: {"results": [{"id": n}], "next": following}
    assert "the next page's address is none" in failure(
        api, {**SNAPSHOT, "paging": {"kind": "next_url", "next": "next"}}
    )


def test_a_ring_of_pages_is_an_error(api: Api) -> None:
    api.answer = lambda asked, n: {"results": [{"id": n}], "next": f"/deals?page={n % 3}"}
    rest = {**SNAPSHOT, "paging": {"kind": "next_url", "next": "next"}}
    assert "the next page is one that was read already (GET /deals, page 4)" in failure(api, rest)


# link_header


@pytest.mark.parametrize(
    ("header", "address"),
    [
        ('<https://a.example/x?page=2>; rel="next"', "https://a.example/x?page=2"),
        ('<https://a.example/x?page=2>; rel="next", <https://a.example/x?page=9>; rel="last"', "https://a.example/x?page=2"),
        ('<https://a.example/x?page=1>; rel="prev",<https://a.example/x?page=3>;rel=next', "https://a.example/x?page=3"),
        ('</x?a=1,2;3>; title="a, \\"b\\"; rel=prev"; REL="Last NEXT"', "/x?a=1,2;3"),
        ('<https://a.example/x?page=9>; rel="last"', None),
        ('<https://a.example/x>; rel="nextish"', None),
        ("", None),
    ],
)  # fmt: skip
def test_link_headers_as_rfc_8288_has_them(header: str, address: str | None) -> None:
    assert next_link(header) == address


def test_link_headers_are_followed(api: Api) -> None:
    links = {1: '<http://elsewhere/deals?page=2>; rel="next", <http://x/>; rel="last"', 2: "</deals?page=3>; rel=next"}
    api.answer = lambda asked, n: Answer(numbered(n * 10, 2), headers={"Link": links[n]} if n in links else {})
    found = rows(api, {**SNAPSHOT, "records": "", "paging": {"kind": "link_header"}})
    assert [row["id"] for row in found] == [10, 11, 20, 21, 30, 31]
    assert [asked.query for asked in api.asked] == [{}, {"page": ["2"]}, {"page": ["3"]}]


# offset and range


def sliced(api: Api, present: list[dict[str, Any]], ask: Any = None) -> None:
    """Answer `skip`/`limit`, as a slice of what is present."""

    def answer(asked: Asked, n: int) -> Any:
        if ask:
            ask(n)
        skip, limit = (int(asked.query[name][0]) for name in ("skip", "limit"))
        return {"results": present[skip : skip + limit]}

    api.answer = answer


OFFSET: dict[str, Any] = {
    **SNAPSHOT,
    "request": {"path": "/deals", "params": {"limit": 4}},
    "paging": {"kind": "offset", "into": "params.skip", "size": 4},
}


@pytest.mark.parametrize("count", range(12))
def test_an_offset_reads_each_record_once_whatever_their_number(api: Api, count: int) -> None:
    sliced(api, numbered(1, count))
    assert [row["id"] for row in rows(api, OFFSET)] == list(range(1, count + 1))
    assert [int(asked.query["skip"][0]) for asked in api.asked] == list(range(0, count, 3))[
        : max(1, -(-count // 3))
    ] or [0]


def test_an_offset_misses_nothing_when_records_before_it_leave(api: Api) -> None:
    """Five of the first six leave after the second page: without the overlap, five would be skipped."""
    present = numbered(1, 30)
    sliced(api, present, lambda n: present.__delitem__(slice(0, 5)) if n == 3 else None)
    assert sorted(row["id"] for row in rows(api, OFFSET)) == list(range(1, 31))


def test_an_offset_starts_again_when_no_page_meets_the_last_one(api: Api) -> None:
    present = numbered(1, 30)
    sliced(api, present, lambda n: present.__delitem__(slice(0, 12)) if n == 5 else None)
    assert {row["id"] for row in rows(api, OFFSET)} == set(range(1, 31))


def test_a_list_that_shrinks_to_nothing_ends(api: Api) -> None:
    present = numbered(1, 30)
    sliced(api, present, lambda n: present.clear() if n == 3 else None)
    assert [row["id"] for row in rows(api, OFFSET)] == list(range(1, 8))


def test_a_list_without_an_order_is_an_error(api: Api) -> None:
    present = numbered(1, 30)
    sliced(api, present, lambda n: present.sort(key=lambda row: (row["id"] * 7919 + n * 31) % 101))
    assert "do not keep their order while they are read" in failure(api, OFFSET)


def test_what_the_answer_says_of_more_counts_and_not_the_size_of_the_page(api: Api) -> None:
    """A page may be short because what one may not see was left out of it."""
    ids = [[1, 2, 3, 4], [4, 5], [5, 6, 7]]
    api.answer = lambda asked, n: {"results": [{"id": id_} for id_ in ids[n - 1]], "more": n < 3}
    rest = {**OFFSET, "paging": {**OFFSET["paging"], "more": "more"}}
    assert [row["id"] for row in rows(api, rest)] == [1, 2, 3, 4, 5, 6, 7]
    assert [asked.query["skip"] for asked in api.asked] == [["0"], ["3"], ["4"]]


def test_an_unreadable_record_does_not_stop_an_offset(api: Api) -> None:
    present = [b'{"id":1}', b'{"id":2,"x":NaN}', b'{"id":3}', b'{"id":4,"x":NaN}', b'{"id":5}']

    def answer(asked: Asked, n: int) -> Any:
        skip = int(asked.query["skip"][0])
        return Answer(b'{"results":[' + b",".join(present[skip : skip + 4]) + b"]}")

    api.answer = answer
    found = pages(api, OFFSET)
    assert [row["id"] for page in found for row in page.rows] == [1, 3, 5]
    assert [bad.text for page in found for bad in page.unreadable] == ['{"id":2,"x":NaN}', '{"id":4,"x":NaN}']


def test_the_pages_of_a_parents_list_overlap_too(api: Api) -> None:
    """Ids of the children are their own only together with the parent's, which is not in what is paged."""
    children = {"a": numbered(1, 9), "b": numbered(1, 6)}

    def answer(asked: Asked, n: int) -> Any:
        if asked.path == "/plans":
            return {"plans": [{"id": "a"}, {"id": "b"}]}
        present = children[asked.path.split("/")[2]]
        skip = int(asked.query["skip"][0])
        if n == 3:
            del present[:3]
        return {"results": present[skip : skip + 4]}

    api.answer = answer
    plans = {"request": {"path": "/plans"}, "records": "plans", "snapshot": True}
    request = {"path": "/plans/{parent.id}/days", "params": {"limit": 4}}
    made = source({**OFFSET, "request": request, "parents": plans})
    entity = made.entities["deals"].model_copy(update={"id": ("parent.id", "id")})
    made = made.model_copy(update={"entities": {"deals": entity}})
    found = [row for page in read(made, entity, DAY, api.connection()) for row in page.rows]
    assert sorted((row["parent"]["id"], row["id"]) for row in found) == [
        *(("a", id_) for id_ in range(1, 10)),
        *(("b", id_) for id_ in range(1, 7)),
    ]


RANGE: dict[str, Any] = {**SNAPSHOT, "records": "", "paging": {"kind": "range", "unit": "items", "size": 4}}


def ranged(api: Api, present: list[dict[str, Any]], *, total: bool = True, most: int = 100, empty: int = 416) -> None:
    """Answer ``Range: items=a-b`` as RFC 9110 says, with or without the total, no more than `most` at once."""

    def answer(asked: Asked, n: int) -> Answer:
        unit, _, span = asked.headers["range"].partition("=")
        assert unit == "items"
        first, last = map(int, span.split("-"))
        found = present[first : min(last + 1, first + most)]
        of = len(present) if total else "*"
        if not found:
            return Answer([], empty, {"content-range": f"items */{of}"})
        return Answer(found, 206, {"content-range": f"items {first}-{first + len(found) - 1}/{of}"})

    api.answer = answer


@pytest.mark.parametrize("empty", [416, 200, 204])
@pytest.mark.parametrize(("total", "most"), [(True, 100), (False, 100), (True, 3), (False, 3)])
def test_a_range_reads_each_record_once_whatever_their_number(api: Api, total: bool, most: int, empty: int) -> None:
    for count in range(10):
        ranged(api, numbered(1, count), total=total, most=most, empty=empty)
        assert [row["id"] for row in rows(api, RANGE)] == list(range(1, count + 1)), count


def test_a_range_that_is_not_heeded_gives_all(api: Api) -> None:
    api.answer = lambda asked, n: numbered(1, 50)
    assert len(rows(api, RANGE)) == 50
    assert len(api.asked) == 1


@pytest.mark.parametrize(
    ("headers", "says"),
    [
        ({}, "does not say which records it holds"),
        ({"content-range": "items 7-10/20"}, "starts with record 7, not with 0 as asked"),
    ],
)
def test_a_range_of_something_else_is_an_error(api: Api, headers: dict[str, str], says: str) -> None:
    api.answer = lambda asked, n: Answer(numbered(1, 4), 206, headers)
    assert says in failure(api, RANGE)


# cursor that is kept


KEPT: dict[str, Any] = {
    "request": {"path": "/changes", "params": {"limit": 2}},
    "records": "results",
    "paging": {"kind": "cursor", "next": "after", "into": "params.cursor", "keep": True},
}


@pytest.mark.parametrize("at_the_end", ["same", "none", "end"])
def test_a_cursor_is_kept_from_load_to_load(api: Api, at_the_end: str) -> None:
    """The three ways in which an API says that there is nothing new."""
    present = numbered(1, 5)

    def answer(asked: Asked, n: int) -> Any:
        first = int(asked.query.get("cursor", ["0"])[0])
        found = present[first : first + 2]
        following = first + len(found)
        is_end = following == len(present)
        if at_the_end == "none":
            return {"results": found, "after": None if is_end else following}
        return {"results": found, "after": following, "end": is_end}

    api.answer = answer
    rest = {**KEPT, "paging": {**KEPT["paging"], **({"end": "end"} if at_the_end == "end" else {})}}
    memory = Memory()
    assert [row["id"] for row in rows(api, rest, memory=memory)] == [1, 2, 3, 4, 5]
    assert memory.learned == {"cursor": "4" if at_the_end == "none" else "5"}
    present += numbered(6, 3)
    again = [row["id"] for row in rows(api, rest, memory=memory)]
    # where the API gives no cursor for the end, its last page is read twice
    assert again == ([5, 6, 7, 8] if at_the_end == "none" else [6, 7, 8])
    quiet = [row["id"] for row in rows(api, rest, memory=Memory(memory.items()))]
    assert quiet == ([7, 8] if at_the_end == "none" else [])


def test_a_load_that_fails_half_way_learns_no_cursor(api: Api) -> None:
    api.answer = lambda asked, n: {"results": [{"id": n}], "after": str(n)} if n < 3 else Answer({}, 400)
    memory = Memory({"cursor": "0"})
    assert "answered 400" in failure(api, KEPT, memory=memory)
    assert memory.learned == {}


# keyset


def test_a_keyset_of_time_and_id_reads_records_that_share_a_time(api: Api) -> None:
    """Seven records of one instant over pages of three; written in two ways that mean the same."""
    at = ["2026-03-05T10:00:00Z", "2026-03-05T11:00:00+01:00"]
    present = [{"id": f"d{n:02}", "updated_at": at[n % 2]} for n in range(7)]
    present.append({"id": "a00", "updated_at": "2026-03-05T10:00:00.001Z"})

    def answer(asked: Asked, n: int) -> Any:
        body = asked.body
        moment = datetime.fromisoformat(body["since"])
        found = [
            row for row in present if (datetime.fromisoformat(row["updated_at"]), row["id"]) > (moment, body["after"])
        ]
        return {"results": found[:3]}

    api.answer = answer
    rest = {
        "request": {
            "method": "POST",
            "path": "/search",
            "body": {"since": "{last.updated_at}", "after": "{last.id}", "before": "{window_end_iso}"},
        },
        "records": "results",
        "paging": {"kind": "keyset", "key": ["updated_at", "id"], "first": ["{window_start_iso}", ""]},
    }
    assert [row["id"] for row in rows(api, rest)] == ["d00", "d01", "d02", "d03", "d04", "d05", "d06", "a00"]
    assert [asked.body["after"] for asked in api.asked] == ["", "d02", "d05", "a00"]
    assert api.asked[0].body == {"since": "2026-03-05T00:00:00Z", "after": "", "before": "2026-03-06T00:00:00Z"}


def test_a_keyset_of_text_knows_its_order(api: Api) -> None:
    api.answer = lambda asked, n: {"results": [{"id": "b"}, {"id": "a"}], "more": True}
    rest = {
        **SNAPSHOT,
        "request": {"path": "/deals", "params": {"after": "{last}"}},
        "paging": {"kind": "keyset", "key": "id", "first": "", "more": "more"},
    }
    assert "the records are not in order of 'id'" in failure(api, rest)
    api.answer = lambda asked, n: {"results": [{"id": 5}], "more": True}
    assert "a record has not a text at 'id'" in failure(api, rest)


# limit


def searched(api: Api, moments: list[datetime], most: int) -> None:
    """A search by [since, until) in pages of 50 that never gives more than its first `most` results."""

    def answer(asked: Asked, n: int) -> Any:
        since, until = (datetime.fromisoformat(asked.query[name][0]) for name in ("since", "until"))
        found = [{"id": n, "at": at.isoformat()} for n, at in enumerate(moments) if since <= at < until]
        first = int(asked.query.get("skip", ["0"])[0])
        if first + 50 > most:
            return Answer({"message": "too deep"}, 400)
        return {"hits": {"total": min(len(found), most), "items": found[first : first + 50]}}

    api.answer = answer


SEARCH: dict[str, Any] = {
    "request": {"path": "/search", "params": {"since": "{window_start_iso}", "until": "{window_end_iso}"}},
    "records": "hits.items",
    "paging": {"kind": "offset", "into": "params.skip", "size": 50},
    "limit": {"results": 200, "total": "hits.total"},
}


def test_a_window_with_more_results_than_a_search_gives_is_halved(api: Api) -> None:
    """1,000 records, 900 of them in one second: known only as "200 or more", as searches tell it."""
    second = DAY.start + timedelta(hours=7)
    moments = [second + timedelta(milliseconds=n) for n in range(900)]
    moments += [DAY.start + timedelta(seconds=864 * n) for n in range(100)]
    searched(api, moments, most=200)
    found = [row["id"] for row in rows(api, SEARCH)]
    assert sorted(found) == list(range(1000))
    # no half-second bounds but where a second alone is too much
    parts = {text for asked in api.asked for text in (asked.query["since"][0], asked.query["until"][0]) if "." in text}
    assert parts and all(text.startswith("2026-03-05T07:00:00.") for text in parts)


def test_one_instant_with_more_results_than_a_search_gives_is_an_error(api: Api) -> None:
    searched(api, [DAY.start + timedelta(hours=7)] * 250, most=5000)
    message = failure(api, SEARCH)
    assert "250 results from 2026-03-05T07:00:00+00:00 on, of which the search gives 200" in message
    assert "Page by keyset" in message


def test_an_instant_with_too_many_results_is_read_by_keyset(api: Api) -> None:
    moment = DAY.start + timedelta(hours=7)

    def answer(asked: Asked, n: int) -> Any:
        since, until = (datetime.fromisoformat(asked.query[name][0]) for name in ("since", "until"))
        found = [id_ for id_ in range(1, 251) if since <= moment < until and id_ > int(asked.query["after"][0])]
        return {"total": len(found), "items": [{"id": id_} for id_ in found[:100]]}

    api.answer = answer
    rest = {
        "request": {"path": "/search", "params": {**SEARCH["request"]["params"], "after": "{last}"}},
        "records": "items",
        "paging": {"kind": "keyset", "key": "id"},
        "limit": {"results": 200, "total": "total"},
    }
    assert [row["id"] for row in rows(api, rest)] == list(range(1, 251))


def test_a_search_without_its_number_of_results_is_told(api: Api) -> None:
    api.answer = lambda asked, n: {"hits": {"items": []}}
    assert "no number of results at 'hits.total'" in failure(api, SEARCH)


def test_windows_are_halved_at_what_the_placeholders_can_tell() -> None:
    def ends(window: Window, *names: str) -> list[str]:
        halves = halved(window, set(names))
        return [half.start.isoformat() for half in halves] if halves else []

    start = datetime(2026, 3, 5, tzinfo=UTC)
    days = Window.between("2026-03-05", "2026-03-07")
    second = Window(start, start + timedelta(seconds=1))
    assert ends(days, "window_start_day", "window_end_day")[1] == "2026-03-06T00:00:00+00:00"
    assert ends(Window.day("2026-03-05"), "window_start_day") == []
    assert ends(DAY, "window_start_s")[1] == "2026-03-05T12:00:00+00:00"
    assert ends(second, "window_start_s", "window_end_iso") == []
    assert ends(second, "window_start_ms")[1] == "2026-03-05T00:00:00.500000+00:00"
    assert ends(Window(start, start + timedelta(milliseconds=1)), "window_start_iso") == []


# lateness


def test_lateness_widens_what_is_asked_for_and_nothing_else(api: Api) -> None:
    request = {"path": "/deals", "params": {"since": "{window_start_iso}", "until": "{window_end_iso}"}}
    times = ["2026-03-04T21:59:59Z", "2026-03-04T22:00:00Z", "2026-03-05T23:59:59Z", "2026-03-06T00:00:00Z"]
    api.answer = lambda asked, n: {"results": [{"id": n, "at": at} for n, at in enumerate(times)]}
    found = rows(api, {"request": request, "records": "results", "within": "at"}, lateness="2h")
    assert [row["id"] for row in found] == [1, 2]
    assert api.asked[0].query == {"since": ["2026-03-04T22:00:00Z"], "until": ["2026-03-06T00:00:00Z"]}


def test_no_content_is_no_records(api: Api) -> None:
    api.answer = lambda asked, n: Answer(b"", 204)
    assert rows(api, SNAPSHOT) == []
