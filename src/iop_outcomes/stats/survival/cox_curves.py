"""Survival curves from a Cox model: baseline hazard, and survival standardised to a population."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from iop_outcomes.kernel.errors import EstimationError, did_you_mean
from iop_outcomes.stats.linear.matrix import ModelMatrix
from iop_outcomes.stats.survival.cox import CoxFit
from iop_outcomes.stats.survival.cox_robust import score_influence
from iop_outcomes.stats.survival.tied_times import on_known_times


def baseline_hazard(fit: CoxFit, times: ArrayLike) -> NDArray[np.float64]:
    """Return the cumulative hazard at given times of somebody whose covariates are all 0, shape (times,).

    The estimate follows the rule for ties of the fit (Breslow's or Efron's).

    Raises
    ------
    EstimationError
        The model has strata, each of which has a baseline of its own.

    References
    ----------
    Breslow 1972, J R Stat Soc B 34:216; Efron 1977, JASA 72:557.
    """
    return _hazard_at_centre(fit, times) * np.exp(-fit.centre @ fit.coefficients)


def _hazard_at_centre(fit: CoxFit, times: ArrayLike) -> NDArray[np.float64]:
    """Return the cumulative hazard of somebody at the centre of the fit."""
    _refuse_strata(fit)
    steps = np.append(0.0, np.cumsum(fit.at.h))
    known = fit.at.data.sets.time
    reached = np.searchsorted(known, on_known_times(times, known), side="right")
    return steps[reached] * np.exp(-fit.at.shift)


@dataclass(frozen=True)
class StandardisedSurvival:
    """Survival had everybody had given values of some covariates.

    Attributes
    ----------
    times : ndarray, shape (t,)
    survival, se : ndarray, shape (t,)
        ``se`` counts the estimation of coefficients and baseline, and that the population is a sample.
    influence : ndarray, shape (n, t)
    """

    times: NDArray[np.float64]
    survival: NDArray[np.float64]
    influence: NDArray[np.float64]

    @property
    def se(self) -> NDArray[np.float64]:
        """Standard errors for independent rows."""
        return np.sqrt(np.sum(self.influence**2, axis=0))


def standardised_survival(
    fit: CoxFit, given: Mapping[str, float], times: ArrayLike, weights: ArrayLike | None = None
) -> StandardisedSurvival:
    """Return the mean over all rows of the survival a Cox model gives them with some covariates set (g-formula).

    Parameters
    ----------
    fit : CoxFit
        Without strata.
    given : mapping of str to float
        Columns of the model matrix and the value everybody is given, such as ``{"treated": 1.0}``.
    times : array_like, shape (t,)
    weights : array_like, shape (n,), optional
        Whom the mean speaks for; equal unless given. The weights of the fit do not enter here.

    Raises
    ------
    EstimationError
        The model has strata, or no column of a name given.

    References
    ----------
    Chen & Tsiatis 2001, Biometrics 57:1030; influence of the baseline: Reid & Crepeau 1985, Biometrika 72:1.
    """
    matrix = fit.at.data.matrix
    times = np.asarray(on_known_times(times, fit.at.data.sets.time))
    shares = np.ones(matrix.n_rows) if weights is None else np.asarray(weights, dtype=float)
    shares = shares / shares.sum()
    columns = columns_of(matrix, given)
    values = np.array(list(given.values()), dtype=float) - fit.centre[columns]
    linear = matrix.matvec(np.where(np.isin(np.arange(len(fit.names)), columns), 0.0, fit.coefficients))
    relative = np.exp(linear + fit.coefficients[columns] @ values)
    hazards = _hazard_at_centre(fit, times)
    own = np.exp(-np.multiply.outer(relative, hazards))
    survival = shares @ own
    slopes = own * (shares * relative)[:, None]
    by_coefficients = np.column_stack([-h * matrix.transpose_matvec(s) for s, h in zip(slopes.T, hazards, strict=True)])
    by_coefficients[columns] = -np.multiply.outer(values, hazards * slopes.sum(axis=0))
    influence = shares[:, None] * (own - survival)
    influence += _baseline_and_coefficients(fit, times, -slopes.sum(axis=0), by_coefficients)
    return StandardisedSurvival(times, survival, influence)


def columns_of(matrix: ModelMatrix, given: Mapping[str, float]) -> list[int]:
    """Return the positions of the columns named in ``given``."""
    for name in given:
        if name not in matrix.names:
            raise EstimationError(f"Cox model: there is no column '{name}' to set; {did_you_mean(name, matrix.names)}")
    return [matrix.names.index(name) for name in given]


def _baseline_and_coefficients(fit, times, by_hazard, by_coefficients):
    """Return the influence through the baseline hazard and the coefficients, shape (n, t)."""
    at, sets = fit.at, fit.at.data.sets
    until = sets.time[:, None] <= times[None, :]
    scale = np.exp(-at.shift)
    # d baseline / d coefficients: minus the hazard-weighted means of x over the risk sets.
    hazard_slope = -scale * (at.mean_risk.T @ until)
    directions = by_coefficients + hazard_slope * by_hazard
    result = score_influence(at).along(fit.covariance @ directions)
    return result + scale * by_hazard * _baseline_influence(at, until)


def _baseline_influence(at, until):
    """Return each row's influence on the baseline at fixed coefficients: own event less expected, over the risk set."""
    data, sets = at.data, at.data.sets
    risk, deaths = data.weights * at.risk, sets.deaths
    result = -risk[:, None] * sets.collect(at.h2[:, None] * until)
    result[deaths] += (data.weights[deaths] * (at.h / data.death_weights)[sets.death_time])[:, None] * until[
        sets.death_time
    ]
    if data.has_ties:
        result[deaths] += (risk[deaths] * at.h2f[sets.death_time])[:, None] * until[sets.death_time]
    return result


def _refuse_strata(fit: CoxFit):
    if fit.at.data.sets.stratum.any():
        raise EstimationError(
            "Cox model: every stratum has its own baseline hazard; fit without strata to draw a curve"
        )
