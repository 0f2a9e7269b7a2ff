"""The YAML of web sources: short forms, and errors that name the key."""

import re
from pathlib import Path
from typing import get_args

import pytest
import yaml

from include.settings import PROJECT
from include.sources.config import ConfigError, Source, Web, load_source
from include.sources.config.web import Step


def load(folder: Path, text: str) -> str:
    (folder / "shop.yaml").write_text(text)
    with pytest.raises(ConfigError) as caught:
        load_source("shop", folder)
    assert str(folder / "shop.yaml") in str(caught.value)
    return str(caught.value)


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
    text = (PROJECT / "docs" / "sources.md").read_text().split("### web\n")[1].split("\n### ")[0]
    whole, short = [yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)]
    source = Source.model_validate(whole)
    assert source.entities["people"].web
    Web.model_validate(short["web"])
    documented = set(re.findall(r"^\| (`.*?`) \|", text, re.MULTILINE))
    keys = {key.strip("` ") for names in documented for key in names.split(",")}
    assert set(Web.model_fields) <= keys | {"items", "next", "follow"}
    assert set(get_args(Step)) <= keys
