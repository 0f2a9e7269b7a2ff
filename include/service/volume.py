"""mart.service_forecast: tickets to come by day and hour; mart.service_expectation: days and weeks that were unusual.

A forecast is made on the first fresh day after a week was over, from what had come by that week's end, and is never
changed.
"""

from datetime import date, datetime, time, timedelta
from typing import Any

import numpy as np
import psycopg
from psycopg import sql

from include.models.calendar import day_columns
from include.models.expectations import MOST_DAYS, tell_expectations
from include.models.hourly import FEWEST_DAYS, HORIZON, LEVELS, PROFILE, Hourly, forecast
from include.models.runs import Fitted, Training, fingerprint, fit_once
from include.public_holidays import public_holidays
from include.service.config import load_service_config
from include.settings import SQL
from include.window import Window

Array = np.ndarray[Any, np.dtype[Any]]

HISTORY_DAYS = 104 * 7


def forecast_volume(connection: psycopg.Connection, last_day: date) -> None:
    """Foretell the five weeks after the last week that was over on a day, unless that was done; from 12 weeks on.

    :param connection: in a transaction of its own, after the service marts are built.
    """
    known_to = last_day - timedelta(days=(last_day.weekday() + 1) % 7)
    done = connection.execute(
        "select exists (select from mart.service_forecast where known_to = %s)", [known_to]
    ).fetchone()
    first, history = _history(connection, known_to - timedelta(days=HISTORY_DAYS - 1), known_to)
    if (done and done[0]) or first is None or len(history) < FEWEST_DAYS:
        return
    days = [first + timedelta(days=n) for n in range(len(history) + HORIZON)]
    weekdays = np.array([day.weekday() for day in days])
    closed = _closed(range(days[0].year, days[-1].year + 1))
    window = Window.between(first, known_to)
    training = Training(
        "hourly_forecast", "created tickets", window.start, window.end,
        {"days_ahead": HORIZON, "profile_days": PROFILE, "closed": sorted(str(d) for d in closed & set(days))},
        fingerprint(history), len(history),
    )  # fmt: skip

    def fit() -> Fitted:
        told = forecast(history, day_columns(days, closed), weekdays)
        parameters = {
            "days": told.days.tolist(), "hours": told.hours.tolist(),
            "day_spread": told.day_spread, "hour_spread": told.hour_spread,
        }  # fmt: skip
        return Fitted(parameters, told.scores)

    fitted = fit_once(connection, training, fit)
    assert fitted.parameters
    kept = fitted.parameters
    day_spread, hour_spread = (
        {int(level): by_block for level, by_block in kept[name].items()} for name in ("day_spread", "hour_spread")
    )
    told = Hourly(np.array(kept["days"]), np.array(kept["hours"]), day_spread, hour_spread, fitted.scores)
    _write(connection, training.model_run_id, known_to, told)


def tell_anomalies(connection: psycopg.Connection, last_day: date) -> None:
    """Tell the last five years anew, by event time, with the parts that explain what was unusual.

    :param connection: in a transaction of its own, after the service marts are built.
    """
    first, history = _history(connection, last_day - timedelta(days=MOST_DAYS), last_day)
    found = {}
    if first is not None:
        by_day = history.sum(axis=1).tolist()
        found["created_tickets"] = {first + timedelta(days=place): count for place, count in enumerate(by_day)}
    connection.execute((SQL / "service" / "event_part.sql").read_bytes())
    closed = _closed(range((first or last_day).year, last_day.year + 1))
    tell_expectations(connection, sql.Identifier("mart", "service_expectation"), found, last_day, closed)


def _history(connection: psycopg.Connection, first_day: date, last_day: date) -> tuple[date | None, Array]:
    """The first day with a ticket, and the tickets of each day from it on by hour: a row a day, 24 columns."""
    rows = connection.execute(
        (SQL / "service" / "hour.sql").read_bytes(), {"first_day": first_day, "last_day": last_day}
    ).fetchall()
    if not rows:
        return None, np.empty((0, 24))
    first = rows[0][0]
    history = np.zeros(((last_day - first).days + 1, 24))
    for day, hour, tickets in rows:
        history[(day - first).days, hour] = tickets
    return first, history


def _closed(years: range) -> set[date]:
    """The days off of the schedule that tickets are counted by where nothing else is said."""
    closed: set[date] = set()
    for schedule in load_service_config().schedules:
        if schedule.name == "default":
            closed |= public_holidays(schedule.country, years) | set(schedule.holidays)
    return closed


def _write(connection: psycopg.Connection, run_id: str, known_to: date, told: Hourly) -> None:
    by_level = [told.intervals(level) for level in LEVELS]
    with connection.cursor().copy(
        "copy mart.service_forecast (model_run_id, known_to, period, period_start, days_ahead, expected, low_80,"
        " high_80, low_95, high_95) from stdin"
    ) as copy:
        for ahead in range(HORIZON):
            day = datetime.combine(known_to + timedelta(days=ahead + 1), time())
            edges = (float(edge[ahead]) for ends in by_level for edge in ends[:2])
            copy.write_row((run_id, known_to, "day", day, ahead + 1, round(float(told.days[ahead]), 3), *edges))
            for hour in range(24):
                edges = (float(edge[ahead, hour]) for ends in by_level for edge in ends[2:])
                copy.write_row((
                    run_id, known_to, "hour", day + timedelta(hours=hour), ahead + 1,
                    round(float(told.hours[ahead, hour]), 3), *edges,
                ))  # fmt: skip
