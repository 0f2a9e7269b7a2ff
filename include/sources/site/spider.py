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

Fields = dict[str, str | None]


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
        """The page's records: from its JSON-LD, or from its markup when that tells of none."""
        if not isinstance(response, TextResponse):
            self.write({"failed": response.url, "reason": "not_text"})
            return
        page = {field: from_css(response, css) for field, css in self.job["page_fields"].items()}
        structured = from_json_ld(response.text, response.url, self.job["type"])
        records = list(self._structured(response, structured, page) or self._marked_up(response, page))
        if not records and not any(page.values()) and not structured:
            self.write({"failed": response.url, "reason": "no_fields"})
        for place, record in enumerate(records, 1):
            self.write({"item": {"url": f"{response.url}#{place}" if self.job["each"] else response.url, **record}})

    def _structured(self, response: TextResponse, things: list[dict[str, str]], page: Fields) -> list[dict[str, Any]]:
        """A thing's own fields, then the page's; markup alone cannot be told apart by record when there are several."""
        own = {} if self.job["each"] else {field: from_css(response, css) for field, css in self.job["fields"].items()}
        names = [*self.job["fields"], *self.job["page_fields"]]
        return [
            {"found_by": "json_ld", **{name: thing.get(name) or own.get(name) or page.get(name) for name in names}}
            for thing in (things if self.job["each"] else things[:1])
        ]

    def _marked_up(self, response: TextResponse, page: Fields) -> Iterator[dict[str, Any]]:
        for part in response.css(self.job["each"]) if self.job["each"] else [response]:
            own = {field: from_css(part, css) for field, css in self.job["fields"].items()}
            if any(own.values()):
                yield {"found_by": "css", **own, **page}

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
