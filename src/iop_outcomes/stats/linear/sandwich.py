"""Covariance that does not trust the model: influences and estimating equations.

An estimate is a sum of influences, one per row; its variance is the sum of their squares. With clusters the influences
are first summed within each. An estimate that uses fitted coefficients depends on every row through them: where its
gradient along the linear predictors is known, the influence of each row through the model follows from the model's
scores and information alone (stacked estimating equations), in three passes over the model matrix.
"""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from iop_outcomes.kernel.errors import EstimationError
from iop_outcomes.stats.linear.matrix import ModelMatrix

HETEROSCEDASTIC = ("HC0", "HC1", "HC2", "HC3")


@dataclass(frozen=True)
class Covariance:
    """A covariance matrix with the degrees of freedom of its intervals and, in words, how it was made.

    Attributes
    ----------
    values : ndarray, shape (k, k)
    degrees_of_freedom : float
        Of the t quantile; infinite for the normal one.
    method : str
    unclustered : ndarray, shape (k, k), or None
        The same had every row been a unit of its own: beside it one sees whether clusters only agree.
    units : str
        What the clusters are called.
    working : ndarray, shape (k, k, G, G), or None
        Covariance, under a working model, of what each of G clusters adds to each estimate: with it every combination
        of the estimates has degrees of freedom of its own.
    """

    values: NDArray[np.float64]
    degrees_of_freedom: float
    method: str
    unclustered: NDArray[np.float64] | None = None
    units: str = "sites"
    working: NDArray[np.float64] | None = None

    @property
    def se(self) -> NDArray[np.float64]:
        """Standard errors, shape (k,)."""
        return np.sqrt(np.diag(self.values))

    def along(self, gradient: ArrayLike) -> "Covariance":
        """Return the variance of one combination of the estimates.

        Parameters
        ----------
        gradient : array_like, shape (k,)
        """
        row = np.atleast_2d(np.asarray(gradient, dtype=float))
        alone = None if self.unclustered is None else row @ self.unclustered @ row.T
        working = None if self.working is None else np.einsum("ia,jb,abgh->ijgh", row, row, self.working)
        return replace(self, values=row @ self.values @ row.T, unclustered=alone, working=working)

    def freedom_of(self, gradient: ArrayLike) -> float:
        """Return the degrees of freedom of a combination of the estimates.

        Satterthwaite's, tr(P)^2 / tr(P^2) with P the working covariance of what the clusters add to it, where that is
        known, and those of the whole covariance elsewhere.

        Parameters
        ----------
        gradient : array_like, shape (k,)
        """
        if self.working is None:
            return self.degrees_of_freedom
        return satterthwaite(self.working, gradient) or self.degrees_of_freedom


def satterthwaite(working: NDArray[np.float64], gradient: ArrayLike) -> float:
    """Return the degrees of freedom of the variance of a combination of estimates, 0 where nothing varies.

    Parameters
    ----------
    working : ndarray, shape (k, k, G, G)
        As in :class:`Covariance`.
    gradient : array_like, shape (k,)

    References
    ----------
    Satterthwaite 1946, Biometrics Bull 2:110; Bell & McCaffrey 2002, Survey Methodology 28:169.
    """
    along = np.asarray(gradient, dtype=float)
    by_cluster = np.einsum("a,b,abgh->gh", along, along, working)
    squares = float(np.sum(by_cluster**2))
    return float(np.trace(by_cluster) ** 2 / squares) if squares > 0 else 0.0


def cluster_codes(cluster: ArrayLike, used: ArrayLike | None = None) -> tuple[NDArray[np.intp], int]:
    """Return clusters as numbers 0 to G - 1, and G.

    Parameters
    ----------
    cluster : array_like, shape (n,)
        Labels.
    used : array_like of bool, shape (n,), optional
        Rows that count; the others get code -1.

    Raises
    ------
    EstimationError
        A row that counts has no cluster, or there are fewer than two clusters.
    """
    labels = pd.Series(cluster).reset_index(drop=True)
    if used is not None:
        labels = labels.where(np.asarray(used, dtype=bool))
    codes, found = pd.factorize(labels)
    without = int((codes < 0).sum()) - (0 if used is None else int(np.sum(~np.asarray(used, dtype=bool))))
    if without:
        raise EstimationError(f"clusters: {without:,} rows have none; name a cluster for every row, or use no clusters")
    if len(found) < 2:
        raise EstimationError("clusters: all rows are in one, which gives no standard error; leave the clusters out")
    return codes, len(found)


def influence_covariance(
    influence: ArrayLike,
    *,
    cluster: ArrayLike | None = None,
    small_sample: bool = True,
    used: ArrayLike | None = None,
) -> Covariance:
    """Return the covariance of estimates from their influences.

    Parameters
    ----------
    influence : array_like, shape (n, k)
        What each row adds to each estimate; columns sum to about zero.
    cluster : array_like, shape (n,), optional
        Units whose members are alike.
    small_sample : bool
        Multiply by n/(n - 1), or with clusters by G/(G - 1) and use t quantiles with G - 1 degrees of freedom.
    used : array_like of bool, shape (n,), optional
        Rows that count towards n and G; all unless told. The influence of the others (of somebody trimmed, through the
        score that was fitted on all) counts too where it is not zero.

    Returns
    -------
    Covariance

    References
    ----------
    Huber 1967; Liang & Zeger 1986, Biometrika 73:13. The factor is that of the survey linearisation estimator
    (Binder 1983, Int Stat Rev 51:279).
    """
    influence = np.asarray(influence, dtype=float)
    influence = influence[:, None] if influence.ndim == 1 else influence
    used = np.ones(len(influence), dtype=bool) if used is None else np.asarray(used, dtype=bool)
    unclustered = None
    if cluster is None:
        n_units, method, degrees_of_freedom = int(used.sum()), "robust", np.inf
        units = influence
    else:
        codes, n_clusters = cluster_codes(cluster, used)
        if used.all():
            units = np.column_stack([np.bincount(codes, column, n_clusters) for column in influence.T])
        else:
            codes, found = pd.factorize(pd.Series(cluster).reset_index(drop=True))
            named = codes >= 0
            units = np.column_stack([np.bincount(codes[named], column[named], len(found)) for column in influence.T])
        n_units, method, degrees_of_freedom = n_clusters, f"cluster-robust ({n_clusters:,} clusters)", n_clusters - 1.0
        unclustered = influence.T @ influence
    values = units.T @ units
    if not small_sample:
        return Covariance(values, np.inf, method, unclustered)
    factor = n_units / (n_units - 1)
    return Covariance(values * factor, degrees_of_freedom, f"{method}, small-sample corrected", unclustered)


@dataclass(frozen=True)
class EstimatingEquation:
    """A fitted generalised linear model as the equation X'score = 0 that its coefficients solve.

    Attributes
    ----------
    matrix : ModelMatrix
        Design X, n by p.
    score : ndarray, shape (n,)
        Score residuals, prior weights included; zero for rows that were not fitted.
    working_weights : ndarray, shape (n,)
        Diagonal of W in the information X'WX, zero for rows that were not fitted.
    bread : ndarray, shape (p, p)
        Inverse of the information.
    """

    matrix: ModelMatrix
    score: NDArray[np.float64]
    working_weights: NDArray[np.float64]
    bread: NDArray[np.float64]

    def direction(self, gradient: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return per row what one more unit of score residual there would add to a target, shape (n,).

        Parameters
        ----------
        gradient : ndarray, shape (n,)
            Derivative of the target by the linear predictor of each row.
        """
        return self.matrix.matvec(self.bread @ self.matrix.transpose_matvec(gradient))

    def carry(self, gradient: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return what each row adds to a target through the coefficients of this model, shape (n,)."""
        return self.direction(gradient) * self.score

    def heteroscedastic(self, kind: str) -> "EstimatingEquation":
        """Return the equation with score residuals scaled so that the plain sandwich is HC0, HC1, HC2 or HC3.

        Raises
        ------
        EstimationError
            Some row decides a coefficient by itself, so that HC2 and HC3 do not exist.

        References
        ----------
        MacKinnon & White 1985, J Econometrics 29:305; for generalised linear models with the leverage of the last
        weighted least squares step (Zeileis 2006, J Stat Softw 16(9)).
        """
        if kind == "HC0":
            return self
        if kind == "HC1":
            n, p = np.count_nonzero(self.working_weights), len(self.bread)
            return replace(self, score=self.score * np.sqrt(n / (n - p)))
        remaining = 1 - self.working_weights * self.matrix.quadratic_form(self.bread)
        alone = int(np.sum(remaining < 1e-10))
        if alone:
            raise EstimationError(
                f"{kind}: {alone:,} rows decide a coefficient by themselves, so that no residual is left; "
                "use HC0, or merge the covariate levels that one person has"
            )
        return replace(self, score=self.score / (np.sqrt(remaining) if kind == "HC2" else remaining))

    def sandwich(self) -> NDArray[np.float64]:
        """Return the plain sandwich of the coefficients, shape (p, p)."""
        return self.bread @ self.matrix.sandwich(self.score**2) @ self.bread
