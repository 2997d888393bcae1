"""Scores and weights of more than two arms: the probability of each arm, and one population for all of them."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iop_outcomes.designs.scores.propensity import covariate_matrix
from iop_outcomes.kernel.errors import DesignError, did_you_mean
from iop_outcomes.stats.linear.multinomial import fit_multinomial

ESTIMANDS = ("ATE", "ATT", "ATC", "ATO", "ATM")


@dataclass(frozen=True)
class GeneralisedScore:
    """Probability of each arm given the covariates.

    Attributes
    ----------
    values : ndarray, shape (n, k)
    notes : tuple of str
        Covariates left out, in sentences.
    """

    values: NDArray[np.float64]
    notes: tuple[str, ...]


def multinomial_score(covariates: pd.DataFrame, arm: NDArray[np.intp], names: tuple[str, ...]) -> GeneralisedScore:
    """Return the scores of a multinomial logistic regression on main effects.

    Parameters
    ----------
    covariates : DataFrame of n rows
    arm : ndarray of int, shape (n,)
        Position in ``names``.
    names : tuple of str
        The k arms.

    Raises
    ------
    DesignError
        Missing covariates, or covariates that decide an arm.

    References
    ----------
    Imbens 2000, Biometrika 87:706 (generalised propensity score).
    """
    matrix, notes = covariate_matrix(covariates)
    try:
        return GeneralisedScore(fit_multinomial(arm, matrix, names=names).fitted, notes)
    except DesignError as error:
        raise DesignError(
            f"propensity score of {len(names)} arms at once, {error} Or restrict the design to two by arms."
        ) from None


def generalised_tilt(
    scores: NDArray[np.float64], estimand: str, target: int | None = None
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return how much each person counts in the population an estimand speaks for, and its derivative by each score.

    With e the scores of one person: ATE 1; ATT and ATC the score of the target arm; ATO 1 / sum(1 / e); ATM min(e).
    With two arms these are the tilting functions of one score.

    Parameters
    ----------
    scores : ndarray, shape (n, k)
        Strictly between 0 and 1.
    estimand : {"ATE", "ATT", "ATC", "ATO", "ATM"}
    target : int, optional
        Position of the arm whose people an ATT or ATC speaks for.

    Returns
    -------
    h : ndarray, shape (n,)
    slope : ndarray, shape (n, k)

    References
    ----------
    Li & Li 2019, Ann Appl Stat 13:2389; Yoshida et al. 2017, Epidemiology 28:387 (matching weights).
    """
    e = np.asarray(scores, dtype=float)
    if estimand == "ATE":
        return np.ones(len(e)), np.zeros_like(e)
    if estimand in ("ATT", "ATC"):
        slope = np.zeros_like(e)
        slope[:, target] = 1.0
        return e[:, target], slope
    if estimand == "ATO":
        h = 1 / (1 / e).sum(axis=1)
        return h, (h[:, None] / e) ** 2
    if estimand == "ATM":
        return e.min(axis=1), (np.arange(e.shape[1]) == e.argmin(axis=1)[:, None]).astype(float)
    raise DesignError(f"weights: there is no estimand '{estimand}'; {did_you_mean(estimand, ESTIMANDS)}")


def generalised_weights(
    scores: NDArray[np.float64], arm: NDArray[np.intp], estimand: str, target: int | None = None
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return balancing weights h / e of the own arm, and their slopes along the linear predictors.

    Parameters
    ----------
    scores : ndarray, shape (n, k)
    arm : ndarray of int, shape (n,)
    estimand, target
        As in :func:`generalised_tilt`.

    Returns
    -------
    weights : ndarray, shape (n,)
        Not normalised.
    slopes : ndarray, shape (n, k - 1)
        Along the log odds of each arm but the first against the first.
    """
    h, h_slope = generalised_tilt(scores, estimand, target)
    in_arm = (np.asarray(arm)[:, None] == np.arange(scores.shape[1])).astype(float)
    own = (scores * in_arm).sum(axis=1)
    slope = h_slope / own[:, None] - in_arm * (h / own**2)[:, None]
    return h / own, along_predictors(slope, scores)


def along_predictors(slope: NDArray[np.float64], scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the slopes along the linear predictors from those by each score, shape (n, k - 1)."""
    return (scores * (slope - (slope * scores).sum(axis=1, keepdims=True)))[:, 1:]
