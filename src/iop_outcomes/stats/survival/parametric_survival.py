"""Weibull accelerated failure time regression."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
import scipy
from numpy.typing import ArrayLike, NDArray

from iop_outcomes.kernel.errors import EstimationError, counted
from iop_outcomes.stats.linear.centring import centred
from iop_outcomes.stats.linear.matrix import ModelMatrix
from iop_outcomes.stats.linear.newton import maximise
from iop_outcomes.stats.survival.event_table import checked

MODEL = "Weibull model"


@dataclass(frozen=True)
class WeibullFit:
    """Fitted model ``log T = x'b + s e``, e with the extreme value distribution of minima.

    Attributes
    ----------
    names : tuple of str
        Columns of the matrix, then ``log(scale)``.
    values : ndarray, shape (p + 1,)
        Coefficients b on the scale of log time (positive: later), then log s.
    covariance : ndarray, shape (p + 1, p + 1)
        Inverse of the observed information.
    log_likelihood : float
    at : _Point
        The likelihood at its maximum, on columns whose numbers are moved to mean 0.
    outward : ndarray, shape (p + 1, p + 1)
        Turns values on those columns into ``values``.
    """

    names: tuple[str, ...]
    values: NDArray[np.float64]
    covariance: NDArray[np.float64]
    log_likelihood: float
    at: "_Point"
    outward: NDArray[np.float64]

    @property
    def coefficients(self) -> NDArray[np.float64]:
        """Coefficients on the scale of log time, shape (p,)."""
        return self.values[:-1]

    @property
    def scale(self) -> float:
        """s; the hazard falls in time where it is above 1."""
        return float(np.exp(self.values[-1]))

    @property
    def se(self) -> NDArray[np.float64]:
        """Standard errors of coefficients and log(scale), shape (p + 1,)."""
        return np.sqrt(np.diag(self.covariance))

    def robust_covariance(self, cluster: ArrayLike | None = None) -> NDArray[np.float64]:
        """Return the sandwich covariance, right with probability weights and clusters, shape (p + 1, p + 1)."""
        here, matrix = self.at, self.at.matrix
        if cluster is None:
            mixed = matrix.transpose_matvec(here.by_linear * here.by_shape)
            middle = np.block(
                [[matrix.sandwich(here.by_linear**2), mixed[:, None]], [mixed[None, :], np.sum(here.by_shape**2)]]
            )
        else:
            codes, units = pd.factorize(np.asarray(cluster))
            sums = np.column_stack(
                [matrix.group_sums(here.by_linear, codes, len(units)), np.bincount(codes, here.by_shape, len(units))]
            )
            middle = sums.T @ sums
        bread = self.outward @ here.slope @ np.linalg.inv(here.information())
        return bread @ middle @ bread.T


def fit_weibull(matrix: ModelMatrix, time: ArrayLike, event: ArrayLike, weights: ArrayLike | None = None) -> WeibullFit:
    """Fit a Weibull model to right-censored times by maximum likelihood.

    Parameters
    ----------
    matrix : ModelMatrix
        With an intercept.
    time, event : array_like, shape (n,)
        Times above zero.
    weights : array_like, shape (n,), optional

    Raises
    ------
    EstimationError
        A time is zero, nobody has the event, or the likelihood has no maximum.

    Notes
    -----
    Found in the parameters -b/s and 1/s, in which the likelihood is concave.

    References
    ----------
    Kalbfleisch & Prentice 2002, 3.6; Burridge 1981, J R Stat Soc B 43:41 (concavity).
    """
    time, event, weights = checked(time, event, weights)
    happened = (event > 0).astype(float)
    zero = int((time == 0).sum())
    if zero:
        raise EstimationError(
            f"{MODEL}: {counted(zero, 'follow-up time is', 'follow-up times are')} zero; "
            "leave them out or count from day 1"
        )
    if not weights @ happened > 0:
        raise EstimationError(f"{MODEL}: nobody has the event, so that there is nothing to fit")
    names = (*matrix.names, "log(scale)")
    moved = centred(matrix)
    matrix, outward = moved.matrix, scipy.linalg.block_diag(moved.outward, 1.0)
    level = np.log(weights @ happened / (weights @ time))
    start = np.append(level * _constant(matrix), 1.0)
    found = maximise(lambda values: _Point(matrix, np.log(time), happened, weights, values), start, names, MODEL)
    negated, shape = found.values[:-1], found.values[-1]
    values = outward @ np.append(-negated / shape, -np.log(shape))
    turn = outward @ found.at.slope
    return WeibullFit(names, values, turn @ found.covariance @ turn.T, found.at.log_likelihood, found.at, outward)


def _constant(matrix):
    if not matrix.has_intercept:
        raise EstimationError(f"{MODEL}: the matrix has no intercept, without which there is no baseline; give one")
    return np.array([name == matrix.names[0] for name in matrix.names], dtype=float)


@dataclass(frozen=True)
class _Point:
    """The likelihood at (-b/s, 1/s)."""

    matrix: ModelMatrix
    log_time: NDArray[np.float64]
    happened: NDArray[np.float64]
    weights: NDArray[np.float64]
    values: NDArray[np.float64]

    @cached_property
    def standardised(self):
        return self.matrix.matvec(self.values[:-1]) + self.values[-1] * self.log_time

    @cached_property
    def expected(self):
        with np.errstate(over="ignore"):
            return np.exp(self.standardised)

    @cached_property
    def log_likelihood(self):
        if self.values[-1] <= 0:
            return -np.inf
        per_event = self.standardised + np.log(self.values[-1]) - self.log_time
        return float(self.weights @ (self.happened * per_event - self.expected))

    @cached_property
    def by_linear(self):
        return self.weights * (self.happened - self.expected)

    @cached_property
    def by_shape(self):
        return self.by_linear * self.log_time + self.weights * self.happened / self.values[-1]

    def score(self):
        return np.append(self.matrix.transpose_matvec(self.by_linear), self.by_shape.sum())

    def information(self):
        spread = self.weights * self.expected
        mixed = self.matrix.transpose_matvec(spread * self.log_time)
        corner = spread @ self.log_time**2 + self.weights @ self.happened / self.values[-1] ** 2
        return np.block([[self.matrix.sandwich(spread), mixed[:, None]], [mixed[None, :], np.array([[corner]])]])

    @property
    def slope(self):
        """Derivative of (b, log s) by (-b/s, 1/s)."""
        negated, shape = self.values[:-1], self.values[-1]
        result = np.diag(np.append(np.full(len(negated), -1 / shape), -1 / shape))
        result[:-1, -1] = negated / shape**2
        return result
