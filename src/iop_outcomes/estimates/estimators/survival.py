"""Weighted survival in two arms: survival at a day, and restricted mean time."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from iop_outcomes.designs.comparison import Comparison
from iop_outcomes.estimates.few_clusters import FewClusters
from iop_outcomes.estimates.in_time import RestrictedMeans, SurvivalAt
from iop_outcomes.estimates.measures import ArmMeans
from iop_outcomes.estimates.question import Question
from iop_outcomes.estimates.time_to_event import ESTIMANDS, KINDS, Day, FollowUp, means_of_arms, take_follow_up
from iop_outcomes.kernel.registry import estimator
from iop_outcomes.tables.measure import RMST, SURVIVAL, names_of

if TYPE_CHECKING:
    from iop_outcomes.stats.survival.kaplan_meier import KaplanMeier


@estimator(
    estimands=ESTIMANDS,
    kinds=KINDS,
    measures=names_of(SURVIVAL),
    description="Kaplan-Meier survival at a day, with the weights of the design",
    several_arms="two arms",
)
def weighted_kaplan_meier(
    question: Question,
    comparison: Comparison,
    *,
    day: Day = 90,
    count_estimation: bool = True,
    few_clusters: FewClusters = "no",
) -> SurvivalAt:
    """Compare weighted Kaplan-Meier survival at one day; for time in care, the share still in care after that day.

    Follow-up that ends by censoring is taken to say nothing about the event, given arm and weights.
    """
    follow_up = take_follow_up(question, comparison)
    follow_up.refuse_unseen(day)
    arms = survival_means(follow_up, day, count_estimation=count_estimation)
    arms = follow_up.for_few_clusters(arms, few_clusters, follow_up.comparison.weight)
    return SurvivalAt(follow_up, arms, day)


@estimator(
    estimands=ESTIMANDS,
    kinds=KINDS,
    measures=names_of(RMST),
    description="Restricted mean time (area under the Kaplan-Meier curve to a day), with the weights of the design",
    several_arms="two arms",
)
def rmst(
    question: Question,
    comparison: Comparison,
    *,
    until_day: Day | None = None,
    count_estimation: bool = True,
    few_clusters: FewClusters = "no",
) -> RestrictedMeans:
    """Compare restricted mean times; for time in care, mean days in care up to ``until_day``.

    In a study ``until_day`` is the last day of follow-up unless the analysis says otherwise; elsewhere it must be set.
    Both arms must be followed to it.
    """
    follow_up = take_follow_up(question, comparison)
    until = follow_up.checked_horizon(question.horizon if until_day is None else until_day)
    arms = restricted_means(follow_up, until, count_estimation=count_estimation)
    arms = follow_up.for_few_clusters(arms, few_clusters, follow_up.comparison.weight)
    return RestrictedMeans(follow_up, arms, until)


def survival_means(follow_up: FollowUp, day: float, *, count_estimation: bool = True) -> ArmMeans:
    """Return weighted Kaplan-Meier survival of both arms at a day.

    References
    ----------
    Xie & Liu 2005, Stat Med 24:3089 (weighted curve). The variance is that of the influence functions, with the
    estimation of the propensity score counted where it is known.
    """

    def one(curve: "KaplanMeier") -> tuple[float, NDArray[np.float64]]:
        return float(curve.at([day])["survival"].iloc[0]), curve.influence([day])[:, 0]

    return _of_survival(follow_up, one, count_estimation, "weighted Kaplan-Meier")


def restricted_means(follow_up: FollowUp, until: float, *, count_estimation: bool = True) -> ArmMeans:
    """Return restricted mean times of both arms, the areas under their weighted Kaplan-Meier curves.

    References
    ----------
    Conner et al. 2019, Stat Med 38:3832 (weighted restricted means).
    """
    from iop_outcomes.stats.survival.rmst import restricted_mean

    def one(curve: "KaplanMeier") -> tuple[float, NDArray[np.float64]]:
        mean = restricted_mean(curve, until)
        return mean.value, mean.influence

    return _of_survival(follow_up, one, count_estimation, "area under the weighted Kaplan-Meier curve")


def _of_survival(
    follow_up: FollowUp,
    one: Callable[["KaplanMeier"], tuple[float, NDArray[np.float64]]],
    count_estimation: bool,
    method: str,
) -> ArmMeans:
    from iop_outcomes.stats.survival.kaplan_meier import kaplan_meier

    def of_arm(arm: NDArray[np.bool_], weight: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        return one(kaplan_meier(follow_up.time[arm], follow_up.event[arm], weight, variance="robust"))

    return means_of_arms(follow_up, of_arm, method, count_estimation=count_estimation)
