"""What each day and week should have had by its own history, what came, and which parts explain what was unusual."""

from collections.abc import Collection, Mapping
from datetime import date, timedelta
from typing import Any

import numpy as np
import psycopg
from psycopg import sql

from include.models.anomalies import expect
from include.models.calendar import day_columns, week_columns
from include.settings import SQL

Array = np.ndarray[Any, np.dtype[Any]]

MOST_DAYS = 5 * 365

# Days, and weeks, of: what is told at once, what teaches, what is the present level, what has to be known first.
DAYS = {"step": 7, "reach": 371, "recent": 28, "fewest": 56}
WEEKS = {"step": 1, "reach": 104, "recent": 5, "fewest": 26}


def tell_expectations(
    connection: psycopg.Connection,
    table: sql.Identifier,
    found: Mapping[str, Mapping[date, float]],
    last_day: date,
    closed: set[date],
    amounts: Collection[str] = (),
) -> None:
    """Tell the last five years of each series anew; what explains an anomaly that was told stays when it is the same.

    :param connection: in a transaction, with a temporary view ``event_part`` (series, at, dimension, member, figure):
        what the series are made of.
    :param table: is replaced.
    :param found: series → day → figure; days without any are 0.
    :param closed: public holidays.
    :param amounts: series that are sums of amounts: too few a day for a range, so they are told by week only.
    """
    connection.execute(sql.SQL("create temp view expectation as select * from {}").format(table))
    connection.execute(
        "create temp table explained_before on commit drop as"
        " select series, period, period_start, actual, explained_by from expectation where is_anomaly"
    )
    connection.execute("delete from expectation")
    for series, by_day in sorted(found.items()):
        earliest = max(min(by_day), last_day - timedelta(days=MOST_DAYS))
        first = earliest + timedelta(days=-earliest.weekday() % 7)  # the first whole week
        days = [first + timedelta(days=n) for n in range((last_day - first).days + 1)]
        figures = np.array([by_day.get(day, 0.0) for day in days])
        if series not in amounts:
            _write(connection, table, series, "day", days, figures, day_columns(days, closed), DAYS, 1.0)
        weeks = len(days) // 7
        if weeks:
            whole = days[: 7 * weeks]
            sums = figures[: 7 * weeks].reshape(weeks, 7).sum(axis=1)
            # an amount is counted in units of a usual one, of which there are so many as events
            unit = _usual(sums) if series in amounts else 1.0
            _write(connection, table, series, "week", whole[::7], sums, week_columns(whole, closed), WEEKS, unit)
    connection.execute((SQL / "models" / "explain.sql").read_bytes())


def _usual(figures: Array) -> float:
    positive = figures[figures > 0]
    return float(np.median(positive)) / 10 if len(positive) else 1.0


def _write(
    connection: psycopg.Connection,
    table: sql.Identifier,
    series: str,
    period: str,
    starts: list[date],
    figures: Array,
    calendar: Array,
    terms: dict[str, int],
    unit: float,
) -> None:
    expected = expect(figures / unit, calendar, **terms)
    is_outside = expected.is_outside(figures / unit)
    statement = sql.SQL(
        "copy {} (series, period, period_start, actual, expected, low, high, is_anomaly) from stdin"
    ).format(table)
    with connection.cursor().copy(statement) as copy:
        for place in np.flatnonzero(np.isfinite(expected.mean)):
            told = (round(float(one[place]) * unit, 2) for one in (expected.mean, expected.low, expected.high))
            copy.write_row((series, period, starts[place], float(figures[place]), *told, bool(is_outside[place])))
