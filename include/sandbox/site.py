"""A public trade directory: firms and their people, half of the pages with JSON-LD, half in plain markup."""

import hashlib
from email.utils import formatdate, parsedate_to_datetime
from html import escape
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from include.sandbox.hours import seconds
from include.sandbox.ledger import State
from include.sandbox.world import World

PAGE = 20
NAME = "Harbour Trade Directory"
STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem;color:#222}"
    "a{color:#0b5d8a}ul{padding:0;list-style:none}li{padding:.4rem 0;border-bottom:1px solid #ddd}small{color:#666}"
)


class Site:
    def __init__(self, world: World) -> None:
        self.world = world

    def routes(self) -> list[Route]:
        return [
            Route("/", self.home),
            Route("/robots.txt", self.robots),
            Route("/sitemap.xml", self.sitemap),
            Route("/directory", self.listing),
            Route("/directory/{slug}", self.detail),
            Route("/private/{rest:path}", self.private),
        ]

    async def robots(self, request: Request) -> Response:
        base = _base(request)
        return PlainTextResponse(
            f"User-agent: *\nDisallow: /private/\nCrawl-delay: 0.05\n\nSitemap: {base}/sitemap.xml\n"
        )

    async def home(self, request: Request) -> Response:
        count = len(self._pages())
        body = (
            f"<h1>{NAME}</h1><p>{count} firms with their people and how to reach them.</p>"
            '<p><a href="/directory">All firms</a> · <a href="/private/members.html">Members only</a></p>'
        )
        return self._send(request, _page(NAME, body), max((s.updated for s in self._pages()), default=0))

    async def listing(self, request: Request) -> Response:
        pages = self._pages()
        text = request.query_params.get("page", "1")
        number = int(text) if text.isdigit() and 0 < int(text) < 1_000_000 else 0
        shown = pages[(number - 1) * PAGE : number * PAGE] if number else []
        if not shown and number != 1:
            return _missing()
        items = "".join(
            f'<li class="entry"><a class="entry-link" href="/directory/{s.values["slug"]}">'
            f"{escape(s.values['name'])}</a>"
            f" <small>{escape(s.values['city'])}, {escape(s.values['country'])}</small></li>"
            for s in shown
        )
        links = f'<a rel="prev" class="prev" href="/directory?page={number - 1}">Previous</a> ' if number > 1 else ""
        if number * PAGE < len(pages):
            links += f'<a rel="next" class="next" href="/directory?page={number + 1}">Next</a>'
        body = f"<h1>Firms</h1><ul>{items}</ul><p>Page {number}. {links}</p>"
        return self._send(request, _page(f"Firms, page {number}", body), max((s.updated for s in shown), default=0))

    async def detail(self, request: Request) -> Response:
        self.world.refresh()
        state = self.world.ledgers["pages"].states.get(request.path_params["slug"])
        if state is None:
            return _missing()
        show = _structured if state.values["structured"] else _plain
        url = f"{_base(request)}/directory/{state.values['slug']}"
        return self._send(request, show(state.values, url), state.updated)

    async def sitemap(self, request: Request) -> Response:
        base = _base(request)
        urls = "".join(
            f"<url><loc>{base}/directory/{s.values['slug']}</loc><lastmod>{seconds(s.updated)}</lastmod></url>"
            for s in self._pages()
        )
        xml = (
            '<?xml version="1.0" encoding="UTF-8"?>\n'
            f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"><url><loc>{base}/directory</loc></url>{urls}</urlset>\n'
        )
        return Response(xml, media_type="application/xml")

    async def private(self, request: Request) -> Response:
        return self._send(request, _page("Members only", "<h1>Members only</h1><p>Nothing for robots here.</p>"), 0)

    def _pages(self) -> list[State]:
        self.world.refresh()
        states = self.world.ledgers["pages"].states.values()
        return sorted(states, key=lambda state: (state.record.created, state.record.id))

    def _send(self, request: Request, page: str, modified: int) -> Response:
        """The page, or 304 when the reader has it."""
        content = page.encode()
        tag = f'"{hashlib.sha1(content, usedforsecurity=False).hexdigest()[:20]}"'
        headers = {"ETag": tag, "Last-Modified": formatdate(modified // 1000, usegmt=True), "Cache-Control": "no-cache"}
        known = request.headers.get("if-none-match")
        since = request.headers.get("if-modified-since")
        if known is not None:
            unchanged = known.strip() == "*" or tag in [part.strip().removeprefix("W/") for part in known.split(",")]
        else:
            unchanged = since is not None and _not_modified_since(since, modified)
        if unchanged:
            return Response(status_code=304, headers=headers)
        return Response(content, headers=headers, media_type="text/html")


def _not_modified_since(since: str, modified: int) -> bool:
    try:
        return modified // 1000 <= parsedate_to_datetime(since).timestamp()
    except ValueError:
        return False


def _base(request: Request) -> str:
    return f"{request.url.scheme}://{request.url.netloc}"


def _missing() -> Response:
    return Response(_page("Not found", "<h1>Not found</h1><p>There is no such page.</p>"), 404, media_type="text/html")


def _page(title: str, body: str, head: str = "") -> str:
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{escape(title)} - {NAME}</title>'
        f"<style>{STYLE}</style>{head}</head>\n<body>{body}</body></html>\n"
    )


def _structured(values: dict[str, Any], url: str) -> str:
    """With JSON-LD: an Organization, its ContactPoint, its people."""
    people = []
    for person in values["people"]:
        told = {"@type": "Person", "name": person["name"], "jobTitle": person["title"], "email": person["email"],
                "telephone": person["phone"]}  # fmt: skip
        people.append({key: value for key, value in told.items() if value})
    linked = {
        "@context": "https://schema.org",
        "@type": "Organization",
        "@id": f"{url}#organization",
        "name": values["name"],
        "url": values["website"],
        "email": values["email"],
        "telephone": values["phone"],
        "numberOfEmployees": {"@type": "QuantitativeValue", "value": values["employees"]},
        "address": {"@type": "PostalAddress", "addressLocality": values["city"], "addressCountry": values["country"]},
        "contactPoint": {
            "@type": "ContactPoint",
            "contactType": "customer service",
            "email": values["email"],
            "telephone": values["phone"],
        },
        "employee": people,
    }
    script = orjson.dumps(linked).decode().replace("<", "\\u003c")
    names = "".join(f"<li>{escape(person['name'])}, {escape(person['title'])}</li>" for person in values["people"])
    body = (
        f"<h1>{escape(values['name'])}</h1><p>{escape(values['industry'])} in {escape(values['city'])}, "
        f"{escape(values['country'])}.</p><h2>People</h2><ul>{names or '<li>None listed.</li>'}</ul>{_back()}"
    )
    return _page(values["name"], body, f'<script type="application/ld+json">{script}</script>')


def _plain(values: dict[str, Any], url: str) -> str:
    """Markup with classes, mailto: and tel: links."""
    people = "".join(
        f'<li class="person"><span class="person-name">{escape(person["name"])}</span>, '
        f'<span class="person-title">{escape(person["title"])}</span> '
        f"{_mail(person['email'])} {_call(person['phone'])}</li>"
        for person in values["people"]
    )
    body = (
        f'<div class="company"><h1 class="company-name">{escape(values["name"])}</h1>'
        f'<p class="company-industry">{escape(values["industry"])}</p>'
        f'<p class="company-address"><span class="company-city">{escape(values["city"])}</span>, '
        f'<span class="company-country">{escape(values["country"])}</span></p>'
        f'<p class="company-contact">{_mail(values["email"])} {_call(values["phone"])} '
        f'<a class="company-website" href="{escape(values["website"])}">{escape(values["website"])}</a></p>'
        f'<p>About <span class="company-size">{values["employees"]}</span> people.</p>'
        f'<h2>People</h2><ul class="people">{people or "<li>None listed.</li>"}</ul></div>{_back()}'
    )
    return _page(values["name"], body, f'<link rel="canonical" href="{escape(url)}">')


def _mail(address: str | None) -> str:
    return f'<a class="email" href="mailto:{escape(address)}">{escape(address)}</a>' if address else ""


def _call(number: str | None) -> str:
    if not number:
        return ""
    digits = "".join(c for c in number.replace("(0)", "") if c.isdigit() or c == "+")
    return f'<a class="phone" href="tel:{digits}">{escape(number)}</a>'


def _back() -> str:
    return '<p><a class="back" href="/directory">All firms</a></p>'
