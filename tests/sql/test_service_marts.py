"""Service on little cases, each worked out by hand beside it."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import orjson
import pytest

from include.warehouse.connection import Warehouse
from include.warehouse.core import build_core
from include.warehouse.marts import build_marts
from include.window import Window
from tests.deliveries import rows

AGENT, CUSTOMER = "7", "9"


def at(text: str) -> datetime:
    """``09-29 17:01:38`` of 2020, UTC."""
    return datetime.fromisoformat(f"2020-{text}").replace(tzinfo=UTC)


class Desk:
    """A help desk's records as staging has them; what is put in between two builds comes in one load."""

    def __init__(self, warehouse: Warehouse) -> None:
        self.warehouse = warehouse
        self.load = 0
        with warehouse.connect() as connection:
            for kind in ("customer", "ticket", "ticket_event", "satisfaction", "schedule", "holiday", "sla_policy",
                         "ticket_group", "survey_answer"):  # fmt: skip
                connection.execute(
                    f"create table staging.desk__{kind} partition of staging.{kind} for values in ('desk__{kind}')"
                )
        self.put("customer", AGENT, "2020-01-01", role="agent", full_name="Ann Agent")
        self.put("customer", CUSTOMER, "2020-01-01", role="customer", full_name="Cy Customer", email="cy@example.com")
        self.events = 0

    def put(self, kind: str, key: str, version: str | datetime, **values: Any) -> None:
        """A version of a record."""
        columns = {
            "source_table": f"desk__{kind}", "source_id": key, "version_at": version,
            "payload_hash": f"{abs(hash((kind, key, str(version), str(values)))):032x}"[:32], "load_id": self._load(),
            **{k: orjson.dumps(v).decode() if isinstance(v, (list, dict)) else v for k, v in values.items()},
        }  # fmt: skip
        with self.warehouse.connect() as connection:
            connection.execute(
                f"insert into staging.{kind} ({', '.join(columns)}) values ({', '.join(['%s'] * len(columns))})",  # noqa: S608
                list(columns.values()),
            )

    def _load(self) -> int:
        if not self.load:
            with self.warehouse.connect() as connection:
                row = connection.execute(
                    "insert into ops.load (source, entity, kind, window_start, window_end, staged_at, validated, staged, quarantined, inserted)"
                    " values ('desk', 'all', 'pull', '2020-01-01', '2020-01-02', now(), 0, 0, 0, 0) returning load_id"
                ).fetchone()
                assert row
                self.load = row[0]
        return self.load

    def ticket(self, key: str, created: datetime, **values: Any) -> None:
        """A ticket as it is when it is opened, with its opening message."""
        self.put(
            "ticket", key, created, created_at=created, updated_at=created,
            **{"status": "new", "priority": "normal", "requester_key": CUSTOMER, "channel": "email", **values},
        )  # fmt: skip

    def event(self, ticket: str, when: datetime, author: str = AGENT, said: str | None = None, **changes: Any) -> None:
        """An update: changes as ``field=(old, new)``, and what was said in public."""
        self.events += 1
        told = [{"field": field, "old": old, "new": new} for field, (old, new) in changes.items()]
        messages = [{"id": "m", "public": "true", "body": said}] if said else []
        self.put("ticket_event", f"{self.events:03}", when, ticket_key=ticket, author_key=author, event_at=when,
                 changes=told, messages=messages)  # fmt: skip

    def build(self, first: str, last: str = "") -> None:
        """Core and the service marts of these days of 2020."""
        self.load = 0
        build_core(self.warehouse)
        build_marts(self.warehouse, "service", Window.between(f"2020-{first}", f"2020-{last or first}"), settle=True)


@pytest.fixture
def desk(embedded_warehouse: Warehouse) -> Desk:
    return Desk(embedded_warehouse)


def weekly(*pairs: tuple[int, int]) -> list[dict[str, int]]:
    return [{"from": start, "to": end} for start, end in pairs]


def test_the_worked_example_of_two_schedules(desk: Desk) -> None:
    # from the definitions: 960.13 minutes while each schedule was in force, 690.13 by the last one alone
    a = weekly((720, 1560), (2160, 3000), (3600, 4440), (5040, 5880), (6480, 7320), (7920, 8760), (9360, 10200 - 120))
    a[-1]["to"] = 10080  # 10200 reaches into the next week: the rest is Sunday's first two hours
    a.insert(0, {"from": 0, "to": 120})
    b = weekly((2340, 2910), (3780, 4350), (5220, 5790), (6660, 7230), (8100, 8670))
    for key, intervals in (("A", a), ("B", b)):
        desk.put("schedule", key, "2020-01-01", name=key, time_zone="UTC", intervals=intervals, created_at="2020-01-01")
    desk.ticket("1", at("09-29 17:01:38"))
    desk.event("1", at("09-29 17:01:38"), CUSTOMER, "Help!", schedule=(None, "A"))
    desk.event("1", at("09-30 19:01:25"), schedule=("A", "B"))
    desk.event("1", at("09-30 19:01:46"), AGENT, "Here it is.", status=("new", "solved"))
    desk.build("09-29", "10-01")
    (found,) = rows(
        desk.warehouse,
        "select round(first_reply_business_minutes, 2), round(first_reply_business_minutes_last_schedule, 2),"
        " round(first_reply_minutes, 2), first_reply_business_minutes = total_reply_business_minutes, flaws"
        " from mart.ticket",
    )
    assert found == (Decimal("960.13"), Decimal("690.13"), Decimal("1560.13"), True, [])
