"""Hours a week and changes of the level of care, guarded by who came so much, or changed, and had the outcome."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from iop_outcomes.conclude.participation import judge_change
from iop_outcomes.release import words
from iop_outcomes.release.disclosure import Released, ReleaseRules, Roles, levels, parts
from iop_outcomes.release.tables.participation import SAID, assumed
from iop_outcomes.release.words.advice import told
from iop_outcomes.study import Study
from iop_outcomes.tables.attending import AS_STARTED, EVER_CHANGED
from iop_outcomes.tables.estimate import WITHHELD, may_be_shown

_OF_HOURS = ("risk", "se", "ci_low", "ci_high")
_NEAR = ("n_near", "n_with", "n_without")
HOURS_ROLES = Roles(
    labels=("hours", "outcome", "arms", "status"),
    counts=("n_near",),
    hidden_counts=("n_with", "n_without", "n_people", "n_elsewhere"),
    values=dict.fromkeys((*_OF_HOURS, "ess_near"), _NEAR),
    sentences=("reason",),
    sums=(
        parts("n_near", "n_with", "n_without"),
        levels("n_near", "n_people", ("outcome",), rest="n_elsewhere"),
    ),
    keep={"n_people": "is_total"},
    who={"n_people": "{arms}"},
    decimals={"se": 3, "ess_near": 0},
)

_NUMBERS = ("value", "se", "ci_low", "ci_high", "share_changed", "share_stayed")
_GUARDS = ("least_n", "least_with", "least_without")
CHANGE_ROLES = Roles(
    labels=("change", "way", "to", "arms", "weeks", "status"),
    counts=("n_changed", "n_stayed"),
    hidden_counts=("n_people", "n_neither", *_GUARDS),
    values=dict.fromkeys(_NUMBERS, _GUARDS)
    | {f"ess_{place}": (f"n_{place}", *_GUARDS) for place in ("changed", "stayed")}
    | {"max_smd": ("n_changed", "n_stayed")},
    sentences=("reason",),
    # Only who ever changed and who never did are nobody twice; whoever changed late had stayed before.
    sums=(parts("n_people", "n_changed", "n_stayed", "n_neither"),),
    keep={"n_people": "is_total"},
    who={"n_people": "{arms}"},
    decimals={"se": 3, "ess_changed": 0, "ess_stayed": 0, "max_smd": 2},
)
CHANGE_VERDICT_ROLES = Roles(labels=("change", "verdict", "reasons"), sentences=("sentence",))


def hours(tables: Mapping[str, pd.DataFrame], rules: ReleaseRules) -> pd.DataFrame:
    """Return the risk at each number of hours, hidden where few came about as much and have, or do not have, it."""
    table = tables["participation_hours"].astype({"status": "str", "arms": "str", "outcome": "str"})
    table = _with_reason(table.reset_index(drop=True))
    people = _people(tables, table["arms"])
    table = table.assign(n_near=table["n_near"].astype(float), n_with=table["events_near"].astype(float))
    table["n_without"] = table["n_near"] - table["n_with"]
    table["n_people"] = people
    table["n_elsewhere"] = table["n_people"] - table.groupby("outcome")["n_near"].transform("sum")
    few = np.logical_or.reduce([rules.small(table[name]) for name in _NEAR]) & may_be_shown(table).to_numpy()
    table.loc[few, "status"] = WITHHELD
    table.loc[few, "reason"] = f"fewer than {rules.min_cell} people came about as much and have, or do not have, it"
    table.loc[~may_be_shown(table), list(_OF_HOURS)] = np.nan
    table["ess_near"] = rules.rounded(table["ess_near"].where(~rules.small(table["ess_near"])))
    for column, way in (("risk", np.round), ("ci_low", np.floor), ("ci_high", np.ceil)):
        table[column] = rules.stepped(table[column], table["n_near"], way=way)
    columns = [*HOURS_ROLES.labels, *HOURS_ROLES.guarded, *HOURS_ROLES.values, *HOURS_ROLES.sentences]
    return table.reindex(columns=columns).assign(is_total=True)


def changes(tables: Mapping[str, pd.DataFrame], rules: ReleaseRules) -> pd.DataFrame:
    """Return a row per change and way, hidden where few changed, or stayed, and have, or do not have, the outcome."""
    table = tables["level_change"].astype(dict.fromkeys(("change", "way", "to", "arms", "status"), "str"))
    table = _with_reason(table.reset_index(drop=True))
    naive = (table["way"] == EVER_CHANGED).to_numpy()
    table["n_people"] = np.where(naive, _people(tables, table["arms"]), np.nan)
    table["n_neither"] = table["n_people"] - table["n_changed"] - table["n_stayed"]
    for place in ("changed", "stayed"):
        table[f"without_{place}"] = table[f"n_{place}"] - table[f"with_{place}"]
    for guard, count in zip(_GUARDS, ("n", "with", "without"), strict=True):
        both = table[[f"{count}_changed", f"{count}_stayed"]]
        table[guard] = both.where(both > 0).min(axis=1)
    few = np.logical_or.reduce([rules.small(table[guard]) for guard in _GUARDS]) & may_be_shown(table).to_numpy()
    table.loc[few, "status"] = WITHHELD
    table.loc[few, "reason"] = f"fewer than {rules.min_cell} people changed, or stayed, and have, or do not have, it"
    table.loc[~may_be_shown(table), list(_NUMBERS)] = np.nan
    fewest = table[["n_changed", "n_stayed"]].min(axis=1)
    for column, way in (("value", np.round), ("ci_low", np.floor), ("ci_high", np.ceil)):
        table[column] = rules.stepped(table[column], fewest, way=way)
    for place in ("changed", "stayed"):
        table[f"share_{place}"] = rules.stepped(table[f"share_{place}"], table[f"n_{place}"])
        table[f"ess_{place}"] = rules.rounded(table[f"ess_{place}"].where(~rules.small(table[f"ess_{place}"])))
    columns = [*CHANGE_ROLES.labels, *CHANGE_ROLES.guarded, *CHANGE_ROLES.values, *CHANGE_ROLES.sentences]
    return table.reindex(columns=columns).assign(is_total=True)


def change_verdicts(released: Released, study: Study) -> pd.DataFrame:
    """Return the verdict on each change of the level of care from what is released, with its sentence."""
    rows = []
    for name, own in released.frame.groupby("change", sort=False):
        verdict, code = judge_change(own, study)
        row = own[own["way"] == AS_STARTED].iloc[0]
        rows.append({"change": name, "verdict": verdict, "reasons": code, "sentence": _sentence(row, code)})
    return pd.DataFrame(rows)


def _sentence(row: pd.Series, code: str) -> str:
    said, reason = SAID[code], words.sentences(told(str(row["reason"]))).rstrip(".")
    if np.isfinite(row["value"]):
        numbers = " to ".join(words.number(100 * row[end], 1) for end in ("ci_low", "ci_high"))
        value = words.number(100 * row["value"], 1)
        return (
            f"{said} Of those who changed to level {row['to']}, the share with a positive test within "
            f"{row['weeks']:g} weeks differs by {value} percentage points (95% CI {numbers}) from what it would have "
            f"been had they not changed then. {assumed(code, reason)}"
        )
    return f"{said} {reason}." if reason else said


def _people(tables: Mapping[str, pd.DataFrame], arms: pd.Series) -> list[float]:
    """Return how many are in the arms of each row."""
    sizes = tables["cohort"]["arm"].astype("str").value_counts()
    return [float(sum(sizes.get(arm, 0) for arm in said.split("; "))) for said in arms]


def _with_reason(table: pd.DataFrame) -> pd.DataFrame:
    return table.assign(reason=table["reason"].astype("object").where(table["reason"].notna(), "").astype("str"))
