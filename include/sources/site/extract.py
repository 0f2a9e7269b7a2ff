"""The records of an item page: each field from structured data, else by its rules, else by the generic extractor.

A field remembers how it was found: ``json_ld``, ``microdata``, ``rdfa``, ``microformats``, ``css:<selector>``,
``xpath:<selector>`` or ``contacts``.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from parsel import Selector, SelectorList

from include.sources.config.web import Web, WebField, is_xpath
from include.sources.site.clean import cleaned
from include.sources.site.structured import described

# What a selector finds is taken as a browser shows it, and of a mailto: or tel: link the address.
CLEAN_OF_RULES = ("text", "link")

Things = list[tuple[str, dict[str, Any]]]  # syntax and fields, those that are believed first before others


@dataclass(slots=True)
class Value:
    """What became of a field: ``found_by`` is empty when it was not found; ``matches`` counts what each rule picked."""

    value: Any = None
    found_by: str = ""
    matches: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class Record:
    """One record of a page: its fields, and the text that it was read from.

    ``place`` is its number on a page that may tell of several, from 1; ``lacks`` a required field that was not found.
    """

    values: dict[str, Value]
    text: str
    place: int | None = None
    lacks: str | None = None

    @property
    def fields(self) -> dict[str, Any]:
        """The fields, after how each was found."""
        how = {name: value.found_by for name, value in self.values.items() if value.found_by}
        return {"found_by": how, **{name: value.value for name, value in self.values.items()}}


def read_item(html: str, url: str, web: Web) -> tuple[list[Record], bool]:
    """The records of an item page, and whether it tells anything at all.

    A page may tell something and yet have no record: a firm that lists nobody.
    """
    page = Selector(text=html, type="html")
    told = described(html, url, web.type) if web.type else []
    if web.each is None:
        things = [(one.syntax, one.things[0]) for one in told]
        records = [Record(_values(web.fields, things, page, web, url), html)]
        shared: dict[str, Value] = {}
    else:
        # Whose markup belongs to which thing cannot be known: of the two, the one that tells of more is taken.
        most = max(told, key=lambda one: len(one.things), default=None)
        marked = [Record(_values(web.fields, [], part, web, url), str(part.get())) for part in select(page, web.each)]
        marked = [record for record in marked if _tells(record)]
        if most and len(most.things) >= len(marked):
            records = [
                Record(_values({**web.fields, **web.page_fields}, [(most.syntax, thing)], None, web, url), _json(thing))
                for thing in most.things
            ]
        else:
            records = marked
        shared = _values(web.page_fields, [], page, web, url)
    is_told = bool(told) or any(value.found_by for value in shared.values())
    records = [record for record in records if _tells(record)]
    for place, record in enumerate(records, 1):
        record.place = place if web.each else None
        for name, value in shared.items():
            if not record.values.get(name, Value()).found_by:
                record.values[name] = value
        record.values = {name: record.values.get(name, Value()) for name in web.field_names}
        record.lacks = next((name for name in _required(web) if not record.values[name].found_by), None)
    return records, is_told or bool(records)


def select(part: Selector, selector: str) -> SelectorList:
    """What a CSS or XPath selector picks."""
    return part.xpath(selector) if is_xpath(selector) else part.css(selector)


def _values(
    fields: Mapping[str, WebField], things: Things, part: Selector | None, web: Web, url: str
) -> dict[str, Value]:
    """The fields of a record: of things that describe it, of the part of the page that it is."""
    values = {}
    for name, rules in fields.items():
        value = _structured(name, rules, things, url, web.region)
        if part is not None:
            ruled = _ruled(part, rules, url, web.region)
            value = value if value.found_by else ruled
            value.matches = ruled.matches
        values[name] = value
    if web.contacts and part is not None and fields is not web.page_fields:
        from include.sources.site.contacts import contacts

        found = contacts(str(part.get()), url, web.region)
        for name in (name for name in web.field_names if name not in web.page_fields):
            value = values.setdefault(name, _structured(name, WebField(), things, url, web.region))
            if not value.found_by and name in found:
                value.value, value.found_by = found[name], "contacts"
    return values


def _structured(name: str, rules: WebField, things: Things, url: str, region: str | None) -> Value:
    for syntax, thing in things:
        told = thing.get(name)
        if isinstance(told, str) and rules.clean:
            told = cleaned(told, rules.clean, url, region)
        if told:
            return Value(told, syntax)
    return Value()


def _ruled(part: Selector, rules: WebField, url: str, region: str | None) -> Value:
    """The first match of the first selector that is anything once it is cleaned."""
    steps = CLEAN_OF_RULES if rules.clean is None else rules.clean
    found = Value()
    for selector in rules.select:
        picked = select(part, selector)
        found.matches[selector] = len(picked)
        for node in () if found.found_by else picked:
            # an element stands for the text in it
            text = node.xpath("string(.)").get("") if hasattr(node.root, "tag") else str(node.get())
            if text := cleaned(text, steps, url, region):
                found.value = text
                found.found_by = f"{'xpath' if is_xpath(selector) else 'css'}:{selector}"
                break
    return found


def _required(web: Web) -> list[str]:
    return [name for name, rules in {**web.fields, **web.page_fields}.items() if rules.required]


def _tells(record: Record) -> bool:
    return any(value.found_by for value in record.values.values())


def _json(thing: dict[str, Any]) -> str:
    return json.dumps(thing, ensure_ascii=False)
