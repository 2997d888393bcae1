"""Did every site send people to the arms alike all the time? What else changes at a site looks like an arm.

A design that adjusts for sites and for calendar time takes what a site always does, and what a year does everywhere.
A site that opened IOP in the year of its new director does neither.
"""

import numpy as np
import pandas as pd

from iop_outcomes.designs.comparison import Comparison
from iop_outcomes.designs.judge.gate import FAIL, PASS, WARN
from iop_outcomes.designs.judge.unadjusted import association
from iop_outcomes.designs.scores.balancing_weights import effective_sample_size

Row = tuple[str, float, float, str, str]

OVER_TIME = "sites_over_time"
#: So many times the association allowed is too far for an answer.
FAR_APART = 2.0
#: Standard deviations beyond which an association is not chance.
NOT_CHANCE = 3.0


def judge_over_time(
    comparison: Comparison, site: pd.Series | None, period: pd.Series | None, threshold: float
) -> list[Row]:
    """Return the check of sites and calendar time together, where neither tells the arm by itself.

    Parameters
    ----------
    comparison : Comparison
    site, period : Series, optional
        By member, in the order of the comparison.
    threshold : float
        Association allowed, of sites by themselves and together with time.
    """
    if site is None or period is None or period.isna().any() or min(site.nunique(), period.nunique()) < 2:
        return []
    (sites, _), (periods, known) = (pd.factorize(label.to_numpy()) for label in (site, period))
    both = pd.Series(sites * len(known) + periods)
    weight, treated = comparison.weight, comparison.treated
    # Of either alone other checks speak.
    if max(association(pd.Series(label), treated, weight) for label in (sites, periods)) > threshold:
        return []
    value = association(both, treated, weight)
    n = 4 / sum(1 / effective_sample_size(weight[arm]) for arm in (treated, ~treated))
    chance = NOT_CHANCE * np.sqrt(2 * (both.nunique() - 1)) / n
    if value <= threshold or value**2 <= chance:
        reason = "the sites send people to the arms alike all the time, as far as chance can tell."
        return [(OVER_TIME, value, threshold, PASS, reason)]
    reason = (
        f"after weighting site and calendar time together still tell the arm (association {value:.2f} of 1, more than "
        f"the {threshold:g} allowed), as where sites open or close an arm: what else changed there then looks like the "
        "arm. Compare within a time, or at sites, in which that did not change."
    )
    return [(OVER_TIME, value, threshold, FAIL if value > FAR_APART * threshold else WARN, reason)]
