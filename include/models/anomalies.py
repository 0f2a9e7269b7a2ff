"""What a count may be, by its own history: a figure outside of that is an anomaly.

Before each week a quasi-Poisson regression (McCullagh and Nelder 1989) of the year before it says what its days should
have: trend, and what the calendar says of a day, on the level of the last weeks. Anomalies teach nothing. The range is
that of a negative binomial of the variance that was seen, so many in a thousand to each side.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]

# Share of ordinary figures that fall out of the range, to each side.
OUTSIDE = 0.003
# What the logarithm of the calendar's effects is like before any was seen: its standard deviation.
SLOPE = 0.7
ROUNDS = 12
# Events that say that the present level is what was fitted, for each of variance over the mean.
DOUBT = 20.0


class Expected(NamedTuple):
    """What each period should have had, and the range: NaN while too little was known."""

    mean: Array
    low: Array
    high: Array

    def is_outside(self, figures: Array) -> Array:
        """Whether a figure is out of its range."""
        return (figures < self.low) | (figures > self.high)


def expect(figures: Array, calendar: Array, step: int, reach: int, recent: int, fewest: int) -> Expected:
    """The range of each period, from what was known before the step that it lies in.

    :param figures: counts, a period each; amounts in units of their usual size.
    :param calendar: a row a period, a column for what may lift or lower it, such as a weekday.
    :param step: periods that are told at once: 7 days, or 1 week.
    :param reach: periods before them that teach.
    :param recent: periods whose level is the present one.
    :param fewest: periods that have to be known before anything is told.
    """
    count = len(figures)
    mean, low, high = (np.full(count, np.nan) for _ in range(3))
    is_usual = np.ones(count, dtype=bool)
    start = fewest
    while start < count:
        end = min(start + step, count)
        past = np.arange(max(0, start - reach), start)
        past = past[is_usual[past]]
        if len(past) >= fewest // 2:
            ahead = np.arange(start, end)
            mean[ahead], spread = _regress(
                figures[past], _rows(calendar, past, start), _rows(calendar, ahead, start), past >= start - recent
            )
            low[ahead], high[ahead] = _range(mean[ahead], spread, OUTSIDE)
            is_usual[ahead] = ~((figures[ahead] < low[ahead]) | (figures[ahead] > high[ahead]))
        start = end
    return Expected(mean, low, high)


def foretell(figures: Array, calendar: Array, recent: int) -> tuple[Array, Array]:
    """Mean of each period after the figures, and its variance over the mean.

    :param figures: counts, a period each.
    :param calendar: a row a period, those that are foretold after the others.
    :param recent: periods at the end whose level is the present one.
    """
    known = len(figures)
    past, ahead = np.arange(known), np.arange(known, len(calendar))
    return _regress(figures, _rows(calendar, past, known), _rows(calendar, ahead, known), past >= known - recent)


def counts_between(mean: Array, spread: Array, level: int) -> tuple[Array, Array]:
    """Low and high end of the interval that has a count so many times of a hundred: of a negative binomial.

    :param spread: variance over the mean, at least 1.
    """
    return _range(mean, np.broadcast_to(spread, mean.shape), (1 - level / 100) / 2)


def counts_inside(mean: Array, spread: float, came: Array, levels: Sequence[int]) -> Array:
    """Whether each count is in the interval of each level, as :func:`counts_between` has it; a first axis of levels."""
    from scipy.stats import nbinom

    spread = max(spread, 1.001)
    up_to, below = (nbinom.cdf(count, mean / (spread - 1), 1 / spread) for count in (came, came - 1))
    outside = [(1 - level / 100) / 2 for level in levels]
    return np.array([(up_to >= one) & (below < 1 - one) for one in outside])


def _rows(calendar: Array, places: Array, now: int) -> Array:
    """The calendar of periods, and how long ago they were; the trend ends with the present, so it is not carried on."""
    trend = np.minimum(places - now, 0) / 100
    return np.column_stack([np.ones(len(places)), trend, calendar[places]])


def _regress(figures: Array, past: Array, ahead: Array, is_recent: Array) -> tuple[Array, Array]:
    """Mean of each period ahead, and its variance over the mean, never below 1; by iterated reweighted least squares.

    The variance is that of the figures and of what is not known of the mean: of a calendar that was hardly seen, much.
    """
    doubt = np.full(past.shape[1], 1 / SLOPE**2)
    doubt[0] = 1e-6
    weights = np.zeros(past.shape[1])
    weights[0] = np.log(figures.mean() + 0.1)
    usable = np.ones(len(figures), dtype=bool)
    for turn in range(ROUNDS):
        fitted = _exp(past @ weights)
        spread = _spread(figures[usable], fitted[usable])
        if turn == ROUNDS // 2:
            # what stands out of its own history is left out, once
            usable = np.abs(figures - fitted) <= 4 * np.sqrt(spread * fitted + 1)
        rows, mean = past[usable], fitted[usable]
        information = rows.T @ (rows * mean[:, None]) + spread * np.diag(doubt)
        weights = np.linalg.solve(information, rows.T @ (mean * np.log(mean) + figures[usable] - mean))
    fitted = _exp(past @ weights)
    spread = _spread(figures[usable], fitted[usable])
    lately = usable & is_recent
    # a season lifts or lowers some weeks together: what the last ones had over what was fitted, held to 1 by doubt
    level = (figures[lately].sum() + DOUBT * spread) / (fitted[lately].sum() + DOUBT * spread)
    mean = level * _exp(ahead @ weights)
    unsure = spread * np.einsum("ni,ij,nj->n", ahead, np.linalg.inv(information), ahead)
    return mean, spread + mean * unsure


def _exp(odds: Array) -> Array:
    return np.exp(np.clip(odds, -10, 25))


def _spread(figures: Array, fitted: Array) -> float:
    """Pearson's dispersion."""
    return max(1.0, float(np.mean((figures - fitted) ** 2 / np.maximum(fitted, 0.1))))


def _range(mean: Array, spread: Array, outside: float) -> tuple[Array, Array]:
    from scipy.stats import nbinom

    spread = np.maximum(spread, 1.001)  # at 1 it is a Poisson distribution
    size, chance = mean / (spread - 1), 1 / spread
    return nbinom.ppf(outside, size, chance), nbinom.ppf(1 - outside, size, chance)
