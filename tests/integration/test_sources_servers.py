"""The REST reader against servers that others wrote: datasette (cursors, links in body and header), and roundup (basic
auth, links in the body that name another host, a real limit on calls)."""

import base64
import sqlite3
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import urllib3

from include.sources import Memory, SourceConnection, SourceError, read
from include.window import Window
from tests import servers
from tests.api import source

DAYS = [Window.day(f"2026-03-0{n}") for n in (4, 5, 6)]
STARTS = [int(day.start.timestamp() * 1000) for day in DAYS]
# 731 records, times in ms; 300 share one instant, and the first and the last millisecond of a day are there
TIMES = [
    *[STARTS[0] + n * 400_000 for n in range(200)],
    STARTS[1],
    *[STARTS[1] + 43_200_500] * 300,
    STARTS[2] - 1,
    *[STARTS[2] + n * 350_000 for n in range(229)],
]
TITLES = ["Café ☕ 李雷", "'; drop table issue; --", '{"id": 1}', "<b>&amp;</b>", *(f"Issue {n}" for n in range(5, 13))]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("datasette")


@pytest.fixture(scope="module")
def datasette(folder: Path) -> Iterator[SourceConnection]:
    with servers.datasette(folder, ((n, f"n{n}", at) for n, at in enumerate(TIMES))) as address:
        yield SourceConnection(address)


@pytest.fixture(scope="module")
def tracker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SourceConnection]:
    with servers.roundup(tmp_path_factory.mktemp("tracker"), TITLES) as address:
        yield SourceConnection(address, servers.LOGIN, servers.PASSWORD)


def pull(
    connection: SourceConnection,
    rest: dict[str, Any],
    auth: dict[str, Any] | None = None,
    window: Window = DAYS[1],
    memory: Memory | None = None,
) -> list[dict]:
    made = source(rest, auth or {"kind": "none"})
    entity = made.entities["deals"]
    return [row for page in read(made, entity, window, connection, memory) for row in page.rows]


WINDOW = {"updated_at__gte": "{window_start_ms}", "updated_at__lt": "{window_end_ms}", "_sort": "updated_at"}
OBJECTS = {"path": "/crm/contacts.json", "params": {"_shape": "objects", **WINDOW}}
PAGINGS: dict[str, dict[str, Any]] = {
    "next_url": {"request": OBJECTS, "records": "rows", "paging": {"kind": "next_url", "next": "next_url"}},
    "cursor": {
        "request": OBJECTS,
        "records": "rows",
        "paging": {"kind": "cursor", "next": "next", "into": "params._next"},
    },
    "link_header": {
        "request": {"path": "/crm/contacts.json", "params": {"_shape": "array", **WINDOW}},
        "records": "",
        "paging": {"kind": "link_header"},
    },
    "keyset": {
        "request": {
            "path": "/crm/contacts.json",
            "params": {
                "_shape": "array",
                "_sort": "updated_at",
                "_where": "(updated_at, id) > ({last.updated_at}, {last.id})",
                "updated_at__lt": "{window_end_ms}",
            },
        },
        "records": "",
        "paging": {"kind": "keyset", "key": ["updated_at", "id"], "first": ["{window_start_ms}", -1]},
    },
    "limit": {
        "request": OBJECTS,
        "records": "rows",
        "paging": {"kind": "cursor", "next": "next", "into": "params._next"},
        "limit": {"results": 350, "total": "filtered_table_rows_count"},
    },
}


@pytest.mark.parametrize("kind", PAGINGS)
def test_datasette_gives_each_record_of_each_day_once(datasette: SourceConnection, kind: str) -> None:
    """In pages of 100, of which four begin and end within one instant; the truth is the list that made the table."""
    for window in DAYS:
        start, end = (int(moment.timestamp() * 1000) for moment in (window.start, window.end))
        want = [n for n, at in enumerate(TIMES) if start <= at < end]
        found = pull(datasette, PAGINGS[kind], window=window)
        assert sorted(row["id"] for row in found) == want


def test_a_long_window_of_datasette_is_all_of_it(datasette: SourceConnection) -> None:
    whole = Window(DAYS[0].start, DAYS[2].end)
    for kind, rest in PAGINGS.items():
        found = pull(datasette, rest, window=whole)
        assert sorted(row["id"] for row in found) == list(range(len(TIMES))), kind


def test_a_cursor_of_datasette_is_kept_from_load_to_load(datasette: SourceConnection, folder: Path) -> None:
    """Its cursor for the last page is none, so the last one that was given is kept: that page is read again."""
    rest = {
        "request": {"path": "/crm/more.json", "params": {"_shape": "objects", "_size": 10}},
        "records": "rows",
        "paging": {"kind": "cursor", "next": "next", "into": "params._next", "keep": True},
    }

    def add(*ids: int) -> None:
        with sqlite3.connect(folder / "crm.db") as database:
            database.execute("create table if not exists more (id integer primary key)")
            database.executemany("insert into more values (?)", [(id_,) for id_ in ids])
        database.close()

    memory = Memory()
    add(*range(1, 26))
    assert [row["id"] for row in pull(datasette, rest, memory=memory)] == list(range(1, 26))
    add(*range(26, 43))
    memory = Memory(memory.items())
    assert [row["id"] for row in pull(datasette, rest, memory=memory)] == list(range(21, 43))


ISSUES: dict[str, Any] = {
    "request": {"path": "/data/issue", "params": {"@page_size": 6, "@fields": "title,activity", "@sort": "id"}},
    "records": "data.collection",
    "paging": {"kind": "next_url", "next": "data.@links.next.0.uri"},
    "within": "activity",
}
BASIC = {"kind": "basic"}
LATELY = Window(datetime.now(UTC) - timedelta(days=1), datetime.now(UTC) + timedelta(days=1))


def test_roundup_limits_calls_and_no_issue_is_missed(tracker: SourceConnection) -> None:
    """All calls of the limit are used up by someone else of the same login, so the first answer is a 429.

    The links in its answers are of the host in its own configuration, where nobody listens.
    """
    pair = base64.b64encode(f"{servers.LOGIN}:{servers.PASSWORD}".encode()).decode()
    headers = {"authorization": f"Basic {pair}", "accept": "application/json"}
    address = f"{tracker.base_url}/data/issue?@page_size=1"
    started = time.monotonic()  # the limit's clock runs from the first call, however slow the machine is after it
    answers = [urllib3.request("GET", address, headers=headers, retries=False) for _ in range(servers.CALLS + 1)]
    assert [answer.status for answer in answers] == [200] * servers.CALLS + [429]
    assert answers[-1].headers["retry-after"] == "2"
    assert "127.0.0.1:1/" in answers[0].json()["data"]["@links"]["next"][0]["uri"]
    found = pull(tracker, ISSUES, BASIC, LATELY)
    assert [row["title"] for row in found] == TITLES
    # two seconds as it asked; its next answer said that none is left, and when they are again: four seconds later
    assert time.monotonic() - started >= 5


def test_issues_of_another_time_are_left_out(tracker: SourceConnection) -> None:
    request = {"path": "/data/issue", "params": {"@page_size": 50, "@fields": "title,activity"}}
    assert pull(tracker, {**ISSUES, "request": request}, BASIC, DAYS[1]) == []


def test_roundup_refuses_a_wrong_password(tracker: SourceConnection) -> None:
    wrong = SourceConnection(tracker.base_url, servers.LOGIN, "not-it")
    with pytest.raises(SourceError, match="answered 401: the login was not accepted"):
        pull(wrong, ISSUES, BASIC, LATELY)
