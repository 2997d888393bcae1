"""Who is at risk when somebody has an event, and sums over those people at every event time.

A row is at risk over a range of event times, so that a sum over all risk sets is one ``bincount`` by the end of the
range followed by a running sum over event times: work grows with people plus event times, never with their product.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from iop_outcomes.kernel.errors import EstimationError, counted
from iop_outcomes.stats.linear.matrix import ModelMatrix
from iop_outcomes.stats.survival.event_table import checked, distinct_times
from iop_outcomes.stats.survival.tied_times import tied_times


@dataclass(frozen=True)
class Reach:
    """One share of the membership of rows in risk sets.

    Row ``rows[i]`` counts ``factor[i] * level[k]`` at the event times k < ``index[i]`` of its stratum or, where
    ``later``, at those k >= ``index[i]``.

    Attributes
    ----------
    index : ndarray of int, shape (r,)
        0 to K; 0 means never (always, where ``later``).
    factor : ndarray, shape (r,)
    stop : ndarray, shape (K,)
        End of the stratum of each event time.
    start : ndarray, shape (K,)
    rows : ndarray of int, shape (r,), or None for all rows
    level : ndarray, shape (K,), or None for 1
    later : bool
    """

    index: NDArray[np.intp]
    factor: NDArray[np.float64]
    start: NDArray[np.intp]
    stop: NDArray[np.intp]
    rows: NDArray[np.intp] | None = None
    level: NDArray[np.float64] | None = None
    later: bool = False

    def take(self, values: NDArray) -> NDArray:
        """Return ``values`` of the rows concerned."""
        return values if self.rows is None else values[self.rows]

    def to_risk_sets(self, sums: NDArray) -> NDArray:
        """Turn sums by ``index``, shape (K + 1, ...), into sums over risk sets, shape (K, ...)."""
        from_here = np.cumsum(sums[::-1], axis=0)[::-1]
        if self.later:
            result = from_here[:1] - from_here[1:]
        else:
            beyond = np.concatenate([from_here[1:], np.zeros_like(from_here[:1])])
            # beyond[stop] holds the rows of the strata that follow.
            result = from_here[1:] - beyond[self.stop] if self.stop[0] < len(self.stop) else from_here[1:]
        return result if self.level is None else self._levelled(result)

    def to_rows(self, increments: NDArray) -> NDArray:
        """Turn increments at event times, shape (K, ...), into what each ``index`` collects, shape (K + 1, ...)."""
        if self.level is not None:
            increments = self._levelled(increments)
        running = np.concatenate([np.zeros_like(increments[:1]), np.cumsum(increments, axis=0)])
        if self.later:
            return running[-1] - running
        if self.stop[0] < len(self.stop):
            running[1:] -= running[self.start]
        return running

    def _levelled(self, values):
        return values * self.level.reshape(-1, *[1] * (values.ndim - 1))


@dataclass(frozen=True)
class RiskSets:
    """Event times within strata, the rows that have events, and membership in the risk sets.

    Attributes
    ----------
    time, stratum : ndarray, shape (K,)
        The event times, those of one stratum after those of another.
    deaths : ndarray of int
        Rows that have the event.
    death_time : ndarray of int
        Event time of each of those rows.
    reaches : tuple of Reach
    end : ndarray, shape (n,)
        End of follow-up of each row.
    entry : ndarray, shape (n,), or None
        Its beginning, where it is not 0 for all.
    """

    n_rows: int
    time: NDArray[np.float64]
    stratum: NDArray[np.intp]
    deaths: NDArray[np.intp]
    death_time: NDArray[np.intp]
    reaches: tuple[Reach, ...]
    end: NDArray[np.float64]
    entry: NDArray[np.float64] | None = None

    @property
    def n_times(self) -> int:
        """Event times, counted within strata."""
        return len(self.time)

    @cached_property
    def n_deaths(self) -> NDArray[np.int64]:
        """Rows with the event at each event time."""
        return np.bincount(self.death_time, minlength=self.n_times)

    def at_deaths(self, values: NDArray) -> NDArray[np.float64]:
        """Return sums of ``values``, shape (n,), over the rows with the event at each event time."""
        return np.bincount(self.death_time, values[self.deaths], self.n_times)

    def sums(self, values: NDArray) -> NDArray[np.float64]:
        """Return sums of ``values``, shape (n,), over the risk set of each event time."""
        total = np.zeros(self.n_times)
        for reach in self.reaches:
            part = np.bincount(reach.index, reach.factor * reach.take(values), self.n_times + 1)
            total += reach.to_risk_sets(part)
        return total

    def matrix_sums(self, matrix: ModelMatrix, values: NDArray) -> NDArray[np.float64]:
        """Return sums of ``values[i] * x[i]`` over the risk set of each event time, shape (K, p)."""
        total = np.zeros((self.n_times, len(matrix.names)))
        for reach in self.reaches:
            rows = matrix if reach.rows is None else matrix.rows(reach.rows)
            part = rows.group_sums(reach.factor * reach.take(values), reach.index, self.n_times + 1)
            total += reach.to_risk_sets(part)
        return total

    def collect(self, increments: NDArray) -> NDArray[np.float64]:
        """Return for every row the sum of ``increments``, shape (K,) or (K, q), over the risk sets it is in."""
        result = np.zeros((self.n_rows, *increments.shape[1:]))
        for reach in self.reaches:
            factor = reach.factor.reshape(-1, *[1] * (increments.ndim - 1))
            part = factor * reach.to_rows(increments)[reach.index]
            if reach.rows is None:
                result += part
            else:
                result[reach.rows] += part
        return result


def risk_sets(
    time: ArrayLike,
    event: ArrayLike,
    *,
    entry: ArrayLike | None = None,
    strata: ArrayLike | None = None,
    weights: ArrayLike | None = None,
) -> RiskSets:
    """Return the risk sets of follow-up that begins at 0 or at ``entry`` and ends at ``time``.

    Parameters
    ----------
    time, event : array_like, shape (n,)
        End of follow-up, and whether it ended in the event.
    entry : array_like, shape (n,), optional
        Beginning; a row is at risk after it and up to ``time``.
    strata : array_like, shape (n,), optional
    weights : array_like, shape (n,), optional
        Rows without weight have no events.

    Raises
    ------
    EstimationError
        The arrays cannot be used, an entry is not before its time, or there is no event.
    """
    end, event, weights = checked(time, event, weights)
    happened = (event > 0) & (weights > 0)
    if not happened.any():
        raise EstimationError("survival: nobody has the event, so that hazards cannot be compared")
    for name, given in (("entry", entry), ("strata", strata)):
        if given is not None and len(given) != len(end):
            raise EstimationError(f"survival: {name} has {len(given):,} rows and times {len(end):,}; give one per row")
    if entry is not None:
        end, entry = tied_times(time, entry)
        wrong = int((~(entry < end)).sum())
        if wrong:
            raise EstimationError(
                f"survival: {counted(wrong, 'row begins', 'rows begin')} at or after the end; "
                "entry must be before the end of follow-up"
            )
    codes = np.zeros(len(end), dtype=np.intp) if strata is None else pd.factorize(np.asarray(strata), sort=True)[0]
    times, position = distinct_times(end[happened])
    deaths = np.flatnonzero(happened)
    cell, death_time = distinct_times(codes[deaths] * len(times) + position)
    cell = cell.astype(np.intp)
    stratum, cell_time = np.divmod(cell, len(times))
    start, stop = np.searchsorted(stratum, stratum), np.searchsorted(stratum, stratum, side="right")
    ends = [(end, 1.0)] if entry is None else [(end, 1.0), (entry, -1.0)]
    reaches = tuple(
        Reach(_last_before(codes, moment, times, cell, stratum), np.full(len(end), sign), start, stop)
        for moment, sign in ends
    )
    return RiskSets(len(end), times[cell_time], stratum, deaths, death_time, reaches, end, entry)


def _last_before(codes, moment, times, cell, stratum):
    """Return the number of event times up to and with those of the own stratum that are not after ``moment``."""
    distinct, own = distinct_times(moment)
    passed = np.searchsorted(times, distinct, side="right")[own]
    if stratum[-1] == 0 and not codes.any():
        return passed
    index = np.searchsorted(cell, codes * len(times) + passed)
    first = np.searchsorted(stratum, codes)
    return np.where(index > first, index, 0)
