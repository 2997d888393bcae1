"""Mahalanobis distance as plain distance between transformed covariates."""

import numpy as np
import pandas as pd

from iop_outcomes.kernel.errors import DesignError
from iop_outcomes.stats.linear.columns import read_terms

SINGULAR = 1e-8
#: Weights of directions that differ by a smaller share are the same.
SAME = 1e-9


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
    return columns @ _factor(inverse).T


def _factor(inverse: np.ndarray) -> np.ndarray:
    """Return R with R'R the inverse, by pivoted Cholesky steps, as LAPACK's dpstrf makes them.

    The heaviest direction comes first, because ties are met along it (see nearest.py); of directions that are equally
    heavy but for rounding, as the two levels of a category are, the first one.
    """
    left, rows = inverse.copy(), []
    smallest = len(left) * np.finfo(float).eps * left.diagonal().max()
    for _ in range(len(left)):
        weight = left.diagonal()
        pivot = int(np.argmax(weight >= weight.max() * (1 - SAME)))
        if weight[pivot] <= smallest:
            break
        rows.append(left[pivot] / np.sqrt(weight[pivot]))
        left = left - np.outer(rows[-1], rows[-1])
    return np.array(rows)


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
