"""Reading some records of a source, as a load would, and looking at their keys and times."""

import math
import time
from collections import Counter
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from include.check.step import Step, count_of
from include.check.year import DayOfCalls
from include.sources import SourceError, read
from include.sources.call import Answer, Call
from include.sources.config import Entity, Source
from include.sources.config.rest import Rest
from include.sources.connection import SourceConnection
from include.sources.errors import LoginRefusedError, ReadFailedError
from include.sources.fields import value_at
from include.sources.http import Client, Patience
from include.sources.memory import Memory
from include.sources.page import Page
from include.sources.paging import Fetched
from include.sources.rest import read_rest
from include.sources.skeleton.paging import total_of
from include.sources.yaml_lines import shown
from include.warehouse.budget import within_budget
from include.warehouse.connection import Warehouse
from include.warehouse.copy_lines import BadRecordError, key_reader, version_reader
from include.window import Window

# A person waits for it.
PATIENCE = Patience(first=0.5, longest=2.0, total=5.0, asked=30.0)
# Requests of an entity, at most: to find a page with records, and to count the pages of a day.
MOST_REQUESTS = 10

_T = TypeVar("_T")


@dataclass(frozen=True)
class Found:
    """What came of an entity: the first page with records, and the requests of the day, where there are any.

    ``login`` is whether the source accepted it; None when it did not come to that.
    """

    page: Page | None = None
    calls: DayOfCalls | None = None
    login: bool | None = None


def read_some(
    source: Source,
    entity: Entity,
    window: Window,
    connection: SourceConnection,
    warehouse: Warehouse | None,
    *,
    login: bool,
) -> Generator[Step, None, Found]:
    """Read some records of the day; says whether login, key and version time are as they should be.

    :param login: whether to say that the login is accepted.
    """
    started = time.monotonic()
    try:
        if entity.rest is None:
            found = Found(_first_page(source, entity, window, connection))
            said = ""
        elif warehouse:
            with within_budget(warehouse, source, connection) as budgeted:
                found, said = _ask(source, entity, entity.rest, window, budgeted)
        else:
            found, said = _ask(source, entity, entity.rest, window, connection)
    except LoginRefusedError as error:
        do = f"{error.next} In the source's YAML, auth: is {source.auth.kind}."
        yield Step("login", False, f"{error.what} ({error.location})", do)
        return Found(login=False)
    except (ReadFailedError, SourceError) as error:
        yield Step(f"{entity.name}: page", False, f"{error.what} ({error.location})", error.next)
        return Found()
    if login and source.auth.kind != "none":
        yield Step("login", True, f"{source.auth.kind} is accepted")
    page, name = found.page, f"{entity.name}: page"
    if page is None:
        yield Step(name, True, f"no record on {window}{said}", "Name a day that has some, with --day.")
        return found
    seconds = time.monotonic() - started
    yield Step(name, True, f"{count_of(page.count, 'record')}, {shown(page.location)}{said or f', in {seconds:.1f} s'}")
    if page.unreadable:
        reasons = Counter(bad.reason for bad in page.unreadable)
        says = f"{count_of(len(page.unreadable), 'record')} cannot be read: {_named(reasons)}"
        yield Step(
            name, bool(page.rows), says, "They go to ops.quarantine as they came: look at what the source sends."
        )
    if page.rows:
        yield _key_step(entity, page.rows)
        yield _version_step(source, entity, page.rows, window)
    return found


def _first_page(source: Source, entity: Entity, window: Window, connection: SourceConnection) -> Page | None:
    """The first records of files, a table or a site's first pages."""
    if entity.web:
        few = entity.web.model_copy(update={"max_pages": MOST_REQUESTS})
        entity = entity.model_copy(update={"web": few})
    with closing(iter(read(source, entity, window, connection))) as pages:  # type: ignore[type-var]
        page = next(pages, None)
    if page and entity.web:  # the limit is ours
        page.unreadable = [bad for bad in page.unreadable if bad.reason != "page_limit"]
    return page if page and page.count else None


class _EnoughError(Exception):
    """As many requests as a check may make."""


@dataclass(frozen=True)
class _Asked:
    call: Call
    seconds: float
    page: Fetched


class _CountingClient(Client):
    """A client that remembers its requests, and makes no more than `MOST_REQUESTS`."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.asked: list[_Asked] = []

    def fetch(self, call: Call, parse: Callable[[Answer], _T]) -> _T:
        if len(self.asked) >= MOST_REQUESTS:
            raise _EnoughError
        started = time.monotonic()
        answer = super().fetch(call, parse)
        assert isinstance(answer, Fetched)
        self.asked.append(_Asked(call, time.monotonic() - started, answer))
        return answer


def _ask(source: Source, entity: Entity, rest: Rest, window: Window, connection: SourceConnection) -> tuple[Found, str]:
    """The first page of the day, and what a day costs; how long it took, for people."""
    client = _CountingClient(connection, source.auth, source.connection, PATIENCE)
    first, ended = None, True
    try:
        with closing(read_rest(entity, window.widened(source.lateness), client, Memory())) as pages:  # type: ignore[type-var]
            for page in pages:
                first = first or page
                total = _total(rest, client.asked[0].page)
                if total and total > MOST_REQUESTS * client.asked[0].page.found.count:
                    ended = False
                    break
    except _EnoughError:
        ended = False
    finally:
        client.close()
    seconds_each = sum(asked.seconds for asked in client.asked) / max(len(client.asked), 1)
    logins = source.auth.kind in ("oauth2", "login")
    requests, is_least = _requests(rest, client.asked, ended)
    calls = DayOfCalls(requests + logins, is_least, seconds_each)
    return Found(first, calls, login=True), f", {count_of(len(client.asked), 'request')} of {seconds_each:.2f} s"


def _requests(rest: Rest, asked: Sequence[_Asked], ended: bool) -> tuple[int, bool]:
    """Requests that the day takes in all, and whether it may take more."""
    if ended or not asked:
        return len(asked), not ended
    first = asked[0]
    total = _total(rest, first.page)
    if not total:
        return len(asked), True
    lists = [one for one in asked if one.call.path.partition("?")[0] == first.call.path.partition("?")[0]]
    pages = math.ceil(total / first.page.found.count)
    return math.ceil(pages * len(asked) / len(lists)) + len(rest.also), False


def _total(rest: Rest, page: Fetched) -> int | None:
    """The number of results that the answer tells of, when it is more than came."""
    if not page.found.count:
        return None
    if rest.limit:
        total = value_at(page.found.envelope, rest.limit.total)
        return total if isinstance(total, int) and total > page.found.count else None
    found = total_of(page.found.envelope, page.found.count + 1)
    return found[1] if found else None


def _key_step(entity: Entity, rows: Sequence[dict]) -> Step:
    paths = [entity.id] if isinstance(entity.id, str) else list(entity.id)
    keys, reasons = _each(rows, key_reader(paths, entity.id_starts))
    name, path = f"{entity.name}: id", ", ".join(paths)
    if reasons:
        says = f"{path} is no key in {sum(reasons.values()):,} of {count_of(len(rows), 'record')}: {_named(reasons)}"
        return Step(name, False, says, f"Name its path at {entity.name}.id in the YAML.")
    says = f"{path} is in all {count_of(len(rows), 'record')}"
    if (different := len(set(keys))) < len(rows):
        return Step(name, True, f"{says}, {different:,} of them different", "Is it the record's own key, and whole?")
    return Step(name, True, says)


def _version_step(source: Source, entity: Entity, rows: Sequence[dict], window: Window) -> Step:
    name = f"{entity.name}: version_at"
    if entity.version_at is None:
        return Step(name, True, "null: a record's version is the day on which it is read")
    path = entity.version_at if isinstance(entity.version_at, str) else ", ".join(entity.version_at)
    times, reasons = _each(rows, version_reader(entity.version_at))
    moments = [datetime.fromisoformat(time) for time in times if time]
    do = f"Name the path of the record's time of change at {entity.name}.version_at in the YAML, or null."
    if reasons:
        says = f"{path} is no time in {sum(reasons.values()):,} of {count_of(len(rows), 'record')}"
        return Step(name, False, says, do)
    if not moments:
        return Step(name, False, f"no record has {path}", do)
    says = f"{path} is a time in {'all' if len(moments) == len(rows) else f'{len(moments):,} of'} {len(rows):,} records"
    asked = window.widened(source.lateness)
    outside = sum(not asked.start <= moment < asked.end for moment in moments)
    if entity.rest and entity.rest.request.placeholders() & _WINDOW_STARTS and outside:
        says += f", of which {outside:,} are not of the window that was asked for"
        return Step(name, True, says, "Does the source heed the times in the request? Look at their names and form.")
    return Step(name, True, says)


def _each(rows: Sequence[dict], read_one: Callable[[dict], _T]) -> tuple[list[_T], Counter[str]]:
    """What is read of each record, and reason → how many records it cannot be read of."""
    found, reasons = [], Counter[str]()
    for row in rows:
        try:
            found.append(read_one(row))
        except BadRecordError as error:
            reasons[str(error)] += 1
    return found, reasons


def _named(reasons: Counter[str]) -> str:
    return ", ".join(f"{reason} ({count:,})" for reason, count in sorted(reasons.items()))


_WINDOW_STARTS = {f"window_start_{form}" for form in ("ms", "s", "iso", "day")}
