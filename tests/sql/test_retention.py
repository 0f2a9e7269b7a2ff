"""Pruning raw: what newer versions replaced long ago goes, and nothing that anyone still needs."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from include.sources.config import Source, load_source
from include.warehouse import retention, webhooks
from include.warehouse.connection import Warehouse
from include.warehouse.core import build_core
from include.warehouse.retention import prune_raw, prune_webhooks
from include.warehouse.staging import replay
from include.window import Window
from tests.conftest import Databases
from tests.deliveries import Delivery, build, checksums, load, page, rows

NOW = datetime(2026, 11, 30, tzinfo=UTC)
DAYS = [Window.day(f"2026-11-{day:02}") for day in range(1, 29)]
TEN_DAYS = load_source("sandbox_crm").model_copy(update={"keep_raw": timedelta(days=10)})  # before 20 November


@pytest.fixture
def warehouse(embedded_warehouse: Warehouse) -> Warehouse:
    return embedded_warehouse


def contact(key: str, day: int, **properties: str) -> dict:
    at = f"2026-11-{day:02}T10:00:00Z"
    known = {"lastmodifieddate": at, "createdate": at, "firstname": f"Name {day}", "email": f"{key}@example.com"}
    return {"id": key, "properties": known | properties, "archived": False}


def put(warehouse: Warehouse, day: int, *records: dict) -> None:
    load(warehouse, Delivery("sandbox_crm", "contacts", DAYS[day - 1], (page(*records),)))


def versions(warehouse: Warehouse) -> list[tuple[str, int]]:
    query = "select source_id, extract(day from version_at)::int from raw.sandbox_crm__contacts order by 1, 2"
    return [(key, day) for key, day in rows(warehouse, query)]


def prune(warehouse: Warehouse, source: Source = TEN_DAYS) -> int:
    return sum(prune_raw(warehouse, source, NOW).values())


def test_old_versions_go_but_for_the_newest_of_each_record(warehouse: Warehouse) -> None:
    put(warehouse, 1, contact("only", 1), contact("old", 1), contact("new", 1))
    put(warehouse, 2, contact("old", 2), contact("new", 2))
    put(warehouse, 21, contact("new", 21), contact("new", 20))
    put(warehouse, 25, contact("new", 25))
    build_core(warehouse)
    assert prune(warehouse, load_source("sandbox_crm")) == 0  # keeps all
    assert prune(warehouse) == 3
    assert versions(warehouse) == [("new", 20), ("new", 21), ("new", 25), ("old", 2), ("only", 1)]
    assert prune(warehouse) == 0  # again
    assert rows(warehouse, "select source, entity, older_than, deleted from ops.raw_pruning") == [
        ("sandbox_crm", "contacts", datetime(2026, 11, 20, tzinfo=UTC), 3)
    ]


def test_of_two_versions_of_one_time_the_one_that_counts_stays(warehouse: Warehouse) -> None:
    put(warehouse, 1, contact("1", 1, firstname="Ada"), contact("1", 1, firstname="Bea"))
    build_core(warehouse)
    counts = rows(warehouse, "select payload_hash from raw.sandbox_crm__contacts order by payload_hash desc limit 1")
    assert prune(warehouse) == 1
    assert rows(warehouse, "select payload_hash from raw.sandbox_crm__contacts") == counts


def test_what_open_quarantine_needs_and_what_is_not_in_core_stays(warehouse: Warehouse) -> None:
    bad = {"email": "no address"}
    put(warehouse, 1, contact("open", 1, **bad), contact("dismissed", 1, **bad), contact("good", 1))
    put(warehouse, 2, contact("open", 2), contact("dismissed", 2), contact("good", 2))
    rows(warehouse, "update ops.quarantine set state = 'dismissed' where source_id = 'dismissed' returning 1")
    assert prune(warehouse) == 0  # staged, and not in core
    build_core(warehouse)
    put(warehouse, 3, contact("good", 3))
    assert prune(warehouse) == 3
    assert versions(warehouse) == [("dismissed", 2), ("good", 3), ("open", 1), ("open", 2)]


def test_quarantined_rows_can_be_replayed_after_pruning(
    warehouse: Warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(warehouse, 1, contact("1", 1, email="intranet-only"))
    put(warehouse, 2, contact("1", 2))
    build_core(warehouse)
    assert prune(warehouse) == 0
    (tmp_path / "sandbox_crm__contacts.json").write_text(
        '{"name": "sandbox_crm__contacts", "expectations": [{"type": "expect_column_values_to_not_match_regex",'
        ' "kwargs": {"column": "email", "regex": " "}}]}'
    )
    monkeypatch.setattr("include.warehouse.staging.EXPECTATIONS", tmp_path)
    staged = replay(warehouse, TEN_DAYS, TEN_DAYS.entities["contacts"], DAYS[2])
    assert (staged.validated, staged.staged) == (1, 1)
    assert prune(warehouse) == 1  # nothing waits for it now
    assert versions(warehouse) == [("1", 2)]


def test_pruning_goes_portion_by_portion(warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "ROWS_A_COMMIT", 3)
    put(warehouse, 1, *(contact(str(n), 1) for n in range(10)))
    put(warehouse, 2, *(contact(str(n), 2) for n in range(10)))
    build_core(warehouse)
    assert prune(warehouse) == 10
    assert versions(warehouse) == sorted((str(n), 2) for n in range(10))
    assert rows(warehouse, "select deleted from ops.raw_pruning") == [(10,)]


def test_a_pruning_that_dies_is_gone_on_with(warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "ROWS_A_COMMIT", 3)
    put(warehouse, 1, *(contact(str(n), 1) for n in range(10)))
    put(warehouse, 2, *(contact(str(n), 2) for n in range(10)))
    build_core(warehouse)
    whole = retention._delete_portion

    def dies(connection, tables, pruning_id, after):
        if after == 6:
            raise KeyboardInterrupt
        return whole(connection, tables, pruning_id, after)

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(retention, "_delete_portion", dies)
        prune(warehouse)
    assert prune(warehouse) == 4
    assert rows(warehouse, "select deleted from ops.raw_pruning order by pruning_id") == [(6,), (4,)]


def test_staging_core_and_marts_are_the_same_with_and_without(embedded: Databases) -> None:
    pruned, whole = embedded.warehouse(), embedded.warehouse()
    days = [window.first_day for window in DAYS[:3]]
    for warehouse in (pruned, whole):
        put(warehouse, 1, *(contact(str(n), 1) for n in range(5)))
        put(warehouse, 2, *(contact(str(n), 2, firstname="Later") for n in range(5)))
        build(warehouse, days)
    assert prune(pruned) == 5
    for warehouse in (pruned, whole):
        # a late version between the two, a version that raw was pruned of, and a new one
        put(warehouse, 3, contact("1", 1, firstname="Between", lastmodifieddate="2026-11-01T20:00:00Z"))
        put(warehouse, 1, contact("2", 1), contact("3", 1))
        put(warehouse, 3, contact("4", 3))
        build(warehouse, days)
    schemas = ("staging", "core", "mart")
    assert checksums(pruned, schemas) == checksums(whole, schemas)
    # what came again is in raw again, and counted like anything new; the next pruning takes it
    last = "select received, inserted, unchanged, validated, staged from ops.load where load_id = 4"
    assert rows(pruned, last) == [(2, 2, 0, 2, 2)]
    assert rows(whole, last) == [(2, 0, 2, 0, 0)]
    assert prune(pruned) == 4  # and the second version of "4", which its third has replaced


def test_webhooks_that_are_done_with_go_after_thirty_days(warehouse: Warehouse) -> None:
    for number, state in enumerate(("landed", "landed", "given_up", "unreadable", "waiting"), 1):
        webhooks.store(warehouse, "x", f"00000000-0000-0000-0000-{number:012}", b"{}")  # type: ignore[arg-type]
        finished = NOW - timedelta(days=20 if number == 1 else 40)
        with warehouse.connect() as connection:
            connection.execute(
                "update ops.webhook set state = %s, finished_at = %s where webhook_id = %s", [state, finished, number]
            )
    assert prune_webhooks(warehouse, NOW) == 2
    assert rows(warehouse, "select webhook_id from ops.webhook order by 1") == [(1,), (4,), (5,)]
