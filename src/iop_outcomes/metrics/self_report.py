"""Abstinence and use by day: what people said, with the tests beside it if a study wants them.

Every metric here reads the use calendar (``calendar.py``). Days on which nobody asked are unknown, never abstinent;
days in a controlled environment are set apart, never abstinent unless the study counts them.
"""

from typing import Literal

import numpy as np
import pandas as pd

from iop_outcomes.metrics.calendar import ABSTINENT, CONTROLLED, SOME, USED, Calendar
from iop_outcomes.metrics.calendar_metric import calendar_metric, values
from iop_outcomes.metrics.windows import Days, Share

NEVER_FREE = "in a controlled environment for the whole window"
TOO_LITTLE_KNOWN = "too few days of the window are known"

#: Unknown days count as use, or are left out (and too many of them give no value).
Missing = Literal["observed", "use"]


@calendar_metric(
    unit="percent of days",
    kind="continuous",
    missing="observed: unknown days are left out, no value below the known share asked for; use: they count as use",
    source="Percent days abstinent; both missing rules side by side, Hallgren & Witkiewitz 2013, 10.1111/acer.12255",
)
def percent_days_abstinent(
    calendar: Calendar, *, window_days: Days = 180, missing: Missing = "observed", min_known_share: Share = 0.5
) -> pd.DataFrame:
    """100 times the days known to be abstinent over the days known, or over all days if unknown ones count as use.

    Of a report on several days ("3 of the last 30") each day counts as use by its share (3/30).

    Examples
    --------
    Ten days asked about, two with use; four not asked about.

        day    0      7
        use    ---+--.---+...
        value  100*8/10
        value  100*8/14    missing=use
        value  none: too few days of the window are known    min_known_share=0.8

    Three days of ten with use, the last two in jail.

        day         0      7
        report      0-9: 3
        controlled  ........jj
        value       100*5/8
        value       100*7/10    controlled=abstinent
    """
    known = calendar.days(0, window_days, ABSTINENT, USED, SOME)
    free = free_days(calendar, 0, window_days)
    abstinent = known - calendar.used_days(0, window_days)
    share = known_share(known, free)
    counted = known if missing == "observed" else free
    enough = (counted > 0) & ((share >= min_known_share) | (missing == "use"))
    value = np.where(enough, 100 * abstinent / np.maximum(counted, 1), np.nan)
    return values(value, share, np.where(free == 0, NEVER_FREE, TOO_LITTLE_KNOWN))


def free_days(calendar: Calendar, first_day: int, end_day: int) -> np.ndarray:
    """Return the observed days of a window outside a controlled environment, those with use there included."""
    observed = np.clip(calendar.follow_up_days, first_day, end_day) - first_day
    return observed - calendar.days(first_day, end_day, CONTROLLED)


def known_share(known: np.ndarray, free: np.ndarray) -> np.ndarray:
    """Return known over free days; missing where no day was free."""
    return np.where(free > 0, known / np.maximum(free, 1), np.nan)
