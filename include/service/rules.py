"""What core knows of service: schedules spread out as business time, and the rules that say which counts for a ticket.

They come from include/config/service.yaml and from help desks, and are written as tables that statements join.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from datetime import date
from importlib.metadata import version
from typing import Any

import psycopg
from psycopg import sql

from include.service.config import ServiceConfig, load_service_config
from include.service.desk import DeskPolicy, desk_policies, desk_schedules
from include.service.schedules import OpenHours, Schedule, open_spans, pieces

TABLES = ("dim_ticket_status", "dim_schedule", "dim_service_rule", "dim_service_condition", "dim_sla_target")

# Counted from a fixed day, so that more years do not change the counts before them.
FIRST_DAY = date(1990, 1, 1)


def write_service(connection: psycopg.Connection) -> bool:
    """Make core's service tables and business time say what the file and the help desks say.

    :returns: whether they say something else than before, so that every ticket has to be told anew.
    """
    config = load_service_config()
    for table in TABLES:
        connection.execute(
            sql.SQL("create temp table {} on commit drop as table {}").format(
                sql.Identifier(f"{table}_before"), sql.Identifier("core", table)
            )
        )
        connection.execute(sql.SQL("delete from {}").format(sql.Identifier("core", table)))
    _write_statuses(connection, config)
    hours = _write_schedules(connection, config)
    _write_rules(connection, config)
    _spread(connection, hours)
    return any(_differs(connection, table) for table in TABLES)


def is_a_group_renamed(connection: psycopg.Connection) -> bool:
    """Whether rules ask for groups, and one that tickets were in is called otherwise than before this build of core."""
    row = connection.execute(
        "select exists (select from core.dim_service_condition where field = 'group')"
        " and exists (select from ticket_group_before as b"
        " full outer join core.dim_ticket_group as n using (source, group_key)"
        " inner join mart.ticket_state as s using (source, group_key) where b.name is distinct from n.name)"
    ).fetchone()
    return bool(row and row[0])


def _differs(connection: psycopg.Connection, table: str) -> bool:
    names = {"now": sql.Identifier("core", table), "before": sql.Identifier(f"{table}_before")}
    row = connection.execute(
        sql.SQL(
            "select exists ((table {now} except table {before}) union all (table {before} except table {now}))"
        ).format(**names)
    ).fetchone()
    return bool(row and row[0])


def _write_statuses(connection: psycopg.Connection, config: ServiceConfig) -> None:
    clocks = ("requester_wait", "agent_work", "agent_wait", "on_hold")
    _insert(
        connection, "dim_ticket_status",
        ((status, *(clock in running for clock in clocks)) for status, running in config.statuses.items()),
    )  # fmt: skip


def _write_schedules(connection: psycopg.Connection, config: ServiceConfig) -> dict[str, Sequence[OpenHours]]:
    """Write core.dim_schedule; returns the hours of each schedule."""
    own: dict[str, list[Schedule]] = defaultdict(list)
    for schedule in config.schedules:
        own[schedule.name].append(schedule)
    rows: list[tuple[Any, ...]] = []
    hours: dict[str, Sequence[OpenHours]] = {}
    for name, versions in own.items():
        told = [one.model_dump(mode="json", by_alias=True) for one in versions]
        if any(one.country for one in versions):  # a later edition of the package may know other holidays
            told.append({"holidays": version("holidays")})
        rows.append((name, None, None, name, False, json.dumps(told)))
        hours[name] = versions
    for desk in desk_schedules(connection):
        name = f"{desk.source}:{desk.key}"
        told = [{**asdict(one), "closed": sorted(one.closed)} for one in desk.versions]
        rows.append((name, desk.source, desk.key, desk.name, desk.is_first, json.dumps(told, default=str)))
        hours[name] = desk.versions
    _insert(connection, "dim_schedule", rows)
    return hours


def _write_rules(connection: psycopg.Connection, config: ServiceConfig) -> None:
    rules: list[tuple[Any, ...]] = []
    conditions: list[tuple[Any, ...]] = []
    targets: list[tuple[Any, ...]] = []
    for position, rule in enumerate(config.schedule_of):
        key = f"schedule {position}"
        rules.append((key, "schedule", None, position, rule.schedule, rule.schedule, True))
        conditions += [
            (key, number, False, field, False, values) for number, (field, values) in enumerate(rule.when.conditions())
        ]
    for position, policy in enumerate(config.policies):
        rules.append((policy.name, "policy", None, position, policy.name, None, True))
        conditions += [
            (policy.name, number, False, field, False, values)
            for number, (field, values) in enumerate(policy.when.conditions())
        ]
        targets += [(policy.name, *target, policy.hours == "business") for target in policy.minutes()]
    for told in desk_policies(connection):
        key = f"{told.source}:{told.key}"
        rules.append((key, "policy", told.source, told.position, told.name, None, told.is_understood))
        conditions += [
            (key, number, is_any, field, is_negated, list(values))
            for number, (is_any, field, is_negated, values) in enumerate(told.conditions)
        ]
        targets += _each_once(key, told)
    _insert(connection, "dim_service_rule", rules)
    _insert(connection, "dim_service_condition", conditions)
    _insert(connection, "dim_sla_target", targets)


def _each_once(key: str, policy: DeskPolicy) -> Iterator[tuple[Any, ...]]:
    """A policy's targets; of two for one measure and priority the first."""
    first = {(measure, priority): rest for measure, priority, *rest in reversed(policy.targets)}
    for (measure, priority), (minutes, is_business) in first.items():
        yield key, measure, priority, minutes, is_business


def _spread(connection: psycopg.Connection, hours: dict[str, Sequence[OpenHours]]) -> None:
    """Fill core.business_time for the years of the tickets; one outside of 1990 to 2097 has no business time."""
    row = connection.execute(
        "select extract(year from max(created_at) at time zone 'UTC')::integer from core.fct_ticket"
        " where created_at < '2098-01-01'"
    ).fetchone()
    if not row or row[0] is None:
        return
    last = date(row[0] + 2, 12, 31)  # a ticket may take two years
    connection.execute("delete from core.business_time where schedule not in (select schedule from core.dim_schedule)")
    missing = connection.execute(
        "select n.schedule from core.dim_schedule as n"
        " left join dim_schedule_before as b on n.schedule = b.schedule and n.versions = b.versions"
        " where b.schedule is null or not exists"
        " (select from core.business_time as t where t.schedule = n.schedule and t.day_on = %s)",
        [last],
    ).fetchall()
    for (name,) in missing:
        connection.execute("delete from core.business_time where schedule = %s", [name])
        with connection.cursor().copy("copy core.business_time from stdin") as copy:
            for piece in pieces(name, open_spans(hours[name], FIRST_DAY, last), FIRST_DAY, last):
                copy.write_row(
                    (piece.schedule, piece.day_on, piece.from_at, piece.to_at, piece.is_open, piece.seconds_before)
                )
    if missing:
        connection.execute("analyze core.business_time")


def _insert(connection: psycopg.Connection, table: str, rows: Iterable[tuple[Any, ...]]) -> None:
    with connection.cursor() as cursor:
        for row in rows:
            places = sql.SQL(", ").join([sql.Placeholder()] * len(row))
            cursor.execute(sql.SQL("insert into {} values ({})").format(sql.Identifier("core", table), places), row)
