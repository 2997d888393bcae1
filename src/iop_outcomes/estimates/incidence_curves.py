"""Curves for figures: the share of each arm whose care has ended in each way, day by day."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iop_outcomes.designs.comparison import Comparison
from iop_outcomes.estimates.question import Question
from iop_outcomes.estimates.survival_curves import limits
from iop_outcomes.estimates.time_to_event import take_follow_up
from iop_outcomes.stats.survival.competing import cumulative_incidence
from iop_outcomes.stats.survival.kaplan_meier import kaplan_meier
from iop_outcomes.study.names import TIME_TO

COLUMNS = ("arm", "cause", "day", "incidence", "ci_low", "ci_high", "n_at_risk", "n_events")
#: Ways to end care that are drawn, each of those it holds: the last two are there where the others are of too few.
CAUSES: dict[str, tuple[str, ...]] = {
    "dropout": ("dropout",),
    "completion": ("completion",),
    "other": ("transfer", "jail", "death"),
    "left": ("dropout", "transfer", "jail", "death"),
}


def incidence_curves(data: pd.DataFrame, comparison: Comparison) -> pd.DataFrame:
    """Return weighted Aalen-Johansen curves of both arms of a comparison, for every way to end care.

    Parameters
    ----------
    data : DataFrame
        Outcomes, indexed like ``comparison.members``, with ``retention_days`` and ``care_ended_by``.
    comparison : Comparison

    Returns
    -------
    DataFrame
        Columns ``COLUMNS``, by arm, cause and day from 0 to the last of follow-up. ``n_at_risk`` and ``n_events`` count
        members and not weights. The intervals are pointwise, cluster-robust, and take the weights as fixed.

    References
    ----------
    Aalen & Johansen 1978, Scand J Stat 5:141.
    """
    of = {ending: take_follow_up(Question(data, outcome), comparison) for outcome, ending in TIME_TO.items()}
    any_of = next(iter(of.values()))
    codes = {ending: number for number, ending in enumerate(of, start=1)}
    ended = np.sum([codes[ending] * one.event for ending, one in of.items()], axis=0)
    own = any_of.comparison
    cluster = None if own.cluster is None else own.cluster.to_numpy()
    days = np.arange(any_of.time.max() + 1)
    curves = []
    for arm, name in zip(any_of.arms, own.arms, strict=True):
        units = None if cluster is None else cluster[arm]
        for cause, held in CAUSES.items():
            event = np.where(np.isin(ended[arm], [codes[one] for one in held]), 1, np.where(ended[arm] > 0, 2, 0))
            curve = _curve(any_of.time[arm], event, own.weight[arm], units, days)
            curves.append(curve.assign(arm=name, cause=cause))
    return pd.concat(curves, ignore_index=True)[list(COLUMNS)]


def _curve(
    time: NDArray[np.float64],
    event: NDArray[np.int_],
    weight: NDArray[np.float64],
    cluster: NDArray[np.object_] | None,
    days: NDArray[np.float64],
) -> pd.DataFrame:
    """Return one arm's incidence of cause 1 by day, with its limits."""
    curve = cumulative_incidence(time, event, weight, cluster=cluster).at(days)
    n_units = len(time) if cluster is None else len(np.unique(cluster))
    degrees_of_freedom = np.inf if cluster is None else n_units - 1.0
    low, high = limits(curve["incidence"], curve["se"], n_units, degrees_of_freedom)
    counts = kaplan_meier(time, event == 1).at(days)
    return pd.DataFrame(
        {
            "day": days.astype(np.int64),
            "incidence": curve["incidence"].clip(0, 1),
            "ci_low": low,
            "ci_high": high,
            "n_at_risk": counts["n_risk"].astype(np.int64),
            "n_events": counts["n_events"].astype(np.int64),
        }
    )
