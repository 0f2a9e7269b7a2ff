"""The spider: from the start pages by links to item pages, one record each."""

from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any
from urllib.parse import urljoin, urlsplit

import scrapy
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response, TextResponse
from scrapy.spidermiddlewares.httperror import HttpError
from twisted.python.failure import Failure

from include.sources.site.extract import from_css, from_json_ld


class SiteSpider(scrapy.Spider):
    """Reads one site.

    :param job: ``base_url`` and the keys of `include.sources.config.Web`.
    :param write: takes each message for the parent process.
    """

    name = "site"

    def __init__(self, job: dict[str, Any], write: Callable[[dict[str, Any]], None], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.job, self.write = job, write
        self.host = urlsplit(job["base_url"]).netloc
        self.allowed_domains = [urlsplit(job["base_url"]).hostname or ""]
        self.start_failed: tuple[str, str] | None = None
        self.too_deep = False

    async def start(self) -> AsyncIterator[scrapy.Request]:
        for path in self.job["start"]:
            url = urljoin(self.job["base_url"], path)
            yield scrapy.Request(url, self.parse_listing, errback=self.on_start_error, dont_filter=True)

    def parse_listing(self, response: Response) -> Iterator[scrapy.Request]:
        """Links to further listings and to items. Only text has links."""
        if not isinstance(response, TextResponse):
            return
        if self.job["next"]:
            yield from self._follow(response, self.job["next"], self.parse_listing, self.on_error)
        yield from self._follow(response, self.job["items"], self.parse_item, self.on_error)

    def parse_item(self, response: Response) -> None:
        """One record, from the page's JSON-LD and, for what that lacks, its markup."""
        if not isinstance(response, TextResponse):
            self.write({"failed": response.url, "reason": "not_text"})
            return
        structured = from_json_ld(response.text, response.url, self.job["types"])
        record = {
            field: structured.get(field) or from_css(response, selectors)
            for field, selectors in self.job["fields"].items()
        }
        if not any(record.values()):
            self.write({"failed": response.url, "reason": "no_fields"})
            return
        found_by = "json_ld" if any(structured.get(field) for field in record) else "css"
        self.write({"item": {"url": response.url, "found_by": found_by, **record}})

    def on_start_error(self, failure: Failure) -> None:
        self.start_failed = (failure.request.url, _reason(failure))  # type: ignore[attr-defined]

    def on_error(self, failure: Failure) -> None:
        if not failure.check(IgnoreRequest) or failure.check(HttpError):  # what robots.txt forbids is no failure
            self.write({"failed": failure.request.url, "reason": "page_failed"})  # type: ignore[attr-defined]

    def closed(self, reason: str) -> None:
        # Scrapy's own depth limit drops links without a word
        outcome = {"reason": "too_deep" if self.too_deep else reason, "start_failed": self.start_failed}
        self.write({"finished": outcome})

    def _follow(
        self, response: TextResponse, css: str, callback: Callable, errback: Callable
    ) -> Iterator[scrapy.Request]:
        for link in response.css(css):
            href = link.attrib.get("href", "")
            url = response.urljoin(href.strip())
            if not href or urlsplit(url).netloc != self.host:
                continue
            if response.meta.get("depth", 0) >= self.job["max_depth"]:
                self.too_deep = True
            else:
                yield scrapy.Request(url, callback, errback=errback)


def _reason(failure: Failure) -> str:
    if isinstance(failure.value, HttpError):
        return f"answered {failure.value.response.status}"
    if failure.check(IgnoreRequest):
        return "robots.txt forbids it"
    return f"{failure.type.__name__ if failure.type else 'unknown'}: {failure.getErrorMessage()[:200]}"
