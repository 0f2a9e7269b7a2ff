"""When customers buy, and whether they still do: the BG/NBD model.

Fader, P. S., Hardie, B. G. S. & Lee, K. L. (2005): "Counting Your Customers" the Easy Way: An Alternative to the
Pareto/NBD Model, Marketing Science 24 (2). While alive, a customer buys at a rate λ; after each purchase they leave
with probability p. Over the customers, λ is gamma(r, α) and p is beta(a, b).

A customer's history is told by three figures: ``x``, repeat purchases (days with a purchase but the first); ``t_x``,
time from the first to the last purchase; ``T``, time from the first purchase to now. Any unit of time, the same
everywhere.
"""

from dataclasses import dataclass

import numpy as np

from include.models.likelihood import Array, Estimate, maximise


@dataclass(frozen=True)
class Purchases:
    """A fitted BG/NBD model.

    :param r: shape of the purchase rate.
    :param alpha: its scale, in the unit of time.
    :param a: first shape of the probability of leaving.
    :param b: its second shape.
    :param log_likelihood: at these parameters.
    :param covariance: of the logarithms of (r, alpha, a, b); None where the data do not determine them all.
    """

    r: float
    alpha: float
    a: float
    b: float
    log_likelihood: float
    covariance: Array | None

    @property
    def logs(self) -> Array:
        return np.log([self.r, self.alpha, self.a, self.b])

    @property
    def standard_errors(self) -> Array | None:
        """Of (r, alpha, a, b), by the delta method."""
        return None if self.covariance is None else np.exp(self.logs) * np.sqrt(np.diag(self.covariance))


def fit(x: Array, t_x: Array, T: Array, weights: Array | None = None) -> Purchases:
    """The BG/NBD model that makes the histories most likely.

    :param weights: how many customers have each history; one each when not given.
    :raises ValueError: when nobody bought again, or the arrays are empty.
    :raises ArithmeticError: when no maximum is found.
    """
    x, t_x, T = (np.asarray(values, dtype=float) for values in (x, t_x, T))
    n = np.ones(len(x)) if weights is None else np.asarray(weights, dtype=float)
    if not np.any((x > 0) & (n > 0)):
        raise ValueError("the BG/NBD model needs customers who bought again, and there is none")
    # with times near 1, all parameters are near 1, too; the likelihood is put back into the caller's unit
    scale = float(np.average(T, weights=n))
    history = _History(x, t_x / scale, T / scale, n)
    # the gradient is by customer, so that the optimiser's tolerance does not depend on how many there are
    total = n.sum()

    def likelihood(logs: Array) -> tuple[float, Array]:
        value, slopes = history.log_likelihood(logs)
        return value / total, slopes / total

    found = maximise(likelihood, np.zeros(4))
    best = Estimate(found.logs, None if found.covariance is None else found.covariance / total)
    r, alpha, a, b = (float(value) for value in np.exp(best.logs))
    value = history.log_likelihood(best.logs)[0] - float(n @ x) * np.log(scale)
    return Purchases(r, alpha * scale, a, b, float(value), best.covariance)


class _History:
    """Histories laid out for the likelihood: what depends on x alone is computed once for each x."""

    def __init__(self, x: Array, t_x: Array, T: Array, n: Array) -> None:
        self.x, self.t_x, self.T, self.n = x, t_x, T, n
        self.counts, self.place = np.unique(x, return_inverse=True)
        self.customers = np.bincount(self.place, weights=n)

    def log_likelihood(self, logs: Array) -> tuple[float, Array]:
        """Equation 6 of the paper, and its gradient by the logarithms of the parameters."""
        from scipy.special import digamma, gammaln

        r, alpha, a, b = np.exp(logs)
        k = self.counts
        by_count = (
            gammaln(r + k)
            - gammaln(r)
            + r * logs[1]
            + gammaln(a + b)
            + gammaln(b + k)
            - gammaln(b)
            - gammaln(a + b + k)
        )
        stays = -(r + self.x) * np.log(alpha + self.T)
        has_left = self.x > 0
        last = np.maximum(self.x, 1) + b - 1
        leaves = np.where(has_left, logs[2] - np.log(last) - (r + self.x) * np.log(alpha + self.t_x), -np.inf)
        either = np.logaddexp(stays, leaves)
        value = self.customers @ by_count + self.n @ either

        left = np.exp(leaves - either)
        of_stay, of_leave = self.n * (1 - left), self.n * left
        all_left = of_leave.sum()
        spread = digamma(a + b) - digamma(a + b + k)
        slopes = np.array([
            self.customers @ (digamma(r + k) - digamma(r) + logs[1])
            - of_stay @ np.log(alpha + self.T) - of_leave @ np.log(alpha + self.t_x),
            self.n.sum() * r / alpha
            - of_stay @ ((r + self.x) / (alpha + self.T)) - of_leave @ ((r + self.x) / (alpha + self.t_x)),
            self.customers @ spread + all_left / a,
            self.customers @ (spread + digamma(b + k) - digamma(b)) - of_leave @ (1 / last),
        ])  # fmt: skip
        return float(value), slopes * np.exp(logs)


def log_odds_alive(logs: Array, x: Array, t_x: Array, T: Array) -> Array:
    """The logarithm of the odds that a customer still buys; infinite for who bought once, since leaving follows a
    repeat purchase. Fader, Hardie & Lee (2008): Computing P(alive) Using the BG/NBD Model.

    :param logs: logarithms of (r, alpha, a, b).
    """
    r, alpha, _, b = np.exp(logs)
    odds = np.log(b + np.maximum(x, 1) - 1) - logs[2] - (r + x) * (np.log(alpha + T) - np.log(alpha + t_x))
    return np.where(x > 0, odds, np.inf)


def alive(model: Purchases, x: Array, t_x: Array, T: Array) -> Array:
    """P(alive): the probability that each customer still buys, 0 to 1."""
    from scipy.special import expit

    return expit(log_odds_alive(model.logs, x, t_x, T))


def purchases_if_alive(logs: Array, x: Array, T: Array, horizon: float) -> Array:
    """Purchases to expect within the horizon from customers who are alive now.

    Equation 10 of the paper without its denominator, which is 1 ÷ P(alive). Its hypergeometric function is turned by
    Euler's transformation, with which it stays near 1 for heavy buyers, too.

    :param logs: logarithms of (r, alpha, a, b).
    """
    from scipy.special import hyp2f1

    r, alpha, a, b = np.exp(logs)
    # where one of these is whole, the formula has a limit and no value, or SciPy's function fails (1.17: infinite)
    if abs(a - 1) < 1e-6 or abs(a + b - 1) < 1e-6 or abs(r - a - round(r - a)) < 1e-9:
        a += 3e-6
    z = horizon / (alpha + T + horizon)
    whole = a + b + x - 1
    return whole / (a - 1) * (1 - (1 - z) ** (a - 1) * hyp2f1(a + b - 1 - r, a - 1, whole, z))


def expected(model: Purchases, x: Array, t_x: Array, T: Array, horizon: float) -> Array:
    """Purchases to expect of each customer within the horizon (equation 10 of the paper)."""
    return alive(model, x, t_x, T) * purchases_if_alive(model.logs, x, T, horizon)
