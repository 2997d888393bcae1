"""The ledger: each claim of the field against the one kind of analysis that may speak to it.

A claim of participation is answered by strategies that were followed and by nothing else; what a programme is made of
is measured, and answered by nothing that stands here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from iop_outcomes.conclude.claims import Held, hold
from iop_outcomes.conclude.field import SEPARATOR
from iop_outcomes.conclude.judging import Judged
from iop_outcomes.study import Study
from iop_outcomes.study.outcome import good_sign, outcome_of
from iop_outcomes.tables.conclusion import (
    BETTER,
    CONTRADICTED,
    DIFFERENT,
    FURTHER,
    INCONCLUSIVE,
    NO_DIFFERENCE,
    NOT_SUPPORTED,
    NOT_TESTABLE,
    REFUSED,
    SUPPORTED,
    WITHHELD,
    WORSE,
)
from iop_outcomes.tables.estimate import SHOWN
from iop_outcomes.tables.measure import DIFFERENCE, measure_of

#: What a verdict makes of a claim that something is better.
_OF_VERDICT = {
    BETTER: SUPPORTED,
    WORSE: NOT_SUPPORTED,
    NO_DIFFERENCE: NOT_SUPPORTED,
    WITHHELD: NOT_TESTABLE,
    REFUSED: NOT_TESTABLE,
}


#: Levels of care that the claims are about: an intensive outpatient programme, and outpatient care.
IOP, OUTPATIENT = "2.1", "1"


@dataclass(frozen=True)
class Found:
    """Everything a study found that a claim may rest on.

    Attributes
    ----------
    judged : tuple of Judged
        Verdicts on its analyses.
    participation : (str, str) or None
        Verdict on its strategies, and the sentence that says so.
    costs : mapping of str to (str, str)
        Verdict by perspective, and sentence.
    components : mapping of str to str
        What the arms had of a component, in words.
    subgroups : mapping of str to (str, str)
        Verdict by modifier of the first analysis that was asked again, and sentence.
    subgroup : pandas.DataFrame
        Contrasts by level.
    sentences : mapping of str to str
        Verdict in words by analysis.
    """

    judged: tuple[Judged, ...] = ()
    participation: tuple[str, str] | None = None
    costs: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    components: Mapping[str, str] = field(default_factory=dict)
    subgroups: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    subgroup: pd.DataFrame = field(default_factory=pd.DataFrame)
    sentences: Mapping[str, str] = field(default_factory=dict)


def ledger(claims: pd.DataFrame, found: Found, study: Study) -> pd.DataFrame:
    """Return a row per claim: ``name``, ``claim``, ``verdict``, ``rests_on``, ``why``, ``source``, ``evidence``.

    Parameters
    ----------
    claims : pandas.DataFrame
        Table ``field_claim``.
    found : Found
    study : Study
    """
    rows = []
    for _, claim in claims.iterrows():
        verdict, rests_on, why = _held(claim, found, study)
        own = {name: str(claim[name]) for name in ("name", "claim", "source", "evidence")}
        rows.append(own | {"verdict": verdict, "rests_on": rests_on, "why": why})
    columns = ["name", "claim", "verdict", "rests_on", "why", "source", "evidence"]
    return pd.DataFrame(rows, columns=columns)


def _held(claim: pd.Series, found: Found, study: Study) -> tuple[str, str, str]:
    """Return the verdict on a claim, what it rests on, and why."""
    needs, asks = str(claim["needs"]), str(claim["asks"])
    if asks == "component":
        return _of_component(str(claim["name"]), found, needs)
    if asks == "participation":
        return _of_participation(found, study, needs)
    if asks == "costs":
        return _of_costs(found, study, needs)
    if asks == "subgroup":
        return _of_subgroup(str(claim["modifiers"]).split(SEPARATOR), found, study, needs)
    return _of_contrast(str(claim["metrics"]).split(SEPARATOR), found, study, needs)


def _of_component(name: str, found: Found, needs: str) -> tuple[str, str, str]:
    """Return that no analysis of a study may speak to a component, and what was measured of it."""
    why = f"Nothing here compares programmes that differ in this alone. It needs {needs}."
    if name not in found.components:
        return NOT_TESTABLE, "", why
    return NOT_TESTABLE, "", f"Measured, which says nothing of what it does: {found.components[name]}. {why}"


def _is_level(study: Study, arm: str, level: str) -> bool:
    """Return whether everybody of an arm is assigned to one level of care."""
    asked = study.cohort.arms[arm].get("level_of_care")
    return asked in (level, [level])


def speaks_of_iop(study: Study, analysis: str) -> bool:
    """Return whether an analysis sets an intensive outpatient programme against outpatient care, as the claims do."""
    first, second = study.contrast(study.analyses[analysis])
    return _is_level(study, first, IOP) and _is_level(study, second, OUTPATIENT)


def _other_arms(needs: str) -> tuple[str, str, str]:
    return NOT_TESTABLE, "", f"The study asks this of other arms than IOP and outpatient care. It needs {needs}."


def _of_participation(found: Found, study: Study, needs: str) -> tuple[str, str, str]:
    if found.participation is None or study.participation is None:
        return NOT_TESTABLE, "", f"The study holds no strategies of attending against each other. It needs {needs}."
    if not all(_is_level(study, arm, IOP) for arm in study.participation.arms_of(study)):
        return _other_arms(needs)
    verdict, sentence = found.participation
    return _OF_VERDICT.get(verdict, INCONCLUSIVE), "participation", sentence


def _of_costs(found: Found, study: Study, needs: str) -> tuple[str, str, str]:
    if not found.costs or study.costs is None:
        return NOT_TESTABLE, "", f"The study sets no costs beside its effects. It needs {needs}."
    if not speaks_of_iop(study, study.costs.asked(study)):
        return _other_arms(needs)
    # The claim is of costs to all where these were counted, and else of whoever comes first.
    perspective = "society" if "society" in found.costs else next(iter(found.costs))
    verdict, sentence = found.costs[perspective]
    return _OF_VERDICT.get(verdict, INCONCLUSIVE), f"costs: {perspective}", sentence


def _of_contrast(metrics: list[str], found: Found, study: Study, needs: str) -> tuple[str, str, str]:
    """Return what the study's first answer about one of some outcomes makes of the claim that it is better."""
    outcomes = {one.name: outcome_of(study, study.analyses[one.name].outcome) for one in found.judged}
    # The claim says which metric comes first, so that nobody takes the one that came out best.
    asked = [
        one
        for metric in metrics
        for one in found.judged
        if one.place != FURTHER and metric in (outcomes[one.name].metric, outcomes[one.name].name)
    ]
    of_iop = [one for one in asked if speaks_of_iop(study, one.name)]
    if asked and not of_iop:
        return _other_arms(needs)
    for one in of_iop[:1]:
        outcome = outcomes[one.name]
        verdict, _ = hold(Held(one.evidence, one.decision, outcome.good))
        why = found.sentences.get(one.name, "")
        if verdict == CONTRADICTED:
            return NOT_SUPPORTED, one.name, f"The data show the opposite. {why}".strip()
        return verdict, one.name, why
    return NOT_TESTABLE, "", f"The study has no analysis of it. It needs {needs}."


def _of_subgroup(modifiers: list[str], found: Found, study: Study, needs: str) -> tuple[str, str, str]:
    """Return what the levels of a modifier make of the claim that the first arm does better in the first of them."""
    name = next((name for name in modifiers if name in found.subgroups), None)
    if name is None:
        return NOT_TESTABLE, "", f"The study names no such subgroup. It needs {needs}."
    if study.subgroups and not speaks_of_iop(study, study.subgroups.asked(study)[0]):
        return _other_arms(needs)
    verdict, sentence = found.subgroups[name]
    if verdict != DIFFERENT:
        return _OF_VERDICT.get(verdict, INCONCLUSIVE), f"subgroups: {name}", sentence
    claimed = _claimed_level(name, study)
    if claimed is None:
        why = "The levels differ, and the study does not say of which the claim speaks."
        return INCONCLUSIVE, f"subgroups: {name}", why
    if _best_in(claimed, name, found.subgroup, study):
        return SUPPORTED, f"subgroups: {name}", f"It does more in “{claimed}” than in the other levels. {sentence}"
    return (
        NOT_SUPPORTED,
        f"subgroups: {name}",
        f"The levels differ, and it is not “{claimed}” that gains most. {sentence}",
    )


def _claimed_level(name: str, study: Study) -> str | None:
    """Return the level that a claim is of: the first that the study lists, or the highest band."""
    own = study.subgroups.by[name] if study.subgroups else None
    if own is None or not (own.levels or own.cut):
        return None
    return next(iter(own.levels)) if own.levels else f"{own.cut[-1]:g} or more"


def _best_in(claimed: str, modifier: str, subgroup: pd.DataFrame, study: Study) -> bool:
    """Return whether the claimed level is shown, lies wholly on the good side, and gains more than every other."""
    mine = subgroup[(subgroup["modifier"].astype("str") == modifier) & (subgroup["role"] == "contrast")]
    mine = mine[mine["status"].astype("str") == SHOWN]
    mine = mine[mine["measure"].map(lambda measure: measure_of(measure).scale == DIFFERENCE)]
    own = mine[mine["level"].astype("str") == claimed]
    if own.empty:
        return False
    row = own.iloc[0]
    good = good_sign(outcome_of(study, str(row["outcome"])), str(row["measure"]))
    ends = sorted((good * row["ci_low"], good * row["ci_high"]))
    others = good * mine.loc[mine["level"].astype("str") != claimed, "value"].to_numpy(float)
    return bool(ends[0] > 0 and len(others) and np.all(good * row["value"] > others))
