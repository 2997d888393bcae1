"""Models fitted on the way to an effect, and what their estimation adds to its variance.

An estimate that depends on fitted coefficients depends on every row through them. If the estimate's gradient along the
linear predictors of a model is known, the influence of each row through that model follows from its score and its
information alone (stacked estimating equations), at the cost of three passes over the model matrix.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from iop_outcomes.estimators.tilting import balancing_weights
from iop_outcomes.models.matrix import ModelMatrix


@dataclass(frozen=True)
class Nuisance:
    """A fitted generalised linear model as an estimating equation.

    Attributes
    ----------
    matrix : ModelMatrix
        Design X, n by p.
    score : ndarray, shape (n,)
        Score residuals, zero for rows that were not fitted: X'score = 0.
    bread : ndarray, shape (p, p)
        Inverse of the information X'WX.
    """

    matrix: ModelMatrix
    score: NDArray[np.float64]
    bread: NDArray[np.float64]

    def direction(self, gradient: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return per row the effect on the target of one more unit of score residual there, shape (n,)."""
        return self.matrix.matvec(self.bread @ self.matrix.transpose_matvec(gradient))

    def carry(self, gradient: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return what each row adds to the target through the coefficients of this model.

        Parameters
        ----------
        gradient : ndarray, shape (n,)
            Derivative of the target by the linear predictor of each row.
        """
        return self.direction(gradient) * self.score


def logistic_nuisance(
    matrix: ModelMatrix, outcome: ArrayLike, fitted: ArrayLike, used: ArrayLike | None = None
) -> Nuisance:
    """Return an unpenalised logistic regression, already fitted, as an estimating equation.

    Parameters
    ----------
    matrix : ModelMatrix
    outcome : array_like of 0/1, shape (n,)
    fitted : array_like, shape (n,)
        Fitted probabilities.
    used : array_like of bool, shape (n,), optional
        Rows the model was fitted on.
    """
    probability = np.asarray(fitted, dtype=float)
    working = probability * (1 - probability)
    score = np.asarray(outcome, dtype=float) - probability
    if used is not None:
        working, score = working * used, score * used
    return Nuisance(matrix, score, np.linalg.inv(matrix.sandwich(working)))


@dataclass(frozen=True)
class Weights:
    """Weights and the models they were estimated by.

    Attributes
    ----------
    values : ndarray, shape (n,)
    parts : tuple of (ndarray, Nuisance)
        For each model the derivative of the weight by its linear predictor; empty for weights taken as fixed.
    method : str
        How the weights enter the standard error, in words.
    """

    values: NDArray[np.float64]
    parts: tuple[tuple[NDArray[np.float64], Nuisance], ...] = field(default=())
    method: str = "weights taken as fixed"

    def carry(self, gradient: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return what each row adds to a target through the estimation of the weights.

        Parameters
        ----------
        gradient : ndarray, shape (n,)
            Derivative of the target by each weight.
        """
        total = np.zeros_like(self.values)
        for slope, model in self.parts:
            total += model.carry(gradient * slope)
        return total

    def times_inverse_of(self, probability: NDArray[np.float64], observed: ArrayLike, model: Nuisance) -> "Weights":
        """Return the weights divided by the probability of being observed, zero where not observed.

        Parameters
        ----------
        probability : ndarray, shape (n,)
            Fitted by the logistic model ``model``.
        observed : array_like of bool, shape (n,)
        model : Nuisance
        """
        inverse = np.where(observed, 1 / probability, 0.0)
        parts = [(slope * inverse, part) for slope, part in self.parts]
        parts.append((-self.values * inverse * (1 - probability), model))
        return Weights(self.values * inverse, tuple(parts), f"{self.method}, times inverse probability of observation")


def propensity_weights(
    score: ArrayLike, treated: ArrayLike, estimand: str, matrix: ModelMatrix | None = None
) -> Weights:
    """Return balancing weights from a propensity score.

    Parameters
    ----------
    score : array_like, shape (n,)
    treated : array_like, shape (n,)
    estimand : str
        A key of ``tilting.ESTIMANDS``.
    matrix : ModelMatrix, optional
        Design of the unpenalised logistic regression that gave the score. With it, standard errors count that the score
        was estimated; without it the weights are taken as fixed.
    """
    values, slope = balancing_weights(score, treated, estimand)
    if matrix is None:
        return Weights(values)
    model = logistic_nuisance(matrix, treated, score)
    return Weights(values, ((slope, model),), "estimated propensity score counted")
