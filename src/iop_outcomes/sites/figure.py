"""The sites of one analysis, in the order of their estimates, with what they show together."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from iop_outcomes.release import words
from iop_outcomes.release.figures import caterpillar as drawn
from iop_outcomes.release.figures import style
from iop_outcomes.sites.pooling import Pooled

_POOLED = ["value", "ci_low", "ci_high", "prediction_low", "prediction_high"]


def caterpillar(pooled: Pooled, row: pd.Series) -> Figure:
    """Draw every site, with its interval or why it was not pooled, the pooled interval, and that for a further site.

    Parameters
    ----------
    pooled : Pooled
    row : pandas.Series
        Its numbers, from ``pooling.numbers``.
    """
    if pooled.whole is None:
        return style.notice("Nothing to show: fewer than three sites can be pooled.")
    used = pooled.used.sort_values(["value", "site"])
    others = pooled.rows.drop(index=used.index).sort_values(["use", "site"])
    said = "not pooled: " + others["use"].astype("str")
    others = others.assign(value=np.nan, ci_low=np.nan, ci_high=np.nan, said=said)
    sites = pd.concat([used.assign(said=""), others])
    title = words.capital(words.plain(pooled.analysis))
    return drawn.caterpillar(sites, row[_POOLED], str(row["measure"]), str(row["unit"]), title)
