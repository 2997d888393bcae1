"""Who is observed: the model by which missing outcomes are weighted for."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from iop_outcomes.errors import DesignError, EstimationError
from iop_outcomes.estimators.outcome_model import with_arm
from iop_outcomes.estimators.weights import Weights
from iop_outcomes.models.matrix import ModelMatrix
from iop_outcomes.models.robust_glm import fit_equation
from iop_outcomes.models.sandwich import EstimatingEquation

#: Below this probability a single person would stand for more than fifty.
SMALLEST_PROBABILITY = 0.02


@dataclass(frozen=True)
class Observation:
    """Probability that the outcome is observed given arm and covariates, and the model that gave it."""

    probability: NDArray[np.float64]
    observed: NDArray[np.bool_]
    equation: EstimatingEquation

    def weigh(self, weights: Weights) -> Weights:
        """Return weights times the inverse probability of observation, zero where not observed."""
        return weights.times_inverse_of(self.probability, self.observed, self.equation)


def fit_observation(
    observed: NDArray[np.bool_], first: NDArray[np.bool_], covariates: ModelMatrix, used: NDArray[np.bool_]
) -> Observation:
    """Fit a logistic regression of being observed on arm and covariates.

    Parameters
    ----------
    observed, first, used : ndarray of bool, shape (n,)
        Outcome known; in the first arm; used by the design.
    covariates : ModelMatrix

    Raises
    ------
    EstimationError
        Missing outcomes follow from arm and covariates, so that nobody can stand for those who are missing.
    """
    matrix = with_arm(covariates, first)
    try:
        fit = fit_equation(observed & used, matrix, family="binomial", weights=used.astype(float), aliased="drop")
    except DesignError as error:
        raise EstimationError(
            f"missing outcomes follow from arm and covariates ({error}) so that nobody can stand for those who are "
            "missing; leave them out (missing: leave_out) and bound the result by a tipping point"
        ) from None
    probability = fit.link.mean(matrix.matvec(fit.coefficients))
    small = int(np.sum(probability[used & observed] < SMALLEST_PROBABILITY))
    if small:
        raise EstimationError(
            f"missing outcomes: {small:,} members were observed with a probability under {SMALLEST_PROBABILITY:.0%} "
            "and would stand for more than fifty each; leave missing outcomes out (missing: leave_out)"
        )
    return Observation(probability, observed & used, fit.equation)
