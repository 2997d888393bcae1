"""The comparison by attendance, labelled for what it is, and how far it lies from an estimate that is none.

Who comes is decided week by week by the same things that decide who relapses, and who relapses early has had no time to
come: groups formed by attendance over follow-up differ by outcome before anything was done to them.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iop_outcomes.kernel.errors import EstimationError
from iop_outcomes.participation.person_weeks import PersonWeeks, read_person_weeks
from iop_outcomes.stats.linear.sandwich import influence_covariance
from iop_outcomes.study.participation import Strategy

LABEL = "biased: the groups were formed by attendance after time zero"


def by_attendance(
    person_weeks: pd.DataFrame,
    *,
    least_hours: float,
    person: str = "person_id",
    week: str = "week",
    hours: str = "hours",
    event: str = "event",
    cluster: str | None = None,
    level: float = 0.95,
) -> pd.DataFrame:
    """Compare people by how much they came, to show what that comparison would have claimed.

    Parameters
    ----------
    person_weeks, person, week, hours, event, cluster
        As in ``iop_outcomes.clone_censor_weight``.
    least_hours : float
        Mean hours a week, over all weeks observed, from which on somebody counts as active.
    level : float
        Coverage of the interval.

    Returns
    -------
    DataFrame
        One row: ``label`` (that it is biased, and why), ``least_hours``, ``n_active``, ``n_others``, ``risk_active``,
        ``risk_others``, ``risk_difference`` of ever having the event while observed, ``se``, ``ci_low``, ``ci_high``.

    Raises
    ------
    EstimationError
        The data cannot be used, or all people are on one side of the number of hours.
    """
    weeks = read_person_weeks(
        person_weeks, person=person, week=week, hours=hours, event=event, covariates=[], cluster=cluster
    )
    return compared(weeks, least_hours, level)


def compared(weeks: PersonWeeks, least_hours: float, level: float) -> pd.DataFrame:
    """Return the row of ``by_attendance`` for person-weeks that were read already."""
    from scipy.special import stdtrit

    recorded = np.isfinite(weeks.hours)
    with np.errstate(invalid="ignore"):
        mean = _sums(weeks, np.where(recorded, weeks.hours, 0.0)) / _sums(weeks, recorded)
    known = np.isfinite(mean)
    event, active = _sums(weeks, weeks.event) > 0, known & (mean >= least_hours)
    groups = (active, known & ~active)
    if not all(group.any() for group in groups):
        raise EstimationError(
            f"by attendance: everybody is on one side of {least_hours:g} hours a week; choose another number"
        )
    risks = [event[group].mean() for group in groups]
    influence = sum(
        sign * group * (event - risk) / group.sum() for sign, group, risk in zip((1, -1), groups, risks, strict=True)
    )
    # The bootstrap unit of a person is the person, unless there are clusters.
    clustered = len(np.unique(weeks.cluster)) < weeks.n_people
    covariance = influence_covariance(influence, cluster=weeks.cluster if clustered else None)
    difference, se = risks[0] - risks[1], float(covariance.se[0])
    # Where all or none have the event nobody differs: that shows no variance, and not that none is.
    se = se if se > 0 else np.nan
    half = stdtrit(covariance.degrees_of_freedom, (1 + level) / 2) * se
    return pd.DataFrame(
        {
            "label": [LABEL],
            "least_hours": least_hours,
            "n_active": int(groups[0].sum()),
            "n_others": int(groups[1].sum()),
            "risk_active": risks[0],
            "risk_others": risks[1],
            "risk_difference": difference,
            "se": se,
            "ci_low": difference - half,
            "ci_high": difference + half,
        }
    )


def beside(
    weeks: PersonWeeks, strategies: Mapping[str, Strategy], differences: pd.DataFrame, level: float
) -> pd.DataFrame:
    """Return the naive row of the first two strategies with its gap to their weighted difference in the last week.

    Parameters
    ----------
    weeks : PersonWeeks
    strategies : mapping of str to Strategy
    differences : DataFrame
        ``strategy``, ``against``, ``week``, ``risk_difference``.
    level : float

    Returns
    -------
    DataFrame
        Empty where the two do not part the hours at one number.
    """
    (first, one), (second, other) = list(strategies.items())[:2]
    sign = 1
    if one.least_hours is None:
        one, other, sign = other, one, -1
    if (
        one.least_hours is None
        or one.least_hours != other.below_hours
        or None not in (one.below_hours, other.least_hours)
    ):
        return pd.DataFrame()
    try:
        row = compared(weeks, one.least_hours, level)
    except EstimationError:
        return pd.DataFrame()
    pair = differences[(differences["strategy"] == first) & (differences["against"] == second)]
    weighted = sign * float(pair["risk_difference"].iloc[-1])
    return row.assign(weighted_difference=weighted, gap=row["risk_difference"] - weighted)


def _sums(weeks: PersonWeeks, values: NDArray[np.float64] | NDArray[np.bool_]) -> NDArray[np.float64]:
    return np.bincount(weeks.person, values, weeks.n_people).astype(float)
