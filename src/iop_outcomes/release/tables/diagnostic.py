"""Checks of the designs: where a check's value is a number of people, or a share of them, it is guarded as one."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from iop_outcomes.release.disclosure import ReleaseRules, Roles, parts

#: Checks whose value is a share of everybody compared, and those whose value is a share of the first arm.
_OF_EVERYBODY = (
    *("one_arm_periods", "equipoise", "one_arm_sites", "left_out"),
    *("trimmed", "truncated", "extreme_scores", "moved"),
)
_OF_FIRST_ARM = ("unmatched", "short_of_matches")
#: Checks whose value is a number of people, though not a whole one.
_SIZES = "ess_"

#: What is checked: two arms under one design.
_DESIGN = ("arm", "against", "design")

ROLES = Roles(
    labels=(*_DESIGN, "check", "threshold", "status"),
    hidden_counts=("n_people", "n_counted", "n_others"),
    values={"value": ("n_people", "n_counted", "n_others")},
    sentences=("reason",),
    sums=(parts("n_people", "n_counted", "n_others"),),
    decimals={"value": 2},
)


def frame(tables: Mapping[str, pd.DataFrame], rules: ReleaseRules) -> pd.DataFrame:
    """Return the diagnostics with the counts behind them; shares are made of rounded counts.

    Two decimals of the other values (a weight's share, a detectable difference) tell sizes of arms no more closely than
    the rounded sizes that are shown beside them.
    """
    # A column in which every check left nothing is not on file.
    table = tables["diagnostic"].reindex(columns=[*ROLES.labels, *ROLES.guarded, *ROLES.values, *ROLES.sentences])
    check = table["check"].astype("str").str.replace(r"_\d+$", "", regex=True)
    value = table["value"].to_numpy(float)
    sizes = _sizes(tables.get("propensity"))
    place = pd.MultiIndex.from_frame(table[list(_DESIGN)].astype("str"))
    everybody, first = (sizes[whom].reindex(place).to_numpy() for whom in ("everybody", "first"))
    people = np.where(check.isin(_OF_EVERYBODY), everybody, np.where(check.isin(_OF_FIRST_ARM), first, np.nan))
    counted = np.round(value * people)
    is_size = check.str.startswith(_SIZES).to_numpy()
    table["n_people"] = people
    table["n_counted"] = np.where(is_size, value, counted)
    table["n_others"] = people - counted
    shares = rules.rounded(counted) / rules.rounded(people)
    table["value"] = np.select([is_size, ~np.isnan(people)], [rules.rounded(value), shares], value)
    reason = table["reason"].astype("object")
    return table.assign(reason=reason.where(reason.notna(), ""))[
        [*ROLES.labels, *ROLES.guarded, *ROLES.values, *ROLES.sentences]
    ]


def _sizes(propensity: pd.DataFrame | None) -> pd.DataFrame:
    """Return how many people are compared by each design in all, and in the first arm."""
    if propensity is None or propensity.empty:
        return pd.DataFrame(columns=["everybody", "first"], index=pd.MultiIndex.from_arrays([[]] * 3), dtype=float)
    treated = propensity["treated"].astype(bool).groupby([propensity[c].astype("str") for c in _DESIGN])
    return pd.DataFrame({"everybody": treated.size(), "first": treated.sum()}).astype(float)
