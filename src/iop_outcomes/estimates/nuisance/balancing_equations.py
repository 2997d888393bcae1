"""The equations that weights made to balance solve, so that a standard error can count that they were estimated.

Entropy balance and covariate-balancing scores choose weights by which sums of covariates agree: estimating equations
like any other. Whether weights are of these kinds is seen from the numbers themselves.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from iop_outcomes.designs.scores.cbps import moment_factors
from iop_outcomes.estimates.nuisance.weights import Weights
from iop_outcomes.stats.linear.centring import centred
from iop_outcomes.stats.linear.matrix import ModelMatrix
from iop_outcomes.stats.linear.sandwich import EstimatingEquation

#: How near the equations must be to solved, and logarithms of weights, or logits of scores, to linear in the columns.
NEAR = 1e-5
COUNTED = "estimation of the balancing weights counted (HC3)"
#: A row that decides a coefficient by itself has no residual to be made larger.
MOST_LEVERAGE = 0.9
#: Estimands with such weights.
ESTIMANDS = ("ATE", "ATT", "ATC")


@dataclass(frozen=True)
class BalancingEquation(EstimatingEquation):
    """The equation that weights made to balance solve.

    What such weights leave of an outcome are residuals of a regression in which a few heavy rows have the say, so that
    the residuals of those rows are too small: each is divided by one minus its leverage, as in HC3.

    Attributes
    ----------
    own : ndarray, shape (n,)
        The part of the score that is minus or plus the row's own weight; zero where the weight cannot move.
    """

    own: NDArray[np.float64]

    def carry(self, gradient: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return what each row adds to a target through the coefficients, and what its own residual lacks."""
        direction = self.direction(gradient)
        moves = self.working_weights > 0
        # Weight over its derivative along the linear predictor.
        ratio = np.divide(-self.own, self.working_weights, out=np.zeros_like(self.own), where=moves)
        leverage = np.clip(self.working_weights * self.matrix.quadratic_form(self.bread), 0.0, MOST_LEVERAGE)
        residual = gradient * ratio + direction * self.own
        carried: NDArray[np.float64] = direction * self.score + residual * leverage / (1 - leverage)
        return carried


def entropy_weights_of(
    weight: NDArray[np.float64], first: NDArray[np.bool_], matrix: ModelMatrix, estimand: str
) -> Weights | None:
    """Return weights as those of entropy balance, None if they are not.

    In each arm that is weighted the logarithm of the weight is linear in the covariates, and with the weights brought
    to the size of the target the sums of all covariates are those of the target.

    Parameters
    ----------
    weight : ndarray, shape (n,)
        Zero for rows the design does not use.
    first : ndarray of bool, shape (n,)
    matrix : ModelMatrix
        Covariates with an intercept.
    estimand : str

    References
    ----------
    Hainmueller 2012, Political Analysis 20:25; as estimating equations Zhao & Percival 2017, J Causal Inference 5(1).
    """
    used, matrix = weight > 0, centred(matrix).matrix
    wanted = {"ATE": used, "ATT": used & first, "ATC": used & ~first}.get(estimand)
    # Without covariates nothing is balanced: the arms are as they are.
    if wanted is None or len(matrix.names) == 1:
        return None
    parts = []
    for arm in (used & first, used & ~first):
        if np.array_equal(arm, wanted):
            if np.ptp(weight[arm]) > NEAR * weight[arm].mean():
                return None
            continue
        tilted = np.where(arm, weight * wanted.sum() / weight[arm].sum(), 0.0)
        logarithm = np.log(np.where(arm, weight, 1.0))
        equation = _solved(matrix, wanted - tilted, tilted, -tilted, linear=logarithm, rows=arm)
        if equation is None:
            return None
        parts.append((np.where(arm, weight, 0.0), equation))
    return Weights(weight, tuple(parts), COUNTED)


def balancing_equation(
    score: NDArray[np.float64], first: NDArray[np.bool_], scored: NDArray[np.bool_], matrix: ModelMatrix, estimand: str
) -> EstimatingEquation | None:
    """Return the equation of a covariate-balancing score, None if the score does not solve it.

    Parameters
    ----------
    score : ndarray, shape (n,)
        Strictly between 0 and 1.
    first, scored : ndarray of bool, shape (n,)
        In the first arm; with a score of the design.
    matrix : ModelMatrix
    estimand : str

    References
    ----------
    Imai & Ratkovic 2014, J R Stat Soc B 76:243.
    """
    if estimand not in ESTIMANDS:
        return None
    logit = np.log(score) - np.log1p(-score)
    moment, slope = moment_factors(first, logit, estimand)
    working = slope * scored
    own = np.where(working > 0, moment, 0.0)
    return _solved(centred(matrix).matrix, moment * scored, working, own, linear=logit, rows=scored)


def _solved(
    matrix: ModelMatrix,
    score: NDArray[np.float64],
    working: NDArray[np.float64],
    own: NDArray[np.float64],
    *,
    linear: NDArray[np.float64],
    rows: NDArray[np.bool_],
) -> EstimatingEquation | None:
    """Return the equation if the linear predictor is in its columns and its step to a solution is none."""
    information = matrix.sandwich(working)
    scale = np.sqrt(information.diagonal())
    scale = np.where(scale > 0, scale, 1.0)
    # Columns that follow from others in the rows that are weighted move nothing.
    bread = np.linalg.pinv(information / np.outer(scale, scale), rcond=1e-12, hermitian=True) / np.outer(scale, scale)
    coefficients = bread @ matrix.transpose_matvec(working * linear)
    outside = np.abs(linear - matrix.matvec(coefficients))[rows].max()
    sums = np.sqrt(matrix.sandwich(np.abs(score) / max(np.abs(score).sum(), 1.0)).diagonal())
    gap = np.abs(matrix.transpose_matvec(score)) / np.where(sums > 0, sums, 1.0) / max(np.abs(score).sum(), 1.0)
    if outside > NEAR or gap.max() > NEAR:
        return None
    return BalancingEquation(matrix, score, working, bread, own)
