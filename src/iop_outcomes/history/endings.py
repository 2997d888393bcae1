"""How care ended, the ways apart from each other."""

import numpy as np
import pandas as pd

from iop_outcomes.history.care import time_in_care
from iop_outcomes.history.history import History
from iop_outcomes.history.result import label_or_none, or_missing
from iop_outcomes.kernel.errors import StudyError

#: How care can end, as a source records it; each is a cause of its own.
STATES = (
    "never_started",
    "completed",
    "dropout",
    "terminated",
    "transfer",
    "incarcerated",
    "death",
    "other",
    "not_recorded",
)
IN_CARE = "in_care"


def care_states(history: History) -> pd.DataFrame:
    """Return when and how each member's care ended, the ways apart from each other.

    Returns
    -------
    pandas.DataFrame
        By member: ``days`` to the end of care, of life or of observation, and ``state``: one of ``STATES``, or
        ``in_care`` where observation ended first. Both are missing for whoever was discharged on a day nobody knows.

    Raises
    ------
    StudyError
        The source gives no day on which care ended.
    """
    days, ended = time_in_care(history)
    if ended.isna().all():
        raise StudyError(
            "retention by arm: this source records no day of discharge or last contact; compare stays with an "
            "estimator for intervals if it records those"
        )
    members = history.members
    reason = label_or_none(history, "discharge_reason")
    ended, dated = ended.fillna(False).to_numpy(bool), days.notna().to_numpy()
    never = np.isnan(or_missing(history, "admission_day")) & ended if "admission_day" in members else np.zeros(1, bool)
    died = ~ended & (members["end_reason"] == "death").to_numpy(bool)
    died |= ((reason == "death") & (or_missing(history, "discharge_day") < history.follow_up_days)).to_numpy(bool)
    told = reason.fillna("not_recorded").to_numpy()
    state = np.select([~dated, died, never, ended], [None, "death", "never_started", told], IN_CARE)
    categories = [IN_CARE, *STATES]
    return pd.DataFrame({"days": days.to_numpy(float), "state": pd.Categorical(state, categories)}, index=members.index)


def completed_days(history: History) -> pd.Series:
    """Return after how many days each member completed treatment, missing for whoever did not within the follow-up.

    Where stays are recorded as intervals (as in TEDS) it is the middle of the interval.
    """
    days, ended = time_in_care(history)
    if days.isna().all() and "stay_days_low" in history.members:
        low, high = (or_missing(history, column) for column in ("stay_days_low", "stay_days_high"))
        # The last interval has no upper end.
        days, ended = history.series(np.fmin((low + high) / 2, low + high)), history.series(~np.isnan(low))
    completed = (label_or_none(history, "discharge_reason") == "completed") & ended.fillna(False).astype(bool)
    # Whoever never began has not completed, whatever reason stands in the record.
    admitted = or_missing(history, "admission_day")
    began = ~np.isnan(admitted) | np.isnan(admitted).all()
    return days.where(completed & began)
