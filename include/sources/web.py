"""Reading a web site: a crawl in a process of its own, its records handed on as pages."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Generator
from typing import IO, Any
from urllib.parse import urlsplit

import orjson

from include.settings import PROJECT
from include.sources.config import Web
from include.sources.connection import SourceConnection
from include.sources.errors import ReadFailedError
from include.sources.page import Page, unreadable
from include.sources.records import to_text

ROWS_A_PAGE = 500
_TAIL_OF_LOG_BYTES = 4_000
_SECONDS_TO_STOP = 10


def crawl(web: Web, connection: SourceConnection, name: str) -> Generator[Page]:
    """The records of a site's item pages: ``url``, ``found_by`` (``json_ld`` or ``css``) and the configured fields.

    Where a page may tell of several (``each``), a record's url is the page's with its place: ``…/gear-ltd#2``.

    Unreadable is an item page that fails (``page_failed``) or has nothing of what is looked for (``no_fields``).
    Twisted's reactor cannot start twice in one process, so each crawl has its own.

    :param name: the connection's name, for messages.
    :raises ReadFailedError: when a start page fails, the site goes beyond ``max_pages`` or ``max_depth``, or the crawl
        dies.
    """
    parts = urlsplit(connection.base_url)
    if parts.scheme not in ("http", "https"):
        what = f"the connection {name} has no address that starts with http:// or https://"
        raise ReadFailedError(name, what, f"Set the host of the connection {name}.")
    address = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()  # ends up in messages: no login
    job = json.dumps({"base_url": address, **web.model_dump()})
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "include.sources.site"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            cwd=PROJECT,
            env={**os.environ, "PYTHONPATH": str(PROJECT)},
        )
        try:
            assert process.stdin and process.stdout
            process.stdin.write(job.encode())
            process.stdin.close()
            finished = yield from _pages(process.stdout, address)
            process.wait()
            _check(finished, process.returncode, address, web, log)
        finally:
            _stop(process)


def _pages(lines: IO[bytes], base_url: str) -> Generator[Page, None, dict[str, Any] | None]:
    page = Page([], [], [], base_url)
    finished = None
    for line in lines:
        message = orjson.loads(line)
        if "finished" in message:
            finished = message["finished"]
        elif "failed" in message:
            page.unreadable.append(unreadable(message["failed"], message["reason"], message["failed"]))
        else:
            page.rows.append(message["item"])
            page.texts.append(to_text(message["item"]))
        if len(page.rows) + len(page.unreadable) >= ROWS_A_PAGE:
            yield page
            page = Page([], [], [], base_url)
    if page.rows or page.unreadable:
        yield page
    return finished


def _check(finished: dict[str, Any] | None, code: int, base_url: str, web: Web, log: IO[bytes]) -> None:
    if finished is None:
        raise ReadFailedError(base_url, f"the crawl ended with code {code}: {_last_line(log)}", "Run it again.")
    if finished["start_failed"]:
        url, reason = finished["start_failed"]
        raise ReadFailedError(
            url, f"the start page cannot be read: {reason}", "Check start: and the connection's host."
        )
    if finished["reason"] == "closespider_pagecount":
        what = f"the site has more than {web.max_pages} pages to read"
        raise ReadFailedError(base_url, what, "Raise max_pages: in the source's YAML, or follow fewer links.")
    if finished["reason"] == "too_deep":
        what = f"the site goes on after {web.max_depth} links from the start"
        raise ReadFailedError(base_url, what, "Raise max_depth: in the source's YAML, or follow fewer links.")
    if finished["reason"] != "finished":
        raise ReadFailedError(base_url, f"the crawl stopped early: {finished['reason']}", "Run it again.")


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
