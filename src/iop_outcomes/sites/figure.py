"""The sites of one analysis, in the order of their estimates, with what they show together."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from iop_outcomes.release import words
from iop_outcomes.release.figures import style
from iop_outcomes.release.figures.caterpillar import FURTHER, POOLED, SITE, caterpillar, says
from iop_outcomes.sites.pooling import Pooled

_ENDS = ["value", "ci_low", "ci_high"]
_POOLED = [*_ENDS, "prediction_low", "prediction_high"]
_COLUMNS = ["row", "site", *_ENDS, "measure", "unit", "said"]


@dataclass(frozen=True)
class Drawn:
    """The figure of one analysis.

    Attributes
    ----------
    svg, column, png : bytes
        Across a page, one column wide, and as dots.
    data : pandas.DataFrame
        The numbers in it.
    alternative : str
        What it shows, for those who do not see it.
    """

    svg: bytes
    column: bytes
    png: bytes
    data: pd.DataFrame
    alternative: str


def drawn(pooled: Pooled, row: pd.Series) -> Drawn:
    """Draw every site, with its interval or why it was not pooled, the pooled interval, and that for a further site.

    Parameters
    ----------
    pooled : Pooled
        Of three sites or more.
    row : pandas.Series
        Its numbers, from ``pooling.numbers``.
    """
    sites = _sites(pooled)
    title = words.capital(words.plain(pooled.analysis))
    figures = []
    for wide in (style.WIDTH, style.COLUMN):
        with style.styled(wide):
            figures.append(caterpillar(sites, row[_POOLED], str(row["measure"]), str(row["unit"]), title))
    across, column = figures
    data = _numbers(sites, row)
    alternative = says(data.assign(outcome_words=words.capital(words.plain(str(row["outcome"])))))
    return Drawn(style.image(across, "svg"), style.image(column, "svg"), style.image(across, "png"), data, alternative)


def _sites(pooled: Pooled) -> pd.DataFrame:
    used = pooled.used.sort_values(["value", "site"])
    others = pooled.rows.drop(index=used.index).sort_values(["use", "site"])
    said = "not pooled: " + others["use"].astype("str")
    others = others.assign(value=np.nan, ci_low=np.nan, ci_high=np.nan, said=said)
    return pd.concat([used.assign(said=""), others])


def _numbers(sites: pd.DataFrame, row: pd.Series) -> pd.DataFrame:
    """Return a row for each site, one for the pooled estimate and one for a further site."""
    own = {"site": "", "said": "", "value": row["value"], "measure": row["measure"], "unit": row["unit"]}
    pooled = own | {"row": POOLED, "ci_low": row["ci_low"], "ci_high": row["ci_high"]}
    further = own | {"row": FURTHER, "ci_low": row["prediction_low"], "ci_high": row["prediction_high"]}
    # Of a site that is not pooled an export may name no measure.
    sites = sites.assign(row=SITE, measure=row["measure"], unit=row["unit"])
    return pd.concat([sites[_COLUMNS], pd.DataFrame([pooled, further])[_COLUMNS]], ignore_index=True)
