"""One estimate of all sites for every analysis, and how far it hangs on each of them."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from iop_outcomes.conclude.sites import pool_sites, pool_without_each_site
from iop_outcomes.sites.using import POOLED, USES
from iop_outcomes.tables.measure import measure_of

#: With fewer sites nothing is known of how much sites differ.
FEWEST = 3
#: Residual maximum likelihood, and an interval from how sites spread that is never narrower than that of their own
#: standard errors, since few sites agree by chance.
HOW = {"tau": "reml", "interval": "modified-hartung-knapp"}

#: Columns of pooled numbers: on the scale of the measure, on that of the standard error, and with a site left out.
_ON_ITS_SCALE = ("value", "ci_low", "ci_high", "prediction_low", "prediction_high")
_AS_POOLED = ("se", "p_value", "tau", "i_squared", "q_p_value")
_WITHOUT_ONE = ("lowest_without_one", "highest_without_one")


@dataclass(frozen=True)
class Pooled:
    """One analysis over sites.

    Attributes
    ----------
    analysis : str
    rows : DataFrame
        Of every site, with ``use``.
    whole : Series or None
        From ``pool_sites``, on the measure's own scale (ratios as logarithms); None with fewer than three sites.
    without : DataFrame or None
        The same without each of the pooled sites in turn.
    """

    analysis: str
    rows: pd.DataFrame
    whole: pd.Series | None
    without: pd.DataFrame | None

    @property
    def used(self) -> pd.DataFrame:
        """The rows that were pooled."""
        return self.rows[self.rows["use"] == POOLED]

    @property
    def first(self) -> pd.Series:
        """A row that says what was asked: of a site that is pooled, if any is."""
        return (self.used if len(self.used) else self.rows).iloc[0]


def pool_analysis(rows: pd.DataFrame, analysis: str) -> Pooled:
    """Pool one analysis.

    Parameters
    ----------
    rows : pandas.DataFrame
        From ``all_estimates``, of all sites and this analysis.
    analysis : str
    """
    own = Pooled(analysis, rows, None, None)
    used = own.used
    if len(used) < FEWEST:
        return own
    measure = measure_of(own.first["measure"])
    values = [measure.from_no_difference(value) for value in used["value"]]
    errors = used["se"].to_numpy(float)
    without = pool_without_each_site(values, errors, **HOW).set_axis(used.index)
    return Pooled(analysis, rows, pool_sites(values, errors, **HOW), without)


def numbers(pooled: Pooled) -> dict[str, object]:
    """Return the pooled numbers of an analysis as a row, ratios as ratios, and sites counted by what became of them.

    Of an analysis that cannot be pooled they are missing, so that the columns are the same whatever could be.
    """
    counts = {f"n_{use.replace(' ', '_')}": int((pooled.rows["use"] == use).sum()) for use in USES}
    told = {name: pooled.first[name] for name in ("outcome", "arm", "against", "estimand", "measure", "unit")}
    row = {"analysis": pooled.analysis, **told, "n_sites": len(pooled.rows), **counts}
    if pooled.whole is None or pooled.without is None:
        return row | dict.fromkeys((*_ON_ITS_SCALE, *_AS_POOLED, *_WITHOUT_ONE), np.nan)
    ratio = measure_of(pooled.first["measure"]).scale == "ratio"
    back = np.exp if ratio else (lambda value: value)
    row |= {name: float(back(pooled.whole[name])) for name in _ON_ITS_SCALE}
    row |= {name: float(pooled.whole[name]) for name in _AS_POOLED}
    ends = pooled.without["value"]
    return row | dict(zip(_WITHOUT_ONE, (float(back(ends.min())), float(back(ends.max()))), strict=True))
