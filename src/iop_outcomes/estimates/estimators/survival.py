"""Weighted survival in two arms: survival at a day, and restricted mean time."""

import numpy as np
import pandas as pd

from iop_outcomes.designs.comparison import Comparison
from iop_outcomes.estimates.measures import ArmMeans, arm_means
from iop_outcomes.estimates.survival_rows import RESTRICTED, SURVIVAL, restricted_rows, survival_rows
from iop_outcomes.estimates.time_to_event import ESTIMANDS, KINDS, Day, FollowUp, counted_influence, take_follow_up
from iop_outcomes.kernel.registry import estimator


@estimator(
    estimands=ESTIMANDS,
    kinds=KINDS,
    measures=tuple(SURVIVAL),
    description="Kaplan-Meier survival at a day, with the weights of the design",
    several_arms="two arms",
)
def weighted_kaplan_meier(
    data: pd.DataFrame,
    comparison: Comparison,
    seed: int,
    *,
    outcome: str = "time_in_care",
    measure: str = "",
    day: Day = 90,
    count_estimation: bool = True,
) -> pd.DataFrame:
    """Compare weighted Kaplan-Meier survival at one day; for time in care, the share still in care after that day.

    Follow-up that ends by censoring is taken to say nothing about the event, given arm and weights.
    """
    follow_up = take_follow_up(data, comparison, outcome)
    follow_up.refuse_unseen(day)
    arms = survival_means(follow_up, day, count_estimation=count_estimation)
    return survival_rows(follow_up, arms, measure, day)


@estimator(
    estimands=ESTIMANDS,
    kinds=KINDS,
    measures=tuple(RESTRICTED),
    description="Restricted mean time (area under the Kaplan-Meier curve to a day), with the weights of the design",
    several_arms="two arms",
)
def rmst(
    data: pd.DataFrame,
    comparison: Comparison,
    seed: int,
    *,
    outcome: str = "time_in_care",
    measure: str = "",
    until_day: Day | None = None,
    count_estimation: bool = True,
) -> pd.DataFrame:
    """Compare restricted mean times; for time in care, mean days in care up to ``until_day``.

    In a study ``until_day`` is the last day of follow-up unless the analysis says otherwise; elsewhere it must be set.
    Both arms must be followed to it.
    """
    follow_up = take_follow_up(data, comparison, outcome)
    until = follow_up.checked_horizon(until_day)
    arms = restricted_means(follow_up, until, count_estimation=count_estimation)
    return restricted_rows(follow_up, arms, measure, until)


def survival_means(follow_up: FollowUp, day: float, *, count_estimation: bool = True) -> ArmMeans:
    """Return weighted Kaplan-Meier survival of both arms at a day.

    References
    ----------
    Xie & Liu 2005, Stat Med 24:3089 (weighted curve). The variance is that of the influence functions, with the
    estimation of the propensity score counted where it is known.
    """

    def one(curve):
        return float(curve.at([day])["survival"].iloc[0]), curve.influence([day])[:, 0]

    return _by_arm(follow_up, one, count_estimation, "weighted Kaplan-Meier")


def restricted_means(follow_up: FollowUp, until: float, *, count_estimation: bool = True) -> ArmMeans:
    """Return restricted mean times of both arms, the areas under their weighted Kaplan-Meier curves.

    References
    ----------
    Conner et al. 2019, Stat Med 38:3832 (weighted restricted means).
    """
    from iop_outcomes.stats.survival.rmst import restricted_mean

    def one(curve):
        mean = restricted_mean(curve, until)
        return mean.value, mean.influence

    return _by_arm(follow_up, one, count_estimation, "area under the weighted Kaplan-Meier curve")


def _by_arm(follow_up, one, count_estimation, method):
    from iop_outcomes.stats.survival.kaplan_meier import kaplan_meier

    weights = follow_up.weights(count_estimation)
    means, influence = np.empty(2), np.zeros((len(follow_up.time), 2))
    for position, arm in enumerate(follow_up.arms):
        curve = kaplan_meier(follow_up.time[arm], follow_up.event[arm], weights.values[arm], variance="robust")
        means[position], influence[arm, position] = one(curve)
    influence = counted_influence(influence, weights)
    arms = arm_means(means, influence, cluster=follow_up.comparison.cluster, used=follow_up.used)
    return arms.with_method(f"{method}, {weights.method}")
