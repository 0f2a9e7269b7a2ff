"""Reading lists of records from an HTTP API, page by page, as the source's YAML describes them."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any
from urllib.parse import urlsplit

from include.sources.config.hooks import Fetch
from include.sources.config.rest import (
    PLACEHOLDER,
    CursorPaging,
    Enrich,
    KeysetPaging,
    OffsetPaging,
    PageNumberPaging,
    Request,
    Rest,
)
from include.sources.errors import ReadFailedError
from include.sources.fields import instant, value_at
from include.sources.http import Call, Client
from include.sources.page import Page
from include.sources.records import Cut, cut, flatten, to_text
from include.window import Window

_PAGING = "Check paging: in the source's YAML."


def read_rest(rest: Rest, window: Window, client: Client) -> Iterator[Page]:
    """The records of a window, a page for each answer that holds any.

    :raises ReadFailedError: when the API cannot be read to the end.
    """
    for part in (rest, *rest.also):
        yield from _read_list(part, window, client)


def read_by_ids(
    fetches: Sequence[Fetch], enrich: Sequence[Enrich], id_path: str | None, ids: list[str], client: Client
) -> Iterator[Page]:
    """Records by their ids, a page for each answer that holds any; ids that no answer has are left out.

    :param fetches: asked in turn, each for the ids that the ones before it did not give.
    :param enrich: what is looked up for each record, as when the entity is pulled.
    :param id_path: where a record has its id; None when it has none that can be compared.
    :raises ReadFailedError: when the API cannot be read.
    """
    left = list(dict.fromkeys(ids))
    for fetch in fetches:
        given: set[str] = set()
        for start in range(0, len(left), fetch.batch):
            batch = left[start : start + fetch.batch]
            values = {"ids": ",".join(batch), "inputs": [{"id": id_} for id_ in batch]}
            call = _filled(fetch.request, values, client.prefix)
            found = _fetch(client, call, fetch.records, call.location)
            for part in enrich:
                found.texts = _enriched(found, part, client)
            if id_path:
                given.update(str(value_at(row, id_path)) for row in found.rows)
            if found.count:
                yield Page(found.rows, found.texts, found.unreadable, call.location)
        left = [id_ for id_ in left if id_ not in given]


def window_values(window: Window) -> dict[str, Any]:
    """What the placeholders of a request stand for. Seconds are whole, as APIs take them."""
    values: dict[str, Any] = {}
    for name, moment, day in (("start", window.start, window.first_day), ("end", window.end, window.last_day)):
        values[f"window_{name}_ms"] = int(moment.timestamp() * 1000)
        values[f"window_{name}_s"] = int(moment.timestamp())
        values[f"window_{name}_iso"] = moment.isoformat().replace("+00:00", "Z")
        values[f"window_{name}_day"] = day.isoformat()
    return values


def _read_list(rest: Rest, window: Window, client: Client) -> Iterator[Page]:
    pager = _Pager(rest, window_values(window), client.prefix)
    call: Call | None = pager.first()
    number = 0
    while call:
        number += 1
        location = f"{call.location}, page {number}"
        found = _fetch(client, call, rest.records, location)
        following = pager.after(call, found, location)
        if following == call:
            raise ReadFailedError(location, "the next page is the same one again", _PAGING)
        if rest.each:
            found = flatten(found, rest.each, location)
        found, past_the_end = _within_window(found, rest, window)
        for enrich in rest.enrich:
            found.texts = _enriched(found, enrich, client)
        if found.count:
            yield Page(found.rows, found.texts, found.unreadable, location)
        call = None if past_the_end else following


class _Pager:
    """The requests for one list, each made from the answer to the one before."""

    def __init__(self, rest: Rest, values: dict[str, Any], prefix: str) -> None:
        self._request, self._paging = rest.request, rest.paging
        self._values, self._prefix = values, prefix
        self._last = rest.paging.first if isinstance(rest.paging, KeysetPaging) else 0

    def first(self) -> Call:
        call = _filled(self._request, {**self._values, "last": self._last}, self._prefix)
        if isinstance(self._paging, OffsetPaging):
            return _put(call, self._paging.into, 0)
        if isinstance(self._paging, PageNumberPaging):
            return _put(call, self._paging.into, self._paging.first)
        return call

    def after(self, call: Call, found: Cut, location: str) -> Call | None:
        paging = self._paging
        if paging.kind == "none" or self._is_last(found):
            return None
        if isinstance(paging, KeysetPaging):
            self._last = self._checked_last(paging, found, location)
            return _filled(self._request, {**self._values, "last": self._last}, self._prefix)
        if isinstance(paging, OffsetPaging | PageNumberPaging):
            step = found.count if isinstance(paging, OffsetPaging) else 1
            return _put(call, paging.into, _at(call, paging.into) + step)
        cursor = value_at(found.envelope, paging.next)
        if cursor is None or cursor == "":
            return None
        return _put(call, paging.into, cursor) if isinstance(paging, CursorPaging) else _followed(call, str(cursor))

    def _is_last(self, found: Cut) -> bool:
        paging = self._paging
        if paging.kind == "none" or (paging.end and value_at(found.envelope, paging.end)):
            return True
        if paging.more and not value_at(found.envelope, paging.more):
            return True
        return isinstance(paging, OffsetPaging | PageNumberPaging) and found.count < paging.size

    def _checked_last(self, paging: KeysetPaging, found: Cut, location: str) -> int:
        """An API that does not sort as asked would lose records without a word: so look."""
        try:
            keys = [int(value_at(row, paging.key)) for row in found.rows]
        except (TypeError, ValueError):
            what = f"a record has no whole number at {paging.key!r}, which the paging goes by"
            raise ReadFailedError(location, what, _PAGING) from None
        if not keys or keys[0] <= self._last or any(a >= b for a, b in pairwise(keys)):
            what = f"the records are not in order of {paging.key!r} after {self._last}, so some could be missed"
            raise ReadFailedError(location, what, _PAGING)
        return keys[-1]


def _fetch(client: Client, call: Call, records: str, location: str) -> Cut:
    return client.fetch(call, lambda body: cut(body, records, location))


def _followed(call: Call, url: str) -> Call:
    # On our own host, whatever the answer says: the login goes nowhere else.
    parts = urlsplit(url)
    return Call(call.method, f"{parts.path}?{parts.query}" if parts.query else parts.path, {}, call.body)


def _filled(request: Request, values: dict[str, Any], prefix: str) -> Call:
    path, params, body = (_fill(part, values) for part in (request.path, request.params, request.body))
    return Call(request.method, prefix + path, params, body)


def _fill(template: Any, values: dict[str, Any]) -> Any:
    if isinstance(template, dict):
        return {key: _fill(part, values) for key, part in template.items()}
    if isinstance(template, list):
        return [_fill(part, values) for part in template]
    if not isinstance(template, str):
        return template
    if whole := PLACEHOLDER.fullmatch(template):
        return values[whole[1]]
    return PLACEHOLDER.sub(lambda match: str(values[match[1]]), template)


def _put(call: Call, into: str, value: Any) -> Call:
    """A copy of the call with a value at ``params.…`` or ``body.…``."""
    part, *keys, last = into.split(".")
    top = dict(getattr(call, part) or {})
    inner = top
    for key in keys:
        inner[key] = dict(inner.get(key) or {})
        inner = inner[key]
    inner[last] = value
    return replace(call, params=top) if part == "params" else replace(call, body=top)


def _at(call: Call, into: str) -> int:
    part, _, path = into.partition(".")
    return int(value_at(getattr(call, part), path))


def _within_window(found: Cut, rest: Rest, window: Window) -> tuple[Cut, bool]:
    """The records that belong to the window, and whether the list is past its end.

    A record without an instant that can be read stays: it is for the rules to judge, not for the reader.
    """
    if not rest.until and not rest.within:
        return found, False
    kept = Cut([], [], found.unreadable, found.envelope)
    past_the_end = False
    for row, text in zip(found.rows, found.texts, strict=True):
        moment = instant(value_at(row, rest.until.path)) if rest.until else None
        if moment and moment >= window.end:
            past_the_end = True
            continue
        moment = instant(value_at(row, rest.within)) if rest.within else None
        if moment and not window.start <= moment < window.end:
            continue
        kept.rows.append(row)
        kept.texts.append(text)
    return kept, past_the_end and bool(rest.until and rest.until.ordered)


def _enriched(found: Cut, enrich: Enrich, client: Client) -> list[bytes]:
    """Put what the look-up says into each row; returns the rows' texts, grown by the same.

    A record that the look-up does not know gets an empty list (``each``) or null.
    """
    known: dict[str, Any] = {}
    ids = [str(value_at(row, enrich.id)) for row in found.rows]
    for start in range(0, len(ids), enrich.batch):
        inputs = [{"id": id_} for id_ in ids[start : start + enrich.batch]]
        call = _filled(enrich.request, {"inputs": inputs}, client.prefix)
        for answer in _fetch(client, call, enrich.records, call.location).rows:
            taken = value_at(answer, enrich.take)
            known[str(value_at(answer, enrich.match))] = (
                [value_at(part, enrich.each) for part in taken or []] if enrich.each else taken
            )
    for row, id_ in zip(found.rows, ids, strict=True):
        row[enrich.into] = known.get(id_, [] if enrich.each else None)
    return [_grown(text, enrich.into, row[enrich.into]) for row, text in zip(found.rows, found.texts, strict=True)]


def _grown(text: bytes, key: str, value: Any) -> bytes:
    """The text of an object with one member more; what was there keeps its very characters."""
    head = text.rstrip()[:-1].rstrip()
    comma = b"" if head.endswith(b"{") else b","
    return b"%b%b%b:%b}" % (head, comma, to_text(key), to_text(value))
