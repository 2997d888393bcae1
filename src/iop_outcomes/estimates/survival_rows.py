"""Rows of the ``estimate`` contract from survival, or restricted mean time, in both arms."""

from dataclasses import replace

import numpy as np
import pandas as pd

from iop_outcomes.designs.scores.balancing_weights import effective_sample_size
from iop_outcomes.estimates.measures import NO_VARIATION, ArmMeans, Estimate, arm_mean, contrast
from iop_outcomes.estimates.score_interval import SCORE_METHOD, with_score_limits
from iop_outcomes.estimates.time_to_event import FollowUp
from iop_outcomes.estimates.unseen_variance import clusters_by_arm, without_intervals_of_constant_arms
from iop_outcomes.kernel.errors import EstimationError, did_you_mean

#: Measures of survival at a day and of restricted means, and the contrasts of two means that they are.
SURVIVAL = {"survival_difference": "risk_difference", "survival_ratio": "risk_ratio"}
RESTRICTED = {"rmst_difference": "mean_difference", "rmst_ratio": "mean_ratio"}
ROUNDING = 1e-9


def survival_rows(follow_up: FollowUp, arms: ArmMeans, measure: str, day: float) -> pd.DataFrame:
    """Return the rows of survival at a day; the intervals of the arms stay between 0 and 1 (log-log).

    Where nobody, or everybody, of one arm has had the event by that day, its survival shows no variance. The contrast
    with the other arm then has score limits, which rest on those of whom one knows whether they have had it.
    """
    from iop_outcomes.stats.survival.kaplan_meier import survival_interval

    # Products of many factors hide a 0 or 1 by rounding.
    ends = np.round(arms.means)
    arms = replace(arms, means=np.where(np.abs(arms.means - ends) < ROUNDING, ends, arms.means))
    plain, own = [arm_mean(arms, position) for position in (0, 1)], []
    for each in plain:
        low, high = survival_interval(each.value, each.se, degrees_of_freedom=arms.covariance.degrees_of_freedom)
        reason = each.reason
        if reason is None and np.isnan(low):
            reason = "survival is 0 or 1, where its interval is not defined"
        own.append(replace(each, measure="survival", ci_low=float(low), ci_high=float(high), reason=reason))
    between, method = _between(follow_up, arms, measure, SURVIVAL), arms.method
    if sum(each.value in (0.0, 1.0) for each in plain) == 1:
        comparison = follow_up.comparison
        people = [effective_sample_size(comparison.weight[known]) for known in follow_up.known_at(day)]
        between, _ = with_score_limits(between, plain, arms, people, clusters_by_arm(comparison, follow_up.used))
        method = f"{method}; contrast by {SCORE_METHOD}"
    return _rows(follow_up, between, own, measure or next(iter(SURVIVAL)), day, method)


def restricted_rows(follow_up: FollowUp, arms: ArmMeans, measure: str, until: float) -> pd.DataFrame:
    """Return the rows of restricted mean times up to a day."""
    own = [replace(arm_mean(arms, position), measure="rmst") for position in (0, 1)]
    between = _between(follow_up, arms, measure, RESTRICTED)
    constant = [each.reason == NO_VARIATION for each in own]
    between, own = without_intervals_of_constant_arms(between, own, follow_up.comparison.arms, constant)
    return _rows(follow_up, between, own, measure or next(iter(RESTRICTED)), until, arms.method)


def _between(follow_up: FollowUp, arms: ArmMeans, measure: str, known: dict[str, str]) -> Estimate:
    """Return the contrast of two means that a measure of survival is; the first of those known if none is named."""
    measure = measure or next(iter(known))
    if measure not in known:
        raise EstimationError(f"measures: there is no measure '{measure}' here; {did_you_mean(measure, known)}")
    return contrast(arms, known[measure], names=follow_up.comparison.arms)


def _rows(
    follow_up: FollowUp, between: Estimate, own: list[Estimate], measure: str, day: float, method: str
) -> pd.DataFrame:
    comparison = follow_up.comparison
    estimates = [(comparison.contrast, replace(between, measure=measure)), *zip(comparison.arms, own, strict=True)]
    return follow_up.rows(estimates, day, method)
