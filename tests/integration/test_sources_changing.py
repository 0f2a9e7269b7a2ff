"""A source that changes while it is read: after every window was pulled once, in any order, nothing of it is missing.

The server is the truth: it knows every version of every record that it ever showed.
"""

import json
import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest

from include.sources import read
from include.sources.config import Source
from include.warehouse.connection import Warehouse
from include.warehouse.landing import land
from include.window import Window
from tests.api import Answer, Api, Asked, source
from tests.deliveries import rows as table

DAYS = [Window.day(f"2026-03-0{day}") for day in range(1, 6)]
LATENESS = timedelta(hours=2)
SIZE, MOST = 10, 60
SECOND, DAY = 1000, 86_400_000


def ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


@dataclass
class Living:
    """Records that change with every request. Times in epoch ms.

    Each request moves the clock on, changes up to three records (one may be read, unread, or of another day), and may
    show a record whose own time is up to `LATENESS` ago.
    """

    seed: int
    now: int
    is_quiet: bool = False
    records: dict[int, dict[str, Any]] = field(default_factory=dict)
    shown: set[tuple[int, int, int]] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.dice = random.Random(self.seed)
        start = ms(DAYS[0].start)
        for day in range((self.now - start) // DAY):
            first = start + day * DAY
            edges = [first, first, first + 1, first + DAY - 1, first + DAY - 1]
            burst = [first + 7 * 3600 * SECOND] * 35  # more than three pages of one instant
            for at in [*edges, *burst, *(first + self.dice.randrange(DAY) for _ in range(40))]:
                self.set(len(self.records) + 1, at)

    def set(self, id_: int, at: int) -> None:
        revision = self.records.get(id_, {"revision": 0})["revision"] + 1
        self.records[id_] = {"id": id_, "updated_at": at, "revision": revision}
        self.shown.add((id_, at, revision))

    def tick(self) -> None:
        if self.is_quiet:
            return
        self.now += self.dice.randrange(20 * SECOND)
        for _ in range(self.dice.randrange(4)):
            kind = self.dice.choice(["change", "change", "change", "new", "late", "late change"])
            at = self.now - (self.dice.randrange(ms_of(LATENESS)) if kind.startswith("late") else 0)
            id_ = self.dice.choice(list(self.records)) if kind.endswith("change") else len(self.records) + 1
            if id_ not in self.records or self.records[id_]["updated_at"] < at:
                self.set(id_, at)

    def found(self, asked: Asked) -> list[dict[str, Any]]:
        """The window's records in order of (time, id)."""
        since, until = int(asked.query["since"][0]), int(asked.query["until"][0])
        found = [row for row in self.records.values() if since <= row["updated_at"] < until]
        return sorted(found, key=lambda row: (row["updated_at"], row["id"]))

    def answer(self, asked: Asked, n: int) -> Any:
        self.tick()
        found = self.found(asked)
        query = {name: values[0] for name, values in asked.query.items()}
        if asked.path == "/offset":
            skip = int(query.get("skip", "0"))
            if skip + SIZE > MOST and "limited" in query:
                return Answer({"message": "too deep"}, 400)
            total = min(len(found), MOST) if "limited" in query else len(found)
            return {"results": found[skip : skip + SIZE], "total": total}
        if asked.path == "/range":
            first = int(asked.headers["range"].partition("=")[2].partition("-")[0])
            page = found[first : first + SIZE]
            span = f"{first}-{first + len(page) - 1}" if page else "*"
            return Answer({"results": page}, 206 if page else 416, {"content-range": f"items {span}/{len(found)}"})
        if asked.path == "/ids":
            found = sorted((row for row in found if row["id"] > int(query["after"])), key=lambda row: row["id"])
            return {"results": found[:SIZE], "more": len(found) > SIZE}
        after = tuple(map(int, query.get("after", "0:0").split(":")))
        rest = [row for row in found if (row["updated_at"], row["id"]) > after]
        if not rest[SIZE:]:
            return {"results": rest}
        cursor = f"{rest[SIZE - 1]['updated_at']}:{rest[SIZE - 1]['id']}"
        address = f"/time?since={query['since']}&until={query['until']}&after={cursor}"
        return Answer(
            {"results": rest[:SIZE], "next": cursor, "url": address}, headers={"link": f'<{address}>; rel="next"'}
        )


def ms_of(span: timedelta) -> int:
    return int(span.total_seconds() * 1000)


WINDOW = {"since": "{window_start_ms}", "until": "{window_end_ms}"}
KINDS: dict[str, dict[str, Any]] = {
    "keyset of time and id": {
        "request": {"path": "/time", "params": {**WINDOW, "after": "{last.updated_at}:{last.id}"}},
        "paging": {"kind": "keyset", "key": ["updated_at", "id"], "first": ["{window_start_ms}", 0]},
    },
    "keyset of ids": {
        "request": {"path": "/ids", "params": {**WINDOW, "after": "{last}"}},
        "paging": {"kind": "keyset", "key": "id", "more": "more"},
    },
    "cursor": {
        "request": {"path": "/time", "params": WINDOW},
        "paging": {"kind": "cursor", "next": "next", "into": "params.after"},
    },
    "next_url": {"request": {"path": "/time", "params": WINDOW}, "paging": {"kind": "next_url", "next": "url"}},
    "link_header": {"request": {"path": "/time", "params": WINDOW}, "paging": {"kind": "link_header"}},
    "offset": {
        "request": {"path": "/offset", "params": WINDOW},
        "paging": {"kind": "offset", "into": "params.skip", "size": SIZE},
    },
    "range": {"request": {"path": "/range", "params": WINDOW}, "paging": {"kind": "range", "size": SIZE}},
    "search with a limit": {
        "request": {"path": "/offset", "params": {**WINDOW, "limited": "yes"}},
        "paging": {"kind": "offset", "into": "params.skip", "size": SIZE},
        "limit": {"results": MOST, "total": "total"},
    },
}
EXACT = ("keyset of time and id", "keyset of ids", "cursor", "next_url", "link_header")


def living(kind: str) -> Source:
    rest = {**KINDS[kind], "records": "results"}
    made = source(rest, lateness="2h")
    entity = made.entities["deals"].model_copy(update={"version_at": "updated_at"})
    return made.model_copy(update={"entities": {"deals": entity}})


def pull(api: Api, made: Source, window: Window, got: list[tuple[int, int, int]]) -> list[tuple[int, int, int]]:
    found = [
        (row["id"], row["updated_at"], row["revision"])
        for page in read(made, made.entities["deals"], window, api.connection())
        for row in page.rows
    ]
    got += found
    return found


def check(server: Living, got: list[tuple[int, int, int]]) -> None:
    now = {(row["id"], row["updated_at"], row["revision"]) for row in server.records.values()}
    assert now - set(got) == set(), "lost"
    assert set(got) <= server.shown, "never shown so"
    assert len({(id_, revision) for id_, _, revision in got}) == len(set(got)), "doubled"


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("kind", KINDS)
def test_days_that_are_pulled_as_they_end(api: Api, kind: str, seed: int) -> None:
    """Each day just after its end, while the next one goes on; the last one when nothing changes any more."""
    server = Living(seed, ms(DAYS[0].end))
    api.answer = server.answer
    made, got = living(kind), list[tuple[int, int, int]]()
    for window in DAYS[:-1]:
        server.now = max(server.now, ms(window.end))
        found = pull(api, made, window, got)
        assert kind not in EXACT or len(set(found)) == len(found)
        for _ in range(20):  # the day goes on
            server.tick()
    server.now, server.is_quiet = ms(DAYS[-1].end), True
    pull(api, made, DAYS[-1], got)
    check(server, got)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("kind", KINDS)
def test_past_days_in_any_order(api: Api, kind: str, seed: int) -> None:
    """Four days of the past, shuffled, one of them twice, while the fifth goes on; then the fifth."""
    server = Living(100 + seed, ms(DAYS[3].end))
    api.answer = server.answer
    made, got = living(kind), list[tuple[int, int, int]]()
    order = [*DAYS[:4], DAYS[seed]]
    server.dice.shuffle(order)
    for window in order:
        pull(api, made, window, got)
    server.now, server.is_quiet = ms(DAYS[4].end), True
    pull(api, made, DAYS[4], got)
    check(server, got)


@pytest.mark.parametrize("kind", ["keyset of time and id", "offset", "search with a limit"])
def test_raw_has_each_version_once(api: Api, embedded_warehouse: Warehouse, kind: str) -> None:
    """The same, landed: what was read twice, by lateness or by going back, is there once."""
    server = Living(7, ms(DAYS[3].end))
    api.answer = server.answer
    made = living(kind)
    entity = made.entities["deals"]
    received = 0
    for window in (*DAYS[3::-1], DAYS[4]):
        if window is DAYS[4]:
            server.now, server.is_quiet = ms(window.end), True
        pages = read(made, entity, window, api.connection())
        received += land(embedded_warehouse, made, entity, window, pages).received
    raw = [json.loads(payload) for (payload,) in table(embedded_warehouse, "select payload::text from raw.shop__deals")]
    got = [(row["id"], row["updated_at"], row["revision"]) for row in raw]
    check(server, got)
    assert len(got) == len(set(got)) < received
