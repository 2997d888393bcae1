"""Discrete-time hazard regression: pooled logistic or complementary log-log, without making the person-period table.

The usual way repeats each person once per interval at risk. Here the covariates stay one row per person: an interval
is one pass over those still in it, and the matrix of covariates enters once per step with weights added up over
intervals.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from iop_outcomes.kernel.errors import EstimationError, did_you_mean
from iop_outcomes.stats.linear.centring import from_means
from iop_outcomes.stats.linear.matrix import ModelMatrix
from iop_outcomes.stats.linear.newton import inverse_information, maximise
from iop_outcomes.stats.survival.cox import refuse_levels_without_events, without_intercept
from iop_outcomes.stats.survival.cox_curves import columns_of
from iop_outcomes.stats.survival.event_table import checked

MODEL = "discrete-time model"
LINKS = ("logit", "cloglog")
ROWS_AT_ONCE = 50_000


@dataclass(frozen=True)
class DiscreteTimeFit:
    """Fitted model ``link(hazard in interval k) = a_k + x'b``.

    Attributes
    ----------
    intervals : ndarray of int, shape (K,)
        Intervals with events; the hazard of the others is 0.
    names : tuple of str
        ``interval k`` for each of them, then the columns of the matrix.
    values : ndarray, shape (K + p,)
    covariance : ndarray, shape (K + p, K + p)
        Inverse of the observed information.
    log_likelihood : float
    at : _Point
        The likelihood at its maximum, with numbers counted from ``centre``.
    centre : ndarray, shape (p,)
    """

    intervals: NDArray[np.int64]
    names: tuple[str, ...]
    values: NDArray[np.float64]
    covariance: NDArray[np.float64]
    log_likelihood: float
    at: "_Point"
    centre: NDArray[np.float64]

    @property
    def coefficients(self) -> NDArray[np.float64]:
        """b: logarithms of odds ratios (logit) or of hazard ratios (cloglog)."""
        return self.values[len(self.intervals) :]

    @property
    def se(self) -> NDArray[np.float64]:
        """Standard errors of ``coefficients``."""
        return np.sqrt(np.diag(self.covariance))[len(self.intervals) :]

    def robust_covariance(self, cluster: ArrayLike | None = None) -> NDArray[np.float64]:
        """Return the sandwich covariance of all values, right with probability weights and clusters."""
        at, size = self.at, len(self.values)
        codes = None if cluster is None else pd.factorize(np.asarray(cluster))[0]
        sums = np.zeros((0 if codes is None else codes.max() + 1, size))
        middle = np.zeros((size, size))
        for rows in _blocks(at.people.matrix.n_rows):
            residuals = at.residuals(rows)
            scores = np.column_stack([residuals, residuals.sum(axis=1)[:, None] * at.people.matrix.rows(rows).dense()])
            if codes is None:
                middle += scores.T @ scores
            else:
                np.add.at(sums, codes[rows], scores)
        middle = middle if codes is None else sums.T @ sums
        turn = _outward(self.centre, len(self.intervals))
        bread = turn @ inverse_information(at.information(), self.names, MODEL)
        return bread @ middle @ bread.T

    def standardised_survival(self, given: Mapping[str, float], weights: ArrayLike | None = None) -> pd.DataFrame:
        """Return the mean over all rows of survival with some covariates set, after each interval with events.

        Parameters
        ----------
        given : mapping of str to float
            Columns of the matrix and the value everybody is given.
        weights : array_like, shape (n,), optional
            Whom the mean speaks for.

        Returns
        -------
        DataFrame
            Columns interval, survival.
        """
        matrix = self.at.people.matrix
        shares = np.ones(matrix.n_rows) if weights is None else np.asarray(weights, dtype=float)
        columns = columns_of(matrix, given)
        coefficients = self.coefficients.copy()
        coefficients[columns] = 0.0
        values = np.array(list(given.values()), dtype=float) - self.centre[columns]
        linear = matrix.matvec(coefficients) + self.coefficients[columns] @ values
        total = np.zeros(len(self.intervals))
        for rows in _blocks(matrix.n_rows):
            hazard = _hazard(linear[rows, None] + self.at.values[: len(self.intervals)], self.at.people.link)
            total += shares[rows] @ np.cumprod(1 - hazard, axis=1)
        return pd.DataFrame({"interval": self.intervals, "survival": total / shares.sum()})


def fit_discrete_time(
    matrix: ModelMatrix,
    interval: ArrayLike,
    event: ArrayLike,
    weights: ArrayLike | None = None,
    *,
    link: str = "logit",
) -> DiscreteTimeFit:
    """Fit a discrete-time hazard model by maximum likelihood.

    Parameters
    ----------
    matrix : ModelMatrix
        Covariates; an intercept is left out, because every interval has its own.
    interval : array_like of int, shape (n,)
        Number of the interval, from 0 on, in which follow-up ended. People are at risk in all intervals up to and
        with it: give somebody censored within an interval the one before.
    event : array_like, shape (n,)
        Whether it ended in the event.
    weights : array_like, shape (n,), optional
    link : {"logit", "cloglog"}
        Cloglog coefficients are log hazard ratios of the proportional hazards model whatever the length of the
        intervals.

    Raises
    ------
    EstimationError
        Intervals are no whole numbers, nobody has the event, or covariates cannot be told apart.

    References
    ----------
    Allison 1982, Sociol Methodol 13:61; Prentice & Gloeckler 1978, Biometrics 34:57 (cloglog).
    """
    if link not in LINKS:
        raise EstimationError(f"{MODEL}: there is no link '{link}'; {did_you_mean(link, LINKS)}")
    interval, event, weights = checked(interval, event, weights)
    if (interval != np.rint(interval)).any():
        raise EstimationError(f"{MODEL}: intervals must be whole numbers from 0 on; cut times into intervals first")
    happened = (event > 0) & (weights > 0)
    if not happened.any():
        raise EstimationError(f"{MODEL}: nobody has the event, so that hazards cannot be compared")
    moved, spread = from_means(without_intercept(matrix))
    matrix = moved.matrix
    refuse_levels_without_events(matrix.rows(happened))
    intervals, own = np.unique(interval[happened], return_inverse=True)
    last = np.searchsorted(intervals, interval, side="right") - 1
    people = _People(matrix, last, happened, weights, link, len(intervals))
    at_risk = np.cumsum(np.bincount(last + 1, weights, len(intervals) + 1)[::-1])[-2::-1]
    share = np.bincount(own, weights[happened]) / at_risk
    # Intervals in which everybody has the event begin just short of certainty.
    start = np.append(_linked(np.minimum(share, 0.999), link), np.zeros(len(matrix.names)))
    names = (*(f"interval {int(k)}" for k in intervals), *matrix.names)
    spread = np.append(np.ones(len(intervals)), spread)
    found = maximise(lambda values: _Point(people, values), start, names, MODEL, spread)
    turn = _outward(moved.centre, len(intervals))
    return DiscreteTimeFit(
        intervals.astype(np.int64),
        names,
        turn @ found.values,
        turn @ found.covariance @ turn.T,
        found.at.log_likelihood,
        found.at,
        moved.centre,
    )


def _outward(centre: NDArray[np.float64], n_intervals: int) -> NDArray[np.float64]:
    """Return the matrix that turns values on columns counted from their centre into those on the original columns."""
    turn = np.eye(n_intervals + len(centre))
    turn[:n_intervals, n_intervals:] -= centre
    return turn


def _linked(hazard, link):
    return np.log(hazard / (1 - hazard)) if link == "logit" else np.log(-np.log1p(-hazard))


def _hazard(linear, link):
    from scipy.special import expit

    with np.errstate(over="ignore"):
        return expit(linear) if link == "logit" else -np.expm1(-np.exp(linear))


def _blocks(n_rows):
    return (slice(start, min(start + ROWS_AT_ONCE, n_rows)) for start in range(0, n_rows, ROWS_AT_ONCE))


@dataclass(frozen=True)
class _People:
    """Rows of the fit; ``last`` is the position of the last interval with events each is at risk in, -1 for none."""

    matrix: ModelMatrix
    last: NDArray[np.intp]
    happened: NDArray[np.bool_]
    weights: NDArray[np.float64]
    link: str
    n_intervals: int


@dataclass(frozen=True)
class _Point:
    """The likelihood at given interval and covariate coefficients."""

    people: _People
    values: NDArray[np.float64]

    @cached_property
    def linear(self):
        return self.people.matrix.matvec(self.values[self.people.n_intervals :])

    def _terms(self, rows):
        """Return log likelihood, first and minus second derivative of people by interval, 0 where not at risk."""
        people = self.people
        position = np.arange(people.n_intervals)
        linear = self.linear[rows, None] + self.values[: people.n_intervals]
        at_risk = position <= people.last[rows, None]
        event = (position == people.last[rows, None]) & people.happened[rows, None]
        value, first, second = (_logit if people.link == "logit" else _cloglog)(linear, event)
        weight = people.weights[rows, None] * at_risk
        return weight * value, weight * first, weight * second

    def residuals(self, rows):
        """Return the weighted first derivatives by interval of some rows."""
        return self._terms(rows)[1]

    @cached_property
    def _sums(self):
        people = self.people
        k, p = people.n_intervals, len(people.matrix.names)
        value, by_interval, spread = 0.0, np.zeros(k), np.zeros(k)
        residual, total = np.zeros(people.matrix.n_rows), np.zeros(people.matrix.n_rows)
        mixed = np.zeros((k, p))
        for rows in _blocks(people.matrix.n_rows):
            values, first, second = self._terms(rows)
            value += values.sum()
            by_interval += first.sum(axis=0)
            spread += second.sum(axis=0)
            residual[rows], total[rows] = first.sum(axis=1), second.sum(axis=1)
            part = people.matrix.rows(rows)
            mixed += np.stack([part.transpose_matvec(column) for column in second.T])
        return float(value), by_interval, spread, residual, total, mixed

    @property
    def log_likelihood(self):
        return self._sums[0]

    def score(self):
        return np.append(self._sums[1], self.people.matrix.transpose_matvec(self._sums[3]))

    def information(self):
        _, _, spread, _, total, mixed = self._sums
        return np.block([[np.diag(spread), mixed], [mixed.T, self.people.matrix.sandwich(total)]])


def _logit(linear, event):
    hazard = _hazard(linear, "logit")
    return np.where(event, linear, 0.0) - np.logaddexp(0.0, linear), event - hazard, hazard * (1 - hazard)


def _cloglog(linear, event):
    with np.errstate(over="ignore"):
        rate = np.exp(linear)
    hazard = -np.expm1(-rate)
    # For an event: log(1 - exp(-u)) with slope u / (exp(u) - 1) in log u.
    slope = np.divide(rate * np.exp(-rate), hazard, out=np.ones_like(rate), where=hazard > 0)
    bend = slope * (slope + rate - 1)
    value = np.where(event, np.log(np.maximum(hazard, 1e-300)), -rate)
    return value, np.where(event, slope, -rate), np.where(event, bend, rate)
