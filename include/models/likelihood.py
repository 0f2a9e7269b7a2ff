"""Maximum likelihood of a few positive parameters: the optimum, and how far off it may be."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

Array = np.ndarray

# Beyond these, a parameter of a well-scaled likelihood says that the data do not determine it.
LOWEST, HIGHEST = np.log(1e-4), np.log(1e4)
STEP = 1e-4


@dataclass(frozen=True)
class Estimate:
    """Where a likelihood is highest.

    :param logs: logarithms of the parameters.
    :param covariance: of the logarithms, from the observed information (the Hessian of the negative log-likelihood);
        None where a parameter is not determined by the data, so that there are no intervals.
    """

    logs: Array
    covariance: Array | None


def maximise(likelihood: Callable[[Array], tuple[float, Array]], start: Array, lowest: Array | None = None) -> Estimate:
    """The maximum of a log-likelihood in the logarithms of its parameters.

    :param likelihood: logarithms of the parameters → log-likelihood and its gradient by them; all near 1 in size.
    :param start: where to begin.
    :param lowest: lower bounds, where they are other than 1e-4.
    :raises ArithmeticError: when no maximum is found.
    """
    from scipy.optimize import minimize

    floor = np.full(len(start), LOWEST) if lowest is None else lowest

    def negative(logs: Array) -> tuple[float, Array]:
        value, gradient = likelihood(logs)
        return -value, -gradient

    best = minimize(
        negative,
        start,
        jac=True,
        method="L-BFGS-B",
        bounds=list(zip(floor, np.full(len(start), HIGHEST), strict=True)),
        options={"maxiter": 1000, "ftol": 1e-15, "gtol": 1e-9},
    )
    if not np.isfinite(best.fun) or not np.all(np.isfinite(best.x)):
        raise ArithmeticError(f"the likelihood has no maximum: {best.message}")
    is_inside = np.all((best.x > floor + 1e-6) & (best.x < HIGHEST - 1e-6))
    return Estimate(best.x, _covariance(likelihood, best.x) if is_inside else None)


def _covariance(likelihood: Callable[[Array], tuple[float, Array]], logs: Array) -> Array | None:
    """The inverse of the observed information, by central differences of the gradient."""
    steps = np.eye(len(logs)) * STEP
    information = np.array([(likelihood(logs - s)[1] - likelihood(logs + s)[1]) / (2 * STEP) for s in steps])
    information = (information + information.T) / 2
    try:
        np.linalg.cholesky(information)  # fails unless it is positive definite
    except np.linalg.LinAlgError:
        return None
    return np.linalg.inv(information)


def gradient(function: Callable[[Array], Array], logs: Array) -> Array:
    """Derivatives of a vector function by each logarithm, (parameters, values), by central differences."""
    steps = np.eye(len(logs)) * STEP
    return np.array([(function(logs + s) - function(logs - s)) / (2 * STEP) for s in steps])


def variance(slopes: Array, covariance: Array) -> Array:
    """The delta method: variance of each value from its slopes, (parameters, values), and the covariance."""
    return np.einsum("in,ij,jn->n", slopes, covariance, slopes)
