"""How good the sales models are, on companies whose seeds nothing was tuned on, and on Maven's deals.

Everything goes the whole way: the sandbox's CRM is pulled over HTTP, staged, built into core and marts. A forecast is
judged as it would have been made: at each cut of the last weeks the method is chosen by a backtest that ends there, and
held against what came. What is an anomaly, the sandbox tells, from code that imports nothing of the product.
"""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import psycopg

from include.by_hand import load_files
from include.models.calendar import week_columns
from include.models.forecasting import FEWEST_WEEKS, HORIZON, LEVELS, MONTH, NAIVE, choose, methods
from include.public_holidays import public_holidays
from include.sales import forecast
from include.sales.pipelines import load_sales_config
from include.warehouse.connection import Warehouse
from tests.bench.company import built

SEEDS = (20261126, 71, 905)
START, MONTHS = date(2024, 1, 1), 24
SIZE = {"companies": 900, "people": 1500, "deals": 4500, "tickets": 50}
CUTS, APART = 8, 3  # cuts of the history that are judged, so many weeks apart, the last one so that all of it is known


@dataclass(frozen=True)
class Forecast:
    """Of one history: mean absolute error over the seasonal naive one's, and the share of figures in the intervals.

    Of weeks, and of their sums to months of four.
    """

    what: str
    season: int
    relative: float
    months_relative: float
    inside: dict[int, float]
    months_inside: dict[int, float]


@contextmanager
def company(url: str, seed: int, share: int) -> Iterator[tuple[psycopg.Connection, list[dict[str, Any]]]]:
    """The sales marts of a sandbox company as of its last day, and its planted anomalies.

    :param url: a migrated, empty warehouse.
    """
    end = date(START.year + MONTHS // 12, 1, 1)
    size = {name: max(50, number // share) for name, number in SIZE.items()}
    with built(url, "sandbox_crm", "sales", seed, START, end, size, ["anomalies"]) as (connection, truth):
        yield connection, [one for one in truth["anomalies"] if one["figure"] == "deals"]


@contextmanager
def maven(url: str, folder: Path) -> Iterator[psycopg.Connection]:
    """The sales marts of Maven's deals."""
    warehouse = Warehouse(url)
    with tempfile.TemporaryDirectory() as reports:
        load_files(warehouse, "maven_crm", [folder], reports=Path(reports))
    with warehouse.connect() as connection:
        yield connection


def forecasts(connection: psycopg.Connection, what: str, last_day: date) -> Forecast:
    """Bookings, foretold from several weeks of the past by what was known then."""
    known_to = last_day - timedelta(days=(last_day.weekday() + 1) % 7)
    weeks, history = forecast._history(connection, "bookings", known_to)
    flow = forecast._flow(forecast._rows(connection, "deal_flow", known_to), weeks[0], len(weeks))
    days = [weeks[0] + timedelta(days=n) for n in range(7 * (len(weeks) + HORIZON))]
    closed = public_holidays(load_sales_config().holiday_calendar, range(days[0].year, days[-1].year + 1))
    calendar = week_columns(days, closed)
    errors, naive, month_errors, month_naive = [], [], [], []
    inside: dict[int, list[bool]] = {level: [] for level in LEVELS}
    months_inside: dict[int, list[bool]] = {level: [] for level in LEVELS}
    season = 0
    last = len(weeks) - 4
    apart = max(1, min(APART, (last - FEWEST_WEEKS) // (CUTS - 1)))
    for cut in range(max(FEWEST_WEEKS, last - apart * (CUTS - 1)), last + 1, apart):
        tried = methods(history[:cut], calendar[: cut + HORIZON], {"pipeline": flow.pipeline})
        chosen = choose(history[:cut], tried)
        season = chosen.scores["season"]
        actual = history[cut : cut + HORIZON]
        ahead = len(actual)
        error, plain = chosen.mean[:ahead] - actual, tried[NAIVE](cut, ahead) - actual
        month_error, month_plain = _months(error), _months(plain)
        errors.append(np.abs(error))
        naive.append(np.abs(plain))
        month_errors.append(np.abs(month_error))
        month_naive.append(np.abs(month_plain))
        for level in LEVELS:
            inside[level] += (np.abs(error) <= chosen.spread[level][:ahead]).tolist()
            spread = chosen.month_spread[level][: len(month_error)]
            months_inside[level] += (np.abs(month_error) <= spread).tolist()
    return Forecast(
        what, season, _ratio(errors, naive), _ratio(month_errors, month_naive),
        {level: float(np.mean(found)) for level, found in inside.items()},
        {level: float(np.mean(found)) for level, found in months_inside.items()},
    )  # fmt: skip


def _months(weeks: np.ndarray) -> np.ndarray:
    return weeks[: len(weeks) // MONTH * MONTH].reshape(-1, MONTH).sum(axis=1)


def _ratio(one: list[np.ndarray], other: list[np.ndarray]) -> float:
    return float(np.concatenate(one).mean() / np.concatenate(other).mean())


@dataclass(frozen=True)
class Anomalies:
    """Of the days on which new deals were planted to be unusual: how many were told; and false alarms by series."""

    planted: int
    told: int
    false_a_month: dict[str, float]


def anomalies(connection: psycopg.Connection, planted: list[dict[str, Any]]) -> Anomalies:
    """What mart.sales_expectation tells of days, against what was planted."""
    days = {date.fromisoformat(one["day"]) for one in planted}
    rows = connection.execute(
        "select series, period_start, is_anomaly from mart.sales_expectation where period = 'day'"
    ).fetchall()
    told = {day for series, day, is_anomaly in rows if series == "new_deals" and is_anomaly}
    false: dict[str, int] = {}
    seen: dict[str, int] = {}
    for series, day, is_anomaly in rows:
        seen[series] = seen.get(series, 0) + 1
        false[series] = false.get(series, 0) + (is_anomaly and not (series == "new_deals" and day in days))
    judged = days & {day for series, day, _ in rows if series == "new_deals"}
    return Anomalies(
        len(judged), len(judged & told), {series: 30.4 * false[series] / seen[series] for series in sorted(seen)}
    )


def scores(connection: psycopg.Connection, model: str) -> list[tuple[str, dict[str, Any], int]]:
    """Subject, scores and rows of the model's runs."""
    return connection.execute(
        "select subject, scores, rows from ops.model_run where model = %s order by subject", [model]
    ).fetchall()
