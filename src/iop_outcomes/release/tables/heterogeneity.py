"""Exploratory heterogeneity: guarded by the fewest people of a group, with and without the outcome."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from iop_outcomes.release.disclosure import ReleaseRules, Roles
from iop_outcomes.tables.estimate import WITHHELD, may_be_shown

_NUMBERS = ("value", "se", "ci_low", "ci_high", "p_value")
_GUARDS = ("least_n", "least_with", "least_without")

ROLES = Roles(
    labels=("analysis", "outcome", "arm", "against", "part", "status"),
    hidden_counts=_GUARDS,
    values=dict.fromkeys(_NUMBERS, _GUARDS),
    sentences=("reason",),
    decimals=dict.fromkeys(_NUMBERS, 3),
)


def frame(tables: Mapping[str, pd.DataFrame], rules: ReleaseRules) -> pd.DataFrame:
    """Return the rows; all of them are withheld where one group is too small, since the others tell of it.

    Parameters
    ----------
    tables : mapping
        Contract tables by name.
    rules : ReleaseRules
    """
    table = tables["heterogeneity"].reset_index(drop=True)
    table = table.astype({name: "str" for name in ROLES.labels})
    table["reason"] = table["reason"].astype("object").where(table["reason"].notna(), "").astype("str")
    few = np.logical_or.reduce([rules.small(table[guard]) for guard in _GUARDS])
    if (few & may_be_shown(table).to_numpy()).any():
        table["status"] = WITHHELD
        table["reason"] = f"a group has fewer than {rules.min_cell} people of an arm with, or without, the outcome"
    table.loc[~may_be_shown(table), list(_NUMBERS)] = np.nan
    return table.reindex(columns=[*ROLES.labels, *ROLES.guarded, *ROLES.values, *ROLES.sentences])
