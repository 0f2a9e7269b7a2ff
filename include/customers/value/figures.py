"""What each customer is worth, by the fitted models: figures with 80 % and 95 % intervals.

The intervals are of the estimate: how far it could be off because the parameters are estimated. They are found by the
delta method from the parameters' covariance, for P(alive) on the scale of its log-odds, else on that of the logarithm,
so that they stay within their bounds. What a single customer will do varies far more.
"""

from collections.abc import Mapping

import numpy as np

from include.customers.value.config import LifetimeValue
from include.customers.value.purchases import Purchases, log_odds_alive, purchases_if_alive
from include.customers.value.spend import Spend, expected_spend
from include.models.likelihood import Array, gradient, variance

MONTH_DAYS = 365.25 / 12
INTERVALS = {"80": 1.2815515655446004, "95": 1.959963984540054}  # the normal law's quantiles 0.90 and 0.975
FIGURES = ("p_alive", "expected_purchases", "expected_spend", "lifetime_value")
COLUMNS = [
    column
    for figure in FIGURES
    for column in (figure, *(f"{figure}_{end}_{level}" for level in INTERVALS for end in ("low", "high")))
]


def discounted_purchases_if_alive(logs: Array, x: Array, T: Array, terms: LifetimeValue) -> Array:
    """Purchases to expect within the horizon from customers who are alive, those of each month discounted by its end.

    :param logs: logarithms of the BG/NBD model's parameters, in days.
    """
    total = np.zeros(len(x))
    before = np.zeros(len(x))
    for month in range(1, terms.horizon_months + 1):
        up_to = purchases_if_alive(logs, x, T, month * MONTH_DAYS)
        total += (up_to - before) / (1 + terms.discount_rate) ** (month / 12)
        before = up_to
    return total


class Valuation:
    """The figures of customers by one pair of models.

    What depends on repeat purchases and age alone is computed once for each pair of them, however many customers share
    it.

    :param purchases: the BG/NBD model, in days.
    :param x, T: the repeat purchases and ages of all customers that will be asked for.
    """

    def __init__(self, purchases: Purchases, terms: LifetimeValue, x: Array, T: Array) -> None:
        self.purchases, self.terms = purchases, terms
        self._width = int(T.max()) + 1 if len(T) else 1
        self._keys = np.unique(x * self._width + T)
        ages = (self._keys % self._width).astype(float)
        counts = (self._keys // self._width).astype(float)

        def ahead(logs: Array) -> Array:
            return np.log(purchases_if_alive(logs, counts, ages, terms.horizon_months * MONTH_DAYS))

        def discounted(logs: Array) -> Array:
            return np.log(discounted_purchases_if_alive(logs, counts, ages, terms))

        self._ahead, self._discounted = ahead(purchases.logs), discounted(purchases.logs)
        has_intervals = purchases.covariance is not None
        self._ahead_slopes = gradient(ahead, purchases.logs) if has_intervals else None
        self._discounted_slopes = gradient(discounted, purchases.logs) if has_intervals else None

    def figures(self, x: Array, t_x: Array, T: Array, spend: Spend | None, n: Array, mean: Array) -> dict[str, Array]:
        """The columns of :data:`COLUMNS` that there are models for, one value a customer.

        :param x, t_x, T: repeat purchases (whole), days from the first to the last, days since the first.
        :param spend: the Gamma-Gamma model of their currency.
        :param n, mean: repeat purchases with an amount, and their mean amount.
        """
        place = np.searchsorted(self._keys, x * self._width + T)
        logs, covariance = self.purchases.logs, self.purchases.covariance

        def odds(at: Array) -> Array:
            return log_odds_alive(at, x, t_x, T)

        log_odds = odds(logs)
        is_sure = np.isinf(log_odds)
        log_odds = np.where(is_sure, 0, log_odds)
        p = np.where(is_sure, 1, 1 / (1 + np.exp(-log_odds)))
        log_p = np.where(is_sure, 0, -np.logaddexp(0, -log_odds))
        values = {
            "expected_purchases": log_p + self._ahead[place],
            "lifetime_value": log_p + self._discounted[place] + np.log(self.terms.margin),
        }
        errors: dict[str, Array] = {}
        if covariance is not None:
            assert self._ahead_slopes is not None and self._discounted_slopes is not None
            with np.errstate(invalid="ignore"):
                odds_slopes = np.where(is_sure, 0, gradient(odds, logs))
            p_slopes = odds_slopes * (1 - p)
            errors["p_alive"] = np.sqrt(variance(odds_slopes, covariance))
            errors["expected_purchases"] = np.sqrt(variance(p_slopes + self._ahead_slopes[:, place], covariance))
            errors["lifetime_value"] = np.sqrt(variance(p_slopes + self._discounted_slopes[:, place], covariance))
        if spend is None:
            del values["lifetime_value"]
            errors.pop("lifetime_value", None)
        else:

            def amount(at: Array) -> Array:
                return np.log(expected_spend(at, n, mean))

            values["expected_spend"] = amount(spend.logs)
            values["lifetime_value"] += values["expected_spend"]
            if spend.covariance is None:
                errors.pop("lifetime_value", None)
            else:
                of_spend = variance(gradient(amount, spend.logs), spend.covariance)
                errors["expected_spend"] = np.sqrt(of_spend)
                if "lifetime_value" in errors:
                    errors["lifetime_value"] = np.sqrt(errors["lifetime_value"] ** 2 + of_spend)
        columns = {name: np.exp(value) for name, value in values.items()} | {"p_alive": p}
        return columns | _intervals(values, errors) | _alive_intervals(log_odds, is_sure, errors.get("p_alive"))


def _intervals(logs: Mapping[str, Array], errors: Mapping[str, Array]) -> dict[str, Array]:
    return {
        f"{name}_{end}_{level}": np.exp(logs[name] + sign * quantile * errors[name])
        for name in logs
        if name in errors
        for level, quantile in INTERVALS.items()
        for end, sign in (("low", -1), ("high", 1))
    }


def _alive_intervals(log_odds: Array, is_sure: Array, error: Array | None) -> dict[str, Array]:
    if error is None:
        return {}
    return {
        f"p_alive_{end}_{level}": np.where(is_sure, 1, 1 / (1 + np.exp(-(log_odds + sign * quantile * error))))
        for level, quantile in INTERVALS.items()
        for end, sign in (("low", -1), ("high", 1))
    }
