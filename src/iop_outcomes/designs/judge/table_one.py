"""Standardised differences as the first table of a paper shows them: one number per covariate, however many levels."""

import numpy as np
import pandas as pd

from iop_outcomes.designs.arms import two_arms
from iop_outcomes.stats.linear.columns import read_terms


def table_one_smd(covariates: pd.DataFrame, treated, weights=None) -> pd.Series:
    """Return the absolute standardised difference of each covariate, as R's tableone does.

    Unlike ``designs.judge.balance`` the denominator is that of the weighted arms, and a covariate of
    k levels has one number, the Mahalanobis distance sqrt(d' S^-1 d) of its k - 1 shares with S the mean of the two
    multinomial covariance matrices. Variances of numbers have divisor n - 1; weighted, sum w(x - m)^2 / sum w times
    n/(n - 1), as the survey package.

    Parameters
    ----------
    covariates : DataFrame of n rows
        Complete. Numbers with two values count as categories.
    treated : array_like of shape (n,)
    weights : array_like of shape (n,), optional

    Returns
    -------
    Series
        By covariate.

    References
    ----------
    Yang & Dalton 2012, SAS Global Forum, paper 335; Yoshida, tableone 0.13.
    """
    first = two_arms(treated, "balance")
    w = np.ones(len(first)) if weights is None else np.asarray(weights, dtype=float)
    terms, _ = read_terms(covariates, covariates.columns, unusable="drop")
    return pd.Series({term.name: _distance(term, first, w) for term in terms}, dtype=float)


def _distance(term, first, weights):
    if term.levels is None:
        values, codes = np.unique(term.values, return_inverse=True)
        if len(values) > 2:
            return _number_distance(term.values, first, weights)
        return _category_distance(codes, 2, first, weights)
    return _category_distance(term.codes, len(term.levels), first, weights)


def _number_distance(values, first, weights):
    means, variances = [], []
    for arm in (first, ~first):
        x, w = values[arm], weights[arm]
        n = int((w > 0).sum())
        means.append(np.average(x, weights=w))
        variances.append(np.average((x - means[-1]) ** 2, weights=w) * n / (n - 1) if n > 1 else np.nan)
    scale = np.sqrt(sum(variances) / 2)
    gap = abs(means[0] - means[1])
    return 0.0 if gap == 0 else gap / scale


def _category_distance(codes, n_levels, first, weights):
    cells = np.bincount(codes.astype(np.intp) * 2 + ~first, weights=weights, minlength=2 * n_levels)
    p, q = (cells.reshape(n_levels, 2) / cells.reshape(n_levels, 2).sum(axis=0)).T[:, 1:]
    spread = (np.diag(p) - np.outer(p, p) + np.diag(q) - np.outer(q, q)) / 2
    gap = p - q
    return float(np.sqrt(max(gap @ np.linalg.pinv(spread, hermitian=True) @ gap, 0.0)))
