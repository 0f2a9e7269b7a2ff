"""What a purchase of a customer is worth: the Gamma-Gamma model.

Fader, P. S. & Hardie, B. G. S. (2013): The Gamma-Gamma Model of Monetary Value. The purchases of a customer are
gamma(p, ν); over the customers, ν is gamma(q, v). How much is spent does not depend on how often.
"""

from dataclasses import dataclass

import numpy as np

from include.models.likelihood import LOWEST, Array, maximise

# below 1, the mean over the customers would be infinite
LOWEST_Q = 1.01


@dataclass(frozen=True)
class Spend:
    """A fitted Gamma-Gamma model.

    :param p: shape of a customer's purchases.
    :param q: shape of their scale over the customers.
    :param v: scale of that, in the currency.
    :param log_likelihood: at these parameters.
    :param covariance: of the logarithms of (p, q, v); None where the data do not determine them all.
    """

    p: float
    q: float
    v: float
    log_likelihood: float
    covariance: Array | None

    @property
    def logs(self) -> Array:
        return np.log([self.p, self.q, self.v])

    @property
    def standard_errors(self) -> Array | None:
        """Of (p, q, v), by the delta method."""
        return None if self.covariance is None else np.exp(self.logs) * np.sqrt(np.diag(self.covariance))


def fit(x: Array, mean: Array) -> Spend:
    """The Gamma-Gamma model that makes the mean amounts most likely.

    :param x: repeat purchases of each customer, at least one.
    :param mean: their mean amount, more than 0, in one currency.
    :raises ValueError: when there is no customer, or a figure is not positive.
    :raises ArithmeticError: when no maximum is found.
    """
    x, mean = np.asarray(x, dtype=float), np.asarray(mean, dtype=float)
    if not len(x) or x.min() < 1 or mean.min() <= 0:
        raise ValueError("the Gamma-Gamma model needs customers with a repeat purchase and a mean of more than 0")
    scale = float(np.median(mean))
    z = mean / scale
    counts, place = np.unique(x, return_inverse=True)

    def likelihood(logs: Array) -> tuple[float, Array]:
        value, slopes = _log_likelihood(logs, x, z, counts, place)
        return value / len(x), slopes / len(x)

    best = maximise(likelihood, np.array([0.5, 1.0, 0.5]), np.array([LOWEST, np.log(LOWEST_Q), LOWEST]))
    p, q, v = (float(value) for value in np.exp(best.logs))
    value = _log_likelihood(best.logs, x, z, counts, place)[0] - len(x) * np.log(scale)
    return Spend(p, q, v * scale, float(value), None if best.covariance is None else best.covariance / len(x))


def _log_likelihood(logs: Array, x: Array, z: Array, counts: Array, place: Array) -> tuple[float, Array]:
    """Equation 1a of the note, and its gradient by the logarithms of the parameters."""
    from scipy.special import digamma, gammaln

    p, q, v = np.exp(logs)
    customers = np.bincount(place)
    spread = np.log(v + x * z)
    both, own = p * counts + q, p * counts
    value = (
        customers @ (gammaln(both) - gammaln(own) - gammaln(q) + q * logs[2] + own * np.log(counts))
        + np.sum((p * x - 1) * np.log(z) - (p * x + q) * spread)
    )  # fmt: skip
    slopes = np.array([
        customers @ (counts * (digamma(both) - digamma(own) + np.log(counts))) + np.sum(x * (np.log(z) - spread)),
        customers @ (digamma(both) - digamma(q) + logs[2]) - spread.sum(),
        len(x) * q / v - np.sum((p * x + q) / (v + x * z)),
    ])  # fmt: skip
    return float(value), slopes * np.exp(logs)


def expected_spend(logs: Array, x: Array, mean: Array) -> Array:
    """The mean amount to expect of a customer's next purchases (equation 5 of the note).

    :param logs: logarithms of (p, q, v).
    :param x: repeat purchases with an amount; with 0, it is the mean over all customers.
    :param mean: their mean amount; not looked at where ``x`` is 0.
    """
    p, q, v = np.exp(logs)
    return p * (v + np.where(x > 0, x * mean, 0)) / (p * x + q - 1)


def expected(model: Spend, x: Array, mean: Array) -> Array:
    """The mean amount to expect of each customer's next purchases."""
    return expected_spend(model.logs, np.asarray(x, dtype=float), np.asarray(mean, dtype=float))
