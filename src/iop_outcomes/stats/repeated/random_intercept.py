"""Logistic regression with a random intercept per cluster, by adaptive Gauss-Hermite quadrature (one node: Laplace).

The coefficients speak of people within one cluster; to compare them with generalised estimating equations the intercept
has to be integrated out (``estimates/estimators/repeated.py``).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from iop_outcomes.kernel.errors import EstimationError
from iop_outcomes.stats.linear.centring import centred
from iop_outcomes.stats.linear.glm import fit_glm
from iop_outcomes.stats.linear.matrix import ModelMatrix
from iop_outcomes.stats.linear.sandwich import cluster_codes

MOST_STEPS = 200

NO_MAXIMUM = "random intercept: the likelihood has no maximum that could be found; use fewer covariates, or GEE"


@dataclass(frozen=True)
class RandomInterceptFit:
    """A fitted random-intercept logistic model.

    Attributes
    ----------
    names : tuple of str
    coefficients : ndarray, shape (p,)
        Conditional on the cluster.
    standard_deviation : float
        Of the random intercepts; 0 when clusters differ no more than chance has them.
    covariance : ndarray, shape (p + 1, p + 1)
        Of the coefficients and the standard deviation (last; NaN there when it is 0), from the observed information.
    log_likelihood : float
        Of the responses, binomial coefficients included.
    conditional_deviance : float
        Deviance of the responses at the most probable intercepts, lme4's ``deviance()``.
    intercepts : ndarray, shape (G,)
        Most probable intercept of each cluster, in the order of first appearance.
    n_clusters : int
    nodes : int
        Of the quadrature; 1 is Laplace's approximation.
    """

    names: tuple[str, ...]
    coefficients: NDArray[np.float64]
    standard_deviation: float
    covariance: NDArray[np.float64]
    log_likelihood: float
    conditional_deviance: float
    intercepts: NDArray[np.float64]
    n_clusters: int
    nodes: int

    @property
    def standard_errors(self) -> NDArray[np.float64]:
        """Of the coefficients."""
        return np.sqrt(np.diag(self.covariance))[:-1]


def fit_random_intercept(
    y: ArrayLike, matrix: ModelMatrix, cluster: ArrayLike, *, trials: ArrayLike | None = None, nodes: int = 15
) -> RandomInterceptFit:
    """Fit a logistic regression with a normal random intercept per cluster by maximum likelihood.

    Parameters
    ----------
    y : array_like, shape (n,)
        0/1, or shares of ``trials``.
    matrix : ModelMatrix
    cluster : array_like, shape (n,)
        Rows need not be sorted.
    trials : array_like, shape (n,), optional
        Binomial denominators.
    nodes : int
        Quadrature nodes per cluster, placed around its most probable intercept; 1 is Laplace's approximation.

    Returns
    -------
    RandomInterceptFit

    Raises
    ------
    EstimationError
        The response is no share, there is one cluster, or the fit does not converge.
    DesignError
        Columns are collinear or separated.

    References
    ----------
    Pinheiro & Bates 1995, J Comput Graph Stat 4:12; Bates et al. 2015, J Stat Softw 67(1) (lme4, whose ``glmer`` gives
    the same maximum).
    """
    if int(nodes) != nodes or nodes < 1:
        raise EstimationError(f"random intercept: {nodes} nodes were asked for; it must be a whole number of 1 or more")
    trials = np.ones(matrix.shape[0]) if trials is None else np.asarray(trials, dtype=float)
    moved = centred(matrix)
    matrix = moved.matrix
    start = fit_glm(y, matrix, weights=trials)
    codes, n_clusters = cluster_codes(cluster)
    _refuse_clusters_of_one_answer(np.asarray(y, dtype=float) * trials, trials, codes)
    likelihood = _Likelihood(np.asarray(y, dtype=float), trials, matrix, codes, n_clusters, *_rule(nodes))
    # Coordinates in which the information of the plain model is the identity make the search short.
    scale = np.linalg.cholesky(start.bread)
    coefficients, deviation = _maximise(likelihood, start.coefficients, scale)
    return RandomInterceptFit(
        names=matrix.names,
        coefficients=moved.coefficients(coefficients),
        standard_deviation=deviation,
        covariance=_turned(_covariance(likelihood, coefficients, deviation, scale), moved.outward),
        log_likelihood=likelihood(coefficients, deviation)[0] + likelihood.constant,
        conditional_deviance=likelihood.conditional_deviance(coefficients, deviation),
        intercepts=deviation * likelihood.modes(coefficients, deviation),
        n_clusters=n_clusters,
        nodes=int(nodes),
    )


def _refuse_clusters_of_one_answer(successes, trials, codes) -> None:
    """Refuse responses that differ in no cluster: the wider the intercepts, the likelier they are, without an end."""
    of_clusters, of_trials = np.bincount(codes, successes), np.bincount(codes, trials)
    if not ((of_clusters > 0) & (of_clusters < of_trials)).any():
        raise EstimationError(NO_MAXIMUM)


def _rule(nodes: int):
    """Nodes z and logarithms of weights such that the integral of exp(-z^2 / 2) f(z) is the sum of weight x f(z)."""
    z, weight = np.polynomial.hermite_e.hermegauss(nodes)
    return z, np.log(weight) - np.log(2 * np.pi) / 2


@dataclass
class _Likelihood:
    """Log-likelihood and gradient at coefficients and the standard deviation of the intercepts.

    In a cluster the integrand is exp(g(u)) with g(u) = sum of log-likelihoods at eta + sd u, less u^2 / 2. Its mode and
    curvature place the nodes u = mode + spread z, and the gradient follows them as they move.
    """

    y: NDArray[np.float64]
    trials: NDArray[np.float64]
    matrix: ModelMatrix
    codes: NDArray[np.intp]
    n_clusters: int
    z: NDArray[np.float64]
    log_weight: NDArray[np.float64]
    last_modes: NDArray[np.float64] | None = None

    def _sum(self, values):
        return np.bincount(self.codes, values, self.n_clusters)

    @property
    def constant(self) -> float:
        from scipy.special import betaln

        # log of the binomial coefficient (trials over successes)
        success = self.y * self.trials
        return float(-np.sum(np.log1p(self.trials) + betaln(success + 1, self.trials - success + 1)))

    def modes(self, coefficients, deviation) -> NDArray[np.float64]:
        """Return the most probable standardised intercept of each cluster."""
        return self._modes(self.matrix.matvec(coefficients), deviation)[0]

    def _modes(self, eta, deviation):
        from scipy.special import expit

        u = np.zeros(self.n_clusters) if self.last_modes is None else self.last_modes
        # The slope of g falls in u and is zero where u is the deviation times a sum of residuals, which lie in -1 to 1.
        high = abs(deviation) * self._sum(self.trials)
        low, step = -high, 2 * high
        for _ in range(MOST_STEPS):
            mean = expit(eta + deviation * u[self.codes])
            curvature = 1 + deviation**2 * self._sum(self.trials * mean * (1 - mean))
            slope = deviation * self._sum(self.trials * (self.y - mean)) - u
            low, high = np.where(slope > 0, u, low), np.where(slope < 0, u, high)
            there = u + slope / curvature
            # Newton's step where it stays inside and is at most half the last one, the middle where it would swing.
            trusted = (low <= there) & (there <= high) & (2 * np.abs(there - u) <= np.abs(step))
            there = np.where(trusted, there, (low + high) / 2)
            step, u = there - u, there
            if np.abs(step).max() < 1e-12:
                break
        self.last_modes = u
        mean = expit(eta + deviation * u[self.codes])
        weight = self.trials * mean * (1 - mean)
        return u, mean, weight, 1 + deviation**2 * self._sum(weight)

    def __call__(self, coefficients, deviation) -> tuple[float, NDArray[np.float64]]:
        """Return the log-likelihood without its constant, and its gradient by coefficients and deviation."""
        from scipy.special import expit

        eta = self.matrix.matvec(coefficients)
        mode, mean, weight, curvature = self._modes(eta, deviation)
        spread = 1 / np.sqrt(curvature)
        u = mode[:, None] + spread[:, None] * self.z
        logs = np.empty((self.n_clusters, len(self.z)))
        residuals = np.empty((len(eta), len(self.z)))
        for k in range(len(self.z)):
            at = eta + deviation * u[self.codes, k]
            # log-likelihood of a share y of m trials: m (y at - log(1 + e^at))
            logs[:, k] = self._sum(self.trials * (self.y * at - np.logaddexp(0, at))) - u[:, k] ** 2 / 2
            residuals[:, k] = self.trials * (self.y - expit(at))
        logs += self.log_weight + self.z**2 / 2
        highest = logs.max(axis=1)
        shares = np.exp(logs - highest[:, None])
        total = shares.sum(axis=1)
        shares /= total[:, None]
        value = np.sum(highest + np.log(total) + np.log(spread))
        return float(value), self._gradient(deviation, mode, mean, weight, curvature, u, shares, residuals)

    def _gradient(self, deviation, mode, mean, weight, curvature, u, shares, residuals):
        own = self.codes
        # Slopes of g at the nodes, and how the value moves when mode and spread do.
        slopes = np.column_stack([deviation * self._sum(column) for column in residuals.T]) - u
        by_mode = np.sum(shares * slopes, axis=1)
        by_spread = np.sum(shares * slopes * self.z, axis=1)
        # d log(spread) = -d curvature / (2 curvature), and d spread = spread d log(spread).
        by_curvature = -(1 + by_spread / np.sqrt(curvature)) / (2 * curvature)
        third = self.trials * mean * (1 - mean) * (1 - 2 * mean)
        mode_moves_curvature = deviation**3 * self._sum(third)
        by_mode = by_mode + by_curvature * mode_moves_curvature

        expected = np.einsum("ik,ik->i", shares[own], residuals)
        by_eta = expected + (by_curvature[own] * deviation**2 * third) - (by_mode / curvature)[own] * deviation * weight
        mode_residual = self._sum(self.trials * self.y) - self._sum(self.trials * mean)
        mode_by_deviation = (mode_residual - deviation * mode * self._sum(weight)) / curvature
        curvature_by_deviation = 2 * deviation * self._sum(weight) + deviation**2 * mode * self._sum(third)
        direct = np.einsum("ik,ik,ik->i", shares[own], u[own], residuals).sum()
        by_deviation = direct + np.sum(by_curvature * curvature_by_deviation) + np.sum(by_mode * mode_by_deviation)
        return np.append(self.matrix.transpose_matvec(by_eta), by_deviation)

    def conditional_deviance(self, coefficients, deviation) -> float:
        from iop_outcomes.stats.linear.families import FAMILIES

        eta = self.matrix.matvec(coefficients)
        mean = self._modes(eta, deviation)[1]
        return float(np.sum(self.trials * FAMILIES["binomial"].unit_deviance(self.y, mean)))


def _maximise(likelihood: _Likelihood, coefficients, scale) -> tuple[NDArray[np.float64], float]:
    from scipy.optimize import minimize

    def loss(point):
        value, gradient = likelihood(coefficients + scale @ point[:-1], point[-1])
        return -value, -np.append(scale.T @ gradient[:-1], gradient[-1])

    # At zero the gradient by the deviation is zero whatever the data say, so the search begins at one half.
    begin = np.append(np.zeros(len(coefficients)), 0.5)
    found = minimize(loss, begin, jac=True, method="BFGS", options={"gtol": 1e-7, "maxiter": 500})
    if loss(np.zeros(len(begin)))[0] <= found.fun + 1e-7:
        return coefficients, 0.0
    if np.abs(found.jac).max() > 1e-3:
        raise EstimationError(NO_MAXIMUM)
    return coefficients + scale @ found.x[:-1], abs(float(found.x[-1]))


def _covariance(likelihood: _Likelihood, coefficients, deviation, scale) -> NDArray[np.float64]:
    """Invert the observed information, which is the central difference of the gradient (in thousandths of an error)."""
    p, step = len(coefficients), 1e-3
    size = p if deviation == 0 else p + 1
    information = np.empty((size, size))
    for k in range(size):
        move = np.append(scale[:, k], 0.0) if k < p else np.append(np.zeros(p), 1.0)
        ends = []
        for sign in (1, -1):
            gradient = likelihood(coefficients + sign * step * move[:-1], deviation + sign * step * move[-1])[1]
            ends.append(np.append(scale.T @ gradient[:-1], gradient[-1])[:size])
        information[k] = (ends[1] - ends[0]) / (2 * step)
    information = (information + information.T) / 2
    try:
        # At a maximum the information is positive definite; where it is not, the search ended somewhere else.
        np.linalg.cholesky(information)
        inverse = np.linalg.inv(information)
    except np.linalg.LinAlgError as error:
        raise EstimationError(NO_MAXIMUM) from error
    covariance = np.full((p + 1, p + 1), np.nan)
    stretch = np.eye(size)
    stretch[:p, :p] = scale
    covariance[:size, :size] = stretch @ inverse @ stretch.T
    return covariance


def _turned(covariance, outward) -> NDArray[np.float64]:
    """Turn the covariance to the original columns; that of the deviation (last) stays."""
    result = covariance.copy()
    result[:-1, :-1] = outward @ covariance[:-1, :-1] @ outward.T
    result[:-1, -1] = result[-1, :-1] = outward @ covariance[:-1, -1]
    return result
