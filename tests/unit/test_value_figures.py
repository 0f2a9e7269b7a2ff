"""The figures of each customer: what is discounted, and intervals that hold what they say."""

import numpy as np
import pytest

from include.customers.value import purchases, spend
from include.customers.value.config import LifetimeValue
from include.customers.value.figures import COLUMNS, MONTH_DAYS, Valuation
from include.customers.value.purchases import Purchases
from include.customers.value.spend import Spend

COVARIANCE = np.array([
    [0.0027, 0.0035, -0.0005, 0.0001], [0.0035, 0.0073, -0.0008, 0.001],
    [-0.0005, -0.0008, 0.0549, 0.064], [0.0001, 0.001, 0.064, 0.0845],
])  # fmt: skip
BUYS = Purchases(0.243, 4.414 * 7, 0.793, 2.426, 0.0, COVARIANCE)
OF_SPEND = np.array([[0.036, -0.01, -0.05], [-0.01, 0.006, 0.017], [-0.05, 0.017, 0.073]])
SPENDS = Spend(6.25, 3.74, 15.44, 0.0, OF_SPEND)
X, T_X, T = np.array([0, 2, 2, 30]), np.array([0, 213, 20, 270]), np.array([100, 272, 272, 280])
N, MEAN = np.array([0, 2, 1, 30]), np.array([0.0, 30.0, 50.0, 20.0])


def figures(terms: LifetimeValue, buys: Purchases = BUYS, spends: Spend | None = SPENDS) -> dict[str, np.ndarray]:
    return Valuation(buys, terms, X, T).figures(X, T_X, T, spends, N, MEAN)


def test_without_a_discount_the_lifetime_value_is_purchases_times_spend_times_margin() -> None:
    told = figures(LifetimeValue(horizon_months=12, discount_rate=0, margin=0.4))
    assert set(told) == set(COLUMNS)
    assert np.allclose(told["p_alive"], purchases.alive(BUYS, X, T_X, T))
    assert np.allclose(told["expected_purchases"], purchases.expected(BUYS, X, T_X, T, 12 * MONTH_DAYS))
    assert np.allclose(told["expected_spend"], spend.expected(SPENDS, N, MEAN))
    assert np.allclose(told["lifetime_value"], 0.4 * told["expected_purchases"] * told["expected_spend"])


def test_each_month_is_discounted_by_its_end() -> None:
    told = figures(LifetimeValue(horizon_months=2, discount_rate=0.1, margin=1))
    one, two = (purchases.expected(BUYS, X, T_X, T, months * MONTH_DAYS) for months in (1, 2))
    by_hand = (one / 1.1 ** (1 / 12) + (two - one) / 1.1 ** (2 / 12)) * spend.expected(SPENDS, N, MEAN)
    assert np.allclose(told["lifetime_value"], by_hand)


def test_intervals_are_nested_and_hold_the_figure() -> None:
    told = figures(LifetimeValue(horizon_months=12, discount_rate=0.1, margin=1))
    for name in ("p_alive", "expected_purchases", "expected_spend", "lifetime_value"):
        in_order = [told[f"{name}_{end}"] for end in ("low_95", "low_80")] + [told[name]]
        in_order += [told[f"{name}_{end}"] for end in ("high_80", "high_95")]
        assert np.all(np.diff(in_order, axis=0) >= 0), name
    assert told["p_alive_high_95"].max() <= 1
    assert told["p_alive_low_95"][0] == 1  # bought once


def test_intervals_are_those_of_parameters_drawn_from_their_covariance() -> None:
    """As wide as what 4,000 draws of the parameters give, give or take a tenth."""
    terms = LifetimeValue(horizon_months=12, discount_rate=0.1, margin=1)
    # narrow enough for the delta method's straight lines
    narrow = Purchases(BUYS.r, BUYS.alpha, BUYS.a, BUYS.b, 0.0, COVARIANCE / 25)
    narrow_spend = Spend(SPENDS.p, SPENDS.q, SPENDS.v, 0.0, OF_SPEND / 25)
    told = figures(terms, narrow, narrow_spend)
    dice = np.random.default_rng(3)
    drawn = []
    for _ in range(4_000):
        r, alpha, a, b = np.exp(dice.multivariate_normal(narrow.logs, COVARIANCE / 25))
        p, q, v = np.exp(dice.multivariate_normal(narrow_spend.logs, OF_SPEND / 25))
        drawn.append(
            purchases.expected(Purchases(r, alpha, a, b, 0.0, None), X, T_X, T, 12 * MONTH_DAYS)
            * spend.expected(Spend(p, q, v, 0.0, None), N, MEAN)
        )
    for level, tail in (("80", 10), ("95", 2.5)):
        low, high = np.percentile(drawn, [tail, 100 - tail], axis=0)
        # of the undiscounted value; a discount moves both ends alike
        width = np.log(told[f"lifetime_value_high_{level}"] / told[f"lifetime_value_low_{level}"])
        assert np.allclose(width, np.log(high / low), rtol=0.1)


def test_what_there_is_no_model_for_is_left_out() -> None:
    terms = LifetimeValue(horizon_months=12, discount_rate=0.1, margin=1)
    assert {name.rsplit("_low")[0].rsplit("_high")[0] for name in figures(terms, spends=None)} == {
        "p_alive", "expected_purchases",
    }  # fmt: skip
    without = Purchases(BUYS.r, BUYS.alpha, BUYS.a, BUYS.b, 0.0, None)
    told = figures(terms, without)
    assert "lifetime_value" in told and not any(name.startswith("lifetime_value_") for name in told)


def test_a_million_alike_cost_one(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    original = purchases.purchases_if_alive

    def counted(logs: np.ndarray, x: np.ndarray, T: np.ndarray, horizon: float) -> np.ndarray:
        asked.append(len(x))
        return original(logs, x, T, horizon)

    monkeypatch.setattr("include.customers.value.figures.purchases_if_alive", counted)
    many = np.full(1_000_000, 2)
    Valuation(BUYS, LifetimeValue(horizon_months=2, discount_rate=0.1, margin=1), many, many * 50)
    assert set(asked) == {1}
