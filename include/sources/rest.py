"""Reading lists of records from an HTTP API, page by page, as the source's YAML describes them."""

from collections.abc import Hashable, Iterator, Sequence
from typing import Any
from urllib.parse import quote

from include.sources.call import Answer, Call
from include.sources.config import Entity
from include.sources.config.hooks import Fetch
from include.sources.config.paging import KeysetPaging, OffsetPaging
from include.sources.config.rest import PARENT, Enrich, Limit, Rest
from include.sources.errors import ReadFailedError
from include.sources.fields import instant, value_at
from include.sources.http import Client
from include.sources.memory import Memory
from include.sources.page import Page
from include.sources.paging import Fetched, KeyOf, pager_for
from include.sources.records import Cut, cut, flatten, to_text
from include.sources.templates import filled
from include.window import Window


def read_rest(entity: Entity, window: Window, client: Client, memory: Memory) -> Iterator[Page]:
    """The records of a window, a page for each answer that holds any.

    :raises ReadFailedError: when the API cannot be read to the end.
    """
    assert entity.rest
    yield from read_list(entity, entity.rest, window, client, memory)


def read_list(entity: Entity, rest: Rest, window: Window, client: Client, memory: Memory) -> Iterator[Page]:
    """The records of an entity's list, and of those that are also of it."""
    for part in (rest, *rest.also):
        # what is paged with `each` are not the records
        yield from _read_lists(part, window, client, memory, None if part.each else _key_reader(entity))


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
            call = filled(fetch.request, values, client.prefix)
            found = _fetch(client, call, fetch.records, call.location).found
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
        precision = "milliseconds" if moment.microsecond else "seconds"
        values[f"window_{name}_iso"] = moment.isoformat(timespec=precision).replace("+00:00", "Z")
        values[f"window_{name}_day"] = day.isoformat()
    return values


def halved(window: Window, placeholders: set[str]) -> tuple[Window, Window] | None:
    """The two halves of a window, at an instant that the placeholders can tell; None when there is no such instant."""
    middle = window.start + (window.end - window.start) / 2
    second, millisecond = middle.replace(microsecond=0), middle.replace(microsecond=middle.microsecond // 1000 * 1000)
    if any(name.endswith("_day") for name in placeholders):
        days = window.days()
        candidates = [Window.day(days[len(days) // 2], window.zone).start]
    elif any(name.endswith("_s") for name in placeholders):
        candidates = [second]
    else:
        candidates = [second, millisecond]  # not every API takes fractions of seconds
    for at in candidates:
        if window.start < at < window.end:
            return Window(window.start, at, window.zone), Window(at, window.end, window.zone)
    return None


def _read_lists(rest: Rest, window: Window, client: Client, memory: Memory, key_of: KeyOf | None) -> Iterator[Page]:
    """A list, or where it has parents the list of each of them, with the parent in every record."""
    if not rest.parents:
        yield from _read_list(rest, window, client, memory, key_of, {})
        return
    names = {name for name in rest.request.placeholders() if name.startswith(PARENT)}
    for parents in _read_lists(rest.parents, window, client, memory, None):
        if parents.unreadable:
            yield Page([], [], parents.unreadable, parents.location)
        for parent in parents.rows:
            values = {name: _in_path(parent, name.removeprefix(PARENT), parents.location) for name in names}
            for page in _read_list(rest, window, client, memory, key_of, values):
                page.rows = [{**row, "parent": parent} for row in page.rows]
                page.texts = [to_text(row) for row in page.rows]
                yield page


def _in_path(parent: dict, path: str, location: str) -> str:
    """A parent's value as one part of a request's path, whatever characters it has."""
    value = value_at(parent, path)
    if isinstance(value, bool | dict | list) or value is None or value == "":
        what = f"a record has no value at {path!r}, which the next request needs"
        raise ReadFailedError(location, what, "Look at the answer and at parents: in the source's YAML.")
    return quote(str(value), safe="")


def _read_list(
    rest: Rest, window: Window, client: Client, memory: Memory, key_of: KeyOf | None, values: dict[str, Any]
) -> Iterator[Page]:
    pieces = [window]
    while pieces:
        piece = pieces.pop()
        pager = pager_for(rest, window_values(piece) | values, client.prefix, memory, key_of)
        call: Call | None = pager.first()
        number = 0
        while call:
            number += 1
            page = _fetch(client, call, rest.records, f"{call.location}, page {number}")
            # looked at on every page: while a piece is read, it may grow beyond the limit
            if rest.limit and (halves := _to_halve(rest, rest.limit, piece, page)):
                pieces += reversed(halves)
                break
            found, following = pager.turn(call, page)
            if rest.each:
                found = flatten(found, rest.each, page.location)
            found, past_the_end = _within_window(found, rest, piece)
            for enrich in rest.enrich:
                found.texts = _enriched(found, enrich, client)
            if found.count:
                yield Page(found.rows, found.texts, found.unreadable, page.location)
            call = None if past_the_end else following


def _to_halve(rest: Rest, limit: Limit, piece: Window, page: Fetched) -> tuple[Window, Window] | None:
    """The halves of a piece of the window that has more results than the search gives, else None."""
    total = value_at(page.found.envelope, limit.total)
    if not isinstance(total, int):
        what = f"no number of results at {limit.total!r}"
        raise ReadFailedError(page.location, what, "Look at the answer and at limit: in the source's YAML.")
    # the last page of an offset has to fit in whole; and as many as the limit may be what a larger number is cut to
    margin = rest.paging.size - 1 if isinstance(rest.paging, OffsetPaging) else 0
    if total + margin < limit.results:
        return None
    halves = halved(piece, rest.request.placeholders())
    if not halves and total > limit.results and not isinstance(rest.paging, KeysetPaging):
        what = f"{total} results from {piece.start.isoformat()} on, of which the search gives {limit.results}"
        what += ", and the window cannot be halved further"
        next_step = "Page by keyset, which knows no limit, or narrow the request in the source's YAML."
        raise ReadFailedError(page.location, what, next_step)
    return halves


def _key_reader(entity: Entity) -> KeyOf:
    """A function from a record to what tells its version apart from every other record's, or None."""
    ids = [entity.id] if isinstance(entity.id, str) else list(entity.id)
    ids = [path for path in ids if not path.startswith(PARENT)]  # the same for all of one list, and not in it yet
    versions = [entity.version_at] if isinstance(entity.version_at, str) else list(entity.version_at or ())

    def key_of(row: dict) -> Hashable:
        parts = [value_at(row, path) for path in ids]
        if not parts or any(part is None or isinstance(part, dict | list) for part in parts):
            return None
        return (*parts, *(str(value_at(row, path)) for path in versions))

    return key_of


def _fetch(client: Client, call: Call, records: str, location: str) -> Fetched:
    def parse(answer: Answer) -> Fetched:
        # 204: no content; another status that was accepted has no records either
        is_empty = answer.status == 204 or answer.status in call.accepted
        found = Cut([], [], [], {}) if is_empty else cut(answer.body, records, location)
        return Fetched(found, answer.headers, answer.status, location)

    return client.fetch(call, parse)


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
        call = filled(enrich.request, {"inputs": inputs}, client.prefix)
        for answer in _fetch(client, call, enrich.records, call.location).found.rows:
            taken = value_at(answer, enrich.take)
            if enrich.each:
                if not isinstance(taken or [], list):
                    what = f"no list at {enrich.take!r}, which enrich: takes {enrich.each!r} of"
                    raise ReadFailedError(
                        call.location, what, "Look at the answer and at enrich: in the source's YAML."
                    )
                taken = [value_at(part, enrich.each) for part in taken or []]
            known[str(value_at(answer, enrich.match))] = taken
    for row, id_ in zip(found.rows, ids, strict=True):
        row[enrich.into] = known.get(id_, [] if enrich.each else None)
    return [_grown(text, enrich.into, row[enrich.into]) for row, text in zip(found.rows, found.texts, strict=True)]


def _grown(text: bytes, key: str, value: Any) -> bytes:
    """The text of an object with one member more; what was there keeps its very characters."""
    head = text.rstrip()[:-1].rstrip()
    comma = b"" if head.endswith(b"{") else b","
    return b"%b%b%b:%b}" % (head, comma, to_text(key), to_text(value))
