"""The request budget of a source, shared by all that have the same warehouse: kept in ops.request_budget."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from include.sources.config import Source
from include.sources.connection import SourceConnection
from include.warehouse.connection import Warehouse

# A request may be this much longer on its way than the one that used its slot before: in seconds.
TRAVEL_SECONDS = 0.25


@contextmanager
def within_budget(warehouse: Warehouse, source: Source, connection: SourceConnection) -> Iterator[SourceConnection]:
    """The connection to a source, with its budget to ask before each request; as it is when the source has none."""
    budget = source.budget
    if not budget:
        yield connection
        return
    name = budget.pool or source.name
    with warehouse.connect(autocommit=True) as books:
        # what a crash of the server may forget are requests of the last second
        books.execute("set synchronous_commit to off")
        books.execute(
            "insert into ops.request_budget (budget, slot) select %s, generate_series(0, %s - 1)"
            " on conflict (budget, slot) do nothing",
            [name, budget.requests],
        )

        def take() -> float:
            row = books.execute(
                "select ops.take_request(%s, %s, %s)", [name, budget.requests, budget.seconds + TRAVEL_SECONDS]
            ).fetchone()
            assert row
            return max(0.0, row[0])

        yield replace(connection, wait_turn=take)
