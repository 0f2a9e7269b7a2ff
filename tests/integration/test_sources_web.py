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
PERSON = """<html><head><script type="application/ld+json">{"@context": "https://schema.org", "@type": "Organization",
"name": "Gear Ltd", "contactPoint": {"@type": "ContactPoint", "telephone": "tel:+44-20-555"},
"address": {"streetAddress": "1 High St", "addressLocality": "Leeds"}, "employee": [{"@type": "Person",
"name": "Ann  Bee", "email": "mailto:ann@gear.example?subject=Hi", "jobTitle": "Buyer"}]}</script></head>
<body><h1>Someone else</h1><p class="fax">+44 1</p></body></html>"""
PLAIN = """<html><body><h1> Li
 Lei </h1><a href="mailto:li%2Blei@gear.example">mail</a><a href="tel:+8610555">call</a>
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
                for href in ("/p/li", "/p/gone", "/p/empty", "/private/x", "http://127.0.0.2:9/x", "/p/ann#top")
            ),
        ),
    ),
    "/p/ann": (200, PERSON),
    "/p/li": (200, PLAIN),
    "/p/empty": (200, "<html><body></body></html>"),
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
        "fields": {
            "name": ["h1::text"],
            "organisation": [".org::text"],
            "email": ["a[href^='mailto:']::attr(href)"],
            "phone": ["a[href^='tel:']::attr(href)"],
            "job_title": [".role::text"],
            "address": [".adr::text"],
            "city": [".city::text"],
            "fax": [".fax::text"],
        },
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
    rows = {row["url"].removeprefix(site.address): row for row in page.rows}
    assert rows == {
        "/p/ann": {
            "url": f"{site.address}/p/ann",
            "found_by": "json_ld",
            "name": "Ann Bee",
            "organisation": "Gear Ltd",
            "email": "ann@gear.example",
            "phone": "+44-20-555",
            "job_title": "Buyer",
            "address": "1 High St, Leeds",
            "city": "Leeds",
            "fax": "+44 1",
        },
        "/p/li": {
            "url": f"{site.address}/p/li",
            "found_by": "css",
            "name": "Li Lei",
            "organisation": None,
            "email": "li+lei@gear.example",
            "phone": "+8610555",
            "job_title": None,
            "address": None,
            "city": None,
            "fax": None,
        },
    }
    assert sorted((bad.text.removeprefix(site.address), bad.reason) for bad in page.unreadable) == [
        ("/p/empty", "no_fields"),
        ("/p/gone", "page_failed"),
    ]
    asked = [path for path, _ in site.asked]
    assert asked.count("/p/ann") == 1
    assert "/private/x" not in asked
    assert all(agent.startswith("crm-autopilot") for _, agent in site.asked)


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
