"""Time in care: from time zero to the day care ended, or to the last day anybody looked."""

import numpy as np
import pandas as pd

from iop_outcomes.history.history import History


def time_in_care(history: History) -> tuple[pd.Series, pd.Series]:
    """Return days from time zero to the end of care, and whether care ended within the observation.

    Care ends at discharge for any reason but death, or at the last contact where no discharge is recorded; death and
    the end of observation censor. Somebody who never started has zero days and an end at once.

    Returns
    -------
    days, ended : pandas.Series
        By member; missing where the source gives no day of discharge (as TEDS, whose stays are intervals).
    """
    members = history.members
    last_seen = members["follow_up_end_day"].astype(float)
    end = _column(members, "discharge_day").fillna(_column(members, "last_contact_day"))
    if end.isna().all():
        return end.rename("days"), pd.Series(pd.NA, index=members.index, dtype="boolean")
    if "admission_day" in members:
        end = end.mask(members["admission_day"].isna(), 0.0)
    ended = (end <= last_seen) & ~(_text(members, "discharge_reason") == "death")
    return end.fillna(last_seen).clip(lower=0).clip(upper=last_seen), ended.astype("boolean")


def _column(members: pd.DataFrame, name: str) -> pd.Series:
    return members[name].astype(float) if name in members else pd.Series(np.nan, index=members.index)


def _text(members: pd.DataFrame, name: str) -> pd.Series:
    return members[name].astype("str") if name in members else pd.Series("", index=members.index)
