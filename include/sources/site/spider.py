"""The spider: from the start pages and sitemaps by links to item pages, each page once."""

import hashlib
import json
import signal
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import scrapy
from parsel import Selector
from scrapy.exceptions import CloseSpider, DownloadCancelledError, DownloadTimeoutError
from scrapy.http import Response, TextResponse
from scrapy.utils.gz import gunzip
from scrapy.utils.sitemap import Sitemap, sitemap_urls_from_robots
from twisted.python.failure import Failure
from w3lib.html import get_base_url, get_meta_refresh

from include.sources.config.web import Links, Web
from include.sources.site.addresses import LONGEST_ADDRESS, Site, absolute, key, shape, without_tracking
from include.sources.site.extract import read_item, select
from include.sources.site.text import Decoded, decode

LARGEST_PAGE_BYTES = 5 * 2**20
LARGEST_SITEMAP_BYTES = 50 * 2**20  # sitemaps.org's own limit
SECONDS_A_PAGE = 30
MOST_REDIRECTS = 10
# When so many in a row bring no answer, the site is asked whether it is there at all.
SILENT_IN_A_ROW = 20
_LONGEST_REFRESH_SECONDS = 5
_LOOKED_AT = 4_096
# Pages that no crawl has read come first: what a limit leaves out is then not always the same.
_KNOWN_LATER = -1_000
SITEMAP, LISTING, ITEM = 0, 1, 2

Link = tuple[str, str]  # kind (items, next, follow, sitemap) and address


@dataclass(frozen=True)
class Visit:
    """A page to read.

    ``role`` is what for; an item page leads on as a listing does. ``depth`` counts the links from the start, those to
    the following page of a listing left out. ``hops`` counts the redirects that led here, from ``origin``. ``is_free``:
    reached by ``follow``. ``is_start``: the YAML names it, so its failure is the crawl's.
    """

    url: str
    key: str
    role: int
    depth: int = 0
    hops: int = 0
    origin: str = ""
    is_free: bool = False
    is_start: bool = False


class SiteSpider(scrapy.Spider):
    """Reads one site.

    :param job: ``base_url``; ``web``, the keys of `include.sources.config.Web`; ``known``, what earlier crawls
        remembered of a page, by its key; ``done``, the pages that an earlier attempt at this crawl has read.
    :param write: takes each message for the parent process.
    """

    name = "site"

    def __init__(self, job: dict[str, Any], write: Callable[[dict[str, Any]], None], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.web = Web.model_validate(job["web"])
        self.base_url, self.known, self.done = job["base_url"], job["known"], job["done"]
        self.write = write
        self.site = Site(self.base_url, self.web.domains)
        self.seen: dict[str, int] = {}
        self.waiting: dict[str, str] = {}
        self.left: dict[str, dict[str, None]] = {}
        self.shapes: Counter[str] = Counter()
        self.counts: Counter[str] = Counter()
        self.redirects: dict[str, str] = {}
        self.start_failed: tuple[str, str] | None = None
        self._start_keys: set[str] = set()
        self.silent = 0

    async def start(self) -> AsyncIterator[scrapy.Request]:
        for request in self._admit(self._starts()):
            yield request

    def parse(self, response: Response, **kwargs: Any) -> Iterator[scrapy.Request]:
        """Whatever a page answers: what it tells goes to the parent, where it leads is followed."""
        visit: Visit = response.meta["visit"]
        self.waiting.pop(visit.key, None)
        self.counts["pages"] += 1
        location = response.headers.get("Location")
        if response.status == 304 and visit.key in self.known:
            self.counts["unchanged"] += 1
            self.redirects.pop(visit.key, None)
            known = self.known[visit.key]
            told = {name: known.get(name) for name in ("links", "etag", "modified")}
            self._tell(visit, {"unchanged": True, **told})
            yield from self._admit(self._children(visit, known["links"]))
        elif response.status in (301, 302, 303, 307, 308) and location:
            yield from self._redirected(visit, absolute(response.url, location.decode("utf-8", "replace")))
        elif not 200 <= response.status < 300:
            self._failed(visit, "page_failed", f"answered {response.status}")
        else:
            yield from self._read(visit, response)
        yield from self._look_after(is_silent=response.status >= 500 or response.status == 429)

    def on_error(self, failure: Failure) -> Iterator[scrapy.Request]:
        request: scrapy.Request = failure.request  # type: ignore[attr-defined]
        visit: Visit = request.meta["visit"]
        self.waiting.pop(visit.key, None)
        if request.meta.get("forbidden"):
            self.counts["forbidden"] += 1
            if visit.is_start:
                self.start_failed = (visit.url, "robots.txt forbids it")
        elif why := request.meta.get("robots_unread"):
            self._failed(visit, "page_failed", f"robots.txt cannot be read: {why}")
        elif failure.check(DownloadCancelledError) or "DOWNLOAD_MAXSIZE" in failure.getErrorMessage():
            self._failed(visit, "page_too_large", f"larger than {LARGEST_PAGE_BYTES // 2**20} MB")
        else:
            is_late = bool(failure.check(DownloadTimeoutError))
            what = f"no whole answer in {self.web.timeout_seconds:g} s" if is_late else _what(failure)
            self._failed(visit, "page_timed_out" if is_late else "page_failed", what)
            yield from self._look_after(is_silent=True)

    def on_look(self, response: Response) -> None:
        """The site was asked whether it is there at all."""
        if response.status >= 500 or response.status == 429:
            raise CloseSpider("site_down")

    def on_no_look(self, failure: Failure) -> None:
        raise CloseSpider("site_down")

    def closed(self, reason: str) -> None:
        for first, following in self.redirects.items():
            path = [first]
            while following in self.redirects and following not in path:
                path.append(following)
                following = self.redirects[following]
            if following in path:
                self.write({"failed": first, "reason": "redirect_ring", "what": " leads to ".join([*path, following])})
                if first in self._start_keys:
                    self.start_failed = (first, "redirects in a ring")
        if reason == "closespider_timeout":
            self.left["time_limit"] = dict.fromkeys(self.waiting)
        left = {limit: [len(addresses), list(addresses)[:3]] for limit, addresses in self.left.items() if addresses}
        outcome = {"reason": reason, "start_failed": self.start_failed, "left": left, "counts": self.counts}
        self.write({"finished": outcome})

    # what to read

    def _starts(self) -> list[Visit]:
        listing = ITEM if self.web.items is None else LISTING
        named = [(address, SITEMAP) for address in self.web.sitemap] + [
            (address, listing) for address in self.web.start
        ]
        starts = []
        for address, role in named:
            visit = self._visit(absolute(self.base_url, address), role, 0)
            if visit and self.site.has(visit.url):
                starts.append(replace(visit, is_start=True))
            else:
                self.start_failed = (address, "no address of a page on the connection's host or in domains:")
        self._start_keys = {visit.key for visit in starts}
        return starts

    def _children(self, visit: Visit, links: Iterable[Link]) -> Iterator[Visit]:
        listing = ITEM if self.web.items is None else LISTING
        for kind, address in links:
            role = {"items": ITEM, "sitemap": SITEMAP}.get(kind, listing)
            further = 0 if kind == "next" or visit.role == SITEMAP else 1
            child = self._visit(absolute(visit.url, address), role, visit.depth + further)
            if child:
                yield replace(child, is_free=kind == "follow")

    def _visit(self, address: str | None, role: int, depth: int) -> Visit | None:
        if not address:
            return None
        return Visit(without_tracking(address, self.web.ignore_parameters), self._key(address), role, depth)

    def _key(self, address: str) -> str:
        return key(address, self.web.ignore_parameters)

    def _admit(self, visits: Iterable[Visit]) -> Iterator[scrapy.Request]:
        """A request for every page that is to be read; of one that an earlier attempt has read, its links' instead."""
        ahead = deque(visits)
        while ahead:
            visit = ahead.popleft()
            if not self._is_wanted(visit):
                continue
            self.seen[visit.key] = visit.role
            self.counts["addresses"] += 1
            self.shapes[shape(visit.key)] += visit.is_free
            for addresses in self.left.values():
                addresses.pop(visit.key, None)  # a shorter way led there
            done = self.done.get(visit.key)
            if not done or done["role"] < visit.role:
                self.waiting[visit.key] = visit.url
                yield self._request(visit)
                continue
            self.counts["resumed"] += 1
            if url := done.get("redirect"):
                self.redirects[visit.key] = self._key(url)
                ahead.append(_redirected_to(visit, url, self._key(url)))
            ahead.extend(self._children(visit, done["links"]))

    def _is_wanted(self, visit: Visit) -> bool:
        if self.seen.get(visit.key, -1) >= visit.role:
            return False
        if not self.site.has(visit.url):
            self.counts["off_site"] += 1
            return False
        limit = None
        if len(visit.url) > LONGEST_ADDRESS:
            limit = "address_too_long"
        elif visit.depth > self.web.max_depth:
            limit = "depth_limit"
        elif visit.is_free and self.shapes[shape(visit.key)] >= self.web.max_alike:
            limit = "alike_limit"
        elif self.counts["addresses"] >= self.web.max_pages:
            limit = "page_limit"
        if limit:
            self.left.setdefault(limit, {})[visit.key[:LONGEST_ADDRESS]] = None
        return limit is None

    def _request(self, visit: Visit) -> scrapy.Request:
        known = self.known.get(visit.key, {})
        headers = {}
        # what was read as a listing has not been looked at for records
        if known.get("role", -1) >= visit.role:
            if etag := known.get("etag"):
                headers["If-None-Match"] = etag
            if modified := known.get("modified"):
                headers["If-Modified-Since"] = modified
        meta = {"visit": visit, "dont_redirect": True, "handle_httpstatus_all": True}
        if visit.role == SITEMAP:
            meta["download_maxsize"] = LARGEST_SITEMAP_BYTES
        priority = -visit.depth + (_KNOWN_LATER if headers else 0)
        return scrapy.Request(
            visit.url, self.parse, headers=headers, meta=meta, errback=self.on_error, priority=priority
        )

    def _look_after(self, is_silent: bool) -> Iterator[scrapy.Request]:
        """Pages that fail cost no other page; but a site that is down would cost all of them, so look."""
        self.silent = self.silent + 1 if is_silent else 0
        if self.silent == SILENT_IN_A_ROW:
            self.silent = 0
            meta = {"dont_redirect": True, "handle_httpstatus_all": True}
            first = absolute(self.base_url, (*self.web.start, *self.web.sitemap)[0]) or self.base_url
            yield scrapy.Request(
                first, self.on_look, "HEAD", meta=meta, errback=self.on_no_look, priority=1_000, dont_filter=True
            )

    # what was read

    def _read(self, visit: Visit, response: Response) -> Iterator[scrapy.Request]:
        try:
            with _within(SECONDS_A_PAGE):
                told = self._in_sitemap(response) if visit.role == SITEMAP else self._in_page(visit, response)
        except _RedirectedError as redirect:
            yield from self._redirected(visit, redirect.url)
            return
        except NotTextError as error:
            is_item = visit.role == ITEM and self.web.items
            told = {"links": [], "unreadable": [(None, "not_text", f"{visit.key} is {error}")] if is_item else []}
        except _TooSlowError:
            self._failed(visit, "page_not_parsed", f"not read in {SECONDS_A_PAGE} s")
            return
        except Exception as error:  # whatever a page does to a parser, it costs no other page
            self._failed(visit, "page_not_parsed", repr(error)[:300])
            return
        told.update(validators(response))
        self.redirects.pop(visit.key, None)
        self._tell(visit, told)
        yield from self._admit(self._children(visit, told["links"]))

    def _in_page(self, visit: Visit, response: Response) -> dict[str, Any]:
        """What a page tells, and its links."""
        page = text_of(response)
        self.counts["mislabelled"] += page.is_mislabelled
        self.counts["damaged"] += page.is_damaged
        wait, url = get_meta_refresh(page.text[:_LOOKED_AT], response.url)
        if url and wait is not None and wait <= _LONGEST_REFRESH_SECONDS:
            target = absolute(response.url, url)
            if target and self._key(target) != visit.key:
                raise _RedirectedError(target)
        html = Selector(text=page.text, type="html")
        base = base_of(page.text, response.url)
        told: dict[str, Any] = {"links": self.links(html, base, response.url)}
        if visit.role == ITEM:
            records, is_told = read_item(page.text, response.url, self.web)
            told["records"] = [(one.place, one.fields) for one in records if not one.lacks]
            told["unreadable"] = [(one.place, f"missing_{one.lacks}", one.text) for one in records if one.lacks]
            if not is_told and self.web.items:
                told["unreadable"].append((None, "no_fields", page.text))
            told["digest"] = hashlib.blake2b(json.dumps(told["records"]).encode(), digest_size=8).hexdigest()
            link = html.xpath("//link[@rel='canonical']/@href").get()
            canonical = absolute(base, link) if link else None
            if canonical and self.site.has(canonical) and self._key(canonical) != visit.key:
                told["canonical"] = self._key(canonical)
        return told

    def links(self, html: Selector, base: str, url: str) -> list[Link]:
        """The page's links that are items, the next listing, or lead on: kind and address, each address once."""
        found: dict[str, str] = {}
        for kind in ("items", "next", "follow"):
            rules: Links | None = getattr(self.web, kind)
            for address in addresses(html, rules, base) if rules else ():
                if not self.site.has(address):
                    self.counts["off_site"] += 1
                elif address not in found:
                    found[address] = kind
        here = urlsplit(url)
        own = f"{here.scheme}://{here.netloc}/"
        return [(kind, address.removeprefix(own[:-1]) if address.startswith(own) else address)
                for address, kind in found.items()]  # fmt: skip

    def _in_sitemap(self, response: Response) -> dict[str, Any]:
        body = response.body
        if response.url.endswith("/robots.txt"):
            return {"links": [("sitemap", url) for url in sitemap_urls_from_robots(body, base_url=response.url)]}
        if body[:2] == b"\x1f\x8b":
            body = gunzip(body, max_size=LARGEST_SITEMAP_BYTES)
        if body.lstrip().startswith(b"http"):
            return {"links": self._listed(body.decode("utf-8", "replace").split())}
        sitemap = Sitemap(body.lstrip())
        if sitemap.type == "sitemapindex":
            return {"links": [("sitemap", entry["loc"]) for entry in sitemap]}
        if sitemap.type != "urlset":
            raise ValueError(f"no sitemap, but <{sitemap.type}>")
        return {"links": self._listed(entry["loc"] for entry in sitemap)}

    def _listed(self, urls: Iterable[str]) -> list[Link]:
        """A sitemap has no markup: what its addresses are, the patterns alone decide."""
        items, follow = self.web.items, self.web.follow
        kinds = (
            (("items" if items is None or items.takes(url) else "follow" if follow and follow.takes(url) else ""), url)
            for url in urls
        )
        return [(kind, url) for kind, url in kinds if kind]

    def _redirected(self, visit: Visit, url: str | None) -> Iterator[scrapy.Request]:
        self.counts["redirects"] += 1
        if not url or not self.site.has(url):
            self._failed(visit, "redirected_off_site", f"leads on to {url or 'no page'}, which is not in domains:")
            return
        if visit.hops >= MOST_REDIRECTS:
            self._failed(visit, "too_many_redirects", f"more than {MOST_REDIRECTS} redirects")
            return
        target = self._key(url)
        self.redirects[visit.key] = target
        if url == visit.url:
            return
        if target == visit.key:
            del self.seen[target]  # the site insists on a parameter that tells nothing
        else:
            self._tell(visit, {"redirect": url, "links": []})
        yield from self._admit([_redirected_to(visit, url, target)])

    def _tell(self, visit: Visit, told: dict[str, Any]) -> None:
        self.write({"page": visit.key, "role": visit.role, **told})

    def _failed(self, visit: Visit, reason: str, what: str) -> None:
        self.redirects.pop(visit.key, None)
        page = visit.key
        if visit.origin:
            page, what = visit.origin, f"leads to {visit.url[:LONGEST_ADDRESS]}: {what}"
        if visit.is_start:
            self.start_failed = (visit.url, what)
        self.write({"failed": page, "reason": reason, "what": what})


def _redirected_to(visit: Visit, url: str, target: str) -> Visit:
    return replace(visit, url=url, key=target, hops=visit.hops + 1, origin=visit.origin or visit.key)


class _RedirectedError(Exception):
    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.url = url


class NotTextError(Exception):
    """An answer that is no text; says what it is."""


class _TooSlowError(BaseException):
    """Not an `Exception`: no library on the way shall take it for an error of its own."""


def validators(response: Response) -> dict[str, str]:
    """What to ask with whether the page has changed.

    A page that changed in the last minute may change once more within the same second, which its date would not tell.
    """
    told = {}
    if etag := response.headers.get("ETag"):
        told["etag"] = etag.decode("latin-1")
    if modified := response.headers.get("Last-Modified"):
        text = modified.decode("latin-1")
        try:
            age = datetime.now(UTC) - parsedate_to_datetime(text)
        except (ValueError, TypeError):
            return told
        if "etag" in told or age > timedelta(minutes=1):
            told["modified"] = text
    return told


def text_of(response: Response) -> Decoded:
    """The text of an answer.

    :raises NotTextError: when it is none, whatever it is said to be.
    """
    content_type = (response.headers.get("Content-Type") or b"").decode("latin-1")
    start = response.body[:_LOOKED_AT].lower()
    if not isinstance(response, TextResponse) and b"<html" not in start and b"<!doctype html" not in start:
        raise NotTextError(content_type or "of no type")
    return decode(response.body, content_type)


def base_of(text: str, url: str) -> str:
    """What the links of a page are relative to."""
    return get_base_url(text[:_LOOKED_AT], url)


def addresses(html: Selector, rules: Links, base: str) -> Iterator[str]:
    """The absolute addresses of a page's links that the rules take."""
    for selector in rules.select or ("a[href], area[href]",):
        for node in select(html, selector):
            if not hasattr(node.root, "tag"):
                links = [str(node.get())]
            elif node.attrib.get("href"):
                links = [node.attrib["href"]]
            else:
                links = node.xpath(".//a/@href | .//area/@href").getall()
            for link in links:
                address = absolute(base, link) if link.strip() else None
                if address and rules.takes(address):
                    yield address


@contextmanager
def _within(seconds: float) -> Iterator[None]:
    def stop(number: int, frame: Any) -> None:
        raise _TooSlowError

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds, 1.0)  # again, if a bare except has caught the first
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _what(failure: Failure) -> str:
    return f"{failure.type.__name__ if failure.type else 'unknown'}: {failure.getErrorMessage()[:200]}"
