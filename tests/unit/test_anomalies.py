"""Anomalies: made-up counts of which it is known which days are unusual."""

from datetime import date, timedelta

import numpy as np

from include.models.anomalies import expect
from include.models.calendar import day_columns

DAYS = [date(2024, 1, 1) + timedelta(days=n) for n in range(540)]
WEEK = np.array([1.2, 1.1, 1.1, 1.0, 0.9, 0.1, 0.05])
TERMS = {"step": 7, "reach": 371, "recent": 35, "fewest": 56}


def counts(seed: int, level: float) -> np.ndarray:
    """Counts of a growing business with a quiet weekend."""
    mean = level * (1 + np.arange(len(DAYS)) / 1000) * WEEK[[day.weekday() for day in DAYS]]
    return np.random.default_rng(seed).poisson(mean).astype(float)


def test_what_was_planted_is_found_and_little_else() -> None:
    calendar = day_columns(DAYS, set())
    found = planted = false = days = 0
    for seed in range(6):
        figures = counts(seed, 15)
        spots = [100 + 7 * seed, 201, 333, 452]  # on working days
        spots = [spot + (-DAYS[spot].weekday() % 7 if DAYS[spot].weekday() > 4 else 0) for spot in spots]
        for place, spot in enumerate(spots):
            figures[spot] = round(figures[spot] * (3 if place % 2 else 0.1))
        is_told = expect(figures, calendar, **TERMS).is_outside(figures)
        found += is_told[spots].sum()
        planted += len(spots)
        false += is_told.sum() - is_told[spots].sum()
        days += len(DAYS)
    assert found >= 0.9 * planted
    assert false / days * 30.4 <= 1


def test_a_weekday_and_a_holiday_are_no_anomalies() -> None:
    holidays = {date(2024, month, 15) for month in range(1, 13)} | {date(2025, month, 15) for month in range(1, 7)}
    figures = counts(3, 40)
    for place, day in enumerate(DAYS):
        if day in holidays:
            figures[place] = round(figures[place] * 0.2)
    closed = [place for place, day in enumerate(DAYS) if day in holidays and day.weekday() < 5 and place > 300]
    told = expect(figures, day_columns(DAYS, holidays), **TERMS).is_outside(figures)
    assert told[closed].mean() <= 0.2
    assert expect(figures, day_columns(DAYS, set()), **TERMS).is_outside(figures)[closed].mean() >= 0.8


def test_what_came_later_changes_nothing() -> None:
    figures, calendar = counts(1, 20), day_columns(DAYS, set())
    before = expect(figures[:400], calendar[:400], **TERMS)
    after = expect(figures, calendar, **TERMS)
    whole = 56 + (400 - 56) // 7 * 7
    np.testing.assert_array_equal(before.mean[:whole], after.mean[:whole])
    assert np.isnan(after.mean[:56]).all()


def test_nothing_at_all_is_no_error() -> None:
    none = np.zeros(120)
    told = expect(none, day_columns(DAYS[:120], set()), **TERMS)
    assert not told.is_outside(none).any()
