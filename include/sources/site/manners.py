"""Manners towards a site: what robots.txt forbids, how long it and the server ask to wait between pages."""

from time import monotonic
from typing import Any

from scrapy import Spider, signals
from scrapy.core.downloader import Slot
from scrapy.crawler import Crawler
from scrapy.downloadermiddlewares.robotstxt import RobotsTxtMiddleware
from scrapy.exceptions import IgnoreRequest
from scrapy.extensions.throttle import AutoThrottle
from scrapy.http import Request, Response
from scrapy.robotstxt import RobotParser
from scrapy.utils.httpobj import urlparse_cached
from twisted.internet.defer import Deferred

LONGEST_RETRY_AFTER_SECONDS = 120
_FORBIDS_ALL = b"User-agent: *\nDisallow: /"


class Robots(RobotsTxtMiddleware):
    """Scrapy's obedience to robots.txt, with RFC 9309's answer to one that cannot be read: nothing is allowed then.

    Why a request was forbidden is in its meta: ``forbidden`` (by robots.txt) or ``robots_unread`` (the reason).
    """

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._unread: dict[str, str] = {}

    async def process_request(self, request: Request) -> None:  # type: ignore[override]
        try:
            await super().process_request(request)
        except IgnoreRequest:
            if why := self._unread.get(urlparse_cached(request).netloc):
                request.meta["robots_unread"] = why
            else:
                request.meta["forbidden"] = True
            raise

    async def _parse_robots(self, response: Response, netloc: str, request: Request) -> None:
        if response.status >= 500 or response.status == 429:
            self._unread[netloc] = f"answered {response.status}"
            response = response.replace(body=_FORBIDS_ALL)
        elif response.status >= 300:
            response = response.replace(body=b"")  # there is none: an error page has no rules
        await super()._parse_robots(response, netloc, request)

    def _robots_error(self, exc: Exception, netloc: str) -> None:
        self._unread[netloc] = f"{type(exc).__name__}: {str(exc)[:200]}"
        forbids = self._parserimpl.from_crawler(self.crawler, _FORBIDS_ALL)
        waiting = self._parsers[netloc]
        assert isinstance(waiting, Deferred)
        self._parsers[netloc] = forbids
        waiting.callback(forbids)


class Throttle(AutoThrottle):
    """Scrapy's automatic throttle, which asks no faster than robots.txt's Crawl-delay, and waits for Retry-After.

    A host with a Crawl-delay is asked one thing at a time.
    """

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._delays: dict[str, float] = {}
        crawler.signals.connect(self._robots_parsed, signal=signals.robots_parsed)
        crawler.signals.connect(self._request_reached, signal=signals.request_reached_downloader)

    def _robots_parsed(self, robotparser: RobotParser, request: Request) -> None:
        delay = robotparser.crawl_delay(self.crawler.settings["USER_AGENT"])
        if delay:
            self._delays[urlparse_cached(request).hostname or ""] = delay

    def _request_reached(self, request: Request, spider: Spider) -> None:
        # here, and not once: a slot that nobody used for a minute is made anew
        key, slot = self._get_slot(request, spider)
        if slot and (delay := self._delays.get(key or "")):
            slot.delay = max(slot.delay, delay)
            slot.jitter = 0.0
            slot.concurrency = 1

    def _response_downloaded(self, response: Response, request: Request, spider: Spider) -> None:
        super()._response_downloaded(response, request, spider)
        key, slot = self._get_slot(request, spider)
        if not slot:
            return
        slot.delay = max(slot.delay, self._delays.get(key or "", 0.0))
        if response.status in (429, 503) and (wait := _retry_after(response)):
            # the slot's next request is due its delay after it was last seen
            slot.delay = max(slot.delay, 0.01)
            slot.lastseen = max(slot.lastseen, monotonic() + wait - slot.delay)

    def _adjust_delay(self, slot: Slot, latency: float, response: Response) -> None:
        # no faster after an error page, which is quickly made; but an unchanged page is no error
        unchanged = response.status == 304
        super()._adjust_delay(slot, latency, response.replace(status=200) if unchanged else response)


def _retry_after(response: Response) -> float:
    value: Any = response.headers.get("Retry-After")
    text = value.decode("latin-1").strip() if value else ""
    return min(float(text), LONGEST_RETRY_AFTER_SECONDS) if text.isdecimal() else 0.0
