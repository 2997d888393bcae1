"""Robust and cluster-robust covariance of Cox coefficients, from the influence of every row.

The influence of row i on the score is m_i x_i - q_i: its martingale residual times its covariates, less means over risk
sets. The second part is a sparse n x K matrix times K x p means, so that sums over clusters, and the sum of squares
over all rows, are had without the n x p influences.
"""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from iop_outcomes.stats.linear.matrix import ModelMatrix
from iop_outcomes.stats.survival.cox import CoxFit
from iop_outcomes.stats.survival.cox_likelihood import CoxData, Moments, moments

LARGEST_TABLE = 4_000_000


@dataclass(frozen=True)
class ScoreInfluence:
    """Influence of each row on the score: ``multiplier[i] * x[i] - sum(factor[i] * means[index[i]])`` over the parts.

    Attributes
    ----------
    matrix : ModelMatrix, n x p
    multiplier : ndarray, shape (n,)
    parts : tuple of (rows, index, factor, means)
        ``rows`` positions of rows (None for all), ``index`` and ``factor`` of as many, ``means`` of shape (any, p).
    """

    matrix: ModelMatrix
    multiplier: NDArray[np.float64]
    parts: tuple

    def along(self, directions: NDArray) -> NDArray[np.float64]:
        """Return the influences times ``directions``, shape (p, q), as an n x q array."""
        result = (
            np.column_stack([self.matrix.matvec(direction) for direction in directions.T]) * self.multiplier[:, None]
        )
        for rows, index, factor, means in self.parts:
            part = factor[:, None] * (means @ directions)[index]
            if rows is None:
                result -= part
            else:
                result[rows] -= part
        return result

    def cluster_sums(self, cluster: NDArray[np.intp], n_clusters: int) -> NDArray[np.float64]:
        """Return the influences summed within clusters 0 to G - 1, shape (G, p)."""
        result = self.matrix.group_sums(self.multiplier, cluster, n_clusters)
        for rows, index, factor, means in self.parts:
            owner = cluster if rows is None else cluster[rows]
            result -= _table(owner, index, factor, (n_clusters, len(means))) @ means
        return result

    @cached_property
    def squares(self) -> NDArray[np.float64]:
        """The sum of outer products of the rows' influences, shape (p, p)."""
        result = self.matrix.sandwich(self.multiplier**2)
        whole = [self._on_all_rows(part) for part in self.parts]
        for position, (index, factor, means) in enumerate(whole):
            mixed = self.matrix.group_sums(self.multiplier * factor, index, len(means)).T @ means
            result -= mixed + mixed.T
            for other_position, (other_index, other_factor, other) in enumerate(whole[: position + 1]):
                shared = _table(index, other_index, factor * other_factor, (len(means), len(other)))
                products = means.T @ (shared @ other)
                result += products if other_position == position else products + products.T
        return result

    def _on_all_rows(self, part):
        rows, index, factor, means = part
        if rows is None:
            return index, factor, means
        whole_index, whole_factor = np.zeros(len(self.multiplier), dtype=np.intp), np.zeros(len(self.multiplier))
        whole_index[rows], whole_factor[rows] = index, factor
        return whole_index, whole_factor, means


def _table(left, right, values, shape):
    """Return the sums of ``values`` by two codes: a plain table where it is small, else a sparse one."""
    if shape[0] * shape[1] <= LARGEST_TABLE:
        return np.bincount(left * shape[1] + right, values, shape[0] * shape[1]).reshape(shape)
    from scipy.sparse import coo_array

    return coo_array((values, (left, right)), shape=shape).tocsr()


def score_influence(at: Moments, time_weights: NDArray[np.float64] | None = None) -> ScoreInfluence:
    """Return the weighted score residuals of a Cox model, with Efron's or Breslow's rule for ties.

    Parameters
    ----------
    at : Moments
    time_weights : ndarray, shape (K,), optional
        How much each event time counts in the score; 1 unless given.

    References
    ----------
    Lin & Wei 1989, JASA 84:1074; for Efron's rule, Therneau & Grambsch 2000, 4.2 and appendix: the l-th of m tied
    events is at risk by the share 1 - l/m.
    """
    data, sets = at.data, at.data.sets
    seen = data.died.astype(float)
    if time_weights is not None:
        seen[sets.deaths] = time_weights[sets.death_time]
        sums = {name: getattr(at, name) * time_weights for name in ("h", "hf", "h2", "h2f", "h2ff")}
        at = replace(at, **sums)
    deaths, owner, risk = sets.deaths, sets.death_time, data.weights * at.risk
    # Mean over the tied events of the means of x in their reduced risk sets.
    mean_at_event = at.h[:, None] * at.risk_sums
    parts = []
    if data.has_ties:
        reduced = at.h2f[:, None] * at.risk_sums - at.h2ff[:, None] * at.death_sums
        mean_at_event = mean_at_event - at.hf[:, None] * at.death_sums
        parts.append((deaths, owner, risk[deaths], reduced))
    parts.append((deaths, owner, data.weights[deaths], mean_at_event / data.death_weights[:, None]))
    for reach in sets.reaches:
        parts.append((reach.rows, reach.index, -reach.factor * reach.take(risk), reach.to_rows(at.mean_risk)))
    multiplier = data.weights * (seen - at.expected())
    return ScoreInfluence(data.matrix, multiplier, tuple(parts))


def influence(fit: CoxFit, directions: ArrayLike | None = None) -> NDArray[np.float64]:
    """Return what each row adds to the coefficients, or to linear combinations of them; weights held fixed.

    Parameters
    ----------
    fit : CoxFit
    directions : array_like, shape (p, q), optional
        Combinations; every coefficient unless given.

    Returns
    -------
    ndarray, shape (n, p) or (n, q)
        R's weighted ``dfbeta`` residuals.
    """
    chosen = np.eye(len(fit.names)) if directions is None else np.asarray(directions, dtype=float)
    return score_influence(fit.at).along(fit.covariance @ chosen)


def cox_covariance(fit: CoxFit, cluster: ArrayLike | None = None, *, small_sample: bool = False) -> NDArray[np.float64]:
    """Return the covariance of the coefficients that needs no correct model, shape (p, p).

    Parameters
    ----------
    fit : CoxFit
    cluster : array_like, shape (n,), optional
        Units that are independent, the person where one has several rows; every row is one unless given.
    small_sample : bool
        Multiply by G/(G - 1), G the number of units.

    References
    ----------
    Lin & Wei 1989, JASA 84:1074; Binder 1992, Biometrika 79:139 (weights).
    """
    scores = score_influence(fit.at)
    middle, n_units = _middle(scores, cluster)
    covariance = fit.covariance @ middle @ fit.covariance
    return covariance * n_units / (n_units - 1) if small_sample else covariance


def cox_score_test(fit: CoxFit, cluster: ArrayLike | None = None) -> float:
    """Return the robust score chi-square that all coefficients are zero, on p degrees of freedom.

    With probability weights and one indicator of the arm this is the weighted log-rank test.

    References
    ----------
    Lin & Wei 1989, JASA 84:1074; Xie & Liu 2005, Stat Med 24:3089 (weighted log-rank test).
    """
    data: CoxData = fit.at.data
    null = moments(data, np.zeros(len(fit.names)))
    score = null.score()
    return float(score @ np.linalg.solve(_middle(score_influence(null), cluster)[0], score))


def _middle(scores, cluster):
    if cluster is None:
        return scores.squares, len(scores.multiplier)
    codes, units = pd.factorize(np.asarray(cluster))
    sums = scores.cluster_sums(codes, len(units))
    return sums.T @ sums, len(units)
