"""Cluster-robust covariance CR0 to CR3 of a generalised linear model, and Satterthwaite degrees of freedom."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from iop_outcomes.stats.linear.sandwich import EstimatingEquation, cluster_codes

CLUSTERED = ("CR0", "CR1", "CR1S", "CR2", "CR3")
# An n_g by n_g eigenproblem costs a second at about 1,500 rows.
LARGEST_EXACT_CLUSTER = 1_000
ROWS_AT_ONCE = 50_000


@dataclass(frozen=True)
class ClusterRobust:
    """Result of ``cluster_covariance``.

    Attributes
    ----------
    values : ndarray, shape (p, p)
    n_clusters : int
    degrees_of_freedom : ndarray, shape (k,), or None
        For CR2, Satterthwaite's, of each linear combination of coefficients that was asked for.
    """

    values: NDArray[np.float64]
    n_clusters: int
    degrees_of_freedom: NDArray[np.float64] | None = None


def cluster_covariance(
    equation: EstimatingEquation,
    cluster: ArrayLike,
    kind: str = "CR2",
    slope: ArrayLike | None = None,
    contrasts: ArrayLike | None = None,
) -> ClusterRobust:
    """Return the cluster-robust covariance of the coefficients of a generalised linear model.

    Parameters
    ----------
    equation : EstimatingEquation
        The fitted model; the inverse of its working weights is the working variance.
    cluster : array_like, shape (n,)
    kind : {"CR0", "CR1", "CR1S", "CR2", "CR3"}
        CR0 as is; CR1 times G/(G - 1); CR1S times G(n - 1)/((G - 1)(n - p)); CR2 unbiased under the working model;
        CR3 close to the jackknife over clusters.
    slope : array_like, shape (n,), optional
        Derivative of the mean by the linear predictor, 1 unless told. CR2 takes its square roots on the scale of the
        response, as clubSandwich does, and they depend on the scale.
    contrasts : array_like, shape (k, p), optional
        Linear combinations of which CR2 gives the degrees of freedom; every coefficient unless told.

    Notes
    -----
    CR2 takes the symmetric square root with which the adjustment of cluster g is
    Φ^½ [Φ (I - H) Φ]^-½ Φ^½, Φ the working variance and H the symmetric hat matrix of the cluster. In clusters of more
    than 1,000 rows it is Φ^½ (I - H)^-½ Φ^-½, which needs only p by p matrices: another root of the same equation,
    equally unbiased, and equal to the first where the working variance is constant.

    References
    ----------
    Bell & McCaffrey 2002, Survey Methodology 28:169; Pustejovsky & Tipton 2018, J Bus Econ Stat 36:672, with the
    model's own variance as working model for CR2 and its degrees of freedom.
    """
    used = equation.working_weights > 0
    codes, n_clusters = cluster_codes(cluster, used)
    bread = equation.bread
    if kind in ("CR0", "CR1", "CR1S"):
        # Rows that are not used have score zero, so that it does not matter which cluster they fall into.
        sums = equation.matrix.group_sums(equation.score, np.maximum(codes, 0), n_clusters)
        n, p = int(used.sum()), len(bread)
        factor = {
            "CR0": 1.0,
            "CR1": n_clusters / (n_clusters - 1),
            "CR1S": n_clusters * (n - 1) / ((n_clusters - 1) * (n - p)),
        }[kind]
        return ClusterRobust(factor * bread @ (sums.T @ sums) @ bread, n_clusters)
    directions = bread @ (np.eye(len(bread)) if contrasts is None else np.asarray(contrasts, dtype=float)).T
    sums, own, shared = [], [], []
    for rows, residuals, weights in _by_cluster(equation, slope, codes, n_clusters):
        if kind == "CR3":
            sums.append(_jackknifed(rows, residuals, weights, bread))
            continue
        carried = _unbiased(rows, weights, bread)
        sums.append(carried.T @ residuals)
        along = carried @ directions
        own.append(np.sum(along**2 / weights[:, None], axis=0))
        shared.append((rows.T @ along).T)
    sums = np.array(sums)
    values = bread @ (sums.T @ sums) @ bread
    if kind == "CR3":
        return ClusterRobust(values, n_clusters)
    return ClusterRobust(values, n_clusters, _satterthwaite(np.array(own), np.array(shared), bread))


def _satterthwaite(own, shared, bread):
    """Return tr(P)² / tr(P²) per contrast, where P = diag(own) - shared M shared' is G by G."""
    half = _root(bread)
    result = np.empty(own.shape[1])
    for k in range(own.shape[1]):
        low_rank = shared[:, k] @ half
        # tr(P²) from p by p products, because G may be the number of people.
        gram = low_rank.T @ low_rank
        diagonal = np.einsum("gp,gp->g", low_rank, low_rank)
        trace = own[:, k].sum() - diagonal.sum()
        squares = np.sum(own[:, k] ** 2) - 2 * np.sum(own[:, k] * diagonal) + np.sum(gram**2)
        result[k] = trace**2 / squares
    return result


def _by_cluster(
    equation: EstimatingEquation, slope: ArrayLike | None, codes: NDArray[np.intp], n_clusters: int
) -> Iterator[tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]]:
    """Yield rows, residuals and weights of each cluster on the scale of the response, without the rows not used."""
    working = equation.working_weights
    slope = np.ones(len(working)) if slope is None else np.asarray(slope, dtype=float)
    used = np.flatnonzero(working > 0)
    order = used[np.argsort(codes[used], kind="stable")]
    ends = np.cumsum(np.bincount(codes[used], minlength=n_clusters))
    first = 0
    while first < n_clusters:
        start = ends[first - 1] if first else 0
        last = max(first + 1, int(np.searchsorted(ends, start + ROWS_AT_ONCE, side="right")))
        taken = order[start : ends[last - 1]]
        # Dense a few clusters at a time.
        rows = equation.matrix.rows(taken).dense() * slope[taken, None]
        weights = working[taken] / slope[taken] ** 2
        residuals = equation.score[taken] * slope[taken] / working[taken]
        begin = 0
        for end in ends[first:last] - start:
            part = slice(begin, end)
            if end > begin:
                yield rows[part], residuals[part], weights[part]
            begin = end
        first = last


def _jackknifed(rows, residuals, weights, bread):
    # X'W (I - X M X'W)^-1 e = (I - X'WX M)^-1 X'We keeps the inverse p by p.
    weighted = rows * weights[:, None]
    return np.linalg.solve(np.eye(len(bread)) - weighted.T @ rows @ bread, weighted.T @ residuals)


def _unbiased(rows, weights, bread):
    """Return A_g' W_g X_g, shape (n_g, p), for the CR2 adjustment A_g."""
    if len(rows) > LARGEST_EXACT_CLUSTER:
        return _unbiased_low_rank(rows, weights, bread)
    roots = np.sqrt(weights)[:, None]
    target = np.diag(1 / weights**2) - (rows / roots) @ bread @ (rows / roots).T
    return (_inverse_root(target) @ (rows * roots)) / roots


def _unbiased_low_rank(rows, weights, bread):
    # (I - U U')^-½ = I + U [(I - K)^-½ - I] K^-1 U' with K = U'U, so that only p by p roots are taken.
    half = _root(bread)
    scaled = rows * np.sqrt(weights)[:, None]
    low_rank = scaled @ half
    values, vectors = np.linalg.eigh(low_rank.T @ low_rank)
    kept = values > 1e-14
    remaining = np.clip(1 - values[kept], 0, None)
    stretch = (np.where(remaining > 1e-10, 1 / np.sqrt(np.maximum(remaining, 1e-10)), 0) - 1) / values[kept]
    basis = low_rank @ vectors[:, kept]
    return (scaled + basis @ (stretch[:, None] * (basis.T @ scaled))) * np.sqrt(weights)[:, None]


def _root(bread):
    """Return R with R R' = bread, scaled first, because columns come in very different units."""
    # Not Cholesky: columns left out as combinations of others have zeros in the bread.
    scale = np.sqrt(np.diag(bread))
    units = np.where(scale > 0, scale, 1.0)
    values, vectors = np.linalg.eigh(bread / np.outer(units, units))
    return units[:, None] * vectors * np.sqrt(np.clip(values, 0, None))


def _inverse_root(symmetric):
    values, vectors = np.linalg.eigh(symmetric)
    kept = values > values[-1] * 1e-12
    return (vectors[:, kept] / np.sqrt(values[kept])) @ vectors[:, kept].T
