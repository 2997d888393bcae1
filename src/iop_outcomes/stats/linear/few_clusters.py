"""CR2 and Satterthwaite's degrees of freedom for estimates of which only the influences are known.

An estimated influence of a cluster lacks what the cluster itself moved the estimate by, and the more so the larger its
share. CR2 gives that back, so that the variance is unbiased where people are independent and vary alike, and the
degrees of freedom say how well such a sum of few unequal squares can be known. Both follow from how much each row
counts, and not from the outcome. With rows that count alike it is the CR2 of a linear regression on the arm, as in
clubSandwich.
"""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from iop_outcomes.kernel.errors import counted
from iop_outcomes.stats.linear.sandwich import Covariance, influence_covariance

#: A variance below this share of what it is taken from is rounding.
ROUNDING = 1e-12


def unbiased_covariance(
    influence: ArrayLike, counts: ArrayLike, *, cluster: ArrayLike, used: ArrayLike | None = None
) -> Covariance:
    """Return the CR2 covariance of estimates from their influences.

    Parameters
    ----------
    influence : array_like, shape (n, k)
        What each row adds to each estimate; columns sum to about zero.
    counts : array_like, shape (n, k)
        How much each row counts in each estimate: the weight of those in the arm whose mean it is, zero for others.
    cluster : array_like, shape (n,)
        Units whose members are alike.
    used : array_like of bool, shape (n,), optional
        Rows that count towards the number of clusters; all unless told.

    Returns
    -------
    Covariance
        ``working`` gives every combination of the estimates degrees of freedom of its own.

    Notes
    -----
    With c_g the share of a cluster in the counts and v_g the sum of its squared shares, the influence of a cluster
    estimated around the estimate has the variance v_g (1 - 2 c_g) + c_g^2 sum(v) under independent rows, where it
    should be v_g; it is multiplied by the root of what is lacking.

    References
    ----------
    Bell & McCaffrey 2002, Survey Methodology 28:169; Pustejovsky & Tipton 2018, J Bus Econ Stat 36:672; for estimating
    equations Kauermann & Carroll 2001, JASA 96:1387.
    """
    influence = np.asarray(influence, dtype=float)
    plain = influence_covariance(influence, cluster=cluster, used=used)
    shares = ClusterShares.of(counts, cluster)
    adjusted = shares.sums(influence) * shares.factors
    n_used = int(plain.degrees_of_freedom) + 1
    method = f"cluster-robust ({counted(n_used, 'cluster')}), CR2 on influences, Satterthwaite degrees of freedom"
    return replace(plain, values=adjusted.T @ adjusted, method=method, working=shares.working)


@dataclass(frozen=True)
class ClusterShares:
    """How much clusters count in estimates, and what follows from that alone.

    Attributes
    ----------
    codes : ndarray of int, shape (n,)
        Cluster of each row, -1 for none.
    share, variance : ndarray, shape (G, k)
        Of each cluster in the counts of each estimate, and the sum of the squared shares of its rows.
    """

    codes: NDArray[np.intp]
    share: NDArray[np.float64]
    variance: NDArray[np.float64]

    @classmethod
    def of(cls, counts: ArrayLike, cluster: ArrayLike) -> "ClusterShares":
        """Return the shares of clusters from how much each row counts in each estimate, shape (n, k)."""
        codes, _ = pd.factorize(pd.Series(cluster).reset_index(drop=True))
        rows = np.asarray(counts, dtype=float)
        rows = rows / np.where(rows.sum(axis=0) > 0, rows.sum(axis=0), 1.0)
        return cls(codes, _summed(rows, codes), _summed(rows**2, codes))

    def sums(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the sums of rows, shape (n, k), within clusters, shape (G, k)."""
        return _summed(values, self.codes)

    @cached_property
    def factors(self) -> NDArray[np.float64]:
        """What the influence of each cluster is multiplied by, shape (G, k)."""
        total = self.variance.sum(axis=0)
        left = self.variance * (1 - 2 * self.share) + self.share**2 * total
        # A cluster that is all there is leaves nothing to be made larger.
        known = left > ROUNDING * total
        return np.sqrt(np.divide(self.variance, left, out=np.ones_like(left), where=known))

    @cached_property
    def working(self) -> NDArray[np.float64]:
        """Covariance under independent rows of what the clusters add to the estimates, shape (k, k, G, G)."""
        n_clusters, n_estimates = self.share.shape
        working = np.zeros((n_estimates, n_estimates, n_clusters, n_clusters))
        for place in range(n_estimates):
            share, variance, factor = self.share[:, place], self.variance[:, place], self.factors[:, place]
            lacking = np.outer(variance, share)
            own = np.diag(variance) - lacking - lacking.T + variance.sum() * np.outer(share, share)
            working[place, place] = factor[:, None] * own * factor
        return working


def _summed(values: NDArray[np.float64], codes: NDArray[np.intp]) -> NDArray[np.float64]:
    named = codes >= 0
    return np.column_stack([np.bincount(codes[named], column[named], codes.max() + 1) for column in values.T])
