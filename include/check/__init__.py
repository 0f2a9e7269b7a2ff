"""``./crm source check``: whether a source would load, step by step, and what to do where it would not.

Nothing is loaded: some records are read, and typed and validated in tables that are gone afterwards.
"""

from collections.abc import Callable, Generator, Iterator, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg

from include.check.fitting import try_page
from include.check.reading import Found, read_some
from include.check.step import Step, count_of
from include.check.year import DayOfCalls, year_step
from include.config_files import ConfigError
from include.local.errors import ServiceError
from include.quality.suites import QualityError, load_suite
from include.settings import EXPECTATIONS, SQL, TIMEZONE
from include.sources.config import FOLDER, Entity, Source, load_source
from include.sources.connection import SourceConnection, add_command
from include.warehouse.connection import Warehouse
from include.warehouse.migrations import pending
from include.window import Window

__all__ = ["Step", "as_dict", "check_source", "yesterday"]


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
    yield Step("definition", True, f"{source.kind}, {count_of(len(source.entities), 'entity', 'entities')}")
    whole = []
    for entity in source.entities.values():
        if (yield from _files(source, entity)):
            whole.append(entity)
    warehouse = yield from _warehouse(find_warehouse)
    connection = yield from _connection(source, find_connection)
    days: list[DayOfCalls] = []
    login: bool | None = None
    for entity in source.entities.values():
        found = Found()
        if connection and login is not False:  # asked again and again, a source may lock the account
            found = yield from read_some(source, entity, window, connection, warehouse, login=not login)
            login = login or found.login
        if found.calls:
            days.append(found.calls)
        if warehouse and entity in whole:
            yield from try_page(warehouse, source, entity, window, found.page)
    if days and len(days) == len(source.entities):
        yield year_step(source, days)


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
        says = f"{count_of(len(todo), 'migration')} to apply"
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
    parts = urlsplit(connection.base_url or connection.database_url)
    where = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}" if parts.scheme else ""
    folder = str(connection.extra.get("path") or "")
    has = [name for name in ("login", "password") if getattr(connection, name)]
    return f"{where or folder or 'no address'}, {'with ' + ' and '.join(has) if has else 'without login'}"
