"""Mahalanobis distance as plain distance between transformed covariates."""

import numpy as np
import pandas as pd

from iop_outcomes.kernel.errors import DesignError
from iop_outcomes.stats.linear.columns import read_terms

SINGULAR = 1e-8


def mahalanobis_coordinates(covariates: pd.DataFrame, treated) -> np.ndarray:
    """Turn covariates into coordinates whose Euclidean distance is the Mahalanobis distance within arms.

    Parameters
    ----------
    covariates : DataFrame of n rows
        Numbers as they are; a category becomes one 0/1 column per level. Constant covariates and levels nobody has say
        nothing about distance and are left out.
    treated : (n,) bool array

    Returns
    -------
    (n, q) float array
        The covariance is the pooled one within arms; where it is singular (a factor with all its levels always makes it
        so) its generalised inverse is used.

    Raises
    ------
    DesignError
        A covariate is missing somewhere, or none of them varies.

    References
    ----------
    Rubin DB. Bias reduction using Mahalanobis-metric matching. Biometrics 1980;36:293-298.
    """
    from scipy.linalg.lapack import dpstrf

    treated = np.asarray(treated, dtype=bool)
    columns = _columns_with_all_levels(covariates)
    columns = (columns - columns.mean(axis=0)) / columns.std(axis=0, ddof=1)
    within = columns.copy()
    for arm in (treated, ~treated):
        within[arm] -= columns[arm].mean(axis=0)
    covariance = within.T @ within / (len(treated) - 2)
    if np.linalg.det(covariance) > SINGULAR:
        inverse = np.linalg.inv(covariance)
    else:
        inverse = np.linalg.pinv(covariance, rcond=SINGULAR, hermitian=True)
    # The pivoted Cholesky factor puts the heaviest direction first, and ties are met along the first (see nearest.py).
    factor, pivot, _, _ = dpstrf(inverse, lower=0, tol=-1)
    return columns @ np.triu(factor)[:, np.argsort(pivot)].T


def _columns_with_all_levels(covariates: pd.DataFrame) -> np.ndarray:
    terms, _ = read_terms(covariates, covariates.columns, unusable="drop")
    if not terms:
        raise DesignError("covariates: none of them varies, so nobody is nearer than another; name one that does")
    columns = []
    for term in terms:
        if term.levels is None:
            columns.append(term.values)
        else:
            columns.extend((term.codes == code).astype(float) for code in range(len(term.levels)))
    return np.column_stack(columns)
