"""The weights a design hands over, and whether a standard error can count how they were estimated."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iop_outcomes.designs.comparison import Comparison
from iop_outcomes.estimates.nuisance.tilting import ESTIMANDS, balancing_weights
from iop_outcomes.estimates.nuisance.weights import Weights, logistic_equation
from iop_outcomes.stats.linear.centring import centred
from iop_outcomes.stats.linear.matrix import ModelMatrix, model_matrix

#: Name under which clusters join the covariates.
CLUSTER = "(cluster)"
#: A score with an intercept for each of more clusters than this is taken as fixed.
MOST_INTERCEPTS = 1_000


def span_of(comparison: Comparison) -> ModelMatrix:
    """Return the model matrix of the comparison's covariates, numbers centred, without levels that nobody has."""
    return _span(comparison.covariates)


def counting(data: pd.DataFrame, comparison: Comparison) -> tuple[pd.DataFrame, Comparison]:
    """Return data and comparison of the members who can move an estimate.

    They are those whom the design uses, and those whom it left out after the score was fitted on them. Others of weight
    zero are in the frame only: their covariates, scores, outcomes and sites must decide nothing.
    """
    used = comparison.weight > 0
    scored = used | np.isfinite(comparison.score)
    if np.array_equal(scored, used):
        rows = used
    else:
        rows = scored if design_weights(comparison.of(scored)).parts else used
    return (data, comparison) if rows.all() else (data.loc[rows], comparison.of(rows))


def design_weights(comparison: Comparison, matrix: ModelMatrix | None = None) -> Weights:
    """Return the weights of a design, with the propensity model behind them where the numbers show one.

    The estimation is counted if the score is the maximum likelihood logistic regression on the covariates, with or
    without an intercept per cluster, and the weights are the balancing weights of that score (up to a factor per arm; a
    few may be truncated). Whether that is so is seen from score and weights themselves and not from the name of the
    method, so that no design is believed to be what it is not. All other weights are taken as fixed.

    Parameters
    ----------
    comparison : Comparison
    matrix : ModelMatrix, optional
        From ``span_of``, where it is at hand.

    Returns
    -------
    Weights
    """
    weight, first = comparison.weight, comparison.treated
    fixed = Weights(weight)
    scored = (comparison.score > 0) & (comparison.score < 1)
    if comparison.estimand not in ESTIMANDS or not scored[weight > 0].all():
        return fixed
    score = np.where(scored, comparison.score, 0.5)
    expected, slope = balancing_weights(score, first, comparison.estimand)
    factor = np.empty_like(weight)
    for arm in (first, ~first):
        factor[arm] = np.median((weight / expected)[arm & (weight > 0)])
    balancing = np.isclose(weight, factor * expected, rtol=1e-8, atol=0)
    if balancing[weight > 0].mean() < 0.9:
        return fixed
    model = next((m for m in _candidates(comparison, matrix) if _is_logistic_fit(score, first, scored, m)), None)
    if model is None:
        return fixed
    # A truncated weight stands still when the score moves.
    along = np.where(balancing & scored, factor * slope, 0.0)
    equation = logistic_equation(model, first, score, scored)
    return Weights(weight, ((along, equation),), "estimated propensity score counted")


def _candidates(comparison: Comparison, matrix: ModelMatrix | None) -> Iterator[ModelMatrix]:
    yield span_of(comparison) if matrix is None else matrix
    if comparison.cluster is not None and comparison.cluster.nunique() <= MOST_INTERCEPTS:
        by_cluster = comparison.covariates.assign(**{CLUSTER: comparison.cluster.astype(str)})
        yield _span(by_cluster)


def _span(covariates: pd.DataFrame) -> ModelMatrix:
    return centred(model_matrix(covariates, unusable="drop")).matrix


def _is_logistic_fit(
    score: NDArray[np.float64], first: NDArray[np.bool_], scored: NDArray[np.bool_], matrix: ModelMatrix
) -> bool:
    """Say whether a score is logit-linear in the columns and solves their likelihood equations on the scored rows."""
    linear = np.log(score) - np.log1p(-score)
    working = score * (1 - score) * scored
    matrix = centred(matrix).matrix
    information = matrix.sandwich(working)
    scale = np.sqrt(information.diagonal())
    if not scale.all() or np.linalg.cond(information / np.outer(scale, scale)) > 1e12:
        return False
    coefficients = np.linalg.solve(information, matrix.transpose_matvec(working * linear))
    newton = np.linalg.solve(information, matrix.transpose_matvec((first - score) * scored))
    outside = np.abs(linear - matrix.matvec(coefficients))[scored].max()
    return bool(outside < 1e-5 and np.abs(matrix.matvec(newton)).max() < 1e-5)
