"""Variance between units whose estimates each have a standard error of their own: sites, or negative controls."""

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
#: Steps of the search between zero and the largest variance that could be likely.
STEPS: Final = 200


def mean_of(values: Numbers, errors: Numbers, variance: float) -> float:
    """Return the mean by inverse variances."""
    return float(np.average(values, weights=1 / (variance + errors**2)))


def minus_log_likelihood(values: Numbers, errors: Numbers, variance: float, *, restricted: bool = False) -> float:
    """Return minus the log-likelihood of a variance between normal values, at the mean that goes with it."""
    total = variance + errors**2
    apart = values - mean_of(values, errors, variance)
    lost = np.log(np.sum(1 / total)) if restricted else 0.0
    return float((np.sum(np.log(2 * np.pi * total) + apart**2 / total) + lost) / 2)


def most_likely_variance(values: Numbers, errors: Numbers, *, restricted: bool = False) -> float:
    """Return the variance between units that is most likely, possibly zero.

    Parameters
    ----------
    values, errors : ndarray, shape (k,)
        Estimates and their standard errors, all above zero.
    restricted : bool
        Whether likelihood is that of the differences between units alone (REML).
    """

    def slope(variance: float) -> float:
        weights = 1 / (variance + errors**2)
        apart = values - mean_of(values, errors, variance)
        lost = float(weights @ weights / weights.sum()) if restricted else 0.0
        return float((weights * apart) @ (weights * apart) - weights.sum() + lost)

    def height(variance: float) -> float:
        return -minus_log_likelihood(values, errors, variance, restricted=restricted)

    return max([0.0, *_falls_through_zero(slope, _most(values, errors))], key=height)


def variance_of_moments(values: Numbers, errors: Numbers) -> float:
    """Return DerSimonian and Laird's variance, zero where units differ by no more than chance."""
    weights = errors**-2.0
    apart = values - mean_of(values, errors, 0.0)
    freedom = weights.sum() - weights @ weights / weights.sum()
    return float(max(0.0, (weights @ apart**2 - (len(values) - 1)) / freedom))


def variance_by_q(values: Numbers, errors: Numbers) -> float:
    """Return Paule and Mandel's variance: that at which the weighted squares are their expectation, k - 1."""

    def excess(variance: float) -> float:
        apart = values - mean_of(values, errors, variance)
        return float(np.sum(apart**2 / (variance + errors**2)) - (len(values) - 1))

    return max([0.0, *_falls_through_zero(excess, _most(values, errors))])


def _most(values: Numbers, errors: Numbers) -> float:
    """Return a variance beyond which none is likely: the squares have all become smaller than expected."""
    return float(len(values) * np.ptp(values) ** 2 + errors.max() ** 2)


def _falls_through_zero(curve: Callable[[float], float], most: float) -> list[float]:
    """Return where a curve comes down through zero, between 0 and ``most``."""
    from scipy.optimize import brentq

    grid = np.append(0.0, np.geomspace(1e-9 * most, most, STEPS))
    heights = [curve(place) for place in grid]
    return [
        float(brentq(curve, low, high, xtol=1e-16 * most, rtol=1e-14))
        for low, high, before, after in zip(grid[:-1], grid[1:], heights[:-1], heights[1:], strict=True)
        if before > 0 >= after
    ]
