"""Regression of restricted survival time on covariates, with censoring repaired by weighting."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from iop_outcomes.kernel.errors import EstimationError, did_you_mean
from iop_outcomes.stats.linear.centring import Centring, centred
from iop_outcomes.stats.linear.identifiability import refuse_collinear
from iop_outcomes.stats.linear.matrix import ModelMatrix
from iop_outcomes.stats.survival.event_table import EventTable, checked, event_table, ratio, reverse_cumsum
from iop_outcomes.stats.survival.tied_times import on_known_times

LINKS = ("identity", "log")
SMALLEST_SHARE = 0.001
#: Root mean square by which the last of Newton's steps moves the linear predictor; what is left is about its square.
LAST_STEP = 1e-9


@dataclass(frozen=True)
class RestrictedMeanRegression:
    """Fitted regression.

    Attributes
    ----------
    moved : Centring
        Columns with their numbers moved to mean 0, on which ``bread`` stands.
    coefficients : ndarray, shape (p,)
        Of the original columns.
    bread : ndarray, shape (p, p)
        Inverse of the expected slope of the estimating equations.
    residual : ndarray, shape (n,)
        Weighted residuals.
    censoring : tuple of (rows, EventTable)
        The censoring of each group, with censorings as events.
    """

    moved: Centring
    coefficients: NDArray[np.float64]
    bread: NDArray[np.float64]
    residual: NDArray[np.float64]
    censoring: tuple[tuple[NDArray[np.intp], EventTable], ...]

    def influence(self, directions: ArrayLike | None = None) -> NDArray[np.float64]:
        """Return what each person adds to the coefficients, the estimated censoring distribution counted.

        Parameters
        ----------
        directions : array_like, shape (p, q), optional
            Linear combinations of coefficients; every coefficient unless given.

        Returns
        -------
        ndarray, shape (n, p) or (n, q)
        """
        asked = np.eye(len(self.bread)) if directions is None else np.asarray(directions, dtype=float)
        directions, matrix = self.bread @ self.moved.combinations(asked), self.moved.matrix
        result = np.empty((matrix.n_rows, directions.shape[1]))
        for column, direction in enumerate(directions.T):
            score = self.residual * matrix.matvec(direction)
            for rows, table in self.censoring:
                later = ratio(reverse_cumsum(table.sums(score[rows])), table.n_risk)
                result[rows, column] = score[rows] + table.martingale_integral(later)
        return result

    @cached_property
    def covariance(self) -> NDArray[np.float64]:
        """Covariance of the coefficients, shape (p, p), for independent people."""
        influence = self.influence()
        return influence.T @ influence

    @property
    def se(self) -> NDArray[np.float64]:
        """Standard errors."""
        return np.sqrt(np.diag(self.covariance))


def restricted_mean_regression(
    matrix: ModelMatrix,
    time: ArrayLike,
    event: ArrayLike,
    until: float,
    *,
    censoring_groups: ArrayLike | None = None,
    link: str = "identity",
) -> RestrictedMeanRegression:
    """Regress min(time, until) on covariates.

    People whose restricted time is known count 1/G(their time), G the Kaplan-Meier estimate of not being censored, made
    within each group and never taken below 0.001; the others count 0.

    Parameters
    ----------
    matrix : ModelMatrix
        With an intercept.
    time, event : array_like, shape (n,)
    until : float
    censoring_groups : array_like, shape (n,), optional
        Groups with a censoring distribution of their own, usually the arms.
    link : {"identity", "log"}
        Coefficients are differences, or logarithms of ratios, of restricted means.

    Raises
    ------
    EstimationError
        The link is unknown, or the times cannot be used.
    DesignError
        Covariates follow from one another among those whose restricted time is known.

    References
    ----------
    Tian, Zhao & Wei 2014, Biostatistics 15:222.
    """
    if link not in LINKS:
        raise EstimationError(f"restricted mean regression: there is no link '{link}'; {did_you_mean(link, LINKS)}")
    time, event, _ = checked(time, event)
    until = float(on_known_times(until, np.unique(time)))
    restricted = np.minimum(time, until)
    known = (event > 0) | (time >= until)
    groups = (
        np.zeros(len(time), dtype=np.intp)
        if censoring_groups is None
        else pd.factorize(np.asarray(censoring_groups))[0]
    )
    parts = [np.flatnonzero(groups == g) for g in range(groups.max() + 1)]
    tables = [event_table(restricted[rows], ~known[rows]) for rows in parts]
    weights = np.zeros(len(time))
    for rows, table in zip(parts, tables, strict=True):
        weights[rows] = known[rows] / np.maximum(table.survival, SMALLEST_SHARE)[table.code]
    moved = centred(matrix)
    matrix = moved.matrix
    refuse_collinear(matrix, weights)
    coefficients = _solve(matrix, restricted, weights, link)
    linear = matrix.matvec(coefficients)
    mean = np.exp(linear) if link == "log" else linear
    bread = np.linalg.inv(matrix.sandwich(mean if link == "log" else np.ones(len(time))))
    censoring = tuple(zip(parts, tables, strict=True))
    return RestrictedMeanRegression(
        moved, moved.coefficients(coefficients), bread, weights * (restricted - mean), censoring
    )


def _solve(matrix, outcome, weights, link):
    if link == "identity":
        return np.linalg.solve(matrix.sandwich(weights), matrix.transpose_matvec(weights * outcome))
    linear = np.log(np.maximum(outcome, 0.1))
    mean = np.exp(linear)
    working = matrix.transpose_matvec(weights * (mean * linear + outcome - mean))
    coefficients = np.linalg.solve(matrix.sandwich(weights * mean), working)
    for _ in range(100):
        mean = np.exp(matrix.matvec(coefficients))
        score = matrix.transpose_matvec(weights * (outcome - mean))
        step = np.linalg.solve(matrix.sandwich(weights * mean), score)
        coefficients = coefficients + step
        if np.sqrt(max(score @ step, 0.0) / (weights @ mean)) < LAST_STEP:
            return coefficients
    raise EstimationError(
        "restricted mean regression: the fit with a log link found no solution; use the identity link"
    )
