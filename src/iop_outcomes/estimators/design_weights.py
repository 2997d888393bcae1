"""The weights a design hands over, and whether a standard error can count how they were estimated."""

import numpy as np
from numpy.typing import NDArray

from iop_outcomes.design.comparison import Comparison
from iop_outcomes.estimators.tilting import ESTIMANDS, balancing_weights
from iop_outcomes.estimators.weights import Weights, logistic_equation
from iop_outcomes.models.matrix import ModelMatrix, model_matrix


def span_of(comparison: Comparison) -> ModelMatrix:
    """Return the model matrix of the comparison's covariates, without levels that nobody has."""
    return model_matrix(comparison.covariates, unusable="drop")


def design_weights(comparison: Comparison, matrix: ModelMatrix) -> Weights:
    """Return the weights of a design, with the propensity model behind them where the numbers show one.

    The estimation is counted if the score is the maximum likelihood logistic regression on the covariates, and the
    weights are the balancing weights of that score (up to a factor per arm; a few may be truncated). Whether that is so
    is seen from score and weights themselves and not from the name of the method, so that no design is believed to be
    what it is not. All other weights are taken as fixed.

    Parameters
    ----------
    comparison : Comparison
    matrix : ModelMatrix
        From ``span_of``.

    Returns
    -------
    Weights
    """
    weight, score, first = comparison.weight, comparison.score, comparison.treated
    fixed = Weights(weight)
    if comparison.estimand not in ESTIMANDS or not np.all((score > 0) & (score < 1)):
        return fixed
    expected, slope = balancing_weights(score, first, comparison.estimand)
    factor = np.empty_like(weight)
    for arm in (first, ~first):
        factor[arm] = np.median((weight / expected)[arm & (weight > 0)])
    balancing = np.isclose(weight, factor * expected, rtol=1e-8, atol=0)
    if balancing[weight > 0].mean() < 0.9 or not _is_logistic_fit(score, first, matrix):
        return fixed
    # A truncated weight stands still when the score moves.
    along = np.where(balancing, factor * slope, 0.0)
    return Weights(weight, ((along, logistic_equation(matrix, first, score)),), "estimated propensity score counted")


def _is_logistic_fit(score: NDArray[np.float64], first: NDArray[np.bool_], matrix: ModelMatrix) -> bool:
    """Say whether a score is logit-linear in the covariates and solves their likelihood equations."""
    linear = np.log(score) - np.log1p(-score)
    working = score * (1 - score)
    information = matrix.sandwich(working)
    if np.linalg.cond(information / np.sqrt(np.outer(information.diagonal(), information.diagonal()))) > 1e12:
        return False
    coefficients = np.linalg.solve(information, matrix.transpose_matvec(working * linear))
    newton = np.linalg.solve(information, matrix.transpose_matvec(first - score))
    outside = linear - matrix.matvec(coefficients)
    return bool(np.abs(outside).max() < 1e-5 and np.abs(matrix.matvec(newton)).max() < 1e-5)
