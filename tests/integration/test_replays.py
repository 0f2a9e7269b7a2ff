"""Thirty days of the sandbox company: in order, shuffled, twice, as one window, and live with its clock moving."""

import random
from datetime import date, timedelta

import pytest

from include.warehouse.connection import Warehouse
from include.window import Window
from tests.conftest import Databases
from tests.deliveries import Delivery, build, checksums, load, rows, settle_all
from tests.sandbox import Sandbox, entities, record, running, sources

FIRST = date(2025, 9, 1)
DAYS = [FIRST + timedelta(days=n) for n in range(30)]
# a seed and sizes that nothing else uses
COMPANY = ("--seed", "4711", "--start", "2025-08-01", "--months", "4", "--companies", "60", "--people", "150",
           "--deals", "140", "--tickets", "300", "--now", "2025-08-31T00:00:00Z")  # fmt: skip

# Facts that the sources keep the whole history of, however late they are asked.
KEPT_BY_THE_SOURCE = ("core.fct_deal_stage", "core.fct_ticket_event", "core.fct_message", "core.fct_satisfaction",
                      "core.fct_order_line", "mart.ticket_status", "mart.ticket", "mart.deal_stage",
                      "mart.service_daily", "mart.service_backlog_daily")  # fmt: skip


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory):
    with running(tmp_path_factory.mktemp("sandbox"), *COMPANY) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def recorded(sandbox: Sandbox) -> list[Delivery]:
    """What thirty daily pulls gave."""
    return record(sandbox, DAYS)


@pytest.fixture(scope="module")
def in_order(embedded: Databases, recorded: list[Delivery]) -> dict[str, str]:
    """The tables after thirty daily runs in order."""
    warehouse = embedded.warehouse()
    for day in DAYS:
        for delivery in recorded:
            if delivery.window.first_day == day:
                load(warehouse, delivery)
        build(warehouse, [day], settle=True)
    settle_all(warehouse)
    check_books(warehouse)
    counted = rows(
        warehouse,
        "select (select count(*) from mart.deal), (select count(*) from mart.ticket),"
        " (select count(*) from mart.customer_360)",
    )
    assert all(number > 10 for number in counted[0]), counted
    return checksums(warehouse)


def check_books(warehouse: Warehouse) -> None:
    """Nothing is lost between the books and the tables, for every entity."""
    for source, entity, inserted, staged, quarantined in rows(
        warehouse,
        "select source, entity, sum(inserted), sum(staged), sum(quarantined) from ops.load group by 1, 2",
    ):
        name = f"{source}__{entity}"
        assert rows(warehouse, f"select count(*) from raw.{name}") == [(inserted,)]  # noqa: S608
        assert rows(warehouse, f"select count(*) from staging.{name}") == [(staged,)]  # noqa: S608
        held = rows(
            warehouse,
            "select count(*) from ops.quarantine where source = %s and entity = %s and version_at is not null",
            [source, entity],
        )
        assert held == [(quarantined,)]


def differing(one: dict[str, str], other: dict[str, str]) -> list[str]:
    """The tables that differ."""
    return sorted(table for table in one.keys() | other.keys() if one.get(table) != other.get(table))


def test_shuffled_and_twice_gives_the_same(
    embedded: Databases, recorded: list[Delivery], in_order: dict[str, str]
) -> None:
    warehouse = embedded.warehouse()
    shuffled = recorded * 2
    random.Random(5).shuffle(shuffled)
    size = len(shuffled) // 4 + 1
    for number, start in enumerate(range(0, len(shuffled), size)):
        for delivery in shuffled[start : start + size]:
            load(warehouse, delivery)
        # what a backfill does meanwhile: build some days, mark those that were built before
        build(warehouse, DAYS[8 * number : 8 * number + 8])
    settle_all(warehouse)
    check_books(warehouse)
    assert differing(checksums(warehouse), in_order) == []


def test_the_deliveries_as_one_long_window_give_the_same(
    embedded: Databases, recorded: list[Delivery], in_order: dict[str, str]
) -> None:
    warehouse = embedded.warehouse()
    month = Window.between(DAYS[0], DAYS[-1])
    together: dict[tuple[str, str, Window], list] = {}
    for delivery in recorded:
        together.setdefault((delivery.source, delivery.entity, month), []).extend(delivery.pages)
    for (source, entity, window), pages in together.items():
        load(warehouse, Delivery(source, entity, window, tuple(pages)))
    build(warehouse, DAYS, settle=True)
    settle_all(warehouse)
    # a record without a time of its own is of the window that it was seen in, and that was another one here
    untimed = {
        f"{schema}.{source.name}__{entity.name}"
        for source in sources() for entity in source.entities.values() if entity.version_at is None
        for schema in ("raw", "staging")
    }  # fmt: skip
    assert set(differing(checksums(warehouse), in_order)) <= untimed


def test_a_live_pull_of_the_whole_month_has_all_that_the_sources_keep(
    embedded: Databases, sandbox: Sandbox, recorded: list[Delivery], in_order: dict[str, str]
) -> None:
    # the clock now stands at the month's end: the sources tell their latest state, and the history that they keep
    sandbox.set_clock(Window.day(DAYS[-1]).end.isoformat())
    warehouse = embedded.warehouse()
    month = Window.between(DAYS[0], DAYS[-1])
    for source in sources():
        for entity in entities(source):
            load(warehouse, sandbox.pull(source, entity, month))
    build(warehouse, DAYS, settle=True)
    settle_all(warehouse)
    live = checksums(warehouse)
    assert [table for table in differing(live, in_order) if table in KEPT_BY_THE_SOURCE] == []
    # and not a record is missing: every key that thirty daily pulls knew is there
    for table in ("mart.deal", "mart.customer_360"):
        assert live[table].split()[0] == in_order[table].split()[0]
