"""Restricted mean survival time: the area under a survival curve up to a day."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iop_outcomes.kernel.errors import EstimationError
from iop_outcomes.stats.survival.event_table import EventTable, ratio
from iop_outcomes.stats.survival.kaplan_meier import KaplanMeier, variance_terms
from iop_outcomes.stats.survival.tied_times import on_known_times

ROWS_AT_ONCE = 4_000_000


@dataclass(frozen=True)
class RestrictedMean:
    """Mean time survived up to a day.

    Attributes
    ----------
    value : float
        Restricted mean; the time lost is ``until`` less it.
    se : float
        By the variance of the curve it came from.
    until : float
    influence : ndarray, shape (n,)
        What each person adds, weights held fixed.
    """

    value: float
    se: float
    until: float
    influence: NDArray[np.float64]


def restricted_mean(curve: KaplanMeier, until: float) -> RestrictedMean:
    """Return the area under a Kaplan-Meier curve from 0 to ``until``.

    Parameters
    ----------
    curve : KaplanMeier
        Its variance decides the standard error: Greenwood's gives Σ area² d/(n (n - d)), with a term that is 0
        where everybody has the event; the robust one, the sum of squared influences.
    until : float

    Raises
    ------
    EstimationError
        Follow-up ends earlier while some survive, so that the curve is unknown from there on.

    References
    ----------
    Karrison 1987, JASA 82:1169; Uno et al. 2014, J Clin Oncol 32:2380.
    """
    table = curve.table
    refuse_unseen(table, until)
    ahead = _area_ahead(table, until)
    value = float(min(table.time[0], until) + ahead[0])
    step = ratio(ahead, table.n_survivors)
    influence = -table.weights * table.martingale_integral(step)
    if curve.variance == "robust":
        return RestrictedMean(value, float(np.sqrt(np.sum(influence**2))), until, influence)
    terms = variance_terms(table, curve.variance)
    return RestrictedMean(value, float(np.sqrt(np.sum(ahead**2 * terms))), until, influence)


def restricted_mean_jackknife_se(curve: KaplanMeier, until: float) -> float:
    """Return the leave-one-out standard error of the restricted mean, weights held fixed.

    Work is people times distinct times: a check of the other two, which need one pass.

    References
    ----------
    Efron & Tibshirani 1993, An Introduction to the Bootstrap, 11.5.
    """
    table = curve.table
    refuse_unseen(table, until)
    means = []
    size = max(1, ROWS_AT_ONCE // len(table.time))
    for start in range(0, table.n_people, size):
        part = slice(start, start + size)
        own, weights = table.code[part, None], table.weights[part, None]
        position = np.arange(len(table.time))
        at_risk = table.n_risk - weights * (position <= own)
        surviving = table.n_survivors - weights * (
            (position < own) | ((position == own) & (table.event[part, None] == 0))
        )
        survival = np.cumprod(
            np.where(at_risk > 1e-12 * table.n_risk[0], surviving / np.where(at_risk, at_risk, 1), 1), axis=1
        )
        means.append(min(table.time[0], until) + survival @ widths(table, until))
    means, n = np.concatenate(means), table.n_people
    return float(np.sqrt((n - 1) / n * np.sum((means - means.mean()) ** 2)))


def restricted_mean_contrasts(first: RestrictedMean, second: RestrictedMean, level: float = 0.95) -> pd.DataFrame:
    """Return difference and ratio of two independent restricted means, and the ratio of the times lost.

    Parameters
    ----------
    first, second : RestrictedMean
        Of two groups, up to the same day.
    level : float

    Returns
    -------
    DataFrame
        Rows ``rmst_difference``, ``rmst_ratio``, ``time_lost_ratio``; columns value, se, se_scale, ci_low, ci_high,
        p_value. Ratios have the standard error of their logarithm (delta method).

    References
    ----------
    Royston & Parmar 2013, BMC Med Res Methodol 13:152.
    """
    from scipy.special import ndtr, ndtri

    if first.until != second.until:
        raise EstimationError(
            f"restricted mean: one is up to {first.until:g} and the other to {second.until:g}; use one day"
        )
    variances = np.array([first.se**2, second.se**2])
    kept = np.array([first.value, second.value])
    lost = first.until - kept
    quantile = ndtri((1 + level) / 2)
    rows = [("rmst_difference", "identity", kept[0] - kept[1], np.sqrt(variances.sum()))]
    for name, means in (("rmst_ratio", kept), ("time_lost_ratio", lost)):
        with np.errstate(divide="ignore", invalid="ignore"):
            rows.append((name, "log", np.log(means[0] / means[1]), np.sqrt(np.sum(variances / means**2))))
    frame = pd.DataFrame(rows, columns=["measure", "se_scale", "value", "se"])
    ends = frame["value"].to_numpy()[:, None] + np.array([0, -quantile, quantile]) * frame["se"].to_numpy()[:, None]
    logarithm = (frame["se_scale"] == "log").to_numpy()[:, None]
    frame[["value", "ci_low", "ci_high"]] = np.where(logarithm, np.exp(np.where(logarithm, ends, 0)), ends)
    with np.errstate(invalid="ignore"):
        frame["p_value"] = 2 * ndtr(-np.abs(ends[:, 0] / frame["se"]))
    return frame[["measure", "value", "se", "se_scale", "ci_low", "ci_high", "p_value"]]


def refuse_unseen(table: EventTable, until: float) -> None:
    """Raise if the curve is not known up to ``until``."""
    if not until > 0:
        raise EstimationError(f"restricted mean: the time must be above zero, not {until:g}")
    if on_known_times(until, table.time) > table.time[-1] and table.survival[-1] > 0:
        raise EstimationError(
            f"restricted mean: follow-up of a group ends at {table.time[-1]:g} while some survive, so that "
            f"the mean up to {until:g} is unknown; choose an earlier time"
        )


def widths(table: EventTable, until: float) -> NDArray[np.float64]:
    """Return how long the curve keeps the value it takes at each distinct time, until ``until``."""
    return np.diff(np.minimum(np.append(table.time, until), until)).clip(0)


def _area_ahead(table, until):
    """Return the area under the curve from each distinct time to ``until``."""
    return np.cumsum((table.survival * widths(table, until))[::-1])[::-1]
