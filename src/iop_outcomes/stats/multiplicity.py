"""Several answers from one study: p-values adjusted for their number."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from iop_outcomes.kernel.errors import EstimationError, did_you_mean

METHODS = {
    "holm": "holm",
    "BH": "fdr_bh",
    "BY": "fdr_by",
    "hochberg": "simes-hochberg",
    "hommel": "hommel",
    "bonferroni": "bonferroni",
}


def adjust_p_values(p_values: ArrayLike, method: str = "holm") -> NDArray[np.float64]:
    """Return p-values adjusted for the number of tests, in the order given.

    Parameters
    ----------
    p_values : array_like, shape (n,)
        Unadjusted p-values in [0, 1]. NaN is a test that could not be made: it does not count and stays NaN.
    method : {"holm", "BH", "BY", "hochberg", "hommel", "bonferroni"}
        ``holm`` and ``hommel`` hold the chance of any false finding, ``BH`` and ``BY`` the share of false ones.

    Returns
    -------
    ndarray, shape (n,)

    Raises
    ------
    EstimationError
        If the method is unknown or a p-value lies outside [0, 1].

    References
    ----------
    Holm 1979, Scand J Stat 6:65; Hommel 1988, Biometrika 75:383; Benjamini & Hochberg 1995, JRSS-B 57:289;
    Benjamini & Yekutieli 2001, Ann Stat 29:1165. All but Holm's are computed by
    ``statsmodels.stats.multitest``.
    """
    if method not in METHODS:
        raise EstimationError(f"multiplicity: there is no adjustment '{method}'; {did_you_mean(method, METHODS)}")
    p = np.asarray(p_values, dtype=float)
    known = ~np.isnan(p)
    outside = int(np.sum((p[known] < 0) | (p[known] > 1)))
    if outside:
        raise EstimationError(f"multiplicity: {outside} of {known.sum()} p-values lie outside 0 to 1; give p-values")
    adjusted = np.full(p.shape, np.nan)
    if method == "holm":
        adjusted[known] = _holm(p[known])
    elif known.any():
        from statsmodels.stats.multitest import multipletests

        adjusted[known] = multipletests(p[known], method=METHODS[method])[1]
    return adjusted


def _holm(p: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return p-values adjusted by Holm; by hand, since what else the library loads takes longer than a stage."""
    order = np.argsort(p, kind="stable")
    times = np.arange(len(p), 0, -1)
    adjusted = np.empty_like(p)
    adjusted[order] = np.minimum(np.maximum.accumulate(p[order] * times), 1.0)
    return adjusted
