"""The records of an item page: structured data of four syntaxes, rules, contacts; every field remembers its finder."""

import html
import json
from pathlib import Path
from typing import Any

import pytest

from include.sources.config import Web
from include.sources.site.clean import collapsed
from include.sources.site.extract import read_item
from include.sources.site.structured import described

URL = "https://acme.example/people/ann"

# The same person in the four syntaxes, each as its specification's examples write it.
JSON_LD = """<script type="application/ld+json">{"@context": "https://schema.org", "@type": "Person", "name": "Ann Bee",
"jobTitle": "Buyer", "email": "mailto:ann@acme.example", "telephone": "+44 20 7183 8750",
"worksFor": {"@type": "Organization", "name": "Acme"}, "address": {"@type": "PostalAddress",
"streetAddress": "1 High St", "addressLocality": "Leeds", "postalCode": "LS1 1AA", "addressCountry": "GB"}}</script>"""
MICRODATA = """<div itemscope itemtype="https://schema.org/Person"><b itemprop="name">Ann
  Bee</b>, <i itemprop="jobTitle">Buyer</i> <a itemprop="email" href="mailto:ann@acme.example">mail</a>
<span itemprop="telephone">+44 20 7183 8750</span>
<span itemprop="worksFor" itemscope itemtype="https://schema.org/Organization"><b itemprop="name">Acme</b></span>
<div itemprop="address" itemscope itemtype="https://schema.org/PostalAddress"><b itemprop="streetAddress">1 High St</b>
<b itemprop="addressLocality">Leeds</b> <b itemprop="postalCode">LS1 1AA</b> <b itemprop="addressCountry">GB</b></div>
</div>"""
RDFA = """<div vocab="https://schema.org/" typeof="Person"><b property="name">Ann
  Bee</b>, <i property="jobTitle">Buyer</i> <a property="email" href="mailto:ann@acme.example">mail</a>
<span property="telephone">+44 20 7183 8750</span>
<span property="worksFor" typeof="Organization"><b property="name">Acme</b></span>
<div property="address" typeof="PostalAddress"><b property="streetAddress">1 High St</b>
<b property="addressLocality">Leeds</b> <b property="postalCode">LS1 1AA</b> <b property="addressCountry">GB</b></div>
</div>"""
MICROFORMATS = """<div class="h-card"><b class="p-name">Ann
  Bee</b>, <i class="p-job-title">Buyer</i> <a class="u-email" href="mailto:ann@acme.example">mail</a>
<span class="p-tel">+44 20 7183 8750</span> <b class="p-org">Acme</b>
<div class="p-adr h-adr"><b class="p-street-address">1 High St</b> <b class="p-locality">Leeds</b>
<b class="p-postal-code">LS1 1AA</b> <b class="p-country-name">GB</b></div></div>"""
ANN = {
    "name": "Ann Bee",
    "job_title": "Buyer",
    "email": "ann@acme.example",
    "phone": "+44 20 7183 8750",
    "organisation": "Acme",
    "address": "1 High St, LS1 1AA, Leeds, GB",
    "street": "1 High St",
    "postal_code": "LS1 1AA",
    "city": "Leeds",
    "country": "GB",
}
SYNTAXES = {"json_ld": JSON_LD, "microdata": MICRODATA, "rdfa": RDFA, "microformats": MICROFORMATS}


def web(**changes: Any) -> Web:
    return Web.model_validate({"start": ["/"], "items": "a", **changes})


def fields(page: str, **changes: Any) -> list[dict[str, Any]]:
    records, _ = read_item(f"<html><body>{page}</body></html>", URL, web(**changes))
    return [record.fields for record in records]


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_a_person_is_read_from_each_syntax(syntax: str) -> None:
    (found,) = fields(SYNTAXES[syntax], fields={name: [] for name in ANN})
    assert found == {"found_by": dict.fromkeys(ANN, syntax), **ANN}


def test_the_first_syntax_is_believed_and_the_others_fill_in() -> None:
    short = '<script type="application/ld+json">{"@type": "Person", "name": "Ann"}</script>'
    (found,) = fields(short + MICROFORMATS + "<h1>Other</h1>", fields={"name": "h1", "email": [], "headline": "h1"})
    assert found == {
        "found_by": {"name": "json_ld", "email": "microformats", "headline": "css:h1"},
        "name": "Ann",
        "email": "ann@acme.example",
        "headline": "Other",
    }


def test_a_graph_with_references_as_plugins_of_blogs_write_it() -> None:
    graph = {
        "@context": "https://schema.org",
        "@graph": [
            {"@type": "WebPage", "@id": f"{URL}#page", "author": {"@id": "#ann"}, "publisher": {"@id": "#acme"}},
            {"@type": ["Dentist", "LocalBusiness"], "@id": "#acme", "name": "Acme", "url": "https://acme.example",
             "contactPoint": {"@type": "ContactPoint", "contactType": "sales", "email": "sales@acme.example"},
             "sameAs": ["https://x.com/acme", "https://www.linkedin.com/company/acme"], "founder": {"@id": "#ann"}},
            {"@type": "Person", "@id": "#ann", "name": "Ann", "worksFor": {"@id": "#acme"}},
        ],
    }  # fmt: skip
    page = f'<script type="application/ld+json">{json.dumps(graph)}</script>'
    names: dict[str, list] = {name: [] for name in ("name", "organisation", "email", "website", "social")}
    (person,) = fields(page, fields=names)
    assert (person["name"], person["organisation"], person["email"], person["website"]) == (
        "Ann", "Acme", None, "https://acme.example",
    )  # fmt: skip
    (company,) = fields(page, fields=names, type="Organization")
    assert company["email"] == "sales@acme.example"
    assert company["social"] == ["https://x.com/acme", "https://www.linkedin.com/company/acme"]
    (point,) = fields(page, fields=names, type="ContactPoint")
    assert (point["name"], point["organisation"], point["email"]) == ("sales", "Acme", "sales@acme.example")
    assert len(described(page, URL, "Person")[0].things) == 1, "who is referred to is told once"


@pytest.mark.parametrize(
    "broken",
    [
        "{broken",
        '{"@type": "Person", "name": ',
        '[{"@type": "Person"}',
        "[[[[",
        "null",
        '"text"',
        '{"@type": {"a": 1}, "name": [[]], "worksFor": [null, 3], "address": 7, "email": {"x": "y"}}',
        '{"@id": "#a", "knows": {"@id": "#b"}}',
        '{"a":' * 5_000,
    ],
)
def test_broken_json_ld_does_not_spoil_what_is_beside_it(broken: str) -> None:
    page = f'<script type="application/ld+json">{broken}</script>{JSON_LD}'
    (found,) = fields(page, fields={"name": "h1"})
    assert found["name"] == "Ann Bee"


def test_rings_of_references_end() -> None:
    ring = (
        '[{"@id": "#a", "@type": "Person", "name": "A", "knows": {"@id": "#b"}}, {"@id": "#b", "knows": {"@id": "#a"}}]'
    )
    assert fields(f'<script type="application/ld+json">{ring}</script>', fields={"name": []})[0]["name"] == "A"


def test_two_people_keep_the_order_of_the_page_in_every_syntax() -> None:
    for syntax, page in SYNTAXES.items():
        second = page.replace("Ann", "Zed").replace("ann@", "zed@")
        for pair in (page + second, second + page):
            expected = ["Ann Bee", "Zed Bee"] if pair.startswith(page) else ["Zed Bee", "Ann Bee"]
            found = fields(pair, each=".nobody", fields={"name": [], "email": []})
            assert [one["name"] for one in found] == expected, syntax


def test_rules_are_tried_in_order_and_the_first_that_finds_anything_counts() -> None:
    page = "<h1> </h1><h2 class='name'>Ann\n  <b>Bee</b></h2><p id='mail'>Mail: ann [at] acme.example</p>"
    rules = {
        "name": ["h1", "h3::text", ".name", "//h2"],
        "also": ["//h2/text()"],
        "first": ["(//h2/b)[1]"],
        "email": {"select": "#mail", "clean": ["email"]},
        "missing": ["h6"],
    }
    assert fields(page, type=None, fields=rules) == [
        {
            "found_by": {
                "name": "css:.name",
                "also": "xpath://h2/text()",
                "first": "xpath:(//h2/b)[1]",
                "email": "css:#mail",
            },
            "name": "Ann Bee",
            "also": "Ann",
            "first": "Bee",
            "email": "ann@acme.example",
            "missing": None,
        }
    ]


def test_a_record_without_a_required_field_says_which() -> None:
    page = "<ul><li><b>Ann</b><i>a@x.example</i></li><li><b>Bob</b></li><li></li></ul>"
    rules = {"name": "b", "email": {"select": "i", "required": True}}
    records, is_told = read_item(page, URL, web(type=None, each="li", fields=rules))
    assert [(one.place, one.fields["name"], one.lacks) for one in records] == [(1, "Ann", None), (2, "Bob", "email")]
    assert records[1].text == "<li><b>Bob</b></li>"
    assert is_told


def test_a_list_is_read_from_what_tells_of_more() -> None:
    marked = "".join(f"<li><b>{name}</b></li>" for name in ("Ann", "Bob", "Cy"))
    names = {"name": ".//b"}
    assert [one["name"] for one in fields(JSON_LD + marked, each="//li", fields=names)] == ["Ann", "Bob", "Cy"]
    one = fields(JSON_LD + "<li><b>Ann</b></li>", each="//li", fields=names)
    assert [(row["name"], row["found_by"]["name"]) for row in one] == [("Ann Bee", "json_ld")]


def test_fields_of_the_whole_page_are_every_records() -> None:
    page = "<h1>Acme</h1><li><b>Ann</b></li><li><b>Bob</b></li>"
    found = fields(page, type=None, each="li", fields={"name": "b"}, page_fields={"organisation": "h1"})
    assert [(row["name"], row["organisation"]) for row in found] == [("Ann", "Acme"), ("Bob", "Acme")]
    records, is_told = read_item("<h1>Acme</h1>", URL, web(each="li", fields={"name": "b"}, page_fields={"org": "h1"}))
    assert (records, is_told) == ([], True), "a firm that lists nobody is no broken page"


def test_contacts_fill_what_rules_and_structured_data_leave() -> None:
    thing = '<script type="application/ld+json">{"@type": "Person", "name": "Ann"}</script>'
    page = f"{thing}<p>bee@acme.example 020 7183 8750"
    (found,) = fields(page, contacts=True, region="GB", fields={"title": "h1"})
    assert found["found_by"] == {
        "name": "json_ld", "email": "contacts", "emails": "contacts", "phone": "contacts", "phones": "contacts",
    }  # fmt: skip
    assert (found["name"], found["email"], found["phone"]) == ("Ann", "bee@acme.example", "+442071838750")


@pytest.fixture(scope="module")
def naughty(real_data: Path) -> list[str]:
    """The big list of naughty strings."""
    return [text for text in json.loads((real_data / "naughty_strings" / "blns.json").read_text()) if text]


def test_naughty_strings_in_structured_data_come_out_unchanged(naughty: list[str]) -> None:
    names = ("name", "given_name", "family_name", "organisation", "job_title", "email", "phone", "street", "city",
             "region", "postal_code", "country")  # fmt: skip
    for text in naughty:
        thing = {
            "@type": "Person", "name": text, "givenName": text, "familyName": text, "jobTitle": text, "email": text,
            "telephone": text, "worksFor": {"@type": "Organization", "name": text}, "address": {
                "@type": "PostalAddress", "streetAddress": text, "addressLocality": text, "addressRegion": text,
                "postalCode": text, "addressCountry": text,
            },
        }  # fmt: skip
        script = json.dumps(thing).replace("<", "\\u003c")
        (found,) = fields(f'<script type="application/ld+json">{script}</script>', fields={name: [] for name in names})
        assert {name: found[name] for name in names} == dict.fromkeys(names, text)


def test_naughty_strings_in_markup_come_out_unchanged(naughty: list[str]) -> None:
    """Exactly as they stand with ``clean: []``; else as a browser shows them, with HTML's white space collapsed."""
    rules = {
        "text": {"select": "h1::text", "clean": []},
        "attribute": {"select": "h1::attr(title)", "clean": []},
        "shown": "h1",
        "xpath": "//h1",
    }
    for text in naughty:
        page = f'<h1 title="{html.escape(text)}">{html.escape(text)}</h1>'
        (found,) = fields(page, type=None, fields=rules)
        shown = collapsed(text) or None
        assert (found["text"], found["attribute"], found["shown"], found["xpath"]) == (text, text, shown, shown)
