"""What would be read of one page: field by field, with what the rules missed."""

from collections.abc import Iterator
from dataclasses import asdict, replace
from typing import Any

import scrapy
from parsel import Selector
from scrapy.http import Response

from include.sources.config.web import Web
from include.sources.site.addresses import absolute
from include.sources.site.contacts import contacts
from include.sources.site.extract import Record, read_item
from include.sources.site.spider import ITEM, NotTextError, SiteSpider, Visit, addresses, base_of, text_of
from include.sources.site.structured import described

_TYPES = ("Person", "Organization", "ContactPoint")


class PreviewSpider(SiteSpider):
    """Reads the one page that ``job["preview"]`` names as an item page, and follows nothing but redirects."""

    def __init__(self, job: dict[str, Any], **kwargs: Any) -> None:
        super().__init__(job, **kwargs)
        self.url = job["preview"]

    def _starts(self) -> list[Visit]:
        visit = self._visit(self.url, ITEM, 0)
        return [replace(visit, is_start=True)] if visit else []

    def _read(self, visit: Visit, response: Response) -> Iterator[scrapy.Request]:
        try:
            page = text_of(response)
        except NotTextError as error:
            self._failed(visit, "not_text", f"is {error}")
            return
        records, _ = read_item(page.text, response.url, self.web)
        html, base = Selector(text=page.text, type="html"), base_of(page.text, response.url)
        canonical = html.xpath("//link[@rel='canonical']/@href").get()
        preview = {
            "url": response.url,
            "status": response.status,
            "bytes": len(response.body),
            "encoding": page.encoding,
            "is_mislabelled": page.is_mislabelled,
            "is_damaged": page.is_damaged,
            "canonical": absolute(base, canonical) if canonical else None,
            "etag": (response.headers.get("ETag") or b"").decode("latin-1") or None,
            "last_modified": (response.headers.get("Last-Modified") or b"").decode("latin-1") or None,
            "records": [_shown(record) for record in records],
            "links": {
                kind: sorted({address for address in addresses(html, rules, base) if self.site.has(address)})
                for kind in ("items", "next", "follow")
                if (rules := getattr(self.web, kind))
            },
            "unused": _unused(page.text, response.url, self.web, records),
        }
        self.write({"preview": preview})
        yield from ()


def _shown(record: Record) -> dict[str, Any]:
    fields = {name: asdict(value) for name, value in record.values.items()}
    return {"place": record.place, "lacks": record.lacks, "fields": fields}


def _unused(html: str, url: str, web: Web, records: list[Record]) -> dict[str, dict[str, Any]]:
    """What the page tells and no record has, by where it stands: ``json_ld Person``, ``contacts``."""
    used = [value.value for record in records for value in record.values.values()]
    places: dict[str, dict[str, Any]] = {}
    for type_ in _TYPES:
        for one in described(html, url, type_):
            for number, thing in enumerate(one.things, 1):
                name = f"{one.syntax} {type_}"
                places[name if number == 1 else f"{name} {number}"] = thing
    places["contacts"] = contacts(html, url, web.region)
    left = {place: {name: value for name, value in told.items() if value not in used} for place, told in places.items()}
    return {place: told for place, told in left.items() if told}
