"""Generalised estimating equations: what happens to the average person when observations come in clusters."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from iop_outcomes.kernel.errors import EstimationError, counted, did_you_mean
from iop_outcomes.stats.linear.centring import centred
from iop_outcomes.stats.linear.families import Family, Link, family_and_link
from iop_outcomes.stats.linear.glm import fit_glm
from iop_outcomes.stats.linear.matrix import ModelMatrix
from iop_outcomes.stats.linear.sandwich import Covariance, cluster_codes
from iop_outcomes.stats.repeated.freed_scores import Freed, freed, working_covariance
from iop_outcomes.stats.repeated.working_correlation import Independence, working_correlation

CORRECTIONS = {
    "none": "",
    "mancl-derouen": "Mancl-DeRouen corrected",
    "kauermann-carroll": "Kauermann-Carroll corrected",
    "cr2": "CR2, Satterthwaite degrees of freedom",
}
MOST_STEPS = 100
SLOW = 0.3
ROWS_AT_ONCE = 50_000


@dataclass(frozen=True)
class GeeFit:
    """A fitted set of generalised estimating equations.

    Attributes
    ----------
    names : tuple of str
    coefficients : ndarray, shape (p,)
    covariance : Covariance
        Robust, with the small-sample correction asked for.
    influence : ndarray, shape (G, p)
        What each cluster adds to the coefficients, corrected as asked; their covariance is its cross product.
    cluster_codes : ndarray of int, shape (n,)
        Cluster of each row, -1 for rows of weight zero.
    model_covariance : ndarray, shape (p, p)
        As if the working correlation were the true one.
    scale : float
        Mean squared Pearson residual (divisor n), geese's phi.
    correlation : str
    parameter : float
        Correlation of two observations ("exchangeable"), or of two a wave apart ("ar1").
    fitted : ndarray, shape (n,)
        Means; those of rows of weight zero too.
    n_clusters : int
    iterations : int
    working : callable or None
        With the correction "cr2": the working covariance (``freed_scores.working_covariance``) of what the clusters add
        to combinations of coefficients, shape (p, k), from which each has its degrees of freedom.
    """

    names: tuple[str, ...]
    coefficients: NDArray[np.float64]
    covariance: Covariance
    influence: NDArray[np.float64]
    cluster_codes: NDArray[np.intp]
    model_covariance: NDArray[np.float64]
    scale: float
    correlation: str
    parameter: float
    fitted: NDArray[np.float64]
    n_clusters: int
    iterations: int
    working: Callable[[NDArray[np.float64]], NDArray[np.float64]] | None = None

    @property
    def standard_errors(self) -> NDArray[np.float64]:
        """Robust standard errors of the coefficients."""
        return self.covariance.se


def fit_gee(
    y: ArrayLike,
    matrix: ModelMatrix,
    cluster: ArrayLike,
    *,
    family: str = "binomial",
    link: str | None = None,
    correlation: str = "exchangeable",
    wave: ArrayLike | None = None,
    weights: ArrayLike | None = None,
    correction: str = "none",
    tolerance: float = 1e-10,
) -> GeeFit:
    """Fit generalised estimating equations.

    Parameters
    ----------
    y : array_like, shape (n,)
        Response, as for ``fit_glm``.
    matrix : ModelMatrix
    cluster : array_like, shape (n,)
        Person, or site, whose observations are alike; rows need not be sorted.
    family, link
        As for ``fit_glm``; "poisson" with 0/1 responses gives log risk ratios.
    correlation : {"independence", "exchangeable", "ar1"}
    wave : array_like of whole numbers, shape (n,), optional
        Week or visit, for "ar1"; by default the order of the rows within a cluster.
    weights : array_like, shape (n,), optional
        The variance of an observation is divided by its weight; rows of weight zero are not used.
    correction : {"none", "mancl-derouen", "kauermann-carroll", "cr2"}
        For few clusters: residuals of cluster i are multiplied by (I - H_i)^-1, or its square root. With a correction
        intervals use t quantiles with G - 1 degrees of freedom; "cr2" is the square root with Satterthwaite's degrees
        of freedom, of each combination of coefficients its own.
    tolerance : float
        Distance from the solution, in standard errors, that is near enough.

    Returns
    -------
    GeeFit

    Raises
    ------
    EstimationError
        The response does not fit the family, a cluster is missing, the working correlation is impossible, or no
        solution is found.
    DesignError
        Columns are collinear or separated.

    Notes
    -----
    Scale and correlation are the moment estimates of R's geese (geepack 1.3.9), with divisor n: the exchangeable
    parameter averages the products of all pairs; that of "ar1" solves the estimating equation of the products of all
    pairs, of any lag. statsmodels subtracts the number of coefficients from the divisor.

    References
    ----------
    Liang & Zeger 1986, Biometrika 73:13; Yan & Fine 2004, Stat Med 23:859; Mancl & DeRouen 2001, Biometrics 57:126;
    Kauermann & Carroll 2001, JASA 96:1387.
    """
    if correction not in CORRECTIONS:
        raise EstimationError(f"GEE: there is no correction '{correction}'; {did_you_mean(correction, CORRECTIONS)}")
    moved = centred(matrix)
    matrix = moved.matrix
    start = fit_glm(y, matrix, family=family, link=link, weights=weights)
    weights = np.ones(matrix.shape[0]) if weights is None else np.asarray(weights, dtype=float)
    used = weights > 0
    codes, n_clusters = cluster_codes(cluster, used)
    wave = None if wave is None else np.asarray(wave)[used]
    structure = working_correlation(correlation, codes[used], n_clusters, wave)
    matrix_used = matrix if used.all() else matrix.rows(used)
    equations = _Equations(
        np.asarray(y, dtype=float)[used], matrix_used, weights[used], structure, *family_and_link(family, link)
    )
    coefficients, state, iterations = _solve(equations, start.coefficients, tolerance)
    bread = np.linalg.inv(equations.information(state))
    scores, clusters = _cluster_scores(equations, state, bread, correction)
    influence = scores @ bread @ moved.outward.T
    return GeeFit(
        names=matrix.names,
        coefficients=moved.coefficients(coefficients),
        covariance=_covariance(influence, correlation, correction),
        influence=influence,
        cluster_codes=codes,
        model_covariance=moved.covariance(bread) * state.scale,
        scale=state.scale,
        correlation=correlation,
        parameter=state.parameter,
        fitted=equations.link.mean(matrix.matvec(coefficients)),
        n_clusters=n_clusters,
        iterations=iterations,
        working=(lambda along: working_covariance(clusters, bread, moved.combinations(along))) if clusters else None,
    )


def _covariance(influence, correlation: str, correction: str) -> Covariance:
    n_clusters = len(influence)
    method = f"GEE, {correlation} working correlation, robust ({counted(n_clusters, 'cluster')})"
    if correction == "none":
        return Covariance(influence.T @ influence, np.inf, method)
    return Covariance(influence.T @ influence, n_clusters - 1.0, f"{method}, {CORRECTIONS[correction]}")


@dataclass(frozen=True)
class _State:
    """Where the equations stand at some coefficients.

    ``root`` times a row of X is the derivative of its mean in units of its standard deviation; ``decorrelated`` is the
    inverse correlation matrix times the Pearson residuals.
    """

    root: NDArray[np.float64]
    decorrelated: NDArray[np.float64]
    scale: float
    parameter: float


@dataclass(frozen=True)
class _Equations:
    """The estimating equations as functions of the coefficients."""

    y: NDArray[np.float64]
    matrix: ModelMatrix
    weights: NDArray[np.float64]
    structure: Independence
    family: Family
    link: Link

    def state(self, coefficients) -> _State:
        eta = self.matrix.matvec(coefficients)
        mean = self.link.mean(eta)
        deviation = np.sqrt(self.family.variance(mean) / self.weights)
        residuals = (self.y - mean) / deviation
        scale = float(np.mean(residuals**2))
        parameter = self.structure.estimate(residuals, scale)
        return _State(
            self.link.slope(eta) / deviation, self.structure.apply_inverse(residuals, parameter), scale, parameter
        )

    def score(self, state: _State) -> NDArray[np.float64]:
        return self.matrix.transpose_matvec(state.root * state.decorrelated)

    def information(self, state: _State) -> NDArray[np.float64]:
        return self.structure.information(self.matrix, state.root, state.parameter)


def _solve(equations: _Equations, coefficients, tolerance):
    """Step to the solution; the information, which costs the most, is only made anew when steps shrink slowly."""
    state = equations.state(coefficients)
    information = equations.information(state)
    before = np.inf
    for iteration in range(1, MOST_STEPS + 1):
        score = equations.score(state)
        try:
            step = np.linalg.solve(information, score)
        except np.linalg.LinAlgError:
            # Outcomes as alike within clusters as can be leave nothing to learn from.
            break
        distance = np.sqrt(max(score @ step, 0.0) / state.scale)
        if not np.isfinite(distance):
            break
        coefficients = coefficients + step
        state = equations.state(coefficients)
        if distance < tolerance:
            return coefficients, state, iteration
        if distance > SLOW * before:
            information = equations.information(state)
        before = distance
    raise EstimationError(
        f"GEE: no solution was found in {MOST_STEPS} steps; use correlation 'independence', or fewer covariates"
    )


def _cluster_scores(
    equations: _Equations, state: _State, bread, correction: str
) -> tuple[NDArray[np.float64], list[Freed]]:
    """Return the score of each cluster, corrected as asked, and for "cr2" the clusters themselves."""
    if correction != "none":
        clusters = _freed_clusters(equations, state, np.linalg.cholesky(bread), correction)
        if correction == "cr2":
            kept = list(clusters)
            return np.array([each.freed for each in kept]), kept
        return np.array([each.freed for each in clusters]), []
    structure = equations.structure
    sums = equations.matrix.group_sums(state.root * state.decorrelated, structure.codes, structure.n_clusters)
    return sums, []


def _freed_clusters(equations: _Equations, state: _State, half, correction: str) -> Iterator[Freed]:
    structure = equations.structure
    order = np.argsort(structure.codes, kind="stable")
    ends = np.cumsum(np.bincount(structure.codes, minlength=structure.n_clusters))
    first = 0
    while first < structure.n_clusters:
        start = ends[first - 1] if first else 0
        last = max(first + 1, int(np.searchsorted(ends, start + ROWS_AT_ONCE, side="right")))
        rows = order[start : ends[last - 1]]
        derivatives = equations.matrix.rows(rows).dense() * state.root[rows, None]
        carried = structure.part(rows).apply_inverse(derivatives, state.parameter)
        scores = derivatives * state.decorrelated[rows, None]
        begin = 0
        for end in ends[first:last] - start:
            part = slice(begin, end)
            yield freed(scores[part].sum(axis=0), derivatives[part].T @ carried[part], half, correction)
            begin = end
        first = last
