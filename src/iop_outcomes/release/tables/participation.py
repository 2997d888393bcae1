"""What following a strategy of attending does: three ways to ask, guarded by who followed and who had the outcome."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from iop_outcomes.conclude.participation import judge_participation
from iop_outcomes.release import words
from iop_outcomes.release.disclosure import Released, ReleaseRules, Roles, chain, parts
from iop_outcomes.release.words.advice import told
from iop_outcomes.study import Study
from iop_outcomes.study.participation import FIRST_POSITIVE
from iop_outcomes.tables.attending import BY_ATTENDANCE, CLONES
from iop_outcomes.tables.estimate import WITHHELD, may_be_shown

_NUMBERS = ("value", "se", "ci_low", "ci_high", "share_first", "share_second")
_GUARDS = tuple(f"least_{what}" for what in ("n", "with", "without"))

ROLES = Roles(
    labels=("way", "outcome", "strategy", "against", "arms", "week", "status"),
    counts=("n_first", "n_second"),
    hidden_counts=("n_people", "n_neither", *_GUARDS),
    values=dict.fromkeys(_NUMBERS, _GUARDS)
    | {f"ess_{place}": (f"n_{place}", *_GUARDS) for place in ("first", "second")},
    sentences=("reason",),
    sums=(parts("n_people", "n_first", "n_second", "n_neither"),),
    keep={"n_people": "is_total"},
    who={"n_people": "{arms}"},
    decimals={"se": 4, "ess_first": 0, "ess_second": 0},
)
_OF_WEEK = ("mean_stabilised", "max_weight", "ess", "risk", "ci_low", "ci_high")
WEEK_ROLES = Roles(
    labels=("outcome", "strategy", "week"),
    counts=("n_uncensored",),
    hidden_counts=("n_next", "n_left", "n_with", "n_without"),
    values=dict.fromkeys(("mean_stabilised", "max_weight", "ess"), ("n_uncensored",))
    | dict.fromkeys(("risk", "ci_low", "ci_high"), ("n_uncensored", "n_with", "n_without")),
    sums=(parts("n_uncensored", "n_next", "n_left"), chain("n_next", "n_uncensored", ("strategy",), "week")),
    decimals={"mean_stabilised": 2, "max_weight": 0, "ess": 0, "risk": 2, "ci_low": 2, "ci_high": 2},
)
VERDICT_ROLES = Roles(labels=("outcome", "verdict", "reasons"), sentences=("sentence",))


def frame(tables: Mapping[str, pd.DataFrame], rules: ReleaseRules) -> pd.DataFrame:
    """Return a row per way, hidden where fewer than ``min_cell`` of a group have, or do not have, the outcome."""
    table = tables["participation"].reset_index(drop=True)
    table = table.astype({"way": "str", "status": "str", "arms": "str"})
    table["reason"] = table["reason"].astype("object").where(table["reason"].notna(), "").astype("str")
    arms = tables["cohort"]["arm"].astype("str").value_counts()
    naive = (table["way"] == BY_ATTENDANCE).to_numpy()
    people = [float(sum(arms.get(arm, 0) for arm in said.split("; "))) for said in table["arms"]]
    # Only groups formed by attendance share everybody out; clones of one person follow both strategies for a while.
    table["n_people"] = np.where(naive, people, np.nan)
    table["n_neither"] = table["n_people"] - table["n_first"] - table["n_second"]
    for place in ("first", "second"):
        # Clones had the outcome while they followed, whether or not they did to the end.
        of = np.where(naive, table[f"n_{place}"], np.maximum(table[f"n_{place}"], table[f"with_{place}"]))
        table[f"without_{place}"] = of - table[f"with_{place}"]
    for guard, count in zip(_GUARDS, ("n", "with", "without"), strict=True):
        both = table[[f"{count}_first", f"{count}_second"]]
        table[guard] = both.where(both > 0).min(axis=1)
    few = np.logical_or.reduce([rules.small(table[guard]) for guard in _GUARDS])
    hidden = few & may_be_shown(table).to_numpy()
    table.loc[hidden, "status"] = WITHHELD
    table.loc[hidden, "reason"] = f"fewer than {rules.min_cell} people of a group have, or do not have, the outcome"
    table.loc[~may_be_shown(table), list(_NUMBERS)] = np.nan
    table = _coarse(table, naive, rules)
    for place in ("first", "second"):
        table[f"ess_{place}"] = rules.rounded(table[f"ess_{place}"].where(~rules.small(table[f"ess_{place}"])))
    columns = [*ROLES.labels, *ROLES.guarded, *ROLES.values, *ROLES.sentences]
    return table.reindex(columns=columns).assign(is_total=True)


def _coarse(table: pd.DataFrame, naive: np.ndarray, rules: ReleaseRules) -> pd.DataFrame:
    """Round what was counted without weights so coarsely that it tells no count."""
    table["se"] = table["se"].where(~naive, table["se"].round(3))
    for place in ("first", "second"):
        share = f"share_{place}"
        table[share] = table[share].where(~naive, rules.stepped(table[share], table[f"n_{place}"]))
    fewest = table[["n_first", "n_second"]].min(axis=1)
    for column, way in (("value", np.round), ("ci_low", np.floor), ("ci_high", np.ceil)):
        table[column] = table[column].where(~naive, rules.stepped(table[column], fewest, way=way))
    return table


def weeks(tables: Mapping[str, pd.DataFrame], shown: pd.DataFrame, rules: ReleaseRules) -> pd.DataFrame:
    """Return weights and risks of those weeks since the last of which nobody, or enough people, stopped to count."""
    table = tables["participation_week"].astype({"strategy": "str"})
    parts_ = [_thinned(own, rules) for _, own in table.groupby("strategy", sort=False)]
    table = pd.concat(parts_, ignore_index=True)
    clones = shown[shown["way"] == CLONES]
    if clones.empty or not may_be_shown(clones).all():
        table[["risk", "ci_low", "ci_high"]] = np.nan
    people = table["n_uncensored"]
    table["ess"] = rules.rounded(table["ess"].where(~rules.small(table["ess"])))
    for column, way in (("risk", np.round), ("ci_low", np.floor), ("ci_high", np.ceil)):
        table[column] = rules.stepped(table[column], people, way=way, finest=0.01)
    columns = [*WEEK_ROLES.labels, *WEEK_ROLES.guarded, *WEEK_ROLES.values]
    return table.reindex(columns=columns)


def _thinned(own: pd.DataFrame, rules: ReleaseRules) -> pd.DataFrame:
    """Return the weeks of one strategy between which nobody, or at least as many as look large enough, went."""
    own = own.sort_values("week").astype({"n_uncensored": float})
    counts, had = own["n_uncensored"].to_numpy(), own["n_events"].cumsum().to_numpy(float)
    kept = [0]
    for place in range(1, len(own)):
        last = kept[-1]
        gone, new = counts[last] - counts[place], had[place] - had[last]
        if all(number == 0 or number >= rules.clear for number in (gone, new)) and counts[place] >= rules.clear:
            kept.append(place)
    thin = own.iloc[kept].copy()
    thin["n_next"] = thin["n_uncensored"].shift(-1, fill_value=0.0)
    thin["n_left"] = thin["n_uncensored"] - thin["n_next"]
    thin["n_with"] = had[kept]
    thin["n_without"] = counts[0] - had[kept]
    return thin


SAID = {
    "refused": "Cannot be answered.",
    "withheld": "Withheld: these data cannot carry it.",
    "no_interval": "Cannot tell: there is no interval.",
    "gate_failed": "Inconclusive: a check of the weights or of the outcome failed.",
    "weights_carry_it": "Inconclusive: a few people of large weight carry the difference.",
    "landmark_contradicts": "Inconclusive: the landmark analysis finds the opposite.",
    "hours_contradict": "Inconclusive: the model of weekly hours finds the opposite.",
    "no_direction": "Different.",
    "good_side": "Better.",
    "bad_side": "Worse.",
    "within_margin": "No difference that matters.",
    "beyond_margin": "Cannot tell: no difference and one that would matter are both within the interval.",
}
ASSUMED = (
    "This holds if everything that makes people come and do well was recorded week by week, and no data show that."
)


def assumed(code: str, reason: str) -> str:
    """Return what a number of followed strategies or changes rests on; on one that failed a check nothing can rest."""
    return f"{reason}, so that nothing can rest on this number." if code == "gate_failed" and reason else ASSUMED


def verdicts(released: Mapping[str, Released], study: Study) -> pd.DataFrame:
    """Return the verdict on the strategies from what is released, with its sentence."""
    table = released["participation"].frame
    verdict, code = judge_participation(table, study)
    row = table[table["way"] == CLONES].iloc[0]
    first, second = (words.plain(str(row[name])) for name in ("strategy", "against"))
    said, reason = SAID[code], words.sentences(told(str(row["reason"]))).rstrip(".")
    rests_on = assumed(code, reason)
    if may_be_shown(row.to_frame().T).iloc[0] and np.isfinite(row["value"]):
        numbers = " to ".join(words.number(100 * row[end], 1) for end in ("ci_low", "ci_high"))
        said += (
            f" Had everybody followed “{first}” and not “{second}”, the share with “{outcome_words(study)}” "
            f"would differ by "
            f"{words.number(100 * row['value'], 1)} percentage points (95% CI {numbers}). {rests_on}"
        )
    elif reason:
        said += f" {reason}."
    return pd.DataFrame([{"outcome": row["outcome"], "verdict": verdict, "reasons": code, "sentence": said}])


def outcome_words(study: Study) -> str:
    """Return the outcome of the strategies in words."""
    name = study.participation.outcome if study.participation else ""
    if name == FIRST_POSITIVE:
        return f"a positive test by week {study.participation.weeks}"
    return words.describe_outcome(study, name).label.lower()
