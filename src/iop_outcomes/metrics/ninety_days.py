"""The 90-day rules: a stay of three months, or a service in each of three consecutive months.

Both are described outcomes of people who stayed; comparing those who stayed with those who left is no comparison of
treatments.
"""

from typing import Annotated, Literal

import numpy as np
import pandas as pd
from pydantic import Field

from iop_outcomes.history.care import time_in_care
from iop_outcomes.history.history import History
from iop_outcomes.history.result import NOT_OBSERVED, label_or_none, or_missing, result
from iop_outcomes.history.sessions import attended_days
from iop_outcomes.history.windows import Days
from iop_outcomes.kernel.registry import metric
from iop_outcomes.metrics.first_session import first_session_day
from iop_outcomes.metrics.retention import NO_END

Months = Annotated[int, Field(ge=1)]

#: How the days of a stay are counted: last minus first, or the first and the last day both, as TEDS does.
Counting = Literal["last_minus_first", "both_days"]

#: Months have no calendar here; 30 days each.
MONTH_DAYS = 30


@metric(
    unit="yes or no",
    kind="binary",
    needs=("episode.admission_day", "episode.discharge_day|episode.last_contact_day"),
    missing="in care when observation ends, for less than the days asked about: no value; death before: no",
    source="DATOS outpatient: stays of three months or more against shorter ones",
)
def ninety_day_stay(history: History, *, days: Days = 90, counting: Counting = "last_minus_first") -> pd.DataFrame:
    """Did the stay, from admission to the end of care, last at least 90 days? Never admitted is no.

    Days are those from the first to the last, so that a stay of one day has none; ``both_days`` counts the first and
    the last day both, as TEDS does, and gives one more. ``retention`` counts from assignment instead, as a comparison
    of arms must.

    Examples
    --------
    Admitted on day 0, discharged on day 88, 89 or 90.

        episode  discharge_day=88 discharge_reason=completed
        value    0
        value    0    counting=both_days

        episode  discharge_day=89 discharge_reason=completed
        value    0
        value    1    counting=both_days

        episode  discharge_day=90 discharge_reason=completed
        value    1

    Admitted on day 10, discharged on day 95.

        episode  admission_day=10 discharge_day=95 discharge_reason=completed
        value    0
        value    1    days=85

    In care when observation ends after 60 days: discharge is on day 70 or later.

        episode   admission_day=10 discharge_day=none
        observed  70
        value     none: observed for less than this time
        value     1    days=60
        value     none: observed for less than this time    days=61
        value     1    days=61 counting=both_days

        episode  admission_day=none discharge_day=14
        value    0
    """
    start = or_missing(history, "admission_day")
    end, ended = time_in_care(history)
    dated, ended = end.notna().to_numpy(), ended.fillna(False).to_numpy(bool)
    # Whoever is in care when observation ends leaves on a later day.
    last = np.where(ended, end.to_numpy(float), history.follow_up_days)
    stayed = last - start + (counting == "both_days")
    left = ended | (history.members["end_reason"] == "death").to_numpy(bool)
    value = np.where(stayed >= days, 1.0, np.where(left, 0.0, np.nan))
    value = np.where(np.isnan(start) & left, 0.0, value)
    return result(history, np.where(dated, value, np.nan), np.where(dated, NOT_OBSERVED, NO_END))


@metric(
    unit="yes or no",
    kind="binary",
    needs=("session.status",),
    missing="no month without a service yet, and fewer months observed than asked for: no value",
    source="Washington State contract rule: a service in each of three consecutive months, or completion before; "
    "months of 30 days",
    by_member=True,
    by_plan="sessions",
)
def service_each_month(history: History, *, months: Months = 3) -> pd.DataFrame:
    """Was a session attended in each of three consecutive months from admission, or treatment completed before?

    Months have 30 days and start with admission, or with the first session where no admission is recorded; somebody
    who has neither did not stay.

    Examples
    --------
    A session on days 0, 35 and 65, in every month; without the last one the third month is empty.

        session   A..................................A.............................A
        observed  100
        value     1

        session   A..................................A
        observed  100
        value     0
        value     1    months=2

    Completed in the second month.

        session   A..................................A
        observed  100
        episode   discharge_day=40 discharge_reason=completed
        value     1

    The third month is not over.

        session   A..................................A
        observed  80
        value     none: observed for less than this time
    """
    start = or_missing(history, "admission_day")
    start = np.maximum(np.where(np.isnan(start), first_session_day(history), start), 0)
    served = _served(history, start, months)
    over = (history.follow_up_days - start)[:, None] >= MONTH_DAYS * np.arange(1, months + 1)
    missed = (over & ~served).any(axis=1)
    died = (history.members["end_reason"] == "death").to_numpy(bool)
    value = np.where(served.all(axis=1), 1.0, np.where(missed | died | np.isnan(start), 0.0, np.nan))
    return result(history, np.where(_completed(history, start + MONTH_DAYS * months), 1.0, value), NOT_OBSERVED)


def _served(history: History, start: np.ndarray, months: int) -> np.ndarray:
    """Return whether a session was attended, by member and month since the start."""
    member, day = attended_days(history)
    since = day - start[member]
    inside = np.flatnonzero((since >= 0) & (since < MONTH_DAYS * months))
    served = np.zeros((history.n, months), dtype=bool)
    served[member[inside], (since[inside] // MONTH_DAYS).astype(int)] = True
    return served


def _completed(history: History, before: np.ndarray) -> np.ndarray:
    completed = (label_or_none(history, "discharge_reason") == "completed").to_numpy(bool)
    day = or_missing(history, "discharge_day")
    return completed & (day < before) & (day < history.follow_up_days)
