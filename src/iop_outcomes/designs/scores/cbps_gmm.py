"""Covariate-balancing propensity scores with more conditions than coefficients: balance and likelihood together."""

import numpy as np
import scipy

from iop_outcomes.designs.arms import two_arms
from iop_outcomes.designs.scores.cbps import BalancingScore, moment_factors
from iop_outcomes.kernel.errors import DesignError
from iop_outcomes.stats.linear.centring import centred
from iop_outcomes.stats.linear.glm import fit_glm
from iop_outcomes.stats.linear.matrix import ModelMatrix


def overidentified_score(matrix: ModelMatrix, treated, estimand: str = "ATE") -> BalancingScore:
    """Return the over-identified covariate-balancing propensity score by two-step generalised method of moments.

    The p balance moments and the p likelihood scores are made as small as they can be together, weighted by the inverse
    of their model-based covariance at a first-step score: the maximum-likelihood one with its coefficients multiplied
    by the number between 0.8 and 1.1 that makes the criterion least, as the CBPS package does.

    Parameters
    ----------
    matrix : ModelMatrix of shape (n, p)
    treated : array_like of shape (n,)
    estimand : {"ATE", "ATT"}

    Returns
    -------
    BalancingScore

    References
    ----------
    Imai & Ratkovic 2014, J R Stat Soc B 76:243, sections 2.2 and 3.2.
    """
    from scipy.optimize import least_squares, minimize_scalar

    first = two_arms(treated, "covariate-balancing score")
    if estimand not in ("ATE", "ATT"):
        raise DesignError(f"covariate-balancing score: over-identified for ATE or ATT, not for '{estimand}'.")
    if len(matrix.names) == 1:
        # Without covariates both kinds of condition say the same: the score is the share of the first arm.
        fit = fit_glm(first, matrix)
        return BalancingScore(fit.fitted, fit.coefficients, matrix.names, statistic=0.0)
    moved = centred(matrix)
    matrix = moved.matrix
    moments = MomentConditions(matrix, first, estimand)
    start = moments.root @ fit_glm(first, matrix).coefficients

    def criterion(multiple):
        residual = moments.weighting(multiple * start) @ moments.values(multiple * start)
        return residual @ residual

    best = minimize_scalar(criterion, bounds=(0.8, 1.1), method="bounded", options={"xatol": 1e-6}).x
    weighting = moments.weighting(best * start)
    found = least_squares(
        lambda position: weighting @ moments.values(position),
        start,
        jac=lambda position: weighting @ moments.slopes(position),
        xtol=1e-12,
        ftol=1e-12,
        gtol=1e-12,
    )
    coefficients = scipy.linalg.solve_triangular(moments.root, found.x)
    return BalancingScore(
        scipy.special.expit(matrix.matvec(coefficients)),
        moved.coefficients(coefficients),
        matrix.names,
        statistic=float(2 * found.cost),
    )


class MomentConditions:
    """Likelihood and balance moments together, in an orthonormal basis of the columns.

    The criterion does not depend on the basis, and the search becomes well conditioned. ``root`` turns coefficients
    into positions in that basis.
    """

    def __init__(self, matrix: ModelMatrix, first: np.ndarray, estimand: str):
        self.matrix, self.first, self.estimand = matrix, first, estimand
        self.n = len(first)
        self.size = self.n / first.sum() if estimand == "ATT" else 1.0
        self.root = scipy.linalg.cholesky(matrix.sandwich(np.full(self.n, 1 / self.n)))

    def _score(self, position):
        eta = self.matrix.matvec(scipy.linalg.solve_triangular(self.root, position))
        return np.clip(scipy.special.expit(eta), 1e-6, 1 - 1e-6)

    def _factors(self, e):
        moment, slope = moment_factors(self.first, np.log(e) - np.log1p(-e), self.estimand)
        return moment * self.size, slope * self.size

    def _whitened(self, weights):
        half = scipy.linalg.solve_triangular(self.root, self.matrix.sandwich(weights / self.n), trans="T")
        return scipy.linalg.solve_triangular(self.root, half.T, trans="T").T

    def values(self, position: np.ndarray) -> np.ndarray:
        """Return the 2p mean moments."""
        e = self._score(position)
        parts = [self.matrix.transpose_matvec(part) / self.n for part in (self.first - e, self._factors(e)[0])]
        return np.concatenate([scipy.linalg.solve_triangular(self.root, part, trans="T") for part in parts])

    def slopes(self, position: np.ndarray) -> np.ndarray:
        """Return the 2p x p derivatives of the mean moments."""
        e = self._score(position)
        return -np.vstack([self._whitened(e * (1 - e)), self._whitened(self._factors(e)[1])])

    def weighting(self, position: np.ndarray) -> np.ndarray:
        """Return W with W'W the inverse of the moments' covariance under the model."""
        e = self._score(position)
        mixed, balance = (e, e / (1 - e)) if self.estimand == "ATT" else (np.ones(self.n), 1 / (e * (1 - e)))
        corner, side = self._whitened(e * (1 - e)), self._whitened(mixed * self.size)
        covariance = np.block([[corner, side], [side.T, self._whitened(balance * self.size**2)]])
        return scipy.linalg.solve_triangular(
            scipy.linalg.cholesky(covariance, lower=True), np.eye(len(covariance)), lower=True
        )
