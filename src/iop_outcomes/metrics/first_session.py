"""Time to the first session. Somebody who never starts is censored, not dropped."""

from typing import Literal

import numpy as np
import pandas as pd

from iop_outcomes.history.history import History
from iop_outcomes.history.result import NOT_OBSERVED, or_missing, result
from iop_outcomes.history.sessions import attended_edges
from iop_outcomes.history.windows import Days
from iop_outcomes.kernel.registry import metric

NO_REFERRAL = "no referral day on record"
AFTER_START = "the first session is before the referral"

#: Where the clock starts.
Since = Literal["referral", "time_zero"]

SOURCE = "First attended session minus referral; never-starters are censored at the end of observation"


def time_to_first_session(history: History, since: Since = "referral") -> pd.DataFrame:
    """Return time and event for survival estimators.

    Parameters
    ----------
    history : History
        Members and their records.
    since : {'referral', 'time_zero'}
        Start of the clock.

    Returns
    -------
    pandas.DataFrame
        By member: ``first_session_days``, days to the first attended session or to the last day observed, and
        ``first_session_ended``, 1 where there was a first session and 0 where the member is censored. Both are missing
        without a referral day on record, or with one after the first session.
    """
    first = first_session_day(history)
    start = or_missing(history, "referral_day") if since == "referral" else np.zeros(history.n)
    started = ~np.isnan(first)
    days = np.where(started, first, history.follow_up_days - 1.0) - start
    known = days >= 0
    columns = {"first_session_days": np.where(known, days, np.nan)}
    columns["first_session_ended"] = np.where(known, started, np.nan)
    return pd.DataFrame(columns, index=history.members.index)


@metric(
    unit="days",
    kind="duration",
    needs=("session.status",),
    missing="no referral day: no value; not started when observation ends before the window does: no value",
    source=SOURCE,
    better="lower",
    by_member=True,
)
def days_to_first_session(history: History, *, since: Since = "referral", window_days: Days = 84) -> pd.DataFrame:
    """Days from referral to the first attended session, at most the window.

    Somebody who does not start within the window counts with the whole of it, so that never starting is not left out of
    the mean. For curves and hazards use ``time_to_first_session``, which gives time and event.

    Examples
    --------
    Referred ten days before assignment; missed the first appointment, came to the second.

        day      0      7
        session  ...N...A......
        episode  referral_day=-10
        value    17    window_days=24
        value    14    window_days=14
        value    7     window_days=14 since=time_zero

    Never came: the whole window, if it was observed.

        day      0      7
        session  ...N......N...
        episode  referral_day=0
        value    14    window_days=14
        value    none: observed for less than this time    window_days=21

    No referral on record.

        session  A
        value    none: no referral day on record
        value    0    since=time_zero
    """
    days, started, watched, reason = _clock(history, since)
    known = started | (watched >= window_days)
    waited = np.where(started, np.minimum(days, window_days), window_days)
    return result(history, np.where(known, waited, np.nan), reason)


@metric(
    unit="yes or no",
    kind="binary",
    needs=("session.status",),
    missing="no referral day: no value; not started when observation ends before the days do: no value",
    source=SOURCE,
    by_member=True,
)
def started_within(history: History, *, since: Since = "referral", window_days: Days = 14) -> pd.DataFrame:
    """Was a first session attended within so many days of referral, that is on day 0 to ``window_days - 1``?

    Examples
    --------
        day      0      7
        session  ...N...A......
        episode  referral_day=-5
        value    1    window_days=14
        value    0    window_days=12
        value    1    window_days=8 since=time_zero

        day      0      7
        session  ...N......
        episode  referral_day=0
        value    none: observed for less than this time    window_days=14
    """
    days, started, watched, reason = _clock(history, since)
    in_time = started & (days < window_days)
    return result(history, np.where(in_time | (watched >= window_days), in_time, np.nan), reason)


def first_session_day(history: History) -> np.ndarray:
    """Return the day of each member's first attended session, NaN where there is none."""
    return attended_edges(history)[0]


def _clock(history: History, since: Since) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return days, whether started, days watched (NaN if not known), and why there is no value where there is none."""
    frame = time_to_first_session(history, since)
    days, started = frame["first_session_days"].to_numpy(), frame["first_session_ended"].to_numpy() == 1
    start = or_missing(history, "referral_day") if since == "referral" else np.zeros(history.n)
    reason = np.where(np.isnan(start), NO_REFERRAL, np.where(np.isnan(days), AFTER_START, NOT_OBSERVED))
    watched = np.where(np.isnan(days), np.nan, history.follow_up_days - start)
    return days, started, watched, reason
