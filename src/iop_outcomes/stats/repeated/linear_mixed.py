"""Linear regression with a random intercept per cluster, by (restricted) maximum likelihood."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from iop_outcomes.kernel.errors import EstimationError, counted
from iop_outcomes.stats.linear.centring import centred
from iop_outcomes.stats.linear.glm import fit_glm
from iop_outcomes.stats.linear.matrix import ModelMatrix
from iop_outcomes.stats.linear.sandwich import cluster_codes


@dataclass(frozen=True)
class LinearMixedFit:
    """A fitted random-intercept linear model.

    Attributes
    ----------
    names : tuple of str
    coefficients : ndarray, shape (p,)
    covariance : ndarray, shape (p, p)
        Model-based, with the variances taken as known, as lme4 gives it.
    standard_deviation : float
        Of the random intercepts.
    residual_deviation : float
    log_likelihood : float
        Restricted if so fitted.
    intercepts : ndarray, shape (G,)
        Best linear predictions, in the order of first appearance.
    n_clusters : int
    """

    names: tuple[str, ...]
    coefficients: NDArray[np.float64]
    covariance: NDArray[np.float64]
    standard_deviation: float
    residual_deviation: float
    log_likelihood: float
    intercepts: NDArray[np.float64]
    n_clusters: int

    @property
    def standard_errors(self) -> NDArray[np.float64]:
        """Of the coefficients."""
        return np.sqrt(np.diag(self.covariance))


def fit_linear_mixed(
    y: ArrayLike, matrix: ModelMatrix, cluster: ArrayLike, *, restricted: bool = True
) -> LinearMixedFit:
    """Fit a linear regression with a normal random intercept per cluster.

    Parameters
    ----------
    y : array_like, shape (n,)
    matrix : ModelMatrix
    cluster : array_like, shape (n,)
        Rows need not be sorted.
    restricted : bool
        REML, which counts the coefficients in the variances; otherwise maximum likelihood.

    Returns
    -------
    LinearMixedFit

    Raises
    ------
    EstimationError
        The response is missing or does not vary beyond the covariates, or there is one cluster.
    DesignError
        Columns are collinear.

    Notes
    -----
    With theta the ratio of the two deviations, the coefficients and the residual variance follow in closed form from
    sums within clusters, so that the search is over one number and costs nothing in the number of rows.

    References
    ----------
    Bates et al. 2015, J Stat Softw 67(1).
    """
    moved = centred(matrix)
    matrix = moved.matrix
    plain = fit_glm(y, matrix, family="gaussian")
    codes, n_clusters = cluster_codes(cluster)
    n, p = matrix.shape
    if n <= p or plain.deviance <= 1e-20 * np.sum(np.asarray(y, dtype=float) ** 2):
        found = f"{counted(n, 'row')} and {counted(p, 'coefficient')}"
        raise EstimationError(f"random intercept: {found} leave no residual to split; use fewer covariates")
    profile = _Profile(np.asarray(y, dtype=float), matrix, codes, n_clusters, plain.coefficients, restricted)
    theta = profile.best_ratio()
    step, inverse, residual_variance, shrink = profile.at(theta)
    coefficients = plain.coefficients + step
    cluster_residuals = profile.residual_sums - profile.sums @ step
    return LinearMixedFit(
        names=matrix.names,
        coefficients=moved.coefficients(coefficients),
        covariance=moved.covariance(inverse) * residual_variance,
        standard_deviation=float(theta * np.sqrt(residual_variance)),
        residual_deviation=float(np.sqrt(residual_variance)),
        # The restricted likelihood is stated in the units of the columns.
        log_likelihood=-profile.deviance(theta) / 2 - restricted * np.log(moved.unit).sum(),
        intercepts=shrink * cluster_residuals,
        n_clusters=n_clusters,
    )


class _Profile:
    """Minus twice the log-likelihood as a function of theta alone.

    Everything is relative to the least squares fit, so that sums of squares keep their digits.
    """

    def __init__(self, y, matrix: ModelMatrix, codes, n_clusters, origin, restricted):
        residuals = y - matrix.matvec(origin)
        self.sizes = np.bincount(codes, minlength=n_clusters)
        self.sums = matrix.group_sums(np.ones(len(y)), codes, n_clusters)
        self.residual_sums = np.bincount(codes, residuals, n_clusters)
        self.gram = matrix.sandwich(np.ones(len(y)))
        self.moment = matrix.transpose_matvec(residuals)
        self.square = residuals @ residuals
        self.restricted = restricted
        self.freedom = len(y) - (len(origin) if restricted else 0)

    def at(self, theta):
        """Return the step from least squares, the inverse information, the residual variance and the shrinkage."""
        # The inverse of I + theta^2 11' is I - shrink 11'.
        shrink = theta**2 / (1 + theta**2 * self.sizes)
        information = self.gram - (self.sums * shrink[:, None]).T @ self.sums
        inverse = np.linalg.inv(information)
        moment = self.moment - self.sums.T @ (shrink * self.residual_sums)
        step = inverse @ moment
        square = self.square - shrink @ self.residual_sums**2 - moment @ step
        return step, inverse, square / self.freedom, shrink

    def deviance(self, theta) -> float:
        """Return minus twice the (restricted) log-likelihood at its maximum for this theta."""
        _, inverse, variance, _ = self.at(theta)
        value = self.freedom * (np.log(2 * np.pi * variance) + 1) + np.sum(np.log1p(theta**2 * self.sizes))
        return float(value - np.linalg.slogdet(inverse)[1]) if self.restricted else float(value)

    def best_ratio(self) -> float:
        """Return the theta with the least deviance, 0 when the clusters do not differ."""
        from scipy.optimize import minimize_scalar

        # A grid on the logarithm first: the deviance need not have one valley only.
        grid = np.concatenate([[0.0], np.geomspace(1e-3, 1e3, 61)])
        values = [self.deviance(theta) for theta in grid]
        best = int(np.argmin(values))
        low, high = grid[max(best - 1, 0)], grid[min(best + 1, len(grid) - 1)]
        found = minimize_scalar(self.deviance, bounds=(low, high), method="bounded", options={"xatol": 1e-10})
        return 0.0 if values[0] <= found.fun else float(found.x)
