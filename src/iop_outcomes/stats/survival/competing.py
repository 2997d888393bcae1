"""Competing risks: cumulative incidence of each cause (Aalen-Johansen), and time lost to it."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from iop_outcomes.kernel.errors import EstimationError, did_you_mean
from iop_outcomes.stats.survival.event_table import EventTable, event_table, ratio
from iop_outcomes.stats.survival.kaplan_meier import survival_interval
from iop_outcomes.stats.survival.rmst import RestrictedMean, refuse_unseen, widths
from iop_outcomes.stats.survival.step_moments import step_moments

VARIANCES = ("robust", "aalen")


@dataclass(frozen=True)
class CumulativeIncidence:
    """Cumulative incidence of every cause in one group, at every distinct time.

    Attributes
    ----------
    table : EventTable
    variance : {"robust", "aalen"}
    cluster : ndarray of int, shape (n,), or None
    """

    table: EventTable
    variance: str
    cluster: NDArray[np.intp] | None = None

    @cached_property
    def incidence(self) -> NDArray[np.float64]:
        """Share who have had the event of each cause, shape (n_causes, k)."""
        table = self.table
        return np.cumsum(table.survival_before * table.hazard_by_cause, axis=1)

    @cached_property
    def se(self) -> NDArray[np.float64]:
        """Standard errors, shape (n_causes, k)."""
        make = self._robust_variance if self.variance == "robust" else self._aalen_variance
        return np.sqrt([np.maximum(make(cause), 0.0) for cause in range(1, self.table.n_causes + 1)])

    def of_causes(self, n_causes: int) -> "CumulativeIncidence":
        """Return the same curves with at least so many causes: one that nobody here has had has incidence zero."""
        if n_causes < 1:
            raise EstimationError(f"cumulative incidence: cause {n_causes} asked for; causes are 1, 2, ...")
        if n_causes <= self.table.n_causes:
            return self
        return replace(self, table=replace(self.table, n_causes=n_causes))

    def at(self, times: ArrayLike, cause: int = 1, kind: str = "log-log", level: float = 0.95) -> pd.DataFrame:
        """Return incidence of one cause at given times: time, n_risk, incidence, se, ci_low, ci_high."""
        times, curve = np.asarray(times, dtype=float), self.of_causes(cause)
        position = curve.table.position(times) + 1
        incidence, se = (
            np.append(0.0, curve.incidence[cause - 1])[position],
            np.append(0.0, curve.se[cause - 1])[position],
        )
        low, high = survival_interval(incidence, se, kind, level)
        columns = {
            "time": times,
            "n_risk": self.table.n_risk_at(times),
            "incidence": incidence,
            "se": se,
            "ci_low": low,
            "ci_high": high,
        }
        return pd.DataFrame(columns)

    def influence(self, times: ArrayLike, cause: int = 1) -> NDArray[np.float64]:
        """Return what each person adds to the incidence at given times, weights held fixed, shape (n, times)."""
        curve = self.of_causes(cause)
        table, incidence = curve.table, curve.incidence[cause - 1]
        columns = []
        for position in table.position(np.atleast_1d(times)):
            until = np.arange(len(table.time)) <= position
            final = incidence[position] if position >= 0 else 0.0
            columns.append(curve._influence(until, until * (final - incidence), cause))
        return np.column_stack(columns)

    def time_lost(self, until: float, cause: int = 1) -> RestrictedMean:
        """Return the mean time lost to a cause up to ``until``: the area under its cumulative incidence.

        Raises
        ------
        EstimationError
            Follow-up ends earlier while some have had no event.

        References
        ----------
        Andersen 2013, Stat Med 32:5278.
        """
        curve = self.of_causes(cause)
        table, incidence = curve.table, curve.incidence[cause - 1]
        refuse_unseen(table, until)
        span = widths(table, until)
        area = np.cumsum((incidence * span)[::-1])[::-1]
        remaining = np.cumsum(span[::-1])[::-1]
        influence = curve._influence(remaining, area - incidence * remaining, cause)
        value = float(area[0])
        return RestrictedMean(value, float(np.sqrt(np.sum(influence**2))), until, influence)

    def _influence(self, own, later, cause):
        """Return the influences that count ``own`` for events of the cause, less ``later`` for leaving by any."""
        table = self.table
        gained = table.martingale_integral(own * ratio(table.survival_before, table.n_risk), cause)
        return table.weights * (gained - table.martingale_integral(ratio(later, table.n_survivors)))

    def _robust_variance(self, cause):
        # F(t) enters the influences only as a factor, so three step functions give the variance at all times.
        table, incidence = self.table, self.incidence[cause - 1]
        own, any_cause = ratio(table.survival_before, table.n_risk), ratio(np.ones(len(table.time)), table.n_survivors)
        hazard = table.hazard_by_cause[cause - 1]
        gained = table.martingale_integral(own, cause) + table.martingale_integral(incidence * any_cause)
        jumps = table.weights[:, None] * np.column_stack(
            [gained, table.martingale_integral(any_cause), -np.ones(table.n_people)]
        )
        starts = np.column_stack([np.zeros((table.n_people, 2)), table.weights])
        moments = step_moments(table.code, len(table.time), jumps, starts, self.cluster)
        expected = np.cumsum(own * hazard + incidence * any_cause * table.hazard)
        expected -= incidence * np.cumsum(any_cause * table.hazard)
        along = np.column_stack([np.ones(len(incidence)), -incidence, -expected])
        return np.einsum("ka,kab,kb->k", along, moments, along)

    def _aalen_variance(self, cause):
        # An event of the cause adds 1 - (F(t) - F(u))/S(u), one of another cause only the second part.
        table, incidence = self.table, self.incidence[cause - 1]
        after = ratio(np.ones(len(table.time)), table.survival)
        own = table.n_events_by_cause[cause - 1]
        variance = np.zeros(len(table.time))
        for events, gain in ((own, 1.0), (table.n_events - own, 0.0)):
            spread = increment_variance(table, events)
            constant = gain + incidence * after
            variance += np.cumsum(constant**2 * spread) - 2 * incidence * np.cumsum(constant * after * spread)
            variance += incidence**2 * np.cumsum(after**2 * spread)
        return variance


def increment_variance(table: EventTable, events: NDArray) -> NDArray[np.float64]:
    """Return the variance of the steps S(t-) d/n of a cumulative incidence, with (n - d)/(n - 1) for ties."""
    n = table.n_risk
    return ratio(table.survival_before**2 * events * np.where(events > 1, ratio(n - events, n - 1), 1.0), n**2)


def cumulative_incidence(
    time: ArrayLike,
    event: ArrayLike,
    weights: ArrayLike | None = None,
    *,
    cluster: ArrayLike | None = None,
    variance: str = "robust",
) -> CumulativeIncidence:
    """Estimate the cumulative incidence of competing events in one group (Aalen-Johansen).

    Parameters
    ----------
    time : array_like, shape (n,)
    event : array_like, shape (n,)
        0 = censored, 1, 2, ... = cause.
    weights : array_like, shape (n,), optional
        Taken as fixed.
    cluster : array_like, shape (n,), optional
        Units of the robust variance; every person is one unless given.
    variance : {"robust", "aalen"}
        The infinitesimal jackknife, right with weights and clusters too; or Aalen's, for unweighted data.

    Raises
    ------
    EstimationError
        Times, events or weights cannot be used, or Aalen's variance is asked for with weights or clusters.

    References
    ----------
    Aalen & Johansen 1978, Scand J Stat 5:141; Aalen 1978, Ann Stat 6:534 (variance).
    """
    if variance not in VARIANCES:
        hint = did_you_mean(variance, VARIANCES)
        raise EstimationError(f"cumulative incidence: there is no variance '{variance}'; {hint}")
    if variance == "aalen" and (cluster is not None or weights is not None):
        raise EstimationError(
            "cumulative incidence: Aalen's variance knows no weights or clusters; use variance='robust'"
        )
    codes = None if cluster is None else pd.factorize(np.asarray(cluster))[0]
    return CumulativeIncidence(event_table(time, event, weights), variance, codes)
