"""A web site on loopback whose pages a test makes by hand, awkward ones too; it notes what it was asked."""

import gzip
import hashlib
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from include.sources import Memory, Page, SourceConnection, read
from include.sources.config import Source
from include.window import Window

DAY = Window.day("2026-03-05")


@dataclass
class Answer:
    """What a page answers.

    :param etag: with a validator, and 304 to who has it.
    :param cut: the connection ends after so many bytes of the body.
    :param wait: seconds before the answer.
    """

    body: str | bytes = ""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    type: str | None = "text/html; charset=utf-8"
    etag: bool = True
    cut: int | None = None
    wait: float = 0.0

    @property
    def content(self) -> bytes:
        return self.body.encode() if isinstance(self.body, str) else self.body


@dataclass(frozen=True)
class Asked:
    """A request, and how it was answered."""

    path: str
    at: float
    user_agent: str
    was_conditional: bool
    status: int
    body_bytes: int
    method: str


Made = str | bytes | Answer | Callable[[str], "str | bytes | Answer"]


class Site:
    """Pages by their path with query; what is not there answers 404. A page may be made when it is asked for.

    ``{site}`` in a text stands for the site's own address.
    """

    def __init__(self, pages: dict[str, Made]) -> None:
        self.pages = dict(pages)
        self.fallback: Callable[[str], Made | None] = lambda path: None
        self.asked: list[Asked] = []
        site = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                site.answer(self)

            def do_HEAD(self) -> None:
                site.answer(self)

            def log_message(self, *args: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.address = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        at = time.monotonic()
        made = self.pages.get(request.path, None)
        made = self.fallback(request.path) if made is None else made
        made = made(request.path) if callable(made) else made
        answer = Answer("no such page", 404, etag=False) if made is None else made
        answer = answer if isinstance(answer, Answer) else Answer(answer)
        body = answer.content.replace(b"{site}", self.address.encode())
        tag = f'"{hashlib.sha1(body, usedforsecurity=False).hexdigest()}"'
        has_etag = answer.etag and answer.status == 200
        is_known = has_etag and request.headers.get("if-none-match") == tag
        sent = b"" if is_known or request.command == "HEAD" else body
        known = "if-none-match" in request.headers or "if-modified-since" in request.headers
        status = 304 if is_known else answer.status
        agent = request.headers.get("user-agent", "")
        self.asked.append(Asked(request.path, at, agent, known, status, len(sent), request.command))
        time.sleep(answer.wait)
        try:
            request.send_response(status)
            for name, value in answer.headers.items():
                request.send_header(name, value.replace("{site}", self.address))
            if has_etag:
                request.send_header("ETag", tag)
            if answer.type and not is_known:
                request.send_header("Content-Type", answer.type)
            if not is_known:
                request.send_header("Content-Length", str(len(body)))
            request.end_headers()
            request.wfile.write(sent if answer.cut is None else sent[: answer.cut])
        except OSError:
            pass  # the crawler had enough
        if answer.cut is not None:
            request.close_connection = True

    def paths(self, method: str = "GET") -> list[str]:
        """The paths that were asked for since the last `forget`, robots.txt left out."""
        return [one.path for one in self.asked if one.path != "/robots.txt" and one.method == method]

    def forget(self) -> None:
        """Forget what was asked."""
        self.asked.clear()


@contextmanager
def serving(pages: dict[str, Made]) -> Iterator[Site]:
    """A site while the block lasts."""
    site = Site(pages)
    try:
        yield site
    finally:
        site.server.shutdown()
        site.server.server_close()


def zipped(text: str) -> bytes:
    """A file as gzip makes it."""
    return gzip.compress(text.encode(), mtime=0)


def source(web: dict[str, Any], name: str = "site") -> Source:
    """A web source of one entity, ``people``."""
    entity = {"feeds": "customer", "id": "url", "version_at": None, "web": web}
    return Source.model_validate(
        {
            "name": name,
            "description": "A test.",
            "kind": "web",
            "connection": "site_connection",
            "enabled": False,
            "entities": {"people": entity},
        }
    )


def crawl(
    site: Site, web: dict[str, Any], memory: Memory | None = None, window: Window = DAY, name: str = "site"
) -> list[Page]:
    """All pages of records of a crawl."""
    made = source(web, name)
    return list(read(made, made.entities["people"], window, SourceConnection(site.address), memory))


def rows(site: Site, pages: list[Page]) -> dict[str, dict]:
    """The records by their address on the site."""
    found = [row for page in pages for row in page.rows]
    by_url = {row["url"].removeprefix(site.address): row for row in found}
    assert len(by_url) == len(found), "an address came twice"
    return by_url


def unreadables(site: Site, pages: list[Page]) -> list[tuple[str, str]]:
    """Where and why something was unreadable, sorted."""
    return sorted((bad.location.removeprefix(site.address), bad.reason) for page in pages for bad in page.unreadable)
