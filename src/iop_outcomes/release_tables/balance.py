"""Balance of the covariates between two arms, before and after weighting or matching."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from iop_outcomes.disclosure import Roles, levels
from iop_outcomes.study import Study

_BY = ("contrast", "design", "covariate")
_COUNTS = ("n_treated", "n_reference")
#: A difference and one arm's mean give the other arm's mean, so a difference rests on both arms.
_NUMBERS = {"mean_treated": _COUNTS[:1], "mean_reference": _COUNTS[1:], "smd": _COUNTS}

ROLES = Roles(
    labels=(*_BY, "level", "threshold", "place"),
    counts=_COUNTS,
    hidden_counts=("all_treated", "all_reference", "rest_treated", "rest_reference"),
    values={f"{number}_{stage}": rests_on for number, rests_on in _NUMBERS.items() for stage in ("before", "after")},
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
    before, after = (balance[balance["stage"] == stage] for stage in ("before", "after"))
    wide = before.merge(after[[*key, *_NUMBERS]], on=key, how="left", suffixes=("_before", "_after"))
    wide = wide.sort_values("place", ignore_index=True)
    flags = _flags(tables.get("covariates"))
    is_flag = wide["covariate"].isin(flags) & (wide["level"] == "")
    wide.loc[is_flag, "level"] = "yes"
    for side, treated in (("treated", True), ("reference", False)):
        total = _members(tables["propensity"], treated)
        wide[f"all_{side}"] = pd.MultiIndex.from_frame(wide[["contrast", "design"]]).map(total).astype(float)
        those = (wide[f"mean_{side}_before"] * wide[f"all_{side}"]).round()
        wide[f"n_{side}"] = those.where(is_flag, wide[f"n_{side}"])
        listed = wide.groupby(list(_BY), sort=False)[f"n_{side}"].transform("sum")
        wide[f"rest_{side}"] = wide[f"all_{side}"] - listed
    wide = wide.assign(threshold=study.gate.max_smd, is_total=True)
    return wide[[*ROLES.labels, *ROLES.guarded, *ROLES.values, "is_total"]]


def _flags(covariates: pd.DataFrame | None) -> list[str]:
    """Return the covariates that are 0 or 1: their mean is a share, which gives a small count away as a level would."""
    if covariates is None:
        return []
    numbers = covariates.select_dtypes(["number", "bool"])
    return [name for name in numbers if set(numbers[name].dropna().unique()) <= {0, 1}]


def _members(propensity: pd.DataFrame, treated: bool) -> dict[tuple[str, str], int]:
    arm = propensity[propensity["treated"].astype(bool) == treated]
    sizes = arm.groupby(["contrast", "design"], observed=True).size()
    return {(str(contrast), str(design)): int(n) for (contrast, design), n in sizes.items()}
