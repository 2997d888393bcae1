"""The verdict on every analysis, and the claims, from estimates that have passed disclosure control."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from iop_outcomes.conclude.cut_short import cut_short
from iop_outcomes.conclude.facts import Facts, ends_with_care
from iop_outcomes.conclude.judging import Judged, claim_verdicts, judge_study, verdict_table
from iop_outcomes.conclude.lengths import unlike_lengths
from iop_outcomes.release.disclosure import Released, Roles
from iop_outcomes.release.tables.outcomes import EVERYBODY
from iop_outcomes.release.words.verdict import sentence
from iop_outcomes.study import Study
from iop_outcomes.study.outcome import outcome_of
from iop_outcomes.study.release_rules import ReleaseRules
from iop_outcomes.tables.estimate import by_analysis

_NUMBERS = ("value", "ci_low", "ci_high", "p_value", "p_adjusted", "known_share")

ROLES = Roles(
    labels=(
        "analysis",
        "outcome",
        "arm",
        "against",
        "design",
        "estimand",
        "place",
        "answer",
        "verdict",
        "reasons",
        "measure",
        "day",
        "no_difference",
        "margin",
        "better",
        "p_allowed",
    ),
    # Made from numbers that are released already, so that they tell nothing more.
    values={name: () for name in _NUMBERS},
    sentences=("sentence",),
    decimals={"p_value": 4, "p_adjusted": 4, "known_share": 2},
)

#: Facts about a study in sentences, for the report; the number in one is a count like any other.
FACT_ROLES = Roles(
    labels=("fact",), counts=("n",), sentences=("sentence",), who={"n": "death while followed|is_of_people"}
)
DEATHS, OBSERVATION = "deaths", "observation"
#: What a fact about two arms begins with, what stands between them, and before the day on which the shorter ends.
LENGTHS, AGAINST, UNTIL = "lengths of ", " against ", " until "
#: What a fact about an outcome and two arms begins with; names have no blanks.
CUT = "cut short "
_ENDS_WITH_CARE = (
    "For most people who left, observation ends on the day they left: what came of them is not known, and outcomes "
    "other than the stay itself are those of whoever stayed."
)


_DIED = "{n} people are on record as having died while followed."
_SOME_DIED = "Some people are on record as having died while followed; how many is hidden."
_LENGTHS = (
    "Completed treatment lasts unlike in the arms: people of one are in care for less time, drop out less and complete "
    "more by plan, or by what is called completed. What is of staying, leaving or completing gets no verdict after the "
    "shorter treatment ends."
)

_CUT = (
    "Many more of one arm were still in care when their observation ended: whether they stayed is known of those who "
    "left before, and of no others."
)


def judged(released: Mapping[str, Released], study: Study) -> list[Judged]:
    """Return the verdict on every analysis from what is released of a study; none without estimates."""
    if "estimate" not in released:
        return []
    counts = None
    if "outcomes" in released:
        rows = released["outcomes"].frame
        counts = rows[rows["group"] == EVERYBODY]
    told = facts_told(released)
    diagnostic = released["diagnostic"].frame if "diagnostic" in released else None
    apart = dict(_pair(fact) for fact in told if fact.startswith(LENGTHS))
    cut = [tuple(fact.removeprefix(CUT).split()) for fact in told if fact.startswith(CUT)]
    facts = Facts(counts, OBSERVATION in told, diagnostic, apart, cut)
    return judge_study(released["estimate"].frame, study, facts)


def warnings_of(released: Mapping[str, Released], study: Study, one: Judged) -> list[str]:
    """Return why checks of the comparison that an analysis rests on warn of a bias, or of its reach."""
    if "diagnostic" not in released:
        return []
    analysis = study.analyses[one.name]
    facts = Facts(diagnostic=released["diagnostic"].frame)
    arms, outcome = study.contrast(analysis), outcome_of(study, analysis.outcome)
    found = facts.warnings(arms, analysis.design, outcome) | facts.remarks(arms, analysis.design)
    return list(found.values())


def frame(judged: list[Judged], estimate: pd.DataFrame, study: Study) -> pd.DataFrame:
    """Return the ``verdict`` table with its sentences."""
    table, own, nothing = verdict_table(judged, study), by_analysis(estimate), estimate.iloc[:0]
    return table.assign(sentence=[sentence(one, own.get(one.name, nothing), study) for one in judged])


def claims(judged: list[Judged], verdicts: pd.DataFrame, study: Study) -> pd.DataFrame:
    """Return the ``claim`` table with the sentence of the verdict that each claim rests on, as :func:`frame` has it."""
    table = claim_verdicts(judged, study)
    return table.assign(explanation=table["analysis"].map(verdicts.set_index("analysis")["sentence"]))


def _pair(fact: str) -> tuple[tuple[str, str], float]:
    """Return the two arms that a fact is about, and the day on which the shorter programme ends."""
    pair, _, day = fact.removeprefix(LENGTHS).partition(UNTIL)
    one, _, other = pair.partition(AGAINST)
    return (one, other), float(day)


def facts(tables: Mapping[str, pd.DataFrame], rules: ReleaseRules) -> pd.DataFrame:
    """Return what the records say of deaths, of observation that ends with care, and of how long treatment lasts.

    The last names the arms in which completed treatment lasts unlike, and the day on which the shorter ends.
    """
    said, cohort, outcomes = [], tables.get("cohort"), tables.get("outcomes")
    if cohort is not None and len(cohort):
        n = int((cohort["end_reason"].astype("str") == "death").sum())
        said.append((DEATHS, n, _DIED if n else "No death is on record."))
        if outcomes is not None and ends_with_care(cohort, outcomes, rules.min_cell):
            said.append((OBSERVATION, np.nan, _ENDS_WITH_CARE))
        if outcomes is not None:
            pairs = unlike_lengths(cohort, outcomes, rules.min_cell).items()
            said += [
                (f"{LENGTHS}{one}{AGAINST}{other}{UNTIL}{day:.0f}", np.nan, _LENGTHS) for (one, other), day in pairs
            ]
            asked = tables["estimate"]["outcome"].astype("str").unique() if "estimate" in tables else ()
            cut = cut_short(cohort, outcomes, asked, lambda counts: _told(counts, rules))
            said += [(f"{CUT}{' '.join(one)}", np.nan, _CUT) for one in cut]
    found = pd.DataFrame(said, columns=["fact", "n", "sentence"]).astype({"n": float})
    return found.assign(is_of_people=found["fact"] == DEATHS)


def _told(counts: np.ndarray, rules: ReleaseRules) -> np.ndarray:
    """Return counts as closely as they may be known: rounded, and small ones, nought with them, all the same."""
    rounded = rules.rounded(counts)
    return np.where((counts == 0) | rules.small(counts), 0.0, rounded)


def facts_told(released: Mapping[str, Released]) -> dict[str, str]:
    """Return the sentences of :func:`facts` by their name."""
    if "facts" not in released:
        return {}
    table = released["facts"].frame
    said = zip(table["fact"].astype("str"), table["n"], table["sentence"].astype("str"), strict=True)
    return {
        fact: _SOME_DIED if sentence_ == _DIED and np.isnan(n) else sentence_.format(n=f"{n:,.0f}")
        for fact, n, sentence_ in said
    }
