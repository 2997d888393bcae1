"""From the estimates of a study to the ``verdict`` and ``claim`` tables, by the rules of ``verdict`` and ``claims``."""

from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from iop_outcomes.conclude import evidence as known
from iop_outcomes.conclude.claims import Held, hold
from iop_outcomes.conclude.controls import known_without_effect
from iop_outcomes.conclude.evidence import MISSING_RULE, Evidence, Look, interval_of
from iop_outcomes.conclude.facts import Facts, Known, seen_only_in_care
from iop_outcomes.conclude.families import answers, changed, is_crude
from iop_outcomes.conclude.missing_panel import deciding_in
from iop_outcomes.conclude.p_values import p_value
from iop_outcomes.conclude.rows import EveryRow, Rows
from iop_outcomes.conclude.verdict import Decision, decide
from iop_outcomes.stats.multiplicity import adjust_p_values
from iop_outcomes.study import Study
from iop_outcomes.study.margins import margin_of
from iop_outcomes.study.outcome import Outcome, good_sign, outcome_of
from iop_outcomes.tables.conclusion import BETTER, DIFFERENT, FURTHER, PRIMARY, SECONDARY, WORSE
from iop_outcomes.tables.estimate import REFUSED, SHOWN
from iop_outcomes.tables.measure import measure_of

#: The first answer may err 5 times in 100 where nothing differs. The others together may do so 1.5 times, so that all
#: verdicts of a study err at most 6.5 times; 5 times where the first answer has shown a difference.
FIRST, OTHERS, OTHERS_AFTER_A_DIFFERENCE = 0.05, 0.015, 0.05


@dataclass
class Judged:
    """One analysis on its way to a verdict."""

    name: str
    row: pd.Series
    place: str
    answer: str
    evidence: Evidence
    other_rules: pd.DataFrame
    known: Known | None = None
    p: float = np.nan
    decision: Decision = field(default_factory=lambda: Decision(REFUSED, ("refused",)))


def judge_study(estimate: pd.DataFrame, study: Study, facts: Facts | None = None) -> list[Judged]:
    """Return the verdict on every analysis of a study, in its order.

    Parameters
    ----------
    estimate : pandas.DataFrame
        Table of that contract, or as released.
    study : Study
        Analyses, margins, covariates.
    facts : Facts, optional
        Of how many people the outcomes are known, and whether observation ends with care.
    """
    facts, answer = facts or Facts(), answers(study)
    rows = EveryRow(estimate)
    judged = {name: _gathered(rows.of(name), study, facts, name, answer[name]) for name in study.analyses}
    beside = _beside(judged)
    looks = {name: _looks(study, judged[name], beside[name]) for name in judged}
    family = [j for j in judged.values() if j.place == SECONDARY and j.evidence.status == SHOWN]
    adjusted = adjust_p_values([j.p for j in family])
    p_adjusted = {j.name: p for j, p in zip(family, adjusted, strict=True)}
    allowed = OTHERS
    for name, own in judged.items():
        own.evidence = replace(
            own.evidence,
            looks=looks[name],
            missing=_missing(own.evidence.missing, looks[name], own.evidence.side),
            answer_side=_side_shown(judged[own.answer]) if own.place == FURTHER else 0,
            p_adjusted=p_adjusted.get(name, np.nan),
            p_allowed={PRIMARY: FIRST, SECONDARY: allowed}.get(own.place, np.nan),
        )
        own.decision = decide(own.evidence)
        if own.place == PRIMARY and own.decision.verdict in (BETTER, WORSE, DIFFERENT):
            allowed = OTHERS_AFTER_A_DIFFERENCE
    return list(judged.values())


def verdict_table(judged: list[Judged], study: Study) -> pd.DataFrame:
    """Return the ``verdict`` table of what :func:`judge_study` found."""
    return pd.DataFrame([_table_row(one, study) for one in judged])


def claim_verdicts(judged: list[Judged], study: Study) -> pd.DataFrame:
    """Return the ``claim`` table of what :func:`judge_study` found, without the explanation in words."""
    by_name, rows = {one.name: one for one in judged}, []
    for claim in study.claims:
        own = by_name[claim.analysis]
        better = outcome_of(study, str(own.row["outcome"])).good
        claimed = {"higher": 1, "lower": -1, "better": better}[claim.direction]
        verdict, code = hold(Held(own.evidence, own.decision, claimed))
        rows.append({"claim": claim.claim, "analysis": claim.analysis, "verdict": verdict, "reasons": code})
    return pd.DataFrame(rows, columns=["claim", "analysis", "verdict", "reasons"])


def main_rows(estimate: pd.DataFrame, analysis: str) -> pd.DataFrame:
    """Return the contrasts of an analysis under its design, as planned and for everybody: the first is judged."""
    return EveryRow(estimate).of(analysis).main


def _gathered(rows: Rows, study: Study, facts: Facts, name: str, answer: str) -> Judged:
    """Return what is known of one analysis by itself, from its rows and the checks of its comparison."""
    analysis = study.analyses[name]
    place = PRIMARY if name == next(iter(study.analyses)) else SECONDARY if answer == name else FURTHER
    row = pd.Series(_not_made(study, name)) if rows.main.empty else rows.main.iloc[0]
    outcome = outcome_of(study, analysis.outcome)
    seen = None if outcome.is_made_up else facts.known(analysis.outcome, study.contrast(analysis))
    measure = measure_of(row["measure"])
    unmeasured = not np.isfinite(row["value"]) and row["status"] in (SHOWN, "flagged")
    evidence = Evidence(
        interval_of(row),
        measure=measure.name,
        margin=measure.from_no_difference(margin_of(study, name, measure.name)),
        good=outcome.good if measure.follows else 0,
        status=REFUSED if unmeasured else str(row["status"]),
        place=place,
        crude=is_crude(study, analysis),
        warnings=tuple(facts.warnings(study.contrast(analysis), analysis.design, outcome)),
        only_those_who_stayed=seen_only_in_care(outcome, facts),
        known_of_leavers=facts.known_of_leavers(study.contrast(analysis), outcome),
        unlike_lengths=facts.planned_apart(study.contrast(analysis), outcome, measure.name, row["day"]),
        unlike_plans=facts.counts_what_is_planned(study.contrast(analysis), analysis.design, outcome),
        predicts=measure.predicts,
        others=tuple(interval_of(other) for _, other in rows.main.iloc[1:].iterrows()),
        missing=_missing_alone(outcome, seen),
        **known_without_effect(rows, study, name),
        least_share=rows.least_share() if outcome.unit_of(measure.name) == "share" else np.nan,
    )
    return Judged(name, row, place, answer, evidence, deciding_in(rows.panel, study, row), seen, p_value(row))


def _not_made(study: Study, name: str) -> dict[str, object]:
    analysis = study.analyses[name]
    first, second = study.contrast(analysis)
    numbers = dict.fromkeys(("value", "se", "ci_low", "ci_high", "day"), np.nan)
    said: dict[str, object] = {"status": REFUSED, "reason": "the analysis was not made"}
    names = {"analysis": name, "outcome": analysis.outcome, "arm": first, "against": second}
    return names | said | numbers | {"measure": analysis.measures[0], "design": analysis.design, "estimand": "none"}


def _missing_alone(outcome: Outcome, seen: Known | None) -> str:
    """Return whether what is missing could matter: too few are known, or something is made of what nobody saw."""
    few = seen is not None and seen.least < known.ENOUGH_KNOWN
    return known.UNEXAMINED if few or outcome.is_made_up else known.COMPLETE


def _missing(alone: str, looks: tuple[Look, ...], side: int) -> str:
    sides = [look.interval.side for look in looks if look.changes == MISSING_RULE]
    if not sides:
        return alone
    return known.AGREES if all(other == side for other in sides) else known.LEAVES_OPEN


def _beside(judged: dict[str, Judged]) -> dict[str, list[Judged]]:
    """Return beside each analysis those it answers for; beside a further look the answer is one."""
    found: dict[str, list[Judged]] = {name: [] for name in judged}
    for name, one in judged.items():
        if one.answer != name:
            found[one.answer].append(one)
    for name, one in judged.items():
        if one.answer != name:
            found[name].append(judged[one.answer])
    place = {name: number for number, name in enumerate(judged)}
    return {name: sorted(others, key=lambda one: place[one.name]) for name, others in found.items()}


def _looks(study: Study, own: Judged, beside: list[Judged]) -> tuple[Look, ...]:
    """Return the further looks at an analysis: its other missing rules, and the analyses beside it."""
    # To go through the rows of an empty table takes as long as to judge an analysis.
    rules = [row for _, row in own.other_rules.iterrows()] if len(own.other_rules) else []
    looks = [Look(str(row["scenario"]), MISSING_RULE, interval_of(row), str(row["measure"])) for row in rules]
    shown = [one for one in beside if one.evidence.status == SHOWN and _is_a_look(one.evidence)]
    looks += [
        Look(one.name, changed(study, one.name, own.name), one.evidence.interval, one.evidence.measure) for one in shown
    ]
    return tuple(look for look in looks if look.interval.exists)


def _is_a_look(evidence: Evidence) -> bool:
    """Return whether what an analysis found can confirm or contradict another."""
    differs_anyway = evidence.unlike_lengths or evidence.unlike_plans or evidence.known_of_leavers
    return not (evidence.crude or evidence.predicts or differs_anyway)


def _side_shown(judged: Judged) -> int:
    shows = judged.decision.verdict in (BETTER, WORSE, DIFFERENT)
    return judged.evidence.side if shows else 0


def _table_row(judged: Judged, study: Study) -> dict[str, object]:
    row, own = judged.row, judged.evidence
    measure = measure_of(row["measure"])
    direction = good_sign(outcome_of(study, str(row["outcome"])), measure.name)
    names = ("analysis", "outcome", "arm", "against", "design", "estimand")
    return {
        **{name: str(row[name]) if name in row else "" for name in names},
        "place": judged.place,
        "answer": judged.answer,
        "verdict": judged.decision.verdict,
        "reasons": "; ".join(judged.decision.codes),
        "measure": str(row["measure"]) or "none",
        **{name: float(row[name]) for name in ("day", "value", "ci_low", "ci_high")},
        "no_difference": measure.no_difference,
        "margin": margin_of(study, judged.name, measure.name),
        "better": {1: "higher", -1: "lower", 0: "neither"}[direction],
        "p_value": judged.p,
        "p_adjusted": own.p_adjusted,
        "p_allowed": own.p_allowed,
        "known_share": judged.known.share if judged.known else np.nan,
    }
