"""The first analysis in every site by itself, and what the sites show together."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from iop_outcomes.conclude.sites import pool_sites
from iop_outcomes.release import words
from iop_outcomes.release.disclosure import Released
from iop_outcomes.release.figures import style
from iop_outcomes.release.figures.caterpillar import FURTHER, POOLED, SITE, caterpillar, says
from iop_outcomes.release.figures.declare import NothingToDraw, figure
from iop_outcomes.release.figures.making import rules_of
from iop_outcomes.release.tables import estimates
from iop_outcomes.study import Study
from iop_outcomes.tables.by_site import BY_SITE, ONE_ARM, TOO_FEW, population, site_rows
from iop_outcomes.tables.estimate import WITHHELD, may_be_shown
from iop_outcomes.tables.measure import RATIO, measure_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: With fewer nobody knows how much sites differ.
_FEWEST = 3
#: So many digits no number of sites has.
_DIGITS = 9
_NUMBERS = ["value", "ci_low", "ci_high"]


def frame(tables: Mapping[str, pd.DataFrame], study: Study) -> pd.DataFrame:
    """Return a row for every site, and, made of those that are shown, the pooled estimate and that for a further site.

    Raises
    ------
    NothingToDraw
        No site has an estimate that may be shown.
    """
    table = estimates.frame(tables, study, rules_of("site_caterpillar", study))
    sites = _first(site_rows(table))
    if not (may_be_shown(sites) & sites["value"].notna()).any():
        mine = table[table["estimator"].astype("str") == BY_SITE]
        said = mine["reason"].dropna().astype("str").unique()
        raise NothingToDraw(f"Nothing to show: {words.sentences(said[0])}." if len(said) else _NONE)
    sites = sites.assign(row=SITE, site=sites["population"].astype("str").str.removeprefix(population("")))
    sites["said"] = [_said(row) for _, row in sites.iterrows()]
    # Numbers of sites are those of their places already, those without an estimate last.
    sites = sites.sort_values("site", key=lambda names: names.str.zfill(_DIGITS), kind="stable")
    sites = sites.sort_values("value", kind="stable")
    together = _together(sites[may_be_shown(sites) & sites["value"].notna()])
    label = words.describe_outcome(study, str(sites["outcome"].iloc[0])).label
    return pd.concat([sites, together], ignore_index=True).assign(outcome_words=label)


_NONE = "Nothing to show: the first analysis may not be shown, or has no estimate in any site."


def _first(sites: pd.DataFrame) -> pd.DataFrame:
    """Return the sites of the first analysis, in the order of the study, of which one may be shown."""
    shown = sites.loc[may_be_shown(sites) & sites["value"].notna(), "analysis"]
    return sites[sites["analysis"] == shown.iloc[0]] if len(shown) else sites


def _said(row: pd.Series) -> str:
    """Return why a site has no line, a few words beside its place."""
    if np.isfinite(row["value"]):
        return ""
    if row["status"] == WITHHELD:
        return "not shown, too few people"
    return str(row["reason"]) if row["reason"] in (ONE_ARM, TOO_FEW) else "could not be estimated"


def _together(shown: pd.DataFrame) -> pd.DataFrame:
    """Return the pooled row of what is shown and that for a further site; none of fewer than three sites."""
    if len(shown) < _FEWEST:
        return shown.iloc[:0]
    measure = measure_of(shown["measure"].iloc[0])
    values = [measure.from_no_difference(value) for value in shown["value"]]
    found = pool_sites(values, shown["se"].to_numpy(float), tau="reml", interval="modified-hartung-knapp")
    found = np.exp(found) if measure.scale == RATIO else found
    first = shown.iloc[0].to_dict() | {"population": "everybody", "site": "", "said": "", "se": np.nan}
    first |= {guard: shown[guard].min() for guard in ("least_n", "least_with", "least_without")}
    pooled = first | {"row": POOLED} | found[_NUMBERS].to_dict()
    ends = {"ci_low": found["prediction_low"], "ci_high": found["prediction_high"]}
    return pd.DataFrame([pooled, first | {"row": FURTHER, "value": found["value"]} | ends])


@figure(
    title="Does the answer differ between sites?",
    caption=(
        "The first analysis in every site by itself, everybody with the weight of the whole comparison, with 95% "
        "confidence intervals, in the order of the estimates; then those of the sites shown pooled by residual maximum "
        "likelihood, and where the effect at a further site lies. The gate judges the whole comparison and no single "
        "site, in which the arms may be unlike. Numbers of few people are rounded to steps as wide as one of them. "
        "Sites have names only in a study that describes outcomes by site."
    ),
    needs=("estimate",),
    frame=frame,
    roles=estimates.ROLES.also(("row", "site", "said", "outcome_words")),
    section="sure",
    place=12,
    asked_by="asks_sites",
    says=says,
)
def draw(data: Released) -> "Figure":
    """Draw a line per site, and beneath them the pooled estimate and that for a further site."""
    table = style.shown(data)
    sites = table[table["row"] == SITE]
    numbered = sites["site"].str.fullmatch(r"\d+")
    named = sites.assign(site=sites["site"].mask(numbered, "Site " + sites["site"]))
    together = table[table["row"] != SITE].set_index("row").dropna(subset=["value"])
    pooled = None
    if len(together):
        ends = together.loc[FURTHER, ["ci_low", "ci_high"]].set_axis(["prediction_low", "prediction_high"])
        pooled = pd.concat([together.loc[POOLED, _NUMBERS], ends])
    first = sites.iloc[0]
    return caterpillar(named, pooled, str(first["measure"]), str(first["unit"]), str(first["outcome_words"]))
