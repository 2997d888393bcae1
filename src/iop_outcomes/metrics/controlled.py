"""Time in a controlled environment: jail, hospital, residential care."""

import numpy as np
import pandas as pd

from iop_outcomes.history.calendar import CONTROLLED
from iop_outcomes.history.evidence import paint_controlled
from iop_outcomes.history.history import History
from iop_outcomes.history.windows import Days
from iop_outcomes.kernel.registry import metric


@metric(
    unit="days",
    kind="count",
    needs=("controlled_period",),
    missing="no period on record counts as none: the source must be one that keeps them",
    source="Days set apart from abstinence; Rychtarik et al. 2017 treat them as involuntary abstinence",
    better="lower",
)
def controlled_days(history: History, *, window_days: Days = 180) -> pd.Series:
    """Days of the window in jail, hospital or residential care, up to the end of follow-up.

    Examples
    --------
        day         0      7
        controlled  ..jjjj...hhhhh
        value       9
        value       5    window_days=10
    """
    follow_up = np.minimum(history.follow_up_days, window_days).astype(np.int64)
    state = np.zeros((history.n, window_days), dtype=np.int8)
    paint_controlled(state, follow_up, history, CONTROLLED)
    return history.series(np.count_nonzero(state, axis=1).astype(float))
