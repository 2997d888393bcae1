"""Fine and Gray's model of the subdistribution hazard.

**Predictive, not causal.** It describes how covariates go with the cumulative incidence of a cause; people who had
another event stay at risk, so that its ratios are no effects on any rate among people in care. For effects use
cause-specific hazards or differences of cumulative incidence.
"""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from iop_outcomes.kernel.errors import EstimationError, did_you_mean
from iop_outcomes.stats.linear.matrix import ModelMatrix
from iop_outcomes.stats.survival.cox import CoxFit, fit_partial_likelihood, without_intercept
from iop_outcomes.stats.survival.cox_likelihood import CoxData
from iop_outcomes.stats.survival.cox_robust import ScoreInfluence, score_influence
from iop_outcomes.stats.survival.event_table import EventTable, checked, distinct_times, event_table, reverse_cumsum
from iop_outcomes.stats.survival.risk_sets import Reach, risk_sets

CENSORING = ("after_events", "with_events")


@dataclass(frozen=True)
class FineGrayFit:
    """Fitted model.

    Attributes
    ----------
    cox : CoxFit
        The weighted partial likelihood fit: ``names``, ``coefficients``, ``log_likelihood`` ...
    censoring : tuple of (rows, EventTable)
        Rows of each censoring group and their censorings as events, on the clock of ``clock``.
    clock : ndarray, shape (n,)
        Order of everybody's times, ties between events and censorings decided.
    event_clock : ndarray, shape (K,)
        The event times on that clock.
    ties_with_censoring : {"after_events", "with_events"}
    """

    cox: CoxFit
    censoring: tuple[tuple[NDArray[np.intp], EventTable], ...]
    clock: NDArray[np.intp]
    event_clock: NDArray[np.intp]
    ties_with_censoring: str

    def covariance(self, cluster: ArrayLike | None = None, *, count_censoring: bool = True) -> NDArray[np.float64]:
        """Return the robust covariance of the coefficients, shape (p, p).

        Parameters
        ----------
        cluster : array_like, shape (n,), optional
            Independent units; every person is one unless given.
        count_censoring : bool
            Whether to count that the censoring distribution is estimated (R's ``crr``) or to take its weights as
            fixed (R's ``finegray`` with ``coxph``).
        """
        scores = self.score_influence(count_censoring=count_censoring)
        if cluster is None:
            middle = scores.squares
        else:
            codes, units = pd.factorize(np.asarray(cluster))
            sums = scores.cluster_sums(codes, len(units))
            middle = sums.T @ sums
        return self.cox.covariance @ middle @ self.cox.covariance

    def score_influence(self, *, count_censoring: bool = True) -> ScoreInfluence:
        """Return the influence of every person on the score."""
        scores = score_influence(self.cox.at)
        if not count_censoring:
            return scores
        parts = list(scores.parts)
        for (rows, table), reach in zip(self.censoring, self.cox.at.data.sets.reaches[1:], strict=True):
            parts += self._through_censoring(rows, table, reach)
        return replace(scores, parts=tuple(parts))

    def _through_censoring(self, rows, table, reach):
        """Return the parts of the influence that pass through one group's censoring distribution."""
        at, data = self.cox.at, self.cox.at.data
        steps = np.column_stack([at.h, at.mean_risk]) * reach.level[:, None]
        ahead = np.concatenate([reverse_cumsum(steps), np.zeros_like(steps[:1])])
        # crr lets a censoring touch the weights of its own time, and not of those whose other event is at that time.
        moments = table.time - (self.ties_with_censoring == "with_events")
        ahead = ahead[np.searchsorted(self.event_clock, moments, side="right")]
        factor = reach.factor * (data.weights * at.risk)[reach.rows]
        own = np.searchsorted(moments, self.clock[reach.rows])
        staying = np.cumsum(np.bincount(own, factor, len(moments) + 1))[:-1]
        sums = np.cumsum(data.matrix.rows(reach.rows).group_sums(factor, own, len(moments) + 1), axis=0)[:-1]
        # What one more censoring at u does to the score, by the weights of those who stay beyond u.
        slope = (sums * ahead[:, :1] - staying[:, None] * ahead[:, 1:]) / table.n_risk[:, None]
        censored = table.event > 0
        seen = (rows[censored], table.code[censored], np.full(int(censored.sum()), -1.0), slope)
        return [seen, (rows, table.code, np.ones(len(rows)), np.cumsum(slope * table.hazard[:, None], axis=0))]


def fit_fine_gray(
    matrix: ModelMatrix,
    time: ArrayLike,
    event: ArrayLike,
    *,
    cause: int = 1,
    weights: ArrayLike | None = None,
    ties: str = "breslow",
    censoring: str = "after_events",
    censoring_groups: ArrayLike | None = None,
) -> FineGrayFit:
    """Fit Fine and Gray's model.

    A person with another event at s stays in the risk set of a later time t with weight G(t-)/G(s-), G the Kaplan-Meier
    estimate of not being censored.

    Parameters
    ----------
    matrix : ModelMatrix
    time : array_like, shape (n,)
    event : array_like, shape (n,)
        0 = censored, 1, 2, ... = cause.
    cause : int
        Cause of interest.
    weights : array_like, shape (n,), optional
        Probability weights; they do not enter G.
    ties : {"breslow", "efron"}
    censoring : {"after_events", "with_events"}
        At one time, whether people are censored after all events (R's ``finegray``), or are at risk of censoring
        together with those who have an event then (R's ``crr``). Coefficients differ in the fourth digit.
    censoring_groups : array_like, shape (n,), optional
        Groups with a censoring distribution each.

    Raises
    ------
    EstimationError
        As in :func:`~iop_outcomes.stats.survival.cox.fit_cox`.

    References
    ----------
    Fine & Gray 1999, JASA 94:496; as a weighted Cox model, Geskus 2011, Biometrics 67:39.
    """
    if censoring not in CENSORING:
        hint = did_you_mean(censoring, CENSORING)
        raise EstimationError(f"Fine-Gray model: there is no rule '{censoring}' for censoring; {hint}")
    time, event, weights = checked(time, event, weights)
    sets = risk_sets(time, event == cause, weights=weights)
    competing = (event > 0) & (event != cause)
    days, code = distinct_times(time)
    clock = 2 * code + ((event == 0) if censoring == "after_events" else 0)
    moments = 2 * np.searchsorted(days, sets.time)
    groups = (
        np.zeros(len(time), dtype=np.intp)
        if censoring_groups is None
        else pd.factorize(np.asarray(censoring_groups))[0]
    )
    tables, stays = [], []
    for group in range(groups.max() + 1):
        rows = np.flatnonzero(groups == group)
        table = event_table(clock[rows], event[rows] == 0)
        tables.append((rows, table))
        stays.append(_stay(rows[competing[rows]], table, clock, moments, sets.reaches[0]))
    sets = replace(sets, reaches=(*sets.reaches, *stays))
    cox = fit_partial_likelihood(CoxData(without_intercept(matrix), sets, weights, ties))
    return FineGrayFit(cox, tuple(tables), clock, moments, censoring)


def _stay(rows, table, clock, moments, reach) -> Reach:
    """Return how people with another event stay in later risk sets."""
    uncensored = np.append(1.0, table.survival)
    at_events = uncensored[np.searchsorted(table.time, moments)]
    at_own = uncensored[np.searchsorted(table.time, clock[rows])]
    index = np.searchsorted(moments, clock[rows], side="right")
    return Reach(index, 1 / at_own, reach.start, reach.stop, rows=rows, level=at_events, later=True)
