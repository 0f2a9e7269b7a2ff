"""mart.ticket_way: groups of tickets that went alike, by their times on both clocks, replies, handoffs and reopens.

The ways are found once a month, in tickets that had been solved by the end of the month before; each day says which way
every ticket of the last 90 days went.
"""

from datetime import date, timedelta
from typing import Any

import psycopg

from include.models.calendar import last_month_end
from include.models.clusters import Clusters, Feature, fit_or_say_why, stated
from include.models.columns import read_columns
from include.models.runs import Training, fit_once, rough_size
from include.settings import SQL
from include.window import Window

SAMPLE = 20_000  # tickets of the year that ways are found in
DAYS = 90

FEATURES = (
    Feature("reply_minutes", "quick reply", "slow reply", is_log=True),
    Feature("open_minutes", "solved soon", "solved late", is_log=True),
    Feature("calendar_minutes", "over in hours", "over in days", is_log=True),
    Feature("customer_minutes", "customer not asked", "waited for the customer", is_log=True),
    Feature("hold_minutes", "never on hold", "on hold", is_log=True),
    Feature("replies", "few replies", "many replies", is_log=True),
    Feature("handoffs", "one pair of hands", "handed on", is_log=True),
    Feature("reopens", "solved once", "reopened", is_log=True),
)


def tell_ways(connection: psycopg.Connection, last_day: date) -> None:
    """Tell the way of every ticket that was solved in the last 90 days.

    :param connection: in a transaction of its own, after the service marts are built.
    """
    connection.execute("delete from mart.ticket_way")
    found = _fit(connection, last_month_end(last_day))
    if found is None:
        return
    run_id, ways = found
    now = _solved(connection, last_day - timedelta(days=DAYS - 1), last_day, None)
    if not now["key"]:
        return
    with connection.cursor().copy(
        "copy mart.ticket_way (source, ticket_id, known_to, way, model_run_id) from stdin"
    ) as copy:
        for source, ticket_id, label in zip(now["source"], now["ticket_id"], ways.label(now), strict=True):
            copy.write_row((source, ticket_id, last_day, ways.names[label], run_id))


def _solved(connection: psycopg.Connection, first_day: date, last_day: date, most: int | None) -> dict[str, Any]:
    return read_columns(
        connection, SQL / "service" / "solved.sql", {"first_day": first_day, "last_day": last_day, "most": most}
    )


def _fit(connection: psycopg.Connection, month_end: date) -> tuple[str, Clusters] | None:
    first_day = month_end - timedelta(days=364)
    window = Window.between(first_day, month_end)
    row = connection.execute(
        "select count(*) from mart.ticket where last_solved_at >= %s and last_solved_at < %s",
        [window.start, window.end],
    ).fetchone()
    rows = row[0] if row else 0
    training = Training(
        "clusters", "solved tickets", window.start, window.end, stated(FEATURES) | {"sample": SAMPLE},
        rough_size(rows), rows,
    )  # fmt: skip
    parameters = fit_once(
        connection, training,
        lambda: fit_or_say_why(_solved(connection, first_day, month_end, SAMPLE), FEATURES, "solved tickets"),
    ).parameters  # fmt: skip
    return (training.model_run_id, Clusters.from_json(parameters)) if parameters else None
