"""Forecasts of a weekly figure: the mean of several methods, intervals from the errors that it made in the past.

From every cut of the past a method sees what was known by then and foretells the weeks after it: a rolling backtest.
The mean of the methods is told, unless a single one made far smaller errors there. Either is held against the seasonal
naive forecast (what the week a season ago had), by weeks and by sums of four weeks: the ratio of the mean absolute
errors, and MASE, the error over that of one naive step inside the history (Hyndman and Koehler 2006).
"""

import math
from collections.abc import Callable, Mapping, Sequence
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
BLEND = "blend"
# A single method takes the place of the blend when its error is below this share of the blend's: a dozen cuts that
# overlap favour the lucky one otherwise.
CLEARLY = 0.8

# Weeks ahead that share one spread of errors: the farther the wider, and too few errors of each single week.
BLOCKS = (range(4), range(4, 13), range(13, HORIZON))
MONTH = 4  # weeks, in sums of weeks
QUARTER, YEAR = 13, 52

SMOOTH = 2  # weeks to each side, of a year's shape
MOST_YEARS = 3
NO_GROWTH = 26  # weeks that have not grown, beside those whose growth is seen
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
    def month_errors(self) -> Array:
        """Those of the sums of four weeks: a column a month ahead."""
        months = HORIZON // MONTH
        return self.errors[:, : months * MONTH].reshape(len(self.errors), months, MONTH).sum(axis=2)


@dataclass(frozen=True)
class Chosen:
    """A forecast of the weeks to come.

    :param method: the name of the chosen one.
    :param mean: a figure a week ahead; never below 0.
    :param spread: level (80, 95) → half the width of each week's interval.
    :param month_spread: level → that of the sum of four weeks, by month ahead.
    :param scores: of the backtest: cuts, season, of every method mean absolute error, MASE and the ratio to naive, by
        weeks and (``months_…``) by sums of four, and the shares of weeks and of such sums inside the intervals.
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
    """The methods that are tried: seasonal naive; last year's shape, and until a year can be judged exponential
    smoothing, each of weeks that the calendar's effect is taken out of and put back; and their mean (Bates and Granger
    1969).

    Once a year can be judged the mean is without the naive one, whose noise the smoothed shape does not have.
    Exponential smoothing knows no year, so it is left out then: what it says of the summer is wrong.

    :param history: a figure a week.
    :param calendar: a row a week, those foretold included: what the calendar says of it.
    :param more: methods that know more than the history; the calendar's effect is put upon them too.
    """
    season = season_of(len(history))

    def naive(known: int, ahead: int) -> Array:
        return np.resize(history[known - season : known], ahead)

    def smoothing(plain: Array, ahead: int) -> Array:
        from statsforecast.models import AutoETS

        return AutoETS(season_length=1).forecast(y=plain, h=ahead)["mean"]

    def with_calendar(method: Callable[[Array, int], Array]) -> Method:
        def told(known: int, ahead: int) -> Array:
            effect = calendar_effect(history[:known], calendar[: known + ahead])
            return method(history[:known] / effect[:known], ahead) * effect[known:]

        return told

    def with_effect(method: Method) -> Method:
        return lambda known, ahead: (
            method(known, ahead) * calendar_effect(history[:known], calendar[: known + ahead])[known:]
        )

    found = {"last_year": with_calendar(last_year), **{name: with_effect(method) for name, method in more.items()}}
    if season != YEAR:
        found |= {"exponential_smoothing": with_calendar(smoothing)}
    parts = [*found.values()] if season == YEAR else [naive, *found.values()]

    def blend(known: int, ahead: int) -> Array:
        return np.mean([np.clip(part(known, ahead), 0, None) for part in parts], axis=0)

    return {NAIVE: naive, **found, BLEND: blend}


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


def last_year(history: Array, ahead: int) -> Array:
    """The shape of the year before, on its level and with part of its growth; the last quarter's level without a year.

    The shape is smoothed, and is the mean of up to three years. Growth is that of the weeks that have a like one a year
    before, damped by half a year of weeks that have not grown: what grew by a fifth need not go on to (Gardner 2006).
    """
    weeks = len(history)
    years = min(weeks // YEAR, MOST_YEARS)
    if not years:
        return np.full(ahead, history[-QUARTER:].mean())
    smooth = _around(history, SMOOTH)
    shapes = []
    for back in range(YEAR, years * YEAR + 1, YEAR):
        level = history[weeks - back : weeks - back + YEAR].mean()
        if level > 0:
            shapes.append(smooth[weeks - back + np.arange(ahead) % YEAR] / level)
    if not shapes:
        return np.zeros(ahead)
    pairs = min(weeks - YEAR, YEAR)
    then = history[weeks - YEAR - pairs : weeks - YEAR].sum()
    growth = history[weeks - pairs :].sum() / then - 1 if then > 0 else 0.0
    return history[-YEAR:].mean() * (1 + growth * pairs / (pairs + NO_GROWTH)) * np.mean(shapes, axis=0)


def _around(history: Array, reach: int) -> Array:
    """The mean of the weeks around each, as far as there are any."""
    totals = np.concatenate(([0.0], np.cumsum(history)))
    place = np.arange(len(history))
    first, last = np.clip(place - reach, 0, None), np.clip(place + reach + 1, None, len(history))
    return (totals[last] - totals[first]) / (last - first)


def choose(history: Array, tried: Mapping[str, Method]) -> Chosen:
    """The forecast of the blend, or of a method that did far better in the backtest.

    :param history: a figure a week, at least FEWEST_WEEKS of them.
    :param tried: the methods, with NAIVE and BLEND among them.
    """
    weeks, season = len(history), season_of(len(history))
    tests = {test.method: test for test in backtest(history, tried)}
    error = {name: _size(test.errors) for name, test in tests.items()}
    best = min(error, key=error.__getitem__)
    told = tests[best if error[best] < CLEARLY * error[BLEND] else BLEND]
    step = float(np.mean(np.abs(history[season:] - history[:-season])))
    month_error = {name: _size(test.month_errors) for name, test in tests.items()}
    # cuts that overlap repeat one another: so many windows of the horizon are there that do not
    apart = 1 + (cuts_of(weeks)[-1] - cuts_of(weeks)[0]) // HORIZON
    last = HORIZON // MONTH
    months = [range(max(0, month - 1), min(month + 2, last)) for month in range(last)]
    weekly = _widening([_spread(told.errors[:, block], apart) for block in BLOCKS], [block.stop for block in BLOCKS])
    monthly = _widening([_spread(told.month_errors[:, near], apart) for near in months], list(range(1, last + 1)))
    return Chosen(
        told.method,
        np.clip(tried[told.method](weeks, HORIZON), 0, None),
        {
            level: np.concatenate([np.full(len(block), one[level]) for block, one in zip(BLOCKS, weekly, strict=True)])
            for level in LEVELS
        },
        {level: np.array([one[level] for one in monthly]) for level in LEVELS},
        {
            "cuts": len(told.errors),
            "season": season,
            "methods": {
                name: {
                    "mean_absolute_error": error[name],
                    "mase": _ratio(error[name], step),
                    "relative_to_naive": _ratio(error[name], error[NAIVE]),
                    "months_mean_absolute_error": month_error[name],
                    "months_relative_to_naive": _ratio(month_error[name], month_error[NAIVE]),
                }
                for name in tests
            },
            "inside": _inside(told.errors, [block for block in BLOCKS for _ in block], apart),
            "months_inside": _inside(told.month_errors, months, apart),
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


def _inside(errors: Array, near: Sequence[range], apart: int) -> dict[str, float]:
    """The share of figures inside the interval by level, each cut's by the errors of the others; none for one cut.

    :param near: for each column those whose errors make its interval.
    """
    found: dict[int, list[bool]] = {level: [] for level in LEVELS}
    for cut, own in enumerate(np.abs(errors)):
        others = np.delete(errors, cut, axis=0)
        for column in np.flatnonzero(np.isfinite(own)).tolist():
            spread = _spread(others[:, near[column]], apart)
            for level in LEVELS:
                if not math.isnan(spread[level]):
                    found[level].append(bool(own[column] <= spread[level]))
    return {str(level): float(np.mean(inside)) for level, inside in found.items() if inside}


def _size(errors: Array) -> float:
    """Mean absolute error."""
    return float(np.nanmean(np.abs(errors)))


def _ratio(one: float, other: float) -> float | None:
    return one / other if other > 0 else None
