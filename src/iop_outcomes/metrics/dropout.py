"""Dropout seen in attendance: a long gap, or weeks in a row without a session, before care was brought to a good end.

The day of dropout is the first day without treatment; that it was dropout is *known* only when the gap has lasted.
Whatever predicts dropout must therefore be measured before ``dropout_confirmed_day``, and somebody observed for a
shorter time after the last session is censored. Waiting for the first session is no gap (see ``first_session.py``);
somebody who never came has dropped out on day 0.
"""

import numpy as np
import pandas as pd

from iop_outcomes.history.history import History
from iop_outcomes.history.result import NOT_OBSERVED, label_or_none, or_missing, result
from iop_outcomes.history.sessions import attended_days, attended_edges, edges
from iop_outcomes.history.windows import Days, Weeks, observed_weeks
from iop_outcomes.kernel.registry import metric
from iop_outcomes.metrics.first_session import first_session_day

#: Reasons of discharge after which nobody has dropped out.
ENDED_WELL = ("completed", "transfer")

MISSING = "observed for too short a time to tell: no value; completed, transferred or died before: not dropped out"


@metric(
    unit="yes or no",
    kind="binary",
    needs=("session.status",),
    missing=MISSING,
    source="First gap in attendance of 7, 14 or 30 days, not completed or transferred; dated to the day after the last",
    better="lower",
    by_member=True,
    by_plan="sessions",
)
def dropout_by_gap(history: History, *, gap_days: Days = 30, window_days: Days = 84) -> pd.DataFrame:
    """Did a gap of so many days without treatment begin within the window, before completion or transfer?

    Examples
    --------
    Last seen on day 3: dropout on day 4, known on day 10 when seven days have passed. Coming back does not undo it.

        day      0      7      14     21
        session  A..A...N...A......A.........
        value    1    gap_days=7 window_days=7
        value    0    gap_days=14 window_days=7

    Nobody knows yet on day 12 whether a gap of 14 days began on day 4.

        day      0      7
        session  A..A...N.....
        value    none: observed for less than this time    gap_days=14 window_days=7

    Who completed treatment in time has not dropped out.

        day      0      7      14     21
        session  A..A...N...................
        episode  discharge_day=6 discharge_reason=completed
        value    0    gap_days=7 window_days=7

    Never came.

        day      0      7
        session  N......N......
        value    1    gap_days=7 window_days=7
    """
    times = time_to_dropout(history, gap_days)
    day, dropped = times["dropout_days"].to_numpy(), (times["state"] == "dropout").to_numpy()
    early = dropped & (day < window_days)
    other_end = times["state"].isin(("completed", "transfer", "death")).to_numpy()
    known = dropped | other_end | (day >= window_days - 1)
    return result(history, np.where(known, early, np.nan), NOT_OBSERVED)


@metric(
    unit="yes or no",
    kind="binary",
    needs=("session.status",),
    missing=MISSING,
    source="CTN-0094 group 2023: four consecutive missing weeks",
    better="lower",
    by_member=True,
    by_plan="sessions",
)
def dropout_by_missed_weeks(history: History, *, weeks: Weeks = 4, window_days: Days = 84) -> pd.DataFrame:
    """Were there so many weeks in a row without an attended session within the window?

    Weeks are those of the study, from time zero; the wait before the first session counts, weeks from completion or
    transfer on do not. ``endpoints`` has the same rule for weekly urine tests.

    Examples
    --------
    Attended in weeks 1, 2 and 5.

        day      0      7      14     21     28
        session  A......A....................A......
        value    0    window_days=35
        value    1    weeks=2 window_days=35

        day      0      7      14
        session  A......A......N......
        value    none: observed for less than this time    window_days=35
    """
    n_weeks = window_days // 7
    begun = first_missed_weeks(history, weeks, n_weeks)
    dropped = ~np.isnan(begun)
    died = (history.members["end_reason"] == "death").to_numpy(bool)
    known = dropped | died | np.isfinite(_good_end(history)) | (observed_weeks(history) >= n_weeks)
    return result(history, np.where(known, dropped, np.nan), NOT_OBSERVED)


def time_to_dropout(history: History, gap_days: int = 30) -> pd.DataFrame:
    """Return time and event for survival estimators, and what ended care otherwise.

    Parameters
    ----------
    history : History
        Members and their records.
    gap_days : int
        Days without treatment that make a dropout.

    Returns
    -------
    pandas.DataFrame
        By member:

        ``dropout_days``
            Day after the last attended session before the gap; otherwise the day care ended well, or the last day on
            which a gap could have begun and still be seen to last. Missing when observed for less than a gap.
        ``dropout_ended``
            1 dropout, 0 censored, missing as above.
        ``dropout_confirmed_day``
            Day on which the gap had lasted; for somebody who never came the last day observed, because until then a
            first session was possible.
        ``state``
            ``dropout``, ``completed``, ``transfer``, ``death`` or ``in_care``; the causes of competing risks.
    """
    begun, confirmed = _first_lasting_gap(history, gap_days)
    good = _good_end(history)
    dropped = confirmed < good
    died = (history.members["end_reason"] == "death").to_numpy(bool)
    ended_well = ~dropped & np.isfinite(good)
    last = history.follow_up_days - float(gap_days)
    days = np.select([dropped, ended_well, died], [begun, good, history.follow_up_days - 1.0], last)
    reason = label_or_none(history, "discharge_reason").to_numpy()
    state = np.select([dropped, ended_well, died], ["dropout", reason, "death"], "in_care")
    seen = days >= 0
    columns = {"dropout_days": np.where(seen, days, np.nan), "dropout_ended": np.where(seen, dropped, np.nan)}
    columns["dropout_confirmed_day"] = np.where(dropped, confirmed, np.nan)
    states = ["in_care", "completed", "transfer", "dropout", "death"]
    return pd.DataFrame(columns, index=history.members.index).assign(state=pd.Categorical(state, categories=states))


def first_missed_weeks(history: History, weeks: int, n_weeks: int) -> np.ndarray:
    """Return the week (0-based) in which each member's first run of missed weeks begins, NaN where there is none.

    Parameters
    ----------
    history : History
        Members and their records.
    weeks : int
        Length of the run.
    n_weeks : int
        Weeks looked at, from time zero; the whole run lies within them, and within those observed.
    """
    member, day = attended_days(history)
    inside = day < 7 * n_weeks
    missed = np.ones((history.n, n_weeks), dtype=bool)
    missed[member[inside], day[inside] // 7] = False
    due = np.minimum(observed_weeks(history), np.floor(_good_end(history) / 7))
    missed &= np.arange(n_weeks) < due[:, None]
    begun = np.full(history.n, np.nan)
    for week in range(n_weeks - weeks, -1, -1):
        begun[missed[:, week : week + weeks].all(axis=1)] = week
    return begun


def _good_end(history: History) -> np.ndarray:
    """Return the day of completion or transfer, infinite for everybody else.

    Where the day of discharge is not recorded it is the last contact, or the last session attended.
    """
    last = np.nan_to_num(attended_edges(history)[1])
    for column in ("last_contact_day", "discharge_day"):
        recorded = or_missing(history, column)
        last = np.where(np.isnan(recorded), last, recorded)
    well = label_or_none(history, "discharge_reason").isin(ENDED_WELL).to_numpy() & (last < history.follow_up_days)
    return np.where(well, last, np.inf)


def _first_lasting_gap(history: History, gap_days: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the first day of each member's first lasting gap and the day it had lasted, infinite without one."""
    member, day = attended_days(history)
    end = history.follow_up_days
    following = np.append(day[1:], 0)
    last = np.append(member[1:] != member[:-1], True)[: len(member)]
    following = np.where(last, end[member], following[: len(member)])
    lasting = following - day > gap_days
    before, _ = edges(member[lasting], day[lasting], history.n)
    begun = np.where(np.isnan(before), np.inf, before + 1)
    confirmed = begun + gap_days - 1
    never = np.isnan(first_session_day(history)) & (end >= gap_days)
    begun[never], confirmed[never] = 0, end[never] - 1
    return begun, confirmed
