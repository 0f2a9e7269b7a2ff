"""Waiting for a source: as long as it asks for, no request before, none too many within a budget."""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from typing import Any

import pytest

from include.ingest import land_source
from include.sources import SourceError, http, read
from include.sources.config import Source
from include.warehouse.budget import within_budget
from include.warehouse.connection import Warehouse
from tests.api import DAY, SNAPSHOT, Answer, Api, Asked, pages, rows, source
from tests.deliveries import rows as table

PAGED: dict[str, Any] = {**SNAPSHOT, "paging": {"kind": "cursor", "next": "next", "into": "params.page"}}


def failure(api: Api) -> str:
    with pytest.raises(SourceError) as caught:
        pages(api, SNAPSHOT)
    return str(caught.value)


class Limited:
    """An API that answers `requests` in any `seconds`, by when they came; 429 beyond that, with its headers.

    `records` pages of one record each, or of what `page` gives for a number.
    """

    def __init__(
        self, api: Api, requests: int, seconds: float, records: int, told: Callable[[int, float], dict]
    ) -> None:
        self.requests, self.seconds, self.records, self.told = requests, seconds, records, told
        self.taken: deque[float] = deque()
        self.lock = threading.Lock()
        self.served = self.refused = 0
        api.answer = self.answer

    def answer(self, asked: Asked, n: int) -> Any:
        with self.lock:
            now = time.monotonic()
            while self.taken and self.taken[0] <= now - self.seconds:
                self.taken.popleft()
            wait = self.taken[0] + self.seconds - now if self.taken else self.seconds
            if len(self.taken) >= self.requests:
                self.refused += 1
                return Answer({"message": "slow down"}, 429, self.told(0, wait))
            self.taken.append(now)
            self.served += 1
            left = self.requests - len(self.taken)
        page = int(asked.query.get("page", ["0"])[0])
        body = {"results": [{"id": page}], "next": page + 1 if page + 1 < self.records else None}
        return Answer(body, 200, self.told(left, wait))


def test_retry_after_is_obeyed_and_no_request_sent_before(api: Api) -> None:
    asked_at: list[float] = []

    def answer(asked: Asked, n: int) -> Any:
        asked_at.append(time.monotonic())
        return Answer({}, 429, {"retry-after": "1"}) if n == 1 else {"results": [{"id": n}]}

    api.answer = answer
    assert rows(api, SNAPSHOT) == [{"id": 2}]
    assert 1 <= asked_at[1] - asked_at[0] < 1.5


@pytest.mark.parametrize("status", [429, 503, 403])
def test_a_limit_that_is_told_by_its_reset_is_obeyed(api: Api, status: int) -> None:
    reset = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "0.5"}
    api.answer = lambda asked, n: Answer({}, status, reset) if n == 1 else {"results": [{"id": n}]}
    started = time.monotonic()
    assert rows(api, SNAPSHOT) == [{"id": 2}]
    assert 0.5 <= time.monotonic() - started < 1.0


def test_a_limit_is_not_run_into_when_the_headers_tell_of_it(api: Api) -> None:
    """Five requests in any second, told as seconds until one more is free: 13 pages, none refused."""

    def told(left: int, wait: float) -> dict[str, str]:
        return {"RateLimit-Limit": "5", "RateLimit-Remaining": str(left), "RateLimit-Reset": f"{wait:.3f}"}

    limited = Limited(api, 5, 1.0, 13, told)
    assert [row["id"] for row in rows(api, PAGED)] == list(range(13))
    assert (limited.served, limited.refused) == (13, 0)


def test_a_limit_told_only_when_it_is_hit_costs_no_record(api: Api) -> None:
    limited = Limited(api, 5, 1.0, 12, lambda left, wait: {} if left else {"Retry-After": "1"})
    assert [row["id"] for row in rows(api, PAGED)] == list(range(12))
    assert limited.served == 12 and limited.refused


def test_patience_for_waits_that_are_asked_for_ends(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "PATIENCE", http.Patience(first=0.01, longest=0.02, total=0.3, asked=2.5))
    api.answer = lambda asked, n: Answer({}, 429, {"retry-after": "1"})
    assert "answered 429 and asks to wait 1 s, after 2 s of trying again" in failure(api)
    assert len(api.asked) == 3


def test_a_long_wait_is_told_in_the_log(
    api: Api, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(http, "_TOLD_FROM_SECONDS", 0.5)
    api.answer = lambda asked, n: Answer({}, 429, {"retry-after": "1"}) if n == 1 else {"results": []}
    with caplog.at_level(logging.INFO):
        rows(api, SNAPSHOT)
    assert "shop_connection: answered 429: waits 1 s" in caplog.text


def test_our_own_waits_double_and_are_drawn_from_all_of_it(monkeypatch: pytest.MonkeyPatch, api: Api) -> None:
    drawn: list[tuple[float, float]] = []

    def lowest(low: float, high: float) -> float:
        drawn.append((low, high))
        return low

    monkeypatch.setattr(http, "PATIENCE", http.Patience(first=1, longest=8, total=40))
    monkeypatch.setattr(http.random, "uniform", lowest)
    api.answer = lambda asked, n: Answer({}, 500) if n < 7 else {"results": []}
    rows(api, SNAPSHOT)
    assert drawn == [(0, 1), (0, 2), (0, 4), (0, 8), (0, 8), (0, 8)]


# the budget


def budgeted(name: str, requests: int, seconds: float, pool: str | None = None) -> Source:
    budget = {"requests": requests, "seconds": seconds, **({"pool": pool} if pool else {})}
    return source(PAGED, {"kind": "none"}, budget=budget).model_copy(update={"name": name})


def pull(warehouse: Warehouse, made: Source, api: Api) -> list[int]:
    with within_budget(warehouse, made, api.connection()) as connection:
        return [row["id"] for page in read(made, made.entities["deals"], DAY, connection) for row in page.rows]


def test_parallel_pulls_share_a_budget_and_no_request_is_refused(api: Api, embedded_warehouse: Warehouse) -> None:
    """Two sources of one pool, three pulls at once, each with connections of its own: 30 requests, 10 in any second."""
    limited = Limited(api, 10, 1.0, 10, lambda left, wait: {})
    found: list[list[int]] = []
    sources = [budgeted(name, 10, 1.0, "vendor") for name in ("shop", "desk", "desk")]
    started = time.monotonic()
    threads = [
        threading.Thread(target=lambda made=made: found.append(pull(embedded_warehouse, made, api))) for made in sources
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [list(range(10))] * 3
    assert (limited.served, limited.refused) == (30, 0)
    # the first ten go at once, then ten every 1.25 s: the budget's second, and a quarter for requests that were faster
    assert 2.5 < time.monotonic() - started < 5


def test_budgets_of_their_own_do_not_hinder_each_other(api: Api, embedded_warehouse: Warehouse) -> None:
    api.answer = lambda asked, n: {"results": []}
    started = time.monotonic()
    for name in ("shop", "desk"):
        pull(embedded_warehouse, budgeted(name, 1, 60), api)
    assert time.monotonic() - started < 5


def test_a_budget_that_is_used_up_for_long_is_told(
    api: Api, embedded_warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "PATIENCE", http.Patience(asked=30))
    made = budgeted("shop", 3, 3600)
    Limited(api, 100, 1.0, 20, lambda left, wait: {})
    with pytest.raises(SourceError, match="the budget is used up: the next request may be sent in 3600 s"):
        pull(embedded_warehouse, made, api)
    assert len(api.asked) == 3


def test_a_load_asks_its_budget(api: Api, embedded_warehouse: Warehouse) -> None:
    made = budgeted("shop", 50, 10)
    Limited(api, 100, 1.0, 7, lambda left, wait: {})
    land_source(embedded_warehouse, made, DAY, api.connection())
    used = "select count(*) from ops.request_budget where budget = 'shop' and free_at > now()"
    assert table(embedded_warehouse, used) == [(7,)]
    assert table(embedded_warehouse, "select count(*) from raw.shop__deals") == [(7,)]


def test_stopping_early_ends_a_wait_for_the_budget(api: Api) -> None:
    api.answer = lambda asked, n: {"results": [{"id": n}], "next": n}
    waits = iter([0.0, 3000.0])
    made = source(PAGED)
    connection = replace(api.connection(), wait_turn=lambda: next(waits))
    with pytest.MonkeyPatch.context() as patch, closing(read(made, made.entities["deals"], DAY, connection)) as reading:  # type: ignore[type-var]
        patch.setattr(http, "PATIENCE", http.Patience(asked=3600))
        next(reading)
