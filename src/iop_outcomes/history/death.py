"""What death within a window means for a metric of abstinence or use: one rule for all of them.

By default the time from death on is not abstinent: weeks and days after it count as weeks and days with use would
(death as part of a composite failure). Under ``no_value`` whoever died within the window has no value, which describes
survivors only. Never is somebody all abstinent because they died early.
"""

import numpy as np
import pandas as pd

from iop_outcomes.history.history import History
from iop_outcomes.history.outcome_rules import AfterDeath

DIED = "died within the window"


def died_within(history: History, window_days: int) -> np.ndarray:
    """Return which members died before the last day of a window was over."""
    died = (history.members["end_reason"] == "death").to_numpy(bool)
    return died & (history.follow_up_days < window_days)


def under_rule(
    history: History, frame: pd.DataFrame, window_days: int | None, after_death: AfterDeath | None
) -> pd.DataFrame:
    """Return a metric's values with those of members who died within the window taken out, if the rule says so.

    Parameters
    ----------
    history : History
        Members and their records.
    frame : pandas.DataFrame
        ``value`` and ``missing_reason`` by member.
    window_days : int or None
        Length of the window; None for the longest follow-up.
    after_death : 'not_abstinent' or 'no_value', optional
        The study's when left out.
    """
    if (after_death or history.rules.after_death) != "no_value":
        return frame
    died = died_within(history, int(history.follow_up_days.max(initial=0)) if window_days is None else window_days)
    return frame.assign(value=frame["value"].mask(died), missing_reason=frame["missing_reason"].mask(died, DIED))
