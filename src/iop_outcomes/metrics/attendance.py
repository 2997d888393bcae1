"""Attendance: how much of what was offered, or of what was planned, a person came to."""

from typing import Literal

import numpy as np
import pandas as pd

from iop_outcomes.history.denominators import POLICIES, SOURCE, Denominator, planned_days, planned_minutes
from iop_outcomes.history.history import History
from iop_outcomes.history.result import result, share, window_share
from iop_outcomes.history.sessions import Sessions, attended_edges, sessions_of
from iop_outcomes.history.windows import Days
from iop_outcomes.kernel.errors import StudyError
from iop_outcomes.kernel.registry import metric

NO_SESSION = "no session counted in the window"
NO_MINUTES = "no minutes scheduled in the window"
NO_PLAN = "no prescribed hours on record"
MINUTES_UNKNOWN = "sessions were attended for a time that is not recorded"

#: What a partial attendance counts: its share of the minutes, or one if that is at least a half and nothing otherwise.
Partial = Literal["minutes", "half"]


@metric(
    unit="share of sessions",
    kind="proportion",
    needs=("session.status", "session.missed"),
    missing="no session that counts in the window: no value; plan counts hours nobody booked as not attended",
    source=SOURCE,
    by_member=True,
    by_plan="first session",
)
def attendance_rate(
    history: History,
    *,
    window_days: Days = 84,
    denominator: Denominator = "standard",
    partial: Partial = "minutes",
    after_first: bool = False,
) -> pd.DataFrame:
    """Sessions attended over sessions that counted; a partial attendance counts by its share of minutes.

    With ``partial=half`` one attended for at least half of its time counts in full, a shorter one not at all.

    After dropout nobody books sessions, so a rate on booked sessions flatters those who leave. ``plan`` divides the
    hours attended by the hours prescribed for the window instead, booked or not, and is at most 1.

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
        value    3/4      partial=half

    Somebody who leaves after a week looks better by what was booked than by what was planned.

        day      0      7      14     21
        session  A..N........................
        episode  prescribed_hours_per_week=1
        value    1/2
        value    1/4      denominator=plan

    Care begins by the first session somebody comes to, so that it is missed by nobody: ``after_first`` leaves it out,
    with all that was due before. Whoever never came is asked about everything.

        day      0      7      14     21
        session  N..A...N...A...A............
        value    3/5
        value    2/3      after_first=true

        day      0      7
        session  N..N...N....
        value    0/3      after_first=true

    A session moved to the next day counts once.

        session  R
        value    none: no session counted in the window
        value    none: no prescribed hours on record    denominator=plan

        session  RA
        value    1/1
    """
    if denominator == "plan":
        return _plan_rate(history, window_days, after_first)
    sessions = sessions_of(history)
    counts = counted(sessions, window_days, denominator) & asked(history, after_first)
    came = sessions.attended if partial == "minutes" else (sessions.attended >= 0.5).astype(float)
    rate = share(sessions.total(counts, came), sessions.total(counts))
    return result(history, rate, NO_SESSION, window_share(history, window_days))


@metric(
    unit="share of minutes",
    kind="proportion",
    needs=("session.status", "session.minutes_scheduled"),
    missing="no minutes scheduled in the window: no value; sessions without scheduled minutes are left out",
    source=SOURCE,
    by_member=True,
    by_plan="first session",
)
def hours_rate(
    history: History, *, window_days: Days = 84, denominator: Denominator = "standard", after_first: bool = False
) -> pd.DataFrame:
    """Minutes attended over minutes scheduled, or over those prescribed with ``plan``.

    Examples
    --------
    A session of three hours attended and one of one hour missed; three hours a week were prescribed.

        day      0      7
        session  A......N......
        hours    3......1
        episode  prescribed_hours_per_week=3
        value    180/240
        value    180/360    denominator=plan
    """
    if denominator == "plan":
        return _plan_rate(history, window_days, after_first)
    sessions = sessions_of(history)
    counts = counted(sessions, window_days, denominator) & asked(history, after_first)
    counts &= ~np.isnan(sessions.minutes_scheduled)
    offered = sessions.total(counts, sessions.minutes_scheduled)
    rate = share(sessions.total(counts, sessions.minutes_attended), offered)
    return result(history, rate, NO_MINUTES, window_share(history, window_days))


@metric(
    unit="share of sessions",
    kind="proportion",
    needs=("session.status", "session.missed"),
    missing="no session attended, missed or cancelled late in the window: no value",
    source="No-shows over sessions held and not cancelled in time: attended, partial, no show, late cancellation",
    better="lower",
    by_member=True,
    by_plan="first session",
)
def no_show_rate(history: History, *, window_days: Days = 84, after_first: bool = False) -> pd.DataFrame:
    """Sessions missed without a word over those that were attended, missed or cancelled less than a day before.

    Examples
    --------
    Of five sessions that count one was a no-show; the one cancelled in time and the excused one do not count.

        day      0      7      14     21
        session  A..N...P..X...L..E...A......
        value    1/5
        value    1/2    window_days=7
        value    1/4    after_first=true
    """
    sessions = sessions_of(history)
    inside = (sessions.day < window_days) & asked(history, after_first)
    missed = sessions.total(inside & sessions.has_status("no_show"))
    held = sessions.total(inside & sessions.has_status("attended", "partial", "no_show", "late_cancel"))
    return result(history, share(missed, held), NO_SESSION, window_share(history, window_days))


def counted(sessions: Sessions, window_days: int, denominator: Denominator) -> np.ndarray:
    """Return which sessions of the days 0 to ``window_days - 1`` count by a policy."""
    return (sessions.day < window_days) & ~sessions.has_status(*POLICIES[denominator].left_out)


def asked(history: History, after_first: bool) -> np.ndarray:
    """Return which sessions are asked about: all, or those after the first day with one attended.

    Of somebody who never came, all.
    """
    sessions = sessions_of(history)
    if not after_first:
        return np.ones(len(sessions.day), dtype=bool)
    first, _ = attended_edges(history)
    return ~(sessions.day <= first[sessions.member])


def _plan_rate(history: History, window_days: int, after_first: bool) -> pd.DataFrame:
    if after_first:
        raise StudyError("metrics: after_first asks about sessions, and denominator: plan about hours; leave one out")
    sessions = sessions_of(history)
    within = sessions.day < planned_days(history, window_days)[sessions.member]
    rate = share(sessions.total(within, sessions.minutes_attended), planned_minutes(history, window_days))
    # A sum with an unknown in it is unknown: such a person came, but nobody knows for how long.
    unknown = sessions.total(within & np.isnan(sessions.minutes_attended)) > 0
    reason = np.where(unknown, MINUTES_UNKNOWN, NO_PLAN)
    return result(history, np.minimum(rate, 1), reason, window_share(history, window_days))
