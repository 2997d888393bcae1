"""Estimates: what may be shown, what is withheld and why, with the arms' own values beside each contrast."""

import re
from collections.abc import Callable, Iterator, Mapping

import numpy as np
import pandas as pd

from iop_outcomes.conclude.missing_panel import deciding, plausible_shift
from iop_outcomes.release.disclosure import ReleaseRules, Roles, dominating, parts
from iop_outcomes.release.disclosure.sums import Equation
from iop_outcomes.release.tables.apart import RATIO_MOVES, beside_a_hidden_control, coarse, nameless, own_counts
from iop_outcomes.study import Study
from iop_outcomes.study.margins import margin_of
from iop_outcomes.study.names import TIME_IN_CARE
from iop_outcomes.study.outcome import outcome_of, seen_only
from iop_outcomes.tables.controls import CONTROLS
from iop_outcomes.tables.estimate import ARM, CONTRAST, EVERYBODY, NAIVE, REFUSED, WITHHELD, may_be_shown
from iop_outcomes.tables.measure import OF_ONE_ARM
from iop_outcomes.tables.missing_panel import panel_rows

MEANS = OF_ONE_ARM
#: Measures of which the simulator knows the truth.
_TRUE_DIFFERENCES = ("risk_difference", "mean_difference", "rmst_difference", "time_lost_difference")
_TRUE_RATIOS = ("risk_ratio", "mean_ratio", "rmst_ratio", "time_lost_ratio")

_LABELS = (
    "analysis",
    "outcome",
    "role",
    "arm",
    "against",
    "kind",
    "design",
    "estimator",
    "estimand",
    "measure",
    "population",
    "scenario",
    "day",
    "unit",
    "se_scale",
    "status",
    "margin",
)
_GUARDS = ("least_n", "least_with", "least_without")
#: How close two numbers are that are made of the same counts, and a number to the whole one that it is.
_SAME, WHOLE = 1e-9, 1e-6
#: How fine a difference is of two numbers that are made so, and the ends of its interval.
_FINEST, _FINEST_END = 0.001, 0.01
#: Numbers of both arms together in a sentence on how an interval was made.
_TOTALS = re.compile(r"\b[\d,]+ (missing outcome|weekly result|member|partner)s?\b")
_NOT_SEEN = re.compile(r"\b[\d,]+ (?=not seen\b)")


def _naive_is_more(frame: pd.DataFrame) -> Iterator[Equation]:
    """Everybody known is those whom a design left and those whom it left out."""
    place = [frame[name].astype("str") for name in ("analysis", "arm")]
    naive = ((frame["role"] == ARM) & (frame["kind"] == NAIVE)).to_numpy()
    beside = frame["n_beside"].notna().to_numpy()
    for rows in frame.groupby(place, sort=False).indices.values():
        whole = next((int(row) for row in rows if naive[row]), None)
        for row in rows:
            if whole is not None and beside[row]:
                yield {(whole, "n"): 1.0, (int(row), "n"): -1.0, (int(row), "n_beside"): -1.0}


ROLES = Roles(
    labels=_LABELS,
    counts=("n", "n_events"),
    hidden_counts=("n_without", "n_arm", "n_left_out", "n_beside", *_GUARDS),
    values={name: _GUARDS for name in ("value", "se", "ci_low", "ci_high")}
    | {"ess": ("n", *_GUARDS), "true_value": ()},
    sentences=("se_method", "reason"),
    sums=(parts("n", "n_events", "n_without"), parts("n_arm", "n", "n_left_out"), _naive_is_more),
    keep={"n_arm": "arm_is_shown"},
    who={
        "n_arm": "{arm}",
        "n": "{arm}, {outcome} known|of_everybody",
        "n_events": "{arm}, with {outcome}|of_everybody",
        "n_without": "{arm}, without {outcome}|of_everybody",
        "n_left_out": "{arm}, {outcome} not known|of_everybody",
    },
    decimals={"ess": 0, "se": 4},
)


def frame(tables: Mapping[str, pd.DataFrame], study: Study, rules: ReleaseRules) -> pd.DataFrame:
    """Return the estimates with arms' counts as guards, status and reason; rows in the order of the study's analyses.

    A contrast is withheld where in one of its arms fewer than ``min_cell`` people have, or do not have, the outcome.
    """
    table = _in_study_order(tables["estimate"], study)
    table = table.astype({c: "str" for c in ("analysis", "role", "arm", "against", "kind", "measure", "status")})
    apart = own_counts(table)
    table = _with_arm_counts(table, tables.get("cohort"))
    table = _with_guards(table)
    table.loc[apart.index, list(_GUARDS)] = apart
    table = _with_status(table, rules)
    table = _without_dominated(table, tables, study)
    table = _withheld(table, beside_a_hidden_control(table), "beside others it would tell of one that is withheld")
    table = _without_panels_of_few(table, tables, study, rules)
    # Without weights the effective size is the number of people itself.
    table["ess"] = rules.rounded(table["ess"].where(~rules.small(table["ess"])))
    table["true_value"] = _true_values(table, tables.get("truth"))
    table["unit"] = _by_measure(table, "outcome", lambda name, measure: outcome_of(study, name).unit_of(measure))
    table["margin"] = _by_measure(table, "analysis", lambda name, measure: margin_of(study, name, measure))
    table = coarse(_with_coarse_counts(table, rules), apart.index, rules)
    table = nameless(table, study.describe_by)
    table["se_method"] = table["se_method"].map(_without_totals)
    table["of_everybody"] = table["population"].astype("str") == EVERYBODY
    columns = [*_LABELS, *ROLES.guarded, *ROLES.values, *ROLES.sentences, *ROLES.keep.values(), "of_everybody"]
    return table.reindex(columns=columns)


def _by_measure(table: pd.DataFrame, column: str, found: Callable[[str, str], object]) -> list[object]:
    """Return what is known of a name and a measure for every row, asked once for all rows that have both."""
    asked = list(zip(table[column].astype("str"), table["measure"], strict=True))
    known = {one: found(*one) for one in set(asked)}
    return [known[one] for one in asked]


def _with_coarse_counts(table: pd.DataFrame, rules: ReleaseRules) -> pd.DataFrame:
    """Round what was counted without weights so coarsely that it tells no count; an interval only becomes wider."""
    naive, both, ratios = _counted_rows(table)
    of_arm = (table["role"] == ARM).to_numpy()
    people = np.where(of_arm, table["n"], table["least_n"]).astype(float)
    # A matched arm is told by the other one and their difference.
    own = of_arm & (table["kind"] == NAIVE).to_numpy()
    unknown = np.where(own, table["n_left_out"], table["least_left_out"]).astype(float)
    counted = table["least_with"].notna().to_numpy()
    unknown = np.where(counted, unknown, 0.0)
    spread = np.where(table["unit"] == "share", 1.0, table["se"].to_numpy(float) * np.sqrt(people))
    # A ratio moves by one over the other arm's share.
    spread = np.where(table["unit"] == "ratio", RATIO_MOVES, spread) * rules.spread(unknown)
    moves = _moves_of_se(table, people)
    # A whole number over the people of an arm tells how many they are, unless a step is as wide as one of them.
    one = 1 / rules.round_to
    for column, way in (("value", np.round), ("ci_low", np.floor), ("ci_high", np.ceil)):
        table.loc[naive, column] = rules.stepped(table[column], people, spread, way=way)[naive]
        finest = _FINEST if column == "value" else _FINEST_END
        table.loc[both, column] = rules.stepped(table[column], people, one, finest, way)[both]
    # With the difference a ratio gives both arms, of which one is counted.
    for column, way in (("value", np.round), ("ci_low", np.floor), ("ci_high", np.ceil)):
        coarse = rules.stepped(table[column], people, one * RATIO_MOVES, _FINEST_END, way)
        table.loc[ratios, column] = coarse[ratios]
    table.loc[naive, "se"] = rules.stepped(table["se"], people, moves)[naive]
    table.loc[both, "se"] = rules.stepped(table["se"], people, 0.0, _FINEST_END / 2, np.ceil)[both]
    # With how many have it, a difference would tell of how many it is.
    adjusted = table["kind"] != NAIVE
    table.loc[naive & adjusted & rules.small(table["least_left_out"]), "n_events"] = np.nan
    apart = table["events_apart"].groupby(table["analysis"]).transform("min")
    table.loc[adjusted & rules.small(apart), "n_events"] = np.nan
    blurred = naive & counted & rules.too_coarse(people, unknown) & may_be_shown(table).to_numpy()
    return _withheld(table, blurred, "too few people for a share that does not tell how many they are")


def _counted_rows(table: pd.DataFrame) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return rows that tell what was counted without weights, and contrasts, of two such arms or one, that come close.

    Where a design gives everybody of an arm the same weight, as matching gives those who found a match, its adjusted
    value is a share of counted people, or a sum over them, and so is the other arm's, less the contrast. A difference
    of two counted shares alone tells neither, with its standard error or the ratio beside it both; of one that is
    counted and one that is weighted, difference and ratio together tell it.
    """
    naive, of_arm = (table["kind"] == NAIVE).to_numpy(), (table["role"] == ARM).to_numpy()
    place = pd.MultiIndex.from_frame(table[["analysis", "arm", "measure"]].astype("str"))
    counted = pd.Series(table["value"].to_numpy(float), place)[naive & of_arm]
    plain = counted[~counted.index.duplicated()].reindex(place).to_numpy()
    value = table["value"].to_numpy(float)
    summed = value * table["n"].to_numpy(float)
    same = ~naive & of_arm & ((np.abs(value - plain) < _SAME) | (np.abs(summed - np.round(summed)) < WHOLE))
    by_analysis = pd.Series(same).groupby(table["analysis"].to_numpy())
    arms = pd.Series(~naive & of_arm).groupby(table["analysis"].to_numpy()).transform("sum")
    both = ((by_analysis.transform("sum") == arms) & (arms > 0)).to_numpy() & ~naive & ~of_arm
    is_ratio = (table["unit"] == "ratio").to_numpy()
    one = by_analysis.transform("any").to_numpy() & ~naive
    disguised = (of_arm & one) | (both & is_ratio)
    contrast = (table["role"] == CONTRAST).to_numpy()
    # Negative controls give the ratio of an analysis that may have asked for the difference alone.
    with_ratio = contrast | (table["estimator"].astype("str") == CONTROLS).to_numpy()
    return naive | disguised, both & ~is_ratio & contrast, one & ~both & is_ratio & with_ratio


def _moves_of_se(table: pd.DataFrame, people: np.ndarray) -> np.ndarray:
    """Return how far a single person moves a standard error, times the people; of a rare outcome far for its size."""
    share = np.clip(table["value"].to_numpy(float), 0.0, 1.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        moves = np.abs(1 - 2 * share) / (2 * np.sqrt(share * (1 - share) * people))
    of_share = ((table["role"] == ARM) & (table["unit"] == "share")).to_numpy() & np.isfinite(moves)
    return np.where(of_share, moves, 0.0)


def _without_totals(text: str) -> str:
    """Return how an interval was made without the numbers of both arms together.

    Beside the count of one arm they give that of the other, and of two hidden ones "fewer than 11" tells more than that
    each is.

    Examples
    --------
    >>> _without_totals("cluster-robust (40 clusters); 1 missing outcome left out, and with it 3 partners")
    'cluster-robust (40 clusters); missing outcomes left out, and with it partners'
    """
    return _NOT_SEEN.sub("those ", _TOTALS.sub(r"\1s", text))


def _withheld(table: pd.DataFrame, rows: np.ndarray | pd.Series, reason: str) -> pd.DataFrame:
    """Take the numbers from rows, with how their intervals were made, which may tell how rare an outcome is."""
    table.loc[rows, "status"], table.loc[rows, "reason"], table.loc[rows, "se_method"] = WITHHELD, reason, ""
    table.loc[rows, ["value", "se", "ci_low", "ci_high"]] = np.nan
    return table


def _in_study_order(estimate: pd.DataFrame, study: Study) -> pd.DataFrame:
    order = {name: position for position, name in enumerate(study.analyses)}
    position = estimate["analysis"].astype("str").map(order).fillna(len(order))
    return estimate.iloc[np.argsort(position.to_numpy(), kind="stable")].reset_index(drop=True)


def _with_arm_counts(table: pd.DataFrame, cohort: pd.DataFrame | None) -> pd.DataFrame:
    sizes = cohort["arm"].astype("str").value_counts() if cohort is not None else pd.Series(dtype=float)
    of_arm = table["role"] == ARM
    table["n_arm"] = table["arm"].where(of_arm).map(sizes).astype(float)
    table["arm_is_shown"] = table["n_arm"].notna()
    table["n_left_out"] = table["n_arm"] - table["n"]
    # The total of a contrast says nothing that the arms do not, and would be one more sum to guard.
    table.loc[~of_arm, ["n", "n_events", "ess"]] = np.nan
    table["n_without"] = table["n"] - table["n_events"]
    beside = _beside(table)
    table["n_beside"] = beside["n"]
    apart = pd.concat([table["n_left_out"], beside], axis=1)
    table["n_apart"] = apart.where(apart > 0).min(axis=1)
    table["events_apart"] = beside[["n_events", "n_without"]].where(beside > 0).min(axis=1)
    return table


def _beside(table: pd.DataFrame) -> pd.DataFrame:
    """Return of how many whom a design left out the outcome is known, and how many have it and have not."""
    counts, of_arm = ["n", "n_events", "n_without"], table["role"] == ARM
    place = pd.MultiIndex.from_frame(table[["analysis", "arm"]].astype("str"))
    naive = table.set_axis(place)[(of_arm & (table["kind"] == NAIVE)).to_numpy()][counts]
    more = naive[~naive.index.duplicated()].reindex(place).set_axis(table.index) - table[counts]
    return more.where((of_arm & (table["kind"] != NAIVE)).to_numpy()[:, None] & (more >= 0))


def _with_guards(table: pd.DataFrame) -> pd.DataFrame:
    """Give every row of an analysis the smallest positive counts among its arms."""
    for guard, count in zip(_GUARDS, ("n", "n_events", "n_without"), strict=True):
        positive = table[count].where(table[count] > 0)
        table[guard] = positive.groupby(table["analysis"]).transform("min")
    table["least_left_out"] = table["n_apart"].groupby([table["analysis"], table["kind"]]).transform("min")
    # Few people still in care at the end say nothing of how long the others stayed.
    table.loc[table["outcome"].astype("str") == TIME_IN_CARE, "least_without"] = np.nan
    return table


def _with_status(table: pd.DataFrame, rules: ReleaseRules) -> pd.DataFrame:
    few = np.logical_or.reduce([rules.small(table[guard]) for guard in _GUARDS])
    for column in ("reason", "se_method"):
        table[column] = table[column].astype("object").where(table[column].notna(), "").astype("str")
    shown = may_be_shown(table).to_numpy()
    table.loc[shown & table["value"].isna().to_numpy(), "status"] = REFUSED
    hidden = shown & few & table["value"].notna().to_numpy()
    table.loc[hidden, "status"] = WITHHELD
    table.loc[hidden, "reason"] = f"fewer than {rules.min_cell} people have, or do not have, the outcome in one arm"
    # How an interval was made may tell how rare the outcome is. Where none was made the column holds no text.
    table["se_method"] = table["se_method"].astype("object").mask(hidden, "")
    table.loc[~may_be_shown(table), ["value", "se", "ci_low", "ci_high"]] = np.nan
    return table


def _without_dominated(table: pd.DataFrame, tables: Mapping[str, pd.DataFrame], study: Study) -> pd.DataFrame:
    """Withhold what rests on an arm's total of which one person, or one of several sites, makes up too much."""
    if tables.get("outcomes") is None or tables.get("cohort") is None:
        return table
    cohort = tables["cohort"].set_index("member_id")
    outcomes = tables["outcomes"].set_index("member_id").reindex(cohort.index)
    named = table["outcome"].astype("str")
    totals = [n for n in named.unique() if n in outcomes and outcome_of(study, n).kind not in ("binary", "proportion")]
    for name in totals:
        arms = outcomes[name].groupby(cohort["arm"].astype("str"))
        if any(dominating(values, cohort.get("site_id"), study.release.dominance) for _, values in arms):
            mine = (named == name) & may_be_shown(table)
            table = _withheld(table, mine, "one person or one site makes up most of the total of an arm")
    return table


def _without_panels_of_few(
    table: pd.DataFrame, tables: Mapping[str, pd.DataFrame], study: Study, rules: ReleaseRules
) -> pd.DataFrame:
    """Blur panels of missing rules that would count the few of whom an outcome is missing.

    Best and worst case lie apart by the share that is missing, under weights nearly so, and the map of shifts says no
    less: they are withheld. What a verdict asks is kept, rounded as the arms' own shares are, which can only bring an
    interval nearer to no difference.
    """
    panel = panel_rows(table)
    of_few = {
        name: bool(rules.small(_least_missing(tables, study, name))) for name in panel["outcome"].astype("str").unique()
    }
    panel = panel[panel["outcome"].astype("str").map(of_few).eq(True)]
    asked = panel.index.isin(_asked_of(panel, study))
    numbers = ["value", "ci_low", "ci_high"]
    table.loc[panel.index, numbers] = table.loc[panel.index, numbers].round(2)
    hidden = panel.index[~asked & may_be_shown(panel)]
    table.loc[hidden, "status"] = WITHHELD
    table.loc[hidden, "reason"] = f"fewer than {rules.min_cell} people of one arm have no known outcome"
    table.loc[hidden, [*numbers, "se"]] = np.nan
    table.loc[hidden, "se_method"] = ""
    return table


def _asked_of(panel: pd.DataFrame, study: Study) -> list[int]:
    """Return the rows that a verdict asks."""
    parts = []
    for (outcome, measure), rows in panel.groupby(["outcome", "measure"], observed=True):
        parts += list(deciding(rows, str(measure), plausible_shift(study, str(outcome))).index)
    return parts


def _least_missing(tables: Mapping[str, pd.DataFrame], study: Study, name: str) -> float:
    """Return the smallest number of people of an arm, if any, of whom nobody saw an outcome."""
    outcomes, cohort = (tables[table].set_index("member_id") for table in ("outcomes", "cohort"))
    seen = outcomes[seen_only(study, name) or name].reindex(cohort.index)
    missing = seen.isna().groupby(cohort["arm"].astype("str")).sum()
    return float(missing[missing > 0].min()) if missing.any() else 0.0


def _true_values(table: pd.DataFrame, truth: pd.DataFrame | None) -> pd.Series:
    """Return the simulator's truth for the contrasts and means it knows."""
    values = pd.Series(np.nan, index=table.index)
    if truth is None or truth.empty:
        return values
    known = {(str(r.outcome), str(r.estimand)): r for r in truth.itertuples()}
    for row in table.itertuples():
        true = known.get((str(row.outcome), str(row.estimand)))
        if true is not None and row.measure in _TRUE_DIFFERENCES:
            values[row.Index] = true.difference
        elif true is not None and row.measure in _TRUE_RATIOS:
            values[row.Index] = true.ratio
    return values
