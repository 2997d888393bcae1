"""Retention, completion and dropout: still in care, finished as planned, left.

They are three things. A person observed for less than the time asked about is missing here and censored in the
survival estimators; nobody is called retained because nobody looked.
"""

import numpy as np
import pandas as pd

from iop_outcomes.history.care import time_in_care
from iop_outcomes.history.endings import completed_days
from iop_outcomes.history.history import History
from iop_outcomes.history.outcome_rules import AfterCompletion
from iop_outcomes.history.result import NOT_OBSERVED, label_or_none, or_missing, result
from iop_outcomes.history.windows import Days
from iop_outcomes.kernel.registry import metric

NO_REASON = "no discharge reason on record"
UNSEEN = "discharged after death or after the end of observation"
NO_END = "no day of discharge or last contact on record"
COMPLETED = "completed before this day"


@metric(
    unit="yes or no",
    kind="binary",
    needs=("episode.discharge_day|episode.last_contact_day",),
    missing="observed for less than the days asked about and still in care then: no value; completed before the day: "
    "by the study's rule for completion (retained unless it says other)",
    source="Retention at fixed days from assignment; HEDIS and NIDA CTN practice",
)
def retention(history: History, *, day: Days = 90, completed: AfterCompletion | None = None) -> pd.DataFrame:
    """In care on the given day after assignment, or completed before; somebody who never started was not retained.

    In care on day k is whose care ended on day k or later, so that the day of discharge is a day in care. When care
    ended is said in ``history/care.py``; without a discharge a gap in contact ends it (``care`` in the study).
    Completing is not leaving: whoever completed before day k counts as retained, unless ``completed`` or the study
    (``events.completion.care``) says that they had ``left``, which compares programmes of different length by their
    length, or have ``no_value``. Whoever was transferred, jailed or died before had left.

    Examples
    --------
    Discharged on the day before, on the day, and on the day after.

        episode  discharge_day=59 discharge_reason=dropout
        value    0    day=60

        episode  discharge_day=60 discharge_reason=dropout
        value    1    day=60

        episode  discharge_day=61 discharge_reason=dropout
        value    1    day=60

    Completed on day 95.

        episode  discharge_day=95 discharge_reason=completed
        value    1    day=90
        value    1    day=120
        value    0    day=120 completed=left
        value    none: completed before this day    day=120 completed=no_value

    Admitted never.

        episode  admission_day=none discharge_day=14
        value    0    day=30

    In care when observation ends after 60 days, of which day 59 is the last: from day 61 on nobody knows.

        episode   discharge_day=none
        observed  60
        value     1    day=30
        value     1    day=60
        value     none: observed for less than this time    day=61
        value     none: observed for less than this time    day=90

    No discharge on record, and the data end on day 100: last seen on day 97 is in care, and last seen on day 40 left
    that day, because 30 days have passed without contact.

        episode   last_contact_day=97
        observed  101
        value     1    day=98

        episode   last_contact_day=40
        observed  101
        value     1    day=40
        value     0    day=41
    """
    days, ended = time_in_care(history)
    dated = days.notna().to_numpy()
    left = ended.fillna(False).to_numpy(bool) & (days.to_numpy(float) < day)
    known = left | (history.follow_up_days >= day)
    # A death before the day is a failure to retain, as composite outcomes count it.
    died = (history.members["end_reason"] == "death").to_numpy() & (history.follow_up_days < day)
    value = np.where(dated & (known | died), (~left & ~died).astype(float), np.nan)
    finished = left & completed_days(history).notna().to_numpy()
    becomes = {"retained": 1.0, "left": 0.0, "no_value": np.nan}[completed or history.rules.after_completion]
    value = np.where(finished, becomes, value)
    return result(history, value, np.select([~dated, finished], [NO_END, COMPLETED], NOT_OBSERVED))


@metric(
    unit="yes or no",
    kind="binary",
    needs=("episode.discharge_reason",),
    missing="no discharge reason on record (still in care, or not recorded): no value; never admitted by the end of "
    "follow-up: not completed",
    source="TEDS-D REASON = 1",
)
def completion(history: History, *, count_transfer: bool = False) -> pd.DataFrame:
    """Was treatment completed, by the reason of discharge?

    ``count_transfer`` counts a transfer as completed, to see what hangs on it.

    Examples
    --------
        episode  discharge_day=95 discharge_reason=completed
        value    1

        episode  discharge_day=95 discharge_reason=transfer
        value    0
        value    1    count_transfer=true

        episode  discharge_reason=none
        value    none: no discharge reason on record
    """
    found = _reason_is(history, ("completed", "transfer") if count_transfer else ("completed",))
    never = _never_admitted(history) & found["value"].isna().to_numpy()
    return found.assign(value=found["value"].mask(never, 0.0), missing_reason=found["missing_reason"].mask(never))


@metric(
    unit="yes or no",
    kind="binary",
    needs=("episode.discharge_reason",),
    missing="no discharge reason on record: no value",
    source="TEDS-D REASON = 2",
    better="lower",
)
def dropout(history: History) -> pd.DataFrame:
    """Did the person leave against advice or lose contact, by the reason of discharge?

    Examples
    --------
        episode  discharge_day=20 discharge_reason=dropout
        value    1

        episode  discharge_day=95 discharge_reason=completed
        value    0
    """
    return _reason_is(history, ("dropout",))


def _never_admitted(history: History) -> np.ndarray:
    """Return who was observed to the end of follow-up and never admitted, where the source records admissions."""
    admitted = or_missing(history, "admission_day")
    waited = (history.members["end_reason"] == "end_of_follow_up").to_numpy()
    return np.isnan(admitted) & waited & ~np.isnan(admitted).all()


def _reason_is(history: History, reasons: tuple[str, ...]) -> pd.DataFrame:
    reason = label_or_none(history, "discharge_reason")
    # Nobody completes after death, and nobody can have seen what happened after the data end.
    late = or_missing(history, "discharge_day") > history.members["follow_up_end_day"].to_numpy()
    over = history.members["end_reason"].isin(("death", "end_of_data")).to_numpy()
    unseen = late & over & (reason != "death").to_numpy(bool)
    value = np.where(reason.notna() & ~unseen, reason.isin(reasons).astype(float), np.nan)
    return result(history, value, np.array([NO_REASON, UNSEEN], dtype=object)[unseen.astype(np.intp)])
