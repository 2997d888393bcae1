"""Curves for figures and tables: the share of each arm without the event, day by day."""

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from iop_outcomes.designs.comparison import Comparison
from iop_outcomes.estimates.question import Question
from iop_outcomes.estimates.time_to_event import take_follow_up
from iop_outcomes.stats.survival.kaplan_meier import kaplan_meier, survival_interval

#: A standard error below this is that of sums which cancel but for rounding.
ROUNDING = 1e-12

COLUMNS = ("arm", "day", "survival", "ci_low", "ci_high", "n_at_risk", "n_events")


def survival_curves(
    data: pd.DataFrame, comparison: Comparison, *, outcome: str = "time_in_care", days: ArrayLike | None = None
) -> pd.DataFrame:
    """Return weighted Kaplan-Meier curves of both arms of a comparison.

    Parameters
    ----------
    data : DataFrame
        Outcomes, indexed like ``comparison.members``.
    comparison : Comparison
    outcome : str
    days : array_like, optional
        Days of the curve; every day from 0 to the last of follow-up unless given.

    Returns
    -------
    DataFrame
        Columns ``COLUMNS``, by arm and day. ``n_at_risk`` and ``n_events`` count members and not weights. The
        intervals are pointwise, cluster-robust, and take the weights as fixed.
    """
    follow_up = take_follow_up(Question(data, outcome), comparison)
    days = np.arange(follow_up.time.max() + 1) if days is None else np.asarray(days, dtype=float)
    comparison = follow_up.comparison
    cluster = None if comparison.cluster is None else comparison.cluster.to_numpy()
    curves = [
        arm_curve(
            follow_up.time[arm],
            follow_up.event[arm],
            days,
            weights=comparison.weight[arm],
            cluster=None if cluster is None else cluster[arm],
        ).assign(arm=name)
        for arm, name in zip(follow_up.arms, comparison.arms, strict=True)
    ]
    return pd.concat(curves, ignore_index=True)[list(COLUMNS)]


def arm_curve(
    time: ArrayLike,
    event: ArrayLike,
    days: ArrayLike,
    *,
    weights: ArrayLike | None = None,
    cluster: ArrayLike | None = None,
) -> pd.DataFrame:
    """Return the curve of one group on given days: day, survival, ci_low, ci_high, n_at_risk, n_events.

    Limits are missing where survival is 1 or 0, where the clusters agree so that nothing tells how they differ, and
    where all members are in one. With clusters they have the factor G/(G - 1) and the t quantile with G - 1 degrees of
    freedom, as those of the estimates do where clusters are not few.
    """
    days = np.asarray(days, dtype=float)
    curve = kaplan_meier(time, event, weights, cluster=cluster, variance="robust")
    weighted, counts = curve.at(days), kaplan_meier(time, event).at(days)
    n_units = len(curve.table.code) if curve.cluster is None else int(curve.cluster.max()) + 1
    low, high = limits(weighted["survival"], weighted["se"], n_units, np.inf if cluster is None else n_units - 1.0)
    return pd.DataFrame(
        {
            "day": days.astype(np.int64) if np.array_equal(days, np.rint(days)) else days,
            "survival": weighted["survival"],
            "ci_low": low,
            "ci_high": high,
            "n_at_risk": counts["n_risk"].astype(np.int64),
            "n_events": counts["n_events"].astype(np.int64),
        }
    )


def limits(
    share: pd.Series, se: pd.Series, n_units: int, degrees_of_freedom: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the log-log limits of the shares of a curve, missing where its standard error says nothing.

    Parameters
    ----------
    share, se : Series
        Day by day.
    n_units : int
        People, or clusters of them, that differ from each other.
    degrees_of_freedom : float
    """
    if n_units < 2:
        unknown = np.full(len(share), np.nan)
        return unknown, unknown
    known = se.where(se > ROUNDING) * np.sqrt(n_units / (n_units - 1))
    return survival_interval(share, known, degrees_of_freedom=degrees_of_freedom)
