"""What one sample of a source is taken for; the samples have the shapes of public APIs' own documentation."""

import json
from typing import Any

import pytest
import yaml
from pydantic import TypeAdapter

from include.sources.config.paging import Paging
from include.sources.skeleton import Asked, Skeleton, SkeletonError, rest_skeleton
from include.sources.skeleton.address import parse_address
from include.sources.skeleton.columns import feeds_of
from include.sources.skeleton.fields import fields_of, time_form
from include.sources.skeleton.paging import guess_bounds, guess_paging
from include.sources.skeleton.shape import Version, find_key, find_records, find_version
from include.sources.yaml_lines import Line, as_yaml, flow

URL = "https://x.example.com/items"
LINK = f'<{URL}?page=2>; rel="next", <{URL}?page=9>; rel="last"'
PIPEDRIVE = {"start": 0, "limit": 100, "more_items_in_collection": True, "next_start": 100}
LARAVEL = {"current_page": 1, "from": 1, "last_page": 5, "per_page": 2, "to": 2, "total": 10}
INTERCOM = {"next": {"page": 2, "starting_after": "WzE2N"}, "page": 1, "per_page": 2, "total_pages": 9}


def next_url(path: str, **more: str) -> dict:
    return {"kind": "next_url", "next": path, **more}


def cursor(path: str, into: str, **more: str) -> dict:
    return {"kind": "cursor", "next": path, "into": f"params.{into}", **more}


def counted(kind: str, into: str, size: int, **more: Any) -> dict:
    return {"kind": kind, "into": f"params.{into}", "size": size, **more}


PAGED: dict[str, tuple[dict, dict, dict]] = {
    # envelope, parameters of the address, paging
    "Zendesk, cursor exports": (
        {"after_url": f"{URL}?cursor=MTU3Ng", "after_cursor": "MTU3Ng", "end_of_stream": False},
        {},
        next_url("after_url", end="end_of_stream"),
    ),
    "Zendesk, lists": (
        {"meta": {"has_more": True, "after_cursor": "aQ"}, "links": {"prev": None, "next": f"{URL}?page[after]=aQ"}},
        {"page[size]": 2},
        next_url("links.next", more="meta.has_more"),
    ),
    # the relative link would lose the other parameters
    "HubSpot": (
        {"paging": {"next": {"after": "NTI1", "link": "?after=NTI1"}}},
        {"limit": 2},
        cursor("paging.next.after", "after"),
    ),
    "Salesforce": (
        {"totalSize": 3214, "done": False, "nextRecordsUrl": "/services/data/v60.0/query/01gD0-2000"},
        {"q": "select Id from Lead"},
        next_url("nextRecordsUrl", end="done"),
    ),
    "OData": ({"@odata.nextLink": f"{URL}?$skiptoken=X"}, {"$top": 2}, next_url("@odata.nextLink")),
    "Django REST framework, its last page": ({"count": 2, "next": None, "previous": None}, {}, next_url("next")),
    "Laravel": (
        {"links": {"first": URL, "prev": None, "next": f"{URL}?page=2"}, "meta": LARAVEL},
        {},
        next_url("links.next"),
    ),
    "HAL": (
        {"_links": {"self": {"href": "/orders"}, "next": {"href": "/orders?page=2"}}},
        {},
        next_url("_links.next.href"),
    ),
    "Google": ({"nextPageToken": "CAUQAA"}, {"maxResults": 2}, cursor("nextPageToken", "pageToken")),
    "Slack": (
        {"ok": True, "response_metadata": {"next_cursor": "dXNlcjpVRzlXNw=="}},
        {"limit": 2},
        cursor("response_metadata.next_cursor", "cursor"),
    ),
    "Intercom": ({"pages": INTERCOM}, {}, cursor("pages.next.starting_after", "starting_after")),
    "Jira": (
        {"startAt": 0, "maxResults": 2, "total": 250, "isLast": False},
        {},
        counted("offset", "startAt", 2, end="isLast"),
    ),
    "Pipedrive": (
        {"success": True, "additional_data": {"pagination": PIPEDRIVE}},
        {"start": 0, "limit": 100},
        counted("offset", "start", 100, more="additional_data.pagination.more_items_in_collection"),
    ),
    "pages from 0": ({"totalPages": 7}, {"page": 0, "size": 50}, counted("page_number", "page", 50, first=0)),
    "pages that only the answer tells of": (
        {"meta": {"page": 1, "per_page": 25, "total": 90}},
        {},
        counted("page_number", "page", 25),
    ),
    "the next page's number": ({"pagination": {"next_page": 2, "page": 1}}, {}, cursor("pagination.next_page", "page")),
    "a cursor that the address has a name for": ({"next": "abc"}, {"Cursor": ""}, cursor("next", "Cursor")),
    "Stripe, which says that more follows and not how": ({"object": "list", "has_more": True}, {}, {"kind": "none"}),
    "nothing": ({}, {}, {"kind": "none"}),
}  # fmt: skip


@pytest.mark.parametrize("name", PAGED)
def test_paging(name: str) -> None:
    envelope, params, expected = PAGED[name]
    guess = guess_paging(envelope, {}, params, 2)
    assert guess.values == expected
    TypeAdapter(Paging).validate_python(guess.values)
    into = expected.get("into", "").removeprefix("params.")
    assert guess.dropped == ((into,) if into else ())


def test_paging_by_a_link_header() -> None:
    assert guess_paging({}, {"link": LINK}, {"page": 1}, 2).values == {"kind": "link_header"}


def test_what_says_that_the_list_goes_on_and_not_how_is_told() -> None:
    assert guess_paging({"has_more": True}, {}, {}, 2).why.startswith("has_more says that the list goes on")
    assert guess_paging({"total": 90}, {}, {}, 2).why.startswith("total tells of 90 records, 2 came")


@pytest.mark.parametrize(
    ("answer", "path", "ids"),
    [
        ([{"id": 1}], "", [1]),
        ({"data": [{"id": 1}], "included": [{"id": 7}, {"id": 8}]}, "data", [1]),  # JSON:API
        ({"contacts": [{"id": 1}], "fields": [{"id": 7}, {"id": 8}]}, "contacts", [1]),
        ({"response": {"docs": [{"id": 1}, {"id": 2}]}, "numFound": 2}, "response.docs", [1, 2]),
        ({"_embedded": {"orders": [{"id": 1}]}, "_links": {}}, "_embedded.orders", [1]),  # HAL
        ({"hits": {"total": 2, "hits": [{"_id": 1}]}}, "hits.hits", []),  # Elasticsearch
        ({"a": [{"id": 1}, {"id": 2}], "b": [{"id": 3}]}, "a", [1, 2]),
        ({"items": [None, {"id": 1}, {"id": 2}]}, "items", [1, 2]),
    ],
)
def test_the_list_of_records(answer: Any, path: str, ids: list) -> None:
    found = find_records(answer, "contacts")
    assert found
    assert (found.path, [row["id"] for row in found.rows if "id" in row]) == (path, ids)


@pytest.mark.parametrize(
    "answer", [{}, {"data": []}, [], [1, 2], "text", None, {"data": {"id": 1}}, {"a.b": [{"id": 1}]}]
)
def test_no_list_of_records(answer: Any) -> None:
    assert find_records(answer, "contacts") is None


@pytest.mark.parametrize(
    ("rows", "paths", "is_sure"),
    [
        ([{"name": "A", "id": 1}, {"name": "B", "id": 2}], ("id",), True),
        ([{"dealId": "x", "number": 1}, {"dealId": "y", "number": 2}], ("dealId",), True),
        ([{"Id": "001", "attributes": {"url": "/1"}}, {"Id": "002", "attributes": {"url": "/2"}}], ("Id",), True),
        ([{"properties": {"id": 1}}, {"properties": {"id": 2}}], ("properties.id",), True),
        ([{"id": 1, "uuid": "a"}, {"id": 1, "uuid": "b"}], ("uuid",), True),
        ([{"id": None, "code": "a"}, {"id": 2, "code": "b"}], ("code",), True),
        ([{"email": "a"}, {"email": "b"}], ("email",), False),
        (
            [{"order_no": 1, "line": 1}, {"order_no": 1, "line": 2}, {"order_no": 2, "line": 1}],
            ("order_no", "line"),
            False,
        ),
        ([{"name": "A"}, {"name": "A"}], ("name",), False),
    ],
)
def test_the_key(rows: list[dict], paths: tuple[str, ...], is_sure: bool) -> None:
    key = find_key(rows, fields_of(rows), "deals")
    assert key
    assert (key.paths, key.is_sure) == (paths, is_sure)


def test_no_field_is_in_every_record() -> None:
    rows = [{"a": 1}, {"b": 1}]
    assert find_key(rows, fields_of(rows), "deals") is None


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({"created_at": "2026-01-01", "updated_at": "2026-03-05T10:00:00Z"}, Version("updated_at", "iso")),
        ({"LastModifiedDate": "2026-03-05T10:00:00.000+0000"}, Version("LastModifiedDate", "iso")),
        ({"properties": {"hs_lastmodifieddate": 1772704800000}}, Version("properties.hs_lastmodifieddate", "ms")),
        ({"modified": 1772704800}, Version("modified", "s")),
        ({"updated": "1772704800"}, Version("updated", "s")),
        ({"date_modified": "2026-03-05"}, Version("date_modified", "day")),
        ({"updated": 5}, None),  # a count
        ({"updated": "yes"}, None),
        ({"modified": True}, None),
        ({"created_at": "2026-03-05T10:00:00Z"}, None),
    ],
)
def test_the_time_of_change(row: dict, expected: Version | None) -> None:
    assert find_version([row], fields_of([row]), "deal") == expected


def test_an_event_changes_when_it_happens() -> None:
    row = {"created_at": "2026-03-05T10:00:00Z"}
    assert find_version([row], fields_of([row]), "ticket_event") == Version("created_at", "iso")


def test_the_form_of_times() -> None:
    assert time_form(["2026-03-05", "2026-03-05T10:00:00+01:00"]) == "iso"
    assert time_form(["2026-03-05", 1772704800]) is None
    assert time_form([]) is None


@pytest.mark.parametrize(
    ("params", "filled", "beside"),
    [
        # both ends; the forms are those of the values
        (
            {"updated_from": "2026-03-01T00:00:00Z", "updated_before": "2026-03-02", "q": "x"},
            {"updated_from": "{window_start_iso}", "updated_before": "{window_end_day}", "q": "x"},
            {},
        ),
        ({"start": 1772668800}, {"start": "{window_start_s}"}, {"until": {"path": "updated", "ordered": False}}),
        ({"filter[updated][gte]": "1772668800000"}, {"filter[updated][gte]": "{window_start_ms}"}, None),
        ({"modifiedSince": ""}, {"modifiedSince": "{window_start_ms}"}, None),  # as the records' own times
        ({"start": 0, "from": "3"}, {"start": 0, "from": "3"}, {"within": "updated"}),  # no times
        ({}, {}, {"within": "updated"}),
    ],
)  # fmt: skip
def test_the_bounds_of_a_window(params: dict, filled: dict, beside: dict | None) -> None:
    bounds = guess_bounds(params, Version("updated", "ms"))
    assert bounds.params == filled
    assert beside is None or bounds.beside == beside


def test_without_any_time_the_list_is_a_snapshot() -> None:
    assert guess_bounds({"limit": 2}, None).beside == {"snapshot": True}


@pytest.mark.parametrize(
    ("entity", "feeds"),
    [
        ("contacts", "customer"), ("companies", "company"), ("Opportunities", "deal"), ("tickets", "ticket"),
        ("order_lines", "order_line"), ("calls", "activity"), ("people", "customer"), ("deal_stages", "pipeline_stage"),
        ("gizmos", None),
    ],
)  # fmt: skip
def test_what_an_entity_feeds(entity: str, feeds: str | None) -> None:
    assert feeds_of(entity) == feeds


def test_the_address_and_its_secrets() -> None:
    address = parse_address(
        "https://api.example.com:8443/v2/salesDeals.json?per_page=100&api_key=k&page_token=&a=1&a=2", None
    )
    assert (address.base, address.path, address.entity) == (
        "https://api.example.com:8443",
        "/v2/salesDeals.json",
        "sales_deals",
    )
    assert address.params == {"per_page": 100, "page_token": "", "a": [1, "2"]}
    assert address.secrets == {"api_key": "k"} and "'k'" not in repr(address)


@pytest.mark.parametrize(
    "url", ["", "ftp://x/y", "api.example.com/deals", "https://", "https://ann:pw@x/deals", "http://[x/"]
)
def test_no_address(url: str) -> None:
    with pytest.raises(SkeletonError, match=r"^--url") as caught:
        parse_address(url, None)
    assert "pw" not in str(caught.value)


@pytest.mark.parametrize(
    "value",
    [
        *("no", "1e3", "2026-03-05", "{window_start_iso}", "a\u2028b", "\x85", "📧", "x: y", "- a", "a\nb", "\x07"),
        *("#a", "'", '"', "\\", "&a", "*a", "!a", "%a", "@a", "`", "", " ", "a #b", "? a", "~", "null", "<<"),
        *(1, 1.5, None, True, [], {}, ["a", {"b": "c,d]}"}]),
    ],
)
def test_a_value_stays_a_value_in_yaml(value: Any) -> None:
    written = as_yaml((Line("key", value, f"said: {value}"), Line("next", 1)))
    assert yaml.safe_load(written) == {"key": value, "next": 1}
    assert yaml.safe_load(f"{{a: {flow(value)}, b: 2}}") == {"a": value, "b": 2}


def made(rows: list[dict], url: str = "https://api.example.com/deals", **asked: Any) -> Skeleton:
    return rest_skeleton(Asked("acme", "acme", **asked), url, json.dumps({"data": rows}).encode(), None)


def test_no_value_of_the_sample_is_in_a_file() -> None:
    row = {
        "id": 4711,
        "name": "Ann Smith",
        "email": "ann@example.com",
        "amount": "12 EUR",
        "status": "weird",
        "role": "boss",
    }
    for feeds in ("customer", "deal", "ticket", "company"):
        skeleton = made([row], feeds=feeds)
        written = skeleton.definition + skeleton.statement + skeleton.suite + "".join(skeleton.took + skeleton.look)
        assert not [value for value in map(str, row.values()) if value in written]


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"feeds": "deals"}, "--feeds: which staging table? 'deals' is none"),
        ({"entity": "gizmos"}, "--feeds: which staging table? the name gizmos does not tell"),
        ({"entity": "Deals"}, "--entity: 'Deals'"),
        ({"entity": "x; drop table y", "feeds": "deal"}, "--entity"),
        ({"auth": "magic"}, "--auth: 'magic' is none of"),
        ({"auth": "header:"}, "--auth"),
        ({"entity": "d" * 50, "feeds": "deal"}, "may have 48 characters together"),
    ],
)
def test_what_cannot_be_made(asked: dict, message: str) -> None:
    with pytest.raises(SkeletonError) as caught:
        made([{"id": 1}], **asked)
    assert message in str(caught.value)


def test_a_parameter_that_the_definition_cannot_hold() -> None:
    with pytest.raises(SkeletonError, match="no placeholder nothing"):
        made([{"id": 1}], "https://api.example.com/deals?x={nothing}")
