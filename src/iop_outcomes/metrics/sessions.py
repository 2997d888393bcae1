"""Scheduled contacts in a form that sums fast: whole columns, one denominator policy at a time."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from iop_outcomes.metrics.history import History

Denominator = Literal["strict", "standard", "plan"]

#: Statuses that never count as an opportunity to attend: the programme or the calendar took it away.
NOT_OFFERED = ("cancel_program", "closed", "rescheduled")

#: Also left out by the standard policy: absences nobody holds against a person (illness, hospital, jail, court).
EXCUSED = ("excused",)


@dataclass(frozen=True)
class Sessions:
    """The sessions of a window, one array element each.

    Attributes
    ----------
    member : ndarray of int
        Position of the member in ``history.members``.
    day : ndarray of int
        Day since time zero.
    eligible : ndarray of bool
        Does the session count in the denominator?
    attended : ndarray of float
        1 attended, 0 not, the share of the minutes for a partial attendance.
    minutes_scheduled, minutes_attended : ndarray of float
        Missing where the source has no minutes.
    """

    member: np.ndarray
    day: np.ndarray
    eligible: np.ndarray
    attended: np.ndarray
    minutes_scheduled: np.ndarray
    minutes_attended: np.ndarray


def sessions_between(history: History, first_day: int, end_day: int, denominator: Denominator = "standard") -> Sessions:
    """Return the sessions of days ``first_day`` to ``end_day - 1``, up to the end of each member's follow-up.

    Parameters
    ----------
    history : History
        Members and their records.
    first_day, end_day : int
        Window in days since time zero.
    denominator : {'strict', 'standard', 'plan'}
        ``strict`` counts every session but those the programme cancelled, closed or moved (the one it was moved to
        counts); ``standard`` leaves out excused ones too. ``plan`` does not look at booked sessions; here it counts as
        ``standard``, and the planned hours are the caller's denominator.
    """
    table = history.table("session")
    member, day = table["member"].to_numpy(), table["day"].to_numpy()
    inside = (day >= first_day) & (day < end_day) & (day < history.follow_up_days[member])
    table, member, day = table[inside], member[inside], day[inside]
    left_out = NOT_OFFERED if denominator == "strict" else NOT_OFFERED + EXCUSED
    status = table["status"]
    eligible = ~status.isin(left_out).to_numpy()
    scheduled, attended_minutes = _minutes(table, "minutes_scheduled"), _minutes(table, "minutes_attended")
    attended = _attended(status, scheduled, attended_minutes)
    return Sessions(member, day, eligible, attended, scheduled, _received(attended, scheduled, attended_minutes))


def planned_minutes(history: History, window_days: int) -> np.ndarray:
    """Return the minutes prescribed in a window, whether or not anything was booked after somebody dropped out.

    Prescribed hours a week times the weeks of the window, at most the planned length of treatment and the time
    observed; missing where nothing was prescribed on record.
    """
    members = history.members
    days = np.minimum(history.follow_up_days, window_days).astype(float)
    if "prescribed_weeks" in members:
        planned = members["prescribed_weeks"].to_numpy(float) * 7
        days = np.fmin(days, planned)
    hours = members.get("prescribed_hours_per_week", pd.Series(np.nan, index=members.index)).to_numpy(float)
    return hours * 60 * days / 7


def _minutes(table: pd.DataFrame, column: str) -> np.ndarray:
    return table[column].to_numpy(float) if column in table else np.full(len(table), np.nan)


def _attended(status: pd.Series, scheduled: np.ndarray, received: np.ndarray) -> np.ndarray:
    """Return the share of each session that was attended; a partial one without minutes counts half."""
    attended = (status == "attended").to_numpy(float)
    partial = (status == "partial").to_numpy()
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.clip(received[partial] / scheduled[partial], 0, 1)
    attended[partial] = np.where(np.isfinite(share), share, 0.5)
    return attended


def _received(attended: np.ndarray, scheduled: np.ndarray, received: np.ndarray) -> np.ndarray:
    """Return the minutes received: as recorded, else the attended share of those scheduled; none if not attended."""
    return np.where(attended > 0, np.where(np.isnan(received), attended * scheduled, received), 0.0)
