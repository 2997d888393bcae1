"""Tests of equal survival in several groups: log-rank and Peto-Peto, plain or within strata."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from iop_outcomes.kernel.errors import EstimationError
from iop_outcomes.stats.survival.event_table import checked, distinct_times, ratio, reverse_cumsum


@dataclass(frozen=True)
class GroupTest:
    """Result of a test that groups do not differ.

    Attributes
    ----------
    groups : tuple
        Names of the groups, in order.
    observed, expected : ndarray, shape (g,)
        Events seen in each group, and those expected if all had the common hazard (both weighted by time where rho is
        not 0).
    variance : ndarray, shape (g, g)
        Of observed minus expected.
    chi_square : float
    degrees_of_freedom : int
    p_value : float
    """

    groups: tuple
    observed: NDArray[np.float64]
    expected: NDArray[np.float64]
    variance: NDArray[np.float64]
    chi_square: float
    degrees_of_freedom: int
    p_value: float


def logrank_test(
    time: ArrayLike, event: ArrayLike, group: ArrayLike, *, strata: ArrayLike | None = None, rho: float = 0.0
) -> GroupTest:
    """Test whether groups have the same hazard at all times.

    Parameters
    ----------
    time, event : array_like, shape (n,)
    group : array_like, shape (n,)
    strata : array_like, shape (n,), optional
        Groups are compared within strata, and the differences added up.
    rho : float
        Each time counts S(t-)^rho, S the Kaplan-Meier estimate of the stratum: 0 is the log-rank test, 1 the Peto-Peto
        version of the Wilcoxon test.

    Raises
    ------
    EstimationError
        Fewer than two groups, or nothing to estimate from.

    Notes
    -----
    With probability weights this variance is wrong: use the robust score test of a weighted Cox model
    (:func:`~iop_outcomes.stats.survival.cox_robust.cox_score_test`).

    References
    ----------
    Harrington & Fleming 1982, Biometrika 69:553; Kalbfleisch & Prentice 2002, 1.5.
    """
    time, event, _ = checked(time, event)
    codes, names = pd.factorize(np.asarray(group), sort=True)
    if len(names) < 2:
        raise EstimationError("log-rank test: everybody is in one group; give at least two")
    strata_codes = np.zeros(len(time), dtype=np.intp) if strata is None else pd.factorize(np.asarray(strata))[0]
    observed, expected = np.zeros(len(names)), np.zeros(len(names))
    variance = np.zeros((len(names),) * 2)
    for rows in _parts(strata_codes):
        seen, foreseen, spread = _one_stratum(time[rows], event[rows] > 0, codes[rows], len(names), rho)
        observed, expected, variance = observed + seen, expected + foreseen, variance + spread
    return group_test(tuple(names), observed, expected, variance)


def group_test(names: tuple, observed: NDArray, expected: NDArray, variance: NDArray) -> GroupTest:
    """Return the quadratic form of observed minus expected; groups without information take no degree of freedom."""
    from scipy.special import chdtrc

    used = np.flatnonzero(np.diag(variance) > 0)[1:]
    difference = (observed - expected)[used]
    # Differences add up to zero, so one group is left out.
    statistic = float(difference @ np.linalg.solve(variance[np.ix_(used, used)], difference)) if len(used) else np.nan
    p_value = float(chdtrc(len(used), statistic)) if len(used) else np.nan
    return GroupTest(names, observed, expected, variance, statistic, len(used), p_value)


def _parts(codes):
    order = np.argsort(codes, kind="stable")
    return np.split(order, np.cumsum(np.bincount(codes))[:-1])


def _one_stratum(time, event, group, n_groups, rho):
    times, code = distinct_times(time)
    cell, size = code * n_groups + group, len(times) * n_groups
    leaving = np.bincount(cell, minlength=size).reshape(-1, n_groups).astype(float)
    events = np.bincount(cell, event, size).reshape(-1, n_groups)
    at_risk = reverse_cumsum(leaving)
    n, d = at_risk.sum(axis=1), events.sum(axis=1)
    survival = np.cumprod(1 - d / n)
    weight = np.append(1.0, survival[:-1]) ** rho if rho else np.ones(len(n))
    share = at_risk / n[:, None]
    spread = weight**2 * d * ratio(n - d, n - 1)
    variance = np.diag(spread @ share) - (share * spread[:, None]).T @ share
    return weight @ events, (weight * d) @ share, variance
