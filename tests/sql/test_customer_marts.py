"""One row a customer and the quality of the sources' data, on little cases worked out by hand beside them."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import orjson
import psycopg
import pytest

from include.customers import golden
from include.customers.golden import Golden
from include.service.rules import write_service
from include.warehouse.connection import Warehouse
from include.warehouse.marts import build_marts, settle_marts
from include.window import Window
from tests.deliveries import checksums, rows
from tests.sql.test_report_figures import at, put

HASH = "00000000-0000-0000-0000-00000000000"
WEEK = [date(2026, 11, day) for day in range(9, 14)]


@pytest.fixture
def warehouse(embedded_warehouse: Warehouse) -> Warehouse:
    """An empty warehouse."""
    return embedded_warehouse


@pytest.fixture
def connection(warehouse: Warehouse) -> Iterator[psycopg.Connection]:
    """A connection to it; what is put is committed when the marts are built."""
    with warehouse.connect() as opened:
        yield opened


def build(warehouse: Warehouse, connection: psycopg.Connection, days: list[date] = WEEK[-1:]) -> None:
    connection.commit()
    for day in days:
        build_marts(warehouse, "customers", Window.between(day, day), settle=False)


def person(connection: psycopg.Connection, customer_id: str, *records: str, **fields: Any) -> None:
    put(connection, "core.dim_customer", {"valid_from": at("07-01"), "first_seen_at": at("07-01"), "is_current": True},
        {"customer_id": customer_id, "is_deleted": False, "given_by": orjson.dumps({"full_name": records[0]}).decode(),
         **fields})  # fmt: skip
    for record in records:
        source, key = record.split(":", 1)
        put(connection, "core.customer_link", {}, {
            "source": source, "record_key": key, "record_id": record, "customer_id": customer_id,
        })  # fmt: skip


def company(connection: psycopg.Connection, company_id: str, **fields: Any) -> None:
    put(connection, "core.dim_company", {"valid_from": at("07-01"), "first_seen_at": at("07-01"), "is_current": True},
        {"company_id": company_id, "is_deleted": False, "given_by": "{}", **fields})  # fmt: skip


def one(warehouse: Warehouse, columns: str, customer_id: str = "c1") -> tuple:
    (row,) = rows(warehouse, f"select {columns} from mart.customer_360 where customer_id = %s", [customer_id])  # noqa: S608
    return row


def test_a_customer_is_one_row_with_all_that_we_have_to_do_with_them(
    warehouse: Warehouse, connection: psycopg.Connection
) -> None:
    write_service(connection)  # which statuses are an end
    person(connection, "c1", "crm:1", "desk:1", "shop:email:a@b.example", full_name="Ann Lee", email="a@b.example")
    person(connection, "c2", "crm:2", full_name="Bob")
    person(connection, "c3", "crm:3", full_name="Gone", is_deleted=True)
    for key, status in (("new", "open"), ("won", "won"), ("lost", "lost")):
        put(connection, "core.dim_pipeline_stage", {"source": "crm", "position": 1, "probability": 0}, {
            "stage_key": key, "stage_name": key, "status": status,
        })  # fmt: skip
    for rep in ("r1", "r2"):
        put(connection, "core.dim_rep", {"valid_from": at("01-01"), "is_current": True, "source": "crm"}, {
            "rep_id": f"crm:{rep}", "full_name": f"Rep {rep}",
        })  # fmt: skip
    deal = {"source": "crm", "customer_key": "1", "first_seen_at": at("08-01"), "is_deleted": False, "currency": "USD"}
    for number, (stage, amount, more) in enumerate((
        ("new", 100, {"owner_key": "r1", "created_at": at("09-01")}),
        ("new", 10, {"owner_key": "r2", "created_at": at("10-01")}),  # the newest that is open
        ("new", None, {}),
        ("won", 1000, {"owner_key": "r1", "created_at": at("11-01")}),
        ("won", 5000, {"currency": "EUR"}),
        ("lost", 7, {}),
        ("unheard of", 1, {}),  # a stage that nobody told of: open
        ("new", 9999, {"is_deleted": True}),
    )):  # fmt: skip
        told: dict = {"deal_id": str(number), "stage_key": stage, "amount": amount}
        put(connection, "core.fct_deal", deal, told | dict(more))  # type: ignore[call-overload]
    put(connection, "core.fct_activity", {"source": "crm", "activity_type": "calls", "customer_key": "1"},
        {"activity_id": "1", "occurred_at": at("10-05"), "is_completed": True, "is_deleted": False},
        {"activity_id": "2", "occurred_at": at("12-24"), "is_completed": False, "is_deleted": False},
        {"activity_id": "3", "occurred_at": at("12-25"), "is_completed": True, "is_deleted": True})  # fmt: skip
    put(connection, "core.fct_ticket", {"source": "desk", "requester_key": "1", "is_deleted": False},
        {"ticket_id": "1", "status": "closed", "created_at": at("09-09")},
        {"ticket_id": "2", "status": "pending", "created_at": at("10-10")},
        {"ticket_id": "3", "status": "solved", "created_at": at("10-09")},
        {"ticket_id": "4", "status": "open", "created_at": at("11-09"), "is_deleted": True})  # fmt: skip
    put(connection, "core.fct_satisfaction", {"source": "desk"},
        {"rating_id": "1", "ticket_id": "1", "score": "bad", "rated_at": at("09-10")},
        {"rating_id": "2", "ticket_id": "1", "score": "good", "rated_at": at("09-11")},
        {"rating_id": "3", "ticket_id": "3", "score": "bad", "rated_at": at("10-12")},
        {"rating_id": "4", "ticket_id": "2", "score": "offered", "rated_at": at("10-13")})  # fmt: skip
    put(connection, "core.fct_message", {"source": "desk", "update_key": "1", "ticket_id": "2"},
        {"message_id": "1", "is_public": True, "sent_at": at("10-14 09:30")},
        {"message_id": "2", "is_public": False, "sent_at": at("10-15")})  # fmt: skip
    line = {"source": "shop", "line_no": 1, "customer_key": "email:a@b.example"}
    put(connection, "core.fct_order_line", line,
        {"order_id": "1", "ordered_at": at("08-01"), "amount": 20, "currency": "USD"},
        {"order_id": "2", "ordered_at": at("08-02"), "amount": 30, "currency": "USD"},
        {"order_id": "3", "ordered_at": at("08-03"), "amount": 900, "currency": "EUR"},
        {"order_id": "4", "ordered_at": at("08-03"), "amount": 900, "currency": "EUR"})  # fmt: skip
    build(warehouse, connection)

    assert one(warehouse, "records, sources, given_by, filled_from") == (
        3, ["crm", "desk", "shop"], {"full_name": "crm:1"}, {},
    )  # fmt: skip
    # 100 + 10 + 1 open, 1,000 won; the 5,000 are another currency
    deals = (
        "deals, open_deals, won_deals, lost_deals, deal_currency, open_amount, won_amount, deals_in_other_currencies"
    )
    assert one(warehouse, deals) == (7, 4, 2, 1, "USD", 111, 1000, 1)
    assert one(warehouse, "owner_id, owner_name, last_activity_at") == ("crm:r2", "Rep r2", at("10-05"))
    assert one(warehouse, "tickets, open_tickets, last_ticket_at, good_ratings, bad_ratings") == (
        3, 1, at("10-10"), 1, 1,
    )  # fmt: skip
    # dollars on two days, euros on one, though more of them
    orders = "orders, first_order_at, last_order_at, order_currency, order_amount, orders_in_other_currencies"
    assert one(warehouse, orders) == (4, at("08-01"), at("08-03"), "USD", 50, 2)
    assert one(warehouse, "last_touch_at") == (at("10-14 09:30"),)
    assert one(warehouse, "round(completeness, 6)") == (Decimal("0.333333"),)  # name and e-mail, of six
    assert one(warehouse, "deals, tickets, orders, deal_currency, order_currency, last_touch_at", "c2") == (
        0, 0, 0, None, None, None,
    )  # fmt: skip
    assert rows(warehouse, "select customer_id from mart.customer_360 order by 1") == [("c1",), ("c2",)]
    assert rows(warehouse, "select keys, words from mart.customer_search") == []  # no record told anything


def test_the_owner_is_of_the_latest_record_where_no_deal_is_open(
    warehouse: Warehouse, connection: psycopg.Connection
) -> None:
    person(connection, "c1", "crm:1", "crm:2", full_name="Ann Lee")
    connection.execute("create table staging.crm__people partition of staging.customer for values in ('crm__people')")
    put(connection, "core.dim_rep", {"valid_from": at("01-01"), "is_current": True, "source": "crm"},
        {"rep_id": "crm:r1", "full_name": "One"}, {"rep_id": "crm:r2", "full_name": "Two"})  # fmt: skip
    version = {"source_table": "crm__people", "load_id": 1, "payload_hash": f"{HASH}0"}
    put(connection, "staging.customer", version,
        {"source_id": "1", "version_at": at("10-01"), "owner_key": "r2"},
        {"source_id": "1", "version_at": at("10-05"), "owner_key": "r1"},
        {"source_id": "2", "version_at": at("10-03"), "owner_key": "r2"})  # fmt: skip
    build(warehouse, connection)
    assert one(warehouse, "owner_id, owner_name") == ("crm:r1", "One")


def test_a_company_fills_what_is_missing_but_never_half_an_address(
    warehouse: Warehouse, connection: psycopg.Connection
) -> None:
    company(connection, "o1", name="Acme Ltd", domain="acme.example", city="Leeds", country="GB", street="High Street",
            phone="+441132000000", industry="Toys")  # fmt: skip
    at_acme = {"company_id": "o1"}
    person(connection, "c1", "crm:1", **at_acme)
    person(connection, "c2", "crm:2", **at_acme, country="GB")
    person(connection, "c3", "crm:3", **at_acme, country="FR")
    person(connection, "c4", "crm:4", **at_acme, street="Rue Haute", website="ann.example", company_name="ACME")
    person(connection, "c5", "crm:5")
    build(warehouse, connection)
    # city, country and website are what golden.yaml lets the company fill
    columns = "select website, street, city, country, phone, company_name, filled_from from mart.customer_360"
    assert rows(warehouse, f"{columns} order by customer_id") == [
        ("acme.example", None, "Leeds", "GB", None, "Acme Ltd", {"website": "o1", "city": "o1", "country": "o1"}),
        ("acme.example", None, "Leeds", "GB", None, "Acme Ltd", {"website": "o1", "city": "o1"}),
        ("acme.example", None, None, "FR", None, "Acme Ltd", {"website": "o1"}),
        ("ann.example", "Rue Haute", None, None, None, "ACME", {}),
        (None, None, None, None, None, None, {}),
    ]


def test_only_what_a_company_has_can_be_asked_of_it() -> None:
    with pytest.raises(ValueError, match=r"persons\.missing\.birth_date: a company fills only phone, website, house_"):
        Golden.model_validate({"persons": {"missing": {"birth_date": "company"}}, "organisations": {}})
    assert "city" in golden.load_golden_config().persons.missing


def version(connection: psycopg.Connection, key: str, when: str, codes: dict | None = None, **given: Any) -> None:
    """A version of a person's record in crm: clean as given but for what a code calls invalid."""
    more: dict = {
        name: given.pop(name) for name in ("kind", "source", "is_deleted", "is_staff", "payload_hash") if name in given
    }
    source = more.get("source", "crm")
    clean = {name: value for name, value in given.items() if not (codes or {}).get(name, "").startswith("invalid")}
    defaults: dict = {
        "kind": "person",
        "source": source,
        "payload_hash": f"{HASH}0",
        "is_deleted": False,
        "is_staff": False,
    }
    put(connection, "core.clean_version", defaults, {
        "record_id": f"{source}:{key}", "record_key": key, "version_at": at(when), **more,
        "given": orjson.dumps(given).decode(), "fields": orjson.dumps(clean).decode(),
        "codes": orjson.dumps(codes or {}).decode(),
    })  # fmt: skip


def quality(warehouse: Warehouse, field: str, kind: str = "person", source: str = "crm") -> dict[int, tuple]:
    """Day of November → records, filled, valid, distinct values, changed."""
    found = rows(
        warehouse,
        "select day_on, records, filled, valid, distinct_values, changed from mart.data_quality_daily"
        " where field = %s and kind = %s and source = %s order by day_on",
        [field, kind, source],
    )
    return {row[0].day: row[1:] for row in found}


def some_history(connection: psycopg.Connection) -> None:
    """Four records of people over five days, and one of a company."""
    version(connection, "1", "11-01", email="a@x.example", city="Rom")
    version(connection, "2", "11-09 08:00", email="a@x.example")
    version(connection, "3", "11-09 09:00", {"email": "invalid"}, email="nonsense")
    version(connection, "9", "11-09", email="agent@x.example", is_staff=True)
    # the 10th: 1 goes to another address and back again, 2 to a new one, 3 is mended
    version(connection, "1", "11-10 08:00", email="z@x.example", city="Rom")
    version(connection, "1", "11-10 09:00", email="a@x.example", city="Rom")
    version(connection, "2", "11-10 10:00", email="b@x.example")
    version(connection, "3", "11-10 11:00", email="a@x.example")
    # the 11th: 4 comes; two versions of one instant, of which the one with the greater hash counts
    version(connection, "4", "11-11 12:00", email="early@x.example", payload_hash=f"{HASH}1")
    version(connection, "4", "11-11 12:00", {"email": "empty"}, email=" ", payload_hash=f"{HASH}2")
    # the 12th: 2 loses its address, 3 is gone
    version(connection, "2", "11-12 10:00", job_title="CEO")
    version(connection, "3", "11-12 11:00", email="a@x.example", is_deleted=True)
    version(connection, "1", "11-11", kind="organisation", source="desk", domain="x.example")


QUALITY = {
    # records, filled, valid, distinct values, changed
    9: (3, 3, 2, 1, 0),  # 1 and 2 share an address, 3's is none; who works for us is nobody
    10: (3, 3, 3, 2, 2),  # 2 and 3 have another one; 1 at the end of the day has the same
    11: (4, 3, 3, 2, 0),  # 4 has none
    12: (3, 1, 1, 1, 1),  # 2's went; 3 went with all it had, which is no change of a value
    13: (3, 1, 1, 1, 0),
}


def test_the_quality_of_a_field_day_by_day(warehouse: Warehouse, connection: psycopg.Connection) -> None:
    some_history(connection)
    build(warehouse, connection, WEEK)
    assert quality(warehouse, "email") == QUALITY
    assert quality(warehouse, "city") == {day: (QUALITY[day][0], 1, 1, 1, 0) for day in QUALITY}
    assert quality(warehouse, "job_title") == {12: (3, 1, 1, 1, 1), 13: (3, 1, 1, 1, 0)}  # from when it is filled on
    assert quality(warehouse, "domain", "organisation", "desk") == {
        11: (1, 1, 1, 1, 0), 12: (1, 1, 1, 1, 0), 13: (1, 1, 1, 1, 0),
    }  # fmt: skip
    shares = "select field, round(completeness, 4)::text from mart.data_quality_daily where day_on = '2026-11-09'"
    assert rows(warehouse, f"{shares} order by field") == [("city", "0.3333"), ("email", "0.6667")]


def same(warehouse: Warehouse) -> dict[str, str]:
    """Checksums of the marts but for the value, which is of the last fresh day that was built."""
    return {table: sum for table, sum in checksums(warehouse, ["mart"]).items() if table != "mart.customer_value"}


def test_marts_are_the_same_in_any_order_and_again(warehouse: Warehouse, connection: psycopg.Connection) -> None:
    some_history(connection)
    person(connection, "c1", "crm:1", "crm:2", full_name="Ann Lee")
    build(warehouse, connection, WEEK)
    sums = same(warehouse)
    build(warehouse, connection, WEEK)
    assert same(warehouse) == sums
    connection.execute("truncate mart.data_quality_daily, mart.customer_360, mart.customer_search")
    build(warehouse, connection, WEEK[::-1])
    assert same(warehouse) == sums
    connection.execute("truncate mart.data_quality_daily")
    connection.execute("update ops.mart_day set is_stale = true")
    connection.commit()
    settle_marts(warehouse, "customers")  # all days in one statement
    assert same(warehouse) == sums
    assert quality(warehouse, "email") == QUALITY


def test_whoever_is_gone_from_core_is_gone_from_screen_and_search(
    warehouse: Warehouse, connection: psycopg.Connection
) -> None:
    person(connection, "c1", "crm:1", full_name="Ann Lee")
    version(connection, "1", "11-09", full_name="Ann Lee")
    build(warehouse, connection)
    assert rows(warehouse, "select customer_id, words from mart.customer_search") == [("c1", " ann lee ")]
    for table in ("dim_customer", "customer_link", "clean_version"):
        connection.execute(f"delete from core.{table}".encode())  # noqa: S608
    build(warehouse, connection)
    assert rows(warehouse, "table mart.customer_360") == rows(warehouse, "table mart.customer_search") == []
