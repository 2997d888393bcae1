"""Generalised linear models with robust and cluster-robust standard errors."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from iop_outcomes.kernel.errors import EstimationError, did_you_mean
from iop_outcomes.stats.linear.centring import centred
from iop_outcomes.stats.linear.cluster_robust import CLUSTERED, cluster_covariance
from iop_outcomes.stats.linear.families import Link, family_and_link
from iop_outcomes.stats.linear.glm import GlmFit, fit_glm
from iop_outcomes.stats.linear.matrix import ModelMatrix
from iop_outcomes.stats.linear.sandwich import HETEROSCEDASTIC, EstimatingEquation, cluster_codes


@dataclass(frozen=True)
class RobustGlm:
    """A generalised linear model with the covariance that was asked for.

    Attributes
    ----------
    names : tuple of str
    coefficients, se : ndarray, shape (p,)
    covariance : ndarray, shape (p, p)
    degrees_of_freedom : ndarray, shape (p,)
        Of the t quantile of each coefficient; infinite for the normal one.
    method : str
        How the covariance was made, in words.
    fit : GlmFit
    """

    names: tuple[str, ...]
    coefficients: NDArray[np.float64]
    covariance: NDArray[np.float64]
    degrees_of_freedom: NDArray[np.float64]
    method: str
    fit: GlmFit

    @property
    def se(self) -> NDArray[np.float64]:
        """Standard errors of the coefficients."""
        return np.sqrt(np.diag(self.covariance))

    @property
    def p_values(self) -> NDArray[np.float64]:
        """Two-sided p-values of coefficients of zero."""
        from scipy.special import ndtr, stdtr

        statistic, df = -np.abs(self.coefficients / self.se), self.degrees_of_freedom
        return 2 * np.where(np.isinf(df), ndtr(statistic), stdtr(np.where(np.isinf(df), 1.0, df), statistic))


@dataclass(frozen=True)
class FittedEquation:
    """A fitted model as an estimating equation, with what predictions for other rows need.

    Attributes
    ----------
    coefficients : ndarray, shape (p,)
    equation : EstimatingEquation
    unit_score : ndarray, shape (n,)
        Score residual per unit of prior weight, for all rows.
    dispersion : float
    link : Link
    """

    coefficients: NDArray[np.float64]
    equation: EstimatingEquation
    unit_score: NDArray[np.float64]
    dispersion: float
    link: Link


def fit_equation(
    response: ArrayLike,
    matrix: ModelMatrix,
    *,
    family: str,
    link: str | None = None,
    weights: ArrayLike | None = None,
    penalty: float | None = None,
    aliased: str = "refuse",
    tolerance: float = 1e-8,
) -> FittedEquation:
    """Fit a generalised linear model and return it as an estimating equation.

    Parameters
    ----------
    response : array_like, shape (n,)
    matrix : ModelMatrix
    family, link, penalty, aliased, tolerance
        As in ``fit_glm``.
    weights : array_like, shape (n,), optional
        Prior weights; rows of weight zero are not fitted.
    """
    y = np.asarray(response, dtype=float)
    fit = fit_glm(
        y,
        matrix,
        family=family,
        link=link,
        weights=weights,
        penalty=penalty,
        aliased=aliased,
        tolerance=tolerance,
    )
    chosen, link_used = family_and_link(family, link)
    if link_used.name == chosen.canonical:
        unit_score = y - fit.fitted
    else:
        unit_score = (y - fit.fitted) * link_used.slope(fit.linear_predictor) / chosen.variance(fit.fitted)
    equation = EstimatingEquation(matrix, fit.score_residuals, fit.working_weights, fit.bread)
    return FittedEquation(fit.coefficients, equation, unit_score, fit.dispersion, link_used)


def fit_robust_glm(
    response: ArrayLike,
    matrix: ModelMatrix,
    *,
    family: str = "binomial",
    link: str | None = None,
    weights: ArrayLike | None = None,
    offset: ArrayLike | None = None,
    covariance: str = "HC0",
    cluster: ArrayLike | None = None,
) -> RobustGlm:
    """Fit a generalised linear model whose standard errors do not trust its variance.

    ``family="poisson"`` for a 0/1 response is the modified Poisson model of a risk ratio; ``family="binomial",
    link="log"`` the log-binomial one; ``family="gaussian"`` with 0/1 gives risk differences.

    Parameters
    ----------
    response : array_like, shape (n,)
    matrix : ModelMatrix
    family, link, offset
        As in ``fit_glm``.
    weights : array_like, shape (n,), optional
        Prior weights, taken as fixed.
    covariance : {"model", "survey", "HC0", "HC1", "HC2", "HC3", "CR0", "CR1", "CR1S", "CR2", "CR3"}
        The kinds that begin with CR need ``cluster``. ``survey`` is the linearisation estimator of survey::svyglm:
        HC0 times n/(n - 1), or with clusters CR1, and t quantiles with n - 1 (or G - 1) minus p - 1 degrees of freedom.
    cluster : array_like, shape (n,), optional

    Returns
    -------
    RobustGlm

    References
    ----------
    Zou 2004, Am J Epidemiol 159:702 (modified Poisson); the covariances: see ``sandwich`` and ``cluster_robust``.
    """
    known = ("model", "survey", *HETEROSCEDASTIC, *CLUSTERED)
    if covariance not in known:
        raise EstimationError(f"robust model: there is no covariance '{covariance}'; {did_you_mean(covariance, known)}")
    if (covariance in CLUSTERED) != (cluster is not None) and covariance != "survey":
        need = "needs clusters" if covariance in CLUSTERED else "knows no clusters; use CR0 to CR3 or survey with them"
        raise EstimationError(f"robust model: {covariance} {need}")
    moved = centred(matrix)
    fit = fit_glm(response, moved.matrix, family=family, link=link, weights=weights, offset=offset)
    equation = EstimatingEquation(moved.matrix, fit.score_residuals, fit.working_weights, fit.bread)
    slope = family_and_link(family, link)[1].slope(fit.linear_predictor)
    values, degrees_of_freedom, method = _covariance(equation, fit, covariance, cluster, slope)
    df = np.broadcast_to(np.asarray(degrees_of_freedom, dtype=float), fit.coefficients.shape)
    coefficients, bread = moved.coefficients(fit.coefficients), moved.covariance(fit.bread)
    original = replace(fit, coefficients=coefficients, bread=bread)
    return RobustGlm(fit.names, coefficients, moved.covariance(values), df, method, original)


def _covariance(equation: EstimatingEquation, fit: GlmFit, kind: str, cluster: ArrayLike | None, slope):
    used = equation.working_weights > 0
    n, p = int(used.sum()), len(equation.bread)
    if kind == "model":
        return fit.covariance, np.inf, "model-based"
    if kind == "survey" and cluster is None:
        return equation.sandwich() * n / (n - 1), n - p, "survey linearisation (HC0 × n/(n - 1))"
    if kind in HETEROSCEDASTIC:
        return equation.heteroscedastic(kind).sandwich(), np.inf, kind
    if kind == "survey":
        result, n_clusters = cluster_covariance(equation, cluster, "CR1"), cluster_codes(cluster, used)[1]
        return result.values, n_clusters - p, f"survey linearisation ({n_clusters:,} clusters)"
    result = cluster_covariance(equation, cluster, kind, slope)
    if kind == "CR2":
        words = f"CR2 ({result.n_clusters:,} clusters), Satterthwaite degrees of freedom"
        return result.values, result.degrees_of_freedom, words
    degrees_of_freedom = np.inf if kind == "CR0" else result.n_clusters - 1
    return result.values, degrees_of_freedom, f"{kind} ({result.n_clusters:,} clusters)"
