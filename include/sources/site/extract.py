"""What a page says about a person or a company: from its JSON-LD, else from its markup."""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

import extruct
from parsel import Selector
from scrapy.http import TextResponse

_ADDRESS_PARTS = ("streetAddress", "postalCode", "addressLocality", "addressRegion", "addressCountry")


def from_json_ld(html: str, url: str, type_: str) -> list[dict[str, str]]:
    """Every thing of a type (Person or Organization) in the page's JSON-LD, in order.

    Keys: name, organisation, email, phone, job_title, address, city, country, website; those of a person that are a
    company's (organisation, address, …) come from the page's first organisation when the person has none.
    Broken JSON-LD is as good as none.
    """
    try:
        blocks = extruct.extract(html, base_url=url, syntaxes=["json-ld"])["json-ld"]
    except ValueError:
        return []
    things = [thing for block in blocks for thing in _things(block)]
    organisation = next((thing for thing in things if _is(thing, "Organization")), {})
    return [_fields(thing, organisation) for thing in things if _is(thing, type_)]


def from_css(part: TextResponse | Selector, selectors: list[str]) -> str | None:
    """The first selector's first match that is not empty, as one line; mailto: and tel: links lose their scheme."""
    for selector in selectors:
        for value in part.css(selector).getall():
            if text := clean(value):
                return text
    return None


def clean(value: str) -> str:
    """One line of text; of a ``mailto:`` or ``tel:`` link its address alone."""
    text = " ".join(value.split())
    scheme, _, address = text.partition(":")
    if scheme.lower() in ("mailto", "tel") and address:
        return unquote(address.partition("?")[0]).strip()
    return text


def _fields(thing: dict[str, Any], organisation: dict[str, Any]) -> dict[str, str]:
    # a company's own mail box and telephone are nobody's: two people who share them are not one
    points = [thing, *(point for point in _as_list(thing.get("contactPoint")) if isinstance(point, dict))]
    works_for = _first(thing.get("worksFor") or thing.get("affiliation"))
    address = _first(thing.get("address")) or _first(organisation.get("address"))
    return {
        "name": _text(thing.get("name")),
        "organisation": _text(works_for) or _text(organisation.get("name")),
        "email": next(filter(None, (_text(point.get("email")) for point in points)), ""),
        "phone": next(filter(None, (_text(point.get("telephone")) for point in points)), ""),
        "job_title": _text(thing.get("jobTitle")),
        "address": _address(address),
        "city": _text(address.get("addressLocality")) if isinstance(address, dict) else "",
        "country": _text(address.get("addressCountry")) if isinstance(address, dict) else "",
        "website": _text(organisation.get("url")),
    }


def _is(thing: dict[str, Any], type_: str) -> bool:
    """``Person``, ``schema:Person`` and ``http://schema.org/Person`` are one type."""
    return any(re.split("[/:#]", str(told))[-1] == type_ for told in _as_list(thing.get("@type")))


def _things(block: Any) -> Iterator[dict[str, Any]]:
    """Every thing in a block, however deep (``@graph``, ``mainEntity``, ``employee``), outer ones first."""
    if isinstance(block, list):
        for part in block:
            yield from _things(part)
    elif isinstance(block, dict):
        yield block
        for part in block.values():
            yield from _things(part)


def _address(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(filter(None, (_text(value.get(part)) for part in _ADDRESS_PARTS)))
    return _text(value)


def _text(value: Any) -> str:
    if isinstance(value, dict):
        value = value.get("name")
    if isinstance(value, list):
        value = value[0] if value else ""
    return clean(str(value)) if value else ""


def _first(value: Any) -> Any:
    return next(iter(_as_list(value)), None)


def _as_list(value: Any) -> list:
    return value if isinstance(value, list) else [] if value is None else [value]
