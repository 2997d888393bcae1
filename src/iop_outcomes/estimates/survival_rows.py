"""Rows of the ``estimate`` contract from survival, or restricted mean time, in both arms."""

from dataclasses import replace

import numpy as np
import pandas as pd

from iop_outcomes.estimates.measures import ArmMeans, Estimate, arm_mean, contrast
from iop_outcomes.estimates.time_to_event import FollowUp
from iop_outcomes.kernel.errors import EstimationError, did_you_mean

#: Measures of survival at a day and of restricted means, and the contrasts of two means that they are.
SURVIVAL = {"survival_difference": "risk_difference", "survival_ratio": "risk_ratio"}
RESTRICTED = {"rmst_difference": "mean_difference", "rmst_ratio": "mean_ratio"}


def survival_rows(follow_up: FollowUp, arms: ArmMeans, measure: str, day: float) -> pd.DataFrame:
    """Return the rows of survival at a day; the intervals of the arms stay between 0 and 1 (log-log)."""
    from iop_outcomes.stats.survival.kaplan_meier import survival_interval

    own: list[Estimate] = []
    for position in (0, 1):
        plain = arm_mean(arms, position)
        low, high = survival_interval(plain.value, plain.se, degrees_of_freedom=arms.covariance.degrees_of_freedom)
        reason = plain.reason
        if reason is None and np.isnan(low):
            reason = "survival is 0 or 1, where its interval is not defined"
        own.append(replace(plain, measure="survival", ci_low=float(low), ci_high=float(high), reason=reason))
    return arm_rows(follow_up, arms, measure, SURVIVAL, own, day)


def arm_rows(
    follow_up: FollowUp, arms: ArmMeans, measure: str, known: dict[str, str], own: list[Estimate], day: float
) -> pd.DataFrame:
    """Return one row for the contrast and one for each arm.

    Parameters
    ----------
    follow_up : FollowUp
    arms : ArmMeans
    measure : str
        A key of ``known``; the first of them if empty.
    known : dict of str
        ``SURVIVAL`` or ``RESTRICTED``.
    own : list of Estimate
        Of the first and of the second arm.
    day : float

    Raises
    ------
    EstimationError
        There is no such measure.
    """
    measure = measure or next(iter(known))
    if measure not in known:
        raise EstimationError(f"measures: there is no measure '{measure}' here; {did_you_mean(measure, known)}")
    comparison = follow_up.comparison
    between = replace(contrast(arms, known[measure], names=comparison.arms), measure=measure)
    estimates = [(comparison.contrast, between), *zip(comparison.arms, own, strict=True)]
    return follow_up.rows(estimates, day, arms.method)
