"""Costs beside effects, guarded by the people behind them, and by whether one of them makes up most of a cost."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from iop_outcomes.conclude.costs import judge_costs
from iop_outcomes.conclude.judging import Judged
from iop_outcomes.release import words
from iop_outcomes.release.disclosure import Released, ReleaseRules, Roles
from iop_outcomes.release.disclosure.dominance import ONE
from iop_outcomes.release.words.advice import told
from iop_outcomes.study import Study
from iop_outcomes.study.outcome import outcome_of
from iop_outcomes.tables.estimate import WITHHELD, may_be_shown

_GUARDS = ("least_n", "least_with", "least_without", "dominating")
_LABELS = ("perspective", "analysis", "outcome", "arm", "against", "price_year", "status")
_OF_DIFFERENCE = ("value", "se", "ci_low", "ci_high", "mean_first", "mean_second")
_OF_BESIDE = (
    *(
        "delta_cost",
        "cost_low",
        "cost_high",
        "delta_effect",
        "effect_low",
        "effect_high",
        "icer",
        "saved_per_unit_lost",
    ),
    *("share_ne", "share_se", "share_nw", "share_sw"),
)
_MONEY = {"delta_cost": 0, "cost_low": 0, "cost_high": 0, "icer": 0, "saved_per_unit_lost": 0}

DIFFERENCE_ROLES = Roles(
    labels=(*_LABELS, "method", "measure"),
    hidden_counts=_GUARDS,
    values=dict.fromkeys(_OF_DIFFERENCE, _GUARDS),
    sentences=("reason",),
    decimals={"value": 2, "ci_low": 2, "ci_high": 2, "mean_first": 0, "mean_second": 0},
)
BESIDE_ROLES = Roles(
    labels=(*_LABELS, "words", "effect_unit"),
    hidden_counts=_GUARDS,
    values=dict.fromkeys(_OF_BESIDE, _GUARDS),
    sentences=("reason",),
    decimals=_MONEY | dict.fromkeys(("share_ne", "share_se", "share_nw", "share_sw"), 3),
)
PRICE_ROLES = Roles(
    labels=("perspective", "willingness"),
    hidden_counts=_GUARDS,
    values=dict.fromkeys(("net_benefit", "ci_low", "ci_high", "acceptability", "evpi"), _GUARDS),
    decimals=dict.fromkeys(("net_benefit", "ci_low", "ci_high", "evpi"), 0),
)
PLANE_ROLES = Roles(
    labels=("perspective", "draw"),
    hidden_counts=_GUARDS,
    values={"effect": _GUARDS, "cost": _GUARDS},
    decimals={"effect": 3, "cost": 0},
)
VERDICT_ROLES = Roles(labels=("perspective", "verdict", "reasons"), sentences=("sentence",))
ROLES: dict[str, Roles] = {
    "cost_difference": DIFFERENCE_ROLES,
    "cost_effectiveness": BESIDE_ROLES,
    "acceptability": PRICE_ROLES,
    "cost_plane": PLANE_ROLES,
}


def frames(tables: Mapping[str, pd.DataFrame], study: Study, rules: ReleaseRules) -> dict[str, pd.DataFrame]:
    """Return the four tables of costs with their guards; those without rows are left out.

    Everything from a perspective is withheld where fewer than ``min_cell`` people of an arm have, or do not have, the
    effect, or where one person, or one of several sites, makes up most of what an arm cost.
    """
    guards = _guards(tables["cost_effectiveness"], study)
    withheld = {name for name, own in guards.items() if any(rules.small(own[guard]) for guard in _GUARDS)}
    shown = tables["cost_effectiveness"]
    withheld |= set(shown.loc[~may_be_shown(shown), "perspective"].astype("str"))
    found = {}
    for name, roles in ROLES.items():
        table = tables.get(name)
        if table is None or table.empty:
            continue
        found[name] = _one(table, name, roles, guards, withheld, rules, study)
    return {name: table for name, table in found.items() if len(table)}


def _one(
    table: pd.DataFrame,
    name: str,
    roles: Roles,
    guards: Mapping[str, Mapping[str, float]],
    withheld: set[str],
    rules: ReleaseRules,
    study: Study,
) -> pd.DataFrame:
    table = table.reset_index(drop=True).astype({"perspective": "str"})
    hidden = table["perspective"].isin(withheld).to_numpy()
    if "status" not in table:
        # Draws and prices of what is withheld are not there at all.
        table, hidden = table[~hidden].reset_index(drop=True), np.zeros(int((~hidden).sum()), dtype=bool)
    else:
        table["status"] = table["status"].astype("str")
        table["reason"] = table["reason"].astype("object").where(table["reason"].notna(), "").astype("str")
        mine = hidden & may_be_shown(table).to_numpy()
        table.loc[mine, "status"] = WITHHELD
        table.loc[mine, "reason"] = (
            f"fewer than {rules.min_cell} people of an arm have, or do not have, the effect, or one person or "
            f"site makes "
            "up most of what an arm cost"
        )
        table.loc[~may_be_shown(table), list(roles.values)] = np.nan
    if name == "cost_effectiveness":
        table["words"] = table["words"].astype("object").where(may_be_shown(table), "")
        table["effect_unit"] = outcome_of(study, str(table["outcome"].iloc[0])).unit or "units"
    for guard in _GUARDS:
        table[guard] = table["perspective"].map(lambda one, guard=guard: guards.get(one, {}).get(guard, np.nan))
        table[guard] = table[guard].astype(float)
    return table.reindex(columns=[*roles.labels, *roles.guarded, *roles.values, *roles.sentences])


def _guards(beside: pd.DataFrame, study: Study) -> dict[str, dict[str, float]]:
    """Return by perspective the smallest counts of an arm, and whether a total is mostly one person's or site's."""
    limits, found = study.release.dominance, {}
    for _, row in beside.iterrows():
        most = row["person_share"] > limits.person or row["site_share"] > limits.site
        counts = {"least_n": min(row["n_first"], row["n_second"]), "dominating": ONE if most else 0.0}
        counts |= {name: row[name] for name in ("least_with", "least_without")}
        found[str(row["perspective"])] = {name: float(n) for name, n in counts.items()}
    return found


_SAID = {
    "refused": "Cannot be answered.",
    "withheld": "Withheld: these data cannot carry it.",
    "gate_failed": "Inconclusive: the comparison failed a check.",
    "effect_inconclusive": "Inconclusive, as the answer about the effect is.",
    "crude": "Cannot tell: the arms were compared as they are.",
    "effect_by_plan": "Cannot tell: what is bought differs between the arms by plan, or is no effect.",
    "dominates": "Better value: it does more and costs less.",
    "dominated": "Worse value: it does less and costs more.",
    "no_worth": "Cannot tell: the study does not say what a unit of the effect is worth.",
    "worth_it": "Better value at the price that the study states.",
    "not_worth_it": "Worse value at the price that the study states.",
    "chance": "Cannot tell: chance could explain which of the two is better value.",
}


def verdicts(released: Mapping[str, Released], every: list[Judged], study: Study) -> pd.DataFrame:
    """Return whether the first arm is good value from every perspective, from what is released."""
    beside = released["cost_effectiveness"].frame
    by_price = released["acceptability"].frame if "acceptability" in released else None
    own = {one.name: (one.decision.verdict, "; ".join(one.decision.codes)) for one in every}
    effect = own.get(study.costs.asked(study), ("refused", "refused"))
    found = judge_costs(beside, by_price, effect, study)
    rows = beside.set_index("perspective")
    return found.assign(
        sentence=[_sentence(rows.loc[row.perspective], row.reasons, study) for row in found.itertuples()]
    )


def _sentence(row: pd.Series, code: str, study: Study) -> str:
    said = _SAID[code]
    if not may_be_shown(row.to_frame().T).iloc[0] or not np.isfinite(row["delta_cost"]):
        reason = words.sentences(told(str(row["reason"]))).rstrip(".")
        return f"{said} {reason}." if reason else said
    between = f"95% interval of the difference {money(row['cost_low'])} to {money(row['cost_high'])}"
    said += f" {words.capital(_cost(row))} ({between}; money in {row['price_year']}). {_together(row, study)}"
    if study.costs.worth is not None and code in ("worth_it", "not_worth_it", "chance"):
        said += f" The study says {_unit(str(row['effect_unit']), study)} is worth {money(study.costs.worth)}."
    return said


def _cost(row: pd.Series) -> str:
    """Return how much more or less the first arm costs; without a side where its interval holds none."""
    first, second = words.arm(str(row["arm"])), words.arm(str(row["against"]))
    amount = money(abs(row["delta_cost"]))
    if row["cost_low"] <= 0 <= row["cost_high"]:
        return f"{first} and {second} differ in cost by {amount} a person"
    return f"{first} costs {amount} {'more' if row['delta_cost'] > 0 else 'less'} than {second} a person"


def _together(row: pd.Series, study: Study) -> str:
    """Return what cost and effect are together, in the words of their table, and the price where there is one."""
    told = str(row["words"]).partition(":")[0]
    if told.startswith("chance"):
        return f"{words.capital(told)}, so that no price is named."
    said, unit = f"Taken together it {told}.", _unit(str(row["effect_unit"]), study)
    if np.isfinite(row["icer"]):
        return f"{said} {words.capital(unit)} costs {money(row['icer'])}."
    if np.isfinite(row["saved_per_unit_lost"]):
        return f"{said} For {unit} less, {money(row['saved_per_unit_lost'])} are saved."
    return said


def money(value: float) -> str:
    """Return an amount without its currency."""
    return words.number(float(value), 0)


def _unit(unit: str, study: Study) -> str:
    outcome = words.describe_outcome(study, study.analyses[study.costs.asked(study)].outcome)
    if unit == "share":
        return f"a person more with “{outcome.noun}”"
    return f"one of {unit} more of “{outcome.noun}”"
