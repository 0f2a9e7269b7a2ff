"""A web site that did not change: the bytes that its first and its second crawl put on the wire.

``python -m tests.bench.web PAGES`` is the site: it writes its port to standard output when it is ready, answers each
line of standard input with a JSON line of what was transferred since the last, and ends when that closes.
"""

import asyncio
import hashlib
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from include.settings import PROJECT
from include.sources.config import Web
from include.sources.connection import SourceConnection
from include.sources.memory import Memory
from include.sources.web import crawl

LISTED = 50  # item pages on a listing
CHANGED = 20  # of so many item pages one changes before the third crawl
_MODIFIED = "Tue, 03 Mar 2026 08:00:00 GMT"
WEB = {
    "start": ["/list/1"],
    "next": "a.next",
    "items": "a.item",
    "fields": {"name": "h1", "email": "a[href^='mailto:']::attr(href)", "phone": "a[href^='tel:']::attr(href)"},
    "max_pages": 1_000_000,
    "concurrency": 16,
}


def crawls(pages: int) -> list[dict[str, Any]]:
    """Three crawls of a site of so many item pages: the first, one when nothing changed, one when a few pages have.

    Each: ``what``; ``requests``, ``bytes`` to and from the server with all headers, ``body_bytes`` of the answers, and
    ``not_modified`` as the server counted them; ``records``; ``seconds``.
    """
    results = []
    learned: dict[str, str] = {}
    with tempfile.TemporaryDirectory() as folder, _serving(pages) as (address, told):
        for number, what in enumerate(
            ("first crawl", "second crawl, nothing changed", "third, one page in 20 changed")
        ):
            if number == 2:
                told("change")
            memory = Memory(learned)
            started = time.perf_counter()
            journal = Path(folder) / f"{number}.jsonl"
            found = list(crawl(Web.model_validate(WEB), SourceConnection(address), "bench", memory, journal))
            seconds = time.perf_counter() - started
            records = sum(len(page.rows) for page in found)
            expected = (pages, 0, len(range(0, pages, CHANGED)))[number]
            if records != expected or any(page.unreadable for page in found):
                raise RuntimeError(f"{what} gave {records} records, not {expected}: this measures nothing")
            learned = memory.items()  # as the load that keeps the rows keeps it
            results.append({"what": what, "records": records, "seconds": seconds, **told("count")})
    return results


@contextmanager
def _serving(pages: int) -> Iterator[tuple[str, Any]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.bench.web", str(pages)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=PROJECT,
        text=True,
    )
    assert process.stdin and process.stdout
    lines, asked = process.stdout, process.stdin

    def told(command: str) -> dict[str, int]:
        print(command, file=asked, flush=True)
        return json.loads(lines.readline())

    try:
        yield f"http://127.0.0.1:{int(lines.readline())}", told
        asked.close()
        process.wait(10)
    finally:
        process.kill()
        process.wait()


class _Site:
    """The pages, and what was transferred of them."""

    def __init__(self, pages: int) -> None:
        self.pages = pages
        self.edition = 0
        self.counts = dict.fromkeys(("requests", "bytes", "body_bytes", "not_modified"), 0)

    def page(self, path: str) -> bytes | None:
        kind, _, number = path.strip("/").partition("/")
        if kind == "list" and number.isdecimal() and 1 <= int(number) <= -(-self.pages // LISTED):
            first = (int(number) - 1) * LISTED
            items = "".join(f'<li><a class="item" href="/person/{n}">Person {n}</a></li>\n'
                            for n in range(first, min(first + LISTED, self.pages)))  # fmt: skip
            more = first + LISTED < self.pages
            return _html(
                f"<ul>{items}</ul>" + (f'<a class="next" href="/list/{int(number) + 1}">Next</a>' if more else "")
            )
        if kind == "person" and number.isdecimal() and int(number) < self.pages:
            edition = self.edition if int(number) % CHANGED == 0 else 0
            return _html(
                f'<h1>Person {number}</h1><a href="mailto:person.{number}.{edition}@acme.example">mail</a>'
                f'<a href="tel:+4420718{int(number) % 100000:05}">call</a>'
            )
        return None


class _Answers(asyncio.Protocol):
    def __init__(self, site: _Site) -> None:
        self._site, self._asked = site, b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._site.counts["bytes"] += len(data)
        self._asked += data
        while b"\r\n\r\n" in self._asked:
            head, _, self._asked = self._asked.partition(b"\r\n\r\n")
            self._answer(head.decode("latin-1"))

    def _answer(self, head: str) -> None:
        request, *lines = head.split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        body = self._site.page(request.split(" ")[1])
        counts = self._site.counts
        counts["requests"] += 1
        if body is None:
            answer = b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n"
        else:
            tag = f'"{hashlib.sha1(body, usedforsecurity=False).hexdigest()[:16]}"'
            known = f"etag: {tag}\r\nlast-modified: {_MODIFIED}\r\ncache-control: no-cache\r\n"
            if headers.get("if-none-match") == tag:
                counts["not_modified"] += 1
                answer = f"HTTP/1.1 304 Not Modified\r\n{known}\r\n".encode()
            else:
                counts["body_bytes"] += len(body)
                answer = (
                    f"HTTP/1.1 200 OK\r\n{known}content-type: text/html\r\ncontent-length: {len(body)}\r\n\r\n".encode()
                )
                answer += body
        counts["bytes"] += len(answer)
        self._transport.write(answer)


def _html(body: str) -> bytes:
    """A page of some 12 KB, as pages of small sites are: most of it is not what is looked for."""
    around = "".join(f"<p class='text'>Line {n} of what a site says of itself on every one of its pages.</p>\n"
                     for n in range(130))  # fmt: skip
    return f"<!doctype html><html><head><title>Acme</title></head><body>{body}{around}</body></html>".encode()


async def _serve(site: _Site) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Answers(site), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    while command := (await loop.run_in_executor(None, sys.stdin.readline)).strip():
        if command == "change":
            site.edition += 1
        print(json.dumps(site.counts), flush=True)
        site.counts = dict.fromkeys(site.counts, 0)
    server.close()


if __name__ == "__main__":
    asyncio.run(_serve(_Site(int(sys.argv[1]))))
