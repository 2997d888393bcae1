"""The weights a design hands over, and whether a standard error can count how they were estimated."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iop_outcomes.designs.comparison import Comparison, Population
from iop_outcomes.designs.scores.generalised import along_predictors, generalised_tilt, generalised_weights
from iop_outcomes.estimates.nuisance.balancing_equations import COUNTED, balancing_equation, entropy_weights_of
from iop_outcomes.estimates.nuisance.tilting import ESTIMANDS, balancing_weights
from iop_outcomes.estimates.nuisance.weights import Weights, logistic_equation
from iop_outcomes.kernel.errors import DesignError
from iop_outcomes.stats.linear.centring import centred
from iop_outcomes.stats.linear.identifiability import independent_columns
from iop_outcomes.stats.linear.matrix import ModelMatrix, usable_matrix
from iop_outcomes.stats.linear.multinomial import fit_multinomial

#: Name under which clusters join the covariates.
CLUSTER = "(cluster)"
#: A score with an intercept for each of more clusters than this is taken as fixed.
MOST_INTERCEPTS = 1_000
#: Share of the used members whose weights must be those of the score; the others may be truncated.
LEAST_BALANCING = 0.9


def span_of(design: Comparison | Population, *, sites: bool = False) -> ModelMatrix:
    """Return the model matrix of a design's covariates, numbers centred, without levels that nobody has.

    It is the same for every outcome of the design, so that it is made once and kept with the design.

    Parameters
    ----------
    design : Comparison or Population
    sites : bool
        With an intercept for every cluster.
    """
    with_sites = sites and design.cluster is not None
    kept: dict[bool, ModelMatrix] = vars(design).setdefault("_spans", {})
    if with_sites not in kept:
        site = {CLUSTER: design.cluster.astype(str)} if with_sites and design.cluster is not None else {}
        kept[with_sites] = _span(design.model_frame.assign(**site) if site else design.model_frame)
    return kept[with_sites]


def counting(data: pd.DataFrame, comparison: Comparison) -> tuple[pd.DataFrame, Comparison]:
    """Return data and comparison of the members who can move an estimate.

    They are those whom the design uses, and those whom it left out after the score was fitted on them. Others of weight
    zero are in the frame only: their covariates, scores, outcomes and sites must decide nothing.
    """
    everybody = comparison.population
    used = everybody.weight > 0
    rows = used | everybody.members["scored"].to_numpy(bool)
    if not np.array_equal(rows, used):
        whole = comparison.only(rows)
        if whole.together is None:
            weights = design_weights(whole)
        else:
            weights = shared_weights(whole.together, whole.estimand).weights
        rows = rows if weights.parts else used
    return (data, comparison) if rows.all() else (data.loc[rows], comparison.only(rows))


def design_weights(comparison: Comparison, matrix: ModelMatrix | None = None) -> Weights:
    """Return the weights of a design, with the propensity model behind them where the numbers show one.

    The estimation is counted if the score is the maximum likelihood logistic regression on the covariates, with or
    without an intercept per cluster, or the one that balances them, and the weights are the balancing weights of that
    score (up to a factor per arm; a few may be truncated); or if the weights are those of entropy balance. Whether that
    is so is seen from score and weights themselves and not from the name of the method, so that no design is believed
    to be what it is not. All other weights are taken as fixed.

    Parameters
    ----------
    comparison : Comparison
    matrix : ModelMatrix, optional
        From ``span_of``, where it is at hand.

    Returns
    -------
    Weights
    """
    # As the matrix, they are the same for every outcome. The matrix is kept with them, so that no other has its place.
    kept: dict[int, tuple[ModelMatrix | None, Weights]] = vars(comparison).setdefault("_design_weights", {})
    if id(matrix) not in kept:
        kept[id(matrix)] = matrix, _design_weights(comparison, matrix)
    return kept[id(matrix)][1]


def _design_weights(comparison: Comparison, matrix: ModelMatrix | None) -> Weights:
    weight, first = comparison.weight, comparison.treated
    fixed = Weights(weight)
    scored = (comparison.score > 0) & (comparison.score < 1)
    if np.isnan(comparison.score).all():
        found = (entropy_weights_of(weight, first, m, comparison.estimand) for m in _candidates(comparison, matrix))
        return next((weights for weights in found if weights is not None), fixed)
    if comparison.estimand not in ESTIMANDS or not scored[weight > 0].all():
        return fixed
    score = np.where(scored, comparison.score, 0.5)
    expected, slope = balancing_weights(score, first, comparison.estimand)
    factor = np.empty_like(weight)
    for arm in (first, ~first):
        factor[arm] = np.median((weight / expected)[arm & (weight > 0)])
    balancing = np.isclose(weight, factor * expected, rtol=1e-8, atol=0)
    if balancing[weight > 0].mean() < LEAST_BALANCING:
        return fixed
    # A truncated weight stands still when the score moves.
    along = np.where(balancing & scored, factor * slope, 0.0)
    for model in _candidates(comparison, matrix):
        information = _information_of_logistic_fit(score, first, scored, model)
        if information is not None:
            equation = logistic_equation(model, first, score, scored, information)
            return Weights(weight, ((along, equation),), "estimated propensity score counted")
        balanced = balancing_equation(score, first, scored, model, comparison.estimand)
        if balanced is not None:
            return Weights(weight, ((along, balanced),), COUNTED)
    return fixed


@dataclass(frozen=True)
class SharedWeights:
    """Weights of a design that makes more than two arms comparable at once, and the scores behind them.

    Attributes
    ----------
    weights : Weights
    population : Weights or None
        How much each member counts in the population that all contrasts speak of; None where the weights are not those
        of a multinomial score.
    """

    weights: Weights
    population: Weights | None


def shared_weights(together: Population, estimand: str, matrix: ModelMatrix | None = None) -> SharedWeights:
    """Return the weights of a design for more than two arms, with the propensity model behind them where there is one.

    As :func:`design_weights`: the estimation is counted if the weights are those of a multinomial logistic regression
    on the covariates, with or without an intercept per cluster, which is seen from the weights themselves.

    Parameters
    ----------
    together : Population
    estimand : str
    matrix : ModelMatrix, optional
        From ``span_of``, where it is at hand.
    """
    scored, used = together.members["scored"].to_numpy(bool), together.weight > 0
    fixed = SharedWeights(Weights(together.weight), None)
    if not scored[used].all():
        return fixed
    for candidate in _candidates(together, matrix):
        found = _multinomial_weights(together, candidate, estimand, scored)
        if found is not None:
            return found
    return fixed


def _multinomial_weights(
    together: Population, matrix: ModelMatrix, estimand: str, scored: NDArray[np.bool_]
) -> SharedWeights | None:
    """Return the weights with the multinomial regression that gave them, or None if they are not from this one."""
    independent = independent_columns(matrix.rows(scored))[0].names
    inside = matrix.columns(np.isin(matrix.names, independent))
    try:
        fit = fit_multinomial(together.arm, inside, names=together.arms, fitted_on=scored)
    except DesignError:
        return None
    expected, slopes = generalised_weights(fit.fitted, together.arm, estimand, together.target)
    used, factor = together.weight > 0, np.ones(len(scored))
    for place in range(len(together.arms)):
        own = together.arm == place
        if (own & used).any():
            factor[own] = np.median((together.weight / expected)[own & used])
    balancing = np.isclose(together.weight, factor * expected, rtol=1e-8, atol=0)
    if balancing[used].mean() < LEAST_BALANCING:
        return None
    # A truncated weight stands still when the score moves.
    along = np.where(balancing & scored, factor, 0.0)[:, None] * slopes
    weights = Weights(together.weight, ((along, fit.equation),), "estimated propensity score counted")
    h, h_slope = generalised_tilt(fit.fitted, estimand, together.target)
    tilt = along_predictors(h_slope, fit.fitted) * used[:, None]
    return SharedWeights(weights, Weights(h * used, ((tilt, fit.equation),), weights.method))


def _candidates(design: Comparison | Population, matrix: ModelMatrix | None) -> Iterator[ModelMatrix]:
    yield span_of(design) if matrix is None else matrix
    if design.cluster is not None and design.cluster.nunique() <= MOST_INTERCEPTS:
        yield span_of(design, sites=True)


def _span(covariates: pd.DataFrame) -> ModelMatrix:
    return centred(usable_matrix(covariates)).matrix


def _information_of_logistic_fit(
    score: NDArray[np.float64], first: NDArray[np.bool_], scored: NDArray[np.bool_], matrix: ModelMatrix
) -> NDArray[np.float64] | None:
    """Return the information of a score that is a logistic regression on the columns, None for any other.

    It is one if it is logit-linear in them and solves their likelihood equations on the scored rows.
    """
    linear = np.log(score) - np.log1p(-score)
    working = score * (1 - score) * scored
    matrix = centred(matrix).matrix
    information = matrix.sandwich(working)
    scale = np.sqrt(information.diagonal())
    if not scale.all() or np.linalg.cond(information / np.outer(scale, scale)) > 1e12:
        return None
    coefficients = np.linalg.solve(information, matrix.transpose_matvec(working * linear))
    newton = np.linalg.solve(information, matrix.transpose_matvec((first - score) * scored))
    outside = np.abs(linear - matrix.matvec(coefficients))[scored].max()
    return information if outside < 1e-5 and np.abs(matrix.matvec(newton)).max() < 1e-5 else None
