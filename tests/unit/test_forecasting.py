"""Forecasts: histories whose future is known, and the pipeline by hand."""

import json

import numpy as np
import pytest

from include.models.forecasting import HORIZON, NAIVE, backtest, choose, cuts_of, last_seasons, methods, season_of
from include.sales.forecast import Flow


def test_the_season_is_one_that_the_history_can_judge() -> None:
    assert [season_of(weeks) for weeks in (31, 32, 77, 78, 500)] == [1, 13, 13, 52, 52]


def test_every_cut_leaves_four_weeks_and_knows_a_season() -> None:
    assert cuts_of(32)[0] == 26
    for weeks in (32, 60, 78, 104, 300):
        cuts = cuts_of(weeks)
        assert len(cuts) <= 12
        assert cuts[0] >= max(26, season_of(weeks))
        assert cuts[-1] <= weeks - 4


def test_a_method_sees_nothing_that_came_later() -> None:
    history = np.arange(60.0)
    asked: list[tuple[int, int]] = []

    def method(known: int, ahead: int) -> np.ndarray:
        asked.append((known, ahead))
        return history[known - 1] * np.ones(ahead)  # the last known week

    (found,) = backtest(history, {"last": method})
    assert all(known + ahead <= 60 for known, ahead in asked)
    # the last week is one behind the next, two behind the one after: errors are -1, -2, …
    assert found.errors[0].tolist() == [-(n + 1.0) for n in range(HORIZON)]
    assert np.isnan(found.errors[-1][20:]).all()


def test_the_best_method_is_chosen_and_judged_against_naive() -> None:
    history = 100 + 10 * np.tile([0.0, 1.0], 30)

    def right(known: int, ahead: int) -> np.ndarray:
        return 100 + 10 * ((known + np.arange(ahead)) % 2).astype(float)

    def off(known: int, ahead: int) -> np.ndarray:
        return right(known, ahead) + 4

    found = choose(history, {NAIVE: off, "right": right})
    assert found.method == "right"
    assert found.mean.tolist() == right(60, HORIZON).tolist()
    assert found.scores["methods"][NAIVE]["mean_absolute_error"] == pytest.approx(4)
    # 13 weeks ago it was the other of the two figures: one naive step inside the history is off by 10
    assert found.scores["methods"][NAIVE]["mase"] == pytest.approx(0.4)
    assert found.scores["methods"]["right"]["relative_to_naive"] == 0
    assert found.spread[95].tolist() == [0] * HORIZON


def test_intervals_have_as_many_figures_as_they_say() -> None:
    dice = np.random.default_rng(5)
    history = 1000 + dice.normal(0, 50, 200)
    known = history[:150]
    found = choose(known, {NAIVE: lambda cut, ahead: np.resize(known[cut - 52 : cut], ahead),
                           "mean": lambda cut, ahead: np.full(ahead, known[:cut].mean())})  # fmt: skip
    assert found.method == "mean"
    inside = np.abs(history[150 : 150 + HORIZON] - found.mean)
    assert 0.65 <= (inside <= found.spread[80]).mean() <= 0.95
    assert (inside <= found.spread[95]).mean() >= 0.88
    # errors of independent weeks: a sum of four has twice the spread of one
    assert found.month_spread[80][0] == pytest.approx(2 * found.spread[80][0], rel=0.35)


def test_a_short_history_has_intervals_all_the_way() -> None:
    history = 100 + np.random.default_rng(2).normal(0, 10, 33)
    found = choose(history, {NAIVE: lambda cut, ahead: np.full(ahead, history[:cut].mean())})
    for spreads in (*found.spread.values(), *found.month_spread.values()):
        assert np.isfinite(spreads).all()
        assert (np.diff(spreads) >= 0).all()
    json.dumps(found.scores, allow_nan=False)


def test_last_years_shape_on_todays_level() -> None:
    year = 100 + 50 * np.sin(2 * np.pi * np.arange(52) / 52)
    growth = np.exp(0.3 * np.arange(104 + 26) / 52)
    figures = np.resize(year, 104 + 26) * growth
    assert last_seasons(figures[:104], 26) == pytest.approx(figures[104:], rel=0.06)
    assert last_seasons(np.full(20, 7.0), 3).tolist() == [7, 7, 7]


def test_the_calendar_is_learned_and_put_back() -> None:
    weeks = 80 + HORIZON
    is_end = (np.arange(weeks) % 13 == 12).astype(float)
    history = (100 * (1 + is_end))[:80]
    tried = methods(history, is_end[:, None], {})
    told = tried["exponential_smoothing"](80, HORIZON)
    ends = is_end[80:].astype(bool)
    assert told[ends].mean() > 1.5 * told[~ends].mean()


def test_the_pipeline_by_hand() -> None:
    """Of four deals that came a week ago two are won at the age of one week, for ever so many weeks before."""
    weeks = 200
    created = np.repeat(np.arange(weeks), 2)
    ended = created + 1
    ended[ended >= weeks] = weeks
    flow = Flow(created, ended, np.tile([True, False], weeks) & (ended < weeks), np.full(2 * weeks, 50.0),
                np.full(2 * weeks, 500.0))  # fmt: skip
    told = flow.pipeline(weeks, 3)
    # each week 100 deals of 1000 in all come; half of what is a week old is won: 500, but for the doubt of ten deals
    assert told == pytest.approx([500, 500, 500], rel=0.01)
