"""The wild cluster bootstrap of an estimate of which only the influences are known: p-values for few clusters."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from iop_outcomes.kernel.errors import EstimationError
from iop_outcomes.stats.linear.few_clusters import ClusterShares

#: With so many clusters or fewer every pattern of signs is tried.
MOST_ENUMERATED = 12
#: Relative distance within which two statistics are the same.
ROUNDING = 1e-10


@dataclass(frozen=True)
class WildBootstrap:
    """Result of ``wild_cluster_bootstrap``.

    Attributes
    ----------
    p_value : float
        Two-sided, of no difference.
    n_clusters, n_patterns : int
    every_pattern : bool
        Were all patterns of signs tried, so that nothing was drawn?
    """

    p_value: float
    n_clusters: int
    n_patterns: int
    every_pattern: bool


def wild_cluster_bootstrap(
    value: float,
    gradient: ArrayLike,
    influence: ArrayLike,
    counts: ArrayLike,
    *,
    cluster: ArrayLike,
    n_patterns: int = 9_999,
    seed: int = 0,
) -> WildBootstrap:
    """Return the p-value of no difference when whole clusters change the sign of what they add.

    What each cluster adds is taken where there is no difference (the null imposed), its sign is drawn (Rademacher), and
    the difference is studentised anew each time.

    Parameters
    ----------
    value : float
        Distance of the estimate from no difference, on the scale of its standard error.
    gradient : array_like, shape (k,)
        Derivative of the estimate by each mean.
    influence, counts : array_like, shape (n, k)
        What each row adds to each mean, and how much it counts there.
    cluster : array_like, shape (n,)
    n_patterns : int
        Drawn with more than 12 clusters; with 12 or fewer all are tried.
    seed : int

    Raises
    ------
    EstimationError
        There are fewer than six clusters, of whose 2^G patterns no p-value can be below 0.05, or nothing varies.

    References
    ----------
    Cameron, Gelbach & Miller 2008, Rev Econ Stat 90:414; on scores Kline & Santos 2012, J Econometric Methods 1:23.
    """
    shares, along = ClusterShares.of(counts, cluster), np.asarray(gradient, dtype=float)
    sums = shares.sums(np.asarray(influence, dtype=float))
    counting = (shares.share > 0).any(axis=1) | (sums != 0).any(axis=1)
    share, variance, sums = shares.share[counting], shares.variance[counting].sum(axis=0), sums[counting]
    n_clusters = len(sums)
    if n_clusters < 6:
        raise EstimationError(
            f"wild_bootstrap: {n_clusters} clusters have {2**n_clusters} patterns of signs, of which no p-value below "
            "0.05 can come; it needs 6 clusters or more"
        )
    spread = np.sum((sums @ along) ** 2)
    if not spread > 0:
        raise EstimationError("wild_bootstrap: the clusters agree, so that there is nothing to draw from")
    # No difference, reached by moving both means as far as each is uncertain.
    moved = sums + share * (value * variance * along / (along**2 @ variance))
    signs = _signs(n_clusters, n_patterns, seed)
    shift = signs @ moved
    again = np.einsum("rg,ga->rga", signs, moved) - np.einsum("ga,ra->rga", share, shift)
    statistics = (shift @ along) ** 2 / np.sum((again @ along) ** 2, axis=1)
    reached = statistics >= value**2 / spread * (1 - ROUNDING)
    every = n_clusters <= MOST_ENUMERATED
    p_value = reached.mean() if every else (1 + reached.sum()) / (1 + len(signs))
    return WildBootstrap(float(p_value), n_clusters, len(signs), every)


def _signs(n_clusters: int, n_patterns: int, seed: int) -> NDArray[np.float64]:
    """Return patterns of signs, one a row: all of them where clusters are few, else drawn."""
    if n_clusters <= MOST_ENUMERATED:
        bits = (np.arange(2**n_clusters)[:, None] >> np.arange(n_clusters)) & 1
    else:
        bits = np.random.default_rng(seed).integers(2, size=(n_patterns, n_clusters))
    return 2.0 * bits - 1.0
