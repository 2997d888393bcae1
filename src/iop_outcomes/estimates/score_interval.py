"""Intervals of shares where an arm has no events, or nothing but events: there the delta method sees no variance."""

import numpy as np
from numpy.typing import ArrayLike

from iop_outcomes.estimates.measures import half_width


def wilson(share: float, size: float, quantile: float) -> tuple[float, float]:
    """Return Wilson's score limits of a share.

    Parameters
    ----------
    share : float
    size : float
        People it rests on; an effective number under weights or clusters.
    quantile : float
        Of the normal or t distribution, two-sided.

    References
    ----------
    Wilson 1927, JASA 22:209.
    """
    middle = (share + quantile**2 / (2 * size)) / (1 + quantile**2 / size)
    spread = share * (1 - share) / size + quantile**2 / (4 * size**2)
    half = quantile * np.sqrt(spread) / (1 + quantile**2 / size)
    # At an end of the scale the limit is that end, and not what rounding leaves of it.
    low, high = (0.0 if share == 0 else middle - half), (1.0 if share == 1 else middle + half)
    return float(max(low, 0.0)), float(min(high, 1.0))


def difference_limits(shares: ArrayLike, sizes: ArrayLike, quantile: float) -> tuple[float, float]:
    """Return the limits of a difference of two shares by squaring and adding Wilson's limits.

    Parameters
    ----------
    shares, sizes : array_like, shape (2,)
        First and second arm.
    quantile : float

    References
    ----------
    Newcombe 1998, Stat Med 17:873, method 10.
    """
    (first, second), (m, n) = shares, sizes
    (low_1, high_1), (low_2, high_2) = wilson(first, m, quantile), wilson(second, n, quantile)
    difference = first - second
    low = difference - np.hypot(first - low_1, high_2 - second)
    high = difference + np.hypot(high_1 - first, second - low_2)
    return float(low), float(high)


def effective_sizes(shares: ArrayLike, variances: ArrayLike, people: ArrayLike, clusters: ArrayLike | None = None):
    """Return the number of people each share is worth, shape (2,).

    A share that varies is worth p(1 - p)/variance people. One at an end of the scale shows no variance: it is worth the
    people its weights leave, divided by the design effect that clusters have in the other arm where that can be seen,
    and never fewer than its clusters.

    Parameters
    ----------
    shares, variances : array_like, shape (2,)
    people : array_like, shape (2,)
        Effective numbers of people under the weights (Kish).
    clusters : array_like, shape (2,), optional
        Number of clusters of each arm.
    """
    shares, variances, people = (np.asarray(values, dtype=float) for values in (shares, variances, people))
    varies = (shares > 0) & (shares < 1) & (variances > 0)
    sizes = np.where(varies, shares * (1 - shares) / np.where(varies, variances, 1.0), people)
    if clusters is not None:
        effects = (people / sizes)[varies]
        effect = max(1.0, float(effects[0])) if len(effects) else 1.0
        sizes = np.where(varies, sizes, np.maximum(people / effect, np.asarray(clusters, dtype=float)))
    return sizes


def quantile_of(degrees_of_freedom: float, level: float = 0.95) -> float:
    """Return the two-sided quantile of the intervals."""
    return half_width(1.0, degrees_of_freedom, level)
