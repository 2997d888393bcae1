"""Weights, the models they were estimated by, and what that estimation adds to a variance."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from iop_outcomes.estimates.nuisance.tilting import balancing_weights
from iop_outcomes.stats.linear.centring import centred
from iop_outcomes.stats.linear.matrix import ModelMatrix
from iop_outcomes.stats.linear.multinomial import MultinomialEquation
from iop_outcomes.stats.linear.sandwich import EstimatingEquation

#: A model that weights were estimated by.
Equation = EstimatingEquation | MultinomialEquation


def logistic_equation(
    matrix: ModelMatrix,
    outcome: ArrayLike,
    fitted: ArrayLike,
    used: ArrayLike | None = None,
    information: NDArray[np.float64] | None = None,
) -> EstimatingEquation:
    """Return an unpenalised logistic regression, already fitted, as an estimating equation.

    Parameters
    ----------
    matrix : ModelMatrix
    outcome : array_like of 0/1, shape (n,)
    fitted : array_like, shape (n,)
        Fitted probabilities.
    used : array_like of bool, shape (n,), optional
        Rows the model was fitted on.
    information : ndarray, shape (p, p), optional
        Of the fit on the centred matrix, where it is at hand.
    """
    matrix = centred(matrix).matrix
    probability = np.asarray(fitted, dtype=float)
    working = probability * (1 - probability)
    score = np.asarray(outcome, dtype=float) - probability
    if used is not None:
        working, score = working * used, score * used
    known: np.ndarray = matrix.sandwich(working) if information is None else information
    return EstimatingEquation(matrix, score, working, np.linalg.inv(known))


@dataclass(frozen=True)
class Weights:
    """Weights and the models they were estimated by.

    Attributes
    ----------
    values : ndarray, shape (n,)
    parts : tuple of (ndarray, Equation)
        For each model the derivative of the weight by its linear predictor, shape (n,), or by its linear predictors,
        shape (n, m); empty for weights taken as fixed.
    method : str
        How the weights enter the standard error, in words.
    """

    values: NDArray[np.float64]
    parts: tuple[tuple[NDArray[np.float64], Equation], ...] = field(default=())
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
            total += model.carry(_times(slope, gradient))
        return total

    def only(self, rows: ArrayLike) -> "Weights":
        """Return the weights with zero for all other rows."""
        kept = np.asarray(rows, dtype=float)
        return Weights(
            self.values * kept, tuple((_times(slope, kept), part) for slope, part in self.parts), self.method
        )

    def times_inverse_of(
        self, probability: NDArray[np.float64], observed: ArrayLike, model: EstimatingEquation
    ) -> "Weights":
        """Return the weights divided by the probability of being observed, zero where not observed.

        Parameters
        ----------
        probability : ndarray, shape (n,)
            Fitted by the logistic model ``model``.
        observed : array_like of bool, shape (n,)
        model : EstimatingEquation
        """
        inverse = np.where(observed, 1 / probability, 0.0)
        parts = [(_times(slope, inverse), part) for slope, part in self.parts]
        parts.append((-self.values * inverse * (1 - probability), model))
        return Weights(self.values * inverse, tuple(parts), self.method)


def _times(slope: NDArray[np.float64], by_row: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return slopes times one number per row, however many linear predictors there are."""
    return (slope.T * by_row).T


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
    model = logistic_equation(matrix, treated, score)
    return Weights(values, ((slope, model),), "estimated propensity score counted")
