"""``./crm source check``: whether a source would load, step by step, and what to do where it would not.

Nothing is loaded: some records are read, and typed and validated in tables that are gone afterwards.
"""

import math
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import psycopg

from include.config_files import ConfigError
from include.local.errors import ServiceError
from include.quality.expectations import RuleResult
from include.quality.suites import QualityError, load_suite
from include.settings import EXPECTATIONS, SQL, TIMEZONE
from include.sources import SourceError, read
from include.sources.call import Answer, Call
from include.sources.config import FOLDER, Entity, Source, load_source
from include.sources.config.rest import Rest
from include.sources.connection import SourceConnection, add_command
from include.sources.errors import LoginRefusedError, ReadFailedError
from include.sources.fields import instant, value_at
from include.sources.http import Client, Patience
from include.sources.memory import Memory
from include.sources.page import Page
from include.sources.paging import Fetched
from include.sources.rest import read_rest
from include.sources.skeleton.fields import shown
from include.sources.skeleton.paging import total_of
from include.warehouse.budget import within_budget
from include.warehouse.connection import Warehouse
from include.warehouse.migrations import pending
from include.warehouse.staging import StagingError
from include.warehouse.trial import Misfit, Trial, rule_columns_missing, try_records
from include.window import Window

# A person waits for it.
PATIENCE = Patience(first=0.5, longest=2.0, total=5.0, asked=30.0)
# Requests of an entity, at most: to find a page with records, and to count the pages of a day.
MOST_REQUESTS = 10
DAYS_A_YEAR = 365

_T = TypeVar("_T")


@dataclass(frozen=True)
class Step:
    """One thing looked at.

    What is not ``ok`` would keep the source from loading; what is and still has something to ``do`` is for a person to
    look at. ``figures`` are its numbers, by name.
    """

    name: str
    ok: bool
    says: str
    do: str = ""
    figures: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class _Calls:
    """What a day of an entity costs: requests, whether there may be more, and seconds each."""

    requests: int
    is_least: bool
    seconds_each: float


@dataclass(frozen=True)
class _Read:
    """What came of an entity: the first page with records, and the requests of the day, where there are any."""

    page: Page | None
    calls: _Calls | None = None
    is_refused: bool = False


def yesterday() -> date:
    """The last whole business day."""
    return datetime.now(TIMEZONE).date() - timedelta(days=1)


def as_dict(name: str, steps: Sequence[Step]) -> dict[str, Any]:
    """The steps as plain values, with the figures of all of them."""
    figures = {key: value for step in steps for key, value in step.figures.items()}
    plain = [{"name": step.name, "ok": step.ok, "says": step.says, "do": step.do} for step in steps]
    return {"source": name, "ok": all(step.ok for step in steps), "steps": plain, **figures}


def check_source(
    name: str,
    day: date,
    find_connection: Callable[[str], SourceConnection | None],
    find_warehouse: Callable[[], Warehouse],
    folder: Path = FOLDER,
) -> Iterator[Step]:
    """Every step, in the order in which problems are best solved; none of them raises.

    :param day: the business day to read.
    :param find_connection: Airflow's connection of an id, None when there is none; may raise `ServiceError`.
    :param find_warehouse: may raise `ServiceError`.
    :param folder: of the definitions.
    """
    try:
        source = load_source(name, folder)
    except ConfigError as error:
        yield Step("definition", False, str(error), "Correct the file at that place.")
        return
    window = Window.day(day)
    yield Step("definition", True, f"{source.kind}, {_count(len(source.entities), 'entity', 'entities')}")
    whole = []
    for entity in source.entities.values():
        if (yield from _files(source, entity)):
            whole.append(entity)
    warehouse = yield from _warehouse(find_warehouse)
    connection = yield from _connection(source, find_connection)
    days: list[_Calls] = []
    for entity in source.entities.values():
        found = _Read(None)
        if connection:
            found = yield from _read(source, entity, window, connection, warehouse)
            if found.is_refused:
                connection = None  # asked again and again, a source may lock the account
        if found.calls:
            days.append(found.calls)
        if warehouse and entity in whole:
            yield from _try(warehouse, source, entity, window, found.page)
    if days and len(days) == len(source.entities):
        yield _year(source, days)


def _files(source: Source, entity: Entity) -> Generator[Step, None, bool]:
    """Whether statement and suite are there, and the suite can be read."""
    name = f"{source.name}__{entity.name}"
    is_there = (SQL / "staging" / f"{name}.sql").exists()
    if not is_there:
        yield Step(f"{entity.name}: statement", False, f"sql/staging/{name}.sql is missing", "Write it.")
    try:
        load_suite(EXPECTATIONS / f"{name}.json")
    except QualityError as error:
        yield Step(f"{entity.name}: suite", False, str(error), "Write it, or correct it at that place.")
        return False
    return is_there


def _warehouse(find: Callable[[], Warehouse]) -> Generator[Step, None, Warehouse | None]:
    do = "Start the server, and check its address and password in CRM_WAREHOUSE_URL or in crm_warehouse."
    try:
        warehouse = find()
        todo = pending(warehouse)
    except ServiceError as error:
        yield Step("warehouse", False, str(error), do)
        return None
    except psycopg.Error as error:
        yield Step("warehouse", False, f"does not answer: {str(error).splitlines()[0]}", do)
        return None
    if todo:
        says = f"{_count(len(todo), 'migration')} to apply"
        yield Step("warehouse", False, says, "Run ./crm up, which applies them.")
        return None
    yield Step("warehouse", True, warehouse.address)
    return warehouse


def _connection(
    source: Source, find: Callable[[str], SourceConnection | None]
) -> Generator[Step, None, SourceConnection | None]:
    name = source.connection
    try:
        connection = find(name)
    except ServiceError as error:
        yield Step("connection", False, str(error), "Do what the message says, then look again.")
        return None
    if connection is None:
        says = f"{name} is neither in Airflow nor in the environment"
        yield Step(
            "connection",
            False,
            says,
            f"{add_command(name, source.kind, source.auth.kind)}, or set AIRFLOW_CONN_{name.upper()}.",
        )
        return None
    yield Step("connection", True, f"{name}: {_of(connection)}")
    return connection


def _of(connection: SourceConnection) -> str:
    """The connection for people: where it leads to, and which of its secrets are set."""
    parts = urlsplit(connection.base_url)
    where = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}" if parts.netloc else ""
    folder = str(connection.extra.get("path") or "")
    has = [name for name in ("login", "password") if getattr(connection, name)]
    return f"{where or folder or 'no address'}, {'with ' + ' and '.join(has) if has else 'without login'}"


# One page


def _read(
    source: Source, entity: Entity, window: Window, connection: SourceConnection, warehouse: Warehouse | None
) -> Generator[Step, None, _Read]:
    """Read some records of the day; says whether login, key and version time are as they should be."""
    started = time.monotonic()
    try:
        if entity.rest is None:
            with closing(iter(read(source, entity, window, connection, Memory()))) as pages:  # type: ignore[type-var]
                found = _Read(next(pages, None))
            said = ""
        elif warehouse:
            with within_budget(warehouse, source, connection) as budgeted:
                found, said = _ask(source, entity, entity.rest, window, budgeted)
        else:
            found, said = _ask(source, entity, entity.rest, window, connection)
    except LoginRefusedError as error:
        yield Step(f"{entity.name}: login", False, f"{error.what} ({error.location})", error.next)
        return _Read(None, is_refused=True)
    except (ReadFailedError, SourceError) as error:
        yield Step(f"{entity.name}: page", False, f"{error.what} ({error.location})", error.next)
        return _Read(None)
    if entity.rest and source.auth.kind != "none":
        yield Step(f"{entity.name}: login", True, f"{source.auth.kind} is accepted")
    page, name = found.page, f"{entity.name}: page"
    if page is None:
        yield Step(name, True, f"no record on {window}{said}", "Name a day that has some, with --day.")
        return found
    seconds = time.monotonic() - started
    yield Step(name, True, f"{_count(page.count, 'record')}, {shown(page.location)}{said or f', in {seconds:.1f} s'}")
    if page.unreadable:
        reasons = ", ".join(sorted({bad.reason for bad in page.unreadable}))
        says = f"{_count(len(page.unreadable), 'record')} cannot be read: {reasons}"
        yield Step(
            name, bool(page.rows), says, "They go to ops.quarantine as they came: look at what the source sends."
        )
    if page.rows:
        yield _key_step(entity, page.rows)
        yield _version_step(source, entity, page.rows, window)
    return found


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


def _ask(source: Source, entity: Entity, rest: Rest, window: Window, connection: SourceConnection) -> tuple[_Read, str]:
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
    calls = _Calls(requests + logins, is_least, seconds_each)
    return _Read(first, calls), f", {_count(len(client.asked), 'request')} of {seconds_each:.2f} s"


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
    return math.ceil(pages * len(asked) / len(lists)), False


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
    keys = [tuple(value_at(row, path) for path in paths) for row in rows]
    bad = sum(any(part is None or part == "" or isinstance(part, dict | list) for part in key) for key in keys)
    name, path = f"{entity.name}: id", ", ".join(paths)
    if bad:
        says = f"{bad:,} of {len(rows):,} records have no key at {path}"
        return Step(name, False, says, f"Name its path at {entity.name}.id in the YAML.")
    different = len({str(key) for key in keys})
    says = f"{path} is in all {len(rows):,} records"
    if different < len(rows):
        return Step(name, True, f"{says}, {different:,} of them different", "Is it the record's own key, and whole?")
    return Step(name, True, says)


def _version_step(source: Source, entity: Entity, rows: Sequence[dict], window: Window) -> Step:
    name, path = f"{entity.name}: version_at", entity.version_at
    if path is None:
        return Step(name, True, "null: a record's version is the day on which it is read")
    values = [value_at(row, path) for row in rows]
    given = [value for value in values if value is not None and value != ""]
    moments = [moment for value in given if (moment := instant(value))]
    do = f"Name the path of the record's time of change at {entity.name}.version_at in the YAML, or null."
    if not given:
        return Step(name, False, f"no record has {path}", do)
    if len(moments) < len(given):
        return Step(name, False, f"{path} is no time in {len(given) - len(moments):,} of {len(rows):,} records", do)
    says = f"{path} is a time in {'all' if len(given) == len(rows) else f'{len(given):,} of'} {len(rows):,} records"
    asked = window.widened(source.lateness)
    outside = sum(not asked.start <= moment < asked.end for moment in moments)
    if entity.rest and entity.rest.request.placeholders() & _WINDOW_STARTS and outside:
        says += f", of which {outside:,} are not of the window that was asked for"
        return Step(name, True, says, "Does the source heed the times in the request? Look at their names and form.")
    return Step(name, True, says)


_WINDOW_STARTS = {f"window_start_{form}" for form in ("ms", "s", "iso", "day")}


# Staging


def _try(warehouse: Warehouse, source: Source, entity: Entity, window: Window, page: Page | None) -> Iterator[Step]:
    """Whether statement and suite fit the table, and the records fit them."""
    statement = f"sql/staging/{source.name}__{entity.name}.sql"
    suite = f"expectations/{source.name}__{entity.name}.json"
    try:
        if missing := rule_columns_missing(warehouse, source, entity):
            says = f"{suite} has rules for {', '.join(missing)}, which staging.{entity.feeds} does not have"
            yield Step(f"{entity.name}: suite", False, says, "Correct the names of the columns.")
            return
        trial = try_records(warehouse, source, entity, window, [page] if page else [])
    except (StagingError, QualityError) as error:
        where = "statement" if isinstance(error, StagingError) else "suite"
        yield Step(f"{entity.name}: {where}", False, str(error), "Correct the file.")
        return
    except psycopg.Error as error:
        yield Step(f"{entity.name}: statement", False, str(error).splitlines()[0], f"Correct {statement}.")
        return
    says = f"{statement} gives {_count(len(trial.columns), 'column')} of staging.{entity.feeds}"
    yield Step(f"{entity.name}: statement", True, says if page else f"{says}; there is no record to try it on")
    if trial.unreadable:
        reasons = ", ".join(f"{reason} ({count:,})" for reason, count in sorted(trial.unreadable.items()))
        says = f"records that raw cannot hold: {reasons}"
        yield Step(f"{entity.name}: records", False, says, "Check id: and version_at: in the YAML.")
    if page and trial.readable:
        yield from _types(entity, page, trial, statement)
        yield from _rules(entity, trial, suite)


def _types(entity: Entity, page: Page, trial: Trial, statement: str) -> Iterator[Step]:
    for misfit in trial.misfits:
        says = f"{_what(misfit)} in {misfit.records:,} of {_count(trial.readable, 'record')}"
        says += _such_as(misfit, entity, page)
        do = f"Read it another way in {statement}; as it is, these records go to quarantine."
        yield Step(f"{entity.name}: types", False, says, do)
    if not trial.misfits:
        yield Step(f"{entity.name}: types", True, f"{_count(trial.readable, 'record')} fit staging.{entity.feeds}")
    if trial.empty:
        says = f"null in every record: {', '.join(trial.empty)}"
        yield Step(f"{entity.name}: columns", True, says, f"Check their fields in {statement}; one may be misspelt.")


def _what(misfit: Misfit) -> str:
    column, separator, kind = misfit.rule.partition("__is_")
    return f"{column} is no {kind}" if separator else misfit.rule.replace("__", ": ").replace("_", " ")


def _such_as(misfit: Misfit, entity: Entity, page: Page) -> str:
    """The first examples, with the field of the record that has the value."""
    paths = [entity.id] if isinstance(entity.id, str) else list(entity.id)
    rows = {"/".join(str(value_at(row, path)) for path in paths): row for row in page.rows}
    said = []
    for key, value in misfit.examples:
        places = list(_places(rows.get(key), value)) if value else []
        where = f"{shown(places[0])} " if places else ""
        said.append(f"{where}{shown(value, 60)!r} in {shown(key, 40)}" if value else shown(key, 40))
    return f": {', '.join(said)}"


def _places(value: Any, text: str, path: str = "") -> Iterator[str]:
    """The paths in a record at which a value is written as a text."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _places(inner, text, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _places(inner, text, f"{path}.{number}")
    elif str(value)[:200] == text:
        yield path


def _rules(entity: Entity, trial: Trial, suite: str) -> Iterator[Step]:
    broken = [rule for rule in trial.rules if not rule.success]
    for rule in broken:
        yield _rule_step(entity, rule, suite)
    if trial.rules and not broken:
        yield Step(f"{entity.name}: rules", True, f"{_count(len(trial.rules), 'rule')} of {suite} hold")


def _rule_step(entity: Entity, rule: RuleResult, suite: str) -> Step:
    name = f"{entity.name}: rules"
    if rule.level == "table":
        says = f"{rule.rule} ({rule.severity}) does not hold: saw {rule.observed}"
        return Step(name, rule.severity != "critical", says, f"Look at what the source sends, and at {suite}.")
    says = f"{rule.rule} ({rule.severity}) is broken by {rule.unexpected:,} of {_count(rule.evaluated, 'record')}"
    if rule.severity != "critical":
        return Step(name, True, says, "They are staged; the validation's result notes it.")
    if rule.unexpected >= rule.evaluated:
        return Step(name, False, says, f"No record would be staged: look at the column's field, and at {suite}.")
    return Step(name, True, says, "They go to quarantine: look whether the rule or the source is wrong.")


# A year


def _year(source: Source, days: Sequence[_Calls]) -> Step:
    """What a backfill of a year costs, by the day that was read."""
    a_day = sum(day.requests for day in days)
    a_year = a_day * DAYS_A_YEAR
    seconds = sum(day.requests * day.seconds_each for day in days) * DAYS_A_YEAR
    least = "at least " if any(day.is_least for day in days) else "about "
    says = f"{least}{a_year:,} requests ({a_day:,} a day), {_duration(seconds)} at the speed of today"
    figures = {"requests_a_day": float(a_day), "requests_a_year": float(a_year), "seconds_a_year": round(seconds, 1)}
    if source.budget:
        allowed = a_year * source.budget.seconds / source.budget.requests
        figures["seconds_of_budget"] = round(allowed, 1)
        says += f"; the budget of {source.budget.requests:,} in {source.budget.seconds:g} s takes {_duration(allowed)}"
    whole = [entity.name for entity in source.entities.values() if entity.rest and _is_read_whole(entity.rest)]
    do = ""
    if whole:
        do = f"Ask by time where the source can: {', '.join(whole)} is read whole for every day."
    return Step("a year's backfill", True, says, do, figures)


def _is_read_whole(rest: Rest) -> bool:
    return bool(rest.within or rest.snapshot) and not rest.request.placeholders()


def _duration(seconds: float) -> str:
    for size, unit in ((86_400, "days"), (3_600, "hours"), (60, "minutes")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} seconds"


def _count(number: int, one: str, many: str = "") -> str:
    return f"{number:,} {one if number == 1 else many or one + 's'}"
