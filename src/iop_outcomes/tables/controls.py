"""Names of what is known to have no effect of the arm, and of what checks find there."""

from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from iop_outcomes.tables.estimate import CHECK

#: Periods of 30 days before time zero in which use is looked at, the nearest first: the day that lies furthest back,
#: and the column of the ``outcomes`` table that holds the share of days with use.
USE_BEFORE = {30: "use_before_30", 60: "use_before_60"}
#: Checks, and their measures: a difference before time zero in standard deviations; the expected absolute systematic
#: error of a design on the log scale; the p-value of an estimate that takes that error into account.
PLACEBO, CONTROLS = "placebo", "negative_controls"
PLACEBO_DIFFERENCE, EASE, CALIBRATED_P = "placebo_difference", "ease", "calibrated_p"
#: Measures of the check ``omitted_variable``.
ROBUSTNESS_VALUE, PARTIAL_R2 = "robustness_value", "partial_r2"
#: Scenario of an estimate that takes the systematic error into account.
CALIBRATED = "calibrated"
#: Scenario of the same ratio before that, and what the scenario of a control begins with, before its name.
AS_FOUND, OF_CONTROL = "as found", "control "
#: Beyond it OHDSI's diagnostics fail.
LARGEST_EASE = 0.25
#: A placebo fails where its interval of 99% leaves no difference out, and where it is one that balance would not allow:
#: by chance alone one design in a hundred does.
QUANTILE_99 = 2.5758293035489004


def control_rows(estimate: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of an ``estimate`` table that hold the ratio of one negative control each."""
    mine = (estimate["role"] == CHECK) & (estimate["estimator"].astype("str") == CONTROLS)
    return estimate[mine & estimate["scenario"].astype("str").str.startswith(f"{CONTROLS}: {OF_CONTROL}")]


def placebo_fails(row: pd.Series | Mapping[Hashable, Any], largest: float) -> bool:
    """Return whether a row of the check ``placebo`` shows arms that were unlike before anything could come of them.

    Parameters
    ----------
    row : pandas.Series or mapping
        ``value`` and ``se``, in standard deviations.
    largest : float
        Difference that balance allows, the gate's ``max_smd``.

    Examples
    --------
    >>> placebo_fails(pd.Series({"value": 0.3, "se": 0.05}), 0.1)
    True
    >>> placebo_fails(pd.Series({"value": 0.3, "se": 0.2}), 0.1)
    False
    """
    value, se = float(row["value"]), float(row["se"])
    return bool(np.isfinite(value) and np.isfinite(se) and abs(value) > max(largest, QUANTILE_99 * se))
