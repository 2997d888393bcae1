"""What few sites cost: how far an interval reaches that must learn from them how sites differ."""

import numpy as np
import pandas as pd

from iop_outcomes.designs.comparison import Comparison
from iop_outcomes.designs.judge.gate import NOT_EVALUATED, PASS, WARN
from iop_outcomes.kernel.errors import counted
from iop_outcomes.stats.linear.few_clusters import ClusterShares
from iop_outcomes.stats.linear.sandwich import satterthwaite

CHECK = "few_sites"
#: With fewer sites than this a reader is told what that costs.
ENOUGH = 10
LEVEL = 0.95


def few_sites(comparison: Comparison):
    """Return the check of the number of sites as (check, value, threshold, status, reason).

    How much wider an interval is than with many sites follows from how the weights of both arms spread over the sites,
    and from no outcome: CR2 with Satterthwaite's degrees of freedom has the same.
    """
    if comparison.cluster is None:
        return CHECK, np.nan, float(ENOUGH), NOT_EVALUATED, "the study names no sites."
    used = comparison.weight > 0
    n_sites = int(pd.Series(comparison.cluster).loc[used].nunique())
    value = float(n_sites)
    if n_sites < 2:
        reason = "all people are at one site, which does not show how sites differ, so that there is no interval."
        return CHECK, value, float(ENOUGH), WARN, reason
    if n_sites >= ENOUGH:
        return CHECK, value, float(ENOUGH), PASS, f"there are {n_sites:,} sites, enough to see how they differ."
    reach, freedom = reach_of_interval(comparison)
    reason = (
        f"there are only {counted(n_sites, 'site')}, worth {freedom:.1f} degrees of freedom by their weight: intervals "
        f"reach {reach:.1f} standard errors to either side and not 2.0, so that a difference must be "
        f"{reach / _quantile(np.inf):.1f} times as large to be seen as with many sites."
    )
    return CHECK, value, float(ENOUGH), WARN, reason


def reach_of_interval(comparison: Comparison) -> tuple[float, float]:
    """Return how many standard errors a 95 % interval of the difference reaches, and the degrees of freedom."""
    arms = np.column_stack([comparison.treated, ~comparison.treated])
    counts = np.where(arms, comparison.weight[:, None], 0.0)
    freedom = max(satterthwaite(ClusterShares.of(counts, comparison.cluster).working, (1.0, -1.0)), 1.0)
    return _quantile(freedom), freedom


def _quantile(freedom: float) -> float:
    from scipy.special import ndtri, stdtrit

    tail = (1 + LEVEL) / 2
    return float(ndtri(tail) if np.isinf(freedom) else stdtrit(freedom, tail))
