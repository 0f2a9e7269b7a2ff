"""Forecasts of a weekly figure: the method chosen by a rolling backtest, intervals from the errors that it made there.

From every cut of the past a method sees what was known by then and foretells the weeks after it. The method with the
least mean absolute error is chosen, and told beside the seasonal naive one (what the week a season ago had): the ratio
of the two errors, and MASE, the error over that of one naive step inside the history (Hyndman and Koehler 2006).
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]

# Foretells so many weeks when so many are known.
Method = Callable[[int, int], Array]

HORIZON = 26
FEWEST_WEEKS = 32
MOST_CUTS = 12
LEVELS = (80, 95)
NAIVE = "seasonal_naive"

# Weeks ahead that share one spread of errors: the farther the wider, and too few errors of each single week.
BLOCKS = (range(4), range(4, 13), range(13, HORIZON))
MONTH = 4  # weeks, in sums of weeks
QUARTER, YEAR = 13, 52

SMOOTH = 2  # weeks to each side, of a year's shape
MOST_SEASONS = 3
# Degrees of freedom beside one for each independent window of errors.
FREEDOM = 2
RIDGE = 4.0  # weeks that say the calendar does nothing
FACTORS = (0.2, 4.0)  # beyond these an effect of the calendar is a slip of the fit


@dataclass(frozen=True)
class Backtest:
    """The errors of a method, foretold less actual: a row a cut, a column a week ahead; NaN where it is not known."""

    method: str
    errors: Array

    @property
    def mean_absolute_error(self) -> float:
        return float(np.nanmean(np.abs(self.errors)))


@dataclass(frozen=True)
class Chosen:
    """A forecast of the weeks to come.

    :param method: the name of the chosen one.
    :param mean: a figure a week ahead; never below 0.
    :param spread: level (80, 95) → half the width of each week's interval.
    :param month_spread: level → that of the sum of four weeks, by month ahead.
    :param scores: of the backtest: cuts, season, of every method mean absolute error, MASE and the ratio to naive, and
        the share of weeks inside the intervals.
    """

    method: str
    mean: Array
    spread: dict[int, Array]
    month_spread: dict[int, Array]
    scores: dict[str, Any]


def season_of(weeks: int) -> int:
    """The season that a history is long enough to judge: a year, a quarter, or none (1)."""
    return 52 if weeks >= 78 else 13 if weeks >= FEWEST_WEEKS else 1


def cuts_of(weeks: int) -> list[int]:
    """How many weeks are known at each cut of the backtest: at least half a year and a season, four weeks left."""
    first, last = max(HORIZON, season_of(weeks)), weeks - MONTH
    return list(range(first, last + 1, max(1, math.ceil((last - first + 1) / MOST_CUTS))))


def methods(history: Array, calendar: Array, more: Mapping[str, Method]) -> dict[str, Method]:
    """The methods that are tried: seasonal naive; exponential smoothing, Theta and the shape of last seasons, each of
    weeks that the calendar's effect is taken out of and put back; and the median of all but the naive one.

    :param history: a figure a week.
    :param calendar: a row a week, those foretold included: what the calendar says of it.
    :param more: methods that know more than the history; the calendar's effect is put upon them too.
    """
    from statsforecast.models import AutoETS, AutoTheta

    season = season_of(len(history))

    def naive(known: int, ahead: int) -> Array:
        return np.resize(history[known - season : known], ahead)

    def smoothing(plain: Array, ahead: int) -> Array:
        return AutoETS(season_length=1).forecast(y=plain, h=ahead)["mean"]

    def theta(plain: Array, ahead: int) -> Array:
        return AutoTheta(season_length=1).forecast(y=plain, h=ahead)["mean"]

    def with_calendar(method: Callable[[Array, int], Array]) -> Method:
        def told(known: int, ahead: int) -> Array:
            effect = calendar_effect(history[:known], calendar[: known + ahead])
            return method(history[:known] / effect[:known], ahead) * effect[known:]

        return told

    def with_effect(method: Method) -> Method:
        return lambda known, ahead: (
            method(known, ahead) * calendar_effect(history[:known], calendar[: known + ahead])[known:]
        )

    found = {
        "exponential_smoothing": with_calendar(smoothing),
        "theta": with_calendar(theta),
        "last_seasons": with_calendar(last_seasons),
        **{name: with_effect(method) for name, method in more.items()},
    }
    parts = list(found.values())

    def blend(known: int, ahead: int) -> Array:
        return np.median([np.clip(part(known, ahead), 0, None) for part in parts], axis=0)

    return {NAIVE: naive, **found, "blend": blend}


def calendar_effect(history: Array, calendar: Array) -> Array:
    """By which factor the calendar lifts each week: 1 for an average one.

    Least squares on the ratio of a week to the quarter around it, held back by a ridge where weeks are few.

    :param history: a figure a week.
    :param calendar: a row for each of these weeks and any after them.
    """
    weeks = len(history)
    level = _around(history, QUARTER // 2)
    ratio = np.divide(history, level, out=np.ones(weeks), where=level > 0)
    middle = calendar[:weeks].mean(axis=0)
    seen, size = calendar[:weeks] - middle, calendar[:weeks].std(axis=0)
    size = np.where(size > 0, size, 1.0)
    slopes = np.linalg.solve((seen / size).T @ (seen / size) + RIDGE * np.eye(len(size)), (seen / size).T @ (ratio - 1))
    return np.clip(1 + (calendar - middle) / size @ slopes, *FACTORS)


def last_seasons(history: Array, ahead: int) -> Array:
    """The shape of the seasons before, on the level of today; the level alone while no season has passed.

    A season's shape is held against the quarter before it, and a year's is smoothed; the level is the last quarter's.
    """
    weeks, season = len(history), season_of(len(history))
    level = history[-QUARTER:].mean()
    smooth = _around(history, SMOOTH) if season == YEAR else history
    shapes = []
    for back in range(season, min(weeks - QUARTER, MOST_SEASONS * season) + 1, season):
        then = history[weeks - back - QUARTER : weeks - back].mean()
        if then > 0:
            shapes.append(smooth[weeks - back + np.arange(ahead) % season] / then)
    return level * np.mean(shapes, axis=0) if shapes and season > 1 else np.full(ahead, level)


def _around(history: Array, reach: int) -> Array:
    """The mean of the weeks around each, as far as there are any."""
    totals = np.concatenate(([0.0], np.cumsum(history)))
    place = np.arange(len(history))
    first, last = np.clip(place - reach, 0, None), np.clip(place + reach + 1, None, len(history))
    return (totals[last] - totals[first]) / (last - first)


def choose(history: Array, tried: Mapping[str, Method]) -> Chosen:
    """The forecast of the method that did best in the backtest.

    :param history: a figure a week, at least FEWEST_WEEKS of them.
    """
    weeks, season = len(history), season_of(len(history))
    tests = backtest(history, tried)
    best = min(tests, key=lambda test: test.mean_absolute_error)
    naive = next(test for test in tests if test.method == NAIVE)
    step = float(np.mean(np.abs(history[season:] - history[:-season])))
    scores = {
        test.method: {
            "mean_absolute_error": test.mean_absolute_error,
            "mase": _ratio(test.mean_absolute_error, step),
            "relative_to_naive": _ratio(test.mean_absolute_error, naive.mean_absolute_error),
        }
        for test in tests
    }
    # cuts that overlap repeat one another: so many windows of the horizon are there that do not
    apart = 1 + (cuts_of(weeks)[-1] - cuts_of(weeks)[0]) // HORIZON
    weekly = _widening([_spread(best.errors[:, block], apart) for block in BLOCKS], [block.stop for block in BLOCKS])
    months = HORIZON // MONTH
    sums = best.errors[:, : months * MONTH].reshape(len(best.errors), months, MONTH).sum(axis=2)
    monthly = _widening(
        [_spread(sums[:, max(0, month - 1) : month + 2], apart) for month in range(months)], list(range(1, months + 1))
    )
    return Chosen(
        best.method,
        np.clip(tried[best.method](weeks, HORIZON), 0, None),
        {
            level: np.concatenate([np.full(len(block), one[level]) for block, one in zip(BLOCKS, weekly, strict=True)])
            for level in LEVELS
        },
        {level: np.array([one[level] for one in monthly]) for level in LEVELS},
        {
            "cuts": len(best.errors),
            "season": season,
            "methods": scores,
            "inside": {str(level): share for level, share in _inside(best.errors, apart).items()},
        },
    )


def backtest(history: Array, tried: Mapping[str, Method]) -> list[Backtest]:
    """The errors of each method from every cut of the history."""
    cuts = cuts_of(len(history))
    errors = {name: np.full((len(cuts), HORIZON), np.nan) for name in tried}
    for row, known in enumerate(cuts):
        actual = history[known : known + HORIZON]
        for name, method in tried.items():
            errors[name][row, : len(actual)] = np.clip(method(known, len(actual)), 0, None) - actual
    return [Backtest(name, found) for name, found in errors.items()]


def _spread(errors: Array, apart: int) -> dict[int, float]:
    """Half the width of an interval by level: the share of errors that were smaller, and Student's of their root mean.

    The wider of the two: few errors know little of what is rare.

    :param apart: independent windows that the errors are of.
    """
    from scipy.stats import t

    size = np.sort(np.abs(errors[np.isfinite(errors)]))
    if not len(size):
        return dict.fromkeys(LEVELS, math.nan)
    root = float(np.sqrt(np.mean(size**2)))
    found = {}
    for level in LEVELS:
        # split conformal prediction: the ceil((n + 1) level)-th smallest of n errors (Vovk et al. 2005)
        place = min(math.ceil((len(size) + 1) * level / 100), len(size))
        found[level] = max(float(size[place - 1]), float(t.ppf(0.5 + level / 200, apart + FREEDOM)) * root)
    return found


def _widening(spreads: list[dict[int, float]], ahead: list[int]) -> list[dict[int, float]]:
    """Farther ahead is never surer; where no error is known, the width grows with the root of the time."""
    for place in range(1, len(spreads)):
        for level, width in spreads[place].items():
            nearer = spreads[place - 1][level]
            grown = nearer * math.sqrt(ahead[place] / ahead[place - 1])
            spreads[place][level] = grown if math.isnan(width) else max(width, nearer)
    return spreads


def _inside(errors: Array, apart: int) -> dict[int, float]:
    """The share of weeks inside the interval by level, each cut's by the errors of the others; none for one cut."""
    found: dict[int, list[float]] = {level: [] for level in LEVELS}
    for cut in range(len(errors)):
        others = np.delete(errors, cut, axis=0)
        for block in BLOCKS:
            own = np.abs(errors[cut, block])
            spread = _spread(others[:, block], apart)
            for level in LEVELS:
                if not math.isnan(spread[level]):
                    found[level] += (own[np.isfinite(own)] <= spread[level]).tolist()
    return {level: float(np.mean(inside)) for level, inside in found.items() if inside}


def _ratio(one: float, other: float) -> float | None:
    return one / other if other > 0 else None
