"""What is true of a simulated study: the contrast of the two worlds, for each estimand."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from iop_outcomes import tables


def tilt(propensity: pd.Series) -> dict[str, pd.Series]:
    """Return the weight each person has in the population of each estimand, by the true propensity.

    References
    ----------
    Li, Morgan & Zaslavsky 2018, 10.1080/01621459.2016.1260466: 1 for everybody, e for the treated, e(1 - e) for the
    overlap population.
    """
    return {"ATE": propensity * 0 + 1, "ATT": propensity, "ATO": propensity * (1 - propensity)}


def truth(treated: Mapping[str, pd.Series], reference: Mapping[str, pd.Series], propensity: pd.Series) -> pd.DataFrame:
    """Return the true means, difference and ratio of every metric.

    Parameters
    ----------
    treated, reference : mapping of str to Series
        Metric values by member had everybody been in the first arm, and in the second. A value that is missing in one
        world is left out of that world's mean.
    propensity : Series
        True propensity, by member; members without a metric value in either mapping are not looked at.

    Returns
    -------
    pandas.DataFrame
        Rows of the ``truth`` table.
    """
    rows = []
    for outcome, values in treated.items():
        other = reference[outcome].reindex(values.index)
        for estimand, weight in tilt(propensity.reindex(values.index)).items():
            first, second = _mean(values, weight), _mean(other, weight)
            ratio = first / second if second else np.nan
            rows.append((outcome, estimand, first, second, first - second, ratio, len(values)))
    columns = ["outcome", "estimand", "mean_treated", "mean_reference", "difference", "ratio", "n"]
    return tables.check(pd.DataFrame(rows, columns=columns), "truth")


def _mean(values: pd.Series, weight: pd.Series) -> float:
    known = values.notna()
    return float(np.average(values[known].astype(float), weights=weight[known])) if known.any() else np.nan
