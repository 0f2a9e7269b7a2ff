"""A list that is read whole every day: only changes are written, and no order of the days loses one."""

import itertools
import random
from collections.abc import Sequence
from datetime import date, timedelta

import pytest

from include.sources.config import Entity, Source
from include.sources.page import Page
from include.warehouse.connection import Warehouse
from include.warehouse.landing import Landed, land
from include.warehouse.staging import stage
from include.window import Window
from tests.deliveries import build, checksums, page, rows, settle_all

FIRST = date(2026, 11, 2)

# key → content, as one day's read gives them
Read = dict[str, str]


def people() -> tuple[Source, Entity]:
    """A table of people that is read whole; named as the sandbox's, whose staging statement and suite it gets."""
    entity = {"feeds": "customer", "id": "id", "version_at": None, "database": {"table": "people", "full": True}}
    source = Source.model_validate(
        {"name": "sandbox_site", "description": "People.", "kind": "database", "connection": "hr", "enabled": False,
         "entities": {"people": entity}}
    )  # fmt: skip
    return source, source.entities["people"]


def day(number: int) -> Window:
    return Window.day(FIRST + timedelta(days=number))


def read(content: Read) -> Page:
    return page(*({"id": key, "name": name, "email": f"{key}@example.com"} for key, name in content.items()))


def land_day(warehouse: Warehouse, number: int, content: Read) -> Landed:
    return land(warehouse, *people(), day(number), [read(content)])


def stage_all(warehouse: Warehouse) -> None:
    stage(warehouse, *people(), day(0))


def told(warehouse: Warehouse, number: int) -> Read:
    """What raw tells of the day: of every key the newest version until then."""
    return dict(
        rows(
            warehouse,
            "select distinct on (source_id) source_id, payload ->> 'name' from raw.sandbox_site__people"
            " where version_at <= %s order by source_id, version_at desc, payload_hash desc",
            [day(number).start],
        )
    )


def versions(warehouse: Warehouse) -> list[tuple[int, str, str]]:
    found = rows(warehouse, "select version_at::date, source_id, payload ->> 'name' from raw.sandbox_site__people")
    return sorted(((on - FIRST).days, key, name) for on, key, name in found)


def books_add_up(warehouse: Warehouse) -> bool:
    (counts,) = rows(
        warehouse,
        "select (select sum(inserted) from ops.load), (select count(*) from raw.sandbox_site__people),"
        " (select sum(staged) + sum(quarantined) from ops.load)",
    )
    return len(set(counts)) == 1


def test_an_unchanged_row_is_written_once_and_a_change_back_is_a_change(warehouse: Warehouse) -> None:
    counts = [
        land_day(warehouse, number, content)
        for number, content in enumerate([{"1": "A", "2": "X"}, {"1": "A", "2": "X"}, {"1": "B", "2": "X"}, {"1": "A"}])
    ]
    assert [(c.received, c.inserted, c.unchanged) for c in counts] == [(2, 2, 0), (2, 0, 2), (2, 1, 1), (1, 1, 0)]
    assert versions(warehouse) == [(0, "1", "A"), (0, "2", "X"), (2, "1", "B"), (3, "1", "A")]
    again = land_day(warehouse, 3, {"1": "A"})
    assert (again.inserted, again.unchanged) == (0, 1)
    stage_all(warehouse)
    assert books_add_up(warehouse)


def test_a_day_that_comes_late_brings_back_what_the_next_one_left_out(warehouse: Warehouse) -> None:
    land_day(warehouse, 0, {"1": "A"})
    land_day(warehouse, 2, {"1": "A"})  # as before: nothing is written
    assert versions(warehouse) == [(0, "1", "A")]
    land_day(warehouse, 1, {"1": "B"})
    assert versions(warehouse) == [(0, "1", "A"), (1, "1", "B"), (2, "1", "A")]
    stage_all(warehouse)
    loads = rows(warehouse, "select window_start, kind, received, inserted, state from ops.load order by load_id")
    # a load of its own, of the day that had left it out
    assert loads[-1] == (day(2).start, "pull", 1, 1, "staged") and books_add_up(warehouse)


def test_a_day_that_gives_something_else_again_keeps_both(embedded) -> None:
    one, other = embedded.warehouse(), embedded.warehouse()
    for there, contents in ((one, "AB"), (other, "BA")):
        land_day(there, 0, {"1": "A"})
        for content in contents:
            land_day(there, 1, {"1": content})
    assert versions(one) == versions(other) == [(0, "1", "A"), (1, "1", "A"), (1, "1", "B")]


def history(seed: int, days: int = 5, keys: int = 6) -> list[Read]:
    """Reads of some days in which every key is there, with few contents, so that many come back."""
    pick = random.Random(seed)
    return [{str(key): pick.choice("AAB") + pick.choice("XY") for key in range(keys)} for _ in range(days)]


def orders(seed: int, days: int, count: int) -> Sequence[tuple[int, ...]]:
    every = list(itertools.permutations(range(days)))
    return [every[-1], *random.Random(seed).sample(every, count)]


@pytest.mark.parametrize("seed", range(2))
def test_in_any_order_every_day_is_told_as_it_was_given(embedded, seed: int) -> None:
    given = history(seed)
    for order in orders(seed, len(given), 4):
        warehouse = embedded.warehouse()
        again = order[seed % len(order)]
        for number in (*order, again):
            land_day(warehouse, number, given[number])
        assert [told(warehouse, number) for number in range(len(given))] == given, order


def test_in_any_order_core_and_marts_are_the_same(embedded) -> None:
    given = history(17, days=4)
    days = [FIRST + timedelta(days=number) for number in range(len(given))]
    sums = []
    for order in ((0, 1, 2, 3), (3, 2, 1, 0), (2, 0, 3, 1)):
        warehouse = embedded.warehouse()
        for number in order:
            land_day(warehouse, number, given[number])
            stage_all(warehouse)
            build(warehouse, [days[number]])
        settle_all(warehouse)
        assert books_add_up(warehouse)
        sums.append(checksums(warehouse, ["core", "mart"]))
    assert rows(warehouse, "select count(*) from core.dim_customer where is_current") == [(6,)]
    assert sums[0] == sums[1] == sums[2]


def test_in_order_nothing_is_written_that_did_not_change(embedded_warehouse: Warehouse) -> None:
    given = history(3)
    for number, content in enumerate(given):
        land_day(embedded_warehouse, number, content)
    changes = sum(
        content[key] != before.get(key) for before, content in itertools.pairwise([{}, *given]) for key in content
    )
    assert len(versions(embedded_warehouse)) == changes
