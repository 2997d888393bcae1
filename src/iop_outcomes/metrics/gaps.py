"""Gaps: stretches between days of treatment, with the wait for the first and the time after the last.

A gap is the number of days from one day with an attended session to the next. The wait from time zero to the first and
the time from the last to the end of the window, or of observation if that comes first, are gaps too; somebody who never
came has one gap, the whole window. A gap that is cut by the end of observation is as long as it was seen.
"""

import numpy as np
import pandas as pd

from iop_outcomes.history.history import History
from iop_outcomes.history.result import result, window_share
from iop_outcomes.history.sessions import attended_days
from iop_outcomes.history.windows import Days
from iop_outcomes.kernel.registry import metric

ONE_GAP = "fewer than two gaps"
MISSING = "never missing; a gap cut by the end of observation is as long as it was seen"
SOURCE = "Differences of attended dates, with time zero to the first and the last to the end of window or observation"


@metric(
    unit="days",
    kind="duration",
    needs=("session.status",),
    missing=MISSING,
    source=SOURCE,
    better="lower",
    by_member=True,
    by_plan="sessions",
)
def longest_gap(history: History, *, window_days: Days = 84) -> pd.DataFrame:
    """Longest gap between days of treatment.

    Examples
    --------
    Gaps of 3, 4 and 14 days.

        day      0      7      14
        session  ...A...A..N..........
        value    14
        value    7    window_days=14

    Never came.

        day      0      7      14
        session  ...N.................
        value    21
    """
    owner, length = gaps(history, window_days)
    n = history.count(owner)
    longest = np.maximum.reduceat(length, np.cumsum(n) - n)
    return result(history, longest, "", window_share(history, window_days))


@metric(
    unit="days",
    kind="duration",
    needs=("session.status",),
    missing=MISSING,
    source=SOURCE,
    better="lower",
    by_member=True,
    by_plan="sessions",
)
def median_gap(history: History, *, window_days: Days = 84) -> pd.DataFrame:
    """Median of the gaps between days of treatment.

    Examples
    --------
    Gaps of 3, 4 and 14 days, then of 3, 4, 7 and 7.

        day      0      7      14
        session  ...A...A.............
        value    4

        day      0      7      14
        session  ...A...A......A......
        value    (4+7)/2
    """
    owner, length = gaps(history, window_days)
    # Owners come in order, so one sort of a combined key sorts the lengths of each.
    ordered = np.sort(owner.astype(np.int64) * (window_days + 1) + length, kind="stable") % (window_days + 1)
    n = history.count(owner)
    start = np.cumsum(n) - n
    median = (ordered[start + (n - 1) // 2] + ordered[start + n // 2]) / 2
    return result(history, median, "", window_share(history, window_days))


@metric(
    unit="coefficient of variation",
    kind="continuous",
    needs=("session.status",),
    missing="fewer than two gaps: no value",
    source=SOURCE,
    better="lower",
    by_member=True,
    by_plan="sessions",
)
def gap_variation(history: History, *, window_days: Days = 84) -> pd.DataFrame:
    """Standard deviation (n - 1) of the gaps over their mean: 0 for a person who comes like a clock.

    Examples
    --------
    Gaps of 7, 7 and 7 days; gaps of 2 and 12 with mean 7 and variance (25 + 25) / 1.

        day      0      7      14
        session  A......A......A......
        value    0

        day      0      7
        session  ..A...........
        value    50**0.5/7

        session  A......
        value    none: fewer than two gaps
    """
    owner, length = gaps(history, window_days)
    n = history.count(owner)
    mean = history.count(owner, length) / n
    squares = history.count(owner, (length - mean[owner]) ** 2)
    spread = np.sqrt(squares / np.where(n > 1, n - 1, np.nan))
    return result(history, spread / mean, ONE_GAP, window_share(history, window_days))


def gaps(history: History, window_days: int) -> tuple[np.ndarray, np.ndarray]:
    """Return member and length in days of every gap of a window, in order of time within members.

    A session on day 0 leaves no gap before it.
    """
    member, day = attended_days(history)
    member, day = member[day < window_days], day[day < window_days]
    end = np.minimum(history.follow_up_days, window_days)
    n_days = history.count(member)
    before = np.cumsum(n_days) - n_days + 2 * np.arange(history.n)
    # Each member's days stand between a zero before and the end of the window behind: 2 marks more for each member.
    marks = np.empty(len(day) + 2 * history.n, dtype=np.int32)
    marks[np.arange(len(day)) + 2 * member + 1] = day
    marks[before], marks[before + n_days + 1] = 0, end
    owner = np.repeat(np.arange(history.n, dtype=np.int32), n_days + 2)
    length = np.diff(marks)
    real = (owner[1:] == owner[:-1]) & (length > 0)
    return owner[1:][real], length[real]
