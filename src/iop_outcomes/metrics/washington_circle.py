"""Initiation and engagement by the Washington Circle: after 60 days without service, 14 days, then 30 days.

The measures start from a first (index) service, so that people who never came are not in them; to compare arms, use
``index=time_zero``, which starts from assignment.
"""

from typing import Literal

import numpy as np
import pandas as pd

from iop_outcomes.history.contacts import TREATMENT, CodeList, contacts_of
from iop_outcomes.history.history import History
from iop_outcomes.history.result import NOT_OBSERVED, result
from iop_outcomes.history.windows import Days
from iop_outcomes.kernel.registry import metric
from iop_outcomes.metrics.initiation import NEEDS

NO_INDEX = "no service to start from"
NOT_NEW = "a service in the days of washout before"
SOURCE = "Washington Circle: 60 days without service, a further one within 14 days, two more within 30 days"
MISSING = "no index service, or a service in the washout before it: no value; window not observed and not met: no value"
FURTHER_DAYS, ENGAGEMENT_DAYS, MORE_SERVICES = 14, 30, 2

Index = Literal["first_service", "time_zero"]


@metric(unit="yes or no", kind="binary", needs=NEEDS, missing=MISSING, source=SOURCE)
def washington_circle_initiation(
    history: History, *, index: Index = "first_service", washout_days: Days = 60, code_list: CodeList = None
) -> pd.DataFrame:
    """Was there a further service within 14 days after the index service, on another day?

    Examples
    --------
    Index service on day 3, the next on day 17; on day 18 it would be late.

        day      0      7      14
        session  N..A.............A
        value    1

        day      0      7      14
        session  N..A..............A
        value    0

    Never came.

        day      0      7      14
        session  N....................
        value    none: no service to start from
        value    0    index=time_zero
    """
    start, further, _ = _days(history, index, code_list)
    return _measure(history, start, washout_days, code_list, ~np.isnan(further), start + FURTHER_DAYS + 1)


@metric(unit="yes or no", kind="binary", needs=NEEDS, missing=MISSING, source=SOURCE, by_plan="sessions")
def washington_circle_engagement(
    history: History, *, index: Index = "first_service", washout_days: Days = 60, code_list: CodeList = None
) -> pd.DataFrame:
    """Were there two more services within 30 days after initiation? Without initiation there was no engagement.

    Examples
    --------
    Index on day 0, initiation on day 4, two more until day 34.

        day      0      7      14     21     28
        session  A...A......A......................A
        value    1

        day      0      7      14     21     28     35
        session  A...A......A.......................A
        value    0
    """
    start, further, more = _days(history, index, code_list)
    until = np.where(np.isnan(further), start + FURTHER_DAYS + 1, further + ENGAGEMENT_DAYS + 1)
    return _measure(history, start, washout_days, code_list, more >= MORE_SERVICES, until)


def _days(history: History, index: Index, code_list: CodeList) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the day of the index, the day of initiation, and the days with service in the 30 after it."""
    treatment = contacts_of(history, code_list).of(*TREATMENT)
    first = treatment.between(0, np.inf).first_day()
    start = first if index == "first_service" else np.zeros(history.n)
    further = treatment.between(start + 1, start + FURTHER_DAYS).first_day()
    more = treatment.between(further + 1, further + ENGAGEMENT_DAYS)
    return start, further, more.number()


def _measure(
    history: History, start: np.ndarray, washout_days: int, code_list: CodeList, met: np.ndarray, until: np.ndarray
) -> pd.DataFrame:
    treatment = contacts_of(history, code_list).of(*TREATMENT)
    before = treatment.between(start - washout_days, np.minimum(start, 0) - 1).number() > 0
    value = np.where(met, 1.0, np.where(history.follow_up_days >= until, 0.0, np.nan))
    reason = np.select([np.isnan(start), before], [NO_INDEX, NOT_NEW], NOT_OBSERVED)
    return result(history, np.where(np.isnan(start) | before, np.nan, value), reason)
