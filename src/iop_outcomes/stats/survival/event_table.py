"""Follow-up collapsed to its distinct times: who is at risk, who has an event, who is censored.

Days are few even where people are many, so every non-parametric estimate is one ``bincount`` over the people followed
by arithmetic on as many numbers as there are distinct times.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from iop_outcomes.kernel.errors import EstimationError, counted
from iop_outcomes.stats.survival.tied_times import on_known_times, tied_times


def distinct_times(time: ArrayLike) -> tuple[NDArray, NDArray[np.intp]]:
    """Return the distinct times in order, and for every row the position of its own.

    Parameters
    ----------
    time : array_like, shape (n,)

    Returns
    -------
    times : ndarray, shape (k,)
    codes : ndarray, shape (n,)
    """
    time = np.asarray(time, dtype=float)
    if len(time) == 0:
        return time, np.zeros(0, dtype=np.intp)
    low, span = time.min(), time.max() - time.min()
    # Counting whole days is ten times faster than sorting a million of them.
    if span <= 4 * len(time) + 1_000 and np.array_equal(time, np.rint(time)):
        day = (time - low).astype(np.intp)
        present = np.bincount(day) > 0
        return np.flatnonzero(present) + low, (np.cumsum(present) - 1)[day]
    return np.unique(time, return_inverse=True)


def reverse_cumsum(values: NDArray) -> NDArray:
    """Return sums of ``values`` from each position along the first axis to the end."""
    return np.cumsum(values[::-1], axis=0)[::-1]


def ratio(numerator: NDArray, denominator: NDArray) -> NDArray[np.float64]:
    """Return the quotient, 0 where the denominator is 0: nobody is left there to say anything."""
    return np.divide(numerator, denominator, out=np.zeros(np.shape(denominator)), where=np.asarray(denominator) != 0)


def checked(
    time: ArrayLike, event: ArrayLike, weights: ArrayLike | None = None
) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.float64]]:
    """Return follow-up times, event codes (0 = censored) and weights as arrays that can be trusted.

    Times that differ only by rounding are made one (see ``tied_times``).

    Raises
    ------
    EstimationError
        Lengths differ, nobody is left, a value is missing, a time or weight is negative, or an event code is not a
        whole number from 0 on.
    """
    time = np.asarray(time, dtype=float)
    event = np.asarray(event, dtype=float)
    weights = np.ones(len(time)) if weights is None else np.asarray(weights, dtype=float)
    if not len(time) == len(event) == len(weights):
        raise EstimationError(
            f"survival: times, events and weights have {len(time):,}, {len(event):,} and {len(weights):,} rows; "
            "give one of each per person"
        )
    for name, values in (("follow-up times", time), ("event codes", event), ("weights", weights)):
        wrong = int((~np.isfinite(values) | (values < 0)).sum())
        if wrong:
            raise EstimationError(
                f"survival: {counted(wrong, 'row has', 'rows have')} missing, infinite or negative {name}; "
                "leave those people out or say how they are to be treated"
            )
    if not weights.sum() > 0:
        raise EstimationError("survival: nobody has a weight above zero, so that there is nothing to estimate from")
    codes = event.astype(np.int64)
    wrong = int((codes != event).sum())
    if wrong:
        raise EstimationError(
            f"survival: {counted(wrong, 'row has', 'rows have')} an event code that is no whole number; "
            "0 is censored, 1 (2, ...) is an event"
        )
    return tied_times(time)[0], codes, weights


@dataclass(frozen=True)
class EventTable:
    """People and the distinct times at which something happens to them.

    Attributes
    ----------
    time : ndarray, shape (k,)
        Distinct times of events and censorings.
    code : ndarray, shape (n,)
        Position of each person's own time.
    event : ndarray, shape (n,)
        0 = censored, 1, 2, ... = cause of the event.
    weights : ndarray, shape (n,)
    n_causes : int
    """

    time: NDArray[np.float64]
    code: NDArray[np.intp]
    event: NDArray[np.int64]
    weights: NDArray[np.float64]
    n_causes: int

    @property
    def n_people(self) -> int:
        """Rows."""
        return len(self.code)

    def sums(self, values: NDArray) -> NDArray[np.float64]:
        """Return sums of ``values`` over the people whose time is each distinct time, shape (k,)."""
        return np.bincount(self.code, weights=values, minlength=len(self.time))

    @cached_property
    def n_leaving(self) -> NDArray[np.float64]:
        """Weight of those with an event or censored at each time."""
        return self.sums(self.weights)

    @cached_property
    def n_events_by_cause(self) -> NDArray[np.float64]:
        """Weight of events, shape (n_causes, k)."""
        size = len(self.time)
        cells = np.bincount(self.event * size + self.code, self.weights, (self.n_causes + 1) * size)
        return cells.reshape(self.n_causes + 1, size)[1:]

    @cached_property
    def n_events(self) -> NDArray[np.float64]:
        """Weight of events of any cause at each time."""
        return self.n_events_by_cause.sum(axis=0) if self.n_causes > 1 else self.n_events_by_cause[0]

    @cached_property
    def n_censored(self) -> NDArray[np.float64]:
        """Weight of the censored at each time."""
        return self.n_leaving - self.n_events

    @cached_property
    def n_risk(self) -> NDArray[np.float64]:
        """Weight of those still followed just before each time."""
        return reverse_cumsum(self.n_leaving)

    @cached_property
    def n_survivors(self) -> NDArray[np.float64]:
        """Weight of those at risk who have no event at each time."""
        later = np.append(self.n_risk[1:], 0.0)
        # Counted from the survivors, because n - d leaves rounding where everybody has the event.
        return later + np.where(self.n_censored > 1e-12 * self.n_leaving, self.n_censored, 0.0)

    @cached_property
    def hazard(self) -> NDArray[np.float64]:
        """Events of any cause over those at risk."""
        return ratio(self.n_events, self.n_risk)

    @cached_property
    def hazard_by_cause(self) -> NDArray[np.float64]:
        """Events of each cause over those at risk, shape (n_causes, k)."""
        return ratio(self.n_events_by_cause, np.broadcast_to(self.n_risk, self.n_events_by_cause.shape))

    @cached_property
    def survival(self) -> NDArray[np.float64]:
        """Kaplan-Meier estimate just after each time."""
        return np.cumprod(ratio(self.n_survivors, self.n_risk))

    @cached_property
    def survival_before(self) -> NDArray[np.float64]:
        """Kaplan-Meier estimate just before each time."""
        return np.append(1.0, self.survival[:-1])

    def position(self, at: ArrayLike) -> NDArray[np.intp]:
        """Return the position of the last distinct time not after each of ``at``, -1 where there is none."""
        return np.searchsorted(self.time, on_known_times(at, self.time), side="right") - 1

    def n_risk_at(self, at: ArrayLike) -> NDArray[np.float64]:
        """Return the weight of those still followed just before each of ``at``."""
        return np.append(self.n_risk, 0.0)[np.searchsorted(self.time, on_known_times(at, self.time))]

    def martingale_integral(self, values: NDArray, cause: int | None = None) -> NDArray[np.float64]:
        """Return for every person the integral of ``values`` over own events less those expected while at risk.

        Parameters
        ----------
        values : ndarray, shape (k,)
        cause : int, optional
            Events of this cause only; of any cause unless given.

        Returns
        -------
        ndarray, shape (n,)
        """
        hazard = self.hazard if cause is None else self.hazard_by_cause[cause - 1]
        happened = self.event > 0 if cause is None else self.event == cause
        return np.where(happened, values[self.code], 0.0) - np.cumsum(values * hazard)[self.code]


def event_table(time: ArrayLike, event: ArrayLike, weights: ArrayLike | None = None) -> EventTable:
    """Collapse follow-up to its distinct times.

    Parameters
    ----------
    time : array_like, shape (n,)
        Time of the event or of censoring. A person censored at a time was at risk at it.
    event : array_like, shape (n,)
        0 = censored, 1, 2, ... = cause.
    weights : array_like, shape (n,), optional

    Raises
    ------
    EstimationError
        See ``checked``.
    """
    time, event, weights = checked(time, event, weights)
    times, codes = distinct_times(time)
    return EventTable(times, codes, event, weights, max(int(event.max()), 1))
