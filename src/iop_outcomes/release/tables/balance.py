"""Balance of the covariates between two arms, before and after weighting or matching."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from iop_outcomes.designs.judge.balance import balance as balance_of
from iop_outcomes.designs.judge.second_moments import SECOND, made_of
from iop_outcomes.release.disclosure import ReleaseRules, Roles, dominating, levels
from iop_outcomes.study import Study
from iop_outcomes.tables.comparison import of_arms
from iop_outcomes.tables.lookup import rows_of

_DESIGN = ("arm", "against", "design")
_BY = (*_DESIGN, "covariate")
_COUNTS = ("n_treated", "n_reference")
_KNOWN = ("n_known_treated", "n_known_reference")
#: Of one arm, and what it rests on: its people, and those of whom the number was recorded.
_OF_ARM = {
    f"{number}_{side}": (f"n_{side}", f"n_known_{side}", f"dominating_{side}")
    for number in ("mean", "sd")
    for side in ("treated", "reference")
}
#: A difference and one arm's mean give the other arm's mean, so a difference rests on both arms.
_DOMINATING = ("dominating_treated", "dominating_reference")
_OF_BOTH = (*_COUNTS, *_KNOWN, *_DOMINATING)
_NUMBERS = {**_OF_ARM, "smd": _OF_BOTH}
#: A design makes arms alike, so that afterwards the mean of one is nearly that of the other, and of a third.
_AFTERWARDS = dict.fromkeys(_NUMBERS, (*_OF_BOTH, "few_elsewhere"))

ROLES = Roles(
    labels=(*_BY, "level", "threshold", "place"),
    counts=_COUNTS,
    hidden_counts=("all_treated", "all_reference", "rest_treated", "rest_reference", *_OF_BOTH[2:], "few_elsewhere"),
    values={
        f"{number}_{stage}": rests_on
        for number in _NUMBERS
        for stage, rests_on in (("before", _NUMBERS[number]), ("after", _AFTERWARDS[number]))
    },
    sums=(
        levels("n_treated", "all_treated", _BY, rest="rest_treated"),
        levels("n_reference", "all_reference", _BY, rest="rest_reference"),
    ),
    keep={"all_treated": "is_total", "all_reference": "is_total"},
    who={
        "all_treated": "{arm}",
        "all_reference": "{against}",
        "n_treated": "{arm}, {covariate} {level}",
        "n_reference": "{against}, {covariate} {level}",
        "rest_treated": "{arm}, {covariate} not listed",
        "rest_reference": "{against}, {covariate} not listed",
    },
)


def frame(tables: Mapping[str, pd.DataFrame], study: Study) -> pd.DataFrame:
    """Return one row per two arms, design, covariate and level, with both stages side by side.

    Levels keep the order of the balance table. The level a two-valued covariate does not list, and everybody in an arm,
    are guards: with them a small level could be worked out. Means and standard deviations of numbers are those of whom
    the number was recorded; the difference is the design's own, which fills in what was not.
    """
    balance = tables["balance"].astype(dict.fromkeys([*_BY, "level", "stage"], "str"))
    balance = _as_recorded(balance, tables)
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
        wide[f"all_{side}"] = pd.MultiIndex.from_frame(wide[list(_DESIGN)]).map(total).astype(float)
        # Of a flag the balance counts those who have it, or, where nobody has, everybody.
        nobody = is_flag & (wide[f"mean_{side}_before"] == 0)
        wide[f"n_{side}"] = wide[f"n_known_{side}"].where(is_flag, wide[f"n_{side}"]).mask(nobody, 0.0)
        listed = wide.groupby(list(_BY), sort=False)[f"n_{side}"].transform("sum")
        wide[f"rest_{side}"] = wide[f"all_{side}"] - listed
    rules = study.release.rules("balance", "love_plot")
    wide = _with_dominating(_coarse(_with_few_elsewhere(wide, rules), rules), tables, study)
    wide = wide.assign(threshold=study.gate.max_smd, is_total=True)
    return wide[[*ROLES.labels, *ROLES.guarded, *ROLES.values, "is_total"]]


def _with_few_elsewhere(wide: pd.DataFrame, rules: ReleaseRules) -> pd.DataFrame:
    """Mark levels of which some arm of a design has few, on the rows of its other arms, too."""
    few = pd.Series(rules.small(wide[list(_COUNTS)]).any(axis=1), wide.index)
    elsewhere = few.groupby([wide[name] for name in ("design", "covariate", "level")], sort=False).transform("any")
    return wide.assign(few_elsewhere=elsewhere.astype(float))


def _with_dominating(wide: pd.DataFrame, tables: Mapping[str, pd.DataFrame], study: Study) -> pd.DataFrame:
    """Mark numbers, and what is made of them, of whose total in an arm one person or site has too much."""
    found = wide.assign(dominating_treated=0.0, dominating_reference=0.0)
    covariates, numbers = tables.get("covariates"), wide["covariate"][wide["level"] == ""].unique()
    if covariates is None:
        return found
    known, limits = covariates.set_index("member_id"), study.release.dominance
    site = known.get("cluster")
    names = [name for name in numbers if name in known and pd.api.types.is_numeric_dtype(known[name])]
    uses = {name: np.array([name in (c, *made_of(c)) for c in wide["covariate"]], dtype=bool) for name in names}
    for (*design, treated), people in tables["propensity"].groupby([*_DESIGN, "treated"], observed=True):
        mine = (wide[list(_DESIGN)] == [str(part) for part in design]).all(axis=1)
        column = "dominating_treated" if treated else "dominating_reference"
        values = rows_of(covariates[["member_id", *names]], "member_id", pd.Index(people["member_id"]))
        for name in [name for name in names if dominating(values[name], site, limits)]:
            found.loc[mine & uses[name], column] = 1.0
    return found


def _coarse(wide: pd.DataFrame, rules: ReleaseRules) -> pd.DataFrame:
    """Round means, spreads and differences so that they tell no more of how many people there are than the counts."""
    wide, is_level = wide.copy(), (wide["level"] != "").to_numpy()
    for stage in ("before", "after"):
        for side in ("treated", "reference"):
            mean, sd, people = f"mean_{side}_{stage}", f"sd_{side}_{stage}", wide[f"n_known_{side}"]
            people = wide[f"all_{side}"].where(is_level, people)
            spread = np.where(is_level, 1.0, wide[sd])
            wide[mean], wide[sd] = (rules.stepped(wide[column], people, spread) for column in (mean, sd))
        fewest = wide[["all_treated", "all_reference"]].min(axis=1)
        # A difference of one standard deviation is two of shares that are even.
        wide[f"smd_{stage}"] = rules.stepped(wide[f"smd_{stage}"], fewest, 0.5)
    return wide


def _as_recorded(balance: pd.DataFrame, tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return the balance with mean and spread of the recorded values of numbers that were not recorded of everybody."""
    balance = balance.reindex(columns=list(dict.fromkeys([*balance, "sd_treated", "sd_reference"])))
    for side in ("treated", "reference"):
        balance[f"n_known_{side}"] = balance[f"n_{side}"].astype(float)
    bent = balance["moment"] == SECOND
    # Of a square the difference is told and no mean, which would tell the spread of the number once more.
    balance.loc[bent, list(_OF_ARM)] = np.nan
    covariates = tables.get("covariates")
    filled = [] if covariates is None else [c for c in covariates if f"{c}_missing" in covariates]
    if not filled:
        return balance
    known = covariates.set_index("member_id")
    covariate, stage = (balance[name].to_numpy(object) for name in ("covariate", "stage"))
    uses = {name: np.array([name in made_of(one) for one in covariate], dtype=bool) for name in filled}
    numbers = {column: balance[column].to_numpy(float, copy=True) for column in (*_OF_ARM, *_KNOWN)}
    for (arm, against, design), people in tables["propensity"].groupby(list(_DESIGN), observed=True):
        mine = of_arms(balance, (str(arm), str(against)), str(design)).to_numpy()
        for name in filled:
            recorded = people[(known[f"{name}_missing"].reindex(people["member_id"]) == 0).to_numpy()]
            for row in _recorded_rows(known.loc[recorded["member_id"], [name]], recorded):
                place = mine & (stage == row["stage"])
                for column, values in numbers.items():
                    values[place & (covariate == name)] = row[column.replace("n_known", "n")]
                for column in _KNOWN:
                    rests = place & bent.to_numpy() & uses[name]
                    numbers[column][rests] = np.fmin(numbers[column][rests], row[column.replace("n_known", "n")])
    return balance.assign(**numbers)


def _recorded_rows(values: pd.DataFrame, people: pd.DataFrame) -> list[dict]:
    treated, weight = people["treated"].to_numpy(bool), people["weight"].to_numpy(float)
    if not (weight[treated].sum() and weight[~treated].sum()):
        return []
    return balance_of(values, treated, weight).to_dict("records")


def _flags(covariates: pd.DataFrame | None) -> list[str]:
    """Return the covariates that are 0 or 1: their mean is a share, which gives a small count away as a level would."""
    if covariates is None:
        return []
    numbers = covariates.select_dtypes(["number", "bool"])
    return [name for name in numbers if set(numbers[name].dropna().unique()) <= {0, 1}]


def _members(propensity: pd.DataFrame, treated: bool) -> dict[tuple[str, ...], int]:
    arm = propensity[propensity["treated"].astype(bool) == treated]
    sizes = arm.groupby(list(_DESIGN), observed=True).size()
    return {tuple(map(str, place)): int(n) for place, n in sizes.items()}
