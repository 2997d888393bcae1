"""Cox's model with the exact rule for ties: the conditional logistic likelihood of who had the event.

At a time with m events the likelihood is that of the m people seen against all sets of m from the risk set. Sums over
those sets are built one person at a time: a set of size d of the first j people either holds person j, or does not.
Kept as the logarithm of the sum, the mean and the variance of x added up over a set, they neither overflow nor cancel.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from iop_outcomes.kernel.errors import EstimationError
from iop_outcomes.stats.linear.centring import from_means
from iop_outcomes.stats.linear.matrix import ModelMatrix
from iop_outcomes.stats.linear.newton import maximise
from iop_outcomes.stats.survival.cox import MODEL, refuse_levels_without_events, without_intercept
from iop_outcomes.stats.survival.event_table import checked


@dataclass(frozen=True)
class ExactCoxFit:
    """Fitted Cox model with exact ties; attributes as in :class:`~iop_outcomes.stats.survival.cox.CoxFit`."""

    names: tuple[str, ...]
    coefficients: NDArray[np.float64]
    covariance: NDArray[np.float64]
    log_likelihood_null: float
    log_likelihood: float
    n_events: int
    iterations: int

    @property
    def se(self) -> NDArray[np.float64]:
        """Standard errors from the information."""
        return np.sqrt(np.diag(self.covariance))


def fit_cox_exact(
    matrix: ModelMatrix, time: ArrayLike, event: ArrayLike, *, strata: ArrayLike | None = None
) -> ExactCoxFit:
    """Fit Cox's model with the exact (discrete) rule for ties.

    Work is people times the most events at one time times p², step by step: for thousands of people, not for
    millions, for which Efron's rule is within rounding of it unless a time holds a large share of all events.

    Parameters
    ----------
    matrix : ModelMatrix
    time, event : array_like, shape (n,)
    strata : array_like, shape (n,), optional

    Raises
    ------
    EstimationError
        As in :func:`~iop_outcomes.stats.survival.cox.fit_cox`.

    References
    ----------
    Cox 1972, J R Stat Soc B 34:187, section 6; Gail, Lubin & Rubinstein 1981, Biometrika 68:703 (recursion).
    """
    time, event, _ = checked(time, event)
    if not event.any():
        raise EstimationError("survival: nobody has the event, so that hazards cannot be compared")
    matrix = without_intercept(matrix)
    codes = np.zeros(len(time), dtype=np.intp) if strata is None else pd.factorize(np.asarray(strata))[0]
    refuse_levels_without_events(matrix.rows(event > 0))
    moved, spread = from_means(matrix)
    people = _latest_first(moved.matrix.dense(), time, event > 0, codes)
    start = np.zeros(len(matrix.names))
    found = maximise(lambda values: _evaluate(people, values), start, matrix.names, MODEL, spread)
    likelihoods = found.start.log_likelihood, found.at.log_likelihood
    return ExactCoxFit(
        matrix.names, found.values, found.covariance, *likelihoods, int((event > 0).sum()), found.iterations
    )


def _latest_first(values, time, happened, codes):
    """Return per stratum a list of (rows joining the risk set, rows with the event), from the last event time back."""
    strata = []
    for code in range(codes.max() + 1):
        inside = codes == code
        x, t, died = values[inside], time[inside], happened[inside]
        moments = np.unique(t[died])[::-1]
        since = np.append(np.inf, moments[:-1])
        groups = [(x[(t >= m) & (t < before)], x[died & (t == m)]) for m, before in zip(moments, since, strict=True)]
        if groups:
            strata.append((groups, max(len(dead) for _, dead in groups)))
    return strata


@dataclass(frozen=True)
class _Point:
    log_likelihood: float
    first: NDArray[np.float64]
    second: NDArray[np.float64]

    def score(self):
        return self.first

    def information(self):
        return self.second


def _evaluate(strata, coefficients) -> _Point:
    p = len(coefficients)
    likelihood, score, information = 0.0, np.zeros(p), np.zeros((p, p))
    for groups, most in strata:
        sets = _Subsets(most, p)
        for joining, dead in groups:
            for x in joining:
                sets.add(x, float(x @ coefficients))
            size = len(dead)
            likelihood += float((dead @ coefficients).sum() - sets.log_sum[size])
            score += dead.sum(axis=0) - sets.mean[size]
            information += sets.variance[size]
    return _Point(likelihood, score, information)


class _Subsets:
    """Sets of 0 ... ``most`` people, each as probable as the product of exp(x'b) over its members."""

    def __init__(self, most: int, p: int):
        self.log_sum = np.full(most + 1, -np.inf)
        self.log_sum[0] = 0.0
        self.mean = np.zeros((most + 1, p))
        self.variance = np.zeros((most + 1, p, p))

    def add(self, x: NDArray, linear: float) -> None:
        without, within = self.log_sum[1:], self.log_sum[:-1] + linear
        total = np.logaddexp(without, within)
        held = np.exp(np.subtract(within, total, out=np.full(len(total), -np.inf), where=np.isfinite(total)))[:, None]
        apart = self.mean[:-1] + x - self.mean[1:]
        outer = (held * (1 - held) * apart)[:, :, None] * apart[:, None, :]
        kept = held[:, :, None]
        # Right-hand sides are complete before anything is replaced: sizes lean on the size below as it was.
        self.variance[1:] = (1 - kept) * self.variance[1:] + kept * self.variance[:-1] + outer
        self.mean[1:] += held * apart
        self.log_sum[1:] = total
