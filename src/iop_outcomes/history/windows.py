"""Types and cuts of time that metrics share."""

from typing import Annotated

import numpy as np
from pydantic import Field

from iop_outcomes.history.history import History

#: Length of a window from time zero; study days 0 to ``window_days - 1``.
Days = Annotated[int, Field(ge=1)]

#: A whole number of weeks.
Weeks = Annotated[int, Field(ge=1)]

#: Share between 0 and 1.
Share = Annotated[float, Field(ge=0, le=1)]


def observed_weeks(history: History, window_days: int | None = None) -> np.ndarray:
    """Return the number of whole weeks each member was observed for, at most those of the window."""
    weeks = history.follow_up_days // 7
    return weeks if window_days is None else np.minimum(weeks, window_days // 7)


def week_of(day: np.ndarray) -> np.ndarray:
    """Return the week of a study day, 0 for days 0 to 6; negative before time zero."""
    return np.asarray(day) // 7
