"""Gamma-Gamma: the figures that were published of the CDNOW sample, simulated customers, and customers at the edges."""

from pathlib import Path

import numpy as np
import pytest

from include.customers.value import spend
from include.customers.value.spend import Spend
from tests.cdnow import cdnow


def test_cdnow_parameters_are_the_published_ones(real_data: Path) -> None:
    # Fader & Hardie (2013): The Gamma-Gamma Model of Monetary Value, 946 customers with a repeat purchase
    sample = cdnow(real_data)
    model = spend.fit(sample.repeats, sample.mean)
    assert len(sample.mean) == 946
    assert round(model.p, 2) == 6.25
    assert round(model.q, 2) == 3.74
    assert round(model.v, 2) == 15.44
    assert model.covariance is not None


def test_the_currency_changes_nothing_but_v(real_data: Path) -> None:
    sample = cdnow(real_data)
    dollars, yen = spend.fit(sample.repeats, sample.mean), spend.fit(sample.repeats, sample.mean * 120)
    assert np.allclose([yen.p, yen.q, yen.v / 120], [dollars.p, dollars.q, dollars.v], rtol=1e-5)


def test_simulated_customers_give_their_parameters_back_within_three_standard_errors() -> None:
    p, q, v, n = 4.0, 3.0, 20.0, 20_000
    dice = np.random.default_rng(5)
    x = dice.integers(1, 12, n)
    mean = dice.gamma(p * x, 1 / dice.gamma(q, 1 / v, n)) / x
    model = spend.fit(x, mean)
    assert model.standard_errors is not None
    assert np.all(np.abs(np.array([model.p, model.q, model.v]) - [p, q, v]) < 3 * model.standard_errors)


def test_expected_spend_by_hand() -> None:
    model = Spend(2, 4, 30, 0.0, None)
    # nobody's own: p v ÷ (q − 1) = 2 × 30 ÷ 3; three purchases of 50: 2 × (30 + 150) ÷ (6 + 3)
    assert spend.expected(model, np.array([0, 3]), np.array([0, 50])).tolist() == pytest.approx([20, 40])


def test_customers_who_always_spend_the_same_are_no_failure() -> None:
    model = spend.fit(np.full(60, 3), np.full(60, 10.0))
    assert spend.expected(model, np.array([3]), np.array([10.0]))[0] == pytest.approx(10, rel=0.01)


@pytest.mark.parametrize(("x", "mean"), [([], []), ([0], [10]), ([1], [0])])
def test_figures_that_are_none_are_refused(x: list[int], mean: list[float]) -> None:
    with pytest.raises(ValueError, match="more than 0"):
        spend.fit(np.array(x), np.array(mean))
