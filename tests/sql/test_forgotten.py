"""Who was forgotten: keyed hashes, and loads that leave out what they are of."""

import hashlib
import hmac

from include.warehouse.connection import Warehouse
from include.window import Window
from tests.deliveries import Delivery, load, page, rows

DAY = Window.day("2026-11-20")


def contact(key: str, minute: int = 0) -> dict:
    at = f"2026-11-20T10:{minute:02}:00Z"
    known = {"lastmodifieddate": at, "createdate": at, "firstname": "A", "email": f"{key}@example.com"}
    return {"id": key, "properties": known, "archived": False}


def forget(warehouse: Warehouse, kind: str, value: str, source: str | None = None, entity: str | None = None) -> None:
    with warehouse.connect() as connection:
        connection.execute(
            "insert into ops.forgotten (kind, source, entity, hash)"
            " select %s, %s, %s, ops.forgotten_hash(%s, inner_pad, outer_pad) from ops.forgotten_salt",
            [kind, source, entity, value],
        )


def test_the_hash_is_hmac_sha256(warehouse: Warehouse) -> None:
    ((inner, outer, told),) = rows(
        warehouse,
        "select inner_pad, outer_pad, ops.forgotten_hash('email:jürgen@example.com', inner_pad, outer_pad)"
        " from ops.forgotten_salt",
    )
    key = bytes(byte ^ 0x36 for byte in inner)
    assert key == bytes(byte ^ 0x5C for byte in outer) and len(set(key)) > 8
    assert told == hmac.new(key, "email:jürgen@example.com".encode(), hashlib.sha256).digest()


def test_a_forgotten_record_counts_as_unchanged_in_first_and_later_loads(warehouse: Warehouse) -> None:
    forget(warehouse, "record", "record:sandbox_crm:2", "sandbox_crm", "contacts")
    for minute, others in ((0, 2), (1, 2)):
        landed, staged = load(
            warehouse, Delivery("sandbox_crm", "contacts", DAY, (page(*(contact(k, minute) for k in "123")),))
        )
        assert (landed.received, landed.inserted, landed.unchanged, landed.forgotten) == (3, others, 1, 1)
        assert (staged.validated, staged.staged) == (others, others)
    assert rows(warehouse, "select distinct source_id from raw.sandbox_crm__contacts order by 1") == [("1",), ("3",)]
    assert rows(warehouse, "select received = inserted + unchanged + unreadable, forgotten from ops.load") == [
        (True, 1), (True, 1),
    ]  # fmt: skip


def test_a_forgotten_address_leaves_raw_when_it_is_typed(warehouse: Warehouse) -> None:
    forget(warehouse, "email", "email:2@example.com")
    odd = contact("4")
    odd["properties"] |= {"createdate": "some day", "email": "2@example.com"}
    landed, staged = load(
        warehouse, Delivery("sandbox_crm", "contacts", DAY, (page(*(contact(k) for k in "123"), odd),))
    )
    assert (landed.received, landed.inserted) == (4, 4) and (staged.validated, staged.staged) == (2, 2)
    query = "select received, inserted, unchanged, forgotten, validated, staged, quarantined from ops.load"
    assert rows(warehouse, query) == [(4, 2, 2, 2, 2, 2, 0)]
    assert rows(warehouse, "select source_id from raw.sandbox_crm__contacts order by 1") == [("1",), ("3",)]
    assert rows(warehouse, "select count(*) from ops.quarantine") == [(0,)]


def test_a_text_that_cannot_be_read_is_not_kept_with_a_forgotten_address(warehouse: Warehouse) -> None:
    from include.sources.page import Page, Unreadable

    forget(warehouse, "email", "email:gone@example.com")
    torn = [Unreadable(f'{{"email": "{name}@Example.com"', "not_json", "test") for name in ("gone", "there")]
    landed, _ = load(warehouse, Delivery("sandbox_crm", "contacts", DAY, (Page([], [], torn, "test"),)))
    assert landed.unreadable == 2
    kept = rows(warehouse, "select payload from ops.quarantine order by payload nulls first")
    assert kept == [(None,), ('{"email": "there@Example.com"',)]


def test_an_order_of_somebody_forgotten_is_kept_without_them(warehouse: Warehouse) -> None:
    forget(warehouse, "email", "email:jane@example.com")
    line = {"order_id": "1", "line": "1", "ordered_at": "2026-11-20T10:00:00Z", "customer_email": "Jane@Example.com",
            "customer_name": "Jane Roe", "sku": "S", "product": "P", "quantity": "2", "unit_price": "10.50",
            "currency": "EUR", "country": "DE"}  # fmt: skip
    other = line | {"order_id": "2", "customer_email": "joe@example.com", "customer_name": "Joe Roe"}
    _, staged = load(warehouse, Delivery("sandbox_orders", "orders", DAY, (page(line, other),)))
    assert staged.staged == 2
    assert rows(
        warehouse,
        "select order_key, customer_email, customer_name, quantity * unit_price from staging.order_line order by 1",
    ) == [("1", None, None, 21), ("2", "joe@example.com", "Joe Roe", 21)]
    assert rows(warehouse, "select count(*) from raw.sandbox_orders__orders where payload::text ~* 'jane'") == [(0,)]
    # the same again is known as unchanged
    landed, _ = load(warehouse, Delivery("sandbox_orders", "orders", DAY, (page(line, other),)))
    assert (landed.inserted, landed.unchanged, landed.forgotten) == (0, 2, 0)
