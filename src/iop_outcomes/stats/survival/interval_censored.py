"""Survival from interval-censored times: the non-parametric maximum likelihood estimate (Turnbull)."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from iop_outcomes.kernel.errors import EstimationError, counted
from iop_outcomes.stats.survival.event_table import distinct_times
from iop_outcomes.stats.survival.tied_times import on_known_times, tied_times

MOST_STEPS = 100_000
TOLERANCE = 1e-10
SMALLEST_MASS = 1e-12
POLISH_EVERY = 20
POLISHED_MASS = 1e-4
POLISHING_STEPS = 12
LARGEST_COVARIANCE = 2_000


@dataclass(frozen=True)
class IntervalCensored:
    """Where the events may lie, and the share of them in each place.

    Attributes
    ----------
    lower, upper : ndarray, shape (m,)
        The innermost intervals (lower, upper]; a single time where both are equal. Nothing tells where inside one the
        events are.
    mass : ndarray, shape (m,)
        Share of all people with the event in each; together 1, with what lies beyond the last time seen in one up to
        infinity.
    gap : float
        How far the estimate is from the maximum: the mean log likelihood cannot be higher by more.
    pattern : ndarray of int, shape (n,)
        Which of the distinct intervals each person has.
    weights : ndarray, shape (n,)
    pattern_influence : ndarray, shape (patterns, m)
        What a person of weight 1 with each distinct interval adds to the masses.
    cluster : ndarray of int, shape (n,), or None
    """

    lower: NDArray[np.float64]
    upper: NDArray[np.float64]
    mass: NDArray[np.float64]
    gap: float
    pattern: NDArray[np.intp]
    weights: NDArray[np.float64]
    pattern_influence: NDArray[np.float64]
    cluster: NDArray[np.intp] | None = None

    @cached_property
    def covariance(self) -> NDArray[np.float64]:
        """Sandwich covariance of the masses, shape (m, m), by person or by cluster."""
        from scipy.sparse import coo_array

        patterns = len(self.pattern_influence)
        if self.cluster is None:
            squares = np.bincount(self.pattern, self.weights**2, patterns)
            return (self.pattern_influence * squares[:, None]).T @ self.pattern_influence
        shape = (int(self.cluster.max()) + 1, patterns)
        units = coo_array((self.weights, (self.cluster, self.pattern)), shape=shape).tocsr() @ self.pattern_influence
        return units.T @ units

    def influence(self, values: NDArray) -> NDArray[np.float64]:
        """Return what each person adds to the masses times ``values``, shape (m, q), as an n x q array."""
        return self.weights[:, None] * (self.pattern_influence @ values)[self.pattern]

    def at(self, times: ArrayLike) -> pd.DataFrame:
        """Return survival at given times.

        Returns
        -------
        DataFrame
            Columns time, survival, se, and survival_low and survival_high, the ends of what the data allow. Inside an
            interval ``survival`` has its events spread evenly; elsewhere the three agree.
        """
        times = np.atleast_1d(np.asarray(times, dtype=float))
        even = self.survival_values(times)
        return pd.DataFrame(
            {
                "time": times,
                "survival": self.mass @ even,
                "se": self._se(even),
                "survival_low": self.mass @ self.survival_values(times, "early"),
                "survival_high": self.mass @ self.survival_values(times, "late"),
            }
        )

    def restricted_mean(self, until: float) -> tuple[float, float]:
        """Return the mean time survived up to ``until`` and its standard error, events even inside intervals."""
        values = self.mean_values(until)
        return float(self.mass @ values), float(self._se(values[:, None])[0])

    def _se(self, values):
        return np.sqrt(np.maximum(np.einsum("mt,mn,nt->t", values, self.covariance, values), 0.0))

    def survival_values(self, times: NDArray, spread: str = "even") -> NDArray[np.float64]:
        """Return the share of each interval's events that come after each time, shape (m, t).

        Parameters
        ----------
        times : ndarray, shape (t,)
        spread : {"even", "early", "late"}
            Where inside their interval the events are.
        """
        lower, upper = self.lower[:, None], self.upper[:, None]
        ends = np.unique(np.concatenate([self.lower, self.upper]))
        times = on_known_times(times, ends[np.isfinite(ends)])
        if spread == "early":
            return 1.0 - ((times > lower) | (times >= upper))
        bounded = (upper > lower) & np.isfinite(upper)
        if spread == "late":
            return 1.0 - (times >= upper)
        width = np.where(bounded, upper - lower, 1.0)
        return np.where(bounded, np.clip(1 - (times - lower) / width, 0, 1), 1.0 - (times >= upper))

    def mean_values(self, until: float) -> NDArray[np.float64]:
        """Return the mean of min(T, until) for events in each interval, evenly spread inside it, shape (m,)."""
        width = self.upper - self.lower
        inside = np.clip(np.minimum(self.upper, until) - self.lower, 0, None)
        # The area under the survival of one interval: 1 up to it, then falling in a straight line.
        lost = np.divide(inside**2, 2 * width, out=np.zeros_like(inside), where=np.isfinite(width) & (width > 0))
        return np.minimum(self.lower, until) + inside - lost


def interval_censored(
    lower: ArrayLike, upper: ArrayLike, weights: ArrayLike | None = None, *, cluster: ArrayLike | None = None
) -> IntervalCensored:
    """Estimate survival from times known to lie in intervals.

    Parameters
    ----------
    lower, upper : array_like, shape (n,)
        Each event is in (lower, upper]; it is at one exact time where both are equal, and after ``lower`` where
        ``upper`` is infinite (right-censored).
    weights : array_like, shape (n,), optional
    cluster : array_like, shape (n,), optional
        Independent units of the covariance; every person is one unless given.

    Raises
    ------
    EstimationError
        An interval is missing or ends before it begins, or the estimate was not reached.

    Notes
    -----
    Standard errors hold where people share few inspection times, such as the classes of a coded length of stay. With
    inspection times of everybody's own the estimate converges more slowly than they say.

    References
    ----------
    Turnbull 1976, J R Stat Soc B 38:290; stopping rule: Gentleman & Geyer 1994, Biometrika 81:618; acceleration:
    Varadhan & Roland 2008, Scand J Stat 35:335.
    """
    lower, upper, weights = _checked(lower, upper, weights)
    patterns, pattern = _patterns(lower, upper)
    supports = _innermost(patterns)
    first, last = _covered(patterns, supports)
    counts = np.bincount(pattern, weights, len(patterns)) / weights.sum()
    mass, gap = _maximise(_Likelihood(first, last, counts, len(supports)))
    codes = None if cluster is None else pd.factorize(np.asarray(cluster))[0]
    effect = _pattern_influence(first, last, mass, np.bincount(pattern, weights, len(patterns)))
    return IntervalCensored(supports[:, 0], supports[:, 1], mass, gap, pattern, weights, effect, codes)


def _checked(lower, upper, weights):
    lower, upper = tied_times(lower, upper)
    weights = np.ones(len(lower)) if weights is None else np.asarray(weights, dtype=float)
    wrong = int((~(lower <= upper) | ~np.isfinite(lower) | (lower < 0) | ~(weights >= 0)).sum())
    if wrong:
        raise EstimationError(
            f"interval-censored survival: {counted(wrong, 'row has', 'rows have')} a missing or negative bound or "
            "weight, "
            "or an end before the beginning; give 0 <= lower <= upper, infinite where there is no upper bound"
        )
    kept = weights > 0
    if not kept.any():
        raise EstimationError("interval-censored survival: nobody has a weight above zero")
    return lower, upper, weights


def _patterns(lower, upper):
    """Return the distinct intervals, shape (patterns, 2), and which of them each row has."""
    beyond = max(lower.max(), upper[np.isfinite(upper)].max(initial=0.0)) + 1
    starts, start = distinct_times(lower)
    ends, end = distinct_times(np.where(np.isfinite(upper), upper, beyond))
    pairs, pattern = distinct_times(start * len(ends) + end)
    ends = np.where(ends == beyond, np.inf, ends)
    pairs = pairs.astype(np.intp)
    return np.column_stack([starts[pairs // len(ends)], ends[pairs % len(ends)]]), pattern


def _ordered(patterns):
    """Return left and right ends as keys in which an open left end comes after a closed right end at the same time."""
    values = np.unique(patterns)
    left, right = np.searchsorted(values, patterns[:, 0]), np.searchsorted(values, patterns[:, 1])
    exact = patterns[:, 0] == patterns[:, 1]
    return np.where(exact, 3 * left, 3 * left + 2), 3 * right + 1, values


def _innermost(patterns):
    """Return the intervals between a left end and a right end that follow one another, shape (m, 2)."""
    left, right, values = _ordered(patterns)
    keys = np.unique(np.concatenate([left, right]))
    is_right = keys % 3 == 1
    start = np.flatnonzero(~is_right[:-1] & is_right[1:])
    return np.column_stack([values[keys[start] // 3], values[keys[start + 1] // 3]])


def _covered(patterns, supports):
    """Return the first and one past the last support inside each pattern."""
    left, right, values = _ordered(patterns)
    support_right = 3 * np.searchsorted(values, supports[:, 1]) + 1
    return np.searchsorted(support_right, left), np.searchsorted(support_right, right, side="right")


@dataclass(frozen=True)
class _Likelihood:
    first: NDArray[np.intp]
    last: NDArray[np.intp]
    counts: NDArray[np.float64]
    size: int

    def gain(self, mass):
        """Return by how much one more unit of mass in each place raises the mean log likelihood, at most 1."""
        running = np.append(0.0, np.cumsum(mass))
        rate = self.counts / (running[self.last] - running[self.first])
        steps = np.bincount(self.first, rate, self.size + 1) - np.bincount(self.last, rate, self.size + 1)
        return np.cumsum(steps)[:-1]

    def value(self, mass):
        running = np.append(0.0, np.cumsum(mass))
        with np.errstate(divide="ignore", invalid="ignore"):
            return self.counts @ np.log(running[self.last] - running[self.first])


def _maximise(likelihood):
    mass = np.full(likelihood.size, 1 / likelihood.size)
    for step in range(MOST_STEPS):
        gain = likelihood.gain(mass)
        gap = float(gain.max() - 1)
        if gap < TOLERANCE:
            return mass, gap
        if step % POLISH_EVERY == POLISH_EVERY - 1:
            polished = _polished(likelihood, mass)
            if polished is not None:
                return polished
        mass = _accelerated(likelihood, mass, mass * gain)
    raise EstimationError(
        f"interval-censored survival: not at the maximum after {MOST_STEPS:,} steps (gap {gap:.1e}); "
        "make the intervals coarser"
    )


def _polished(likelihood, mass):
    """Return Newton's answer among the places that still hold mass, with its gap, if it is the maximum; else None."""
    active = np.flatnonzero(mass > POLISHED_MASS)
    held = mass[active] / mass[active].sum()
    for _ in range(POLISHING_STEPS):
        inside = _inside(likelihood.first, likelihood.last, active)
        reached = inside @ held
        if not reached.all():
            return None
        score = inside / reached[:, None]
        bread = np.linalg.pinv((score * likelihood.counts[:, None]).T @ score, hermitian=True)
        along = bread.sum(axis=1)
        gain = likelihood.counts @ score
        held = held + bread @ gain - along * (along @ gain) / along.sum()
        # A place that would go below zero holds no mass at the maximum.
        active, held = active[held > 0], held[held > 0] / held[held > 0].sum()
    result = np.zeros(likelihood.size)
    result[active] = held
    gap = float(likelihood.gain(result).max() - 1)
    return (result, gap) if gap < TOLERANCE else None


def _inside(first, last, active):
    """Return which of some places each pattern covers, as zeros and ones."""
    return ((first[:, None] <= active) & (active < last[:, None])).astype(float)


def _accelerated(likelihood, start, once):
    """Return the masses two self-consistency steps on, taken further along their direction while that helps."""
    twice = once * likelihood.gain(once)
    change, curve = once - start, twice - 2 * once + start
    bend = np.sqrt(curve @ curve)
    if bend == 0:
        return twice
    length = -np.sqrt(change @ change) / bend
    trial = start - 2 * length * change + length**2 * curve
    if length > -1 or trial.min() <= 0:
        return twice
    trial = trial * likelihood.gain(trial)
    return trial / trial.sum() if likelihood.value(trial) >= likelihood.value(twice) else twice


def _pattern_influence(first, last, mass, counts):
    """Return what one person with each distinct interval adds to the masses; places without mass are held there."""
    active = np.flatnonzero(mass > SMALLEST_MASS)
    if len(active) > LARGEST_COVARIANCE:
        raise EstimationError(
            f"interval-censored survival: {len(active):,} different intervals are too many for a standard error; "
            f"make them coarser (at most {LARGEST_COVARIANCE:,})"
        )
    inside = _inside(first, last, active)
    score = inside / (inside @ mass[active])[:, None]
    information = (score * counts[:, None]).T @ score
    # Masses add up to 1: the information times them is constant, so this is its inverse along that plane.
    bread = np.linalg.pinv(information, hermitian=True) - np.outer(mass[active], mass[active]) / counts.sum()
    result = np.zeros((len(first), len(mass)))
    result[:, active] = score @ bread
    return result
