"""mart.sales_expectation: what each day and week of sales should have had by its own history, and what came."""

from datetime import date, timedelta
from typing import Any

import numpy as np
import psycopg

from include.models.anomalies import expect
from include.models.calendar import day_columns, week_columns
from include.public_holidays import public_holidays
from include.sales.pipelines import load_sales_config
from include.settings import SQL

Array = np.ndarray[Any, np.dtype[Any]]

# Amounts are too few a day for a range; by week they are.
BY_WEEK_ONLY = ("bookings",)

MOST_DAYS = 5 * 365

# Days, and weeks, of: what is told at once, what teaches, what is the present level, what has to be known first.
DAYS = {"step": 7, "reach": 371, "recent": 35, "fewest": 56}
WEEKS = {"step": 1, "reach": 104, "recent": 5, "fewest": 26}


def tell_anomalies(connection: psycopg.Connection, last_day: date) -> None:
    """Tell the last five years anew, by event time.

    :param connection: in the transaction that builds the sales marts.
    """
    statement = (SQL / "sales" / "day.sql").read_text("utf-8").encode()
    found: dict[str, dict[date, float]] = {}
    for series, day, figure in connection.execute(statement, {"last_day": last_day}):
        found.setdefault(series, {})[day] = float(figure)
    calendar = load_sales_config().holiday_calendar
    connection.execute(
        "create temp table explained_before on commit drop as"
        " select series, period, period_start, actual, explained_by from mart.sales_expectation where is_anomaly"
    )
    connection.execute("delete from mart.sales_expectation")
    for series, by_day in sorted(found.items()):
        earliest = max(min(by_day), last_day - timedelta(days=MOST_DAYS))
        first = earliest + timedelta(days=-earliest.weekday() % 7)  # the first whole week
        days = [first + timedelta(days=n) for n in range((last_day - first).days + 1)]
        figures = np.array([by_day.get(day, 0.0) for day in days])
        closed = public_holidays(calendar, range(first.year, last_day.year + 1))
        if series not in BY_WEEK_ONLY:
            _write(connection, series, "day", days, figures, day_columns(days, closed), DAYS)
        weeks = len(days) // 7
        if weeks:
            whole = days[: 7 * weeks]
            sums = figures[: 7 * weeks].reshape(weeks, 7).sum(axis=1)
            _write(connection, series, "week", whole[::7], sums, week_columns(whole, closed), WEEKS)
    connection.execute((SQL / "mart" / "sales_anomaly.sql").read_bytes())


def _write(
    connection: psycopg.Connection,
    series: str,
    period: str,
    starts: list[date],
    figures: Array,
    calendar: Array,
    terms: dict[str, int],
) -> None:
    # an amount is counted in units of a usual one, of which there are so many as events
    positive = figures[figures > 0]
    unit = float(np.median(positive)) / 10 if series in BY_WEEK_ONLY and len(positive) else 1.0
    expected = expect(figures / unit, calendar, **terms)
    is_outside = expected.is_outside(figures / unit)
    with connection.cursor().copy(
        "copy mart.sales_expectation (series, period, period_start, actual, expected, low, high, is_anomaly) from stdin"
    ) as copy:
        for place in np.flatnonzero(np.isfinite(expected.mean)):
            told = (round(float(one[place]) * unit, 2) for one in (expected.mean, expected.low, expected.high))
            copy.write_row((series, period, starts[place], float(figures[place]), *told, bool(is_outside[place])))
