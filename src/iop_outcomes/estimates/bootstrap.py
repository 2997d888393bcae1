"""The bootstrap by cluster: an interval that trusts no formula, to check the others by."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from iop_outcomes.kernel.errors import EstimationError, StudyError
from iop_outcomes.stats.linear.sandwich import cluster_codes

#: Replicates that differ by less than this share of their size are the same.
ROUNDING = 1e-12


@dataclass(frozen=True)
class Bootstrap:
    """Result of ``bootstrap``.

    Attributes
    ----------
    se, ci_low, ci_high : float
        Standard deviation and percentiles of the replicates; NaN where these are all the same, which shows no variance
        and not that there is none.
    n_replicates, n_failed : int
        Replicates used, and those in which the estimate could not be had.
    """

    se: float
    ci_low: float
    ci_high: float
    n_replicates: int
    n_failed: int


def bootstrap(
    estimate: Callable[[NDArray[np.intp]], float],
    n_rows: int,
    *,
    cluster: ArrayLike | None = None,
    n_replicates: int = 500,
    seed: int = 0,
    level: float = 0.95,
) -> Bootstrap:
    """Resample rows, or whole clusters, with replacement and estimate anew each time.

    Parameters
    ----------
    estimate : callable
        Gets row positions, some of them more than once, and returns a number; ratios on the log scale. A replicate for
        which it raises a ``StudyError`` is counted and left out.
    n_rows : int
    cluster : array_like, shape (n_rows,), optional
    n_replicates, seed : int
    level : float
        Coverage of the percentile interval.

    Raises
    ------
    EstimationError
        More than a tenth of the replicates fail.

    References
    ----------
    Efron 1979, Ann Stat 7:1; by cluster: Field & Welsh 2007, JRSS-B 69:369.
    """
    generator = np.random.default_rng(seed)
    blocks = None if cluster is None else _blocks(cluster)
    n_units = n_rows if blocks is None else len(blocks)
    if n_replicates < 2:
        raise EstimationError(f"bootstrap: {n_replicates} replicates asked for; it needs 2 or more, and 500 to be good")
    values = np.full(n_replicates, np.nan)
    for replicate in range(n_replicates):
        drawn = generator.integers(n_units, size=n_units)
        rows = drawn if blocks is None else np.concatenate([blocks[i] for i in drawn])
        try:
            values[replicate] = estimate(rows)
        except StudyError:
            continue
    good = values[np.isfinite(values)]
    if len(good) < 0.9 * n_replicates:
        raise EstimationError(
            f"bootstrap: {n_replicates - len(good):,} of {n_replicates:,} replicates gave no estimate, so that the "
            "others say nothing; too few people or clusters have the rarer arm, outcome or level"
        )
    if np.ptp(good) <= ROUNDING * np.abs(good).max():
        return Bootstrap(np.nan, np.nan, np.nan, len(good), n_replicates - len(good))
    low, high = np.quantile(good, [(1 - level) / 2, (1 + level) / 2])
    return Bootstrap(float(good.std(ddof=1)), float(low), float(high), len(good), n_replicates - len(good))


def _blocks(cluster: ArrayLike) -> list[NDArray[np.intp]]:
    codes, n_clusters = cluster_codes(cluster)
    order = np.argsort(codes, kind="stable")
    return np.split(order, np.cumsum(np.bincount(codes, minlength=n_clusters))[:-1])
