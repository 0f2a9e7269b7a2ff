"""The web reader against sites on loopback, through the real crawler process."""

import itertools
import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from include.sources import Memory, SourceError, journal
from include.window import Window
from tests.site import Answer, Site, crawl, rows, serving, unreadables, zipped

LISTING = '<a class="next" href="{next}">next</a><ul>{links}</ul>'
RULES: dict[str, Any] = {
    "start": ["/list"],
    "next": "a.next",
    "items": "a.item",
    "fields": {"name": "h1", "email": "a[href^='mailto:']::attr(href)"},
}


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where crawls are written down."""
    monkeypatch.setattr(journal, "STATE", tmp_path)


def person(name: str) -> str:
    return f'<h1>{name}</h1><a href="mailto:{name}@acme.example">mail</a>'


def items(*hrefs: str) -> str:
    return "".join(f'<a class="item" href="{href}">x</a>' for href in hrefs)


def names(site: Site, pages: list) -> dict[str, str]:
    return {url: row["name"] for url, row in rows(site, pages).items()}


# Sites that are well

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


@pytest.fixture(scope="module")
def directory() -> Iterator[Site]:
    """A directory of firms, two listings long."""
    second = items("/p/li", "/p/gone", "/p/empty", "/p/nobody", "/private/x", "http://127.0.0.2:9/x", "/p/ann#top")
    pages: dict[str, Any] = {
        "/robots.txt": Answer("User-agent: *\nDisallow: /private/\n", type="text/plain"),
        "/directory": LISTING.format(next="/directory?page=2", links=items("/p/ann")),
        "/directory?page=2": LISTING.format(next="/directory", links=second),
        "/p/ann": STRUCTURED,
        "/p/li": PLAIN,
        "/p/empty": "<html><body></body></html>",
        "/p/nobody": "<html><body><h2>Gear Nowhere</h2></body></html>",
        "/private/x": PLAIN,
    }
    with serving(pages) as site:
        yield site


def test_a_site_is_read_once_politely_and_its_failures_are_kept(directory: Site) -> None:
    directory.forget()
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
        "user_agent": "acme-crawler (crm@acme.example)",
    }
    pages = crawl(directory, web)
    keys = ("name", "email", "phone", "job_title", "organisation", "address", "city")
    leeds = ("1 High St, Leeds", "Leeds")
    expected = {
        url: dict(zip(keys, values, strict=True))
        for url, values in {
            "/p/ann#1": ("Ann  Bee", "ann@gear.example", None, "Buyer", "Gear Ltd", *leeds),
            "/p/ann#2": ("Bo", None, "+44-20-555", None, "Gear Inc", *leeds),
            "/p/li#1": ("Li Lei", "li+lei@gear.example", None, None, "Gear Asia", None, None),
            "/p/li#2": ("Han Mei", None, "+8610555", None, "Gear Asia", None, None),
        }.items()
    }
    found = rows(directory, pages)
    assert {url: {key: row[key] for key in keys} for url, row in found.items()} == expected
    assert found["/p/li#2"]["page"] == f"{directory.address}/p/li"
    assert found["/p/ann#2"]["found_by"] == dict.fromkeys(
        ["name", "phone", "organisation", "address", "city"], "json_ld"
    )
    assert found["/p/li#2"]["found_by"] == {
        "name": "css:h1::text",
        "phone": "css:a[href^='tel:']::attr(href)",
        "organisation": "css:h2::text",
    }
    assert [json.loads(text) for page in pages for text in page.texts] == [row for page in pages for row in page.rows]
    assert unreadables(directory, pages) == [("/p/empty", "no_fields"), ("/p/gone", "page_failed")]
    assert Counter(directory.paths())["/p/ann"] == 1
    assert "/private/x" not in directory.paths()
    assert {asked.user_agent for asked in directory.asked} == {"acme-crawler (crm@acme.example)"}


def test_the_pages_of_a_sitemap() -> None:
    """An index of sitemaps, one of them zipped, one a list of lines; patterns say what is an item."""
    urls = "".join(f"<url><loc>{{site}}{path}</loc></url>" for path in ("/p/1", "/p/2?utm_source=sitemap", "/news/1"))
    space = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'
    pages: dict[str, Any] = {
        "/robots.txt": Answer("User-agent: *\nSitemap: {site}/index.xml\n", type="text/plain"),
        "/index.xml": Answer(
            f"<?xml version='1.0'?><sitemapindex {space}><sitemap><loc>{{site}}/a.xml.gz</loc></sitemap>"
            "<sitemap><loc>{site}/b.txt</loc></sitemap><sitemap><loc>{site}/gone.xml</loc></sitemap></sitemapindex>",
            type="application/xml",
        ),
        "/b.txt": Answer("{site}/p/3\n{site}/team/\nhttp://127.0.0.2:9/p/4\n", type="text/plain"),
        "/team/": "<a href='/p/5'>Eve</a><a href='/p/nope'>Nobody</a><a href='/p/1'>One</a>",
        **{f"/p/{n}": person(f"n{n}") for n in (1, 2, 3, 5)},
    }
    with serving(pages) as site:
        unzipped = f"<?xml version='1.0'?><urlset {space}>{urls}</urlset>".replace("{site}", site.address)
        site.pages["/a.xml.gz"] = Answer(zipped(unzipped), type="application/gzip")
        found = crawl(
            site,
            {
                "sitemap": "/robots.txt",
                "items": {"allow": r"/p/", "deny": "nope"},
                "follow": {"allow": "/team/"},
                "fields": {"name": "h1"},
            },
        )
        assert names(site, found) == {"/p/1": "n1", "/p/2": "n2", "/p/3": "n3", "/p/5": "n5"}
        assert unreadables(site, found) == [("/gone.xml", "page_failed")]
        assert sorted(site.paths()) == [
            "/a.xml.gz", "/b.txt", "/gone.xml", "/index.xml", "/p/1", "/p/2", "/p/3", "/p/5", "/team/",
        ]  # fmt: skip


# Sites that are not


def test_an_awkward_site_costs_what_is_broken_and_nothing_else() -> None:
    """Each thing bounded, counted and reported; what is whole is read, each page once."""
    pages: dict[str, Any] = {
        # the same page under several addresses
        "/p/same": person("same"),
        "/p/alias1": f"<link rel=canonical href='/p/real'>{person('real')}",
        "/p/alias2": f"<link rel=canonical href='{{site}}/p/real#x'>{person('real')}",
        # every page names the list as its own address
        "/p/wrong1": f"<link rel=canonical href='/list'>{person('wrong1')}",
        "/p/wrong2": f"<link rel=canonical href='/list'>{person('wrong2')}",
        # redirects
        "/p/moved": Answer(status=301, headers={"Location": "/p/new"}),
        "/p/refreshed": "<meta http-equiv=refresh content='0; url=/p/new2'>",
        "/p/new": person("new"),
        "/p/new2": person("new2"),
        "/p/ring1": Answer(status=302, headers={"Location": "/p/ring2"}),
        "/p/ring2": Answer(status=302, headers={"Location": "/p/ring1"}),
        "/p/self": Answer(status=302, headers={"Location": "/p/self"}),
        "/p/off": Answer(status=302, headers={"Location": "http://127.0.0.2:9/"}),
        "/p/insists": Answer(status=302, headers={"Location": "/p/insists?utm_source=x"}),
        "/p/insists?utm_source=x": person("insists"),
        # broken pages
        "/p/broken": "<div><p><h1>bro<b>ken<table><tr><a href=mailto:broken@acme.example><li></h1 <div id=3",
        "/p/latin": Answer("<h1>Müller</h1>".encode("cp1252"), type="text/html; charset=utf-8"),
        "/p/liar": Answer("<meta charset=iso-8859-1><h1>Zoë</h1>".encode(), type="text/html"),
        "/p/typeless": Answer(f"<html>{person('typeless')}", type=None),
        "/p/huge": Answer("<h1>huge</h1>" + " " * 6_000_000),
        "/p/cut": Answer("<h1>cut</h1>" + "x" * 1000, cut=100),
        "/p/slow": Answer(person("slow"), wait=1.5),
        "/p/pdf": Answer(b"%PDF-1.4\x00\x01", type="application/pdf"),
        "/p/empty": "<html></html>",
        "/p/nameless": "<a href='mailto:nameless@acme.example'>mail</a>",
        "/p/deep": "<div>" * 50_000 + "<h1>deep</h1>",
        "/p/last": person("last"),
    }
    tracked = ["/p/same?utm_source=list", "/p/same#top", "/p/same?fbclid=9&utm_campaign=1"]
    strange = [
        "http://127.0.0.2:9/x",
        "/p/endless",
        "/p/gone",
        "mailto:x@acme.example",
        "javascript:void(0)",
        "http://[",
    ]
    linked = [path for path in pages if path not in ("/p/new", "/p/new2", "/p/insists?utm_source=x", "/p/last")]
    pages["/list"] = LISTING.format(next="/list?page=2&from=1", links=items(*linked, *tracked, *strange))
    pages["/list?page=2&from=1"] = LISTING.format(next="/list?from=1&page=2", links=items("/p/last")) + (
        f"<nav><a href='/calendar/2026/1'>c</a><a href='/tree/'>t</a><a href='/long?{'x' * 3000}'>l</a></nav>"
    )

    def endless(path: str) -> str | Answer | None:
        if path.startswith("/p/endless"):
            return Answer(status=302, headers={"Location": f"{path}x"})
        if path.startswith("/calendar/"):
            year, month = map(int, path.split("/")[2:])
            return (
                f"<nav><a href='/calendar/{year + 1}/{month}'>y</a><a href='/calendar/{year}/{month + 1}'>m</a></nav>"
            )
        return f"<nav><a href='{path}deeper/'>deeper</a></nav>" if path.startswith("/tree/") else None

    rules = {
        **RULES,
        "follow": "nav",
        "fields": {**RULES["fields"], "name": {"select": "h1", "required": True}},
        "timeout_seconds": 0.5,
        "max_depth": 8,
        "max_alike": 12,
    }
    with serving(pages) as site:
        site.fallback = endless
        found = crawl(site, rules)
        assert names(site, found) == {
            "/p/same": "same", "/p/real": "real", "/p/wrong1": "wrong1", "/p/wrong2": "wrong2", "/p/new": "new",
            "/p/new2": "new2", "/p/insists": "insists", "/p/broken": "broken", "/p/latin": "Müller", "/p/liar": "Zoë",
            "/p/typeless": "typeless", "/p/last": "last",
        }  # fmt: skip
        assert unreadables(site, found) == [
            ("", "address_too_long"), ("", "alike_limit"), ("", "depth_limit"), ("/p/cut", "page_failed"),
            ("/p/deep", "no_fields"), ("/p/empty", "no_fields"), ("/p/endless", "too_many_redirects"),
            ("/p/gone", "page_failed"), ("/p/huge", "page_too_large"), ("/p/nameless", "missing_name"),
            ("/p/off", "redirected_off_site"), ("/p/pdf", "not_text"), ("/p/ring1", "redirect_ring"),
            ("/p/ring2", "redirect_ring"), ("/p/self", "redirect_ring"), ("/p/slow", "page_timed_out"),
        ]  # fmt: skip
        kept = {bad.location.removeprefix(site.address): bad.text for page in found for bad in page.unreadable}
        assert kept["/p/nameless"] == pages["/p/nameless"]
        assert kept["/p/empty"] == pages["/p/empty"]
        times = Counter(site.paths())
        tried_again = {"/p/slow", "/p/cut"}
        assert {path: count for path, count in times.items() if count > 1 and path not in tried_again} == {}
        assert times["/p/slow"] == 3
        assert sum(path.startswith("/calendar/") for path in times) == 12
        assert sum(path.startswith("/p/endless") for path in times) == 11
        assert max(path.count("deeper") for path in times) == 7


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"start": ["/nowhere"]}, "the start page cannot be read: answered 404"),
        ({"start": ["/directory", "http://other.example/"]}, "the start page cannot be read: no address of a page on"),
    ],
)
def test_what_makes_a_crawl_worthless_is_an_error(directory: Site, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(SourceError, match=message):
        crawl(directory, RULES | changes)


def test_a_robots_txt_that_cannot_be_read_forbids_everything() -> None:
    """RFC 9309, 2.3.1.4: unreachable because of a server error is complete disallow."""
    with serving({"/robots.txt": Answer("oops", 503), "/list": "x"}) as site:
        with pytest.raises(SourceError, match=r"robots\.txt cannot be read: answered 503"):
            crawl(site, RULES)
        assert site.paths() == []


def test_the_delay_that_robots_txt_asks_for_is_kept() -> None:
    pages: dict[str, Any] = {f"/p/{n}": person(f"n{n}") for n in range(5)}
    pages["/list"] = items(*pages)
    pages["/p/2"] = Answer("busy", 503, {"Retry-After": "1"})
    pages["/robots.txt"] = Answer("User-agent: *\nCrawl-delay: 0.3\n", type="text/plain")
    with serving(pages) as site:
        assert unreadables(site, crawl(site, RULES)) == [("/p/2", "page_failed")]
        asked = sorted(site.asked, key=lambda one: one.at)
        gaps = [later.at - earlier.at for earlier, later in itertools.pairwise(asked)]
        # what is sent on time may come late, but then all of it does
        assert asked[-1].at - asked[0].at > 0.3 * len(gaps) - 0.1
        after_busy = [gap for gap, one in zip(gaps, asked, strict=False) if one.status == 503]
        assert min(after_busy) > 0.9


def test_what_a_limit_leaves_out_is_in_the_books_and_what_was_found_is_kept() -> None:
    pages: dict[str, Any] = {f"/p/{n}": person(f"n{n}") for n in range(30)}
    pages["/list"] = items(*pages)
    with serving(pages) as site:
        found = crawl(site, RULES | {"max_pages": 11})
        assert len(rows(site, found)) == 10
        ((bad,),) = [page.unreadable for page in found]
        assert bad.reason == "page_limit"
        assert bad.text.startswith("20 addresses were not read (max_pages: 11), such as http")
        for path in list(site.pages):
            if path != "/list":
                site.pages[path] = Answer(person("slow"), wait=0.3)
        found = crawl(site, RULES | {"max_minutes": 0.04, "concurrency": 2})
        read = len(rows(site, found))
        assert 1 <= read < 30
        ((bad,),) = [page.unreadable for page in found]
        assert (bad.reason, bad.text.split()[0]) == ("time_limit", str(30 - read))


# Again, and again after a stop


def test_a_second_crawl_transfers_nothing_that_did_not_change() -> None:
    pages: dict[str, Any] = {
        "/list": LISTING.format(next="/list?page=2", links=items("/p/a", "/p/b", "/p/b?utm_source=x", "/p/mute")),
        "/list?page=2": items("/p/c", "/p/alias", "/p/empty"),
        **{f"/p/{name}": person(name) for name in "abc"},
        "/p/alias": f"<link rel=canonical href='/p/c'>{person('c')}",
        "/p/mute": Answer(person("mute"), etag=False),
        "/p/empty": "<p>nothing</p>",
    }
    with serving(pages) as site:
        memory = Memory()
        first = crawl(site, RULES, memory)
        assert set(rows(site, first)) == {"/p/a", "/p/b", "/p/c", "/p/mute"}
        assert unreadables(site, first) == [("/p/empty", "no_fields")]

        # nothing changed: only what has no validator is transferred
        site.forget()
        memory = Memory(memory.items())
        second = crawl(site, RULES, memory, Window.day("2026-03-06"))
        assert set(rows(site, second)) == {"/p/mute"}
        assert unreadables(site, second) == []
        sent = {asked.path: asked.body_bytes for asked in site.asked if asked.body_bytes}
        assert set(sent) == {"/robots.txt", "/p/mute"}
        assert len(site.paths()) == 8, "every page was asked for, whatever its listing says"

        # a page behind an unchanged listing changed; another one is new on a listing that changed
        site.forget()
        site.pages["/p/c"] = person("changed")
        site.pages["/list?page=2"] = items("/p/c", "/p/new", "/p/alias")
        site.pages["/p/new"] = person("new")
        landed = memory.items()
        memory = Memory(landed)
        third = crawl(site, RULES, memory, Window.day("2026-03-07"))
        assert names(site, third) == {"/p/c": "changed", "/p/mute": "mute", "/p/new": "new"}

        # the load of the third did not land: the next attempt has the same, without a request
        asked = len(site.asked)
        again = crawl(site, RULES, Memory(landed), Window.day("2026-03-07"))
        assert rows(site, again) == rows(site, third)
        assert len(site.asked) == asked


def test_a_crawl_that_is_killed_goes_on_where_it_was() -> None:
    """Killed outright, in the middle of requests. Nothing is asked for twice but what was under way."""
    pages: dict[str, Any] = {f"/p/{n}": person(f"n{n}") for n in range(60)}
    pages["/list"] = items(*(f"/p/{n}" for n in range(40)))
    pages["/p/0"] += "<a class='next' href='/list2'>more</a>"
    pages["/list2"] = items(*(f"/p/{n}" for n in range(60)))
    with serving(pages) as site:

        def kill(path: str) -> str:
            children = subprocess.run(["pgrep", "-P", str(os.getpid()), "-f", "include.sources.site"],
                                      capture_output=True, text=True).stdout.split()  # fmt: skip
            for child in children:
                os.kill(int(child), signal.SIGKILL)
            return pages[path]

        site.pages["/p/20"] = kill
        memory = Memory()
        with pytest.raises(SourceError, match=r"the crawl ended early: code -9.*it goes on from there"):
            crawl(site, RULES, memory)
        before = set(site.paths())
        assert 10 < len(before) < 61

        site.pages["/p/20"] = pages["/p/20"]
        site.forget()
        found = crawl(site, RULES, Memory())
        assert set(rows(site, found)) == {f"/p/{n}" for n in range(60)}
        assert len(before & set(site.paths())) <= 8, "those that were on their way"

        # the load of it failed: the next attempt asks for nothing
        site.forget()
        memory = Memory()
        again = crawl(site, RULES, memory)
        assert rows(site, again) == rows(site, found)
        assert site.asked == []


def test_a_site_that_goes_down_fails_the_crawl_and_the_next_attempt_goes_on() -> None:
    pages: dict[str, Any] = {f"/p/{n}": person(f"n{n}") for n in range(40)}
    pages["/list"] = items(*pages)
    with serving(pages) as site:
        down = Answer("down", 503)
        site.pages = {
            path: lambda path: down if len(site.asked) > 12 else pages[path] for path in pages if path != "/robots.txt"
        }
        memory = Memory()
        with pytest.raises(SourceError, match="the site stopped answering in the middle of the crawl"):
            crawl(site, RULES, memory)
        read = {asked.path for asked in site.asked if asked.status == 200}
        site.forget()
        site.pages = pages
        found = crawl(site, RULES, memory)
        assert set(rows(site, found)) == {f"/p/{n}" for n in range(40)}
        assert unreadables(site, found) == []
        assert not read & set(site.paths())


# Pages that others made


def test_saved_pages_of_a_real_site_tell_its_contacts() -> None:
    """The documentation that comes with the package roundup: addresses in disguise, and no rules."""
    folder = Path(sys.prefix) / "share" / "doc" / "roundup" / "html"
    if not folder.is_dir():
        pytest.skip("the package roundup is not installed with its documentation")
    saved: dict[str, Any] = {f"/{path.name}": Answer(path.read_bytes()) for path in folder.glob("*.html")}
    follow = r"/(license|security|postgresql|features|installation)\.html$"
    web = {"start": ["/index.html"], "follow": {"allow": follow}, "contacts": True}
    with serving(saved) as site:
        found = rows(site, crawl(site, web))
    told = {url: row["emails"] for url, row in found.items()}
    # &#37;&#52;&#48; and &#46; in the source of these pages
    assert told["/license.html"] == ["richard@mechanicalcat.net"]
    assert told["/security.html"] == ["rouilj@users.sourceforge.net", "rsc@runtux.com"]
    assert told["/postgresql.html"] == ["fog@initd.org"]
    assert found["/license.html"]["organisation"] == "Richard Jones"
    assert "/features.html" not in told, "a page that tells nothing is no record"
