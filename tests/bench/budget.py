"""Pulling through a request budget: two processes at once from an API that refuses what is beyond it.

``python -m tests.bench.budget serve ROWS SIZE`` is the API: it writes its port to standard output, and ends when its
standard input closes. ``python -m tests.bench.budget pull`` lands one window of it; the job comes as JSON on standard
input.
"""

import asyncio
import json
import subprocess
import sys
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from itertools import pairwise
from typing import Any
from urllib.parse import parse_qs, urlsplit

import psycopg
import urllib3

from include.ingest import land_source
from include.settings import PROJECT
from include.sources import SourceConnection
from include.sources.config import Source
from include.warehouse.connection import Warehouse
from include.window import Window
from tests.bench.data import contact_pages

REQUESTS, SECONDS = 100, 10.0
DAY = Window.day("2026-03-01")


def measure(url: str, rows: int, size: int, processes: int = 2) -> dict[str, Any]:
    """Land so many contacts, ``size`` a page, in as many processes at once, each a window of its own.

    :param url: an empty warehouse; how many came is counted in it.
    :returns: ``requests`` and ``refused`` (429) as the API counted them, ``least`` (the seconds that the budget makes
        so many requests take at the least) and ``seconds``, first request to last commit.
    """
    with _serving(rows // processes, size) as address:
        edges = [DAY.start + (DAY.end - DAY.start) * n / processes for n in range(processes + 1)]
        children = [_start("pull") for _ in range(processes)]
        for child in children:  # each says when its imports are done
            assert child.stdout and child.stdout.readline()
        started = time.perf_counter()
        for child, (start, end) in zip(children, pairwise(edges), strict=True):
            job = {"url": url, "address": address, "start": start.isoformat(), "end": end.isoformat()}
            assert child.stdin
            child.stdin.write(json.dumps(job))  # not an argument: it holds a password
            child.stdin.close()
        if any(child.wait() for child in children):
            raise RuntimeError("a process did not land its window")
        seconds = time.perf_counter() - started
        counts = urllib3.request("GET", f"{address}/counts").json()
    with psycopg.connect(url) as connection:
        landed = connection.execute("select count(*) from raw.bench_api__contacts").fetchone()
    if not landed or landed[0] != rows:
        raise RuntimeError(f"{landed} rows of {rows} landed: this measures nothing")
    return {**counts, "least": (counts["requests"] - 1) // REQUESTS * SECONDS, "seconds": seconds}


def _source() -> Source:
    rest = {
        "request": {"path": "/contacts", "params": {"since": "{window_start_s}", "until": "{window_end_s}"}},
        "records": "results",
        "paging": {"kind": "cursor", "next": "paging.next.after", "into": "params.after"},
    }
    entity = {"feeds": "customer", "id": "id", "version_at": None, "rest": rest}
    return Source.model_validate(
        {
            "name": "bench_api",
            "description": "Contacts of the benchmark.",
            "kind": "rest",
            "connection": "bench",
            "enabled": False,
            "budget": {"requests": REQUESTS, "seconds": SECONDS},
            "entities": {"contacts": entity},
        }
    )


def _pull() -> None:
    print("ready", flush=True)
    job = json.load(sys.stdin)
    start, end = (datetime.fromisoformat(job[name]) for name in ("start", "end"))
    land_source(Warehouse(job["url"]), _source(), Window(start, end), SourceConnection(job["address"]))


@contextmanager
def _serving(rows: int, size: int) -> Iterator[str]:
    process = _start("serve", str(rows), str(size))
    try:
        assert process.stdin and process.stdout
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        process.stdin.close()
        process.wait(10)
    finally:
        process.kill()
        process.wait()


def _start(*arguments: str) -> subprocess.Popen:
    command = [sys.executable, "-m", "tests.bench.budget", *arguments]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=PROJECT, text=True)


class _Api:
    """No more than `REQUESTS` in any `SECONDS`, by the time at which they come; 429 beyond that."""

    def __init__(self, pages: dict[int, bytes]) -> None:
        self.pages = pages
        self.taken: deque[float] = deque()
        self.requests = self.refused = 0

    def answer(self, path: str, query: dict[str, list[str]]) -> bytes:
        if path == "/counts":
            return _http(200, json.dumps({"requests": self.requests, "refused": self.refused}).encode())
        now = time.monotonic()
        while self.taken and self.taken[0] <= now - SECONDS:
            self.taken.popleft()
        if len(self.taken) >= REQUESTS:
            self.refused += 1
            return _http(429, b"{}")
        self.taken.append(now)
        self.requests += 1
        body = self.pages[int(query.get("after", ["0"])[0])]
        # the windows have the same pages, each with ids of its own
        return _http(200, body.replace(b'"id":"', b'"id":"%s-' % query["since"][0].encode()))


class _Answers(asyncio.Protocol):
    def __init__(self, api: _Api) -> None:
        self._api, self._asked = api, b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._asked += data
        while b"\r\n\r\n" in self._asked:
            head, _, self._asked = self._asked.partition(b"\r\n\r\n")
            url = urlsplit(head.split(b" ", 2)[1].decode())
            self._transport.write(self._api.answer(url.path, parse_qs(url.query)))


def _http(status: int, body: bytes) -> bytes:
    head = f"HTTP/1.1 {status} OK\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    return head.encode() + body


async def _serve(rows: int, size: int) -> None:
    api = _Api({number * size: body for number, body in enumerate(contact_pages(rows, size))})
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Answers(api), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        asyncio.run(_serve(*map(int, sys.argv[2:])))
    else:
        _pull()
