"""Balance of the covariates between two arms, before and after weighting or matching."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from iop_outcomes.disclosure import Roles, levels
from iop_outcomes.study import Study

_BY = ("contrast", "design", "covariate")
_COUNTS = ("n_treated", "n_reference")
_NUMBERS = ("mean_treated", "mean_reference", "smd")

ROLES = Roles(
    labels=(*_BY, "level", "threshold", "place"),
    counts=_COUNTS,
    hidden_counts=("all_treated", "all_reference", "rest_treated", "rest_reference"),
    values={f"{number}_{stage}": _COUNTS for number in _NUMBERS for stage in ("before", "after")},
    sums=(
        levels("n_treated", "all_treated", _BY, rest="rest_treated"),
        levels("n_reference", "all_reference", _BY, rest="rest_reference"),
    ),
    keep={"all_treated": "is_total", "all_reference": "is_total"},
)


def frame(tables: Mapping[str, pd.DataFrame], study: Study) -> pd.DataFrame:
    """Return one row per contrast, design, covariate and level, with both stages side by side.

    Levels keep the order of the balance table. The level a two-valued covariate does not list, and everybody in an arm,
    are guards: with them a small level could be worked out.
    """
    balance = tables["balance"].astype(dict.fromkeys([*_BY, "level", "stage"], "str"))
    balance["place"] = np.arange(len(balance))
    key = [*_BY, "level"]
    before = balance[balance["stage"] == "before"].set_index(key)
    after = balance[balance["stage"] == "after"].set_index(key)[list(_NUMBERS)]
    wide = before.join(after, lsuffix="_before", rsuffix="_after").reset_index()
    wide = wide.sort_values("place", ignore_index=True)
    for side, treated in (("treated", True), ("reference", False)):
        total = _members(tables["propensity"], treated)
        wide[f"all_{side}"] = pd.MultiIndex.from_frame(wide[["contrast", "design"]]).map(total).astype(float)
        listed = wide.groupby(list(_BY), sort=False)[f"n_{side}"].transform("sum")
        wide[f"rest_{side}"] = wide[f"all_{side}"] - listed
    wide = wide.assign(threshold=study.gate.max_smd, is_total=True)
    return wide[[*ROLES.labels, *ROLES.guarded, *ROLES.values, "is_total"]]


def _members(propensity: pd.DataFrame, treated: bool) -> dict[tuple[str, str], int]:
    arm = propensity[propensity["treated"].astype(bool) == treated]
    sizes = arm.groupby(["contrast", "design"], observed=True).size()
    return {(str(contrast), str(design)): int(n) for (contrast, design), n in sizes.items()}
