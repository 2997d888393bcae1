"""The p-value that belongs to an interval, so that verdicts of many analyses can be held to one error."""

import numpy as np
import pandas as pd

from iop_outcomes.tables.estimate import has_interval
from iop_outcomes.tables.measure import measure_of

#: Half width of a 95% interval in standard errors, where the degrees of freedom are infinite.
NORMAL = 1.959963984540054
FEWEST, MOST = 1.0, 1e6


def p_value(row: pd.Series) -> float:
    """Return the two-sided p-value of no difference that agrees with the 95% interval of a row.

    It is below 0.05 exactly where the interval leaves no difference out. The degrees of freedom are those that the
    width of the interval tells, so that few clusters are not taken for many.

    Parameters
    ----------
    row : pandas.Series
        ``measure``, ``value``, ``ci_low``, ``ci_high`` and, if there is one, ``se`` on the scale of its ends (that of
        the logarithm for ratios).

    Returns
    -------
    float
        NaN without an interval.
    """
    from scipy.special import stdtr

    if not has_interval(row) or not np.isfinite(row["value"]):
        return np.nan
    value, low, high = (measure_of(row["measure"]).from_no_difference(row[c]) for c in ("value", "ci_low", "ci_high"))
    half = value - low if value > 0 else high - value
    if not half > 0:
        return 1.0
    reach = _reach(high - low, row.get("se", np.nan))
    return float(2 * stdtr(_degrees_of_freedom(reach), -reach * abs(value) / half))


def _reach(width: float, se: float) -> float:
    """Return how many standard errors the interval reaches to either side, never fewer than for a normal one."""
    if not np.isfinite(width) or not se > 0:
        return NORMAL
    return max(NORMAL, width / (2 * se))


def _degrees_of_freedom(reach: float) -> float:
    """Return the degrees of freedom whose 97.5% quantile is ``reach``."""
    from scipy.special import stdtridf, stdtrit

    if stdtrit(MOST, 0.975) >= reach:
        return np.inf
    if stdtrit(FEWEST, 0.975) <= reach:
        return FEWEST
    return float(stdtridf(0.975, reach))
