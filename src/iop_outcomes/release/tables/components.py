"""What care was made of: means by arm under the guards of outcomes, and exploratory associations apart from them."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from iop_outcomes.release import words
from iop_outcomes.release.disclosure import Released, ReleaseRules, Roles, parts
from iop_outcomes.release.tables import outcomes
from iop_outcomes.release.tables.withheld import withheld_outcomes
from iop_outcomes.study import Study
from iop_outcomes.tables.attending import ASSOCIATION, MEAN
from iop_outcomes.tables.estimate import SHOWN, WITHHELD

_ENDS = ("ci_low", "ci_high")
ROLES = replace(
    outcomes.ROLES,
    labels=("component", *outcomes.ROLES.labels, "status"),
    values=dict.fromkeys(("value", *_ENDS), outcomes.ROLES.values["value"]),
    sentences=("reason",),
    decimals=dict.fromkeys(("value", *_ENDS), 2),
)
_NUMBERS = ("value", "ci_low", "ci_high")
_GUARDS = ("n", "n_with", "n_without")
ASSOCIATION_ROLES = Roles(
    labels=("component", "metric", "metric_words", "outcome", "outcome_words", "status"),
    # Less the known of one arm, those of both would be the known of the other.
    hidden_counts=("n", "n_people", "n_unknown", "n_with", "n_without"),
    values=dict.fromkeys(_NUMBERS, _GUARDS),
    sentences=("reason",),
    sums=(parts("n_people", "n", "n_unknown"), parts("n", "n_with", "n_without")),
)
_WITHHELD = "the comparison of the arms by it is withheld"


def means(tables: Mapping[str, pd.DataFrame], study: Study, rules: ReleaseRules) -> pd.DataFrame:
    """Return one row per measure, group, level and arm, without numbers where the arms may not be compared by it."""
    table = tables["component"].astype(dict.fromkeys(("metric", "role", "group", "level", "arm", "status"), "str"))
    table = table[(table["role"] == MEAN) & (table["arm"] != "")].reset_index(drop=True)
    members = tables["covariates"].set_index("member_id")
    values = tables["outcomes"].set_index("member_id").reindex(members.index)
    described = [
        _described(str(metric), str(group), members, values, study)
        for metric, group in table[["metric", "group"]].drop_duplicates().itertuples(index=False)
    ]
    columns = [*ROLES.labels, *ROLES.hidden_labels, *ROLES.guarded, *ROLES.values, *ROLES.sentences, "is_everybody"]
    if not described:
        return pd.DataFrame(columns=[*columns, "is_total"])
    own = table.drop(columns="outcome").rename(columns={"metric": "outcome"})[
        ["component", "outcome", "group", "level", "arm", "status", "reason"]
    ]
    whole = pd.concat(described, ignore_index=True).astype({"arm": "str", "level": "str"})
    found = whole.merge(own.assign(low=table["ci_low"], high=table["ci_high"]), on=["outcome", "group", "level", "arm"])
    spread = np.where(found["sd"].notna(), found["sd"], rules.spread(found["n_missing"]))
    for end, name, way in (("ci_low", "low", np.floor), ("ci_high", "high", np.ceil)):
        found[end] = rules.stepped(found[name], found["n"], spread, finest=0.01, way=way)
    found["reason"] = found["reason"].astype("object").where(found["reason"].notna(), "").astype("str")
    hidden = found["outcome"].isin(withheld_outcomes(tables.get("estimate"), study)) & (found["status"] == SHOWN)
    found.loc[hidden, "status"], found.loc[hidden, "reason"] = WITHHELD, _WITHHELD
    found.loc[found["status"] != SHOWN, list(_NUMBERS)] = np.nan
    found["is_everybody"] = found["group"] == outcomes.EVERYBODY
    named = ", " + found["group"] + " " + found["level"]
    found["whose"] = named.where(~found["is_everybody"], "")
    return found.reindex(columns=columns).assign(is_total=True)


def _described(metric: str, group: str, members: pd.DataFrame, values: pd.DataFrame, study: Study) -> pd.DataFrame:
    arm = pd.Categorical(members["arm"].astype("str"), categories=list(study.cohort.arms))
    level = "" if group == outcomes.EVERYBODY else members[group].astype("str").to_numpy()
    data = pd.DataFrame({"arm": arm, "level": level, "value": values[metric].to_numpy(float)})
    data["site"] = members["cluster"].to_numpy() if "cluster" in members else ""
    return outcomes.described(data, words.describe_outcome(study, metric), study).assign(group=group)


def associations(tables: Mapping[str, pd.DataFrame], study: Study, rules: ReleaseRules) -> pd.DataFrame:
    """Return how every measure goes with the outcome, hidden where few have it or do not."""
    table = tables["component"].astype(dict.fromkeys(("metric", "role", "outcome", "status", "component"), "str"))
    table = table[table["role"] == ASSOCIATION].reset_index(drop=True)
    values, columns = tables["outcomes"], [*ASSOCIATION_ROLES.labels, *ASSOCIATION_ROLES.guarded]
    columns += [*ASSOCIATION_ROLES.values, *ASSOCIATION_ROLES.sentences]
    if table.empty:
        return pd.DataFrame(columns=columns)
    has = [_with(values, str(row["metric"]), str(row["outcome"])) for _, row in table.iterrows()]
    table = table.assign(n_with=has, n_unknown=table["n_people"] - table["n"])
    table["n_without"] = table["n"] - table["n_with"]
    for name in ("metric", "outcome"):
        table[f"{name}_words"] = [words.describe_outcome(study, str(one)).label for one in table[name]]
    table["reason"] = table["reason"].astype("object").where(table["reason"].notna(), "").astype("str")
    few = np.logical_or.reduce([rules.small(table[name]) for name in _GUARDS]) & (table["status"] == SHOWN)
    table.loc[few, "status"], table.loc[few, "reason"] = WITHHELD, f"fewer than {rules.min_cell} have it, or do not"
    table.loc[table["status"] != SHOWN, list(_NUMBERS)] = np.nan
    return table.reindex(columns=columns)


def _with(values: pd.DataFrame, metric: str, outcome: str) -> float:
    """Return how many of whom both are known have the outcome, missing unless it is one that is had."""
    if metric not in values or outcome not in values:
        return np.nan
    known = values.loc[values[metric].notna(), outcome].dropna()
    return float(known.sum()) if set(known.unique()) <= {0.0, 1.0} else np.nan


def measured(released: Released | None) -> dict[str, str]:
    """Return of each component, in a sentence, what the arms had of it."""
    if released is None:
        return {}
    frame = released.frame
    everybody = frame[(frame["group"] == outcomes.EVERYBODY) & frame["value"].notna()]
    found = {}
    for component, rows in everybody.groupby("component", sort=False):
        said = [
            f"{label}: " + ", ".join(f"{words.arm(str(row['arm']))} {_number(row)}" for _, row in own.iterrows())
            for label, own in rows.groupby("outcome_words", sort=False)
        ]
        found[str(component)] = "; ".join(said)
    return found


def _number(row: pd.Series) -> str:
    if row["unit"] == "share":
        return f"{words.number(100 * row['value'], 0)}%"
    return f"{words.number(row['value'], 1)} ({row['unit']})"
