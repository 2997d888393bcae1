"""Generalised linear models by Fisher scoring, equal to R's ``glm``."""

from dataclasses import dataclass

import numpy as np

from iop_outcomes.kernel.errors import DesignError, EstimationError, counted
from iop_outcomes.stats.linear.centring import Centring, centred
from iop_outcomes.stats.linear.families import Family, family_and_link
from iop_outcomes.stats.linear.identifiability import aliased_columns, refuse_aliased, refuse_separated
from iop_outcomes.stats.linear.likelihood import Likelihood, State, inverse, maximise
from iop_outcomes.stats.linear.matrix import ModelMatrix

SUBSAMPLE = 50_000


@dataclass(frozen=True)
class GlmFit:
    """A fitted generalised linear model.

    Attributes
    ----------
    names : tuple of str
    coefficients : ndarray of shape (p,)
        Zero for columns left out because they are combinations of others.
    bread : ndarray of shape (p, p)
        Inverse of ``X'WX`` (plus the ridge): the model covariance before the dispersion, the bread of sandwiches.
    fitted, linear_predictor : ndarray of shape (n,)
    score_residuals : ndarray of shape (n,)
        Row i adds ``score_residuals[i] * x[i]`` to the score of the likelihood.
    working_weights : ndarray of shape (n,)
        The W of ``X'WX``.
    deviance : float
    dispersion : float
        1 for binomial and Poisson; the residual variance, divisor n - p, for Gaussian, for gamma that of y / mean.
    iterations : int
        Full passes over the data.
    aliased : tuple of str
        Columns left out because they are exact combinations of others.
    """

    names: tuple[str, ...]
    coefficients: np.ndarray
    bread: np.ndarray
    fitted: np.ndarray
    linear_predictor: np.ndarray
    score_residuals: np.ndarray
    working_weights: np.ndarray
    deviance: float
    dispersion: float
    iterations: int
    aliased: tuple[str, ...] = ()

    @property
    def covariance(self) -> np.ndarray:
        """Model-based covariance of the coefficients."""
        return self.bread * self.dispersion

    @property
    def standard_errors(self) -> np.ndarray:
        """Model-based standard errors."""
        return np.sqrt(np.diag(self.covariance))


def fit_glm(
    y,
    matrix: ModelMatrix,
    *,
    family: str = "binomial",
    link: str | None = None,
    weights=None,
    offset=None,
    penalty: str | float | None = None,
    aliased: str = "refuse",
    tolerance: float = 1e-5,
) -> GlmFit:
    """Fit a generalised linear model.

    Above 100,000 rows the first steps are made on every k-th row: the solution is the same, and most of the passes over
    the whole are saved.

    Parameters
    ----------
    y : array_like of shape (n,)
        Response; for "binomial" a share between 0 and 1 (0/1 or fractional).
    matrix : ModelMatrix of shape (n, p)
    family : {"binomial", "poisson", "gamma", "gaussian"}
        Gamma for costs: a standard deviation that grows with the mean. Zeros may stand among them, for the equation of
        its means is that of a quasi-likelihood.
    link : {"logit", "log", "identity", "cloglog", "probit"}, optional
        The canonical one by default, for gamma the logarithm; ``family="binomial", link="log"`` is the log-binomial
        model.
    weights : array_like of shape (n,), optional
        Prior weights, as R's ``weights``; rows of weight zero do not count.
    offset : array_like of shape (n,), optional
    penalty : "firth" or float, optional
        Firth's bias reduction (logistic only), or the strength of a ridge on the columns divided by their standard
        deviations, intercept free: minus log-likelihood + penalty/2 * sum of squares.
    aliased : {"refuse", "drop"}
        Whether collinear columns are refused by name, or left out as R does, with coefficient zero.
    tolerance : float
        Length of the last Newton step in standard errors; the distance left is of the order of its square.

    Returns
    -------
    GlmFit

    Raises
    ------
    DesignError
        Separation or collinearity, named.
    EstimationError
        The response does not fit the family, or the fit does not converge.

    References
    ----------
    McCullagh & Nelder 1989, Generalized Linear Models, ch. 2; Firth 1993, Biometrika 80:27.
    """
    chosen, link = family_and_link(family, link)
    y, weights, offset = _checked(y, matrix, chosen, weights, offset)
    moved = centred(matrix)
    matrix = moved.matrix
    if penalty is None and family != "gaussian":
        refuse_separated(matrix, y, weights, family)
    if penalty == "firth" and (family, link.name) != ("binomial", "logit"):
        raise EstimationError("penalty: 'firth' is for logistic models; use a ridge (a number) for others.")
    likelihood = Likelihood(y, matrix, chosen, link, weights, offset, penalty)
    start = _start_on_part(likelihood)
    state = likelihood.first_state(start)
    lost = np.zeros(len(matrix.names), dtype=bool)
    if not likelihood.ridge.any():
        information = likelihood.information(state)
        lost = aliased_columns(information, matrix.has_intercept)
        if lost.any() and aliased == "refuse":
            refuse_aliased(matrix, information, lost)
    if lost.any():
        likelihood = Likelihood(y, matrix.columns(~lost), chosen, link, weights, offset, penalty)
        state = likelihood.first_state(None if start is None else start[~lost])
    state, iterations = maximise(likelihood, state, tolerance)
    return _result(likelihood, state, iterations, moved, lost)


def _checked(y, matrix, family: Family, weights, offset):
    n = matrix.shape[0]
    y = np.asarray(y, dtype=float)
    weights = np.ones(n) if weights is None else np.asarray(weights, dtype=float)
    # Seen as n zeros and held as one.
    offset = np.broadcast_to(0.0, n) if offset is None else np.asarray(offset, dtype=float)
    for name, values in (("response", y), ("weights", weights), ("offset", offset)):
        if values.shape != (n,):
            raise EstimationError(f"{name}: {values.shape} values for {counted(n, 'row')}; give one per row.")
        bad = int((~np.isfinite(values)).sum())
        if bad:
            raise EstimationError(f"{name}: {counted(bad, 'value')} missing or infinite; a model needs all of them.")
    if (weights < 0).any() or not (weights > 0).any():
        raise EstimationError("weights: negative, or all zero; give weights of zero or more, some of them positive.")
    outside = int(((y < family.lowest) | (y > family.highest)).sum())
    if outside:
        raise EstimationError(
            f"response: {counted(outside, 'value')} outside {family.lowest:g} to {family.highest:g}, "
            f"which a {family.name} model allows."
        )
    return y, weights, offset


def _start_on_part(likelihood: Likelihood) -> np.ndarray | None:
    """Return coefficients from every k-th row, or None when that part cannot be fitted."""
    step = len(likelihood.y) // SUBSAMPLE
    if step < 2 or likelihood.firth or likelihood.family.name == "gaussian":
        return None
    try:
        # A slight ridge keeps levels that are rare or separated in the part from running away.
        small = likelihood.every(step, least_ridge=1e-3)
        return maximise(small, small.first_state(None), tolerance=1e-2)[0].coefficients
    except (DesignError, EstimationError):
        return None


def _result(likelihood: Likelihood, state: State, iterations: int, moved: Centring, lost) -> GlmFit:
    names = moved.matrix.names
    coefficients, bread = np.zeros(len(names)), np.zeros((len(names),) * 2)
    coefficients[~lost] = state.coefficients
    bread[np.ix_(~lost, ~lost)] = inverse(likelihood.information(state))
    deviance = likelihood.deviance(state.mean)
    dispersion = 1.0
    if likelihood.family.name in ("gaussian", "gamma"):
        left = int((likelihood.weights > 0).sum()) - int((~lost).sum())
        squares = likelihood.weights @ ((likelihood.y - state.mean) ** 2 / likelihood.family.variance(state.mean))
        dispersion = float(squares) / left if left > 0 else np.nan
    return GlmFit(
        names=names,
        coefficients=moved.coefficients(coefficients),
        bread=moved.covariance(bread),
        fitted=state.mean,
        linear_predictor=state.eta,
        score_residuals=state.score_residuals,
        working_weights=state.working_weights,
        deviance=deviance,
        dispersion=dispersion,
        iterations=iterations,
        aliased=tuple(name for name, gone in zip(names, lost, strict=True) if gone),
    )
