"""Mean outcomes in a matched sample, with standard errors that know who was matched with whom.

Matches are taken as given (Abadie & Spiess 2022): people of one matched set are alike, so residuals are summed within
sets. With replacement there are no disjoint sets, and the variance is the heteroscedastic one.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from iop_outcomes.errors import counted
from iop_outcomes.estimators.checks import checked_outcome
from iop_outcomes.estimators.measures import ArmMeans
from iop_outcomes.models.identifiability import aliased_columns
from iop_outcomes.models.matrix import model_matrix
from iop_outcomes.models.sandwich import Covariance, cluster_codes


def matched_means(
    outcome: ArrayLike, treated: ArrayLike, weights: ArrayLike, *, matched_set: ArrayLike | None = None
) -> ArmMeans:
    """Return the mean outcome of the matched treated and of the controls that stand for them.

    Parameters
    ----------
    outcome : array_like, shape (n,)
        People of weight zero may be missing.
    treated : array_like, shape (n,)
    weights : array_like, shape (n,)
        Match weights (see ``design.matching``) or subclass weights.
    matched_set : array_like, shape (n,), optional
        Pair, set or subclass of each person; absent after matching with replacement.

    Returns
    -------
    ArmMeans

    Notes
    -----
    The same as regressing the outcome on the arm, linearly or logistically, with match weights and HC1 within sets:
    the plain sandwich times G/(G - 1) (n - 1)/(n - 2), or n/(n - 2) without sets; intervals are normal.

    References
    ----------
    Abadie A, Spiess J. J Am Stat Assoc 2022;117:983-995; MatchIt's vignette on estimating effects.
    """
    first, weights = np.asarray(treated, dtype=bool), np.asarray(weights, dtype=float)
    y = checked_outcome(outcome, first, weights)
    means, influence = np.empty(2), np.zeros((len(y), 2))
    for position, arm in enumerate((first, ~first)):
        share = np.where(arm, weights, 0) / np.sum(weights, where=arm)
        means[position] = share @ y
        influence[:, position] = share * (y - means[position])
    covariance = _set_robust(influence, weights > 0, matched_set, n_coefficients=2)
    return ArmMeans(means, covariance, influence).with_method("matched means")


def adjusted_matched_means(
    outcome: ArrayLike, treated: ArrayLike, weights: ArrayLike, covariates, *, matched_set: ArrayLike | None = None
) -> ArmMeans:
    """Return mean outcomes of the matched treated under each arm, from a linear regression in the matched sample.

    The regression holds the arm, the covariates and their products; what matching left unbalanced is thereby taken
    out. Both predictions are averaged over the matched treated, each counted once, whatever their weights.

    Parameters
    ----------
    outcome, treated, weights, matched_set
        As in :func:`matched_means`.
    covariates : DataFrame of n rows
        Levels nobody of the matched has are left out, and so are columns that others already say, which ``method``
        counts.

    Returns
    -------
    ArmMeans
        The covariates are taken as given, as in the delta method: their sampling adds nothing to the variance.
    """
    first, weights = np.asarray(treated, dtype=bool), np.asarray(weights, dtype=float)
    y = checked_outcome(outcome, first, weights)
    used = weights > 0
    arm = first[used]
    terms = model_matrix(covariates[used], intercept=True, unusable="drop").dense()
    columns = _crossed(terms, arm)
    root = np.sqrt(weights[used])
    weighted = columns * root[:, None]
    kept = ~aliased_columns(weighted.T @ weighted, has_intercept=True)
    columns = columns[:, kept]
    orthogonal, triangle = np.linalg.qr(columns * root[:, None])
    coefficients = np.linalg.solve(triangle, orthogonal.T @ (root * y[used]))
    inverse = np.linalg.inv(triangle)
    score = columns * (weights[used] * (y[used] - columns @ coefficients))[:, None]

    averages = np.array([_crossed(terms[arm], np.full(arm.sum(), was)).mean(axis=0)[kept] for was in (True, False)])
    influence = np.zeros((len(y), 2))
    influence[used] = score @ (inverse @ inverse.T) @ averages.T
    covariance = _set_robust(influence, used, matched_set, n_coefficients=int(kept.sum()))
    left_out = int((~kept).sum())
    method = "linear regression with interactions in the matched sample"
    if left_out:
        method += f" ({counted(left_out, 'column')} without information left out)"
    return ArmMeans(averages @ coefficients, covariance, influence).with_method(method)


def _crossed(terms: NDArray[np.float64], arm: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Intercept, arm, covariates, and products of arm and covariates, in that order."""
    arm = arm.astype(float)[:, None]
    return np.hstack([terms[:, :1], arm, terms[:, 1:], arm * terms[:, 1:]])


def _set_robust(influence, used, matched_set, n_coefficients: int) -> Covariance:
    n = int(used.sum())
    if matched_set is None:
        values = influence.T @ influence * n / (n - n_coefficients)
        return Covariance(values, np.inf, "robust (HC1)")
    codes, n_sets = cluster_codes(np.asarray(matched_set)[used])
    sums = np.column_stack([np.bincount(codes, column, n_sets) for column in influence[used].T])
    factor = n_sets / (n_sets - 1) * (n - 1) / (n - n_coefficients)
    return Covariance(sums.T @ sums * factor, np.inf, f"robust within {n_sets:,} matched sets (HC1)")
