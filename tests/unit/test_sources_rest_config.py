"""The YAML of REST sources: how to log in, how to page, what a window and a budget are."""

import re
from datetime import timedelta
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from include.settings import PROJECT
from include.sources.config import Source
from tests.api import SNAPSHOT, source

WINDOWED = {
    "request": {"path": "/deals", "params": {"since": "{window_start_s}", "before": "{window_end_s}"}},
    "records": "results",
}
CURSOR = {"kind": "cursor", "next": "after", "into": "params.after"}
LOGIN = {"method": "POST", "path": "/login", "body": {"key": "{password}"}}


def refused(rest: dict[str, Any], auth: dict[str, Any] | None = None, **more: Any) -> str:
    with pytest.raises(ValidationError) as caught:
        source(rest, auth, **more)
    return str(caught.value)


@pytest.mark.parametrize(
    ("auth", "says"),
    [
        ({"kind": "magic"}, "expected tags: 'none', 'bearer', 'basic', 'header', 'query', 'oauth2', 'login'"),
        ({"kind": "bearer", "name": "x"}, "Extra inputs are not permitted"),
        ({"kind": "header"}, "auth.header.name"),
        ({"kind": "header", "name": "X Key"}, "String should match pattern"),
        ({"kind": "query"}, "auth.query.name"),
        ({"kind": "oauth2", "token_path": "/t"}, "auth.oauth2.grant"),
        ({"kind": "oauth2", "grant": "password", "token_path": "/t"}, "'client_credentials' or 'refresh_token'"),
        ({"kind": "oauth2", "grant": "client_credentials"}, "give token_path or token_url"),
        (
            {"kind": "oauth2", "grant": "client_credentials", "token_path": "/t", "token_url": "https://a.example/t"},
            "give token_path or token_url",
        ),
        # a secret goes nowhere unencrypted
        ({"kind": "oauth2", "grant": "client_credentials", "token_url": "http://a.example/t"}, "should match pattern"),
        ({"kind": "login", "request": {"path": "/login"}, "token": "t"}, "{password} must be there"),
        (
            {"kind": "login", "request": {**LOGIN, "params": {"d": "{window_start_day}"}}, "token": "t"},
            "{password} must",
        ),
        ({"kind": "login", "request": {**LOGIN, "path": "/login/{login}"}, "token": "t"}, "path: takes no placeholder"),
    ],
)
def test_auth_that_cannot_work_is_refused(auth: dict[str, Any], says: str) -> None:
    assert says in refused(SNAPSHOT, auth)


@pytest.mark.parametrize(
    ("paging", "request_params", "says"),
    [
        ({"kind": "link_header", "next": "x"}, {}, "Extra inputs are not permitted"),
        ({"kind": "offset", "into": "params.skip", "size": 1}, {}, "greater than 1"),
        ({"kind": "range", "size": 100, "unit": "my items"}, {}, "String should match pattern"),
        ({"kind": "keyset", "key": "id"}, {}, "keyset paging needs the placeholder {last}"),
        ({"kind": "keyset", "key": ["at", "id"], "first": ["", ""]}, {"a": "{last.at}"}, "placeholder {last.id}"),
        ({"kind": "keyset", "key": ["at", "id"]}, {}, "first: needs a value for each key"),
        ({"kind": "keyset", "key": ["at", "id"], "first": [0]}, {}, "first: needs a value for each key"),
        ({"kind": "keyset", "key": "id", "first": [0]}, {"a": "{last}"}, "first: needs a value for each key"),
        (
            {"kind": "keyset", "key": "id", "first": "{window_strat_s}"},
            {"a": "{last}"},
            "no placeholder window_strat_s",
        ),
        ({"kind": "keyset", "key": "id"}, {"a": "{last}", "b": "{last.id}"}, "no placeholder last.id; there are last,"),
    ],
)
def test_paging_that_cannot_work_is_refused(paging: dict[str, Any], request_params: dict[str, Any], says: str) -> None:
    rest = {**SNAPSHOT, "request": {"path": "/deals", "params": request_params}, "paging": paging}
    assert says in refused(rest)


def test_a_request_is_bounded_by_the_window_in_one_of_five_ways() -> None:
    bare = {"request": {"path": "/deals"}, "records": "results"}
    assert "bound it by the window" in refused(bare)
    assert "bound it by the window" in refused({**bare, "paging": CURSOR})
    keyset = {"kind": "keyset", "key": ["at", "id"], "first": ["{window_start_iso}", 0]}
    request = {"path": "/deals", "params": {"at": "{last.at}", "id": "{last.id}"}}
    for rest in (
        WINDOWED,
        {**bare, "within": "at"},
        {**bare, "snapshot": True},
        {**bare, "paging": {**CURSOR, "keep": True}},
        {**bare, "request": request, "paging": keyset},
    ):
        source(rest)


def test_a_cursor_is_kept_for_one_list() -> None:
    kept = {**SNAPSHOT, "paging": {**CURSOR, "keep": True}}
    assert "a cursor can only be kept for the entity's own list" in refused({**SNAPSHOT, "also": [kept]})


def test_a_limit_needs_a_window_that_can_be_halved() -> None:
    limit = {"results": 10_000, "total": "total"}
    source({**WINDOWED, "limit": limit})
    assert "limit: needs a {window_start_…} and a {window_end_…}" in refused({**SNAPSHOT, "limit": limit})
    half = {**WINDOWED, "request": {"path": "/deals", "params": {"since": "{window_start_s}"}}}
    assert "limit: needs" in refused({**half, "limit": limit})


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("90s", timedelta(seconds=90)),
        ("30m", timedelta(minutes=30)),
        ("2h", timedelta(hours=2)),
        ("1d", timedelta(days=1)),
    ],
)
def test_lateness_is_a_number_and_a_unit(text: str, span: timedelta) -> None:
    assert source(WINDOWED, lateness=text).lateness == span


@pytest.mark.parametrize("text", ["2", 2, "-2h", "2 h", "1w", "h", "", "PT2H", None])
def test_lateness_that_could_be_misread_is_refused(text: Any) -> None:
    assert "is a number with s, m, h or d" in refused(WINDOWED, lateness=text)


def test_lateness_is_nothing_unless_it_is_said() -> None:
    assert source(WINDOWED).lateness == timedelta()


@pytest.mark.parametrize(
    ("budget", "says"),
    [
        ({"requests": 0, "seconds": 10}, "greater than 0"),
        ({"requests": 100}, "budget.seconds"),
        ({"requests": 100, "seconds": 10, "pool": "a b"}, "String should match pattern"),
    ],
)
def test_a_budget_that_cannot_work_is_refused(budget: dict[str, Any], says: str) -> None:
    assert says in refused(WINDOWED, budget=budget)


def test_the_examples_of_the_documentation_are_accepted() -> None:
    """Of the parts about auth, lateness, budgets, lists and paging: as they stand there, in a source."""
    text = (PROJECT / "docs" / "sources.md").read_text()
    part = text[text.index("### Auth\n") : text.index("### files\n")]
    examples = [
        yaml.safe_load(example) for example in re.findall(r"```yaml\n(.*?)```", part, re.DOTALL) if "…" not in example
    ]
    assert len(examples) > 15
    for example in examples:
        if "paging" in example:
            source({**SNAPSHOT, **example})
        else:
            rest = example.pop("rest", SNAPSHOT)
            source(rest, **example)


def test_what_is_for_rest_alone_is_refused_elsewhere() -> None:
    files = {
        "name": "shop",
        "description": "A test.",
        "kind": "files",
        "connection": "shop",
        "enabled": False,
        "entities": {
            "orders": {
                "feeds": "order_line",
                "id": "id",
                "version_at": None,
                "files": {"pattern": "*.csv", "columns": ["id"]},
            }
        },
    }
    Source.model_validate(files)
    for more, says in (
        ({"budget": {"requests": 1, "seconds": 1}}, "budget: is for sources of kind rest"),
        ({"lateness": "1h"}, "lateness: a source of kind files is not asked by time"),
    ):
        with pytest.raises(ValidationError, match=says):
            Source.model_validate({**files, **more})
