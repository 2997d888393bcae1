"""When somebody counts as abstinent over a window of days, and when nobody can say."""

from typing import Literal

import numpy as np

from iop_outcomes.history.calendar import ABSTINENT, CONTROLLED, DEAD, USED, Calendar
from iop_outcomes.history.calendar_metric import Scored
from iop_outcomes.history.result import share

NEVER_FREE = "in a controlled environment for too much of the window"
TOO_LITTLE_KNOWN = "too few days of the window are known"
SHORT = "observed for less than the window"

#: Unknown days count as use, or are left out (and too many of them give no value).
Missing = Literal["observed", "use"]

#: Share of a window's days that must be spent outside a controlled environment for abstinence to mean something.
MIN_FREE_SHARE = 0.5


def free_days(calendar: Calendar, first_day: int, end_day: int) -> np.ndarray:
    """Return the observed days of a window outside a controlled environment; a day with use there counts as free.

    Nothing remains unobserved of somebody who died: the days after it are among them.
    """
    until = np.where(calendar.died, end_day, calendar.follow_up_days)
    observed = np.clip(until, first_day, end_day) - first_day
    return observed - calendar.days(first_day, end_day, CONTROLLED)


def abstinent_between(
    calendar: Calendar,
    first_day: int,
    end_day: int,
    used: np.ndarray,
    missing: Missing,
    min_known_share: float,
) -> Scored:
    """Return 1 for people without use in a window, 0 for those with use, and why nothing can be said of the others.

    In this order: use that is certain decides, however little else is known, and so does death in the window.
    Somebody observed for less than the window, or free of a controlled environment for less than half of it, has no
    value. Below the known share there is no value, or, if missing days count as use, no abstinence.

    Parameters
    ----------
    calendar : Calendar
        What is known by day.
    first_day, end_day : int
        Days ``first_day`` to ``end_day - 1``.
    used : ndarray of bool
        Is use in the window certain, or did they die in it?
    missing : {'observed', 'use'}
        What too few known days mean.
    min_known_share : float
        Known days over free days below which too few are known.
    """
    free = free_days(calendar, first_day, end_day)
    known = share(calendar.days(first_day, end_day, ABSTINENT, USED, DEAD), free)
    whole = (calendar.follow_up_days >= end_day) | calendar.died
    enough_free = free >= MIN_FREE_SHARE * (end_day - first_day)
    enough_known = np.nan_to_num(known) >= min_known_share
    judged = used | (whole & enough_free & (enough_known | (missing == "use")))
    value = np.where(judged, (~used & enough_known).astype(float), np.nan)
    return value, np.select([~whole, ~enough_free], [SHORT, NEVER_FREE], TOO_LITTLE_KNOWN), known


def share_of_use(
    used: np.ndarray, known: np.ndarray, free: np.ndarray, missing: Missing, min_known_share: float
) -> Scored:
    """Return days with use over days known, or over all free days with the unknown ones counted as use.

    Parameters
    ----------
    used, known, free : ndarray
        Days of the window with use, known at all, and outside a controlled environment.
    missing : {'observed', 'use'}
        Which of the two.
    min_known_share : float
        Known days over free days below which nothing is said of the known days.
    """
    seen = share(known, free)
    if missing == "use":
        value = share(used + free - known, free)
    else:
        value = np.where(np.nan_to_num(seen) >= min_known_share, share(used, known), np.nan)
    return value, np.where(free == 0, NEVER_FREE, TOO_LITTLE_KNOWN), seen
