"""The bootstrap by weights: how often each unit was drawn, instead of copies of its rows."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from iop_outcomes.kernel.errors import EstimationError, StudyError

#: Replicates of one number that differ by less than this share of its size show no variance.
ROUNDING = 1e-12


@dataclass(frozen=True)
class Replicates:
    """What replicates of the bootstrap gave.

    Attributes
    ----------
    values : ndarray, shape (n_replicates, k)
        Only replicates in which an estimate could be had.
    n_failed : int
        Replicates without one.
    """

    values: NDArray[np.float64]
    n_failed: int

    @property
    def se(self) -> NDArray[np.float64]:
        """Standard deviations, NaN where replicates do not differ: that shows no variance, and not that none is."""
        constant = np.ptp(self.values, axis=0) <= ROUNDING * np.abs(self.values).max(axis=0)
        return np.where(constant, np.nan, self.values.std(axis=0, ddof=1))

    def interval(self, level: float = 0.95) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the percentiles that hold ``level`` of the replicates.

        The k-th of B stands at k/(B + 1): of 200 those at k/B would leave out 6% where 5% are meant.

        References
        ----------
        Davison & Hinkley 1997, Bootstrap Methods and their Application, section 5.2.
        """
        low, high = np.quantile(self.values, [(1 - level) / 2, (1 + level) / 2], axis=0, method="weibull")
        return np.where(np.isnan(self.se), np.nan, low), np.where(np.isnan(self.se), np.nan, high)


def times_drawn(n_units: int, n_replicates: int, seed: int) -> Iterator[NDArray[np.float64]]:
    """Return for every replicate how often each of the units was drawn, shape (n_units,)."""
    generator = np.random.default_rng(seed)
    for _ in range(n_replicates):
        yield np.bincount(generator.integers(n_units, size=n_units), minlength=n_units).astype(float)


def replicate(
    estimate: Callable[[NDArray[np.float64]], NDArray[np.float64]], n_units: int, n_replicates: int, seed: int
) -> Replicates:
    """Estimate anew with units drawn with replacement.

    Parameters
    ----------
    estimate : callable
        From how often each unit was drawn, shape (n_units,), to k numbers. A replicate in which it raises a
        ``StudyError`` or one number is not finite is counted and left out.
    n_units, n_replicates, seed : int

    Raises
    ------
    EstimationError
        Fewer than two replicates are asked for, or more than a tenth give no estimate.

    References
    ----------
    Efron 1979, Ann Stat 7:1; by cluster: Field & Welsh 2007, JRSS-B 69:369.
    """
    if n_replicates < 2:
        raise EstimationError(f"bootstrap: {n_replicates} replicates asked for; it needs 2 or more, and 500 to be good")
    found = []
    for drawn in times_drawn(n_units, n_replicates, seed):
        try:
            values = np.asarray(estimate(drawn), dtype=float)
        except StudyError:
            continue
        if np.isfinite(values).all():
            found.append(values)
    failed = n_replicates - len(found)
    if failed > 0.1 * n_replicates:
        raise EstimationError(
            f"bootstrap: {failed:,} of {n_replicates:,} replicates gave no estimate, so that the others say nothing; "
            "too few people or clusters follow the rarer strategy or have the rarer arm or outcome"
        )
    return Replicates(np.array(found), failed)
