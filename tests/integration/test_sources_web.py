"""The web reader against a real small site on loopback, through the real crawler process."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from include.sources import Page, SourceConnection, SourceError, read
from include.sources.config import Source
from include.window import Window

DAY = Window.day("2026-03-05")
LISTING = '<a class="next" href="{next}">next</a><ul>{links}</ul>'
STRUCTURED = """<html><head><script type="application/ld+json">{"@context": "https://schema.org",
"@type": ["Organization"], "name": "Gear Ltd", "url": "https://gear.example", "email": "info@gear.example",
"contactPoint": {"@type": "ContactPoint", "telephone": "+44-20-000"},
"address": {"streetAddress": "1 High St", "addressLocality": "Leeds"}, "employee": [
{"@type": "Person", "name": "Ann  Bee", "email": "mailto:ann@gear.example?subject=Hi", "jobTitle": "Buyer"},
{"@type": "http://schema.org/Person", "name": "Bo", "telephone": "tel:+44-20-555", "worksFor": {"name": "Gear Inc"}}
]}</script></head><body><h1>Someone else</h1><a href="mailto:info@gear.example">all</a></body></html>"""
PLAIN = """<html><body><h2> Gear
 Asia </h2><a href="mailto:info@gear.example">all</a>
<li class="who"><h1>Li Lei</h1><a href="mailto:li%2Blei@gear.example">mail</a></li>
<li class="who"><h1>Han Mei</h1><a href="tel:+8610555">call</a></li>
<script type="application/ld+json">{broken</script></body></html>"""
PAGES: dict[str, tuple[int, str]] = {
    "/robots.txt": (200, "User-agent: *\nDisallow: /private/\n"),
    "/directory": (200, LISTING.format(next="/directory?page=2", links='<a class="item" href="/p/ann">a</a>')),
    "/directory?page=2": (
        200,
        LISTING.format(
            next="/directory",
            links="".join(
                f'<a class="item" href="{href}">x</a>'
                for href in (
                    "/p/li",
                    "/p/gone",
                    "/p/empty",
                    "/p/nobody",
                    "/private/x",
                    "http://127.0.0.2:9/x",
                    "/p/ann#top",
                )
            ),
        ),
    ),
    "/p/ann": (200, STRUCTURED),
    "/p/li": (200, PLAIN),
    "/p/empty": (200, "<html><body></body></html>"),
    "/p/nobody": (200, "<html><body><h2>Gear Nowhere</h2></body></html>"),
    "/private/x": (200, PLAIN),
}


class Site:
    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                site.asked.append((self.path, self.headers["user-agent"]))
                status, text = PAGES.get(self.path, (404, "no such page"))
                self.send_response(status)
                self.send_header(
                    "content-type", "text/plain" if self.path == "/robots.txt" else "text/html; charset=utf-8"
                )
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, *args: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def site() -> Iterator[Site]:
    site = Site()
    yield site
    site.server.shutdown()
    site.server.server_close()


def crawl(site: Site, **changes: Any) -> list[Page]:
    web = {
        "start": ["/directory"],
        "next": "a.next",
        "items": "a.item",
        "each": "li.who",
        "fields": {
            "name": ["h3::text", "h1::text"],
            "email": ["a[href^='mailto:']::attr(href)"],
            "phone": ["a[href^='tel:']::attr(href)"],
            "job_title": [],
        },
        "page_fields": {"organisation": ["h2::text"], "address": [], "city": []},
        **changes,
    }
    entity = {"feeds": "customer", "id": "url", "version_at": None, "web": web}
    source = Source.model_validate(
        {
            "name": "site",
            "description": "A test.",
            "kind": "web",
            "connection": "site_connection",
            "enabled": False,
            "entities": {"people": entity},
        }
    )
    return list(read(source, source.entities["people"], DAY, SourceConnection(site.address)))


def test_a_site_is_read_once_politely_and_its_failures_are_kept(site: Site) -> None:
    (page,) = crawl(site)
    rows = sorted(page.rows, key=lambda row: row["url"])
    keys = ("url", "found_by", "name", "email", "phone", "job_title", "organisation", "address", "city")
    leeds = ("1 High St, Leeds", "Leeds")
    assert rows == [
        dict(zip(keys, (f"{site.address}/p/{values[0]}", *values[1:]), strict=True))
        for values in (
            ("ann#1", "json_ld", "Ann Bee", "ann@gear.example", None, "Buyer", "Gear Ltd", *leeds),
            ("ann#2", "json_ld", "Bo", None, "+44-20-555", None, "Gear Inc", *leeds),
            ("li#1", "css", "Li Lei", "li+lei@gear.example", None, None, "Gear Asia", None, None),
            ("li#2", "css", "Han Mei", None, "+8610555", None, "Gear Asia", None, None),
        )
    ]
    assert sorted((bad.text.removeprefix(site.address), bad.reason) for bad in page.unreadable) == [
        ("/p/empty", "no_fields"),
        ("/p/gone", "page_failed"),
    ]
    asked = [path for path, _ in site.asked]
    assert asked.count("/p/ann") == 1
    assert "/private/x" not in asked
    assert all(agent.startswith("crm-autopilot") for _, agent in site.asked)


def test_a_page_may_be_one_record_and_a_company(site: Site) -> None:
    """What the structured data lacks comes from the markup."""
    fields = {"name": ["h2::text"], "email": [], "phone": [], "website": [], "headline": ["h1::text"]}
    (page,) = crawl(site, each=None, type="Organization", fields=fields, page_fields={})
    row = next(row for row in page.rows if row["url"] == f"{site.address}/p/ann")
    assert row == {
        "url": f"{site.address}/p/ann",
        "found_by": "json_ld",
        "name": "Gear Ltd",
        "email": "info@gear.example",
        "phone": "+44-20-000",
        "website": "https://gear.example",
        "headline": "Someone else",
    }


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"start": ["/nowhere"]}, "the start page cannot be read: answered 404"),
        ({"start": ["/private/x"]}, "the start page cannot be read: robots.txt forbids it"),
        ({"max_pages": 2}, "the site has more than 2 pages to read"),
        ({"max_depth": 1}, "the site goes on after 1 links from the start"),
    ],
)
def test_what_makes_a_crawl_worthless_is_an_error(site: Site, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(SourceError, match=message):
        crawl(site, **changes)
