"""The pools of Airflow's that budgets of sources name: made where they are missing, left alone where they are there."""

import psycopg

from include.sources.config import load_sources

# Tasks beyond this many would only wait for the same budget, each holding a worker.
SLOTS = 4


def keep(metadata_url: str) -> list[str]:
    """Make the pools that are missing; a task whose pool is missing would never run.

    Written into Airflow's own table: its command takes four seconds, and its API may not be up yet.

    :param metadata_url: Airflow's own database, ``postgresql://…``, its tables migrated.
    :return: the names of the pools that were made.
    """
    wanted = {source.budget.pool for source in load_sources().values() if source.budget and source.budget.pool}
    if not wanted:
        return []
    with psycopg.connect(metadata_url) as connection:
        rows = connection.execute(
            "insert into slot_pool (pool, slots, description, include_deferred)"
            " select pool, %s, %s, false from unnest(%s::text[]) as t (pool)"
            " on conflict (pool) do nothing returning pool",
            [SLOTS, "Tasks that share a request budget.", sorted(wanted)],
        ).fetchall()
    return [name for (name,) in rows]
