"""How a list goes on, and how it is asked for a window, as one answer and the address it came from tell."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from include.sources.fields import value_at
from include.sources.paging import next_link
from include.sources.skeleton.fields import TimeForm, as_word, time_form
from include.sources.skeleton.shape import Version

_NEXT_URLS = (
    *("next", "nexturl", "nextlink", "nextpage", "nexthref", "nextrecordsurl", "odatanextlink", "afterurl"),
    *("linksnext", "linksnexthref", "pagingnextlink", "pagingnext", "paginationnext", "metanext", "nextpageurl"),
    *("metapaginationlinksnext", "paginationlinksnext", "nextpageuri"),
)
# Of these an empty one is taken for an address, too: the sample is the last page.
_EMPTY_URLS = ("next", "nexturl", "nextlink", "nexthref", "nextpageurl", "nextpageuri", "nextrecordsurl", "href")
_CURSORS = (
    *("nextcursor", "nextpagetoken", "nexttoken", "cursor", "after", "aftercursor", "endcursor", "continuation"),
    *("continuationtoken", "bookmark", "scrollid", "pagetoken", "startingafter", "nextpage", "next"),
)
_MORE = ("hasmore", "hasnext", "hasnextpage", "more", "moreitemsincollection", "ismore", "moreresultsavailable")
_END = ("endofstream", "done", "islast", "islastpage", "lastpage", "last", "finished")
_TOTALS = ("total", "totalcount", "totalresults", "totalrecords", "totalitems", "totalsize", "count", "numfound")
_PAGES = ("page", "pagenumber", "pageno", "pagenum", "currentpage", "pageindex", "p")
_OFFSETS = ("offset", "skip", "startat", "startindex", "start", "from")
_SIZES = ("perpage", "pagesize", "limit", "size", "maxresults", "maxrecords", "top", "count", "rows")
_STARTS = {"since", "from", "start", "after", "gte", "gt", "ge", "min", "begin"}
_ENDS = {"until", "to", "end", "before", "lt", "lte", "le", "max"}
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+|\d+")
_DEEPEST = 4


@dataclass(frozen=True)
class Paging:
    """The YAML of ``paging:``; ``why`` says what it was told by; ``dropped`` are parameters that it sets itself."""

    values: dict[str, Any]
    why: str
    is_sure: bool = True
    dropped: tuple[str, ...] = ()


@dataclass(frozen=True)
class Bounds:
    """How the request is bounded by the window: its parameters with placeholders, and keys beside the request."""

    params: dict[str, Any]
    beside: dict[str, Any] = field(default_factory=dict)
    why: str = ""
    is_asked_by_time: bool = True


def total_of(envelope: Any, at_least: int) -> tuple[str, int] | None:
    """Path and value of the number of results that an answer tells, beside its records."""
    for word in _TOTALS:
        for path, value in _leaves(envelope, ()):
            is_named = as_word(path[-1]) == word
            if is_named and isinstance(value, int) and not isinstance(value, bool) and value >= at_least:
                return ".".join(path), value
    return None


def guess_paging(envelope: Any, headers: Mapping[str, str], params: Mapping[str, Any], records: int) -> Paging:
    """How the list goes on.

    :param envelope: the answer without its records.
    :param headers: of the answer; none when the sample is a file.
    :param params: of the address that was asked.
    :param records: how many the answer has.
    """
    if next_link(headers.get("link", "")):
        return Paging({"kind": "link_header"}, "the answer has a Link header with rel=next")
    leaves = [(path, value) for path, value in _leaves(envelope, ()) if _can_be_said(path)]
    flags = _flags(leaves)
    for path, value in leaves:
        if _word(path) in _NEXT_URLS and (_is_address(value) or (value is None and as_word(path[-1]) in _EMPTY_URLS)):
            why = f"{_name(path)} is the next page's address" if value else f"{_name(path)} is there, and empty"
            return Paging({"kind": "next_url", "next": _name(path), **flags}, why, is_sure=value is not None)
    for path, value in leaves:
        if as_word(path[-1]) in _CURSORS and _is_cursor(value):
            into = _cursor_parameter(path[-1], value, params)
            values = {"kind": "cursor", "next": _name(path), "into": f"params.{into}", **flags}
            why = f"{_name(path)} looks like a cursor; that it goes into {into} is a guess"
            return Paging(values, why, is_sure=False, dropped=(into,))
    counted = _counted(leaves, params, records, flags)
    if counted:
        return counted
    total = total_of(envelope, records + 1)
    if total:
        why = f"{total[0]} tells of {total[1]:,} records, {records:,} came, and nothing says how to ask for the others"
    elif flags and value_at(envelope, next(iter(flags.values()))) == ("more" in flags):
        why = f"{next(iter(flags.values()))} says that the list goes on, and nothing says how to ask for it"
    else:
        why = "nothing in the sample says that the list goes on"
    return Paging({"kind": "none"}, why, is_sure=False)


def _counted(
    leaves: Sequence[tuple[tuple[str, ...], Any]], params: Mapping[str, Any], records: int, flags: dict[str, str]
) -> Paging | None:
    """Paging by counting records or pages, where the address or the answer has a number for it."""
    size, size_why = _size(leaves, params, records)
    for kind, words in (("offset", _OFFSETS), ("page_number", _PAGES)):
        if kind == "offset" and size < 2:
            continue
        values: dict[str, Any] = {"kind": kind, "into": "", "size": size}
        asked = next((name for name, value in params.items() if _parameter(name) in words and _is_count(value)), None)
        told = next(((path, value) for path, value in leaves if as_word(path[-1]) in words and _is_count(value)), None)
        if asked:
            into, number, what = asked, params[asked], f"the address has {asked}"
        elif told:
            into = told[0][-1] if kind == "offset" else "page"
            number, what = told[1], f"the answer tells {_name(told[0])}; that {into} asks for it is a guess"
        else:
            continue
        values["into"] = f"params.{into}"
        if kind == "page_number" and str(number) == "0":
            values["first"] = 0
        return Paging({**values, **flags}, f"{what}; {size_why}", is_sure=bool(asked), dropped=(into,))
    return None


def guess_bounds(params: Mapping[str, Any], version: Version | None) -> Bounds:
    """How the request is bounded by the window: by time where the address has a parameter for it."""
    filled, ends = dict(params), set()
    for name, value in params.items():
        end = _end_of(name)
        form = time_form([value]) or (version.form if version and value in ("", None) else None)
        if end and form:
            filled[name] = f"{{window_{end}_{form}}}"
            ends.add(end)
    if "start" in ends and "end" in ends:
        return Bounds(filled, why="the address has parameters for both ends of a window")
    if "start" in ends and version:
        beside = {"until": {"path": version.path, "ordered": False}}
        return Bounds(filled, beside, "the address has a parameter for a window's start, and none for its end")
    if "start" in ends:
        return Bounds(filled, why="the address has a parameter for a window's start, and none for its end")
    if version:
        why = "the address has no parameter for a time: the list is read whole, and what is not of the window dropped"
        return Bounds(dict(params), {"within": version.path}, why, is_asked_by_time=False)
    why = "neither a parameter nor a field tells a time of change: the list is read whole every time"
    return Bounds(dict(params), {"snapshot": True}, why, is_asked_by_time=False)


def _end_of(parameter: str) -> str | None:
    """Whether a parameter of that name bounds a time from below (``start``) or from above (``end``)."""
    words = {word.lower() for word in _WORD.findall(parameter)}
    if words & _STARTS or as_word(parameter).endswith(("since", "after")):
        return "start"
    return "end" if words & _ENDS or as_word(parameter).endswith(("until", "before")) else None


def placeholder(end: str, form: TimeForm | None) -> str:
    """The placeholder of a window's end in the form that the records' times have."""
    return f"{{window_{end}_{form or 'iso'}}}"


def _leaves(value: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            if len(path) < _DEEPEST and key.isprintable():
                yield from _leaves(inner, (*path, key))
    elif path and not isinstance(value, list):
        yield path, value


def _can_be_said(path: tuple[str, ...]) -> bool:
    return len(path) == 1 or not any("." in key for key in path)


def _name(path: tuple[str, ...]) -> str:
    return ".".join(path)


def _word(path: tuple[str, ...]) -> str:
    return as_word("".join(path))


def _is_address(value: Any) -> bool:
    # not ?after=x: the other parameters would be lost
    return isinstance(value, str) and value.startswith(("http://", "https://", "/"))


def _is_cursor(value: Any) -> bool:
    return isinstance(value, str | int) and not isinstance(value, bool) and value != "" and not _is_address(value)


def _cursor_parameter(key: str, value: Any, params: Mapping[str, Any]) -> str:
    """The parameter that takes a cursor: ``cursor`` for ``next_cursor``, ``pageToken`` for ``nextPageToken``."""
    usual = {"endcursor": "after", "aftercursor": "after", "next": "page" if isinstance(value, int) else "cursor"}
    guess = usual.get(as_word(key)) or re.sub(r"^next_?", "", key)
    guess = guess[:1].lower() + guess[1:]
    return next((name for name in params if as_word(name) == as_word(guess)), guess)


def _parameter(name: str) -> str:
    """The last word of a parameter: ``page[size]`` is about a size."""
    inner = re.fullmatch(r"[^\[\]]+\[([^\[\]]+)\]", name)
    return as_word(inner[1]) if inner else as_word(name)


def _is_count(value: Any) -> bool:
    return not isinstance(value, bool) and str(value).isdecimal() and int(value) < 1_000_000_000


def _size(leaves: Sequence[tuple[tuple[str, ...], Any]], params: Mapping[str, Any], records: int) -> tuple[int, str]:
    for name, value in params.items():
        if _parameter(name) in _SIZES and _is_count(value) and int(value) > 0:
            return int(value), f"the address asks for {value} a page"
    for path, value in leaves:
        if as_word(path[-1]) in _SIZES[:-2] and _is_count(value) and int(value) >= max(records, 1):
            return int(value), f"{_name(path)} tells the size of a page"
    return max(records, 1), "the size of a page is that of the sample"


def _flags(leaves: Sequence[tuple[tuple[str, ...], Any]]) -> dict[str, str]:
    """``more`` or ``end``, where the answer has a flag of that name."""
    for key, words in (("more", _MORE), ("end", _END)):
        for path, value in leaves:
            if isinstance(value, bool) and as_word(path[-1]) in words:
                return {key: _name(path)}
    return {}
