"""Rubin's rules: one answer from the answers that several completed data sets gave."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from iop_outcomes.kernel.errors import EstimationError, counted

#: Below this share of variance through missing values the degrees of freedom are no longer let grow, as in R's mice.
LEAST_LAMBDA = 1e-4


def pool_imputations(
    estimates: ArrayLike,
    variances: ArrayLike,
    *,
    complete_degrees_of_freedom: float = np.inf,
    names: Sequence[str] | None = None,
    level: float = 0.95,
) -> pd.DataFrame:
    """Pool estimates from several completed data sets by Rubin's rules.

    Parameters
    ----------
    estimates : array_like, shape (m,) or (m, k)
        One row per imputation. Ratios are to be pooled as logarithms.
    variances : array_like of the same shape
        Squared standard errors.
    complete_degrees_of_freedom : float
        What the degrees of freedom would be without missing values: n - p, or G - 1 with clusters.
    names : sequence of str, optional
        Names of the k estimates, the index of the result.
    level : float
        Coverage of the interval.

    Returns
    -------
    DataFrame of k rows
        ``value``, ``se``, ``degrees_of_freedom`` (Barnard-Rubin), ``ci_low``, ``ci_high``, ``p_value``, ``within`` and
        ``between`` (variances), ``total`` (their sum, between x (1 + 1/m)), ``riv`` (relative increase in variance),
        ``lambda`` (share of the variance through missing values), ``fmi`` (fraction of missing information).

    Raises
    ------
    EstimationError
        There are fewer than two imputations, shapes differ, or an estimate is missing.

    References
    ----------
    Rubin DB. Multiple Imputation for Nonresponse in Surveys. Wiley 1987; Barnard J, Rubin DB. Biometrika
    1999;86:948-955. Conventions are those of mice 3.15 (van Buuren & Groothuis-Oudshoorn, J Stat Softw 2011;45(3)).
    """
    from scipy.special import stdtr, stdtrit

    estimates, variances = _completed(estimates, variances)
    m = len(estimates)
    within, between = variances.mean(axis=0), estimates.var(axis=0, ddof=1)
    total = within + (1 + 1 / m) * between
    share = (1 + 1 / m) * between / total
    degrees_of_freedom = _barnard_rubin(m, np.maximum(share, LEAST_LAMBDA), complete_degrees_of_freedom)
    increase = (1 + 1 / m) * between / within
    value, se = estimates.mean(axis=0), np.sqrt(total)
    half = stdtrit(degrees_of_freedom, (1 + level) / 2) * se
    return pd.DataFrame(
        {
            "value": value,
            "se": se,
            "degrees_of_freedom": degrees_of_freedom,
            "ci_low": value - half,
            "ci_high": value + half,
            "p_value": 2 * stdtr(degrees_of_freedom, -np.abs(value / se)),
            "within": within,
            "between": between,
            "total": total,
            "riv": increase,
            "lambda": share,
            "fmi": (increase + 2 / (degrees_of_freedom + 3)) / (increase + 1),
        },
        index=None if names is None else pd.Index(names),
    )


def _barnard_rubin(m, share, complete):
    large_sample = (m - 1) / share**2
    if np.isinf(complete):
        return large_sample
    observed = (complete + 1) / (complete + 3) * complete * (1 - share)
    return large_sample * observed / (large_sample + observed)


def _completed(estimates, variances):
    estimates, variances = np.asarray(estimates, dtype=float), np.asarray(variances, dtype=float)
    if estimates.shape != variances.shape:
        raise EstimationError("imputations: estimates and variances differ in number; give one variance per estimate")
    if len(estimates) < 2:
        raise EstimationError(f"imputations: there is {counted(len(estimates), 'imputation')}; at least two are needed")
    if estimates.ndim == 1:
        estimates, variances = estimates[:, None], variances[:, None]
    bad = int((~np.isfinite(estimates) | ~(variances > 0)).sum())
    if bad:
        raise EstimationError(
            f"imputations: {counted(bad, 'estimate is', 'estimates are')} missing or without a variance above zero; "
            "look at the analysis of that imputation"
        )
    return estimates, variances
