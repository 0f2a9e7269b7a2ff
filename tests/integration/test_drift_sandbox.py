"""The sandbox company renames and retypes its fields: told once, by entity, in raw and in the reports; no row lost."""

from collections.abc import Iterator

import pytest

from include.ingest import land_source, stage_source
from include.reports.doubts import of_sources
from include.reports.frame import Frame
from include.reports.reader import Reader
from include.sources.config import load_source
from include.warehouse.connection import Warehouse
from include.window import Window
from tests import sandbox
from tests.deliveries import rows
from tests.sandbox import Sandbox

BEFORE, AFTER, LATER = (
    Window.between("2025-06-01", "2025-06-30"),
    Window.between("2025-07-01", "2025-07-20"),
    Window.between("2025-07-21", "2025-08-19"),
)
# include/sandbox/faults.py: deals and contacts, of what the sandbox's CRM is asked for
RENAMED = {
    "deals": {("properties.amount", "properties.deal_amount"), ("properties.closedate", "properties.close_date")},
    "contacts": {("properties.email", "properties.email_address")},
}
ENTITIES = [*RENAMED, "companies"]


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    sizes = ("--companies", "60", "--people", "180", "--deals", "500", "--tickets", "80", "--months", "3")
    with sandbox.running(tmp_path_factory.mktemp("sandbox"), *sizes, "--now", "2025-08-20T00:00:00Z") as running:
        yield running


def pull(warehouse: Warehouse, company: Sandbox, window: Window) -> None:
    source = load_source("sandbox_crm")
    source = source.model_copy(update={"entities": {name: source.entities[name] for name in ENTITIES}})
    land_source(warehouse, source, window, company.connection(source))
    stage_source(warehouse, source, window)


def drift(warehouse: Warehouse) -> set[tuple]:
    return set(rows(warehouse, "select entity, kind, path from ops.drift"))


def doubts(warehouse: Warehouse, window: Window) -> str:
    frame = Frame(window, ("sandbox_crm",))
    with warehouse.connect() as connection:
        return " ".join(of_sources(Reader(connection, frame.parameters()), frame)).translate(
            {0x2068: None, 0x2069: None}
        )


def test_renamed_and_retyped_fields_are_told_once_and_no_row_is_lost(
    embedded_warehouse: Warehouse, company: Sandbox
) -> None:
    pull(embedded_warehouse, company, BEFORE)
    assert drift(embedded_warehouse) == set()
    try:
        company.ask("POST", "faults", {"renamed_fields": True})
        pull(embedded_warehouse, company, AFTER)
        told = drift(embedded_warehouse)
        for entity, pairs in RENAMED.items():
            assert {(entity, "gone", old) for old, _ in pairs} | {(entity, "new", new) for _, new in pairs} <= told
        assert {kind for _, kind, _ in told} == {"gone", "new"}
        said = doubts(embedded_warehouse, AFTER)
        assert (
            "The records of sandbox_crm (deals) changed in this window: properties.amount and properties.closedate are"
            " gone; properties.close_date and properties.deal_amount are new."
        ) in said
        assert "changed in this window" not in doubts(embedded_warehouse, BEFORE)
        pull(embedded_warehouse, company, AFTER)  # again
        assert drift(embedded_warehouse) == told
        company.ask("POST", "faults", {"renamed_fields": False, "retyped_fields": True})
        pull(embedded_warehouse, company, LATER)
    finally:
        company.ask("POST", "faults", {"renamed_fields": False, "retyped_fields": False})
    later = drift(embedded_warehouse) - told
    assert {(entity, "retyped", "id") for entity in ENTITIES} <= later
    assert ("companies", "retyped", "properties.numberofemployees") in later
    assert ("deals", "new", "properties.amount") in later  # it is back
    # all that was read is in raw, and all of that is staged or waits in quarantine with its reason
    books = (
        "select sum(received), sum(inserted + unchanged), sum(unreadable), sum(inserted), sum(staged + quarantined)"
        " from ops.load"
    )
    received, there, unreadable, inserted, judged = rows(embedded_warehouse, books)[0]
    assert received == there > 0 and unreadable == 0 and inserted == judged
    truth = company.ask("GET", "truth/counts")
    for entity in ENTITIES:
        wanted = sum(
            count for day, count in truth[entity]["by_updated_day"].items()
            if str(BEFORE.first_day) <= day <= str(LATER.last_day)
        )  # fmt: skip
        known = f"select count(distinct source_id) from raw.sandbox_crm__{entity}"  # noqa: S608 (names of this file)
        assert rows(embedded_warehouse, known)[0][0] == wanted, entity
