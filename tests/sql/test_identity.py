"""Customers in the warehouse: one a person, ids that last, golden records with their history, decisions that hold."""

import hashlib
import random
from datetime import UTC, datetime

import psycopg
import pytest

from include.customers.identity.config import load_identity_config
from include.customers.identity.model import starting_model
from include.customers.kinds import ORGANISATION, PERSON
from include.customers.linking import decide, revoke, store_model
from include.warehouse.connection import Warehouse
from include.warehouse.core import build_core
from include.window import Window
from tests.conftest import Databases
from tests.deliveries import Delivery, checksums, load, page, rows

DAYS = [Window.day(f"2026-11-0{number}") for number in range(2, 9)]


def name_of(record: str, prefix: str = "c") -> str:
    """The id of the customer whose smallest record this is."""
    return prefix + hashlib.md5(record.encode()).hexdigest()[:16]


def contact(key: str, day: int, **told: str | bool) -> Delivery:
    """A contact of HubSpot, as a day's pull brought it."""
    at = f"2026-11-0{day + 2}T08:00:00Z"
    is_archived = bool(told.pop("archived", False))
    properties = {"createdate": "2026-10-01T00:00:00Z", "lastmodifieddate": at, **told}
    record = {"id": key, "properties": properties, "archived": is_archived}
    return Delivery("hubspot", "contacts", DAYS[day], (page(record),))


def company(key: str, day: int, **told: str | None) -> Delivery:
    """A company of HubSpot."""
    properties = {"createdate": "2026-10-01T00:00:00Z", "hs_lastmodifieddate": f"2026-11-0{day + 2}T08:00:00Z", **told}
    record = {"id": key, "properties": properties, "archived": False}
    return Delivery("hubspot", "companies", DAYS[day], (page(record),))


def user(key: int, day: int, **told: object) -> Delivery:
    """A user of the help desk."""
    at = f"2026-11-0{day + 2}T09:00:00Z"
    record = {"id": key, "role": "end-user", "active": True, "created_at": at, "updated_at": at, **told}
    return Delivery("zendesk", "users", DAYS[day], (page(record),))


ADA = {"email": "ada.lovelace@engine.example", "firstname": "Ada", "lastname": "Lovelace", "phone": "+44 7700 900123",
       "country": "United Kingdom", "city": "London"}  # fmt: skip


def told(warehouse: Warehouse, *deliveries: Delivery) -> None:
    """Load deliveries, core built after each."""
    for delivery in deliveries:
        load(warehouse, delivery)
        build_core(warehouse)


def customers(warehouse: Warehouse) -> list[set[str]]:
    """The records of each customer."""
    query = "select array_agg(record_id) from core.customer_link group by customer_id order by min(record_id)"
    return [set(row[0]) for row in rows(warehouse, query)]


def test_a_person_of_two_sources_is_one_customer_and_each_value_says_who_gave_it(embedded_warehouse: Warehouse) -> None:
    told(
        embedded_warehouse,
        user(7, 0, name="Ada Lovelace", email="ADA.LOVELACE@engine.example", phone="07700 900124", locale="en-gb"),
        contact("1", 1, **ADA),
    )
    link = "select source, record_key, customer_id from core.customer_link order by 1"
    first = name_of("hubspot:1")
    assert rows(embedded_warehouse, link) == [("hubspot", "1", first), ("zendesk", "7", first)]
    golden = (
        "select to_char(valid_from at time zone 'UTC', 'DD HH24'), full_name, email, phone, country, language,"
        " given_by ->> 'email', given_by ->> 'language' from core.dim_customer order by valid_from"
    )
    assert rows(embedded_warehouse, golden) == [
        ("02 09", "Ada Lovelace", "ADA.LOVELACE@engine.example", None, None, "en-GB", "zendesk:7", "zendesk:7"),
        # the CRM is trusted with addresses; of two phones the one told last counts
        ("03 08", "Ada Lovelace", "ada.lovelace@engine.example", "+447700900123", "GB", "en-GB", "hubspot:1",
         "zendesk:7"),
    ]  # fmt: skip
    # the id that the help desk's record alone had names the same customer still
    assert rows(embedded_warehouse, "select alias_id, customer_id from core.customer_alias order by 1") == sorted(
        [(first, first), (name_of("zendesk:7"), first)]
    )
    change = "select change, canonical_id, other_id, record_id from core.customer_change"
    assert rows(embedded_warehouse, change) == [("merged", first, name_of("zendesk:7"), "zendesk:7")]


def test_the_original_stays_beside_the_clean_value(embedded_warehouse: Warehouse) -> None:
    told(embedded_warehouse, contact("1", 0, **{**ADA, "country": " UK ", "phone": "call me"}))
    query = "select given, value, code from core.clean_value where field = %s"
    assert rows(embedded_warehouse, query, ["country"])[0][:2] == (" UK ", "GB")
    assert rows(embedded_warehouse, query, ["phone"]) == [("call me", None, "invalid")]


def test_strangers_who_share_a_mailbox_a_phone_or_an_office_stay_apart(embedded_warehouse: Warehouse) -> None:
    shared = {"phone": "+44 7700 900100", "city": "London", "country": "United Kingdom", "company": "Engine Ltd"}
    told(
        embedded_warehouse,
        contact("1", 0, **shared, email="info@engine.example", firstname="Ada", lastname="Lovelace"),
        contact("2", 1, **shared, email="info@engine.example", firstname="Charles", lastname="Babbage"),
        contact("3", 2, **shared, email="mary@engine.example", firstname="Mary", lastname="Somerville"),
    )
    assert customers(embedded_warehouse) == [{"hubspot:1"}, {"hubspot:2"}, {"hubspot:3"}]


def test_a_customer_whom_every_source_dropped_is_deleted_and_still_named(embedded_warehouse: Warehouse) -> None:
    told(embedded_warehouse, contact("1", 0, **ADA), contact("1", 1, archived=True, **ADA))
    query = "select is_deleted, is_current, email from core.dim_customer order by valid_from"
    assert rows(embedded_warehouse, query) == [
        (False, False, ADA["email"]), (True, True, ADA["email"]),
    ]  # fmt: skip
    assert customers(embedded_warehouse) == [{"hubspot:1"}]


def test_decisions_hold_against_the_model_and_can_be_taken_back(embedded_warehouse: Warehouse) -> None:
    same = {**ADA, "email": "ada@home.example"}
    told(embedded_warehouse, contact("1", 0, **ADA), contact("2", 0, **ADA), contact("3", 0, **same, company="Other"))
    assert {"hubspot:1", "hubspot:2"} <= customers(embedded_warehouse)[0]
    with embedded_warehouse.connect() as connection:
        decide(connection, PERSON, ("hubspot:2", "hubspot:1"), is_same=False, reason="twins", by="ann")
    build_core(embedded_warehouse)
    assert not any({"hubspot:1", "hubspot:2"} <= group for group in customers(embedded_warehouse))
    split = "select change, reason from core.customer_change where change = 'split'"
    assert ("split", "decided by ann: twins") in rows(embedded_warehouse, split)
    # a new model, and a change of one of them, do not bring them together
    with embedded_warehouse.connect() as connection:
        store_model(connection, PERSON, starting_model(load_identity_config().persons))
    told(embedded_warehouse, contact("1", 2, **{**ADA, "city": "Leeds"}))
    assert not any({"hubspot:1", "hubspot:2"} <= group for group in customers(embedded_warehouse))
    with embedded_warehouse.connect() as connection:
        assert revoke(connection, PERSON, ("hubspot:1", "hubspot:2"))
    build_core(embedded_warehouse)
    assert {"hubspot:1", "hubspot:2"} <= customers(embedded_warehouse)[0]


def test_two_that_look_unlike_are_one_when_somebody_says_so(embedded_warehouse: Warehouse) -> None:
    told(embedded_warehouse, contact("1", 0, **ADA), contact("2", 0, email="king@noel.example", lastname="Noel"))
    assert customers(embedded_warehouse) == [{"hubspot:1"}, {"hubspot:2"}]
    with embedded_warehouse.connect() as connection:
        decide(connection, PERSON, ("hubspot:1", "hubspot:2"), is_same=True, reason="married name", by="ann")
    build_core(embedded_warehouse)
    assert customers(embedded_warehouse) == [{"hubspot:1", "hubspot:2"}]


@pytest.mark.parametrize(
    ("records", "says"),
    [(("hubspot:1", "hubspot:1"), "is one record"), (("hubspot:1", "crm:9"), "crm:9 is no record of a person")],
)
def test_a_decision_on_what_is_not_there_is_refused(
    embedded_warehouse: Warehouse, records: tuple[str, str], says: str
) -> None:
    told(embedded_warehouse, contact("1", 0, **ADA))
    with embedded_warehouse.connect() as connection, pytest.raises(ValueError, match=says):
        decide(connection, PERSON, records, is_same=True, reason="", by="ann")


def test_companies_are_one_by_domain_and_name_and_their_people_follow(embedded_warehouse: Warehouse) -> None:
    organization = {"id": 5, "name": "Engine Limited", "domain_names": ["engine.example"], "details": None,
                    "created_at": "2026-11-03T09:00:00Z", "updated_at": "2026-11-03T09:00:00Z"}  # fmt: skip
    told(
        embedded_warehouse,
        company("9", 0, name="Engine Ltd.", domain="www.engine.example", country="UK"),
        contact("1", 0, **ADA, associatedcompanyid="9"),
        Delivery("zendesk", "organizations", DAYS[1], (page(organization),)),
        user(7, 2, name="Ada Lovelace", email="ada@private.example", organization_id=5),
    )
    links = rows(embedded_warehouse, "select record_id, company_id from core.company_link order by 1")
    assert links == [("hubspot:9", name_of("hubspot:9", "o")), ("zendesk:5", name_of("hubspot:9", "o"))]
    current = "select distinct company_id from core.dim_customer where is_current"
    assert rows(embedded_warehouse, current) == [(name_of("hubspot:9", "o"),)]


def test_history_can_have_no_overlap(embedded_warehouse: Warehouse) -> None:
    told(embedded_warehouse, contact("1", 0, **ADA), contact("1", 1, **{**ADA, "city": "Leeds"}))
    gaps = (
        "select count(*) from (select valid_to, lead(valid_from) over (partition by customer_id order by valid_from)"
        " as next_from from core.dim_customer) as t where valid_to is distinct from next_from"
    )
    assert rows(embedded_warehouse, gaps) == [(0,)]
    with embedded_warehouse.connect() as connection, pytest.raises(psycopg.errors.ExclusionViolation):
        connection.execute(
            "insert into core.dim_customer (customer_id, valid_from, is_current, first_seen_at)"
            " select customer_id, %s, true, first_seen_at from core.dim_customer where is_current",
            [datetime(2026, 11, 5, tzinfo=UTC)],
        )


def test_whatever_the_order_the_customers_are_the_same_and_every_id_resolves(embedded: Databases) -> None:
    """Fourteen records of six people and two firms, as they come from day to day; core is built after each."""
    people = [
        contact("1", 0, **ADA, associatedcompanyid="9"),
        contact("2", 1, firstname="Augusta Ada", lastname="Lovelace", phone="+447700900123", email="ada@home.example"),
        user(7, 1, name="A. Lovelace", email="ada@home.example"),
        contact("3", 2, firstname="Charles", lastname="Babbage", email="cb@engine.example", associatedcompanyid="9"),
        user(8, 3, name="Charles Babbage", email="cb@engine.example", phone="+447700900777"),
        contact("1", 3, **{**ADA, "lastname": "King"}, associatedcompanyid="10"),
        user(9, 4, name="王小明", email="wang@example.cn"),
        contact("4", 5, firstname="小明", lastname="王", email="wang@example.cn"),
        company("9", 0, name="Engine Ltd", domain="engine.example"),
        company("10", 4, name="Engine Limited", domain="engine.example"),
        contact("5", 5, firstname="Mary", lastname="Somerville", email="mary@somerville.example"),
        contact("3", 6, archived=True, firstname="Charles", lastname="Babbage", email="cb@engine.example"),
    ]
    dice = random.Random(7)
    sums = []
    for _ in range(3):
        warehouse = embedded.warehouse()
        told(warehouse, *people)
        sums.append(checksums(warehouse, ["core"]))
        given = rows(warehouse, "select canonical_id from core.identity_alias where kind = 'person'")
        resolved = rows(warehouse, "select alias_id from core.customer_alias")
        assert sorted(given) == sorted(resolved)
        dice.shuffle(people)
    assert sums[0] == sums[1] == sums[2]


def test_organisations_too_are_decided(embedded_warehouse: Warehouse) -> None:
    told(embedded_warehouse, company("9", 0, name="Engine Ltd", domain="engine.example"),
         company("10", 0, name="Difference Works", domain="difference.example"))  # fmt: skip
    with embedded_warehouse.connect() as connection:
        decide(connection, ORGANISATION, ("hubspot:9", "hubspot:10"), is_same=True, reason="bought", by="ann")
    build_core(embedded_warehouse)
    assert rows(embedded_warehouse, "select count(distinct company_id) from core.company_link") == [(1,)]
