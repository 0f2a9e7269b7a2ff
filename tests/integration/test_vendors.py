"""HubSpot, Zendesk and Salesforce as their documentation shows them, from a server on loopback to staging and core."""

import base64
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs

import psycopg
import pytest
from psycopg import sql

from include.sources import read
from include.sources.config import load_source
from include.warehouse.connection import Warehouse
from include.warehouse.core import build_core
from include.warehouse.landing import Landed, land
from include.warehouse.staging import Staged, stage
from include.window import Window
from tests.conftest import Databases
from tests.deliveries import build, rows
from tests.sandbox import Sandbox, running
from tests.vendors import Asked, entities, replaying, shown

SOURCES = ("hubspot", "salesforce", "zendesk")
# 2009 to January 2026: the years of the vendors' examples
WINDOW = Window.between("2009-01-01", "2026-01-31")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


# What the shown records are in staging, by the columns that are not null: read off the pages by hand.
EXPECTED: dict[tuple[str, str], list[dict[str, Any]]] = {
    ("hubspot", "owners"): [
        {"source_id": "6166860", "full_name": "John Smith", "email": "jsmith@example.com", "team": "West Coast Sales",
         "is_active": True, "version_at": at("2019-12-07T16:50:06.678Z")},
    ],
    ("hubspot", "pipelines"): [
        {"source_id": f"default/{key}", "pipeline_key": "default", "pipeline_name": "Sales Pipeline", "stage_key": key,
         "stage_name": name, "position": position, "probability": Decimal(chance), "status": status,
         "version_at": at("2023-11-07T05:31:56Z")}
        for key, name, position, chance, status in [
            ("appointmentscheduled", "Appointment Scheduled", 0, "0.2", "open"),
            ("closedlost", "Closed Lost", 6, "0.0", "lost"),
            ("closedwon", "Closed Won", 5, "1.0", "won"),
            ("contractsent", "Contract Sent", 4, "0.9", "open"),
        ]
    ],
    ("hubspot", "contacts"): [
        {"source_id": "100451", "role": "customer", "email": "testperson@hubspot.com", "full_name": "Test Person",
         "given_name": "Test", "family_name": "Person", "created_at": at("2024-01-17T19:55:04.281Z"),
         "version_at": at("2024-09-11T13:27:39.356Z")},
        {"source_id": "57156923994", "role": "customer", "email": "emailmaria@hubspot.com",
         "full_name": "Maria Johnson (Sample Contact)", "given_name": "Maria",
         "family_name": "Johnson (Sample Contact)", "created_at": at("2024-09-11T18:21:50.012Z"),
         "version_at": at("2024-10-21T21:36:02.961Z")},
    ],
    ("hubspot", "deals"): [
        {"source_id": "7891023", "name": "New deal", "pipeline_key": "default", "stage_key": "contractsent",
         "amount": Decimal("1500.00"), "owner_key": "910901",
         "company_key": "2810868468",  # the second one, as it is the primary one
         "created_at": at("2019-10-30T03:30:17.883Z"), "closed_at": at("2019-12-07T16:50:06.678Z"),
         "stage_history": [{"stage": "appointmentscheduled", "at": "2019-10-30T03:30:17.883Z"},
                           {"stage": "contractsent", "at": "2019-12-07T16:50:06.678Z"}],
         "version_at": at("2019-12-07T16:50:06.678Z")},
    ],
    **{
        ("hubspot", entity): [
            {"source_id": "512", "activity_type": kind, "subject": subject, "owner_key": owner, "deal_key": "7891023",
             "customer_key": "100451", "occurred_at": at(when), "is_completed": done,
             "version_at": at("2019-12-07T16:50:06.678Z")},
        ]
        for entity, kind, subject, owner, when, done in [
            ("calls", "call", "Support call", "11349275740", "2021-03-17T01:32:44.872Z", True),
            ("emails", "email", "Let's talk", "11349275740", "2019-10-30T03:30:17.883Z", True),
            ("meetings", "meeting", "Intro meeting", "11349275740", "2021-03-23T01:02:44.872Z", False),
            ("tasks", "task", "Follow-up for Brian Buyer", "64492917", "2019-10-30T03:30:17.883Z", False),
        ]
    },
    ("zendesk", "users"): [
        {"source_id": "35436", "role": "agent", "email": "johnny@example.com", "phone": "+15551234567",
         "full_name": "Johnny Agent", "company_key": "57542", "language": "en-US",
         "created_at": at("2009-07-20T22:55:29Z"), "version_at": at("2011-05-05T10:38:52Z")},
    ],
    ("zendesk", "organizations"): [
        {"source_id": "4112492", "name": "Groablet Enterprises", "domain": "remain.com",
         "created_at": at("2018-11-14T00:14:52Z"), "version_at": at("2018-11-14T00:54:22Z")},
    ],
    ("zendesk", "tickets"): [
        {"source_id": "35436", "subject": "Help, my printer is on fire!", "description": "The fire is very colorful.",
         "status": "open", "priority": "high", "channel": "web", "tags": "enterprise,other_tag",
         "requester_key": "20978392", "assignee_key": "235323", "group_key": "98738", "company_key": "509974",
         "created_at": at("2009-07-20T22:55:29Z"), "updated_at": at("2011-05-05T10:38:52Z"),
         "version_at": at("2011-05-05T00:00:00Z")},  # 1304553600 seconds
    ],
    ("zendesk", "ticket_events"): [
        {"source_id": "91048994468", "ticket_key": "35436", "author_key": "5031726587",
         "event_at": at("2009-06-25T10:15:18Z"),
         "changes": [{"id": "91048994478", "field": "status", "old": "new", "new": "open"},
                     {"id": "91048994483", "field": "priority", "old": None, "new": "high"}],
         "messages": [{"id": "91048994488", "public": "true", "body": "This is a comment", "author": "5031726587",
                       "channel": "api"}],
         "version_at": at("2009-06-25T10:15:18Z")},
    ],
    ("zendesk", "satisfaction_ratings"): [
        {"source_id": "120447", "ticket_key": "209", "customer_key": "7881", "score": "good",
         "comment": "Awesome support!", "rated_at": at("2012-02-02T10:32:59Z"),
         "version_at": at("2012-02-02T10:32:59Z")},
        {"source_id": "35436", "ticket_key": "208", "customer_key": "7881", "score": "good",
         "comment": "Awesome support!", "rated_at": at("2011-07-20T22:55:29Z"),
         "version_at": at("2011-07-20T22:55:29Z")},
    ],
    ("zendesk", "sla_policies"): [
        {"source_id": "36", "title": "Incidents", "position": 3,
         "description": "For urgent incidents, we will respond to tickets in 10 minutes",
         "conditions": {"all": [{"field": "type", "operator": "is", "value": "incident"},
                                {"field": "via_id", "operator": "is", "value": "4"}], "any": []},
         "targets": [{"priority": "low", "metric": "first_reply_time", "minutes": 60, "business_hours": False}],
         "version_at": WINDOW.last_day_start},  # the page's policy has no updated_at
    ],
    ("zendesk", "holidays"): [
        {"source_id": f"{key}/{number}", "schedule_key": key, "name": name, "start_on": date.fromisoformat(start),
         "end_on": date.fromisoformat(end), "version_at": WINDOW.last_day_start}
        for key, number, name, start, end in [
            ("1", 1, "Independence Day", "2021-07-04", "2021-07-04"),
            ("1", 2, "Christmas", "2021-12-25", "2021-12-25"),
            ("2", 3, "New Year", "2020-12-30", "2021-01-02"),
        ]
    ],
    ("zendesk", "groups"): [
        {"source_id": "3432", "name": "First Level Support", "version_at": at("2011-05-05T10:38:52Z")},
    ],
    ("zendesk", "schedules"): [
        # Monday and Tuesday, 9 to 17: (24 + 9) × 60, (24 + 17) × 60 and a day later
        {"source_id": key, "name": name, "time_zone": zone,
         "intervals": [{"from": 1980, "to": 2460}, {"from": 3420, "to": 3900}],
         "created_at": at("2015-09-30T21:44:03Z"), "version_at": at("2015-09-30T21:44:03Z")}
        for key, name, zone in [("1", "North America", "Pacific Time (US & Canada)"), ("2", "EMEA", "London")]
    ],
    ("salesforce", "users"): [
        {"source_id": "005RO000000T1aGYAS", "full_name": "Ann Seller", "email": "ann@example.com",
         "team": "Field sales", "manager": "Max Lead", "is_active": True, "version_at": at("2026-01-05T10:20:30Z")},
    ],
    ("salesforce", "stages"): [
        {"source_id": key, "pipeline_key": "opportunities", "pipeline_name": "Opportunities", "stage_key": name,
         "stage_name": name, "position": position, "probability": Decimal(chance), "status": status,
         "version_at": at("2026-01-05T10:20:30Z")}
        for key, name, position, chance, status in [
            ("01JRO0000001aaA2AQ", "Prospecting", 1, "0.1", "open"),
            ("01JRO0000001aaB2AQ", "Closed Won", 9, "1", "won"),
            ("01JRO0000001aaC2AQ", "Closed Lost", 10, "0", "lost"),
        ]
    ],
    ("salesforce", "accounts"): [
        {"source_id": "001D000000IRFmaIAH", "name": "Test 1", "domain": "example.com", "industry": "Energy",
         "country": "US", "city": "Austin", "employees": 145000, "annual_revenue": Decimal(1500000000),
         "parent_name": "Test 2", "created_at": at("2025-06-01T09:00:00Z"), "version_at": at("2026-01-05T10:20:30Z")},
        {"source_id": "001D000000IomazIAB", "name": "Test 2", "is_deleted": True,
         "created_at": at("2025-06-01T09:00:00Z"), "version_at": at("2026-01-06T10:20:30Z")},
    ],
    ("salesforce", "contacts"): [
        {"source_id": "003RO0000033WQgYAM", "role": "customer", "full_name": "Jon Smith", "given_name": "Jon",
         "family_name": "Smith", "company_key": "001D000000IRFmaIAH", "owner_key": "005RO000000T1aGYAS",
         "created_at": at("2025-06-02T09:00:00Z"), "is_deleted": True, "version_at": at("2026-01-05T10:20:30Z")},
        {"source_id": "003RO0000035WQgYAM", "role": "customer", "email": "john.smith@example.com",
         "phone": "+1 512 555 0100", "full_name": "John Smith", "given_name": "John", "family_name": "Smith",
         "job_title": "Buyer", "company_key": "001D000000IRFmaIAH", "country": "US", "city": "Austin",
         "owner_key": "005RO000000T1aGYAS", "created_at": at("2025-06-02T09:00:00Z"),
         "version_at": at("2026-01-05T10:20:30Z")},
    ],
    ("salesforce", "leads"): [
        {"source_id": "00QRO000001a1aAAAQ", "role": "customer", "email": "lea@example.com",
         "phone": "+44 20 7946 0000", "full_name": "Lea Doe", "given_name": "Lea", "family_name": "Doe",
         "job_title": "Owner", "company_name": "Doe & Sons", "country": "UK", "city": "London",
         "lifecycle_stage": "Working - Contacted", "lead_status": "open", "lead_source": "Web",
         "owner_key": "005RO000000T1aGYAS", "created_at": at("2025-12-01T09:00:00Z"),
         "version_at": at("2026-01-05T10:20:30Z")},
    ],
    ("salesforce", "opportunities"): [
        {"source_id": "006RO000003aAaAYAU", "name": "Test 1 - 200 widgets", "pipeline_key": "opportunities",
         "stage_key": "Closed Won", "amount": Decimal(12000), "owner_key": "005RO000000T1aGYAS",
         "company_key": "001D000000IRFmaIAH", "customer_key": "003RO0000035WQgYAM", "lead_source": "Web",
         "created_at": at("2025-12-10T09:00:00Z"), "closed_at": at("2026-01-05T00:00:00Z"),
         "version_at": at("2026-01-05T10:20:30Z")},
    ],
    ("salesforce", "opportunity_history"): [
        {"source_id": key, "deal_key": "006RO000003aAaAYAU", "stage_key": stage_key, "entered_at": at(when),
         "version_at": at(when)}
        for key, stage_key, when in [
            ("008RO000005aaAAYAY", "Prospecting", "2025-12-10T09:00:00Z"),
            ("008RO000005aaABYAY", "Prospecting", "2025-12-20T09:00:00Z"),
            ("008RO000005aaACYAY", "Closed Won", "2026-01-05T10:20:30Z"),
        ]
    ],
    ("salesforce", "tasks"): [
        {"source_id": "00TRO000002aAaAAAU", "activity_type": "call", "subject": "Call",
         "owner_key": "005RO000000T1aGYAS", "deal_key": "006RO000003aAaAYAU", "customer_key": "003RO0000035WQgYAM",
         "occurred_at": at("2026-01-03T15:00:00Z"), "is_completed": True, "version_at": at("2026-01-05T10:20:30Z")},
        {"source_id": "00TRO000002aAaBAAU", "activity_type": "task", "subject": "Send offer",
         "owner_key": "005RO000000T1aGYAS", "occurred_at": at("2026-01-09T00:00:00Z"), "is_completed": False,
         "version_at": at("2026-01-05T10:20:30Z")},
    ],
    ("salesforce", "cases"): [
        {"source_id": "500RO000004aAaAYAU", "subject": "Generator does not start", "description": "It is cold here.",
         "status": "closed", "priority": "normal", "channel": "phone", "requester_key": "003RO0000035WQgYAM",
         "assignee_key": "005RO000000T1aGYAS", "company_key": "001D000000IRFmaIAH",
         "created_at": at("2026-01-03T12:00:00Z"), "updated_at": at("2026-01-04T12:00:00Z"),
         "version_at": at("2026-01-04T12:00:00Z")},
    ],
    ("salesforce", "case_closings"): [
        {"source_id": "500RO000004aAaAYAU", "ticket_key": "500RO000004aAaAYAU",
         "event_at": at("2026-01-04T12:00:00Z"),
         "changes": [{"field": "status", "old": "open", "new": "closed"}], "version_at": at("2026-01-04T12:00:00Z")},
    ],
}  # fmt: skip


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with running(tmp_path_factory.mktemp("sandbox")) as sandbox:
        sandbox.set_clock("2026-10-01T01:00:00Z")
        yield sandbox


class Loaded:
    """One warehouse with every entity of every vendor in it, what became of each, and what its server was asked."""

    def __init__(self, warehouse: Warehouse) -> None:
        self.warehouse = warehouse
        self.asked: dict[tuple[str, str], list[Asked]] = {}
        self.counts: dict[tuple[str, str], tuple[Landed, Staged]] = {}
        for name, entity_name in entities():
            source = load_source(name)
            entity = source.entities[entity_name]
            with replaying(shown(name, entity_name).exchanges) as vendor:
                landed = land(warehouse, source, entity, WINDOW, read(source, entity, WINDOW, vendor.connection))
            self.asked[name, entity_name] = vendor.asked
            self.counts[name, entity_name] = (landed, stage(warehouse, source, entity, WINDOW))
        build_core(warehouse)

    def staged(self, name: str, entity_name: str) -> list[dict[str, Any]]:
        """What staging has of an entity, without nulls and bookkeeping, in order of the key."""
        with self.warehouse.connect() as connection:
            cursor = connection.cursor(row_factory=psycopg.rows.dict_row)
            table = sql.Identifier("staging", f"{name}__{entity_name}")
            found = cursor.execute(sql.SQL("select * from {} order by source_id").format(table)).fetchall()
        without = ("source_table", "load_id", "payload_hash")
        return [
            {
                key: value
                for key, value in row.items()
                if key not in without and value is not None and (key, value) != ("is_deleted", False)
            }
            for row in found
        ]


@pytest.fixture(scope="module")
def loaded(embedded: Databases) -> Iterator[Loaded]:
    yield Loaded(embedded.warehouse())


def test_every_entity_has_its_page() -> None:
    wanted = [(name, entity) for name in SOURCES for entity in sorted(load_source(name).entities)]
    assert entities() == wanted
    own = {
        "hubspot": "https://developers.hubspot.com/",
        "zendesk": "https://developer.zendesk.com/",
        "salesforce": "https://developer.salesforce.com/",
    }
    for name, entity in wanted:
        told = shown(name, entity)
        assert told.pages and all(page.startswith(own[name]) for page in told.pages)
        assert told.shows


@pytest.mark.parametrize(("name", "entity"), sorted(EXPECTED))
def test_what_the_pages_show_reaches_staging(loaded: Loaded, name: str, entity: str) -> None:
    landed, staged = loaded.counts[name, entity]
    assert (landed.unreadable, staged.quarantined) == (0, 0)
    assert landed.received == landed.inserted == staged.staged == len(EXPECTED[name, entity])
    assert loaded.staged(name, entity) == EXPECTED[name, entity]
    with loaded.warehouse.connect() as connection:
        loads = "select count(*) from ops.validation_rule where severity = 'critical' and not is_success"
        assert connection.execute(loads).fetchone() == (0,)


@pytest.mark.parametrize(("name", "entity"), entities())
def test_every_exchange_is_asked_for_with_the_login(loaded: Loaded, name: str, entity: str) -> None:
    asked = loaded.asked[name, entity]
    assert len(asked) == len(shown(name, entity).exchanges)
    logins = {request.headers.get("authorization") for request in asked}
    if name == "zendesk":
        assert logins == {f"Basic {base64.b64encode(b'ann:s3cret').decode()}"}
    elif name == "hubspot":
        assert logins == {"Bearer s3cret"}
    else:
        token, *queries = asked
        assert parse_qs(token.body) == {
            "grant_type": ["client_credentials"], "client_id": ["ann"], "client_secret": ["s3cret"],
        }  # fmt: skip
        assert {query.headers["authorization"] for query in queries} == {"Bearer 00DRO00000000aa!t0ken"}


def test_hubspots_ten_companies_of_the_page_and_the_archived_one(loaded: Loaded) -> None:
    found = rows(
        loaded.warehouse,
        "select name, annual_revenue, is_deleted, version_at from staging.hubspot__companies order by source_id",
    )
    assert len(found) == 11
    assert sum(revenue or 0 for _, revenue, _, _ in found) == 16_150_000_000  # 1 of ten, 6 of one, 3 of 0.05 billion
    # an archived record was changed last when it was archived
    assert [row for row in found if row[2]] == [("Value", None, True, at("2019-12-08T09:00:00Z"))]


def test_hubspot_is_searched_within_its_limits(loaded: Loaded) -> None:
    for (name, _), requests in loaded.asked.items():
        for request in requests:
            if name == "hubspot" and request.path.endswith("/search"):
                body = request.body
                # its guide: at most 200 a page, 3,000 characters, one sorting rule, 6 filters in a group
                assert body["limit"] <= 200 and len(json.dumps(body)) <= 3000
                (group,), (rule,) = body["filterGroups"], body["sorts"]
                assert rule == {"propertyName": "hs_object_id", "direction": "ASCENDING"}
                assert [(f["operator"], f["value"]) for f in group["filters"]][:2] == [
                    ("GTE", 1_230_764_400_000),  # date -u -d '2008-12-31 23:00' +%s, in milliseconds: an hour late
                    ("LT", 1_769_904_000_000),  # 2026-02-01
                ]


def test_salesforce_is_asked_in_soql_of_the_window(loaded: Loaded) -> None:
    queries = {entity: asked[1].query["q"] for (name, entity), asked in loaded.asked.items() if name == "salesforce"}
    assert queries["leads"] == (
        "select FIELDS(STANDARD) from Lead"
        " where SystemModstamp >= 2008-12-31T23:00:00Z and SystemModstamp < 2026-02-01T00:00:00Z"
    )
    assert all("SystemModstamp < 2026-02-01T00:00:00Z" in q for entity, q in queries.items() if entity != "stages")


def test_they_reach_core(loaded: Loaded) -> None:
    # HubSpot tells the history in the deal, Salesforce as records of their own, one of which moves no stage
    visits = rows(
        loaded.warehouse,
        "select source, stage_key, entered_at, exited_at from core.fct_deal_stage order by source, visit_no",
    )
    assert visits == [
        ("hubspot", "appointmentscheduled", at("2019-10-30T03:30:17.883Z"), at("2019-12-07T16:50:06.678Z")),
        ("hubspot", "contractsent", at("2019-12-07T16:50:06.678Z"), None),
        ("salesforce", "Prospecting", at("2025-12-10T09:00:00Z"), at("2026-01-05T10:20:30Z")),
        ("salesforce", "Closed Won", at("2026-01-05T10:20:30Z"), None),
    ]
    # contacts and leads are people of one source; a deleted contact stays the customer that it was
    links = (
        "select record_key from core.identity_record where source = 'salesforce' and kind = 'person'"
        " and not is_deleted order by 1"
    )
    assert rows(loaded.warehouse, links) == [("003RO0000035WQgYAM",), ("00QRO000001a1aAAAQ",)]
    ticket = "select source, field, new_value from core.fct_ticket_event order by source, event_id"
    assert rows(loaded.warehouse, ticket) == [
        ("salesforce", "status", "closed"), ("zendesk", "status", "open"), ("zendesk", "priority", "high"),
    ]  # fmt: skip
    message = "select ticket_id, author_key, is_public, body from core.fct_message"
    assert rows(loaded.warehouse, message) == [("35436", "5031726587", True, "This is a comment")]
    assert rows(loaded.warehouse, "select rep_id from core.dim_rep order by 1") == [
        ("hubspot:6166860",), ("salesforce:005RO000000T1aGYAS",), ("zendesk:35436",),
    ]  # fmt: skip


def test_they_reach_the_marts(loaded: Loaded) -> None:
    build(loaded.warehouse, [date(2026, 1, 31)])
    tickets = "select source, ticket_id, status, first_resolution_minutes from mart.ticket order by 1"
    assert rows(loaded.warehouse, tickets) == [
        ("salesforce", "500RO000004aAaAYAU", "closed", 24 * 60),  # opened on the 3rd at noon, closed on the 4th at noon
        ("zendesk", "35436", "open", None),
    ]
    deals = "select source, status, rep_name, company_name, amount from mart.deal order by 1"
    assert rows(loaded.warehouse, deals) == [
        ("hubspot", "open", None, "Google", Decimal("1500.00")),
        ("salesforce", "won", "Ann Seller", "Test 1", Decimal(12000)),
    ]


@pytest.mark.parametrize(("name", "like"), [("hubspot", "sandbox_crm"), ("zendesk", "sandbox_helpdesk")])
def test_the_sandbox_gives_them_what_it_gives_its_own(sandbox: Sandbox, name: str, like: str) -> None:
    source, own = load_source(name), load_source(like)
    connection = sandbox.connection(own)
    window = Window.between("2026-09-20", "2026-09-30")
    # the sandbox has no export of organisations
    shared = set(source.entities) & set(own.entities) - ({"organizations"} if name == "zendesk" else set())
    assert len(shared) >= 4
    for entity in shared:
        given, wanted = (
            {row["id"] for page in read(one, one.entities[entity], window, connection) for row in page.rows}
            for one in (source, own)
        )
        assert given == wanted and wanted, entity
