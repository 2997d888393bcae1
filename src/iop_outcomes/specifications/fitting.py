"""Every specification of one world: designs made once, and each outcome asked of each by every estimator."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from iop_outcomes.designs import stage as designs
from iop_outcomes.designs.comparison import Comparison
from iop_outcomes.designs.judge.concerns import concerns
from iop_outcomes.designs.judge.gate import FAIL
from iop_outcomes.estimates.means import Means
from iop_outcomes.estimates.question import Question
from iop_outcomes.estimates.several_arms import data_for
from iop_outcomes.kernel.errors import StudyError
from iop_outcomes.kernel.registry import DESIGN_METHODS, ESTIMATORS
from iop_outcomes.kernel.seeds import seed_of
from iop_outcomes.specifications.naming import Trimmed, designs_of
from iop_outcomes.study.outcome import outcome_of
from iop_outcomes.study.view import StudyView
from iop_outcomes.tables.estimate import REFUSED, SHOWN, WITHHELD

#: What a person's outcome must be for an estimate: a difference of shares or of means of shares.
_MEASURES = {True: "risk_difference", False: "mean_difference"}


@dataclass(frozen=True)
class Specification:
    """One specification: what was chosen, and what it found.

    Attributes
    ----------
    row : dict
        Columns of the ``specification`` contract but for those of the world.
    added : Series or None
        What each site, or each person where there are no sites, adds to the estimate, by its label.
    """

    row: dict[str, Any]
    added: pd.Series | None = field(default=None, repr=False)


def specifications(original: StudyView, study: StudyView, made: dict[str, pd.DataFrame]) -> Iterator[Specification]:
    """Yield every specification of one world.

    Parameters
    ----------
    original : StudyView
        The study as its file says it.
    study : StudyView
        As ``worlds`` varied it.
    made : dict of str to DataFrame
        Tables of that world.
    """
    for trimmed in designs_of(original):
        built = designs.run(study, made, tell=_silent, folder=Path(), design=trimmed.name)
        comparisons, refusals = designs.read_comparisons(
            made["covariates"], built["propensity"], built["diagnostic"], study, trimmed.name
        )
        contrast = study.contrasts_by_design[trimmed.name][0]
        failed = built["diagnostic"][built["diagnostic"]["status"] == FAIL]
        for outcome, estimator in _asked(original, trimmed):
            chosen = {
                "outcome": outcome,
                "design": trimmed.origin,
                "trimming": trimmed.trimming,
                "estimator": estimator,
            }
            reason = _withheld(failed, study, outcome)
            if contrast not in comparisons:
                yield Specification({**chosen, "status": REFUSED, "reason": refusals[contrast]})
            elif reason:
                yield Specification({**chosen, "status": WITHHELD, "reason": reason})
            else:
                yield _fitted(chosen, original, comparisons[contrast], made["outcomes"])


def _asked(study: StudyView, trimmed: Trimmed) -> Iterator[tuple[str, str]]:
    """Yield the outcomes and estimators that go with a design."""
    asked, estimand = study.specifications, DESIGN_METHODS[trimmed.design.method].estimand
    for outcome in asked.all_outcomes(study):
        kind = study.metric(outcome)[0].kind_of_value
        for name in asked.all_estimators(study):
            estimator = ESTIMATORS[name]
            if kind in estimator.kinds and estimand in estimator.estimands:
                yield outcome, name


def _withheld(failed: pd.DataFrame, study: StudyView, outcome: str) -> str:
    """Return why the gate withholds an outcome under a design, empty where it does not."""
    asked = outcome_of(study, outcome)
    rows = zip(failed["check"].astype("str"), failed["reason"].astype("str"), strict=True)
    return " ".join(reason for check, reason in rows if concerns(check, asked))


def _fitted(chosen: dict[str, Any], study: StudyView, comparison: Comparison, outcomes: pd.DataFrame) -> Specification:
    """Return a specification with its estimate, turned so that more is better."""
    name, plugin = chosen["outcome"], ESTIMATORS[chosen["estimator"]]
    analysis = study.analyses[study.specifications.asked(study)]
    settings = analysis.settings if analysis.estimator == plugin.name else {}
    outcome = outcome_of(study, name)
    if name not in outcomes:
        return Specification({**chosen, "status": REFUSED, "reason": f"this source cannot give '{name}'"})
    data = outcomes.set_index("member_id").reindex(comparison.population.members.index)
    try:
        question = Question(
            data_for(plugin, data, comparison), name, outcome.kind == "binary", seed=seed_of(study.seed, name)
        )
        answer = plugin(question, comparison, **plugin.check_in_study(settings, "specifications"))
        found, _ = answer.estimates(_MEASURES[outcome.kind == "binary"])
    except StudyError as error:
        return Specification({**chosen, "status": REFUSED, "reason": str(error)})
    if not isinstance(answer, Means) or answer.arms.influence is None or not np.isfinite([found.value, found.se]).all():
        return Specification({**chosen, "status": REFUSED, "reason": found.reason or "it has no standard error"})
    ends = sorted((outcome.good * found.ci_low, outcome.good * found.ci_high))
    numbers = {"value": outcome.good * found.value, "se": found.se, "ci_low": ends[0], "ci_high": ends[1]}
    return Specification({**chosen, "status": SHOWN, **numbers, **_least(answer)}, _added(answer))


def _least(answer: Means) -> dict[str, float]:
    """Return the fewest people of an arm who are known, who have the outcome, and who have not."""
    arms = answer.counted[1:]
    binary = answer.sample.kind == "binary"
    return {
        "least_n": float(min(arm.n for arm in arms)),
        "least_with": float(min(arm.n_events for arm in arms)) if binary else np.nan,
        "least_without": float(min(arm.n - arm.n_events for arm in arms)) if binary else np.nan,
    }


def _added(answer: Means) -> pd.Series:
    population, influence = answer.comparison.population, answer.arms.influence
    assert influence is not None
    of_each = influence @ np.array([1.0, -1.0])
    labels = population.members.index if population.cluster is None else population.cluster.astype("str")
    return pd.Series(of_each, index=pd.Index(labels)).groupby(level=0, sort=True).sum()


def _silent(_: str) -> None:
    """Tell nobody."""
