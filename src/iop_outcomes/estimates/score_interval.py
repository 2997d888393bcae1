"""Intervals of shares near an end of their scale, where the normal interval is none or leaves the scale."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from iop_outcomes.estimates.measures import ArmMeans, Estimate, half_width
from iop_outcomes.tables.measure import DIFFERENCE, MEASURES

#: A number of the first arm and of the second.
Pair = Sequence[float] | NDArray[np.float64]

SCORE_METHOD = (
    "score interval (Newcombe), since nearly nobody, or nearly everybody, of an arm has the event; standard errors "
    "from the width of the intervals"
)


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


def difference_limits(shares: Pair, sizes: Pair, quantile: float, correlation: float = 0.0) -> tuple[float, float]:
    """Return the limits of a difference of two shares by squaring and adding Wilson's limits.

    Parameters
    ----------
    shares, sizes : two numbers
        First and second arm.
    quantile : float
    correlation : float
        Of the two shares, as of arms at the same sites.

    References
    ----------
    Newcombe 1998, Stat Med 17:873, method 10; with a correlation Zou & Donner 2008, Stat Med 27:1693.
    """
    (first, second), (m, n) = shares, sizes
    (low_1, high_1), (low_2, high_2) = wilson(first, m, quantile), wilson(second, n, quantile)
    difference = first - second
    low = difference - _joined(first - low_1, high_2 - second, correlation)
    high = difference + _joined(high_1 - first, second - low_2, correlation)
    return low, high


def ratio_limits(shares: Pair, sizes: Pair, quantile: float) -> tuple[float, float]:
    """Return the limits of a ratio of two shares above zero by squaring and adding the logarithms of Wilson's limits.

    Parameters
    ----------
    shares, sizes : two numbers
        First and second arm.
    quantile : float

    References
    ----------
    Zou & Donner 2008, Stat Med 27:1693.
    """
    (first, second), (m, n) = np.log(shares), sizes
    (low_1, high_1), (low_2, high_2) = (np.log(wilson(p, k, quantile)) for p, k in zip(shares, (m, n), strict=True))
    low = first - second - _joined(first - low_1, high_2 - second)
    high = first - second + _joined(high_1 - first, second - low_2)
    return float(np.exp(low)), float(np.exp(high))


def effective_sizes(
    shares: ArrayLike, variances: ArrayLike, people: ArrayLike, clusters: ArrayLike | None = None
) -> NDArray[np.float64]:
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


def need_score_limits(own: Sequence[Estimate]) -> bool:
    """Say whether a share is at an end of its scale, or its normal interval leaves the scale."""
    inside = all(0 <= each.value <= 1 for each in own)
    return inside and any(each.value in (0.0, 1.0) or each.ci_low < 0 or each.ci_high > 1 for each in own)


def with_score_limits(
    between: Estimate,
    own: Sequence[Estimate],
    arms: ArmMeans,
    people: Sequence[float],
    clusters: Sequence[int] | None = None,
) -> tuple[Estimate, list[Estimate]]:
    """Return a contrast of two shares, and both shares, with score limits.

    Standard errors are the half widths of the intervals over the quantile, so that they, too, know of the variance that
    a share at an end of its scale does not show. The ratio of a share of 0 keeps its reason for having no interval, as
    does what rests on a share of which nothing tells how sites differ.

    Parameters
    ----------
    between : Estimate
    own : sequence of Estimate
        Of the first and of the second arm.
    arms : ArmMeans
    people, clusters
        As in ``effective_sizes``.
    """
    quantile = half_width(1.0, arms.covariance.freedom_of((1.0, -1.0)))
    variances = np.diag(arms.covariance.values)
    at_end = [mean in (0.0, 1.0) for mean in arms.means]
    unknown = [each for each, end in zip(own, at_end, strict=True) if not end and np.isnan(each.ci_low)]
    sizes = effective_sizes(arms.means, np.where(at_end, 0.0, variances), people, clusters)
    of_arms = [half_width(1.0, arms.covariance.freedom_of(arm)) for arm in np.eye(2)]
    found = [
        each if each in unknown else _limited(each, wilson(each.value, size, reach), reach)
        for each, size, reach in zip(own, sizes, of_arms, strict=True)
    ]
    if unknown:
        return replace(between, se=np.nan, ci_low=np.nan, ci_high=np.nan, reason=unknown[0].reason), found
    if MEASURES[between.measure].compared == DIFFERENCE:
        correlation = 0.0 if any(at_end) else arms.covariance.values[0, 1] / np.sqrt(variances.prod())
        between = _limited(between, difference_limits(arms.means, sizes, quantile, correlation), quantile)
    elif between.reason is None and any(at_end):
        between = _limited(between, ratio_limits(arms.means, sizes, quantile), quantile)
    return between, found


def _limited(estimate: Estimate, limits: tuple[float, float], quantile: float) -> Estimate:
    low, high = limits if estimate.se_scale == "identity" else np.log(limits)
    se = float((high - low) / (2 * quantile))
    return replace(estimate, se=se, ci_low=limits[0], ci_high=limits[1], reason=None)


def _joined(of_first: float, of_second: float, correlation: float = 0.0) -> float:
    squares = of_first**2 + of_second**2 - 2 * correlation * of_first * of_second
    return float(np.sqrt(max(squares, 0.0)))
