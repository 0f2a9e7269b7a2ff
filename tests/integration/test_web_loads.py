"""Web pages on their way into the warehouse: strings that break things, loads that fail, windows that are run again."""

import html
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from include.errors import IngestError
from include.ingest import land_source, stage_source
from include.sources import SourceConnection, journal
from include.warehouse.connection import Warehouse
from include.window import Window
from tests.deliveries import rows
from tests.site import Site, serving, source

FIRST, SECOND = Window.day("2026-03-05"), Window.day("2026-03-06")
RULES: dict[str, Any] = {
    "start": ["/list"],
    "items": "a.item",
    "fields": {"name": "h1", "email": "a[href^='mailto:']::attr(href)"},
}


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where crawls are written down."""
    monkeypatch.setattr(journal, "STATE", tmp_path)


@pytest.fixture
def site() -> Iterator[Site]:
    """A list of three people."""
    pages = {f"/p/{n}": f"<h1>Person {n}</h1><a href='mailto:p{n}@acme.example'>mail</a>" for n in range(3)}
    links = "".join(f'<a class="item" href="{path}">x</a>' for path in pages)
    with serving({**pages, "/list": links}) as made:
        yield made


def test_naughty_strings_are_unchanged_in_raw_and_staging(embedded_warehouse: Warehouse, real_data: Path) -> None:
    """From structured data, and from markup as it stands there; the sandbox site's own statement stages them."""
    naughty = [text for text in json.loads((real_data / "naughty_strings" / "blns.json").read_text()) if text]
    people = [
        {"@type": "Person", "name": text, "jobTitle": text, "worksFor": {"@type": "Organization", "name": text},
         "address": {"@type": "PostalAddress", "addressLocality": text, "addressCountry": text}}
        for text in naughty
    ]  # fmt: skip
    script = json.dumps(people).replace("<", "\\u003c")
    parts = "".join(f'<li title="{html.escape(text)}">{html.escape(text)}</li>' for text in naughty)
    pages: dict[str, Any] = {
        "/list": '<a class="item" href="/structured">x</a><a class="item" href="/marked">x</a>',
        "/structured": f'<html><script type="application/ld+json">{script}</script></html>',
        "/marked": f"<html><body><ul>{parts}</ul></body></html>",
    }
    exact = {"select": "./@title", "clean": []}
    fields = dict.fromkeys(("name", "job_title", "organisation", "city", "country"), exact)
    web = {"start": ["/list"], "items": "a.item", "each": "li", "fields": {**fields, "email": [], "phone": []}}
    with serving(pages) as site:
        made = source(web, "sandbox_site")
        landed = land_source(embedded_warehouse, made, FIRST, SourceConnection(site.address))
        # a person without a way to reach them is no customer by that suite's rules, but a row
        staged = stage_source(embedded_warehouse, made, FIRST)
        address = site.address
    distinct = len(set(naughty))
    assert landed.received == landed.inserted == distinct + len(naughty)
    assert staged.validated == landed.inserted
    told = {
        (url.removeprefix(address), name, job, firm, city, country)
        for url, name, job, firm, city, country in rows(
            embedded_warehouse,
            "select payload ->> 'url', payload ->> 'name', payload ->> 'job_title', payload ->> 'organisation',"
            " payload ->> 'city', payload ->> 'country' from raw.sandbox_site__people",
        )
    }
    expected = [(f"/structured#{place}", text) for place, text in enumerate(dict.fromkeys(naughty), 1)]
    expected += [(f"/marked#{place}", text) for place, text in enumerate(naughty, 1)]
    assert told == {(url, *[text] * 5) for url, text in expected}
    named = rows(embedded_warehouse, "select source_id, full_name from staging.sandbox_site__people")
    assert {(url.removeprefix(address), name) for url, name in named} <= set(expected)
    assert len(named) == staged.staged
    assert staged.quarantined == 0


def test_a_load_that_fails_learns_nothing_and_loses_nothing(embedded_warehouse: Warehouse, site: Site) -> None:
    made, connection = source(RULES), SourceConnection(site.address)

    def land(window: Window) -> tuple[int, int, int]:
        site.forget()
        counts = land_source(embedded_warehouse, made, window, connection)
        return counts.received, counts.inserted, len([asked for asked in site.asked if asked.status == 200])

    def remembered() -> set[str]:
        keys = rows(embedded_warehouse, "select key from ops.source_memory where source = 'site' and key <> 'crawl'")
        return {key.removeprefix(site.address) for (key,) in keys}

    def in_raw() -> list[tuple]:
        return rows(
            embedded_warehouse,
            "select payload ->> 'name', version_at::date::text from raw.site__people order by version_at, source_id",
        )

    # the warehouse refuses the load at its very end
    with embedded_warehouse.connect() as one:
        one.execute("alter table ops.source_memory add constraint refused check (source <> 'site')")
    with pytest.raises(IngestError, match=r'people: CheckViolation: new row .* violates check constraint "refused"$'):
        land(FIRST)
    assert remembered() == set()
    assert in_raw() == []
    with embedded_warehouse.connect() as one:
        one.execute("alter table ops.source_memory drop constraint refused")

    # the next attempt lands them without asking the site again
    assert land(FIRST) == (3, 3, 0)
    assert remembered() == {"/list", "/p/0", "/p/1", "/p/2"}
    first = in_raw()
    assert [name for name, _ in first] == ["Person 0", "Person 1", "Person 2"]

    # the window run again: nothing has changed, so nothing comes, and raw is as it was
    assert land(FIRST)[:2] == (0, 0)
    assert in_raw() == first

    # the next day brings what changed
    site.pages["/p/1"] = "<h1>Person One</h1>"
    assert land(SECOND)[:2] == (1, 1)
    assert in_raw() == [*first, ("Person One", "2026-03-06")]
