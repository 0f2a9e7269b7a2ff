"""Reading a web site: a crawl in a process of its own, its records handed on as pages."""

import hashlib
import json
import logging
import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

import orjson

from include.settings import PROJECT
from include.sources.aliases import Aliases, Claim
from include.sources.config import Web
from include.sources.connection import SourceConnection
from include.sources.errors import ReadFailedError
from include.sources.journal import Journal
from include.sources.memory import Memory
from include.sources.page import Page, unreadable
from include.sources.records import to_text

ROWS_A_PAGE = 500
# To be raised when the code that reads pages changes: what was remembered of unchanged pages is then read anew.
RULES = 1
LANDED = "crawl"
_TAIL_OF_LOG_BYTES = 4_000
_SECONDS_TO_STOP = 10
# What the records and the links of a page depend on.
_OF_THE_RULES = {
    "domains", "items", "next", "follow", "ignore_parameters", "type", "each", "fields", "page_fields", "contacts",
    "region",
}  # fmt: skip
_LIMITS = {
    "page_limit": "max_pages",
    "depth_limit": "max_depth",
    "alike_limit": "max_alike",
    "time_limit": "max_minutes",
    "address_too_long": None,
}

logger = logging.getLogger(__name__)


def crawl(
    web: Web, connection: SourceConnection, name: str, memory: Memory | None, journal: Path | None
) -> Generator[Page]:
    """The records of a site's item pages: ``url``, ``page``, ``found_by`` (field → how) and the configured fields.

    Where a page may tell of several (``each``), a record's url is the page's with its place: ``…/gear-ltd#2``.
    A page that did not change since the load that ``memory`` is of gives no record, but its links are followed.

    Unreadable is an item page that fails, has nothing of what is looked for (``no_fields``) or lacks a required field
    (``missing_…``), and, one for each limit that was met, the addresses that the limit left out.

    :param name: the connection's name, for messages.
    :param memory: validators and links of the pages, by their address; None when nothing is remembered.
    :param journal: where the crawl is written down while it goes on, so that the next attempt goes on from there; it is
        kept until the crawl has landed, which the next crawl learns from the memory. None without a memory.
    :raises ReadFailedError: when a start page or sitemap fails, the site stops answering, or the crawl dies.
    """
    base_url = _address(connection, name)
    with tempfile.TemporaryDirectory() as folder:
        # without a memory nobody knows whether the crawl has landed, so there is nothing to go on with
        path = journal if journal and memory is not None else Path(folder) / "journal"
        memory = Memory() if memory is None else memory
        with Journal(path, f"{base_url} {rules_of(web)}", memory.get(LANDED)) as written:
            yield from _read(web, base_url, memory, written)


def preview(web: Web, url: str) -> dict[str, Any]:
    """What would be read of one page, taken as an item page: see `include.sources.site.preview`.

    :raises ReadFailedError: when it cannot be read; robots.txt is obeyed.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ReadFailedError(url, "not an address that starts with http:// or https://", "Give a whole address.")
    job = {"base_url": url, "web": web.model_dump(), "known": {}, "done": {}, "preview": url}
    found = None
    with _crawler(job) as (lines, ended):
        for line in lines:
            message = json.loads(line)
            found = message.get("preview", found)
            if failed := message.get("finished", {}).get("start_failed"):
                raise ReadFailedError(failed[0], failed[1], "Nothing was read.")
        if found is None:
            raise ReadFailedError(url, f"the crawler ended: {ended()}", "Look at the address.")
    return found


def rules_of(web: Web) -> str:
    """A digest of what the records of a page depend on, so that new rules are used on unchanged pages too."""
    told = web.model_dump_json(include=_OF_THE_RULES)
    return hashlib.blake2b(f"{RULES} {told}".encode(), digest_size=8).hexdigest()


class _Reading:
    """What is made of the crawler's messages: rows and unreadables to hand on, what to remember."""

    def __init__(self, base_url: str, rules: str, memory: Memory) -> None:
        self.base_url, self.rules, self.memory = base_url, rules, memory
        self.aliases = Aliases()
        self.counts: Counter[str] = Counter()
        self._page = Page([], [], [], base_url)

    def take(self, message: dict[str, Any], at: int) -> None:
        """One page: it was read, did not change, or failed. ``at``: where the journal has the message."""
        page = message.get("page", "")
        if "failed" in message:
            text = f"{message['failed']}: {message['what']}"
            self._unreadable(text, message["reason"], message["failed"])
        elif "unchanged" in message:
            known = orjson.loads(self.memory.get(page) or b"{}")
            if canonical := known.get("canonical"):
                was_same = known.get("is_same", False)
                self.aliases.claims(Claim(page, canonical, known.get("digest"), None, was_same))
            else:
                self.aliases.saw(page, known.get("digest"))
        elif page and "redirect" not in message:
            for place, reason, text in message.get("unreadable", ()):
                self._unreadable(text, reason, _numbered(page, place))
            self._remember(page, message)
            if canonical := message.get("canonical"):
                self.aliases.claims(Claim(page, canonical, message["digest"], at))
            else:
                self.aliases.saw(page, message.get("digest"))
                self._rows(page, message)

    def settle(self, message_at: Callable[[int], dict[str, Any]]) -> Iterator[Page]:
        """Once all is read: the records of pages that name a canonical address, from the journal."""
        for claim, address in self.aliases.settled():
            assert claim.at is not None
            if remembered := self.memory.get(claim.page):
                is_same = address != claim.page
                self.memory.remember(
                    claim.page, orjson.dumps({**orjson.loads(remembered), "is_same": is_same}).decode()
                )
            if address:
                self._rows(address, message_at(claim.at))
            else:
                self.counts["other addresses of a page"] += 1
            yield from self.full()

    def left(self, web: Web, left: dict[str, tuple[int, list[str]]]) -> None:
        """What a limit left out is in the books too."""
        for limit, (count, examples) in left.items():
            key = _LIMITS[limit]
            why = f"{key}: {getattr(web, key):,g}" if key else "an address may have 2,000 characters"
            text = f"{count:,} addresses were not read ({why}), such as {', '.join(examples)}"
            self._unreadable(text, limit, self.base_url)

    def full(self, size: int = ROWS_A_PAGE) -> Iterator[Page]:
        """The page so far, when it has ``size`` records."""
        if len(self._page.rows) + len(self._page.unreadable) >= size:
            yield self._page
            self._page = Page([], [], [], self.base_url)

    def _rows(self, page: str, message: dict[str, Any]) -> None:
        for place, fields in message.get("records", ()):
            row = {"url": _numbered(page, place), "page": page, **fields}
            self.counts["records"] += 1
            self._page.rows.append(row)
            self._page.texts.append(to_text(row))

    def _unreadable(self, text: str, reason: str, location: str) -> None:
        self.counts[reason] += 1
        self._page.unreadable.append(unreadable(text, reason, location))

    def _remember(self, page: str, message: dict[str, Any]) -> None:
        """Only of a page that can be asked for whether it changed."""
        if "etag" in message or "modified" in message:
            kept = ("role", "etag", "modified", "links", "digest", "canonical")
            value = {"rules": self.rules, **{name: message[name] for name in kept if name in message}}
            self.memory.remember(page, orjson.dumps(value).decode())


def _read(web: Web, base_url: str, memory: Memory, journal: Journal) -> Generator[Page]:
    rules = rules_of(web)
    reading = _Reading(base_url, rules, memory)
    known = _known(memory, rules)
    done: dict[str, dict[str, Any]] = {}
    failures = []
    finished = None
    for at, message in journal.messages():
        if "unchanged" in message and not _is_asked_with(known.get(message["page"]), message):
            journal.cut(at)  # it did not change since something that is not known any more: read again from here
            break
        finished = message.get("finished")
        if "failed" in message:
            failures.append(message)
            continue
        if "page" in message:
            done[message["page"]] = {name: message[name] for name in ("role", "links", "redirect") if name in message}
        reading.take(message, at)
        yield from reading.full()
    if finished is None:
        finished = yield from _crawled(web, base_url, known, done, journal, reading)
    else:
        for message in failures:
            reading.take(message, 0)
    reading.left(web, finished["left"])
    yield from reading.settle(journal.at)
    counts = Counter(finished["counts"]) + reading.counts
    logger.info("%s: %s", base_url, ", ".join(f"{name} {count:,}" for name, count in sorted(counts.items())))
    memory.remember(LANDED, journal.id)
    yield from reading.full(1)


def _crawled(
    web: Web,
    base_url: str,
    known: dict[str, dict[str, Any]],
    done: dict[str, dict[str, Any]],
    journal: Journal,
    reading: _Reading,
) -> Generator[Page, None, dict[str, Any]]:
    """Crawl what is not done, writing it down; what the crawler says at its end."""
    finished, failures = None, []
    with _crawler({"base_url": base_url, "web": web.model_dump(), "known": known, "done": done}) as (lines, ended):
        for line in lines:
            message = json.loads(line)
            finished = message.get("finished")
            at = 0
            if "failed" in message:
                failures.append(line)
            elif not finished:
                at = journal.append(line)
            reading.take(message, at)
            yield from reading.full()
        if finished is None:
            raise ReadFailedError(base_url, f"the crawl ended early: {ended()}", "Run it again: it goes on from there.")
    if problem := _problem(finished, base_url):
        raise ReadFailedError(*problem)  # the next attempt tries what failed again, so it is not written down
    for line in failures:
        journal.append(line)
    journal.append(json.dumps({"finished": finished}).encode())
    return finished


def _problem(finished: dict[str, Any], base_url: str) -> tuple[str, str, str] | None:
    if finished["start_failed"]:
        url, reason = finished["start_failed"]
        what = f"the start page cannot be read: {reason}"
        return url, what, "Check start:, sitemap: and the connection's host."
    if finished["reason"] == "site_down":
        again = "Run it again when the site is well: it goes on from there."
        return base_url, "the site stopped answering in the middle of the crawl", again
    if finished["reason"] not in ("finished", "closespider_timeout"):
        return base_url, f"the crawl stopped early: {finished['reason']}", "Run it again: it goes on from there."
    return None


@contextmanager
def _crawler(job: dict[str, Any]) -> Iterator[tuple[IO[bytes], Callable[[], str]]]:
    """The crawler's messages, a line each, and how it ended, to be asked at their end.

    Twisted's reactor cannot start twice in one process, so each crawl has its own.
    """
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "include.sources.site"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            cwd=PROJECT,
            env={**os.environ, "PYTHONPATH": str(PROJECT)},
        )

        def ended() -> str:
            return f"code {process.wait()}, {_last_line(log)}"

        try:
            assert process.stdin and process.stdout
            with suppress(BrokenPipeError):  # it died at once: reading it says so
                process.stdin.write(json.dumps(job).encode())
                process.stdin.close()
            yield process.stdout, ended
        finally:
            _stop(process)


def _address(connection: SourceConnection, name: str) -> str:
    parts = urlsplit(connection.base_url)
    if parts.scheme not in ("http", "https"):
        what = f"the connection {name} has no address that starts with http:// or https://"
        raise ReadFailedError(name, what, f"Set the host of the connection {name}.")
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()  # ends up in messages: no login


def _known(memory: Memory, rules: str) -> dict[str, dict[str, Any]]:
    """What is remembered of pages under today's rules: under others they are to be read again."""
    pages = {key: orjson.loads(value) for key, value in memory.items().items() if key.startswith("http")}
    return {key: page for key, page in pages.items() if page["rules"] == rules}


def _is_asked_with(known: dict[str, Any] | None, message: dict[str, Any]) -> bool:
    return known is not None and all(known.get(name) == message[name] for name in ("etag", "modified"))


def _numbered(page: str, place: int | None) -> str:
    return page if place is None else f"{page}#{place}"


def _last_line(log: IO[bytes]) -> str:
    log.seek(max(0, log.seek(0, os.SEEK_END) - _TAIL_OF_LOG_BYTES))
    lines = log.read().decode("utf-8", "replace").strip().splitlines()
    return lines[-1][:300] if lines else "it said nothing"


def _stop(process: subprocess.Popen) -> None:
    if process.stdout:
        process.stdout.close()
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(_SECONDS_TO_STOP)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
