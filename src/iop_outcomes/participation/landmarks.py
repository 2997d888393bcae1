"""Landmark analysis: attendance up to a week forms the groups, and follow-up begins there."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from iop_outcomes.analyst import survival
from iop_outcomes.designs.frame import listed
from iop_outcomes.kernel.errors import EstimationError
from iop_outcomes.participation.person_weeks import PersonWeeks, read_person_weeks

ACTIVE, OTHERS = "active", "others"


def landmark(
    person_weeks: pd.DataFrame,
    *,
    at_week: int,
    least_hours: float,
    covariates: Sequence[str],
    recent: Sequence[str] = (),
    until_week: int | None = None,
    person: str = "person_id",
    week: str = "week",
    hours: str = "hours",
    event: str = "event",
    excused: str | None = None,
    cluster: str | None = None,
    estimand: str = "ATE",
    **settings: Any,
) -> pd.DataFrame:
    """Compare, among those still followed at a week, who had come more by then with who had come less.

    It speaks only of people without the event by the landmark, and of nothing that happened before it.

    Parameters
    ----------
    person_weeks, person, week, hours, event, excused, cluster
        As in ``iop_outcomes.clone_censor_weight``.
    at_week : int
        Week at whose start follow-up begins; attendance counts in the weeks before it.
    least_hours : float
        Mean hours a week, over the weeks before the landmark that are not excused, from which on somebody is active.
    covariates : sequence of str
        Columns taken from the first week.
    recent : sequence of str
        Columns taken from the week of the landmark as well: what makes people come, and may follow from coming.
    until_week : int, optional
        Last week of follow-up; unless told the last to which both groups are followed.
    estimand : {"ATE", "ATT", "ATC", "ATO", "ATM"}
        For whom, of those at the landmark.
    **settings
        Further settings of ``iop_outcomes.survival``.

    Returns
    -------
    DataFrame
        Rows of the ``estimate`` contract, arms ``active`` and ``others``: the share without the event by the end of
        ``until_week`` and the difference. Columns ``at_week``, ``until_week`` and ``n_before``: people whose event or
        last week came before the landmark, or all of whose weeks before it were excused, of whom it does not speak.

    Raises
    ------
    StudyError
        The data cannot be used, or a group is empty.

    References
    ----------
    Anderson, Cain & Gelber 1983, J Clin Oncol 1:710; Dafni 2011, Circ Cardiovasc Qual Outcomes 4:363.
    """
    names, latest = listed(covariates), listed(recent)
    weeks = read_person_weeks(
        person_weeks,
        person=person,
        week=week,
        hours=hours,
        event=event,
        covariates=list(dict.fromkeys([*names, *latest])),
        excused=excused,
        cluster=cluster,
    )
    if not weeks.week[0] < at_week <= weeks.week.max():
        raise EstimationError(
            f"at_week: {at_week} given; the landmark lies after the first week, {weeks.week[0]}, and by the last, "
            f"{weeks.week.max()}"
        )
    people = _at(weeks, at_week, least_hours, names, latest)
    followed = people.groupby("arm")["time"].max()
    if len(followed) < 2:
        raise EstimationError(
            f"landmark: everybody is on one side of {least_hours:g} hours a week; choose another number or week"
        )
    horizon = int(followed.min()) if until_week is None else until_week - at_week + 1
    rows = survival(
        people,
        time="time",
        event="event",
        arm="arm",
        covariates=[name for name in map(str, people) if name not in ("time", "event", "arm", "cluster")],
        contrast=(ACTIVE, OTHERS),
        estimand=estimand,
        estimator="weighted_kaplan_meier",
        unit="weeks",
        day=horizon,
        cluster=None if cluster is None else "cluster",
        **settings,
    )
    before = weeks.n_people - len(people)
    return rows.assign(
        analysis="landmark", outcome=event, at_week=at_week, until_week=at_week + horizon - 1, n_before=before
    )


def _at(
    weeks: PersonWeeks, at_week: int, least_hours: float, names: Sequence[str], latest: Sequence[str]
) -> pd.DataFrame:
    """Return one row per person still followed at the landmark: arm, follow-up from there, covariates."""
    earlier = weeks.binding & (weeks.week < at_week)
    counted = np.bincount(weeks.person, earlier, weeks.n_people)
    attended = np.bincount(weeks.person, np.where(earlier, weeks.hours, 0.0), weeks.n_people)
    here = np.flatnonzero((weeks.week == at_week) & (counted[weeks.person] > 0))
    own = weeks.person[here]
    last = np.flatnonzero(np.append(weeks.first[1:], True))[own]
    # Follow-up ends with the week observed last: after one week of it, time is 1.
    people = pd.DataFrame(
        {
            "arm": np.where(attended[own] / counted[own] >= least_hours, ACTIVE, OTHERS),
            "time": (weeks.week[last] - at_week + 1).astype(float),
            "event": weeks.event[last].astype(int),
            "cluster": weeks.cluster[own],
        }
    )
    first = np.flatnonzero(weeks.first)[own]
    for name in names:
        people[f"{name} at start"] = weeks.covariates[name].to_numpy()[first]
    for name in latest:
        people[f"{name} at landmark"] = weeks.covariates[name].to_numpy()[here]
    return people
