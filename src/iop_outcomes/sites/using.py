"""Which estimates of a site may be pooled: none that its own rules would not let stand."""

import numpy as np
import pandas as pd

from iop_outcomes.tables.estimate import FLAGGED, REFUSED, SHOWN, WITHHELD

POOLED, ONE_ARMED = "pooled", "one arm only"
FAILED, NO_INTERVAL = "failed a check", "no standard error"
USES = (POOLED, WITHHELD, REFUSED, ONE_ARMED, FAILED, NO_INTERVAL)

#: Reasons of a site's verdict for which the estimate itself is not to be trusted, or is no effect.
OFF = (
    *("gate_failed", "only_those_who_stayed", "known_of_leavers", "predicts_only"),
    *("unlike_lengths", "unlike_plans"),
    *("placebo_failed", "systematic_error", "crude", "crude_difference"),
)


def use_of(row: pd.Series) -> str:
    """Return what becomes of a site's estimate: pooled, or why it is not.

    Parameters
    ----------
    row : pandas.Series
        Of a site's export, with ``one_armed``.
    """
    if row["one_armed"]:
        return ONE_ARMED
    if row["status"] in (WITHHELD, REFUSED):
        return str(row["status"])
    reasons = str(row["reasons"]).split("; ")
    if row["status"] == FLAGGED or reasons[0] in OFF or row["status"] != SHOWN:
        return FAILED
    return POOLED if np.isfinite([row["value"], row["se"]]).all() and row["se"] > 0 else NO_INTERVAL
