"""What a page says about a person or a company: from its JSON-LD, else from its markup."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

import extruct
from scrapy.http import TextResponse

_ADDRESS_PARTS = ("streetAddress", "postalCode", "addressLocality", "addressRegion", "addressCountry")


def from_json_ld(html: str, url: str, types: list[str]) -> dict[str, str]:
    """What the page's JSON-LD tells of name, organisation, email, phone, job_title, address, city, country, website.

    The first thing of each type counts, types in the given order; the first one that has a field gives it.
    Broken JSON-LD is as good as none.
    """
    try:
        blocks = extruct.extract(html, base_url=url, syntaxes=["json-ld"])["json-ld"]
    except ValueError:
        return {}
    things = [thing for block in blocks for thing in _things(block)]
    found: dict[str, str] = {}
    for type_ in types:
        thing = next((thing for thing in things if type_ in _as_list(thing.get("@type"))), None)
        for field, value in (_fields(thing, type_) if thing else {}).items():
            if value and field not in found:
                found[field] = value
    return found


def from_css(response: TextResponse, selectors: list[str]) -> str | None:
    """The first selector's first match that is not empty, as one line; mailto: and tel: links lose their scheme."""
    for selector in selectors:
        for value in response.css(selector).getall():
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


def _fields(thing: dict[str, Any], type_: str) -> dict[str, str]:
    points = [thing, *(point for point in _as_list(thing.get("contactPoint")) if isinstance(point, dict))]
    company = type_ != "Person"
    works_for = next(iter(_as_list(thing.get("worksFor") or thing.get("affiliation"))), None)
    address = next(iter(_as_list(thing.get("address"))), None)
    return {
        # a company's own name is not a person's: it is the organisation
        "name": "" if company else _text(thing.get("name")),
        "organisation": _text(thing.get("name")) if company else _text(works_for),
        "email": next(filter(None, (_text(point.get("email")) for point in points)), ""),
        "phone": next(filter(None, (_text(point.get("telephone")) for point in points)), ""),
        "job_title": _text(thing.get("jobTitle")),
        "address": _address(address),
        "city": _text(address.get("addressLocality")) if isinstance(address, dict) else "",
        "country": _text(address.get("addressCountry")) if isinstance(address, dict) else "",
        "website": _text(thing.get("url")) if company else "",
    }


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


def _as_list(value: Any) -> list:
    return value if isinstance(value, list) else [] if value is None else [value]
