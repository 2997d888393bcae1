"""Do people differ in what the first arm does for them? Exploratory: a test of the predictions, and their ranking."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iop_outcomes.estimates.effects_by_person import EffectsByPerson
from iop_outcomes.kernel.errors import EstimationError
from iop_outcomes.stats.linear.sandwich import influence_covariance


@dataclass(frozen=True)
class Heterogeneity:
    """How far predicted effects hold among people they were not learned from.

    Attributes
    ----------
    calibration : Series
        ``slope`` of the effect on its prediction (1: predictions are right; 0: they say nothing), ``se``, ``ci_low``,
        ``ci_high``, and ``p_value`` of a test, one-sided, that it is not above 0.
    groups : DataFrame
        People ranked by prediction within their fold: ``group`` (1 has the lowest), ``value``, ``se``, ``ci_low``,
        ``ci_high`` of the effect among them, ``n``.
    spread : Series
        The effect among the highest less that among the lowest: ``value``, ``se``, ``ci_low``, ``ci_high``.
    """

    calibration: pd.Series
    groups: pd.DataFrame
    spread: pd.Series


def heterogeneity(
    effects: EffectsByPerson, *, groups: int = 3, cluster: NDArray[np.object_] | pd.Series | None = None
) -> Heterogeneity:
    """Hold predicted effects against the people they were not learned from.

    Parameters
    ----------
    effects : EffectsByPerson
    groups : int
        Groups of about the same size by prediction, two or more.
    cluster : array_like, shape (n,), optional
        Units whose members are alike.

    Returns
    -------
    Heterogeneity

    Raises
    ------
    EstimationError
        There are fewer than two groups, or the predictions are the same for everybody.

    References
    ----------
    Chernozhukov, Demirer, Duflo & Fernandez-Val 2018, NBER 24678 (best linear predictor, sorted groups); Athey & Wager
    2019, Obs Stud 5:37 (calibration among people left out).
    """
    if groups < 2:
        raise EstimationError("heterogeneity: to rank people takes two groups or more")
    used = np.isfinite(effects.predicted)
    weight, outcome, fold = effects.weight[used], effects.outcome[used], effects.fold[used]
    own_cluster = None if cluster is None else np.asarray(cluster)[used]
    predicted = _within_folds(effects.predicted[used], weight, fold)
    if not np.any(np.abs(predicted) > 1e-12):
        raise EstimationError("heterogeneity: the predicted effect is the same for everybody")
    calibration = _slope(predicted, _within_folds(outcome, weight, fold), weight, own_cluster)
    rank = _ranked(predicted, fold, groups)
    means, influence = _group_means(outcome, weight, rank, groups)
    table = _rows(means, influence, own_cluster)
    ends = _rows(means[[-1]] - means[[0]], influence[:, [-1]] - influence[:, [0]], own_cluster)
    table = table.assign(group=np.arange(1, groups + 1), n=np.bincount(rank, minlength=groups))
    return Heterogeneity(calibration, table[["group", "value", "se", "ci_low", "ci_high", "n"]], ends.iloc[0])


def group_of(effects: EffectsByPerson, groups: int) -> NDArray[np.intp]:
    """Return the group of each person by prediction within their fold, from 1; 0 for those not used."""
    used = np.isfinite(effects.predicted)
    found = np.zeros(len(used), dtype=np.intp)
    own = _within_folds(effects.predicted[used], effects.weight[used], effects.fold[used])
    found[used] = 1 + _ranked(own, effects.fold[used], groups)
    return found


def _within_folds(
    values: NDArray[np.float64], weight: NDArray[np.float64], fold: NDArray[np.intp]
) -> NDArray[np.float64]:
    """Return values less the weighted mean of their fold: predictions of two folds come of two models."""
    total, n = np.bincount(fold, weight * values), np.bincount(fold, weight)
    centred: NDArray[np.float64] = values - (total / np.where(n > 0, n, 1.0))[fold]
    return centred


def _ranked(predicted: NDArray[np.float64], fold: NDArray[np.intp], groups: int) -> NDArray[np.intp]:
    rank = np.zeros(len(predicted), dtype=np.intp)
    for own in np.unique(fold):
        inside = np.flatnonzero(fold == own)
        order = np.argsort(predicted[inside], kind="stable")
        rank[inside[order]] = np.arange(len(inside)) * groups // len(inside)
    return rank


def _slope(
    predicted: NDArray[np.float64],
    outcome: NDArray[np.float64],
    weight: NDArray[np.float64],
    cluster: NDArray[np.object_] | None,
) -> pd.Series:
    from scipy.special import stdtr, stdtrit

    size = float(weight @ predicted**2)
    slope = float(weight @ (predicted * outcome)) / size
    influence = weight * predicted * (outcome - slope * predicted) / size
    covariance = influence_covariance(influence[:, None], cluster=cluster)
    se = float(np.sqrt(covariance.values[0, 0]))
    half = stdtrit(covariance.degrees_of_freedom, 0.975) * se
    p_value = 1 - stdtr(covariance.degrees_of_freedom, slope / se) if se > 0 else np.nan
    return pd.Series(
        {"slope": slope, "se": se, "ci_low": slope - half, "ci_high": slope + half, "p_value": float(p_value)}
    )


def _group_means(
    outcome: NDArray[np.float64], weight: NDArray[np.float64], rank: NDArray[np.intp], groups: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    inside = (rank[:, None] == np.arange(groups)) * weight[:, None]
    total = inside.sum(axis=0)
    means = (inside * outcome[:, None]).sum(axis=0) / total
    return means, inside * (outcome[:, None] - means) / total


def _rows(
    values: NDArray[np.float64], influence: NDArray[np.float64], cluster: NDArray[np.object_] | None
) -> pd.DataFrame:
    from scipy.special import stdtrit

    covariance = influence_covariance(influence, cluster=cluster)
    se = np.sqrt(np.diag(covariance.values))
    half = stdtrit(covariance.degrees_of_freedom, 0.975) * se
    return pd.DataFrame({"value": values, "se": se, "ci_low": values - half, "ci_high": values + half})
