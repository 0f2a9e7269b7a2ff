"""The pool that a source's budget names: its task runs in it, and it is made where it is missing."""

import pytest

from include.local import pools
from include.sources.config import Source
from tests.api import SNAPSHOT, source
from tests.conftest import Databases
from tests.deliveries import rows


def budgeted(name: str, pool: str | None) -> Source:
    budget = {"requests": 100, "seconds": 10, **({"pool": pool} if pool else {})}
    made = source(SNAPSHOT, budget=budget)
    return made.model_copy(update={"name": name, "schedule": "0 2 * * *", "enabled": True})


def test_the_task_that_asks_the_source_runs_in_its_pool() -> None:
    from dags.ingest import ingest

    shared, alone = ingest(budgeted("shop", "vendor")), ingest(budgeted("desk", None))
    assert {task.task_id: task.pool for task in shared.tasks if task.pool != "default_pool"} == {"land_raw": "vendor"}
    assert {task.pool for task in alone.tasks} == {"default_pool"}


def test_a_missing_pool_is_made_and_one_that_is_there_is_left_alone(
    embedded: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In Airflow's own table, as Airflow defines it."""
    from airflow.models.base import Base
    from airflow.models.pool import Pool
    from sqlalchemy import create_engine

    database = embedded.empty()
    tables = [Base.metadata.tables["team"], Pool.__table__]
    Base.metadata.create_all(create_engine(database.sqlalchemy_url), tables=tables)
    assert pools.keep(database.url) == []
    sources = [budgeted("shop", "vendor"), budgeted("desk", "vendor"), budgeted("mail", None)]
    monkeypatch.setattr(pools, "load_sources", lambda: {made.name: made for made in sources})
    assert pools.keep(database.url) == ["vendor"]
    with database.connect() as connection:
        connection.execute("update slot_pool set slots = 9")
    assert pools.keep(database.url) == []
    assert rows(database, "select pool, slots from slot_pool") == [("vendor", 9)]
