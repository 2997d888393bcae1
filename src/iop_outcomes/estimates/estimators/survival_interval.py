"""Survival of two arms where the time is known only as an interval, as the coded length of stay of TEDS."""

from dataclasses import replace

import numpy as np
import pandas as pd

from iop_outcomes.designs.comparison import Comparison
from iop_outcomes.estimates.checks import checked_arms
from iop_outcomes.estimates.measures import ArmMeans, arm_means
from iop_outcomes.estimates.nuisance.design_weights import counting
from iop_outcomes.estimates.survival_rows import RESTRICTED, SURVIVAL, restricted_rows, survival_rows
from iop_outcomes.estimates.time_to_event import ESTIMANDS, KINDS, Day, FollowUp, counted_influence
from iop_outcomes.kernel.errors import EstimationError
from iop_outcomes.kernel.registry import estimator
from iop_outcomes.kernel.values import known_times
from iop_outcomes.stats.survival.interval_censored import IntervalCensored, interval_censored

#: Days of the shortest and of the longest stay that a record allows; the longest is missing where there is none.
LOW, HIGH = "stay_days_low", "stay_days_high"


@estimator(
    estimands=ESTIMANDS,
    kinds=KINDS,
    measures=(*SURVIVAL, *RESTRICTED),
    description="Survival at a day, or restricted mean time, from stays known as intervals (Turnbull)",
    several_arms="two arms",
)
def interval_survival(
    data: pd.DataFrame,
    comparison: Comparison,
    seed: int,
    *,
    outcome: str = "time_in_care",
    measure: str = "",
    day: Day = 90,
    count_estimation: bool = True,
) -> pd.DataFrame:
    """Compare weighted survival at a day, or mean time up to it, from the columns ``stay_days_low`` and
    ``stay_days_high``.

    Survival is had only at days that no interval crosses. For restricted means stays are taken as even inside
    intervals.
    """
    checked_arms(comparison.treated, comparison.arms)
    data, comparison = counting(data, replace(comparison, together=None))
    follow_up = _take_stays(data, comparison, outcome)
    curves = _by_arm(data, follow_up, count_estimation)
    if measure in RESTRICTED:
        _refuse_unseen(data, follow_up, day)
        arms = _means(follow_up, curves, [curve.mean_values(day) for curve in curves], count_estimation)
        return restricted_rows(follow_up, arms, measure, day)
    for curve, name in zip(curves, comparison.arms, strict=True):
        _refuse_crossed(curve, day, name)
    values = [curve.survival_values(np.array([day]))[:, 0] for curve in curves]
    return survival_rows(follow_up, _means(follow_up, curves, values, count_estimation), measure, day)


def stay_bounds(low: np.ndarray, high: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return stays of ``low`` to ``high`` whole days as intervals (lower, upper], open without ``high``."""
    upper = np.where(np.isnan(high), np.inf, high)
    return np.where(low == upper, low, low - 1.0), upper


def _take_stays(data, comparison, outcome) -> FollowUp:
    absent = [name for name in (LOW, HIGH) if name not in data.columns]
    if absent:
        raise EstimationError(
            f"{outcome}: the data have no column '{absent[0]}'; stays as intervals need {LOW} and {HIGH}, exact days "
            "of follow-up the estimator 'weighted_kaplan_meier' or 'rmst'"
        )
    low = known_times(data, LOW)
    in_design = comparison.weight > 0
    used = in_design & np.isfinite(low)
    for arm, name in zip((comparison.treated, ~comparison.treated), comparison.arms, strict=True):
        if not (used & arm).any():
            raise EstimationError(f"{outcome}: nobody in arm '{name}' whom the design uses has a known stay")
    ended = used & np.isfinite(_longest(data))
    return FollowUp(comparison, np.where(used, low, 0.0), ended, used, int(in_design.sum() - used.sum()))


def _longest(data):
    """Return the longest stay that each record allows, NaN where there is none."""
    return known_times(data[[HIGH]].replace(np.inf, np.nan), HIGH)


def _refuse_unseen(data, follow_up, day):
    """Raise if no stay in an arm is known as late as ``day``: what lies beyond is in no record."""
    last_known = np.fmax(follow_up.time, _longest(data))
    for arm, name in zip(follow_up.arms, follow_up.comparison.arms, strict=True):
        last = float(last_known[arm].max())
        if day > last:
            raise EstimationError(
                f"rmst: stays in arm '{name}' are known to day {last:g} and not to day {day:g}; choose an earlier day"
            )


def _by_arm(data, follow_up, count_estimation) -> list[IntervalCensored]:
    weights = follow_up.weights(count_estimation).values
    lower, upper = stay_bounds(follow_up.time, _longest(data))
    return [interval_censored(lower[arm], upper[arm], weights[arm]) for arm in follow_up.arms]


def _means(follow_up, curves, values, count_estimation) -> ArmMeans:
    """Return linear functions of the masses of both arms, one of ``values`` for each."""
    weights = follow_up.weights(count_estimation)
    influence = np.zeros((len(follow_up.time), 2))
    for position, (arm, curve) in enumerate(zip(follow_up.arms, curves, strict=True)):
        influence[arm, position] = curve.influence(values[position][:, None])[:, 0]
    means = [curve.mass @ own for curve, own in zip(curves, values, strict=True)]
    arms = arm_means(
        means, counted_influence(influence, weights), cluster=follow_up.comparison.cluster, used=follow_up.used
    )
    return arms.with_method(f"survival from intervals (Turnbull), {weights.method}")


def _refuse_crossed(curve: IntervalCensored, day: float, name: str) -> None:
    survival = curve.at([day])
    if float((survival["survival_high"] - survival["survival_low"]).iloc[0]) > 0:
        known = sorted({float(end) for end in curve.upper if np.isfinite(end)})
        nearest = min(known, key=lambda end: abs(end - day), default=day)
        raise EstimationError(
            f"survival: stays in arm '{name}' are known only as intervals that cross day {day:g}; "
            f"choose a day at which they end, such as {nearest:g}"
        )
