"""Cox's proportional hazards model: weights, ties, strata, late entry and time-varying covariates."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from iop_outcomes.kernel.errors import EstimationError, did_you_mean
from iop_outcomes.stats.linear.centring import from_means
from iop_outcomes.stats.linear.matrix import INTERCEPT, ModelMatrix
from iop_outcomes.stats.linear.newton import listed, maximise
from iop_outcomes.stats.survival.cox_likelihood import CoxData, Moments, moments
from iop_outcomes.stats.survival.event_table import checked
from iop_outcomes.stats.survival.risk_sets import risk_sets

TIES = ("efron", "breslow")
MODEL = "Cox model"


@dataclass(frozen=True)
class Tests:
    """The three large-sample tests that all coefficients are zero, as chi-squares on ``degrees_of_freedom``."""

    score: float
    likelihood_ratio: float
    wald: float
    degrees_of_freedom: int


@dataclass(frozen=True)
class CoxFit:
    """Fitted Cox model.

    Attributes
    ----------
    names : tuple of str
    coefficients : ndarray, shape (p,)
        Logarithms of hazard ratios.
    covariance : ndarray, shape (p, p)
        Inverse of the information: right for independent people without weights. Else see ``cox_robust``.
    log_likelihood_null, log_likelihood : float
    tests : Tests
    n_events : int
        Rows with the event.
    iterations : int
    at : Moments
        The partial likelihood at the coefficients, with numbers counted from ``centre``.
    centre : ndarray, shape (p,)
        Means of numbers, 0 for levels.
    """

    names: tuple[str, ...]
    coefficients: NDArray[np.float64]
    covariance: NDArray[np.float64]
    log_likelihood_null: float
    log_likelihood: float
    tests: Tests
    n_events: int
    iterations: int
    at: Moments
    centre: NDArray[np.float64]

    @property
    def se(self) -> NDArray[np.float64]:
        """Standard errors from the information."""
        return np.sqrt(np.diag(self.covariance))


def fit_cox(
    matrix: ModelMatrix,
    time: ArrayLike,
    event: ArrayLike,
    *,
    entry: ArrayLike | None = None,
    strata: ArrayLike | None = None,
    weights: ArrayLike | None = None,
    ties: str = "efron",
) -> CoxFit:
    """Fit Cox's model by Newton's method.

    Parameters
    ----------
    matrix : ModelMatrix
        Covariates; an intercept is left out, because the baseline hazard holds it.
    time, event : array_like, shape (n,)
        End of follow-up, and 1 where it ended in the event.
    entry : array_like, shape (n,), optional
        Beginning of follow-up; with several rows per person, covariates may change in time.
    strata : array_like, shape (n,), optional
        Strata with a baseline hazard each.
    weights : array_like, shape (n,), optional
        Case weights or probability weights; rows with weight 0 are not used.
    ties : {"efron", "breslow"}
        For the exact rule see ``cox_exact.fit_cox_exact``.

    Raises
    ------
    EstimationError
        Nobody has the event, covariates determine one another or the risk set, or a hazard ratio is infinite; the
        sentence names the covariates.

    References
    ----------
    Cox 1972, J R Stat Soc B 34:187; Andersen & Gill 1982, Ann Stat 10:1100.
    """
    if ties not in TIES:
        raise EstimationError(f"Cox model: there is no rule '{ties}' for ties; {did_you_mean(ties, TIES)}")
    _, _, weights = checked(time, event, weights)
    sets = risk_sets(time, event, entry=entry, strata=strata, weights=weights)
    return fit_partial_likelihood(CoxData(without_intercept(matrix), sets, weights, ties))


def fit_partial_likelihood(data: CoxData) -> CoxFit:
    """Fit a Cox model to risk sets that are already made."""
    names = data.matrix.names
    moved, spread = from_means(data.matrix)
    data = replace(data, matrix=moved.matrix)
    refuse_levels_without_events(data.death_matrix)
    found = maximise(lambda values: moments(data, values), np.zeros(len(names)), names, MODEL, spread)
    null, full = found.start.log_likelihood, found.at.log_likelihood
    wald = float(found.values @ np.linalg.solve(found.covariance, found.values))
    tests = Tests(found.score_test, 2 * (full - null), wald, len(names))
    return CoxFit(
        names,
        found.values,
        found.covariance,
        null,
        full,
        tests,
        len(data.sets.deaths),
        found.iterations,
        found.at,
        moved.centre,
    )


def without_intercept(matrix: ModelMatrix) -> ModelMatrix:
    """Return the matrix without its intercept, if it has one."""
    if not matrix.has_intercept:
        return matrix
    return matrix.columns([name != INTERCEPT for name in matrix.names])


def refuse_levels_without_events(died: ModelMatrix) -> None:
    """Raise unless the people with the event, the rows of ``died``, are neither all nor none of them at any level."""
    if not died.names:
        raise EstimationError(f"{MODEL}: there is no covariate, so that there is no hazard ratio to estimate; give one")
    events = died.transpose_matvec(np.ones(died.n_rows))
    levels = np.array([level is not None for _, level in died.terms])
    certain = levels & ((events == 0) | (events == died.n_rows))
    if certain.any():
        found = [name for name, wrong in zip(died.names, certain, strict=True) if wrong]
        raise EstimationError(
            f"{MODEL}: the hazard ratio of {listed(found)} is not finite, because none or all of the events are there; "
            "merge it with another level or leave those people out"
        )
