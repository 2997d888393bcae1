"""Are people of both arms due as much? Where they are not, outcomes that count contacts differ by plan.

That is no fault of a comparison: how much is planned is what the arms are. It says of which outcomes nothing follows.
"""

import pandas as pd

from iop_outcomes.designs.judge.gate import PASS, WARN, share_of_people, stepped
from iop_outcomes.tables.follow_up import DUE, FIRST, HOURS, LAST, LATER, SESSIONS, WAITING

Row = tuple[str, float, float, str, str]

SESSIONS_DUE, HOURS_DUE = "sessions_due_alike", "hours_due_alike"
FIRST_SESSION, LAST_SESSION, WAITED = "first_session", "last_session", "waiting_alike"
#: Check that tells of what a metric says that it differs by.
BY_PLAN = {
    "sessions": SESSIONS_DUE,
    "hours": HOURS_DUE,
    "first session": FIRST_SESSION,
    "last session": LAST_SESSION,
    "waiting": WAITED,
}
#: So many times as much is planned unlike; a share attended may differ by so much for its first session alone; from so
#: many of those who left on, discharges are dated by the last session; so many days more are a waiting list.
TIMES, POINTS, MOST, DAYS = 1.25, 0.005, 0.5, 7
_INSTEAD = {
    SESSIONS: "what counts sessions, or the days between them, differs by plan. Ask for shares of what was due "
    "(attendance_rate), or for staying (retention)",
    HOURS: "what counts hours differs by plan. Ask for shares of what was due (hours_rate)",
}


def judge_due(recording: pd.DataFrame, arms: tuple[str, str]) -> list[Row]:
    """Return the checks of how soon care began, how much was due and of the first and last session, where known.

    Parameters
    ----------
    recording : DataFrame
        Table of that contract.
    arms : (str, str)
    """
    known = recording.astype({"arm": "str", "what": "str", "level": "str"})
    own = known[known["what"] == DUE].set_index(["level", "arm"])[["n", "n_all"]].astype(float)
    of = {level: own.xs(level).reindex(list(arms)) for level in own.index.unique("level")}
    rows = [
        _planned(check, level, of[level])
        for check, level in ((SESSIONS_DUE, SESSIONS), (HOURS_DUE, HOURS))
        if level in of and of[level].gt(0).all(axis=None)
    ]
    whole = {level for level in of if of[level].notna().all(axis=None)}
    if {FIRST, LATER} <= whole:
        rows.append(_first(of))
    if {SESSIONS, LAST} <= whole and of[SESSIONS].gt(0).all(axis=None):
        rows.append(_last(of[SESSIONS], of[LAST]))
    if WAITING in whole and of[WAITING]["n_all"].gt(0).all():
        rows.append(_waiting(of[WAITING]))
    return rows


def _planned(check: str, level: str, of_arm: pd.DataFrame) -> Row:
    rate = 7 * of_arm["n"] / of_arm["n_all"]
    said = " and ".join(f"{size:.1f} {level} a week in {arm}" for arm, size in rate.items())
    value, reason = float(rate.max() / rate.min()), f"while in care people were due {said}"
    if value <= TIMES:
        return check, round(value, 1), TIMES, PASS, f"{reason}."
    return check, round(value, 1), TIMES, WARN, f"{reason}: {_INSTEAD[level]}."


def _waiting(of_arm: pd.DataFrame) -> Row:
    days = of_arm["n"] / of_arm["n_all"]
    value = float(round(days.max() - days.min()))
    if days.max() - days.min() <= DAYS:
        return WAITED, value, DAYS, PASS, "after time zero care began as soon in both arms."
    reason = (
        f"care began about {value:.0f} days later in {days.idxmax()}: whoever begins later is still there later, and "
        "days in care are counted from time zero. Count them from the admission (time_zero: admission, or "
        "ninety_day_stay)."
    )
    return WAITED, value, DAYS, WARN, reason


def _first(of: dict[str, pd.DataFrame]) -> Row:
    """Return how far shares attended differ for the first session, which nobody misses where care begins by it.

    Shares are those of both arms together, so that how the arms differ in attendance is not told.
    """
    share = {level: of[level]["n"].sum() / max(of[level]["n_all"].sum(), 1) for level in (FIRST, LATER)}
    each = of[FIRST]["n_all"] / (of[FIRST]["n_all"] + of[LATER]["n_all"])
    value = float(abs((share[FIRST] - share[LATER]) * (each.iloc[0] - each.iloc[1])))
    if value <= POINTS:
        return FIRST_SESSION, round(value, 2), POINTS, PASS, "the first session weighs on shares attended alike."
    reason = (
        "the first session is missed far more rarely than later ones, since care begins by it, and counts for more in "
        "the arm that is due fewer: shares attended differ for that alone. Ask for the share after it "
        "(after_first: true)."
    )
    return FIRST_SESSION, round(value, 2), POINTS, WARN, reason


def _last(sessions: pd.DataFrame, left: pd.DataFrame) -> Row:
    """Return whether leaving is dated by the last session, which is longer ago where sessions are rarer."""
    rate, share = sessions["n"] / sessions["n_all"], left["n"] / left["n_all"]
    rarer = str(rate.idxmin())
    size = int(left.loc[rarer, "n_all"])
    value, told = stepped(float(share[rarer]), size), share_of_people(float(share[rarer]), size)
    if share[rarer] <= MOST or rate.max() <= TIMES * rate.min():
        return LAST_SESSION, value, MOST, PASS, "leaving is not dated by a last session that is rarer in one arm."
    reason = (
        f"{told} of those who left {rarer} are recorded as leaving on the day of the last session they came to, and "
        "it is longer ago where sessions are rarer: they seem to leave sooner. Ask for completion, or let the records "
        "say when care was ended."
    )
    return LAST_SESSION, value, MOST, WARN, reason
