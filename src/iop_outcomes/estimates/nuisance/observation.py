"""Who is observed: the model by which missing outcomes are weighted for."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from iop_outcomes.estimates.nuisance.outcome_model import LIMIT_RIDGE, with_arm
from iop_outcomes.estimates.nuisance.weights import Weights
from iop_outcomes.kernel.errors import DesignError, EstimationError, counted
from iop_outcomes.stats.linear.centring import centred
from iop_outcomes.stats.linear.matrix import ModelMatrix
from iop_outcomes.stats.linear.robust_glm import fit_equation
from iop_outcomes.stats.linear.sandwich import EstimatingEquation

#: Below this probability a single person would stand for more than fifty.
SMALLEST_PROBABILITY = 0.02

#: Share of members for whom nobody stands that may be passed over: their outcomes could not move a result much.
MOST_LOST = 0.01


@dataclass(frozen=True)
class Observation:
    """Probability that the outcome is observed given arm and covariates, and the model that gave it.

    ``probability`` is that of each row in its own arm, ``in_arms`` (n, 2) in the first and in the second;
    ``knows_sites`` is false where sites were to be in the model and could not be.
    """

    probability: NDArray[np.float64]
    in_arms: NDArray[np.float64]
    observed: NDArray[np.bool_]
    equation: EstimatingEquation
    knows_sites: bool = True

    def weigh(self, weights: Weights) -> Weights:
        """Return weights times the inverse probability of observation, zero where not observed."""
        return weights.times_inverse_of(self.probability, self.observed, self.equation)


def fit_observation(
    observed: NDArray[np.bool_],
    first: NDArray[np.bool_],
    covariates: ModelMatrix,
    used: NDArray[np.bool_],
    others: NDArray[np.bool_] | None = None,
) -> Observation:
    """Fit a logistic regression of being observed on arm and covariates.

    Parameters
    ----------
    observed, first, used : ndarray of bool, shape (n,)
        Outcome known; in the first arm; used by the design.
    covariates : ModelMatrix
    others : ndarray of bool, shape (n, m), optional
        Members of each arm that is neither the first nor the second: they help to fit, and nobody need stand for them.

    Raises
    ------
    EstimationError
        Members of some kind were hardly ever observed, so that nobody can stand for them.
    """
    covariates = centred(covariates).matrix
    matrix = with_arm(covariates, first, others)
    known, weights = observed & used, used.astype(float)
    try:
        fit = fit_equation(known, matrix, family="binomial", weights=weights, aliased="drop")
    except DesignError:
        # Levels in which everybody or nobody was observed: the fit has a limit, as in an outcome model.
        ridge = LIMIT_RIDGE * np.count_nonzero(used)
        fit = fit_equation(known, matrix, family="binomial", weights=weights, penalty=ridge, tolerance=1e-9)
    probability = fit.link.mean(matrix.matvec(fit.coefficients))
    rare = probability < SMALLEST_PROBABILITY
    if others is not None:
        rare = rare & ~others.any(axis=1)
    heavy, lost = int((rare & known).sum()), int((rare & used & ~known).sum())
    if heavy or lost > MOST_LOST * used.sum():
        raise EstimationError(
            f"missing outcomes: {counted(heavy + lost, 'member is', 'members are')} of a kind observed with a "
            f"probability under {SMALLEST_PROBABILITY:.0%}, so that nobody can well stand for them; leave missing "
            "outcomes out (missing: leave_out) and bound the result by a tipping point"
        )
    as_arms = [with_arm(covariates, np.full(len(first), arm)) for arm in (True, False)]
    in_arms = np.column_stack([fit.link.mean(each.matvec(fit.coefficients)) for each in as_arms])
    return Observation(probability, in_arms, observed & used, fit.equation)
