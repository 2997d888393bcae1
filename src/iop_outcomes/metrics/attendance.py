"""Attendance: how much of what was offered, or of what was planned, a person came to."""

import numpy as np
import pandas as pd

from iop_outcomes.metrics.history import History
from iop_outcomes.metrics.sessions import Denominator, Sessions, planned_minutes, sessions_between
from iop_outcomes.metrics.windows import Days
from iop_outcomes.registry import metric

NO_SESSION = "no session counted in the window"
NO_PLAN = "no prescribed hours on record"


@metric(
    unit="share of sessions",
    kind="proportion",
    needs=("session.status",),
    missing="no session that counts in the window: no value; plan counts hours nobody booked as not attended",
    source="Denominator policies of this project; see docs/metrics.md",
)
def attendance_rate(history: History, *, window_days: Days = 84, denominator: Denominator = "standard") -> pd.DataFrame:
    """Sessions attended over sessions that counted; a partial attendance counts by its share of minutes.

    After dropout nobody books sessions, so a rate on booked sessions flatters those who leave. ``plan`` divides the
    hours attended by the hours prescribed for the window instead, booked or not.

    Examples
    --------
    Four sessions count by the standard rule, two and a half were attended; the excused one counts with ``strict``, the
    one the programme cancelled never does. Planned were four weeks of one hour.

        day      0      7      14     21
        session  A..N...A..E...P..C..........
        episode  prescribed_hours_per_week=1
        value    2.5/4
        value    2.5/5    denominator=strict
        value    2.5/4    denominator=plan

    Somebody who leaves after a week looks better by what was booked than by what was planned.

        day      0      7      14     21
        session  A..N........................
        episode  prescribed_hours_per_week=1
        value    1/2
        value    1/4      denominator=plan

    Nothing was booked.

        session  ............................
        value    none: no session counted in the window
    """
    sessions = sessions_between(history, 0, window_days, denominator)
    if denominator == "plan":
        minutes = history.count(sessions.member, np.nan_to_num(sessions.minutes_attended))
        return _share(history, minutes, planned_minutes(history, window_days), NO_PLAN)
    return _rate(history, sessions, sessions.attended, np.ones(len(sessions.day)))


@metric(
    unit="share of minutes",
    kind="proportion",
    needs=("session.status", "session.minutes_scheduled"),
    missing="no minutes scheduled in the window: no value",
    source="Denominator policies of this project; see docs/metrics.md",
)
def hours_rate(history: History, *, window_days: Days = 84, denominator: Denominator = "standard") -> pd.DataFrame:
    """Minutes attended over minutes scheduled, or over those prescribed with ``plan``.

    Examples
    --------
    A session of three hours attended and one of one hour missed.

        day      0      7
        session  A......N......
        hours    3......1
        episode  prescribed_hours_per_week=3
        value    180/240
        value    180/360    denominator=plan
    """
    sessions = sessions_between(history, 0, window_days, denominator)
    if denominator == "plan":
        minutes = history.count(sessions.member, np.nan_to_num(sessions.minutes_attended))
        return _share(history, minutes, planned_minutes(history, window_days), NO_PLAN)
    scheduled = np.nan_to_num(sessions.minutes_scheduled)
    return _rate(history, sessions, np.minimum(np.nan_to_num(sessions.minutes_attended), scheduled), scheduled)


@metric(
    unit="hours per week",
    kind="continuous",
    needs=("session.status", "session.minutes_scheduled|session.minutes_attended"),
    missing="weeks after the end of observation are left out, weeks after dropout count as zero hours",
    source="ASAM criteria count hours of service a week",
)
def weekly_hours(history: History, *, window_days: Days = 84) -> pd.Series:
    """Mean hours attended a week over the observed part of the window.

    Examples
    --------
    Nine hours in the first week, nothing in the second.

        day      0      7
        session  A.A.A..N......
        hours    3.3.3..3
        value    9/2
        value    9/1    window_days=7
    """
    sessions = sessions_between(history, 0, window_days, "strict")
    hours = history.count(sessions.member, np.nan_to_num(sessions.minutes_attended)) / 60
    weeks = np.minimum(history.follow_up_days, window_days) / 7
    return history.series(hours / weeks)


def weekly_attendance(history: History, denominator: Denominator = "standard") -> pd.DataFrame:
    """Return sessions and hours by member and week, for figures.

    Returns
    -------
    pandas.DataFrame
        ``member`` (position), ``week`` (1 = days 0 to 6), ``n_eligible``, ``n_attended``, ``hours_attended``; one row
        for each whole week in which the member was observed.
    """
    weeks = history.follow_up_days // 7
    n_weeks = int(weeks.max(initial=0))
    sessions = sessions_between(history, 0, n_weeks * 7, denominator)
    cell = sessions.member * n_weeks + sessions.day // 7
    size = history.n * n_weeks

    def total(values: np.ndarray) -> np.ndarray:
        return np.bincount(cell, weights=values, minlength=size)

    observed = np.flatnonzero((np.arange(n_weeks) < weeks[:, None]).ravel())
    columns = {
        "n_eligible": total(sessions.eligible.astype(float)),
        "n_attended": total(np.where(sessions.eligible, sessions.attended, 0.0)),
        "hours_attended": total(np.nan_to_num(sessions.minutes_attended)) / 60,
    }
    frame = pd.DataFrame({name: values[observed] for name, values in columns.items()})
    frame.insert(0, "member", observed // n_weeks)
    frame.insert(1, "week", observed % n_weeks + 1)
    return frame


def _rate(history: History, sessions: Sessions, received: np.ndarray, offered: np.ndarray) -> pd.DataFrame:
    counted = sessions.eligible
    over = history.count(sessions.member[counted], offered[counted])
    return _share(history, history.count(sessions.member[counted], received[counted]), over, NO_SESSION)


def _share(history: History, part: np.ndarray, whole: np.ndarray, reason: str) -> pd.DataFrame:
    with np.errstate(invalid="ignore", divide="ignore"):
        value = np.where(whole > 0, np.minimum(part / whole, 1.0), np.nan)
    missing_reason = np.where(np.isnan(value), reason, None)
    return pd.DataFrame({"value": value, "missing_reason": missing_reason}, index=history.members.index)
