"""Killed at every commit, two windows at once, keys and locks taken away: the same rows, or the test says so."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import date

import psycopg
import pytest

from include.warehouse.connection import Warehouse
from include.warehouse.core import build_core
from tests.conftest import Databases
from tests.deliveries import Delivery, Window, build, checksums, load, page, rows, settle_all

DAYS = [date(2026, 11, 2), date(2026, 11, 3)]


def deal(key: str, at: str, stage: str, amount: str, company: str = "c1") -> dict:
    """A deal as the CRM gives it, with its history, newest first."""
    history = [{"value": "new", "timestamp": "2026-11-01T09:00:00Z"}]
    if stage != "new":
        history.insert(0, {"value": stage, "timestamp": at})
    return {
        "id": key,
        "properties": {"dealname": f"Deal {key}", "dealstage": stage, "amount": amount, "deal_currency_code": "USD",
                       "createdate": "2026-11-01T09:00:00Z", "hs_lastmodifieddate": at, "hubspot_owner_id": "o1"},
        "companies": [company],
        "contacts": ["1"],
        "history": {"dealstage": history},
    }  # fmt: skip


def contact(key: str, at: str, email: str) -> dict:
    """A contact as the CRM gives it."""
    return {"id": key, "properties": {"lastmodifieddate": at, "firstname": f"Ada {key}", "email": email}}


def deliveries() -> list[Delivery]:
    """Two days of contacts and deals: some change, some come on both days, some are bad."""
    first, second = (Window.day(day) for day in DAYS)
    return [
        Delivery("sandbox_crm", "contacts", first, (page(
            contact("1", "2026-11-02T08:00:00Z", "ada@example.com"), contact("2", "2026-11-02T08:00:00Z", "bad"),
            contact("3", "2026-11-02T08:00:00Z", "ADA@example.com")),)),
        Delivery("sandbox_crm", "deals", first, (page(
            deal("1", "2026-11-02T10:00:00Z", "new", "100"), deal("2", "2026-11-02T11:00:00Z", "offer", "-1")),)),
        Delivery("sandbox_crm", "contacts", second, (page(
            contact("1", "2026-11-02T08:00:00Z", "ada@example.com"),
            contact("1", "2026-11-03T08:00:00Z", "ada@b.co")),)),
        Delivery("sandbox_crm", "deals", second, (page(
            deal("1", "2026-11-03T10:00:00Z", "offer", "120"), deal("2", "2026-11-03T11:00:00Z", "offer", "50")),)),
    ]  # fmt: skip


def whole_path(warehouse: Warehouse) -> None:
    """Every delivery through to the marts, as two daily runs."""
    given = deliveries()
    for number, day in enumerate(DAYS):
        for delivery in given[2 * number : 2 * number + 2]:
            load(warehouse, delivery)
        build(warehouse, [day], settle=True)


@pytest.fixture(scope="module")
def undisturbed(embedded: Databases) -> dict[str, str]:
    """The checksums after an undisturbed run."""
    warehouse = embedded.warehouse()
    whole_path(warehouse)
    sums = checksums(warehouse)
    assert rows(warehouse, "select count(*) from mart.deal") == [(2,)]
    assert rows(warehouse, "select count(*) from ops.quarantine") == [(2,)]
    # contacts 1 and 3 share an address, whatever its case, until contact 1 gets another
    assert rows(warehouse, "select count(distinct customer_id) from core.customer_link") == [(2,)]
    return sums


def kill_after_commit(number: int) -> None:
    """In this process: SIGKILL itself right after the nth commit (a transaction, or a statement in autocommit)."""
    count = 0

    def committed() -> None:
        nonlocal count
        count += 1
        if count == number:
            os.kill(os.getpid(), signal.SIGKILL)

    execute, leave = psycopg.Connection.execute, psycopg.Transaction.__exit__

    def counted_execute(self, *args, **kwargs):
        result = execute(self, *args, **kwargs)
        if self.autocommit and self.info.transaction_status == psycopg.pq.TransactionStatus.IDLE:
            committed()
        return result

    def counted_leave(self, *args):
        result = leave(self, *args)
        if self.connection.info.transaction_status == psycopg.pq.TransactionStatus.IDLE:
            committed()
        return result

    psycopg.Connection.execute = counted_execute  # type: ignore[method-assign]
    psycopg.Transaction.__exit__ = counted_leave  # type: ignore[method-assign]


def killed_path(warehouse: Warehouse, number: int) -> None:
    """The whole path, killed right after the nth commit."""
    kill_after_commit(number)
    whole_path(warehouse)


def in_a_process(work: Callable[..., None], *arguments: object) -> int:
    """Run in a process of its own; returns its exit code, negative for a signal.

    It is forked from a server that has run nothing: DuckDB's threads do not survive a fork.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(
        ["tests.sql.test_windows", "include.quality.expectations", "great_expectations", "splink", "sklearn.cluster",
         "include.customers.identity.engine", "include.customers.cleaning.people", "include.customers.value.build"]
    )  # fmt: skip
    process = context.Process(target=work, args=arguments)
    process.start()
    process.join(600)
    assert process.exitcode is not None
    return process.exitcode


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_killed_after_each_commit_and_retried_gives_the_same(embedded: Databases, undisturbed: dict[str, str]) -> None:
    number, killed = 1, 0
    while True:
        warehouse = embedded.warehouse()
        code = in_a_process(killed_path, warehouse, number)
        if code == 0:
            break
        assert code == -signal.SIGKILL
        killed += 1
        whole_path(warehouse)
        assert checksums(warehouse) == undisturbed, f"killed after commit {number}"
        unsettled = (
            "select count(*) from ops.load where state <> 'staged' and (state <> 'running' or received is not null)"
        )
        assert rows(warehouse, unsettled) == [(0,)]
        # every commit near the start is tried; later ones repeat the same steps for the next delivery
        number += 1 if number < 16 else 24
    assert killed > 16


@contextmanager
def no_lock(connection: psycopg.Connection, name: str) -> Iterator[None]:
    """What `exclusive` is without its lock."""
    yield


def both_at_once(warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> list[BaseException]:
    """Both days' contacts at the same time, meeting between batch and commit when nothing keeps them apart."""
    from include.warehouse import staging

    meeting = threading.Barrier(2)
    validate = staging.validate

    def slow(*args):
        result = validate(*args)
        try:
            meeting.wait(timeout=3)
        except threading.BrokenBarrierError:
            meeting.reset()
        return result

    monkeypatch.setattr(staging, "validate", slow)
    problems: list[BaseException] = []

    def run(delivery: Delivery) -> None:
        try:
            load(warehouse, delivery)
        except BaseException as error:
            problems.append(error)

    given = deliveries()
    threads = [threading.Thread(target=run, args=[given[number]]) for number in (0, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return problems


def test_two_windows_of_a_source_at_once_give_the_same(embedded: Databases, monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = embedded.warehouse(), embedded.warehouse()
    given = deliveries()
    load(one, given[0])
    load(one, given[2])
    assert both_at_once(other, monkeypatch) == []
    assert checksums(other, ["raw", "staging"]) == checksums(one, ["raw", "staging"])


def test_without_the_lock_two_windows_at_once_do_not(embedded: Databases, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("include.warehouse.staging.exclusive", no_lock)
    one, other = embedded.warehouse(), embedded.warehouse()
    given = deliveries()
    load(one, given[0])
    load(one, given[2])
    problems = both_at_once(other, monkeypatch)
    assert problems or checksums(other, ["raw", "staging"]) != checksums(one, ["raw", "staging"])


def test_twice_gives_the_same_and_without_raws_key_it_does_not(
    embedded: Databases, undisturbed: dict[str, str]
) -> None:
    warehouse = embedded.warehouse()
    whole_path(warehouse)
    whole_path(warehouse)
    assert checksums(warehouse) == undisturbed
    with warehouse.connect() as connection:
        connection.execute("alter table raw.sandbox_crm__deals drop constraint sandbox_crm__deals_pkey")
        connection.execute("alter table staging.sandbox_crm__deals drop constraint sandbox_crm__deals_pkey")
    with suppress(psycopg.errors.CardinalityViolation):  # the quarantine's own key notices it too
        whole_path(warehouse)
    assert checksums(warehouse) != undisturbed


def test_marts_follow_late_events_once_they_are_settled(embedded: Databases, undisturbed: dict[str, str]) -> None:
    warehouse = embedded.warehouse()
    given = deliveries()
    for delivery in given[2:]:
        load(warehouse, delivery)
    build(warehouse, [DAYS[1]])
    for delivery in given[:2]:
        load(warehouse, delivery)
    build(warehouse, [DAYS[0]])
    assert rows(warehouse, "select count(*) from ops.mart_day where is_stale") > [(0,)]
    settle_all(warehouse)
    assert rows(warehouse, "select count(*) from ops.mart_day where is_stale") == [(0,)]
    assert checksums(warehouse) == undisturbed


def test_only_days_on_which_a_deal_is_told_differently_are_marked(embedded: Databases) -> None:
    days = [date(2026, 11, number) for number in (2, 3, 4, 5, 6)]
    warehouse = embedded.warehouse()

    def marked(day: date, *deals: dict) -> list[int]:
        load(warehouse, Delivery("sandbox_crm", "deals", Window.day(day), (page(*deals),)))
        build_core(warehouse)
        stale = rows(warehouse, "select extract(day from day_on)::integer from ops.mart_day"
                                " where subject = 'sales' and is_stale order by 1")  # fmt: skip
        settle_all(warehouse)
        return [row[0] for row in stale]

    marked(days[0], deal("1", "2026-11-02T10:00:00Z", "new", "100"))
    build(warehouse, days, settle=True)
    # the deal is from the 1st; a move on the 5th changes that day, and the day before is built again for its periods
    assert marked(days[3], deal("1", "2026-11-05T10:00:00Z", "offer", "100")) == [4, 5, 6]
    # of the amount, only the present one is known: it stands for every day
    assert marked(days[4], deal("1", "2026-11-06T10:00:00Z", "offer", "120")) == [2, 3, 4, 5, 6]
    # the same again is no change
    assert marked(days[4], deal("1", "2026-11-06T10:00:00Z", "offer", "120")) == []
    # nor do the figures differ from those of a warehouse that got it all at once
    other = embedded.warehouse()
    load(other, Delivery("sandbox_crm", "deals", Window.day(days[0]),
                         (page(deal("1", "2026-11-02T10:00:00Z", "new", "100")),)))  # fmt: skip
    load(other, Delivery("sandbox_crm", "deals", Window.day(days[3]),
                         (page(deal("1", "2026-11-05T10:00:00Z", "offer", "100")),)))  # fmt: skip
    load(other, Delivery("sandbox_crm", "deals", Window.day(days[4]),
                         (page(deal("1", "2026-11-06T10:00:00Z", "offer", "120")),)))  # fmt: skip
    build(other, days, settle=True)
    assert checksums(other, ["core", "mart"]) == checksums(warehouse, ["core", "mart"])
