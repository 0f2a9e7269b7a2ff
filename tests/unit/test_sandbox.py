"""The made-up company: the same every time, believable, and true to its own account."""

import hashlib
import os
import statistics
import subprocess
import sys
from collections import Counter
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from include.sandbox.catalog import AGENTS, LOST, WON
from include.sandbox.dice import Dice
from include.sandbox.faults import Faults, strikes
from include.sandbox.hours import DAY, HOUR, LONDON, SHANGHAI, easter, iso, parse
from include.sandbox.model import ENTITIES, Company
from include.sandbox.orders import day_file, write_orders
from include.sandbox.world import World
from include.settings import PROJECT

NOW = parse("2026-11-23T12:00:00Z")
SMALL: dict[str, Any] = {"companies": 40, "people": 100, "deals": 80, "tickets": 200, "months": 6}
# repr() of everything: a record, a text or a time that differs shows
CHECKSUM = """
import hashlib
from include.sandbox.model import Company
company = Company.generate(companies=40, people=100, deals=80, tickets=200, months=6)
print(hashlib.sha256(repr(company).encode()).hexdigest())
"""


@pytest.fixture(scope="module")
def company() -> Company:
    return Company.generate()


def _checksum(hash_seed: str) -> str:
    environment = os.environ | {"PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(PROJECT), "TZ": "Asia/Tokyo"}
    run = subprocess.run([sys.executable, "-c", CHECKSUM], env=environment, capture_output=True, text=True, check=True)
    return run.stdout.strip()


def test_two_processes_make_the_same_company() -> None:
    here = hashlib.sha256(repr(Company.generate(**SMALL)).encode()).hexdigest()
    assert _checksum("1") == _checksum("2") == here
    assert hashlib.sha256(repr(Company.generate(seed=8, **SMALL)).encode()).hexdigest() != here


def test_chance_falls_the_same_on_every_python() -> None:
    """The figures come from CPython 3.11; 3.12 and 3.13 must draw them too."""
    dice = Dice(7, "pinned")
    assert [dice.below(1_000_000) for _ in range(5)] == [195131, 757627, 662762, 853630, 575512]


@pytest.mark.parametrize(("local", "currencies"), [(False, {"USD"}), (True, {"USD", "GBP", "EUR", "CNY"})])
def test_customers_are_billed_in_dollars_or_in_their_own_currency(local: bool, currencies: set[str]) -> None:
    company = Company.generate(**SMALL, local_currencies=local)
    assert {order.currency for order in company.orders} == currencies
    assert {deal.log[0].values["deal_currency_code"] for deal in company.records["deals"]} <= currencies


def test_no_change_of_a_record_comes_before_the_one_before(company: Company) -> None:
    for entity in ENTITIES:
        for record in company.records[entity]:
            times = [change.at for change in record.log]
            assert times == sorted(times), record
            assert company.start <= times[0] and times[-1] < company.end, record
            assert record.archived_at is None or record.archived_at > times[-1], record


def test_ids_are_unique_and_rise_with_creation(company: Company) -> None:
    for entity in set(ENTITIES) - {"pages", "users", "satisfaction_ratings", "organizations"}:
        ids = [int(record.id) for record in company.records[entity]]
        assert ids == sorted(set(ids)), entity
        created = [record.created for record in company.records[entity]]
        assert created == sorted(created), entity


def test_deal_figures_are_believable(company: Company) -> None:
    """The ranges are those that a B2B seller of this size would call normal."""
    outcomes: Counter[str] = Counter()
    cycles = []
    for record in company.records["deals"]:
        if record.created > NOW:
            continue
        stage = record.state(NOW)["dealstage"]
        outcomes[stage if stage in (WON, LOST) else "open"] += 1
        if stage == WON:
            closed = next(c.at for c in record.log if c.values.get("dealstage") == WON)
            cycles.append((closed - record.created) / DAY)
    assert 0.45 < outcomes[WON] / (outcomes[WON] + outcomes[LOST]) < 0.60
    assert 20 < statistics.median(cycles) < 70
    assert 40 < outcomes["open"] < 200


def test_service_figures_are_believable(company: Company) -> None:
    agents = {agent.id for agent in AGENTS}
    replies, backlog = [], 0
    for record in company.records["tickets"]:
        if record.created > NOW:
            continue
        backlog += record.state(NOW)["status"] not in ("solved", "closed", "deleted")
        public = [c for c in record.log if c.comment and c.comment.public and c.by in agents and c.at <= NOW]
        if public and record.log[0].by not in agents:
            replies.append((public[0].at - record.created) / HOUR)
    assert 1 < statistics.median(replies) < 4
    assert 10 <= backlog < 400
    scores = Counter(r.state(NOW)["score"] for r in company.records["satisfaction_ratings"] if r.created <= NOW)
    assert 0.85 < scores["good"] / (scores["good"] + scores["bad"]) < 0.92
    languages = Counter(told["language"] for told in company.intents.values())
    assert 0.08 < languages["zh"] / languages.total() < 0.16


def test_about_one_row_in_a_hundred_is_dirty_and_named(company: Company) -> None:
    rows = sum(len(company.records[entity]) for entity in ("companies", "contacts", "deals", "tickets"))
    rows += len(company.orders)
    assert 0.004 < len(company.dirt) / rows < 0.012
    lines = {f"{order.order_id}/{order.line}": order for order in company.orders}
    contacts = {record.id: record for record in company.records["contacts"]}
    for dirt in company.dirt:
        if dirt.kind == "not_a_number":
            assert not lines[dirt.id].quantity.isdigit()
        if dirt.kind == "not_an_address":
            assert "@" not in contacts[dirt.id].state(company.end)["email"]


def test_every_dirty_value_is_named(company: Company) -> None:
    named = {(dirt.entity, dirt.id) for dirt in company.dirt}
    bad = {("orders", f"{o.order_id}/{o.line}") for o in company.orders if not o.quantity.isdigit()}
    for entity, rule in (
        ("contacts", lambda values: "@" not in values["email"] or not values["lastname"]),
        ("companies", lambda values: not values["name"]),
        ("deals", lambda values: values["amount"].startswith("-") or not values["closedate"].startswith("20")),
    ):
        bad |= {(entity, r.id) for r in company.records[entity] if rule(r.state(company.end))}
    assert bad == {key for key in named if key[0] != "tickets"}


def test_a_planted_spike_is_more_than_twice_the_usual(company: Company) -> None:
    planted = [a for a in company.anomalies if a.figure == "tickets" and a.direction == "spike"]
    assert len(planted) >= 4
    created = Counter(iso(record.created)[:10] for record in company.records["tickets"])
    usual = statistics.median(created.values())
    assert all(created[a.day] > 2 * usual for a in planted)


def test_names_on_a_person_point_at_records_that_are_there(company: Company) -> None:
    known = {(entity, record.id) for entity in ("contacts", "users") for record in company.records[entity]}
    sightings = [s for sightings in company.people.values() for s in sightings if s.entity in ("contacts", "users")]
    assert len(sightings) == len({(s.entity, s.id) for s in sightings})
    assert {(s.entity, s.id) for s in sightings} <= known


@pytest.mark.parametrize(
    ("year", "day"),
    [(2024, date(2024, 3, 31)), (2025, date(2025, 4, 20)), (2026, date(2026, 4, 5)), (2027, date(2027, 3, 28))],
)
def test_easter(year: int, day: date) -> None:
    """Dates from the tables of the Anglican church."""
    assert easter(year) == day


@pytest.mark.parametrize(("office", "zone"), [(LONDON, "Europe/London"), (SHANGHAI, "Asia/Shanghai")])
def test_local_time_agrees_with_the_time_zone_database(office, zone: str) -> None:
    for at in range(parse("2025-01-01"), parse("2027-01-01"), 5 * HOUR):
        local = datetime.fromtimestamp(at / 1000, ZoneInfo(zone)).replace(tzinfo=ZoneInfo("UTC"))
        assert office.local(at) == int(local.timestamp() * 1000)


def test_working_minutes_skip_night_weekend_and_holiday() -> None:
    """London, 8 to 20: Thursday 2 April 2026 19:30 BST; Good Friday and Easter Monday are closed."""
    thursday = parse("2026-04-02T18:30:00Z")
    assert iso(LONDON.after(thursday, 20)) == "2026-04-02T18:50:00.000Z"
    assert iso(LONDON.after(thursday, 45)) == "2026-04-07T07:15:00.000Z"


def test_order_files_come_after_their_day_and_go_when_the_clock_turns_back(tmp_path: Path) -> None:
    company = Company.generate(**SMALL)
    (tmp_path / "notes.txt").write_text("not ours")
    write_orders(company, tmp_path, parse("2025-07-10T12:00:00Z"))
    names = sorted(path.name for path in tmp_path.glob("orders-*.csv"))
    assert names[-1] <= "orders-2025-07-09.csv"
    first = {path.name: path.read_bytes() for path in tmp_path.glob("orders-*.csv")}
    assert first[names[0]].splitlines()[0] == (
        b"order_id,line,ordered_at,customer_email,customer_name,sku,product,quantity,unit_price,currency,country"
    )
    write_orders(company, tmp_path, parse("2025-06-20"))
    assert max(path.name for path in tmp_path.glob("orders-*.csv")) <= "orders-2025-06-19.csv"
    write_orders(company, tmp_path, parse("2025-07-10T12:00:00Z"))
    assert {path.name: path.read_bytes() for path in tmp_path.glob("orders-*.csv")} == first
    assert (tmp_path / "notes.txt").exists() and not list(tmp_path.glob(".*"))
    assert first[names[0]] == day_file([o for o in company.orders if iso(o.at)[:10] == names[0][7:17]])


def test_moving_the_clock_by_steps_or_at_once_shows_the_same() -> None:
    steps, at_once = (World(Company.generate(**SMALL), parse("2025-06-02")) for _ in range(2))
    for day in ("2025-07-01T10:00:00Z", "2025-10-01", "2025-08-01", "2025-11-11T11:11:11Z"):
        steps.set_clock(parse(day))
    at_once.set_clock(parse("2025-11-11T11:11:11Z"))
    for entity in ENTITIES:
        mine, other = steps.ledgers[entity], at_once.ledgers[entity]
        assert [(e[0], e[1], e[2].values) for e in mine.order] == [(e[0], e[1], e[2].values) for e in other.order]
        assert mine.stream == other.stream


def test_a_bulk_job_touches_everything_at_one_instant() -> None:
    world = World(Company.generate(**SMALL), parse("2025-09-01T04:00:00Z"))
    world.set_faults(Faults().changed({"burst_timestamps": True}))
    modified = Counter(state.modified for state in world.ledgers["deals"].states.values() if state.archived_at is None)
    assert modified[parse("2025-09-01T03:00:00Z")] == modified.total()


def test_late_records_come_within_thirty_hours() -> None:
    """None is lost: what is older than the longest delay is all there."""
    now = parse("2025-08-20T15:00:00Z")
    world = World(Company.generate(**SMALL), now)
    on_time = set(world.ledgers["tickets"].stream)
    world.set_faults(Faults().changed({"late_records": 0.5}))
    late = set(world.ledgers["tickets"].stream)
    assert late < on_time
    assert {event for event in on_time if event[0] <= now - 30 * HOUR} <= late


def test_a_rate_strikes_about_that_share() -> None:
    assert 60 < sum(strikes(0.1, "x", i) for i in range(1000)) < 140
    assert not strikes(0.0, "x") and strikes(1.0, "x")


@pytest.mark.parametrize("wrong", [{"fire": True}, {"garbage": 2}, {"garbage": "often"}])
def test_unknown_faults_and_rates_are_refused(wrong: dict) -> None:
    with pytest.raises(ValueError):
        Faults().changed(wrong)
