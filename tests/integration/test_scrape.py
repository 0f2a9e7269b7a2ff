"""The command that shows what a site's rules make of one page."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from include.scrape import as_text
from include.scrape import scrape as read_page
from include.settings import PROJECT
from include.sources.config import ConfigError
from include.sources.errors import ReadFailedError
from tests.site import Answer, Site, serving

SITE = """
name: acme
description: Acme's people.
kind: web
connection: acme
enabled: false
entities:
  people:
    feeds: customer
    id: url
    version_at: null
    web:
      start: [/team]
      items: a.person
      next: a.next
      fields:
        name: [h1.full-name, h1]
        email: {select: ["a.mail::attr(href)", "p.mail"], clean: [email], required: true}
        fax: .fax
"""
PAGE = """<html><head><script type="application/ld+json">{"@type": "Person", "name": "Ann Bee", "jobTitle": "Buyer"}
</script></head><body><h1>Ann B.</h1><p class="mail">ann [at] acme.example</p><p>Call +44 20 7183 8750</p>
<a class="person" href="/team/bob?utm_source=x">Bob</a><a class="person" href="http://127.0.0.2:9/cy">Cy</a></body></html>"""


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    """A page of a person, one that lacks what is required, and one that is not for robots."""
    pages: dict[str, Any] = {
        "/robots.txt": Answer("User-agent: *\nDisallow: /private/", type="text/plain"),
        "/team/ann": PAGE,
        "/team/bob": "<h1>Bob</h1>",
        "/team/old": Answer(status=301, headers={"Location": "/team/ann"}),
        "/private/x": PAGE,
    }
    with serving(pages) as made:
        yield made


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the site's YAML, and an empty one for whatever the command may leave."""
    folder = tmp_path_factory.mktemp("scrape")
    (folder / "acme.yaml").write_text(SITE)
    return folder


def scrape(folder: Path, *arguments: str) -> tuple[int, str, str]:
    """Exit code, standard output and standard error of ``./crm scrape``."""
    state = folder / "state"
    nowhere = {"CRM_STATE": str(state), "CRM_WAREHOUSE_URL": "postgresql://nobody@127.0.0.1:1/none", "COLUMNS": "200"}
    done = subprocess.run(
        [sys.executable, "-m", "include.cli", "scrape", *arguments],
        cwd=PROJECT,
        env={**os.environ, **nowhere},
        capture_output=True,
        text=True,
    )
    assert not state.exists(), "it needs no warehouse, and leaves nothing behind"
    return done.returncode, done.stdout, done.stderr


def test_it_shows_every_field_how_it_was_found_and_what_was_missed(site: Site, folder: Path) -> None:
    code, shown, _ = scrape(folder, str(folder / "acme.yaml"), f"{site.address}/team/ann?utm_source=mail")
    assert code == 0
    lines = [line.rstrip() for line in shown.splitlines()]
    assert "  name   Ann Bee  ← json_ld" in lines
    assert "            0 matches: h1.full-name" in lines
    assert "  email  ann@acme.example  ← css:p.mail" in lines
    assert "            0 matches: a.mail::attr(href)" in lines
    assert "  fax    –" in lines
    assert f"items: 1 links: {site.address}/team/bob?utm_source=x" in lines
    assert "next: 0 links" in lines
    assert "  json_ld Person: job_title = Buyer" in lines
    assert "  contacts: phone = +442071838750" in lines


def test_as_json_and_after_a_redirect(site: Site, folder: Path) -> None:
    code, shown, _ = scrape(folder, str(folder / "acme.yaml"), f"{site.address}/team/old", "--json")
    assert code == 0
    told: dict[str, Any] = json.loads(shown)["people"]
    assert told["url"] == f"{site.address}/team/ann"
    (record,) = told["records"]
    assert record["fields"]["email"] == {
        "value": "ann@acme.example",
        "found_by": "css:p.mail",
        "matches": {"a.mail::attr(href)": 0, "p.mail": 1},
    }


def test_it_says_what_makes_a_record_unreadable(site: Site, folder: Path) -> None:
    shown = as_text(read_page(str(folder / "acme.yaml"), f"{site.address}/team/bob"))
    assert "record: unreadable, missing_email" in shown


def test_it_says_when_robots_are_forbidden(site: Site, folder: Path) -> None:
    code, shown, error = scrape(folder, str(folder / "acme.yaml"), f"{site.address}/private/x")
    assert (code, shown) == (1, "")
    assert "robots.txt forbids it" in " ".join(error.split())


def test_it_says_what_is_wrong_with_what_it_is_given(site: Site, folder: Path) -> None:
    with pytest.raises(ConfigError, match="no source named 'no_such_source'"):
        read_page("no_such_source", f"{site.address}/team/ann")
    with pytest.raises(ConfigError, match="sandbox_crm is no web site, but of kind rest"):
        read_page("sandbox_crm", f"{site.address}/team/ann")
    with pytest.raises(ReadFailedError, match="answered 404"):
        read_page(str(folder / "acme.yaml"), f"{site.address}/nowhere")
    with pytest.raises(ReadFailedError, match="not an address that starts with http"):
        read_page(str(folder / "acme.yaml"), "/team/ann")
