"""Dose: how much treatment somebody received within a window, in sessions, hours and days."""

import numpy as np
import pandas as pd

from iop_outcomes.history.history import History
from iop_outcomes.history.result import NOT_OBSERVED, result, window_share
from iop_outcomes.history.sessions import CAME, attended_days, sessions_of
from iop_outcomes.history.windows import Days
from iop_outcomes.kernel.registry import metric
from iop_outcomes.metrics.attendance import MINUTES_UNKNOWN

MISSING = (
    "observed for less than the window and alive: no value; after dropout or death what was received by then counts"
)
SOURCE = "Dose within a fixed window from time zero, the same for everybody"


@metric(
    unit="sessions",
    kind="count",
    needs=("session.status",),
    missing=MISSING,
    source=SOURCE,
    by_member=True,
    by_plan="sessions",
)
def sessions_attended(history: History, *, window_days: Days = 84) -> pd.DataFrame:
    """Number of sessions attended, in full or in part, within the window.

    Examples
    --------
        day      0      7
        session  A..P...N..A...
        value    3    window_days=14
        value    2    window_days=7

    Observation ends before the window does.

        day      0      7
        session  A..P...N
        value    none: observed for less than this time    window_days=14

    After a death nothing more can be received, and what was received is known.

        day      0      7
        session  A..P.....
        died     8
        value    2    window_days=14
    """
    sessions = sessions_of(history)
    came = (sessions.day < window_days) & sessions.has_status(*CAME)
    return _dose(history, window_days, sessions.total(came))


@metric(
    unit="hours",
    kind="continuous",
    needs=("session.status", "session.minutes_scheduled|session.minutes_attended"),
    missing=f"{MISSING}; attended for a time that is not recorded: no value",
    source=SOURCE,
    by_member=True,
    by_plan="hours",
)
def hours_attended(history: History, *, window_days: Days = 84) -> pd.DataFrame:
    """Hours attended within the window.

    Examples
    --------
    Three hours, and half of two.

        day      0      7
        session  A......P......
        hours    3......2
        value    4    window_days=14
        value    3    window_days=7
    """
    sessions = sessions_of(history)
    inside = sessions.day < window_days
    hours = sessions.total(inside, sessions.minutes_attended) / 60
    return _dose(history, window_days, hours)


@metric(
    unit="days",
    kind="count",
    needs=("session.status",),
    missing=MISSING,
    source=SOURCE,
    by_member=True,
    by_plan="sessions",
)
def treatment_days(history: History, *, window_days: Days = 84) -> pd.DataFrame:
    """Number of days with at least one attended session within the window; several on one day are one day.

    Examples
    --------
        day      0      7
        session  A.A.A..N.A....
        value    4    window_days=14
        value    3    window_days=7
    """
    member, day = attended_days(history)
    return _dose(history, window_days, history.count(member[day < window_days]))


def _dose(history: History, window_days: int, received: np.ndarray) -> pd.DataFrame:
    died = (history.members["end_reason"] == "death").to_numpy(bool)
    whole = died | (history.follow_up_days >= window_days)
    reason = np.where(whole, MINUTES_UNKNOWN, NOT_OBSERVED)
    return result(history, np.where(whole, received, np.nan), reason, window_share(history, window_days))
