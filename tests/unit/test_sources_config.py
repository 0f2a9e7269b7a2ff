"""The sources' YAML: what is accepted, and what an error says."""

import re
from pathlib import Path
from typing import get_args

import pytest
import yaml

from include.settings import PROJECT
from include.sources.config import ConfigError, Source, Web, load_source, load_sources
from include.sources.config.web import Step

GOOD = """
name: shop
description: A shop.
kind: rest
connection: shop
enabled: true
schedule: "0 2 * * *"
entities:
  deals:
    feeds: deal
    id: [id, line]
    version_at: null
    rest:
      request: {path: "/deals", params: {since: "{window_start_s}"}}
      records: results
"""


def load(folder: Path, text: str) -> str:
    (folder / "shop.yaml").write_text(text)
    with pytest.raises(ConfigError) as caught:
        load_source("shop", folder)
    assert str(folder / "shop.yaml") in str(caught.value)
    return str(caught.value)


def test_a_good_file(tmp_path: Path) -> None:
    (tmp_path / "shop.yaml").write_text(GOOD)
    entity = load_source("shop", tmp_path).entities["deals"]
    assert (entity.name, entity.feeds, entity.id, entity.version_at) == ("deals", "deal", ("id", "line"), None)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("kind: rest", "kind: soap", "kind: Input should be 'rest', 'web' or 'files', found 'soap'"),
        ("name: shop", "name: store", "name: expected 'shop', the file's own name, found 'store'"),
        ("enabled: true", "enabled: true\ncolour: red", "colour: Extra inputs are not permitted"),
        ("feeds: deal", "feeds: deals", "entities.deals.feeds: Input should be 'customer'"),
        ('schedule: "0 2 * * *"', "", "schedule: a source that is switched on needs one"),
        ('"0 2 * * *"', '"0 2 * * * * *"', "schedule: '0 2 * * * * *' is not a cron line"),
        ('"0 2 * * *"', '"99 2 * * *"', "schedule: '99 2 * * *' is not a cron line"),
        ("kind: rest", "kind: files", "entities.deals: a source of kind files needs files:"),
        ("{window_start_s}", "{window_strat_s}", "request: no placeholder window_strat_s; there are window_end_day"),
        ("{window_start_s}", "2026", "bound it by the window"),
        ("records: results", "records: results\n      paging: {kind: magic}", "entities.deals.rest.paging"),
        ("records: results", "records: a\n      records: b", "shop.yaml:15: the key 'records' is there twice"),
        ("kind: rest", "kind: [", "shop.yaml:"),
        ("kind: rest", "kind: rest\nauth: {kind: header}", "auth: name: the header's name goes with kind header"),
    ],
)
def test_an_error_names_file_key_and_what_was_expected(tmp_path: Path, old: str, new: str, says: str) -> None:
    assert old in GOOD
    assert says in load(tmp_path, GOOD.replace(old, new, 1))


def test_only_one_entity_may_feed_a_table(tmp_path: Path) -> None:
    more = GOOD.partition("entities:\n")[2].replace("deals:", "offers:", 1)
    assert "entities: only one may feed deal" in load(tmp_path, GOOD + more)
    (tmp_path / "shop.yaml").write_text((GOOD + more).replace("feeds: deal", "feeds: activity"))
    assert len(load_source("shop", tmp_path).entities) == 2


def test_every_problem_of_every_file_is_told(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / f"{name}.yaml").write_text("name: x")
    with pytest.raises(ConfigError, match=r"(?s)a\.yaml: description: Field required.*b\.yaml: description"):
        load_sources(tmp_path)


def test_a_source_that_is_not_there_lists_those_that_are(tmp_path: Path) -> None:
    (tmp_path / "shop.yaml").write_text(GOOD)
    with pytest.raises(ConfigError, match="no source named 'crm'; there are: shop"):
        load_source("crm", tmp_path)


def test_the_sources_that_come_with_the_project_are_good() -> None:
    sources = load_sources()
    assert [name for name, source in sources.items() if not source.enabled] == ["maven_crm"]
    assert all(entity.name == name for source in sources.values() for name, entity in source.entities.items())


WEB = """
name: shop
description: A shop's people.
kind: web
connection: shop
enabled: false
entities:
  people:
    feeds: customer
    id: url
    version_at: null
    web:
      start: /team
      items: {select: [a.person, "//nav/a"], allow: "/team/"}
      next: a.next
      fields:
        name: h1
        email: {select: [.mail], clean: email, required: true}
"""


def test_a_web_source_may_be_written_short(tmp_path: Path) -> None:
    (tmp_path / "shop.yaml").write_text(WEB)
    web = load_source("shop", tmp_path).entities["people"].web
    assert web and web.items and web.next
    assert (web.start, web.items.select, web.next.select) == (("/team",), ("a.person", "//nav/a"), ("a.next",))
    assert web.fields["name"].select == ("h1",)
    assert (web.fields["email"].clean, web.fields["email"].required) == (("email",), True)
    assert web.items.takes("https://shop.example/team/ann")
    assert not web.items.takes("https://shop.example/blog/ann")


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("name: h1", "name: h1[", "entities.people.web.fields.name.select.0: 'h1[' is no CSS selector"),
        ("name: h1", 'name: "//h1["', "entities.people.web.fields.name.select.0: '//h1[' is no XPath selector"),
        ("next: a.next", "next: {allow: '('}", "entities.people.web.next.allow.0: '(' is not a regular expression"),
        ("clean: email", "clean: [email, trim]", "fields.email.clean.1: Input should be 'text', 'link', 'email'"),
        ("start: /team", "max_pages: 5", "start: or sitemap: has to say where to begin"),
        ("name: h1", "url: h1", "fields: url every record has by itself"),
        ("next: a.next", "page_fields: {city: h2}", "page_fields: are for each:"),
        ("next: a.next", "region: Germany", "entities.people.web.region: String should match pattern"),
    ],
)
def test_an_error_in_a_web_source_names_the_key(tmp_path: Path, old: str, new: str, says: str) -> None:
    assert old in WEB
    assert says in load(tmp_path, WEB.replace(old, new))


def test_the_web_examples_of_the_documentation_are_as_they_should_be() -> None:
    text = (PROJECT / "docs" / "sources.md").read_text().split("### web\n")[1].split("## Reference: the connection")[0]
    whole, short = [yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)]
    source = Source.model_validate(whole)
    assert source.entities["people"].web
    Web.model_validate(short["web"])
    documented = set(re.findall(r"^\| (`.*?`) \|", text, re.MULTILINE))
    keys = {key.strip("` ") for names in documented for key in names.split(",")}
    assert set(Web.model_fields) <= keys | {"items", "next", "follow"}
    assert set(get_args(Step)) <= keys
