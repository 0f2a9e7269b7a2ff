"""Core: dimensions and facts, computed anew for every key that new staging rows touched, from all of their versions."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import get_args

import psycopg
from psycopg import sql

from include.customers.build import link_customers, tell_customers
from include.sales.pipelines import write_stages
from include.service.rules import is_a_group_renamed, write_service
from include.settings import SQL, TIMEZONE
from include.subjects import Subject
from include.warehouse.connection import Warehouse
from include.warehouse.locks import exclusive

KINDS = (
    "customer", "company", "rep", "product", "pipeline_stage", "deal", "deal_stage_event", "ticket", "ticket_event",
    "ticket_group", "satisfaction", "survey_answer", "activity", "order_line", "currency_rate",
)  # fmt: skip

# What a load touches: the keys of its own rows, the records that a source has merged into them, and the deals and
# tickets whose moves and events it brought.
OWN_KEYS = sql.SQL("select source_table, source_id from {staging} where load_id = any({loads})")
MERGED_KEYS = sql.SQL(
    "select source_table, unnest(merged_keys) from {staging} where load_id = any({loads}) and merged_keys is not null"
)
MOVED_DEALS = sql.SQL(
    "select d.source_table, d.source_id from staging.deal_stage_event as e inner join staging.deal as d"
    " on e.deal_key = d.source_id and split_part(e.source_table, '__', 1) = split_part(d.source_table, '__', 1)"
    " where e.load_id = any({loads})"
)
EVENT_TICKETS = sql.SQL(
    "select d.source_table, d.source_id from staging.ticket_event as e inner join staging.ticket as d"
    " on e.ticket_key = d.source_id and split_part(e.source_table, '__', 1) = split_part(d.source_table, '__', 1)"
    " where e.load_id = any({loads})"
)
ALSO_TOUCHED = {
    "customer": (MERGED_KEYS,), "company": (MERGED_KEYS,), "deal": (MERGED_KEYS, MOVED_DEALS),
    "ticket": (EVENT_TICKETS,),
}  # fmt: skip

# In this order: a statement may read what the ones before it made.
STATEMENTS = (
    "dim_rep", "dim_product", "currency_rate", "fct_deal", "fct_deal_stage",
    "fct_deal_close_date", "fct_lead", "fct_lead_stage", "dim_ticket_group", "fct_ticket",
    "latest_ticket_update", "fct_ticket_event", "fct_message", "fct_satisfaction", "fct_survey_answer",
    "fct_activity", "fct_order_line",
)  # fmt: skip

# The earliest instant that the touched keys have a say in, by subject: the days from there on are built again. It is
# asked before and after the change, since a fact that moves leaves one day for another. Deals and tickets live for
# months, so they are compared instead, by deal_changed_from.sql and ticket_changed.sql: what moved today changes today.
EARLIEST = {
    "sales": """
        select least(
            (
                select min(s.occurred_at) from staging.activity as s
                inner join touched_activity as t using (source_table, source_id)
            ),
            (
                select min(s.rate_on)::timestamptz from staging.currency_rate as s
                inner join touched_currency_rate as t using (source_table, source_id)
            )
        )
    """,
    "customers": """
        select least(
            (
                select min(d.first_seen_at) from core.dim_customer as d
                inner join affected_person as a on d.customer_id = a.canonical_id
            ),
            (
                select min(s.ordered_at) from staging.order_line as s
                inner join touched_order_line as t using (source_table, source_id)
            ),
            -- persons' versions are not before they were first seen
            (
                select min(v.version_at) from core.clean_version as v
                inner join touched_organisation_record as t on v.record_id = t.record_id
                where v.kind = 'organisation'
            )
        )
    """,
}

CHANGED_DEALS = """
insert into ops.changed_deal (source, deal_id)
select split_part(source_table, '__', 1), source_id from touched_deal
on conflict do nothing
"""
EVERY_TICKET = """
insert into ops.changed_ticket (source, ticket_id)
select source, ticket_id from core.fct_ticket
on conflict do nothing
"""
EVERY_DEAL = """
insert into touched_deal (source_table, source_id)
select distinct source_table, source_id from staging.deal
except
select source_table, source_id from touched_deal
"""

# Statements that say from which instant on a subject is told otherwise.
TOLD_OTHERWISE: tuple[tuple[Subject, str], ...] = (
    ("sales", "deal_changed_from"), ("sales", "member_changed_from"), ("service", "ticket_changed_from"),
)  # fmt: skip

LONG_AGO = datetime(1900, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class CoreBuilt:
    """What one build of core took in: how many loads, and the first day whose daily marts changed, by subject."""

    loads: int
    changed_from: dict[str, date]


def build_core(warehouse: Warehouse) -> CoreBuilt:
    """Bring core up to date with staging: one commit, under one lock.

    Which loads come together, and in which order, makes no difference to the result.
    """
    with warehouse.connect(autocommit=True) as connection, exclusive(connection, "core"), connection.transaction():
        connection.execute("select set_config('timezone', %s, true)", [TIMEZONE.key])
        rows = connection.execute(
            "select load_id from ops.load where staged_at is not null and core_at is null"
        ).fetchall()
        loads = [row[0] for row in rows]
        are_stages_new = _build_stages(connection)
        _touched(connection, loads)
        if are_stages_new:
            connection.execute(EVERY_DEAL)
        connection.execute((SQL / "core" / "merged_record.sql").read_bytes())
        link_customers(connection)
        before = _earliest(connection)
        for name in ("deal_before", "member_before", "ticket_before"):
            connection.execute((SQL / "core" / f"{name}.sql").read_bytes())
        tell_customers(connection)
        for name in STATEMENTS:
            connection.execute((SQL / "core" / f"{name}.sql").read_bytes())
        connection.execute((SQL / "core" / "ticket_changed.sql").read_bytes())
        told = [_told_otherwise(connection, *one) for one in TOLD_OTHERWISE]
        anew: dict[Subject, bool] = {"sales": are_stages_new, "service": write_service(connection)}
        anew["service"] |= is_a_group_renamed(connection)
        if anew["service"]:
            connection.execute(EVERY_TICKET)
        changed_from = _mark_days(connection, [before, _earliest(connection), *told], anew)
        connection.execute(CHANGED_DEALS)
        connection.execute("update ops.load set core_at = now() where load_id = any(%s)", [loads])
    return CoreBuilt(len(loads), changed_from)


def _touched(connection: psycopg.Connection, loads: list[int]) -> None:
    for kind in KINDS:
        keys = sql.SQL(" union ").join(
            part.format(staging=sql.Identifier("staging", kind), loads=sql.Literal(loads))
            for part in (OWN_KEYS, *ALSO_TOUCHED.get(kind, ()))
        )
        connection.execute(
            sql.SQL("create temp table {} on commit drop as select distinct * from ({}) as t").format(
                sql.Identifier(f"touched_{kind}"), keys
            )
        )
        connection.execute(sql.SQL("analyze {}").format(sql.Identifier(f"touched_{kind}")))


def _build_stages(connection: psycopg.Connection) -> bool:
    """Say what a stage is; whether it is something else than before, since then every deal has to be told anew."""
    connection.execute("create temp table stage_before on commit drop as select * from core.dim_pipeline_stage")
    connection.execute("create temp table move_before on commit drop as select * from core.dim_process_move")
    write_stages(connection)
    connection.execute((SQL / "core" / "dim_pipeline_stage.sql").read_bytes())
    row = connection.execute(
        "select exists ((table stage_before except table core.dim_pipeline_stage)"
        " union all (table core.dim_pipeline_stage except table stage_before))"
        " or exists ((table move_before except table core.dim_process_move)"
        " union all (table core.dim_process_move except table move_before))"
    ).fetchone()
    return bool(row and row[0])


def _earliest(connection: psycopg.Connection) -> dict[str, datetime]:
    """Subject → the earliest instant that the touched keys have a say in, as core is now."""
    found = {}
    for subject, statement in EARLIEST.items():
        row = connection.execute(statement.encode()).fetchone()
        if row and row[0]:
            found[subject] = row[0]
    return found


def _told_otherwise(connection: psycopg.Connection, subject: Subject, name: str) -> dict[str, datetime]:
    """The first instant from which a subject is told differently than before, by a statement; empty where none is."""
    row = connection.execute((SQL / "core" / f"{name}.sql").read_bytes()).fetchone()
    return {subject: row[0]} if row and row[0] else {}


def _mark_days(
    connection: psycopg.Connection, earliest: list[dict[str, datetime]], anew: dict[Subject, bool]
) -> dict[str, date]:
    """Mark the daily marts that were built from days that have changed; returns the first changed day by subject.

    :param anew: whether everything of a subject is told anew.
    """
    changed: dict[str, date] = {}
    for subject in get_args(Subject):
        instants = [found[subject] for found in earliest if subject in found]
        if anew.get(subject):
            instants.append(LONG_AGO)
        if not instants:
            continue
        changed[subject] = max(min(instants), LONG_AGO).astimezone(TIMEZONE).date()
        # and the last day built before: the week, month and quarter that it lies in may reach as far
        connection.execute(
            "update ops.mart_day set is_stale = true where subject = %(subject)s and day_on >= coalesce("
            "(select max(day_on) from ops.mart_day where subject = %(subject)s and day_on < %(changed)s), %(changed)s)",
            {"subject": subject, "changed": changed[subject]},
        )
    return changed
