"""Use before time zero: what no arm can have changed, read from the same reports as use afterwards."""

from dataclasses import replace

import numpy as np
import pandas as pd

from iop_outcomes.history.abstinence import free_days, share_of_use
from iop_outcomes.history.calendar import ABSTINENT, SOME, USED
from iop_outcomes.history.evidence import use_calendar
from iop_outcomes.history.history import History
from iop_outcomes.tables.controls import USE_BEFORE

#: Days of a period.
LENGTH = 30
#: Share of the days of a period that must be known.
MIN_KNOWN_SHARE = 0.5


def use_before(history: History) -> pd.DataFrame:
    """Return the share of known days with use in each of the periods before time zero, a row per member.

    Parameters
    ----------
    history : History
        Members and their records.

    Returns
    -------
    pandas.DataFrame
        ``use_before_30``, ``use_before_60``, indexed by ``member_id``: shares from 0 to 1, missing where fewer than
        half of the days are known. A period of which nothing is known has no column.
    """
    if not len(history.records.get("use_report", ())) or not history.n:
        return pd.DataFrame(index=history.members.index)
    furthest = max(USE_BEFORE)
    calendar = use_calendar(_moved_back(history, furthest))
    found = {}
    for period, column in USE_BEFORE.items():
        first = furthest - period
        window = first, first + LENGTH
        known = calendar.days(*window, ABSTINENT, USED, SOME)
        used, free = calendar.used_days(*window), free_days(calendar, *window)
        value, _, _ = share_of_use(used, known, free, "observed", MIN_KNOWN_SHARE)
        if np.isfinite(value).any():
            found[column] = value
    return pd.DataFrame(found, index=history.members.index)


def _moved_back(history: History, days: int) -> History:
    """Return the same people followed from some days before time zero until time zero."""
    members = history.members.assign(
        time_zero_day=history.members["time_zero_day"] - days,
        follow_up_end_day=days - 1,
        # Whoever dies later is alive before time zero.
        end_reason="end_of_follow_up",
    )
    return replace(history, members=members, _ready={}, _kept={})
