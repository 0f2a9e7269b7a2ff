"""From one page of a list to the next, for every kind of paging that the YAML knows."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any
from urllib.parse import urljoin, urlsplit

from include.sources.call import Call
from include.sources.config.paging import (
    CursorPaging,
    KeysetPaging,
    LinkHeaderPaging,
    NextUrlPaging,
    OffsetPaging,
    PageNumberPaging,
    RangePaging,
)
from include.sources.config.rest import Rest
from include.sources.errors import ReadFailedError
from include.sources.fields import instant, value_at
from include.sources.memory import Memory
from include.sources.records import Cut
from include.sources.templates import fill, filled

CURSOR = "cursor"
NEXT_STEP = "Check paging: in the source's YAML."
_RANGE_NOT_SATISFIABLE = 416
_MOST_RESTARTS = 3
_CONTENT_RANGE = re.compile(r"\s*\S+\s+(?:(\d+)-(\d+)|\*)/(\d+|\*)\s*")
# <address>; name=value; name="value", … (RFC 8288)
_PARAMETER = r"\s*;\s*([\w!#$&+.^`|~*-]+)(?:\s*=\s*(?:\"((?:[^\"\\]|\\.)*)\"|([^\s;,\"]+)))?"
_LINK = re.compile(rf"<([^>]*)>((?:{_PARAMETER})*)")

# the key of a record, or None when it has none
KeyOf = Callable[[dict], Any]


@dataclass(slots=True)
class Fetched:
    """One page as it was answered."""

    found: Cut
    headers: Mapping[str, str]
    status: int
    location: str


class Pager:
    """The requests for one list, each made from the answer to the one before. This one asks once.

    :param start: the request with its placeholders filled.
    """

    def __init__(self, start: Call) -> None:
        self._start = start

    def first(self) -> Call:
        """The request for the first page."""
        return self._start

    def turn(self, call: Call, page: Fetched) -> tuple[Cut, Call | None]:
        """What is new on a page, and the request for the next one, if there is any.

        :raises ReadFailedError: when the answers do not fit together, so that records could be missed.
        """
        return page.found, self._following(call, page)

    def _following(self, call: Call, page: Fetched) -> Call | None:
        return None


def pager_for(rest: Rest, values: dict[str, Any], prefix: str, memory: Memory, key_of: KeyOf | None) -> Pager:
    """The pager of a list.

    :param values: what the placeholders of the window stand for.
    :param key_of: tells records apart; None when what is paged are not the records themselves.
    """
    paging = rest.paging
    if isinstance(paging, KeysetPaging):
        return _Keyset(paging, lambda last: filled(rest.request, values | last, prefix), values)
    start = filled(rest.request, values, prefix)
    if isinstance(paging, CursorPaging):
        return _Cursor(start, paging, memory)
    if isinstance(paging, NextUrlPaging):
        return _NextUrl(start, paging)
    if isinstance(paging, LinkHeaderPaging):
        return _LinkHeader(start, paging)
    if isinstance(paging, PageNumberPaging):
        return _PageNumber(start, paging)
    if isinstance(paging, OffsetPaging):
        return _Offset(start, paging, key_of)
    if isinstance(paging, RangePaging):
        return _Range(start, paging, key_of)
    return Pager(start)


def _is_over(paging: Any, found: Cut) -> bool | None:
    """Whether the answer itself says that no page follows; None when the YAML does not say where to look."""
    if paging.end is None and paging.more is None:
        return None
    is_end = paging.end is not None and bool(value_at(found.envelope, paging.end))
    return is_end or (paging.more is not None and not value_at(found.envelope, paging.more))


class _Followed(Pager):
    """Pages by what the answer says comes next; the same twice would go on for ever."""

    def __init__(self, start: Call, paging: CursorPaging | NextUrlPaging | LinkHeaderPaging) -> None:
        super().__init__(start)
        self._paging: Any = paging
        self._met: set[str] = set()

    def _following(self, call: Call, page: Fetched) -> Call | None:
        following = self._next(page)
        if _is_over(self._paging, page.found) or following is None or following == "":
            return None
        if str(following) in self._met:
            raise ReadFailedError(page.location, "the next page is one that was read already", NEXT_STEP)
        self._met.add(str(following))
        return self._to(call, following, page.location)

    def _next(self, page: Fetched) -> Any:
        return value_at(page.found.envelope, self._paging.next)

    def _to(self, call: Call, following: Any, location: str) -> Call:
        return _at_address(call, str(following), location)


class _NextUrl(_Followed):
    pass


class _LinkHeader(_Followed):
    def _next(self, page: Fetched) -> str | None:
        return next_link(page.headers.get("link", ""))


class _Cursor(_Followed):
    def __init__(self, start: Call, paging: CursorPaging, memory: Memory) -> None:
        super().__init__(start, paging)
        self._memory = memory
        self._used = memory.get(CURSOR) if paging.keep else None  # the cursor of the present request

    def first(self) -> Call:
        return put(self._start, self._paging.into, self._used) if self._used else self._start

    def _following(self, call: Call, page: Fetched) -> Call | None:
        cursor = self._next(page)
        # where one is kept, the same cursor again says that there is nothing new
        is_end = self._paging.keep and cursor is not None and str(cursor) == self._used
        following = None if is_end else super()._following(call, page)
        self._used = self._used if cursor is None or cursor == "" else str(cursor)
        if following is None and self._paging.keep and self._used:
            self._memory.remember(CURSOR, self._used)
        return following

    def _to(self, call: Call, following: Any, location: str) -> Call:
        return put(call, self._paging.into, following)


class _PageNumber(Pager):
    def __init__(self, start: Call, paging: PageNumberPaging) -> None:
        super().__init__(put(start, paging.into, paging.first))
        self._paging = paging
        self._number = paging.first

    def _following(self, call: Call, page: Fetched) -> Call | None:
        over = _is_over(self._paging, page.found)
        if over is None:
            over = page.found.count < self._paging.size
        if over or not (page.found.count or self._paging.more):  # an empty page ends a list, unless more is to come
            return None
        self._number += 1
        return put(call, self._paging.into, self._number)


class _Positions(Pager):
    """Pages by the place of their first record, each starting with the last record of the one before.

    When it does not, records before it have left or joined the list: then reading goes back to where the pages meet.
    So no record that is in the list all the time is missed, as long as their order stays.
    """

    def __init__(self, start: Call, size: int, key_of: KeyOf | None) -> None:
        super().__init__(start)
        self._size, self._key_of = size, key_of
        self._at = 0
        self._known: dict[Any, bytes] = {}  # key → text of the records of the page before
        self._must_meet = False  # whether this page has to start with one of those
        self._restarts = 0

    def first(self) -> Call:
        return self._asking(0)

    def turn(self, call: Call, page: Fetched) -> tuple[Cut, Call | None]:
        found = page.found
        keys = [self._key_of(row) for row in found.rows] if self._key_of else []
        if self._must_meet and (not keys or keys[0] not in self._known):
            return Cut([], [], [], found.envelope), self._back(page.location)
        new = self._unknown(found, keys)
        if self._is_last(page):
            return new, None
        # what has no key, or cannot be read, cannot be met again
        self._must_meet = len(keys) > 1 and not found.unreadable and all(key is not None for key in keys)
        self._known = dict(zip(keys, found.texts, strict=True)) if self._must_meet else {}
        following = self._at + found.count - self._must_meet
        if following == self._at:
            raise ReadFailedError(page.location, "the page is empty although more is to come", NEXT_STEP)
        return new, self._asking(following)

    def _unknown(self, found: Cut, keys: list[Any]) -> Cut:
        kept = [
            (row, text)
            for row, text, key in zip(found.rows, found.texts, keys or [None] * len(found.rows), strict=True)
            if key is None or self._known.get(key) != text
        ]
        return Cut([row for row, _ in kept], [text for _, text in kept], found.unreadable, found.envelope)

    def _back(self, location: str) -> Call:
        back = max(0, self._at - (self._size - 1))
        if back == 0:
            self._must_meet, self._restarts = False, self._restarts + 1
            if self._restarts > _MOST_RESTARTS:
                what = "the records do not keep their order while they are read, so some could be missed"
                raise ReadFailedError(location, what, "Ask for them in order of a key, or page another way.")
        return self._asking(back)

    def _asking(self, at: int) -> Call:
        self._at = at
        return self._call(at)

    def _call(self, at: int) -> Call:
        raise NotImplementedError

    def _is_last(self, page: Fetched) -> bool:
        raise NotImplementedError


class _Offset(_Positions):
    def __init__(self, start: Call, paging: OffsetPaging, key_of: KeyOf | None) -> None:
        super().__init__(start, paging.size, key_of)
        self._paging = paging

    def _call(self, at: int) -> Call:
        return put(self._start, self._paging.into, at)

    def _is_last(self, page: Fetched) -> bool:
        over = _is_over(self._paging, page.found)
        return over if over is not None else page.found.count < self._size


class _Range(_Positions):
    def __init__(self, start: Call, paging: RangePaging, key_of: KeyOf | None) -> None:
        super().__init__(start, paging.size, key_of)
        self._unit = paging.unit

    def _call(self, at: int) -> Call:
        header = {"range": f"{self._unit}={at}-{at + self._size - 1}"}
        return replace(self._start, headers=header, accepted=frozenset({_RANGE_NOT_SATISFIABLE}))

    def _is_last(self, page: Fetched) -> bool:
        if page.status == _RANGE_NOT_SATISFIABLE or not page.found.count:
            return True
        told = _CONTENT_RANGE.fullmatch(page.headers.get("content-range", ""))
        if not told or not told[1]:
            if page.status == 200 and self._at == 0:
                return True  # all there is: a server may answer as if it had not been asked for a part
            raise ReadFailedError(page.location, "the answer does not say which records it holds", NEXT_STEP)
        if int(told[1]) != self._at:
            what = f"the answer starts with record {told[1]}, not with {self._at} as asked"
            raise ReadFailedError(page.location, what, NEXT_STEP)
        if told[3] == "*":  # of how many is not said, and a server may give fewer than asked
            return self._at > 0 and page.found.count == 1
        return self._at + page.found.count >= int(told[3])


class _Keyset(Pager):
    def __init__(self, paging: KeysetPaging, asking: Callable[[dict[str, Any]], Call], values: dict[str, Any]) -> None:
        self._paging, self._asking = paging, asking
        self._are_numbers = [isinstance(fill(first, values), int) for first in paging.firsts]
        self._last = [fill(first, values) for first in paging.firsts]

    def first(self) -> Call:
        return self._asking(dict(zip(self._paging.keys, self._last, strict=True)))

    def _following(self, call: Call, page: Fetched) -> Call | None:
        over = _is_over(self._paging, page.found)
        if over if over is not None else not page.found.count:
            return None
        self._last = self._checked_last(page)
        return self.first()

    def _checked_last(self, page: Fetched) -> list[Any]:
        """An API that does not sort as asked would lose records without a word: so look."""
        paths = list(self._paging.keys.values())
        named = " and ".join(map(repr, paths))
        rows = [[value_at(row, path) for path in paths] for row in page.found.rows]
        try:
            order = [list(map(_sortable, values, self._are_numbers)) for values in [self._last, *rows]]
            in_order = len(rows) > 0 and all(a < b for a, b in pairwise(order))
        except (TypeError, ValueError):
            kinds = " and ".join("a whole number" if is_number else "a text" for is_number in self._are_numbers)
            what = f"a record has not {kinds} at {named}, which the paging goes by"
            raise ReadFailedError(page.location, what, NEXT_STEP) from None
        if not in_order:
            last = ", ".join(map(str, self._last))
            what = f"the records are not in order of {named} after {last}, so some could be missed"
            raise ReadFailedError(page.location, what, NEXT_STEP)
        return [
            int(value) if is_number else value for value, is_number in zip(rows[-1], self._are_numbers, strict=True)
        ]


def _sortable(value: Any, is_number: bool) -> Any:
    """A key in a form that compares: a number, an instant where the text is one, or the text; no text comes first."""
    if is_number:
        if isinstance(value, bool | float):
            raise TypeError("no whole number")
        return int(value)
    if not isinstance(value, str):
        raise TypeError("no text")
    return (1, (not value.isdecimal() and instant(value)) or value) if value else (0,)


def next_link(header: str) -> str | None:
    """The address of ``rel="next"`` in a Link header (RFC 8288), or None."""
    for link in _LINK.finditer(header):
        for name, quoted, bare in re.findall(_PARAMETER, link[2]):
            if name.lower() == "rel" and "next" in (quoted or bare).lower().split():
                return link[1]
    return None


def put(call: Call, into: str, value: Any) -> Call:
    """A copy of the call with a value at ``params.…`` or ``body.…``."""
    part, *keys, last = into.split(".")
    top = dict(getattr(call, part) or {})
    inner = top
    for key in keys:
        inner[key] = dict(inner.get(key) or {})
        inner = inner[key]
    inner[last] = value
    return replace(call, params=top) if part == "params" else replace(call, body=top)


def _at_address(call: Call, address: str, location: str) -> Call:
    # On our own host, whatever the answer says: the login goes nowhere else.
    try:
        parts = urlsplit(urljoin(f"http://host{call.path}", address))
    except ValueError:
        parts = urlsplit("")
    if not parts.path.startswith("/"):
        raise ReadFailedError(location, "the next page's address is none", NEXT_STEP)
    path = f"{parts.path}?{parts.query}" if parts.query else parts.path
    return replace(call, path=path, params={})
