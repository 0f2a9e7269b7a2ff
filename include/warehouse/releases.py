"""When a day goes on to the next DAGs: once everything it needs is there, and then once.

Airflow can wait for several assets itself, but when two of them are published in the same instant it notes the day
twice, each half waiting for the other for ever (apache/airflow#71070). So what completes the day publishes one asset.
"""

from datetime import date, datetime

import psycopg

from include.warehouse.connection import Warehouse

SUBJECTS = ("customers", "sales", "service")


def release_sources(warehouse: Warehouse, day: date, sources: list[str], run_ref: str) -> list[str]:
    """Whether a run may publish the day to core: it may when it is the one that completed it.

    :param sources: every source that is switched on.
    :param run_ref: the asking run; asked again, after its task was killed, it gets the same answer.
    :returns: empty when it may; else what the day waits for, or that another run has published it.
    """
    with warehouse.connect() as connection:
        rows = connection.execute(
            "select source, published_at from ops.source_day where day_on = %s and source = any(%s)", [day, sources]
        ).fetchall()
        there: dict[str, datetime] = dict(rows)
        if missing := [source for source in sources if source not in there]:
            return missing
        return _claim(connection, "staging", day, max(there.values()), run_ref)


def mark_core(warehouse: Warehouse, day: date) -> None:
    """Note that core was built for a day: marts built before that do not count for it any more."""
    with warehouse.connect() as connection:
        connection.execute(
            "insert into ops.mart_day (subject, day_on, is_stale, built_at)"
            " values ('core', %s, false, clock_timestamp())"
            " on conflict (subject, day_on) do update set built_at = clock_timestamp()",
            [day],
        )


def release_marts(warehouse: Warehouse, day: date, run_ref: str) -> list[str]:
    """Whether a run may publish the day to the reports: it may when all subjects' marts are newer than the day's core.

    :param run_ref: the asking run, as for `release_sources`.
    :returns: empty when it may; else what the day waits for, or that another run has published it.
    """
    with warehouse.connect() as connection:
        rows = connection.execute("select subject, built_at from ops.mart_day where day_on = %s", [day]).fetchall()
        built: dict[str, datetime] = dict(rows)
        core = built.pop("core", None)
        stale = [s for s in SUBJECTS if s not in built or (core is not None and built[s] < core)]
        return stale or _claim(connection, "marts", day, max(built.values()), run_ref)


def _claim(connection: psycopg.Connection, name: str, day: date, stamp: datetime, run_ref: str) -> list[str]:
    """Of all runs that see the day complete at the same stamp, the first one gets it."""
    connection.execute(
        "insert into ops.release (name, day_on, stamp, run_ref) values (%s, %s, %s, %s) on conflict do nothing",
        [name, day, stamp, run_ref],
    )
    row = connection.execute(
        "select run_ref from ops.release where name = %s and day_on = %s and stamp = %s", [name, day, stamp]
    ).fetchone()
    return [] if row and row[0] == run_ref else [f"nothing: {row[0] if row else 'another run'} publishes it"]
