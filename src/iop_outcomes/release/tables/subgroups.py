"""Subgroups: contrasts by level with the people of every level as guards, and whether levels differ."""

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from iop_outcomes.conclude.families import is_crude
from iop_outcomes.conclude.judging import Judged
from iop_outcomes.conclude.subgroups import judge_subgroups
from iop_outcomes.designs.modifiers import levels_by_person
from iop_outcomes.release import words
from iop_outcomes.release.disclosure import Released, ReleaseRules, Roles, dominating, levels, parts
from iop_outcomes.release.tables.estimates import WHOLE
from iop_outcomes.study import Study
from iop_outcomes.study.outcome import outcome_of
from iop_outcomes.tables.comparison import of_arms
from iop_outcomes.tables.estimate import ARM, REFUSED, WITHHELD, may_be_shown
from iop_outcomes.tables.lookup import positions

_LABELS = (
    *("analysis", "outcome", "modifier", "level", "population", "role", "arm", "against", "design", "estimator"),
    *("estimand", "measure", "unit", "se_scale", "status"),
)
_NUMBERS = ("value", "se", "ci_low", "ci_high")
_GUARDS = ("least_n", "least_with", "least_without", "dominating")
_BY = ("analysis", "modifier", "role", "measure", "arm")

ROLES = Roles(
    labels=_LABELS,
    counts=("n_people", "n", "n_events"),
    hidden_counts=(
        *("known", "with_it", "without_it", "not_known", "all_people", "all_known", "all_with", "all_without"),
        *_GUARDS,
    ),
    values=dict.fromkeys(_NUMBERS, _GUARDS) | {"ess": ("n", *_GUARDS), "max_smd": ("least_n",)},
    sentences=("se_method", "reason"),
    sums=(
        parts("n_people", "known", "not_known"),
        parts("known", "with_it", "without_it"),
        levels("n_people", "all_people", _BY),
        levels("known", "all_known", _BY),
        levels("with_it", "all_with", _BY),
        levels("without_it", "all_without", _BY),
    ),
    keep={"all_people": "is_total"},
    who={
        "all_people": "{arm}",
        "n_people": "{arm}, {modifier} {level}",
        "n": "{arm}, {modifier} {level}, {outcome} known",
        "known": "{arm}, {modifier} {level}, {outcome} known",
        "not_known": "{arm}, {modifier} {level}, {outcome} not known",
        "n_events": "{arm}, {modifier} {level}, with {outcome}",
        "with_it": "{arm}, {modifier} {level}, with {outcome}",
        "without_it": "{arm}, {modifier} {level}, without {outcome}",
        "all_known": "{arm}, {outcome} known",
        "all_with": "{arm}, with {outcome}",
        "all_without": "{arm}, without {outcome}",
    },
    decimals={"ess": 0, "se": 4, "max_smd": 2},
)

INTERACTION_ROLES = Roles(
    labels=("analysis", "modifier", "measure", "levels"),
    hidden_counts=_GUARDS,
    values={name: _GUARDS for name in ("wald", "df", "p_value", "p_adjusted")},
    sentences=("reason",),
    decimals={"p_value": 4, "p_adjusted": 4},
)

VERDICT_ROLES = Roles(
    labels=("analysis", "modifier", "verdict", "reasons"),
    # Made from numbers that are released already, so that they tell nothing more.
    values={"p_difference": (), "p_ratio": ()},
    sentences=("sentence",),
    decimals={"p_difference": 4, "p_ratio": 4},
)


def frame(tables: Mapping[str, pd.DataFrame], study: Study, rules: ReleaseRules) -> pd.DataFrame:
    """Return the contrasts and arms of every level, status and reason, and the true counts that guard them.

    A level is withheld where in one of its arms fewer than ``min_cell`` people have, or do not have, the outcome, or
    where one person or one site makes up most of a total.
    """
    table = tables["subgroup"].astype(dict.fromkeys(("analysis", "outcome", "modifier", "level", "role"), "str"))
    table = table.astype(dict.fromkeys(("arm", "against", "measure", "status", "population"), "str"))
    table = _with_counts(table.reset_index(drop=True), tables, study)
    # With how many of those who found a match have it, the outcome would tell of the few who found none.
    apart = table.groupby([*_BY])[["apart_with", "apart_without"]].transform("sum")
    few = pd.Series(rules.small(apart).any(axis=1)).groupby(table["analysis"]).transform("any")
    table.loc[few, "n_events"] = np.nan
    table = _with_status(table, rules)
    table = _coarse(table, study, rules)
    table["ess"] = rules.rounded(table["ess"].where(~rules.small(table["ess"])))
    units = {name: outcome_of(study, name) for name in table["outcome"].unique()}
    table["unit"] = [units[o].unit_of(m) for o, m in zip(table["outcome"], table["measure"], strict=True)]
    columns = [*ROLES.labels, *ROLES.guarded, *ROLES.values, *ROLES.sentences]
    return table.reindex(columns=columns).assign(is_total=True)


def _with_counts(table: pd.DataFrame, tables: Mapping[str, pd.DataFrame], study: Study) -> pd.DataFrame:
    """Add, to the rows of arms, how many of every level there are, of whom the outcome is known, and who has it."""
    counted = pd.DataFrame(list(_counted(table, tables, study)))
    columns = ("n_people", "known", "with_it", "without_it", "dominating")
    if counted.empty:
        apart = ("apart_with", "apart_without")
        return table.assign(**dict.fromkeys((*ROLES.guarded, "n", "n_events", *apart), np.nan))
    keys = ["analysis", "modifier", "level", "arm"]
    table = table.merge(counted, on=keys, how="left")
    of_arm = table["role"] == ARM
    table.loc[~of_arm, [*columns, "n", "n_events", "ess"]] = np.nan
    # What a withheld row does not say is guarded, too: it could be worked out from the others.
    table["not_known"] = table["n_people"] - table["known"]
    by = [*_BY]
    for total, part in (("people", "n_people"), ("known", "known"), ("with", "with_it"), ("without", "without_it")):
        whole = table.groupby(by)[part].transform(lambda counts: counts.sum(min_count=len(counts)))
        table[f"all_{total}"] = whole.where(of_arm)
    inside = ["analysis", "population"]
    for guard, count in zip(_GUARDS, ("known", "with_it", "without_it", "dominating"), strict=True):
        positive = table[count].where(table[count] > 0)
        table[guard] = positive.groupby([table[name] for name in inside]).transform("min")
    return table


def _counted(table: pd.DataFrame, tables: Mapping[str, pd.DataFrame], study: Study) -> Iterator[dict[str, object]]:
    """Yield the true counts of every analysis, modifier, level and arm."""
    covariates = tables["covariates"].set_index("member_id")
    outcomes = tables["outcomes"].set_index("member_id").reindex(covariates.index)
    propensity, site = tables["propensity"], covariates.get("cluster")
    # Text is slow to group by, where there are many people.
    arm = covariates["arm"].astype("str").astype("category")
    for (analysis, modifier), _ in table.groupby(["analysis", "modifier"], sort=False):
        asked = study.analyses[analysis]
        level = levels_by_person(study.subgroups.by[modifier], covariates, modifier)
        outcome = outcome_of(study, asked.outcome)
        values = outcomes[asked.outcome] if asked.outcome in outcomes else pd.Series(np.nan, index=outcomes.index)
        arms = study.contrast(asked)
        design = propensity[of_arms(propensity, arms, asked.design)]
        in_design = positions(design.loc[design["weight"] > 0, "member_id"], covariates.index) >= 0
        used = values.notna() & in_design
        binary = outcome.kind == "binary" or set(values[used].unique()) <= {0.0, 1.0}
        total = not binary and outcome.kind != "proportion"
        for (own_level, own_arm), people in level.groupby([level, arm], observed=True).indices.items():
            if own_arm not in arms:
                continue
            mine, in_use = values.iloc[people], used.iloc[people]
            known, apart = mine[in_use], mine[~in_use]
            yield {
                "analysis": analysis,
                "modifier": modifier,
                "level": str(own_level),
                "arm": str(own_arm),
                "n_people": float(len(people)),
                "known": float(len(known)),
                "with_it": float((known == 1).sum()) if binary else np.nan,
                "without_it": float((known == 0).sum()) if binary else np.nan,
                "apart_with": float((apart == 1).sum()) if binary else np.nan,
                "apart_without": float((apart == 0).sum()) if binary else np.nan,
                "dominating": dominating(known, site, study.release.dominance) if total else 0.0,
            }


def _with_status(table: pd.DataFrame, rules: ReleaseRules) -> pd.DataFrame:
    few = np.logical_or.reduce([rules.small(table[guard]) for guard in _GUARDS])
    for column in ("reason", "se_method"):
        table[column] = table[column].astype("object").where(table[column].notna(), "").astype("str")
    shown = may_be_shown(table).to_numpy()
    table.loc[shown & table["value"].isna().to_numpy() & (table["reason"] == "").to_numpy(), "status"] = REFUSED
    hidden = may_be_shown(table).to_numpy() & few
    table.loc[hidden, "status"] = WITHHELD
    table.loc[hidden, "reason"] = (
        f"fewer than {rules.min_cell} people of the level have, or do not have, the outcome in one arm, or one "
        "person or site makes up most of it"
    )
    table.loc[hidden, "se_method"] = ""
    table.loc[~may_be_shown(table), list(_NUMBERS)] = np.nan
    table.loc[~may_be_shown(table), "n_events"] = np.nan
    return table


def _coarse(table: pd.DataFrame, study: Study, rules: ReleaseRules) -> pd.DataFrame:
    """Round what was counted without weights, or of those who found a match, so coarsely that it tells no count."""
    crude = table["analysis"].map(lambda name: is_crude(study, study.analyses[name])).to_numpy(bool)
    matched = _of_matched(table) & ~crude
    crude = crude | matched
    people = np.where(table["role"] == ARM, table["known"], table["least_n"]).astype(float)
    spread = np.where(table["with_it"].notna() | table["least_with"].notna(), 1.0, table["se"] * np.sqrt(people))
    # Of a difference of those who found a match a step as wide as one of them is enough.
    contrast = matched & (table["role"] != ARM) & (table["se_scale"] != "log")
    spread = np.where(contrast, 1 / rules.round_to, spread)
    for column, way in (("value", np.round), ("ci_low", np.floor), ("ci_high", np.ceil)):
        table.loc[crude, column] = rules.stepped(table[column], people, spread, way=way)[crude]
    table.loc[crude, "se"] = table.loc[crude, "se"].round(3)
    return table


def _of_matched(table: pd.DataFrame) -> np.ndarray:
    """Return which rows are of levels in which an arm's value is a whole number over its people."""
    summed = (table["value"] * table["n"]).where(table["role"] == ARM)
    whole = (summed - summed.round()).abs() < WHOLE
    return whole.groupby([table[name] for name in ("analysis", "modifier", "level")]).transform("any").to_numpy(bool)


def interactions(tables: Mapping[str, pd.DataFrame], subgroup: pd.DataFrame) -> pd.DataFrame:
    """Return the tests whether levels differ, guarded by the counts of the levels that they rest on."""
    table = tables["interaction"].astype({"analysis": "str", "modifier": "str", "measure": "str"})
    for column in ("levels", "reason"):
        table[column] = table[column].astype("object").where(table[column].notna(), "").astype("str")
    keys = ["analysis", "modifier"]
    guards = list(_GUARDS)
    named = {
        (row.analysis, row.modifier, row.measure): set(row.levels.split("; ")) for row in table.itertuples(index=False)
    }
    least = []
    for row in table.itertuples(index=False):
        mine = (subgroup[keys] == [row.analysis, row.modifier]).all(axis=1)
        mine &= subgroup["level"].isin(named[row.analysis, row.modifier, row.measure])
        least.append(subgroup.loc[mine, guards].min())
    columns = [*INTERACTION_ROLES.labels, *INTERACTION_ROLES.hidden_counts, *INTERACTION_ROLES.values, "reason"]
    made = pd.concat([table.reset_index(drop=True), pd.DataFrame(least, columns=guards).reset_index(drop=True)], axis=1)
    return made.reindex(columns=columns)


def verdicts(released: Mapping[str, Released], every: list[Judged], study: Study) -> pd.DataFrame:
    """Return the verdict on every modifier, from what is released, with its sentence."""
    everybody = {one.name: (str(one.row["status"]), one.decision.verdict) for one in every}
    tests = released["interaction"].frame if "interaction" in released else None
    found = judge_subgroups(released["subgroup"].frame, tests, everybody, study)
    return found.assign(sentence=[_sentence(row) for row in found.itertuples()])


#: Said wherever a test finds nothing.
NOT_ALIKE = (
    "That does not show that they are alike: a test of this kind needs several times the people that the answer for "
    "everybody needs."
)
_SAID = {
    "refused": "Cannot be answered: the analysis could not be made.",
    "withheld": "Withheld: the data cannot carry it.",
    "too_few_levels": "Withheld: fewer than two levels can be shown, so that there is nothing to hold against "
    "each other.",
    "crude": "Cannot tell: the arms were compared as they are.",
    "answer_inconclusive": "Inconclusive, as the answer for everybody is.",
    "no_test": "Cannot tell: the levels could not be held against each other on both scales.",
    "not_shown": f"Cannot tell: chance could explain that the levels differ. {NOT_ALIKE}",
    "not_alike_inside": (
        "Cannot tell: the levels differ, but inside one of them the arms are less alike than the gate asks, so "
        "that the "
        "people compared may be what differs."
    ),
    "one_scale_only": (
        "Cannot tell: the levels differ on one scale only. How common the outcome is anyhow may be all that differs."
    ),
    "levels_differ": "Different: how far the arms differ is not the same in all of these levels, in points and as a "
    "ratio. That says nothing of one level alone.",
}


def _sentence(row) -> str:
    """Return the verdict on a modifier in words, with what it rests on."""
    tested = [
        f"{scale} {words.number(p, 3) if p >= 0.001 else 'below 0.001'}"
        for scale, p in (("difference", row.p_difference), ("ratio", row.p_ratio))
        if np.isfinite(p)
    ]
    return _SAID[row.reasons] + (f" Adjusted p-values: {', '.join(tested)}." if tested else "")
