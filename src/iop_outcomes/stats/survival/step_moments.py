"""Sums of squares over clusters of things that change step by step in time."""

import numpy as np
from numpy.typing import NDArray

DENSE_CELLS = 4_000_000


def step_moments(
    code: NDArray[np.intp],
    n_times: int,
    jumps: NDArray[np.float64],
    starts: NDArray[np.float64],
    cluster: NDArray[np.intp] | None = None,
) -> NDArray[np.float64]:
    """Return sums over clusters of the products of step functions, at every time.

    Person i adds ``starts[i]`` to the functions of the cluster from the beginning and ``jumps[i]`` from time
    ``code[i]`` on.

    Parameters
    ----------
    code : ndarray, shape (n,)
        Time of each jump, 0 to ``n_times`` - 1.
    n_times : int
    jumps, starts : ndarray, shape (n, m)
    cluster : ndarray of int, shape (n,), optional
        Clusters 0 to G - 1; every person is one unless given.

    Returns
    -------
    ndarray, shape (n_times, m, m)
    """
    if cluster is None:
        return _running(code, n_times, starts.T @ starts, starts, starts + jumps)
    n_clusters = int(cluster.max()) + 1
    if n_clusters * n_times * jumps.shape[1] <= DENSE_CELLS:
        return _moments_by_table(code, n_times, jumps, starts, cluster, n_clusters)
    return _moments_by_sorting(code, n_times, jumps, starts, cluster, n_clusters)


def _running(code, n_times, first, before, after):
    """Return the sums of products that begin at ``first`` and change from those of ``before`` to those of ``after``."""
    result = np.empty((n_times, *first.shape))
    for a, b in zip(*np.triu_indices(len(first)), strict=True):
        change = after[:, a] * after[:, b] - before[:, a] * before[:, b]
        result[:, a, b] = result[:, b, a] = first[a, b] + np.cumsum(np.bincount(code, change, n_times))
    return result


def _cluster_starts(starts, cluster, n_clusters):
    return np.column_stack([np.bincount(cluster, column, n_clusters) for column in starts.T])


def _moments_by_table(code, n_times, jumps, starts, cluster, n_clusters):
    cell = code * n_clusters + cluster
    first = _cluster_starts(starts, cluster, n_clusters)
    paths = [
        first[:, m] + np.cumsum(np.bincount(cell, column, n_times * n_clusters).reshape(n_times, n_clusters), axis=0)
        for m, column in enumerate(jumps.T)
    ]
    stacked = np.stack(paths, axis=2)
    return np.matmul(stacked.transpose(0, 2, 1), stacked)


def _moments_by_sorting(code, n_times, jumps, starts, cluster, n_clusters):
    # A cluster's functions move only at its members' times, so n changes of the sums say everything.
    order = np.lexsort((code, cluster))
    owner = cluster[order]
    first = _cluster_starts(starts, cluster, n_clusters)
    total = np.cumsum(jumps[order], axis=0)
    opening = np.searchsorted(owner, np.arange(n_clusters))
    earlier = np.where(opening[:, None] > 0, total[opening - 1], 0.0)
    after = first[owner] + total - earlier[owner]
    before = after - jumps[order]
    return _running(code[order], n_times, first.T @ first, before, after)
