"""The request budget in the warehouse: exact, whoever asks."""

import threading
from collections import Counter

from include.warehouse.connection import Warehouse


def slots(warehouse: Warehouse, count: int) -> None:
    with warehouse.connect() as connection:
        connection.execute(
            "insert into ops.request_budget (budget, slot) select 'api', generate_series(0, %s - 1)", [count]
        )


def take(warehouse: Warehouse, times: int, requests: int, seconds: float) -> list[float]:
    with warehouse.connect(autocommit=True) as connection:
        found = []
        for _ in range(times):
            row = connection.execute("select ops.take_request('api', %s, %s)", [requests, seconds]).fetchone()
            assert row
            found.append(float(row[0]))
        return found


def test_the_first_requests_go_at_once_and_the_next_when_theirs_are_over(warehouse: Warehouse) -> None:
    """Three in 100 s: 0 0 0, then 100 100 100, then 200 …, less what the test itself takes."""
    slots(warehouse, 3)
    waits = take(warehouse, 8, 3, 100)
    assert [round(wait / 100) * 100 for wait in waits] == [0, 0, 0, 100, 100, 100, 200, 200]
    assert waits == sorted(waits, key=lambda wait: round(wait / 100))


def test_a_smaller_budget_counts_from_now_on(warehouse: Warehouse) -> None:
    slots(warehouse, 5)
    assert [round(wait) for wait in take(warehouse, 3, 2, 100)] == [0, 0, 100]


def test_at_once_by_many_no_slot_is_used_twice_and_none_is_left_unused(warehouse: Warehouse) -> None:
    slots(warehouse, 40)
    waits: list[float] = []
    threads = [threading.Thread(target=lambda: waits.extend(take(warehouse, 20, 40, 1000))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Counter(round(wait / 1000) for wait in waits) == {0: 40, 1: 40}


def test_a_slot_that_is_free_for_long_is_used_now_and_not_in_the_past(warehouse: Warehouse) -> None:
    slots(warehouse, 1)
    with warehouse.connect() as connection:
        connection.execute("update ops.request_budget set free_at = now() - interval '1 day'")
    assert [round(wait) for wait in take(warehouse, 2, 1, 50)] == [0, 50]
