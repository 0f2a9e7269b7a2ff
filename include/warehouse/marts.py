"""Marts: one table a question. A day's run builds that day; the next fresh run builds days that later facts changed."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

import psycopg
from psycopg import sql

from include.customers.golden import write_company_fill
from include.customers.value.config import write_segments
from include.sales.targets import write_targets
from include.settings import FRESH_HOURS, SQL, TIMEZONE
from include.subjects import Subject
from include.warehouse.connection import Warehouse
from include.warehouse.locks import exclusive, shared
from include.window import Window

# Each subject reads core and its own marts, so their order does not matter; within a subject it does.
STATEMENTS: dict[Subject, tuple[str, ...]] = {
    "sales": (
        "sales_frame", "deal", "deal_stage", "deal_path", "sales_stage", "sales_daily", "sales_pipeline_daily",
        "sales_period", "sales_funnel", "sales_transition", "sales_conformance", "sales_slippage",
        "sales_activity_daily", "sales_coverage_daily", "lead",
    ),
    "service": (
        "ticket_state", "ticket_status", "ticket", "ticket_sla", "service_daily", "service_backlog_daily",
        "service_volume_hourly", "service_period", "service_nps",
    ),
    "customers": (
        "customer_order", "customer_360", "customer_search", "customer_daily", "order_daily", "data_quality_daily",
        "customer_rfm_monthly",
    ),
}  # fmt: skip

# Where core notes of what it has told anew.
CHANGED: dict[Subject, sql.Identifier] = {
    "sales": sql.Identifier("ops", "changed_deal"), "service": sql.Identifier("ops", "changed_ticket"),
}  # fmt: skip


@dataclass(frozen=True)
class MartsBuilt:
    """How many days of a subject's daily marts were built: the window's own, and marked ones that were settled."""

    subject: str
    days: int
    settled: int


def is_fresh(window: Window, now: datetime) -> bool:
    """Whether a window ended so lately that its run also settles marked days; a backfill's windows did not."""
    return now - window.end < timedelta(hours=FRESH_HOURS)


def may_be_told(window: Window, now: datetime) -> bool:
    """Whether people and customers may be written to about a window: it is over and fresh, so a backfill's is not."""
    return window.end <= now and is_fresh(window, now)


def last_told(connection: psycopg.Connection, book: Literal["reminder_run", "alert_run"], window: Window) -> Window:
    """The window as of whose end people are to be told: the last one in a book of runs, when that is a later one.

    Facts that came late, with the window that was asked for, may have changed what was told as of then.
    """
    row = connection.execute(sql.SQL("select max(window_end) from {}").format(sql.Identifier("ops", book))).fetchone()
    if not row or row[0] is None or row[0] <= window.end:
        return window
    return Window.day((row[0] - timedelta(microseconds=1)).astimezone(window.zone).date(), window.zone)


def build_marts(warehouse: Warehouse, subject: Subject, window: Window, *, settle: bool) -> MartsBuilt:
    """Build a subject's marts: one row a thing anew, one row a day for the window's days.

    One commit, under the subject's lock, while core holds still.

    :param settle: also build, in the same statements, every day that was marked as changed.
    """
    return _build(warehouse, subject, window.days(), settle)


def changed_subjects(warehouse: Warehouse) -> list[Subject]:
    """The subjects of which core has told something anew that their marts have not taken up yet."""
    with warehouse.connect() as connection:
        return [
            subject
            for subject, table in CHANGED.items()
            if connection.execute(sql.SQL("select exists (select from {})").format(table)).fetchone() == (True,)
        ]


def refresh_marts(warehouse: Warehouse, subject: Subject) -> MartsBuilt:
    """Bring what is a row a thing (deals, tickets, promises) up to date within a day; no day is told, and no model."""
    return _build(warehouse, subject, [], settle=False)


def settle_marts(warehouse: Warehouse, subject: Subject) -> MartsBuilt:
    """Build every day of a subject's daily marts that was marked as changed."""
    return _build(warehouse, subject, [], settle=True)


def _build(warehouse: Warehouse, subject: Subject, days: Iterable[date], settle: bool) -> MartsBuilt:
    with (
        warehouse.connect(autocommit=True) as connection,
        shared(connection, "core"),
        exclusive(connection, f"marts {subject}"),
    ):
        built = _build_in_one_commit(connection, subject, days, settle)
        # models are of the last day built, which a backfill leaves to the next fresh day, as it does the marked days; a
        # model that fails leaves the marts as they are
        if subject in ("sales", "service") and settle:
            # both bring numpy along
            from include.sales.models import model_sales
            from include.service.models import model_service

            with connection.transaction():
                connection.execute("select set_config('timezone', %s, true)", [TIMEZONE.key])
                (model_sales if subject == "sales" else model_service)(connection)
    return built


def _build_in_one_commit(
    connection: psycopg.Connection, subject: Subject, days: Iterable[date], settle: bool
) -> MartsBuilt:
    with connection.transaction():
        connection.execute("select set_config('timezone', %s, true)", [TIMEZONE.key])
        # compiling the customers' statements takes seconds where running them takes tenths
        connection.execute("set local jit = off")
        if subject == "sales" and write_targets(connection):
            connection.execute("update ops.mart_day set is_stale = true where subject = 'sales'")
        changed = CHANGED.get(subject)
        if subject == "service":
            connection.execute((SQL / "mart" / "ticket_segment.sql").read_bytes())
        own = set(days)
        stale = _stale(connection, subject) if settle else set()
        _make_days(connection, sorted(own | stale))
        if subject == "customers":
            write_company_fill(connection)
        if changed:  # a load changes a few or all of them: the statements are planned by how many
            connection.execute(sql.SQL("analyze {}").format(changed))
        connection.execute("select set_config('crm.subject', %s, true)", [subject])
        connection.execute((SQL / "mart" / "frame.sql").read_bytes())
        for name in STATEMENTS[subject]:
            connection.execute((SQL / "mart" / f"{name}.sql").read_bytes())
        if changed:  # core holds still, so these are all that the statements have taken up
            connection.execute(sql.SQL("delete from {}").format(changed))
        connection.execute(
            "insert into ops.mart_day (subject, day_on, is_stale) select %s, day_on, false from day"
            " on conflict (subject, day_on) do update set is_stale = false, built_at = now()",
            [subject],
        )
        if subject == "customers":
            if write_segments(connection):  # then every month's segments are told anew
                connection.execute("update ops.mart_day set built_at = now() where subject = 'customers'")
            if settle:
                from include.customers.value.build import value_customers  # brings numpy along

                value_customers(connection)
    return MartsBuilt(subject, len(own), len(stale - own))


def _stale(connection: psycopg.Connection, subject: Subject) -> set[date]:
    rows = connection.execute("select day_on from ops.mart_day where subject = %s and is_stale", [subject]).fetchall()
    return {row[0] for row in rows}


def _make_days(connection: psycopg.Connection, days: list[date]) -> None:
    connection.execute(
        "create temp table day (day_on date primary key, starts_at timestamptz, ends_at timestamptz) on commit drop"
    )
    with connection.cursor() as cursor:
        cursor.executemany(
            "insert into day values (%s, %s, %s)",
            [(day, w.start, w.end) for day in days for w in [Window.day(day)]],
        )
    connection.execute("analyze day")
