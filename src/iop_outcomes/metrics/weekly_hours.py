"""Hours of treatment week by week: mean, table for figures, and fidelity to the hours of an intensive programme.

Weeks are counted from time zero and only whole weeks of observation count: a week cut by the end of observation is left
out, and no week after it is filled with zeros. Weeks after dropout are weeks of zero hours.
"""

from typing import Annotated, Literal

import numpy as np
import pandas as pd
from pydantic import Field

from iop_outcomes.history.denominators import Denominator, planned_days
from iop_outcomes.history.history import History
from iop_outcomes.history.result import label_or_none, or_missing, result, share, window_share
from iop_outcomes.history.session_rows import one_of
from iop_outcomes.history.sessions import sessions_of, shards
from iop_outcomes.history.windows import Days, observed_weeks
from iop_outcomes.kernel.registry import metric
from iop_outcomes.metrics.attendance import MINUTES_UNKNOWN, NO_PLAN, counted
from iop_outcomes.tables.canonical import SESSION_TYPES

Hours = Annotated[float, Field(gt=0, le=168)]
NO_WEEK = "not observed for a whole week"
NOT_INTENSIVE = "not assigned to level 2.1"
INTENSIVE = "2.1"
ADULT_YEARS = 18

#: Hours that differ by less are equal.
ROUNDING = 1e-9

#: Support that is no clinical service and counts towards no level of care.
NOT_CLINICAL = ("peer", "case_management")

#: Where a week's hours lie: below the level, at it, or above it, where day treatment (2.5) begins.
Band = Literal["below", "within", "above"]


@metric(
    unit="hours per week",
    kind="continuous",
    needs=("session.status", "session.minutes_scheduled|session.minutes_attended"),
    missing="no whole week observed: no value; weeks after dropout are zero, weeks of unknown hours are left out",
    source="ASAM criteria count hours of service a week",
    by_member=True,
    by_plan="hours",
)
def weekly_hours(history: History, *, window_days: Days = 84) -> pd.DataFrame:
    """Mean hours attended a week over the whole weeks of the window that were observed.

    Examples
    --------
    Nine hours in the first week, none in the second; the third is cut by the end of observation.

        day      0      7      14
        session  A.A.A..N......A..
        hours    3.3.3..3......3
        value    9/2
        value    9/1    window_days=7
        value    none: not observed for a whole week    window_days=6
    """
    hours = hours_by_week(history)
    inside = np.arange(hours.shape[1]) < observed_weeks(history, window_days)[:, None]
    known = inside & ~np.isnan(hours)
    mean = share(np.where(known, hours, 0).sum(axis=1), known.sum(axis=1))
    reason = np.where(inside.any(axis=1), MINUTES_UNKNOWN, NO_WEEK)
    return result(history, mean, reason, window_share(history, window_days))


@metric(
    unit="share of weeks",
    kind="proportion",
    needs=("session.status", "session.minutes_scheduled", "episode.level_of_care"),
    missing="not assigned to level 2.1, no whole week observed, or hours not on record: no value",
    source="ASAM level 2.1: from 9 hours of clinical services a week for adults, 6 for adolescents, to under 20 "
    "(SAMHSA Advisory 2021)",
    by_member=True,
    by_plan="hours",
)
def hours_fidelity(
    history: History,
    *,
    window_days: Days = 84,
    hours: Literal["assigned", "offered", "received"] = "received",
    adult_hours: Hours = 9,
    adolescent_hours: Hours = 6,
    upper_hours: Hours = 20,
    band: Band = "within",
    among: Literal["intensive", "everybody"] = "intensive",
) -> pd.DataFrame:
    """Share of the weeks assigned to intensive outpatient treatment with hours of level 2.1: 9 to under 20.

    Six hours are enough for adolescents. ``band=above`` gives the share of weeks above level 2.1, ``below`` that of
    weeks below it; the three sum to 1. Clinical hours count: case management and peer support do not, sessions of a
    kind that is not recorded do.

    ``assigned`` looks at the hours prescribed, ``offered`` at those of the sessions booked and not taken away by the
    programme, ``received`` at those attended. Weeks count for the planned length of treatment, as far as observed,
    whether or not the person was still there. Somebody whose age is not recorded counts as an adult. ``everybody``
    counts weeks of all arms, to see who got intensive treatment without being assigned to it.

    Examples
    --------
    Nine hours attended in the first week, six in the second, dropout in the third.

        day      0      7      14
        session  A.A.A..A.A.N.........
        hours    3.3.3..3.3.3
        episode  level_of_care=2.1 prescribed_hours_per_week=9
        value    1/3
        value    2/3    hours=offered
        value    3/3    hours=assigned

    Nine hours of which one is case management.

        day      0      7
        session  A.A.AAA
        hours    2.3.121
        type     g.g.igc
        episode  level_of_care=2.1
        value    0/1
        value    1/1    band=below

    Twenty hours are above the level.

        day      0      7
        session  A.A.A..A.A.A..
        hours    7.6.6..7.7.6..
        episode  level_of_care=2.1
        value    1/2
        value    1/2    band=above

    Six hours are enough for an adolescent.

        day      0      7      14
        session  A.A.A..A.A.N.........
        hours    3.3.3..3.3.3
        episode  level_of_care=2.1
        person   age_years=16
        value    2/3
        value    none: no prescribed hours on record    hours=assigned

    The arm comes from assignment, not from hours.

        day      0
        session  A.A.A..
        hours    3.3.3
        episode  level_of_care=1
        value    none: not assigned to level 2.1
        value    1/1    among=everybody
    """
    reached = _hours_by_week(history, hours, clinical=True)
    needed = np.where(or_missing(history, "age_years") < ADULT_YEARS, adolescent_hours, adult_hours)
    weeks = planned_days(history, window_days) // 7
    inside = (np.arange(reached.shape[1]) < weeks[:, None]) & ~np.isnan(reached)
    # Minutes are summed and divided by 60, which leaves 8.999999 where 9 is meant.
    below, above = reached < needed[:, None] - ROUNDING, reached >= upper_hours - ROUNDING
    found = {"below": below, "within": ~below & ~above, "above": above & ~below}[band]
    rate = share((inside & found).sum(axis=1), inside.sum(axis=1))
    unknown = NO_PLAN if hours == "assigned" else MINUTES_UNKNOWN
    reason = np.where(weeks >= 1, unknown, NO_WEEK)
    intensive = (label_or_none(history, "level_of_care") == INTENSIVE).to_numpy(bool) | (among == "everybody")
    return result(history, np.where(intensive, rate, np.nan), np.where(intensive, reason, NOT_INTENSIVE))


def weekly_attendance(history: History, denominator: Denominator = "standard") -> pd.DataFrame:
    """Return sessions and hours by member and week, for figures.

    Returns
    -------
    pandas.DataFrame
        ``member`` (position), ``week`` (1 = days 0 to 6), ``n_eligible``, ``n_attended``, ``hours_offered``,
        ``hours_attended`` (missing where a session was attended for an unknown time); one row for each whole week in
        which the member was observed.
    """
    found = [_by_week(shard, denominator, first) for first, shard in shards(history)]
    return pd.concat(found, ignore_index=True) if len(found) > 1 else found[0]


def _by_week(history: History, denominator: Denominator, first: int) -> pd.DataFrame:
    """Return the rows of a shard of members, whose positions begin with the first."""
    sessions, weeks = sessions_of(history), observed_weeks(history)
    n_weeks = history.longest_days // 7
    counts = counted(sessions, 7 * n_weeks, denominator)
    totals = {
        "n_eligible": sessions.weekly(n_weeks, counts),
        "n_attended": sessions.weekly(n_weeks, counts, sessions.attended),
        "hours_offered": _hours_by_week(history, "offered"),
        "hours_attended": hours_by_week(history),
    }
    observed = np.flatnonzero(np.arange(n_weeks) < weeks[:, None])
    place = {"member": observed // max(n_weeks, 1) + first, "week": observed % max(n_weeks, 1) + 1}
    return pd.DataFrame(place | {name: values.ravel()[observed] for name, values in totals.items()})


def hours_by_week(history: History) -> np.ndarray:
    """Return hours attended by member and whole week, NaN where some were attended for a time that is not recorded.

    As many weeks as the longest follow-up has; weeks past a member's own follow-up are zero and not to be used.
    """
    return history.once("hours_by_week", lambda: _hours_by_week(history, "received"))


def _hours_by_week(history: History, kind: str, clinical: bool = False) -> np.ndarray:
    n_weeks = history.longest_days // 7
    if kind == "assigned":
        return np.repeat(or_missing(history, "prescribed_hours_per_week")[:, None], n_weeks, axis=1)
    sessions = sessions_of(history)
    counts = np.ones(len(sessions.day), dtype=bool)
    if clinical:
        counts = ~one_of(sessions.type, SESSION_TYPES, *NOT_CLINICAL)
    if kind == "offered":
        where = counts & counted(sessions, 7 * n_weeks, "strict")
        return sessions.weekly(n_weeks, where, sessions.minutes_scheduled) / 60
    return sessions.weekly(n_weeks, counts & (sessions.minutes_attended != 0), sessions.minutes_attended) / 60
