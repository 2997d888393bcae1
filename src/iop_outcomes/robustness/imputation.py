"""Several guesses of every missing outcome, as different from each other as the data leave them open."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from iop_outcomes.estimates.checks import checked_pair
from iop_outcomes.estimates.sample import kind_of
from iop_outcomes.kernel.errors import EstimationError, counted
from iop_outcomes.stats.linear.glm import GlmFit, fit_glm
from iop_outcomes.stats.linear.matrix import ModelMatrix, model_matrix
from iop_outcomes.stats.linear.sandwich import cluster_codes

#: Precision of the prior of a coefficient per standard deviation of its column: N(0, 2.5²), which keeps draws finite
#: where a level has only one outcome.
PRIOR_PRECISION = 1 / 2.5**2
#: People with a known outcome, nearest in what is expected, of whom one gives hers.
DONORS = 5


def impute(
    outcome: ArrayLike,
    treated: ArrayLike,
    covariates: pd.DataFrame,
    *,
    imputations: int = 50,
    cluster: ArrayLike | None = None,
    seed: int = 0,
) -> NDArray[np.float64]:
    """Return completed outcomes, a row for each imputation.

    In each arm by itself: a Bayesian logistic regression for outcomes of 0 and 1, whose draws of coefficients give
    probabilities from which outcomes are drawn; for other outcomes predictive mean matching, which gives the missing
    the outcome of one of the five people nearest in what is expected. With clusters, the coefficients are drawn as far
    apart as the clusters differ.

    Parameters
    ----------
    outcome : array_like, shape (n,)
        Missing where not known.
    treated : array_like, shape (n,) or (n, 2)
        Membership of the first arm, or of both where there are rows of neither, which are left as they are.
    covariates : DataFrame, n rows
        Without missing values; whatever says something of the missing, also after baseline.
    imputations : int
    cluster : array_like, shape (n,), optional
    seed : int

    Returns
    -------
    ndarray, shape (imputations, n)

    Raises
    ------
    EstimationError
        Nobody in an arm has a known outcome.

    References
    ----------
    Rubin DB. Multiple Imputation for Nonresponse in Surveys. Wiley 1987, sections 5.3 and 5.4; Little RJA. J Bus Econ
    Stat 1988;6:287-296 (predictive mean matching); Gelman et al., Ann Appl Stat 2008;2:1360-1383 (a weak prior).
    """
    values = np.asarray(outcome, dtype=float)
    random, matrix = np.random.default_rng(seed), model_matrix(covariates, unusable="drop")
    completed = np.tile(values, (imputations, 1))
    for arm in checked_pair(treated):
        known, missing = arm & np.isfinite(values), arm & ~np.isfinite(values)
        if not known.any():
            raise EstimationError(
                f"imputation: nobody of an arm has a known outcome, and {counted(int(missing.sum()), 'person')} of it "
                "cannot be guessed; leave the outcome out"
            )
        if missing.any():
            own = None if cluster is None else pd.Series(np.asarray(cluster, dtype=object))[known]
            arm_of = _Arm(values[known], matrix.rows(known), matrix.rows(missing), own)
            completed[:, missing] = _draws(arm_of, imputations, random)
    return completed


@dataclass(frozen=True)
class _Arm:
    """One arm: outcomes and covariates of the known, covariates of the missing."""

    known: NDArray[np.float64]
    given: ModelMatrix
    asked: ModelMatrix
    cluster: pd.Series | None


def _draws(arm: _Arm, m: int, random: np.random.Generator) -> NDArray[np.float64]:
    if kind_of(arm.known) == "binary":
        if arm.known.min() == arm.known.max():
            return _as_the_others(arm, m, random)
        fit = fit_glm(arm.known, arm.given, penalty=PRIOR_PRECISION)
        odds: NDArray[np.float64] = _coefficients(fit, arm, m, random) @ arm.asked.dense().T
        return (random.random(odds.shape) < 1 / (1 + np.exp(-odds))).astype(float)
    if len(arm.known) <= len(arm.given.names) + 1 or arm.known.min() == arm.known.max():
        return random.choice(arm.known, (m, arm.asked.n_rows))
    fit = fit_glm(arm.known, arm.given, family="gaussian", penalty=PRIOR_PRECISION)
    expected = _coefficients(fit, arm, m, random) @ arm.asked.dense().T
    # One imputation at a time, since each looks at ten people for every one that is missing.
    return np.stack([_of_donors(row, fit.fitted, arm.known, random) for row in expected])


def _as_the_others(arm: _Arm, m: int, random: np.random.Generator) -> NDArray[np.float64]:
    """Return draws where all of whom it is known have one outcome: of shares near that, by Jeffreys' prior."""
    events, n = arm.known.sum(), len(arm.known)
    share = random.beta(events + 0.5, n - events + 0.5, (m, 1))
    return (random.random((m, arm.asked.n_rows)) < share).astype(float)


def _coefficients(fit: GlmFit, arm: _Arm, m: int, random: np.random.Generator) -> NDArray[np.float64]:
    """Return draws of the coefficients, a row each: from their posterior, or as far apart as clusters put them."""
    if arm.cluster is not None and len(arm.cluster.unique()) > 1:
        codes, groups = cluster_codes(arm.cluster)
        apart = arm.given.group_sums(fit.score_residuals, codes, groups) @ fit.bread
        moved: NDArray[np.float64] = random.standard_normal((m, groups)) @ apart * np.sqrt(groups / (groups - 1))
        return fit.coefficients + moved
    spread = np.ones((m, 1))
    if fit.dispersion != 1:
        left = len(arm.known) - len(fit.names)
        spread = np.sqrt(fit.dispersion * left / random.chisquare(left, (m, 1)))
    root = np.linalg.cholesky((fit.bread + fit.bread.T) / 2)
    return fit.coefficients + spread * (random.standard_normal((m, len(fit.names))) @ root.T)


def _of_donors(
    expected: NDArray[np.float64],
    fitted: NDArray[np.float64],
    known: NDArray[np.float64],
    random: np.random.Generator,
) -> NDArray[np.float64]:
    """Return for each expectation, the outcome of one of the donors nearest to it."""
    order = np.argsort(fitted, kind="stable")
    line, outcomes, donors = fitted[order], known[order], min(DONORS, len(known))
    begin = np.searchsorted(line, expected) - donors
    # The nearest few stand side by side among as many on either hand.
    window = np.clip(begin, 0, max(len(line) - 2 * donors, 0))[..., None] + np.arange(min(2 * donors, len(line)))
    away = np.abs(line[window] - expected[..., None])
    nearest = np.argpartition(away, donors - 1, axis=-1)[..., :donors]
    one = random.integers(donors, size=expected.shape)[..., None]
    chosen = np.take_along_axis(window, np.take_along_axis(nearest, one, axis=-1), axis=-1)
    found: NDArray[np.float64] = outcomes[chosen[..., 0]]
    return found
