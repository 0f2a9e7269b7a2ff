"""Forecasts of counts by day and hour: a quasi-Poisson model of the days, each spread over its hours.

A day's mean is what trend, weekday, holidays and the level of the last weeks let expect; an hour has the share of its
day that the hour of the week has had (its profile). Intervals are those of a negative binomial of the least variance at
which so many figures of the past were inside (as in split conformal prediction, Vovk et al. 2005): at each cut of a
rolling backtest nothing is known of the days after it. The rival is the same hour a week before, of the days farther
ahead that of the last week known.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from include.models.anomalies import counts_between, counts_inside, foretell

Array = np.ndarray[Any, np.dtype[Any]]

HORIZON = 35  # days: four weeks are still ahead when the next forecast is made
FEWEST_DAYS = 84
FIRST_CUT = 56  # days that are known at the first cut
MOST_CUTS, APART = 12, 14  # the last cuts of the history, so many days apart
RECENT = 35  # days whose level is the present one
REACH = 371  # days that teach
PROFILE = 182  # days that tell an hour's share
DOUBT = 20.0  # counts of a weekday that its hours are as those of all working days, or of the weekend
LEVELS = (80, 95)
# days ahead that share one spread of errors
BLOCKS = (range(7), range(7, HORIZON))


# variances over the mean that are tried
SPREADS = 1.2 ** np.arange(26)


@dataclass(frozen=True)
class Hourly:
    """A forecast.

    :param days: mean of each day ahead, of length HORIZON.
    :param hours: mean of each hour, a row a day.
    :param day_spread, hour_spread: level → variance over the mean, by block of days ahead.
    :param scores: of the backtest: cuts, mean absolute errors of hours and of days and those of the week before, their
        ratios, and the shares of days and hours inside the intervals, each cut's by the errors of the others.
    """

    days: Array
    hours: Array
    day_spread: dict[int, list[float]]
    hour_spread: dict[int, list[float]]
    scores: dict[str, Any]

    def intervals(self, level: int) -> tuple[Array, Array, Array, Array]:
        """Low and high end of each day, and of each hour."""
        by_day, by_hour = (_by_day(spread[level]) for spread in (self.day_spread, self.hour_spread))
        return *counts_between(self.days, by_day, level), *counts_between(self.hours, by_hour[:, None], level)


def forecast(history: Array, calendar: Array, weekdays: Array) -> Hourly:
    """The days after a history.

    :param history: counts, a row a day, 24 columns; at least FEWEST_DAYS rows.
    :param calendar: a row a day, HORIZON days after the history included; a column for what may lift or lower a day.
    :param weekdays: of the same days, 0 for Monday.
    """
    known = len(history)
    # a short history has no cut that leaves the whole horizon: its last four weeks have to do
    cuts = range(known - HORIZON, FIRST_CUT - 1, -APART)[:MOST_CUTS] or range(known - 28, FIRST_CUT - 1, -APART)
    tests = [_Test(history, calendar, weekdays, cut) for cut in cuts]
    days, hours = _told(history, calendar, weekdays, known)
    return Hourly(
        days, hours, _widths([test.days for test in tests]), _widths([test.hours for test in tests]), _scores(tests)
    )


class _Test:
    """What was foretold at a cut, and what came: of days and of hours, mean and count; and the rival's hours."""

    def __init__(self, history: Array, calendar: Array, weekdays: Array, cut: int) -> None:
        self.came = came = history[cut : cut + HORIZON]
        days, hours = (told[: len(came)] for told in _told(history, calendar, weekdays, cut))
        self.naive = history[cut - 7 + np.arange(len(came)) % 7]
        self.days, self.hours = _Errors(days, came.sum(axis=1)), _Errors(hours, came)


class _Errors:
    """What was foretold, what came, and whether it was inside the interval of each level and spread that is tried."""

    def __init__(self, told: Array, came: Array) -> None:
        self.size = np.abs(told - came).ravel()
        inside = np.array([counts_inside(told, spread, came, LEVELS) for spread in SPREADS])
        # level, spread, block → how many were inside, and of how many
        self.inside = np.array([
            [[flags[block.start : block.stop].sum() for block in BLOCKS] for flags in one]
            for one in inside.swapaxes(0, 1)
        ])  # fmt: skip
        self.count = np.array([came[block.start : block.stop].size for block in BLOCKS])


def _told(history: Array, calendar: Array, weekdays: Array, known: int) -> tuple[Array, Array]:
    """Mean of each day and hour after the first ``known`` days."""
    start = max(0, known - REACH)
    days, _ = foretell(history[start:known].sum(axis=1), calendar[start : known + HORIZON], RECENT)
    profile = _profile(history[max(0, known - PROFILE) : known], weekdays[max(0, known - PROFILE) : known])
    return days, days[:, None] * profile[weekdays[known : known + HORIZON]]


def _profile(history: Array, weekdays: Array) -> Array:
    """The share of each hour in its weekday: a row a weekday, each summing to 1."""
    is_weekend = weekdays > 4
    profile = np.empty((7, 24))
    for weekday in range(7):
        alike = history[is_weekend == (weekday > 4)].sum(axis=0) + 1 / 24
        own = history[weekdays == weekday].sum(axis=0)
        profile[weekday] = (own + DOUBT * alike / alike.sum()) / (own.sum() + DOUBT)
    return profile


def _spread(errors: Sequence[_Errors]) -> dict[int, list[int]]:
    """Level → by block the place of the least of SPREADS at which enough was inside; farther ahead no less."""
    count = np.sum([one.count for one in errors], axis=0)
    inside = np.sum([one.inside for one in errors], axis=0)
    found: dict[int, list[int]] = {}
    for place, level in enumerate(LEVELS):
        places: list[int] = []
        for block in range(len(BLOCKS)):
            enough = np.flatnonzero(inside[place, :, block] >= level / 100 * count[block])
            places.append(max([int(enough[0]) if len(enough) else len(SPREADS) - 1, *places]))
        found[level] = places
    return found


def _widths(errors: Sequence[_Errors]) -> dict[int, list[float]]:
    return {level: SPREADS[places].tolist() for level, places in _spread(errors).items()}


def _by_day(spread: Sequence[float]) -> Array:
    return np.concatenate([np.full(len(block), one) for block, one in zip(BLOCKS, spread, strict=True)])


def _scores(tests: Sequence[_Test]) -> dict[str, Any]:
    hours, days = [test.hours for test in tests], [test.days for test in tests]
    hour_error, day_error = (float(np.concatenate([one.size for one in what]).mean()) for what in (hours, days))
    naive = [(test.naive, test.came) for test in tests]
    naive_hour = float(np.concatenate([np.abs(told - came).ravel() for told, came in naive]).mean())
    naive_day = float(np.concatenate([np.abs((told - came).sum(axis=1)) for told, came in naive]).mean())
    return {
        "cuts": len(tests),
        "hours_mean_absolute_error": hour_error, "hours_week_before": naive_hour,
        "hours_relative_to_week_before": hour_error / naive_hour if naive_hour else None,
        "days_mean_absolute_error": day_error, "days_week_before": naive_day,
        "days_relative_to_week_before": day_error / naive_day if naive_day else None,
        "hours_inside": _inside(hours), "days_inside": _inside(days),
    }  # fmt: skip


def _inside(errors: Sequence[_Errors]) -> dict[str, float]:
    """The share inside the interval by level, each cut's by the errors of the others; none for one cut."""
    if len(errors) == 1:
        return {}
    inside = dict.fromkeys(LEVELS, 0.0)
    for place, own in enumerate(errors):
        spread = _spread([*errors[:place], *errors[place + 1 :]])
        for row, level in enumerate(LEVELS):
            inside[level] += sum(own.inside[row, at, block] for block, at in enumerate(spread[level]))
    count = sum(one.count.sum() for one in errors)
    return {str(level): float(found / count) for level, found in inside.items()}
