"""Forecasts by day and hour: made-up counts of which the mean is known."""

import numpy as np
import pytest

from include.models.hourly import HORIZON, LEVELS, forecast

WEEK = np.array([1.3, 1.2, 1.1, 1.0, 0.9, 0.2, 0.1])
DAYS = 240
WEEKDAYS = np.arange(DAYS + HORIZON) % 7
CALENDAR = np.eye(7)[WEEKDAYS][:, 1:]
# nothing at night, twice as many in the morning as in the afternoon
SHARES = np.array([0] * 8 + [2] * 4 + [1] * 4 + [0] * 8) / 12


def history(seed: int, level: float) -> tuple[np.ndarray, np.ndarray]:
    """Counts of the days known, and of those ahead."""
    mean = (level * WEEK[WEEKDAYS])[:, None] * SHARES
    counts = np.random.default_rng(seed).poisson(mean).astype(float)
    return counts[:DAYS], counts[DAYS:]


def test_the_mean_of_days_and_hours_is_found() -> None:
    known, _ = history(1, 60)
    found = forecast(known, CALENDAR, WEEKDAYS)
    mean = 60 * WEEK[WEEKDAYS[DAYS:]]
    assert found.days == pytest.approx(mean, rel=0.2, abs=2)
    assert found.hours.sum(axis=1) == pytest.approx(found.days)
    # an hour of the morning has a sixth of the day, one of the night nothing
    assert found.hours[:, 9] == pytest.approx(mean / 6, rel=0.35, abs=1)
    assert found.hours[:, 3].max() < 0.2


def test_intervals_have_what_they_say_and_the_week_before_is_beaten() -> None:
    inside: dict[int, list[float]] = {level: [] for level in LEVELS}
    for seed in range(8):
        known, came = history(seed, 40)
        found = forecast(known, CALENDAR, WEEKDAYS)
        for level in LEVELS:
            low, high, _, _ = found.intervals(level)
            days = came.sum(axis=1)
            inside[level] += ((days >= low) & (days <= high)).tolist()
        # of two independent draws the difference is the root of two times as large as that of one from its mean
        assert found.scores["days_relative_to_week_before"] < 0.9
        assert found.scores["hours_relative_to_week_before"] < 0.9
    assert np.mean(inside[80]) == pytest.approx(0.8, abs=0.08)
    assert np.mean(inside[95]) == pytest.approx(0.95, abs=0.04)
