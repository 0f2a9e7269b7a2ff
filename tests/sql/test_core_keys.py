"""Core on keys that meet: merged records, moves that are records of their own, two entities in one table."""

import hashlib

import pytest

from include.warehouse.connection import Warehouse
from include.warehouse.core import build_core
from include.warehouse.marts import build_marts
from include.window import Window
from tests.conftest import Databases
from tests.deliveries import Delivery, checksums, load, page, rows

DAYS = [Window.day(f"2026-11-0{number}") for number in (2, 3, 4)]


def company(key: str, at: str, name: str, merged: str | None = None) -> dict:
    """A company as HubSpot gives it."""
    properties = {"name": name, "hs_lastmodifieddate": at, "createdate": "2026-10-01T00:00:00Z"}
    return {"id": key, "properties": properties | {"hs_merged_object_ids": merged}, "archived": False}


def contact(key: str, at: str, email: str, merged: str | None = None) -> dict:
    """A contact as HubSpot gives it."""
    properties = {"email": email, "firstname": key, "lastmodifieddate": at, "createdate": "2026-10-01T00:00:00Z"}
    return {"id": key, "properties": properties | {"hs_merged_object_ids": merged}, "archived": False}


def deal(key: str, at: str, merged: str | None = None) -> dict:
    """A deal as HubSpot gives it."""
    properties = {"dealname": key, "dealstage": "new", "hs_lastmodifieddate": at, "createdate": "2026-10-01T00:00:00Z"}
    return {"id": key, "properties": properties | {"hs_merged_object_ids": merged}, "archived": False}


def opportunity(at: str, stage: str) -> dict:
    """An opportunity as Salesforce gives it."""
    return {"Id": "006A", "Name": "A", "StageName": stage, "CreatedDate": "2026-11-01T09:00:00.000+0000",
            "IsDeleted": False, "SystemModstamp": at}  # fmt: skip


def move(number: int, at: str, stage: str, **more: object) -> dict:
    """A move of the opportunity."""
    return {"Id": f"008{number}", "OpportunityId": "006A", "StageName": stage, "CreatedDate": at, "IsDeleted": False,
            "SystemModstamp": at, **more}  # fmt: skip


def in_any_order(databases: Databases, deliveries: list[Delivery]) -> Warehouse:
    """A warehouse with the deliveries, core built after each; whichever comes first, core is the same."""
    sums, warehouse = [], databases.warehouse()
    for first in range(len(deliveries)):
        order = [deliveries[first], *reversed(deliveries[:first]), *deliveries[first + 1 :]]
        warehouse = databases.warehouse()
        for delivery in order:
            load(warehouse, delivery)
            build_core(warehouse)
        sums.append(checksums(warehouse, ["core"]))
    assert all(one == sums[0] for one in sums)
    return warehouse


def test_companies_that_the_source_merged_are_one(embedded: Databases) -> None:
    # HubSpot makes a third record of two, and tells nothing more of them
    warehouse = in_any_order(
        embedded,
        [
            Delivery("hubspot", "companies", DAYS[0], (page(
                company("1", "2026-11-02T08:00:00Z", "Acme"), company("2", "2026-11-02T09:00:00Z", "Acme Ltd")),)),
            Delivery("hubspot", "companies", DAYS[1], (page(company("3", "2026-11-03T10:00:00Z", "Acme", "1;2")),)),
            Delivery("hubspot", "companies", DAYS[2], (page(company("3", "2026-11-04T10:00:00Z", "ACME", "1;2")),)),
        ],
    )  # fmt: skip
    links = rows(warehouse, "select record_key, company_id from core.company_link order by 1")
    name = "o" + hashlib.md5(b"hubspot:1").hexdigest()[:16]  # after the smallest of the three
    assert links == [("1", name), ("2", name), ("3", name)]
    query = (
        "select name, given_by ->> 'name', is_deleted, to_char(valid_from at time zone 'UTC', 'DD HH24'), is_current"
        " from core.dim_company order by valid_from"
    )
    assert rows(warehouse, query) == [
        ("Acme", "hubspot:1", False, "02 08", False),
        ("Acme Ltd", "hubspot:2", False, "02 09", False),
        ("Acme", "hubspot:3", False, "03 10", False),  # the two are gone from the first word of it on
        ("ACME", "hubspot:3", False, "04 10", True),
    ]


def test_people_merged_away_are_one_and_deals_end_as_deleted(embedded: Databases) -> None:
    # as HubSpot did it before: the record goes on under the key of one of the two, and names both
    people = in_any_order(
        embedded,
        [
            Delivery("hubspot", "contacts", DAYS[0], (page(
                contact("1", "2026-11-02T08:00:00Z", "a@b.co"), contact("2", "2026-11-02T09:00:00Z", "c@d.co")),)),
            Delivery("hubspot", "contacts", DAYS[1], (page(contact("1", "2026-11-03T10:00:00Z", "a@b.co", "1;2")),)),
        ],
    )  # fmt: skip
    links = "select record_key, dense_rank() over (order by customer_id) from core.customer_link order by 1"
    assert rows(people, links) == [("1", 1), ("2", 1)]
    assert rows(people, "select email from core.dim_customer where is_current") == [("a@b.co",)]
    deals = in_any_order(
        embedded,
        [
            Delivery("hubspot", "deals", DAYS[0], (page(
                deal("1", "2026-11-02T08:00:00Z"), deal("2", "2026-11-02T08:00:00Z")),)),
            Delivery("hubspot", "deals", DAYS[1], (page(deal("3", "2026-11-03T10:00:00Z", "1;2")),)),
        ],
    )  # fmt: skip
    assert rows(deals, "select deal_id, is_deleted from core.fct_deal order by 1") == [
        ("1", True), ("2", True), ("3", False),
    ]  # fmt: skip


def test_moves_that_are_records_make_the_visits_whatever_the_versions_show(embedded: Databases) -> None:
    warehouse = in_any_order(
        embedded,
        [
            Delivery("salesforce", "opportunities", DAYS[0], (page(
                opportunity("2026-11-02T08:00:00Z", "Prospecting")),)),
            Delivery("salesforce", "opportunities", DAYS[1], (page(
                opportunity("2026-11-03T11:00:00Z", "Closed Won")),)),
            # the source knows two moves of that day, of which the opportunity shows the last
            Delivery("salesforce", "opportunity_history", DAYS[1], (page(
                move(1, "2026-11-01T09:00:00Z", "Prospecting"), move(2, "2026-11-03T09:00:00Z", "Proposal"),
                move(3, "2026-11-03T10:00:00Z", "Proposal"), move(4, "2026-11-03T11:00:00Z", "Closed Won"),
                move(5, "2026-11-03T12:00:00Z", "Closed Lost", IsDeleted=True)),)),
        ],
    )  # fmt: skip
    query = (
        "select visit_no, stage_key, to_char(entered_at at time zone 'UTC', 'DD HH24')"
        " from core.fct_deal_stage order by visit_no"
    )
    assert rows(warehouse, query) == [(1, "Prospecting", "01 09"), (2, "Proposal", "03 09"), (3, "Closed Won", "03 11")]


def test_without_moves_the_versions_are_what_there_is(embedded_warehouse: Warehouse) -> None:
    for number, stage in enumerate(("Prospecting", "Proposal")):
        record = opportunity(f"2026-11-0{number + 2}T08:00:00Z", stage)
        load(embedded_warehouse, Delivery("salesforce", "opportunities", DAYS[number], (page(record),)))
    build_core(embedded_warehouse)
    query = "select stage_key from core.fct_deal_stage order by visit_no"
    assert rows(embedded_warehouse, query) == [("Prospecting",), ("Proposal",)]


def test_a_visit_is_added_where_the_history_ends_elsewhere_than_the_deal(embedded: Databases) -> None:
    def told(at: str, stage: str, close: str, moves: int) -> dict:
        history = [{"value": stage, "timestamp": f"2026-11-0{n}T09:00:00Z"} for n, stage in ((2, "old"), (1, "new"))]
        properties = {"dealname": "A", "dealstage": stage, "hs_lastmodifieddate": at, "closedate": close,
                      "createdate": "2026-11-01T09:00:00Z"}  # fmt: skip
        dates = [{"value": "2026-12-20T00:00:00Z", "timestamp": "2026-11-02T09:00:00Z"},
                 {"value": "2026-11-30T00:00:00Z", "timestamp": "2026-11-01T09:00:00Z"}]  # fmt: skip
        return {"id": "1", "properties": properties, "archived": False,
                "history": {"dealstage": history[-moves:], "closedate": dates[-moves:]}}  # fmt: skip

    stage = {"id": "won", "label": "Won", "displayOrder": 9, "metadata": {"isClosed": "true", "probability": "1.0"},
             "parent": {"id": "p", "label": "Sales"}, "updatedAt": "2026-11-01T00:00:00Z"}  # fmt: skip
    warehouse = in_any_order(
        embedded,
        [
            Delivery("hubspot", "pipelines", DAYS[0], (page(stage),)),
            Delivery("hubspot", "deals", DAYS[0], (page(told("2026-11-01T09:00:00Z", "new", "2026-11-30", 1)),)),
            # it went on to another stage, and was won since, of which the history says nothing
            Delivery("hubspot", "deals", DAYS[2], (page(told("2026-11-04T09:00:00Z", "won", "2026-11-03T10:00Z", 2)),)),
        ],
    )  # fmt: skip
    query = (
        "select stage_key, to_char(entered_at at time zone 'UTC', 'DD HH24'), exited_at is null, origin, is_mended"
        " from core.fct_deal_stage order by visit_no"
    )
    assert rows(warehouse, query) == [
        ("new", "01 09", False, "history", False), ("old", "02 09", False, "history", False),
        ("won", "03 10", True, "history", True),  # on its close date
    ]  # fmt: skip
    dates = "select expected_close_on::text, known_from::date::text from core.fct_deal_close_date order by version_no"
    assert rows(warehouse, dates) == [("2026-11-30", "2026-11-01"), ("2026-12-20", "2026-11-02")]


def test_a_person_whose_key_is_a_reps_leaves_the_rep_alone(embedded_warehouse: Warehouse) -> None:
    owner = {"id": "7", "email": "ann@example.com", "firstName": "Ann", "updatedAt": "2026-11-02T08:00:00Z"}
    load(embedded_warehouse, Delivery("hubspot", "owners", DAYS[0], (page(owner),)))
    build_core(embedded_warehouse)
    person = contact("7", "2026-11-03T08:00:00Z", "bob@example.com")
    load(embedded_warehouse, Delivery("hubspot", "contacts", DAYS[1], (page(person),)))
    build_core(embedded_warehouse)
    assert rows(embedded_warehouse, "select rep_id, full_name from core.dim_rep") == [("hubspot:7", "Ann")]


def test_two_entities_feed_one_table_with_their_own_ids_only(embedded_warehouse: Warehouse) -> None:
    lead = {"Id": "00Q1", "Email": "a@b.co", "SystemModstamp": "2026-11-02T08:00:00Z"}
    landed, staged = load(
        embedded_warehouse, Delivery("salesforce", "leads", DAYS[0], (page(lead, lead | {"Id": "0031"}),))
    )
    assert (landed.inserted, landed.unreadable, staged.staged) == (1, 1, 1)
    load(embedded_warehouse, Delivery("salesforce", "contacts", DAYS[0], (page(lead | {"Id": "0031"}),)))
    build_core(embedded_warehouse)
    links = "select record_key, count(*) over (partition by customer_id) from core.customer_link order by 1"
    assert rows(embedded_warehouse, links) == [("0031", 2), ("00Q1", 2)]  # one address, one customer
    quarantined = "select source_id, rules from ops.quarantine"
    assert rows(embedded_warehouse, quarantined) == [(None, ["id_of_another_entity"])]


@pytest.mark.parametrize(
    ("archived_at", "version"),
    [
        (None, "2026-11-02 08:00:00"),
        ("2026-11-02T08:00:00.500Z", "2026-11-02 08:00:00.5"),
        ("2026-11-01T23:00:00Z", "2026-11-02 08:00:00"),
    ],
)
def test_of_several_version_times_the_latest_counts(
    embedded_warehouse: Warehouse, archived_at: str | None, version: str
) -> None:
    record = contact("1", "2026-11-02T08:00:00Z", "a@b.co") | {"archivedAt": archived_at}
    load(embedded_warehouse, Delivery("hubspot", "contacts", DAYS[0], (page(record),)))
    found = "select (version_at at time zone 'UTC')::text from staging.hubspot__contacts"
    assert rows(embedded_warehouse, found) == [(version,)]


def test_words_for_todays_date_are_no_dates(embedded_warehouse: Warehouse) -> None:
    holidays = [
        {"id": number, "name": "x", "start_date": start, "end_date": "2026-12-25", "parent": {"id": 1}}
        for number, start in enumerate(("2026-12-24", "today", "-infinity"))
    ]
    _, staged = load(embedded_warehouse, Delivery("zendesk", "holidays", DAYS[0], (page(*holidays),)))
    assert (staged.staged, staged.quarantined) == (1, 2)
    assert rows(embedded_warehouse, "select distinct rules from ops.quarantine") == [(["start_on__is_date"],)]


def lead(key: str, at: str, status: str, **more: object) -> dict:
    """A lead as Salesforce gives it."""
    return {"Id": key, "Email": f"{key}@example.com".lower(), "Name": key, "Status": status, "LeadSource": "Web",
            "OwnerId": "005A", "IsConverted": False, "CreatedDate": "2026-11-01T09:00:00.000+0000", "IsDeleted": False,
            "SystemModstamp": at, **more}  # fmt: skip


def test_a_lead_is_what_its_versions_tell(embedded: Databases) -> None:
    first, second, third = (f"2026-11-0{day}T10:00:00.000+0000" for day in (2, 3, 4))
    deliveries = [
        Delivery("salesforce", "leads", DAYS[0], (page(
            lead("00QA", first, "Open - Not Contacted"), lead("00QB", first, "Open - Not Contacted"),
            lead("00QC", first, "Working - Contacted"), lead("00QD", first, "Open - Not Contacted")),)),
        Delivery("salesforce", "leads", DAYS[1], (page(
            lead("00QA", second, "Open - Not Contacted", Title="Buyer"),
            lead("00QB", second, "Closed - Not Converted"), lead("00QC", second, "Closed - Not Converted")),)),
        Delivery("salesforce", "leads", DAYS[2], (page(
            lead("00QA", third, "Closed - Converted", IsConverted=True, ConvertedDate="2026-11-01"),
            lead("00QB", third, "Working - Contacted"), lead("00QC", third, "Closed - Not Converted", Title="Buyer"),
            lead("00QD", third, "Open - Not Contacted", IsDeleted=True)),)),
    ]  # fmt: skip
    warehouse = in_any_order(embedded, deliveries)
    told = rows(
        warehouse,
        "select lead_id, status, stage_name, closed_at::date::text, is_deleted from core.fct_lead order by lead_id",
    )
    assert told == [
        ("00QA", "converted", "Closed - Converted", "2026-11-01", False),  # the day that the source tells
        ("00QB", "open", "Working - Contacted", None, False),  # opened again
        ("00QC", "lost", "Closed - Not Converted", "2026-11-03", False),  # since it was first seen so
        ("00QD", "open", "Open - Not Contacted", None, True),
    ]
    # what a closed lead is called is no stage of before
    assert rows(
        warehouse, "select lead_id, stage_name, entered_at::date::text from core.fct_lead_stage order by 1, 3"
    ) == [
        ("00QA", "Open - Not Contacted", "2026-11-02"),
        ("00QB", "Open - Not Contacted", "2026-11-02"),
        ("00QB", "Working - Contacted", "2026-11-04"),
        ("00QC", "Working - Contacted", "2026-11-02"),
        ("00QD", "Open - Not Contacted", "2026-11-02"),
    ]
    build_marts(warehouse, "sales", DAYS[2], settle=False)
    # made on 1 November: 180 days later is 30 April 2027; a conversion on the day of creation is not before it
    assert rows(
        warehouse,
        "select lead_id, status, lead_source, closed_at = created_at, decided_at::date::text from mart.lead order by 1",
    ) == [
        ("00QA", "converted", "Web", True, "2026-11-01"),
        ("00QB", "open", "Web", None, "2027-04-30"),
        ("00QC", "lost", "Web", False, "2026-11-03"),
    ]
