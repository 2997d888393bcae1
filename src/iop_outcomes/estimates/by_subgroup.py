"""The pre-specified subgroups of a study: its analyses asked again in every level, and whether the levels differ."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from iop_outcomes import tables
from iop_outcomes.designs.comparison import Comparison
from iop_outcomes.designs.modifiers import levels_by_person
from iop_outcomes.designs.stage import read_comparisons
from iop_outcomes.estimates.answer import Answer
from iop_outcomes.estimates.gate import apply_gate
from iop_outcomes.estimates.question import Question
from iop_outcomes.estimates.sample import take_sample
from iop_outcomes.estimates.several_arms import data_for
from iop_outcomes.estimates.stage import question_of
from iop_outcomes.estimates.subgroups import Level, answers_by_level, interaction, levels_of, rows_by_level
from iop_outcomes.estimates.subgroups_of_frame import size_of
from iop_outcomes.kernel.errors import EstimationError, StudyError
from iop_outcomes.kernel.registry import ESTIMATORS
from iop_outcomes.stats.multiplicity import adjust_p_values
from iop_outcomes.study.gate import Gate
from iop_outcomes.study.view import StudyView
from iop_outcomes.tables.argument import LARGEST_IMBALANCE
from iop_outcomes.tables.estimate import ADJUSTED, ARM, CONTRAST, FLAGGED, MAIN, REFUSED, SHOWN, WITHHELD
from iop_outcomes.tables.measure import MEAN, measure_of

#: What is taken out of the row of a level that is withheld.
_NUMBERS = ["value", "se", "ci_low", "ci_high", "n_events"]
Answers = Sequence[tuple[Level, Answer | StudyError]]


def run(
    study: StudyView, made: dict[str, pd.DataFrame], *, tell: Callable[[str], None], folder: Path
) -> dict[str, pd.DataFrame]:
    """Ask the analyses named under ``subgroups`` again in every level: the stage ``subgroups``."""
    rows, tests = [], []
    of_metrics = made["refusal"].query("kind == 'metric'")
    refused = dict(zip(of_metrics["name"].astype("str"), of_metrics["reason"].astype("str"), strict=True))
    outcomes = made["outcomes"].set_index("member_id")
    for name in study.subgroups.asked(study):
        analysis = study.analyses[name]
        arms = study.contrast(analysis)
        comparisons, refusals = read_comparisons(
            made["covariates"], made["propensity"], made["diagnostic"], study, analysis.design
        )
        reason = refusals.get(arms) or refused.get(analysis.outcome)
        if reason:
            rows.append(_refused(study, name, reason))
            tell(f"{name}: refused, {reason}")
            continue
        data = outcomes.reindex(comparisons[arms].population.members.index)
        for own, test in _by_modifier(study, name, comparisons[arms], data, made):
            rows.append(own)
            tests.append(test)
        tell(f"{name}: done")
    found = pd.concat(rows, ignore_index=True).reindex(columns=tables.empty("subgroup").columns)
    return {
        "subgroup": apply_gate(found, made["diagnostic"], study),
        "interaction": holm(pd.concat(tests, ignore_index=True)) if tests else tables.empty("interaction"),
    }


def _by_modifier(
    study: StudyView, name: str, comparison: Comparison, data: pd.DataFrame, made: dict[str, pd.DataFrame]
) -> Iterator[tuple[pd.DataFrame, pd.DataFrame]]:
    """Yield the rows of every modifier of an analysis, and the tests of its levels."""
    analysis = study.analyses[name]
    plugin = ESTIMATORS[analysis.estimator]
    settings = plugin.check_in_study(analysis.settings, f"analyses.{name}")
    question = question_of(study, name, data_for(plugin, data, comparison))
    covariates = made["covariates"].set_index("member_id")
    measures = both_scales(question, comparison)

    def asking(restricted: Comparison) -> Answer:
        try:
            answer: Answer = plugin(question, restricted, **settings)
            return answer
        except np.linalg.LinAlgError:
            # Of a level of few people a model may have more to fit than there is to see.
            raise EstimationError("too few people for the models of outcome and of who is observed") from None

    labels = {"analysis": name, "outcome": analysis.outcome, "kind": ADJUSTED, "design": analysis.design}
    labels |= {"estimator": plugin.name, "estimand": comparison.speaks_for, "scenario": MAIN}
    for modifier, own in study.subgroups.by.items():
        levels = levels_of(comparison, levels_by_person(own, covariates, modifier))
        faults = {level.population: fault_inside(size_of(level), study.gate) for level in levels}
        # What will be withheld is not looked at.
        asked = [level for level in levels if faults[level.population].status != WITHHELD]
        answers = answers_by_level(asked, asking)
        parts = [rows_by_level([answer], measures) for answer in answers]
        parts += [_silent(level, measures) for level in levels if level not in asked]
        rows = with_everybody(pd.concat(parts, ignore_index=True), levels, measures)
        rows = judged_inside(rows.assign(modifier=modifier, **labels), faults)
        yield rows, _tests(modifier, answers, measures, comparison).assign(analysis=name)


def both_scales(question: Question, comparison: Comparison) -> list[str]:
    """Return the difference and the ratio of means: a contrast that is alike on one scale differs on the other."""
    binary = take_sample(question, comparison).kind == "binary"
    return ["risk_difference", "risk_ratio"] if binary else ["mean_difference", "mean_ratio"]


@dataclass(frozen=True)
class Fault:
    """What is to be done with a level, why, and its largest difference left; shown, and empty, where nothing is."""

    status: str
    reason: str
    max_smd: float


def fault_inside(size: Mapping[str, Any], gate: Gate) -> Fault:
    """Return whether a level is too small for the gate, or the arms are not alike inside it.

    Parameters
    ----------
    size : mapping
        ``ess_first``, ``ess_second``, ``max_smd``, as ``size_of`` gives them.
    gate : Gate
        Effective size asked of each arm, largest difference allowed, and what happens otherwise.
    """
    smd = float(size["max_smd"])
    withheld = FLAGGED if gate.on_failure == "flag" else WITHHELD
    if not (size["n_first"] and size["n_second"]):
        return Fault(WITHHELD, "nobody of the level is in one of the arms", smd)
    if min(size["ess_first"], size["ess_second"]) < gate.min_ess:
        reason = f"too few people: the gate asks for an effective size of {gate.min_ess:g} in each arm of a level"
        return Fault(withheld, reason, smd)
    if smd > LARGEST_IMBALANCE:
        reason = "the arms are not alike inside this level: too far apart for a model to make up for"
        return Fault(withheld, reason, smd)
    if smd > gate.max_smd:
        reason = "the arms are alike on the whole and less so inside this level, so that nothing follows from it alone"
        return Fault(FLAGGED, reason, smd)
    return Fault(SHOWN, "", smd)


def _silent(level: Level, measures: Sequence[str]) -> pd.DataFrame:
    """Return the row of a level that is not asked, one for each scale."""
    first, second = level.comparison.arms
    row = {"role": CONTRAST, "arm": first, "against": second, "status": WITHHELD, "population": level.population}
    return pd.DataFrame([row | {"measure": measure} for measure in measures])


def with_everybody(rows: pd.DataFrame, levels: Sequence[Level], measures: Sequence[str]) -> pd.DataFrame:
    """Return rows in the order of the levels, with both arms of each: people of all are guarded, shown or not."""
    parts = []
    for level in levels:
        own = rows[rows["population"] == level.population]
        absent = [arm for arm in level.comparison.arms if not ((own["role"] == ARM) & (own["arm"] == arm)).any()]
        status = own["status"].iloc[0]
        both = [{"role": ARM, "arm": arm, "against": "", "measure": MEAN, "status": status} for arm in absent]
        parts += [own.assign(level=level.label)]
        if both:
            parts += [pd.DataFrame(both).assign(level=level.label, population=level.population)]
    return pd.concat(parts, ignore_index=True)


def judged_inside(rows: pd.DataFrame, faults: Mapping[str, Fault]) -> pd.DataFrame:
    """Return the rows of the levels of a modifier with status and reason; those withheld have no numbers."""
    rows = rows.copy()
    rows["reason"] = rows["reason"].astype("object") if "reason" in rows else None
    rows["max_smd"] = rows["population"].map({population: fault.max_smd for population, fault in faults.items()})
    for population, fault in faults.items():
        mine = ((rows["population"] == population) & (rows["status"] != REFUSED)).to_numpy()
        if fault.status == SHOWN or not mine.any():
            continue
        rows.loc[mine, "status"], rows.loc[mine, "reason"] = fault.status, fault.reason
        if fault.status == WITHHELD:
            rows.loc[mine, _NUMBERS] = np.nan
    return rows


def _tests(modifier: str, answers: Answers, measures: Sequence[str], comparison: Comparison) -> pd.DataFrame:
    """Return the test on each scale, of the levels that are not withheld."""
    every, found = comparison.population.cluster, []
    for measure in measures:
        if not answers:
            found.append({"modifier": modifier, "measure": measure, "reason": "no level is shown"})
            continue
        test = interaction(answers, measure, cluster=every)
        own = {name: getattr(test, name) for name in ("modifier", "measure", "wald", "df", "p_value", "reason")}
        found.append(own | {"levels": "; ".join(test.levels)})
    return pd.DataFrame(found)


def holm(tests: pd.DataFrame) -> pd.DataFrame:
    """Return tests with p-values adjusted for how many modifiers and analyses were looked at, scale by scale."""
    made = tests.reindex(columns=tables.empty("interaction").columns)
    made["p_adjusted"] = np.nan
    for _, own in made.groupby(made["measure"].map(lambda name: measure_of(name).scale), sort=False):
        made.loc[own.index, "p_adjusted"] = adjust_p_values(own["p_value"].to_numpy(float), "holm")
    return made


def _refused(study: StudyView, name: str, reason: str) -> pd.DataFrame:
    """Return a row for every modifier of an analysis that could not be made."""
    analysis = study.analyses[name]
    first, second = study.contrast(analysis)
    row = {
        "analysis": name,
        "outcome": analysis.outcome,
        "role": CONTRAST,
        "arm": first,
        "against": second,
        "kind": ADJUSTED,
        "design": analysis.design,
        "estimator": analysis.estimator,
        "estimand": "none",
        "measure": analysis.measures[0] or "none",
        "scenario": MAIN,
        "status": REFUSED,
        "reason": reason,
        "level": "any",
    }
    return pd.DataFrame([row | {"modifier": m, "population": f"{m} = any"} for m in study.subgroups.by])
