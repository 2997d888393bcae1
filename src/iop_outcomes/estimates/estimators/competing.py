"""Time until care ended in one way, with which the other ways compete: incidence by a day, and time lost to it."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from iop_outcomes.designs.comparison import Comparison
from iop_outcomes.estimates.few_clusters import FewClusters
from iop_outcomes.estimates.in_time import RestrictedMeans, SurvivalAt
from iop_outcomes.estimates.question import Question
from iop_outcomes.estimates.time_to_event import COMPETING, ESTIMANDS, Day, FollowUp, means_of_arms, take_follow_up
from iop_outcomes.kernel.errors import EstimationError
from iop_outcomes.kernel.registry import estimator
from iop_outcomes.tables.measure import INCIDENCE, TIME_LOST, names_of

if TYPE_CHECKING:
    from iop_outcomes.stats.survival.competing import CumulativeIncidence


@estimator(
    estimands=ESTIMANDS,
    kinds=COMPETING,
    measures=names_of(INCIDENCE),
    description="Aalen-Johansen incidence by a day while other events compete, with the weights of the design",
    several_arms="two arms",
)
def aalen_johansen(
    question: Question,
    comparison: Comparison,
    *,
    day: Day = 90,
    count_estimation: bool = True,
    few_clusters: FewClusters = "no",
) -> SurvivalAt:
    """Compare the share of both arms who have had an event by a day, while others compete with it.

    Whoever has had another event first never has this one, and stays in the denominator: of time to dropout, whoever
    completes is free of dropout up to the horizon. Only the end of observation censors, and is taken to say nothing
    about the event, given arm and weights.

    References
    ----------
    Aalen & Johansen 1978, Scand J Stat 5:141; weighted, Ozenne et al. 2020, Biom J 62:751.
    """
    follow_up = take_follow_up(question, comparison)
    follow_up.refuse_unseen(day)

    def of_arm(arm: NDArray[np.bool_], weight: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        curves = _curves(follow_up, arm, weight)
        return float(curves.at([day])["incidence"].iloc[0]), curves.influence([day])[:, 0]

    method = "weighted Aalen-Johansen"
    arms = means_of_arms(follow_up, of_arm, method, count_estimation=count_estimation)
    arms = follow_up.for_few_clusters(arms, few_clusters, follow_up.comparison.weight)
    return SurvivalAt(follow_up, arms, day, INCIDENCE)


@estimator(
    estimands=ESTIMANDS,
    kinds=COMPETING,
    measures=names_of(TIME_LOST),
    description="Mean time lost to an event up to a day while others compete, with the weights of the design",
    several_arms="two arms",
)
def time_lost(
    question: Question,
    comparison: Comparison,
    *,
    until_day: Day | None = None,
    count_estimation: bool = True,
    few_clusters: FewClusters = "no",
) -> RestrictedMeans:
    """Compare mean days lost to an event up to ``until_day``, the areas under the Aalen-Johansen curves.

    Of time to dropout it is how much of that time people had dropped out; nobody loses time by completing.
    In a study ``until_day`` is the last day of follow-up unless the analysis says otherwise; elsewhere it must be set.
    Each arm must be followed to it, or all care in it have ended.

    References
    ----------
    Andersen 2013, Stat Med 32:5278; weighted, Conner & Trinquart 2021, Stat Med 40:2177.
    """
    follow_up = take_follow_up(question, comparison)
    until = question.horizon if until_day is None else until_day
    if until is None:
        raise EstimationError("time_lost: nothing says up to which day time lost is compared; set until_day")
    follow_up.refuse_unseen(until)

    def of_arm(arm: NDArray[np.bool_], weight: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        lost = _curves(follow_up, arm, weight).time_lost(until)
        return lost.value, lost.influence

    method = "area under the weighted Aalen-Johansen curve"
    arms = means_of_arms(follow_up, of_arm, method, count_estimation=count_estimation)
    arms = follow_up.for_few_clusters(arms, few_clusters, follow_up.comparison.weight)
    return RestrictedMeans(follow_up, arms, until, TIME_LOST)


def _curves(follow_up: FollowUp, arm: NDArray[np.bool_], weight: NDArray[np.float64]) -> "CumulativeIncidence":
    from iop_outcomes.stats.survival.competing import cumulative_incidence

    return cumulative_incidence(follow_up.time[arm], follow_up.cause[arm], weight)
