"""E-values beside the estimates of a study: how strong an unmeasured confounder would have to be."""

import numpy as np
import pandas as pd

from iop_outcomes.kernel.registry import check
from iop_outcomes.robustness.e_value import e_value
from iop_outcomes.tables.estimate import ARM, is_contrast

#: Measures that are ratios, or that the arms' own risks turn into one.
RATIOS = ("risk_ratio", "odds_ratio", "hazard_ratio", "mean_ratio")
METHOD = "VanderWeele & Ding 2017; the interval's end is the E-value of the limit nearer to no effect"


@check(
    name="e_value",
    description="The least association an unmeasured confounder needs with arm and outcome to explain an estimate away",
)
def e_value_of_estimates(estimate: pd.DataFrame) -> pd.DataFrame:
    """Return an E-value for every contrast of risks that is shown.

    A risk difference is turned into a risk ratio by the second arm's own mean: the estimate and both ends of its
    interval are added to that mean and divided by it, which takes the mean as known.

    Parameters
    ----------
    estimate : pandas.DataFrame
        Rows of that contract that may be shown.

    Returns
    -------
    pandas.DataFrame
        Rows of the same contract with ``measure`` e_value: ``value`` for the estimate, ``ci_low`` for its limit.
    """
    rows = []
    for _, analysis in estimate.groupby("analysis", sort=False, observed=True):
        row = _one_contrast(analysis)
        if row is not None:
            rows.append(row)
    return pd.DataFrame(rows, columns=estimate.columns)


def _one_contrast(analysis: pd.DataFrame) -> pd.Series | None:
    contrast = analysis[is_contrast(analysis)]
    ratio = contrast[contrast["measure"].isin(RATIOS)]
    if len(ratio):
        row, (value, low, high) = ratio.iloc[0], ratio.iloc[0][["value", "ci_low", "ci_high"]]
        measure = str(row["measure"]).replace("mean_ratio", "risk_ratio")
    else:
        difference = contrast[contrast["measure"].isin(["risk_difference", "mean_difference"])]
        if difference.empty:
            return None
        row = difference.iloc[0]
        mean = analysis.loc[(analysis["role"] == ARM) & (analysis["arm"] == row["against"]), "value"]
        value, low, high = ((mean.iloc[0] + row[c]) / mean.iloc[0] for c in ("value", "ci_low", "ci_high"))
        measure = "risk_ratio"
    if not (value > 0 and high > 0):
        return None
    found = e_value(value, max(low, 1e-12), high, measure=measure)
    numbers = {"value": found.point, "ci_low": found.limit, "ci_high": np.nan, "se": np.nan, "se_scale": None}
    return pd.Series({**row, **numbers, "measure": "e_value", "se_method": METHOD})
