"""Forecasts: histories whose future is known, and the pipeline by hand."""

import json
from collections.abc import Callable

import numpy as np
import pytest

from include.models.forecasting import BLEND, HORIZON, NAIVE, backtest, choose, cuts_of, last_year, methods, season_of
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


def off_by(history_of: Callable[[int, int], np.ndarray], error: float) -> Callable[[int, int], np.ndarray]:
    """A method that is off by so much each week."""
    return lambda known, ahead: history_of(known, ahead) + error


def test_the_blend_is_told_unless_another_is_far_better() -> None:
    history = 100 + 10 * np.tile([0.0, 1.0], 30)

    def right(known: int, ahead: int) -> np.ndarray:
        return 100 + 10 * ((known + np.arange(ahead)) % 2).astype(float)

    for error, told in ((9.0, BLEND), (7.0, "lucky")):
        tried = {NAIVE: off_by(right, 20), "lucky": off_by(right, error), BLEND: off_by(right, 10)}
        found = choose(history, tried)
        assert found.method == told
        assert found.mean.tolist() == tried[told](60, HORIZON).tolist()


def test_errors_by_weeks_and_months_are_held_against_naive() -> None:
    history = 100 + 10 * np.tile([0.0, 1.0], 30)

    def right(known: int, ahead: int) -> np.ndarray:
        return 100 + 10 * ((known + np.arange(ahead)) % 2).astype(float)

    def up_and_down(known: int, ahead: int) -> np.ndarray:
        return right(known, ahead) + np.resize([3.0, -3.0, 3.0, 3.0], ahead)

    found = choose(history, {NAIVE: off_by(right, 4), BLEND: up_and_down})
    naive, blend = (found.scores["methods"][name] for name in (NAIVE, BLEND))
    # of weeks 4, and 3 up or down; of four weeks 16, and 3 - 3 + 3 + 3 = 6
    assert naive["mean_absolute_error"] == pytest.approx(4)
    assert naive["months_mean_absolute_error"] == pytest.approx(16)
    assert blend["mean_absolute_error"] == pytest.approx(3)
    assert blend["relative_to_naive"] == pytest.approx(3 / 4)
    assert blend["months_relative_to_naive"] == pytest.approx(6 / 16)
    # 13 weeks ago it was the other of the two figures: one naive step inside the history is off by 10
    assert naive["mase"] == pytest.approx(0.4)
    # every sum of four weeks is off by 6, so no interval is narrower, and all have what came
    assert (found.month_spread[80] >= 6).all()
    assert found.scores["months_inside"] == {"80": 1.0, "95": 1.0}


def test_intervals_have_as_many_figures_as_they_say() -> None:
    dice = np.random.default_rng(5)
    history = 1000 + dice.normal(0, 50, 200)
    known = history[:150]
    found = choose(known, {NAIVE: lambda cut, ahead: np.resize(known[cut - 52 : cut], ahead),
                           BLEND: lambda cut, ahead: np.full(ahead, known[:cut].mean())})  # fmt: skip
    assert found.method == BLEND
    inside = np.abs(history[150 : 150 + HORIZON] - found.mean)
    assert 0.65 <= (inside <= found.spread[80]).mean() <= 0.95
    assert (inside <= found.spread[95]).mean() >= 0.88
    # errors of independent weeks: a sum of four has twice the spread of one
    assert found.month_spread[80][0] == pytest.approx(2 * found.spread[80][0], rel=0.35)


def test_a_short_history_has_intervals_all_the_way() -> None:
    history = 100 + np.random.default_rng(2).normal(0, 10, 33)
    found = choose(history, dict.fromkeys((NAIVE, BLEND), lambda cut, ahead: np.full(ahead, history[:cut].mean())))
    for spreads in (*found.spread.values(), *found.month_spread.values()):
        assert np.isfinite(spreads).all()
        assert (np.diff(spreads) >= 0).all()
    json.dumps(found.scores, allow_nan=False)


def test_last_years_shape_with_part_of_its_growth() -> None:
    # one year of 100 a week, then half a year of 120: 26 pairs of weeks grew by a fifth, and 26 that have not stand by
    history = np.concatenate([np.full(52, 100.0), np.full(26, 120.0)])
    # the last year's level is 110 with half of the growth on it; its shape is 100 in the half that comes now
    assert last_year(history, 20)[5:] == pytest.approx([110 * 1.1 * 100 / 110] * 15)
    # two whole years: 52 pairs and 26, two thirds of the growth
    history = np.concatenate([np.full(52, 100.0), np.full(52, 120.0)])
    assert last_year(history, 26)[4:] == pytest.approx([120 * (1 + 0.2 * 2 / 3)] * 22)


def test_without_a_year_the_last_quarters_level_is_told() -> None:
    assert last_year(np.concatenate([np.full(20, 50.0), np.full(13, 7.0)]), 3).tolist() == [7, 7, 7]
    assert last_year(np.zeros(60), 3).tolist() == [0, 0, 0]


def test_once_a_year_is_known_methods_that_know_none_are_left_out() -> None:
    calendar = np.zeros((200, 1))
    more = {"pipeline": lambda known, ahead: np.zeros(ahead)}
    short, long = (methods(np.ones(weeks), calendar, more) for weeks in (77, 78))
    assert list(short) == [NAIVE, "last_year", "pipeline", "exponential_smoothing", BLEND]
    assert list(long) == [NAIVE, "last_year", "pipeline", BLEND]


def test_the_blend_is_a_mean() -> None:
    calendar, more = np.zeros((104, 1)), {"pipeline": lambda known, ahead: np.full(ahead, 30.0)}
    # last year was 10 a week without growth: (10 + 30) / 2
    assert methods(np.full(78, 10.0), calendar, more)[BLEND](78, 4) == pytest.approx([20] * 4)
    # without a year the level, the quarter before and smoothing say 10 too: (10 + 10 + 10 + 30) / 4
    assert methods(np.full(40, 10.0), calendar, more)[BLEND](40, 4) == pytest.approx([15] * 4)


def test_the_calendar_is_learned_and_put_back() -> None:
    weeks = 70 + HORIZON
    is_end = (np.arange(weeks) % 13 == 12).astype(float)
    history = (100 * (1 + is_end))[:70]
    tried = methods(history, is_end[:, None], {})
    told = tried["exponential_smoothing"](70, HORIZON)
    ends = is_end[70:].astype(bool)
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
