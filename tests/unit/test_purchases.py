"""BG/NBD: the figures that were published of the CDNOW sample, simulated customers, and customers at the edges."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit

from include.customers.value import purchases
from include.customers.value.purchases import Purchases
from tests.cdnow import Cdnow, cdnow


@pytest.fixture(scope="module")
def sample(real_data: Path) -> Cdnow:
    return cdnow(real_data)


@pytest.fixture(scope="module")
def fitted(sample: Cdnow) -> Purchases:
    return purchases.fit(sample.x, sample.t_x, sample.T)


def test_cdnow_parameters_are_the_published_ones(fitted: Purchases) -> None:
    # Fader, Hardie & Lee (2005), table 2
    assert round(fitted.r, 3) == 0.243
    assert round(fitted.alpha, 3) == 4.414
    assert round(fitted.a, 3) == 0.793
    assert round(fitted.b, 3) == 2.426
    assert round(fitted.log_likelihood, 2) == -9582.43


def test_cdnow_expected_purchases_are_the_published_ones(fitted: Purchases) -> None:
    # Fader, Hardie & Lee (2005): Implementing the BG/NBD Model in Excel: x = 2, t_x = 30.43, T = 38.86, 39 weeks ahead
    told = purchases.expected(fitted, np.array([2]), np.array([30.43]), np.array([38.86]), 39)
    assert round(float(told[0]), 3) == 1.226


def test_cdnow_purchases_of_the_later_39_weeks_are_foretold(sample: Cdnow, fitted: Purchases) -> None:
    told = purchases.expected(fitted, sample.x, sample.t_x, sample.T, 39)
    assert sample.later.sum() == 1882
    assert round(float(np.sqrt(np.mean((told - sample.later) ** 2))), 3) == 1.608
    assert round(float(np.corrcoef(told, sample.later)[0, 1]), 3) == 0.626


def test_the_unit_of_time_changes_nothing_but_alpha(sample: Cdnow, fitted: Purchases) -> None:
    days = purchases.fit(sample.x, sample.t_x * 7, sample.T * 7)
    assert np.allclose(
        [days.r, days.alpha / 7, days.a, days.b], [fitted.r, fitted.alpha, fitted.a, fitted.b], rtol=1e-5
    )
    # a density of x purchases has the unit of time to the power of −x
    assert days.log_likelihood == pytest.approx(fitted.log_likelihood - sample.x.sum() * np.log(7), abs=1e-3)


def test_weights_stand_for_equal_customers(sample: Cdnow, fitted: Purchases) -> None:
    same, n = np.unique(np.column_stack([sample.x, sample.t_x, sample.T]), axis=0, return_counts=True)
    weighted = purchases.fit(same[:, 0], same[:, 1], same[:, 2], n)
    assert np.allclose(weighted.logs, fitted.logs, rtol=1e-5)
    assert weighted.covariance is not None and fitted.covariance is not None
    assert np.allclose(weighted.covariance, fitted.covariance, rtol=1e-3)


def simulated(n: int, seed: int, r: float, alpha: float, a: float, b: float) -> tuple[np.ndarray, ...]:
    """Customers as the model has them: x, t_x, T."""
    dice = np.random.default_rng(seed)
    T = dice.uniform(30, 400, n)
    rate, leaves = dice.gamma(r, 1 / alpha, n), dice.beta(a, b, n)
    x, t_x = np.zeros(n), np.zeros(n)
    time, is_alive = np.zeros(n), np.ones(n, dtype=bool)
    while is_alive.any():
        time = time + dice.exponential(1, n) / rate
        is_alive &= time < T
        x, t_x = x + is_alive, np.where(is_alive, time, t_x)
        is_alive &= dice.random(n) > leaves
    return x, t_x, T


def test_simulated_customers_give_their_parameters_back_within_three_standard_errors() -> None:
    truth = np.array([0.6, 40.0, 0.9, 3.0])
    model = purchases.fit(*simulated(20_000, 7, *truth))
    assert model.standard_errors is not None
    found = np.array([model.r, model.alpha, model.a, model.b])
    assert np.all(np.abs(found - truth) < 3 * model.standard_errors)


def test_heavy_buyers_break_neither_the_fit_nor_the_figures() -> None:
    x, t_x, T = simulated(3_000, 3, 0.6, 40.0, 0.9, 3.0)
    heavy = np.array([400.0, 2_000.0, 5_000.0])
    x, t_x, T = np.append(x, heavy), np.append(t_x, [390.0, 120.0, 399.0]), np.append(T, [400.0] * 3)
    model = purchases.fit(x, t_x, T)
    told = purchases.expected(model, x, t_x, T, 365)
    assert np.all(np.isfinite(told)) and np.all(told >= 0)
    # no more often than before, and gone after 280 days without one of 2,000 purchases in 120 days
    assert told[-1] <= 5000 * 365 / 400
    assert purchases.alive(model, x, t_x, T)[-2] < 1e-6


def test_where_nobody_bought_again_there_is_no_model() -> None:
    with pytest.raises(ValueError, match="bought again"):
        purchases.fit(np.zeros(5), np.zeros(5), np.arange(5))


def test_parameters_that_the_data_do_not_determine_come_without_intervals() -> None:
    # everybody bought last on the last day: nobody ever left
    x, T = np.arange(1, 101), np.full(100, 200.0)
    model = purchases.fit(x, T, T)
    assert model.covariance is None
    assert np.all(purchases.alive(model, x, T, T) > 0.99)


positive = st.floats(0.05, 20)


@settings(max_examples=50, deadline=None)
@given(positive, positive, positive, positive, st.integers(0, 300), st.floats(0, 1), st.floats(0.1, 1000))
def test_figures_stay_within_their_bounds(
    r: float, alpha: float, a: float, b: float, x: int, part: float, age: float
) -> None:
    model = Purchases(r, alpha, a, b, 0.0, None)
    one = np.array([x]), np.array([part * age if x else 0.0]), np.array([age])
    p = purchases.alive(model, *one)[0]
    assert 0 <= p <= 1
    assert p == 1 or x
    sooner, later = (purchases.expected(model, *one, horizon)[0] for horizon in (30.0, 300.0))
    # of who is alive no more than of who buys on at their rate and never leaves, (r + x) ÷ (α + T) a day
    assert -1e-9 <= sooner <= later * (1 + 1e-9) + 1e-9
    assert later <= 300 * (r + x) / (alpha + age) * (1 + 1e-6)


@settings(max_examples=25, deadline=None)
@given(st.tuples(*[st.floats(-1.5, 1.5)] * 4))
def test_the_gradient_is_the_slope_of_the_likelihood(logs: tuple[float, ...]) -> None:
    x, t_x, T = simulated(200, 5, 0.6, 1.0, 0.9, 3.0)
    history = purchases._History(x, t_x / 200, T / 200, np.ones(200))
    at = np.array(logs)
    slopes = history.log_likelihood(at)[1]
    for place, step in enumerate(np.eye(4) * 1e-5):
        rise = history.log_likelihood(at + step)[0] - history.log_likelihood(at - step)[0]
        assert rise / 2e-5 == pytest.approx(slopes[place], rel=1e-4, abs=1e-3)


def test_expected_purchases_are_those_of_simulated_customers() -> None:
    """The law of total expectation: over who has bought x times, what comes later is what was expected, on average."""
    truth = (0.8, 30.0, 1.5, 6.0)
    model = Purchases(*truth, 0.0, None)
    dice = np.random.default_rng(11)
    n, now, horizon = 200_000, 200.0, 150.0
    rate, leaves = dice.gamma(truth[0], 1 / truth[1], n), dice.beta(truth[2], truth[3], n)
    x, t_x, later, time, is_alive = np.zeros(n), np.zeros(n), np.zeros(n), np.zeros(n), np.ones(n, dtype=bool)
    while is_alive.any():
        time = time + dice.exponential(1, n) / rate
        is_alive &= time < now + horizon
        is_before = is_alive & (time < now)
        x, t_x, later = x + is_before, np.where(is_before, time, t_x), later + (is_alive & ~is_before)
        is_alive &= dice.random(n) > leaves
    told = purchases.expected(model, x, t_x, np.full(n, now), horizon)
    for count in (0, 1, 3, 8):
        own = x == count
        error = later[own].std() / np.sqrt(own.sum())
        assert abs(told[own].mean() - later[own].mean()) < 4 * error


def test_p_alive_by_hand() -> None:
    # r = α = a = b = 1, one repeat purchase at 1 of 3 weeks: 1 ÷ (1 + 1 ÷ 1 × (4 ÷ 2)²) = 1/5
    model = Purchases(1, 1, 1, 1, 0.0, None)
    assert purchases.alive(model, np.array([1]), np.array([1.0]), np.array([3.0]))[0] == pytest.approx(0.2)
    assert expit(purchases.log_odds_alive(model.logs, np.array([0]), np.array([0.0]), np.array([3.0])))[0] == 1
