"""Fields that appear, go, or change their type: noticed when records land, told once, and no record lost."""

import json

import pytest

from include.sources.page import Page
from include.warehouse.connection import Warehouse
from include.warehouse.landing import land
from include.window import Window
from tests.deliveries import Delivery, load, page, rows, source_of

DAYS = [Window.day(f"2026-11-{day:02}") for day in range(1, 12)]


@pytest.fixture
def warehouse(embedded_warehouse: Warehouse) -> Warehouse:
    return embedded_warehouse


def deals(count: int, day: int, **more: object) -> list[dict]:
    at = f"2026-11-{day:02}T10:00:00Z"
    known = {"hs_lastmodifieddate": at, "dealstage": "new", "createdate": at, "amount": "1"}
    return [{"id": f"{day}-{n}", "properties": known | more} for n in range(count)]


def put(warehouse: Warehouse, day: int, *records: dict) -> None:
    delivery = Delivery("sandbox_crm", "deals", DAYS[day - 1], (page(*records),) if records else ())
    source, entity = source_of(delivery)
    land(warehouse, source, entity, delivery.window, delivery.pages)


def drift(warehouse: Warehouse) -> list[tuple]:
    return rows(
        warehouse,
        "select window_start::date::text, kind, path, types_before, types_now from ops.drift order by drift_id",
    )


def test_the_first_load_is_what_later_ones_are_compared_with(warehouse: Warehouse) -> None:
    put(warehouse, 1)  # nothing came: there is nothing to compare with yet
    put(warehouse, 2, *deals(3, 2))
    assert drift(warehouse) == []
    assert rows(warehouse, "select path, types, present, possible from ops.source_field order by path") == [
        ("id", ["string"], 3, 3),
        ("properties", ["object"], 3, 3),
        ("properties.amount", ["string"], 3, 3),
        ("properties.createdate", ["string"], 3, 3),
        ("properties.dealstage", ["string"], 3, 3),
        ("properties.hs_lastmodifieddate", ["string"], 3, 3),
    ]


def test_a_new_field_is_told_once_and_kept_in_raw(warehouse: Warehouse) -> None:
    put(warehouse, 1, *deals(3, 1))
    put(warehouse, 2, *deals(500, 2), *deals(1, 3, rare=7))  # one of many is enough
    put(warehouse, 3, *deals(2, 4, rare=8))
    assert drift(warehouse) == [("2026-11-02", "new", "properties.rare", None, ["number"])]
    kept = "select count(*) from raw.sandbox_crm__deals where payload -> 'properties' ->> 'rare' is not null"
    assert rows(warehouse, kept) == [(3,)]


def test_another_type_is_told_once_and_null_is_none(warehouse: Warehouse) -> None:
    put(warehouse, 1, *deals(3, 1), *deals(1, 2, amount=None))
    put(warehouse, 2, *deals(3, 3, amount=None))
    put(warehouse, 3, *deals(1, 4, amount=5), *deals(1, 5))
    put(warehouse, 4, *deals(1, 6, amount=5.5))
    assert drift(warehouse) == [("2026-11-03", "retyped", "properties.amount", ["string"], ["number", "string"])]


def test_a_field_is_gone_when_it_should_have_been_seen_ten_times(warehouse: Warehouse) -> None:
    without = [{**deal, "properties": {k: v for k, v in deal["properties"].items() if k != "amount"}}
               for deal in deals(12, 2)]  # fmt: skip
    # every record has an amount, every fourth a note
    put(warehouse, 1, *deals(30, 1), *deals(10, 3, note="x"))
    put(warehouse, 2, *without[:9])
    assert drift(warehouse) == []  # nine may be chance
    put(warehouse, 3, without[9])
    assert drift(warehouse) == [("2026-11-03", "gone", "properties.amount", ["string"], None)]
    put(warehouse, 4, *without[10:])
    assert len(drift(warehouse)) == 1  # told once
    # back: new again, and it may go again
    put(warehouse, 5, *deals(1, 5))
    assert drift(warehouse)[1:] == [("2026-11-05", "new", "properties.amount", ["string"], ["string"])]


def test_a_rare_field_is_not_gone_for_being_rare(warehouse: Warehouse) -> None:
    put(warehouse, 1, *deals(99, 1), *deals(1, 2, rare="x"))
    put(warehouse, 2, *deals(500, 3))
    assert drift(warehouse) == []
    put(warehouse, 3, *deals(5_000, 4))
    assert [row[1:3] for row in drift(warehouse)] == [("gone", "properties.rare")]


def test_a_load_that_fails_has_told_nothing(warehouse: Warehouse) -> None:
    put(warehouse, 1, *deals(3, 1))
    source, entity = source_of(Delivery("sandbox_crm", "deals", DAYS[1], ()))

    def broken():
        yield page(*deals(3, 2, new=1))
        raise OSError("the source went away")

    with pytest.raises(OSError, match="went away"):
        land(warehouse, source, entity, DAYS[1], broken())
    assert drift(warehouse) == []


def test_files_in_columns_are_compared_too(warehouse: Warehouse) -> None:
    line = {"order_id": "1", "line": "1", "ordered_at": "2026-11-02T10:00:00Z", "quantity": "1", "unit_price": "5",
            "currency": "EUR", "customer_email": "a@b.co"}  # fmt: skip
    load(warehouse, Delivery("sandbox_orders", "orders", DAYS[0], (page(line),)))
    load(warehouse, Delivery("sandbox_orders", "orders", DAYS[1], (page(line | {"order_id": "2", "gift": "yes"}),)))
    load(warehouse, Delivery("sandbox_orders", "orders", DAYS[2], (Page([], []),)))
    assert [row[1:3] for row in drift(warehouse)] == [("new", "gift")]


def test_odd_keys_hold_nothing_up(warehouse: Warehouse) -> None:
    put(warehouse, 1, *deals(1, 1))
    odd = {"a\x00b": 1, "\ud800": 2, "x" * 100_000: 3, "x" * 100_001: 4, "": 5, "{,}": 6, "with.dot": {"x": 1}}
    records = deals(1, 2)
    records[0] |= odd
    text = json.dumps(records[0]).encode()
    source, entity = source_of(Delivery("sandbox_crm", "deals", DAYS[1], ()))
    landed = land(warehouse, source, entity, DAYS[1], [Page(records, [text])])
    assert landed.inserted == 1
    paths = [row[2] for row in drift(warehouse)]
    assert sorted(paths) == ["", "\\ud800", "a\\x00b", "with.dot", "with.dot.x", "x" * 300, "{,}"]
