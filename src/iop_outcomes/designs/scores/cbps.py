"""Covariate-balancing propensity scores: a logistic score whose weights balance, by construction."""

from dataclasses import dataclass

import numpy as np
import scipy

from iop_outcomes.designs.arms import two_arms
from iop_outcomes.kernel.errors import DesignError, counted
from iop_outcomes.stats.linear.centring import centred
from iop_outcomes.stats.linear.glm import fit_glm
from iop_outcomes.stats.linear.matrix import ModelMatrix

MAX_STEPS = 200
EXACT = 1e-10


@dataclass(frozen=True)
class BalancingScore:
    """A covariate-balancing propensity score.

    Attributes
    ----------
    score : ndarray of shape (n,)
    coefficients : ndarray of shape (p,)
    names : tuple of str
    statistic : float
        Over-identified: the moments left, weighted by their covariance; times n it is chi-squared with p degrees of
        freedom when the logistic model is right (test of fit). Zero when just identified.
    """

    score: np.ndarray
    coefficients: np.ndarray
    names: tuple[str, ...]
    statistic: float = 0.0


def balancing_score(matrix: ModelMatrix, treated, estimand: str = "ATE") -> BalancingScore:
    """Return the just-identified covariate-balancing propensity score.

    Solves sum_i b_i(e) x_i = 0 exactly, where b is a/e - (1-a)/(1-e) for the ATE, a - (1-a)e/(1-e) for the ATT,
    a(1-e)/e - (1-a) for the ATC, and a - e for the ATO, whose solution is the logistic maximum-likelihood score.

    Parameters
    ----------
    matrix : ModelMatrix of shape (n, p)
    treated : array_like of shape (n,)
    estimand : {"ATE", "ATT", "ATC", "ATO"}

    Returns
    -------
    BalancingScore

    Raises
    ------
    DesignError
        Separation, collinearity, or no solution: the covariates that cannot be balanced are named.

    References
    ----------
    Imai & Ratkovic 2014, J R Stat Soc B 76:243.
    """
    first = two_arms(treated, "covariate-balancing score")
    if estimand not in ("ATE", "ATT", "ATC", "ATO"):
        raise DesignError(f"covariate-balancing score: the estimand is '{estimand}'; it can be ATE, ATT, ATC or ATO.")
    moved = centred(matrix)
    matrix = moved.matrix
    start = fit_glm(first, matrix)
    if estimand == "ATO":
        return BalancingScore(start.fitted, moved.coefficients(start.coefficients), matrix.names)
    scale = np.sqrt(np.diag(matrix.sandwich(np.ones(len(first)))) / len(first))
    coefficients = start.coefficients
    moment, weight = moment_factors(first, matrix.matvec(coefficients), estimand)
    gap = matrix.transpose_matvec(moment)
    for _ in range(MAX_STEPS):
        if np.abs(gap / scale).max() < EXACT * len(first):
            break
        slope = matrix.sandwich(weight) / np.outer(scale, scale)
        step = scipy.linalg.solve(slope, gap / scale, assume_a="pos") / scale
        coefficients, moment, weight, gap = _nearer(matrix, first, estimand, coefficients, step, scale, gap)
    _refuse_unsolved(matrix, gap / scale / len(first))
    return BalancingScore(
        scipy.special.expit(matrix.matvec(coefficients)), moved.coefficients(coefficients), matrix.names
    )


def moment_factors(first: np.ndarray, eta: np.ndarray, estimand: str) -> tuple[np.ndarray, np.ndarray]:
    """Return each person's factor in the balance moment and minus its slope along the linear predictor."""
    odds = np.exp(np.clip(eta, -500, 500))
    if estimand == "ATT":
        return np.where(first, 1.0, -odds), np.where(first, 0.0, odds)
    if estimand == "ATC":
        return np.where(first, 1 / odds, -1.0), np.where(first, 1 / odds, 0.0)
    return np.where(first, 1 + 1 / odds, -1 - odds), np.where(first, 1 / odds, odds)


def _nearer(matrix, first, estimand, coefficients, step, scale, gap):
    """Halve the Newton step until the largest moment shrinks."""
    before = np.abs(gap / scale).max()
    for halving in range(40):
        trial = coefficients + step * 0.5**halving
        moment, weight = moment_factors(first, matrix.matvec(trial), estimand)
        new = matrix.transpose_matvec(moment)
        if np.abs(new / scale).max() < before:
            break
    return trial, moment, weight, new


def _refuse_unsolved(matrix, gap):
    far = np.flatnonzero(np.abs(gap) > 1e-8)
    if len(far):
        worst = [matrix.names[i] for i in far[np.argsort(-np.abs(gap[far]), kind="stable")][:5]]
        raise DesignError(
            f"covariate-balancing score: no logistic score balances {', '.join(worst)} "
            f"({counted(len(far), 'column')} in all); merge rare levels, leave covariates out, or use overlap weights."
        )
