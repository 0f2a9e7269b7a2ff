"""mart.sales_forecast: what bookings, new deals and activity will be in the next 26 weeks, told anew once a week.

A forecast is made on the first fresh day after a week was over, from what had happened by that week's end, and is never
changed: mart.sales_forecast_accuracy tells how each turned out. Bookings have one more method than history alone has:
the pipeline, deals that are open or still to come and how deals of their age went on.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
import psycopg

from include.models.calendar import week_columns, work_days
from include.models.forecasting import (
    FEWEST_WEEKS,
    HORIZON,
    LEVELS,
    MONTH,
    Chosen,
    Method,
    choose,
    last_year,
    methods,
)
from include.models.runs import Fitted, Training, fingerprint, fit_once
from include.public_holidays import public_holidays
from include.sales.pipelines import load_sales_config
from include.settings import SQL
from include.window import Window

Array = np.ndarray[Any, np.dtype[Any]]

SERIES = ("bookings", "new_deals", "activities")

# Weeks of history that methods learn from and are judged on.
MOST_WEEKS = 260
# Weeks by which a deal has been won or lost, or nobody knows when.
OLDEST = 104
# Deals at risk that stand behind a rate before any were seen.
DOUBT = 10.0


@dataclass(frozen=True)
class Flow:
    """Deals by the weeks of their creation and end, as counted weeks of the history.

    :param created, ended: the weeks; ``ended`` beyond the history for open deals.
    :param is_won: whether they were won.
    :param deals: how many deals.
    :param amount: what those that were won are worth, in the reporting currency. What an open deal was worth at some
        time in the past many sources do not tell, so it is taken to be worth as much as the won ones.
    """

    created: Array
    ended: Array
    is_won: Array
    deals: Array
    amount: Array

    def pipeline(self, known: int, ahead: int) -> Array:
        """Bookings of the weeks after the first ``known`` ones, from deals open by then and those still to come.

        Of the deals that reach an age in weeks, the share that is won, and lost, in that week is what it was so far
        (a discrete competing-risks life table, Kalbfleisch and Prentice 2002). New deals come in last year's shape.
        """
        there = self.created < known
        is_over = there & (self.ended < known)
        age = np.clip(np.where(is_over, self.ended, known) - self.created, 0, OLDEST)
        size = OLDEST + 1

        def by_age(chosen: Array, weights: Array) -> Array:
            return np.bincount(age[chosen], weights[chosen], minlength=size)

        at_risk = by_age(there, self.deals)[::-1].cumsum()[::-1] + DOUBT
        won = by_age(is_over & self.is_won, self.deals) / at_risk
        lost = by_age(is_over & ~self.is_won, self.deals) / at_risk
        bought = is_over & self.is_won
        worth = self.amount[bought].sum() / max(self.deals[bought].sum(), 1.0)
        still_open = by_age(there & ~is_over, self.deals)
        came = there & (self.created >= 0)  # the history may begin with the first booking, after the first deals
        fresh = last_year(np.bincount(self.created[came], self.deals[came], minlength=known), ahead)
        found = np.empty(ahead)
        for week in range(ahead):
            still_open[0] += fresh[week]
            found[week] = worth * (still_open @ won)
            left = still_open * (1 - won - lost)
            still_open = np.concatenate(([0.0], left[:-2], [left[-2] + left[-1]]))
        return found


def forecast_sales(connection: psycopg.Connection, last_day: date) -> None:
    """Foretell every series that was not yet foretold from the last week that was over on a day.

    :param connection: in the transaction that builds the sales marts, whose temporary tables it reads.
    """
    last_week_end = last_day - timedelta(days=(last_day.weekday() + 1) % 7)
    todo = [
        series
        for series in SERIES
        if not connection.execute(
            "select exists (select from mart.sales_forecast where series = %s and known_to = %s)",
            [series, last_week_end],
        ).fetchone()[0]  # type: ignore[index]
    ]
    if not todo:
        return
    flow_rows = _rows(connection, "deal_flow", last_week_end)
    for series in todo:
        weeks, history = _history(connection, series, last_week_end)
        if len(weeks) < FEWEST_WEEKS:
            continue
        flow = _flow(flow_rows, weeks[0], len(weeks)) if series == "bookings" else None
        _tell(connection, series, weeks, history, flow)


def _rows(connection: psycopg.Connection, name: str, known_to: date) -> list[tuple[Any, ...]]:
    statement = (SQL / "sales" / f"{name}.sql").read_text("utf-8")
    return connection.execute(statement.encode(), {"known_to": known_to}).fetchall()


def _history(connection: psycopg.Connection, series: str, known_to: date) -> tuple[list[date], Array]:
    """The Mondays and figures of a series: five years, or from the first week in which anything happened."""
    found = {week: float(figure) for name, week, figure in _rows(connection, "week", known_to) if name == series}
    if not found:
        return [], np.empty(0)
    first = max(min(found), known_to - timedelta(days=7 * MOST_WEEKS - 1))
    weeks = [first + timedelta(days=7 * n) for n in range((known_to - first).days // 7 + 1)]
    return weeks, np.array([found.get(week, 0.0) for week in weeks])


def _flow(rows: Iterable[tuple[Any, ...]], first: date, weeks: int) -> Flow:
    columns = list(zip(*rows, strict=True))
    created = np.array([(week - first).days // 7 for week in columns[0]])
    ended = np.array([(week - first).days // 7 if week else weeks for week in columns[1]])
    numbers = [np.array([float(value or 0) for value in column]) for column in columns[3:5]]
    return Flow(created, ended, np.array(columns[2], dtype=bool), numbers[0], numbers[1])


def _tell(
    connection: psycopg.Connection, series: str, weeks: list[date], history: Array, flow: Flow | None
) -> None:  # fmt: skip
    days = [weeks[0] + timedelta(days=n) for n in range(7 * (len(weeks) + HORIZON))]
    calendar_name = load_sales_config().holiday_calendar
    closed = public_holidays(calendar_name, range(days[0].year, days[-1].year + 1))
    calendar, working = week_columns(days, closed), work_days(days, closed)
    more: dict[str, Method] = {"pipeline": flow.pipeline} if flow else {}
    window = Window.between(weeks[0], weeks[-1] + timedelta(days=6))
    data = [history] if flow is None else [history, flow.created, flow.ended, flow.is_won, flow.deals, flow.amount]
    training = Training(
        "weekly_forecast", f"sales {series}", window.start, window.end,
        {"methods": ["history", *more], "holidays": calendar_name, "weeks_ahead": HORIZON}, fingerprint(*data),
        len(weeks),
    )  # fmt: skip

    def fit() -> Fitted:
        chosen = choose(history, methods(history, calendar, more))
        return Fitted(_as_json(chosen), chosen.scores)

    told = fit_once(connection, training, fit).parameters
    assert told
    _write(connection, training.model_run_id, series, days, working, len(weeks), told)


def _as_json(chosen: Chosen) -> dict[str, Any]:
    return {
        "method": chosen.method,
        "mean": chosen.mean.tolist(),
        "spread": {str(level): values.tolist() for level, values in chosen.spread.items()},
        "month_spread": {str(level): values.tolist() for level, values in chosen.month_spread.items()},
    }


def _write(
    connection: psycopg.Connection,
    run_id: str,
    series: str,
    days: list[date],
    working: Array,
    known: int,
    told: Mapping[str, Any],
) -> None:
    """Each week ahead, and each month of which every day is foretold or over."""
    known_to = days[7 * known - 1]
    rows = []
    for ahead in range(HORIZON):
        spread = {level: told["spread"][str(level)][ahead] for level in LEVELS}
        rows.append(("week", days[7 * (known + ahead)], ahead + 1, 0.0, told["mean"][ahead], spread))
    # a week's figure is spread over its working days, all days where it has none
    future = working[7 * known :].reshape(HORIZON, 7)
    share = np.where(future.sum(axis=1, keepdims=True) > 0, future, 1.0)
    daily = (np.array(told["mean"])[:, None] * share / share.sum(axis=1, keepdims=True)).ravel()
    month = known_to.replace(day=1)
    if known_to == _last_of_month(known_to):
        month = known_to + timedelta(days=1)
    for ahead in range(HORIZON // MONTH):
        last = _last_of_month(month)
        inside = [n for n, day in enumerate(days[7 * known :]) if month <= day <= last]
        if days[-1] < last or not inside:
            break
        # of a part of a month errors are independent, of one longer than four weeks all alike: the wider of both
        length = len(inside) / (7 * MONTH)
        width = max(length, length**0.5)
        spread = {level: told["month_spread"][str(level)][ahead] * width for level in LEVELS}
        booked = _so_far(connection, series, month, known_to) if month <= known_to else 0.0
        rows.append(("month", month, ahead + 1, booked, booked + daily[inside].sum(), spread))
        month = last + timedelta(days=1)
    with connection.cursor() as cursor:
        cursor.executemany(
            "insert into mart.sales_forecast (model_run_id, series, known_to, period, period_start, periods_ahead,"
            " known_amount, expected, low_80, high_80, low_95, high_95, method)"
            " values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
            [
                (
                    run_id, series, known_to, period, start, ahead, known_amount, mean,
                    *(edge for level in LEVELS for edge in (max(known_amount, mean - w[level]), mean + w[level])),
                    told["method"],
                )
                for period, start, ahead, known_amount, mean, w in rows
            ],
        )  # fmt: skip


def _last_of_month(day: date) -> date:
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)


def _so_far(connection: psycopg.Connection, series: str, first: date, known_to: date) -> float:
    """What of a month is known already."""
    statement = (SQL / "sales" / "figure.sql").read_text("utf-8")
    row = connection.execute(statement.encode(), {"series": series, "first": first, "last": known_to}).fetchone()
    assert row
    return float(row[0] or 0)
