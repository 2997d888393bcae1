"""The analyses of a study under one design: every one keeps its row, also when it may not be shown or cannot be had."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pandas as pd

from iop_outcomes import tables
from iop_outcomes.designs.comparison import Comparison
from iop_outcomes.designs.stage import read_comparisons
from iop_outcomes.estimates.answer import Answer
from iop_outcomes.estimates.question import Question, asks_of_risk
from iop_outcomes.estimates.several_arms import data_for
from iop_outcomes.kernel.errors import StudyError
from iop_outcomes.kernel.registry import ESTIMATORS
from iop_outcomes.kernel.seeds import seed_of
from iop_outcomes.study import Analysis
from iop_outcomes.study.names import IN_TIME, TIME_IN_CARE, TIME_TO, WEEKLY_URINE
from iop_outcomes.study.view import Readable, StudyView
from iop_outcomes.tables.estimate import (
    ADJUSTED,
    AS_SEEN,
    CONTRAST,
    EVERYBODY,
    MAIN,
    NAIVE,
    REFUSED,
    SHOWN,
    UNADJUSTED,
)


def run(
    study: StudyView, made: dict[str, pd.DataFrame], *, tell: Callable[[str], None], folder: Path, design: str
) -> dict[str, pd.DataFrame]:
    """Estimate every analysis of one design: the stage ``estimate``."""
    comparisons, refusals = read_comparisons(made["covariates"], made["propensity"], made["diagnostic"], study, design)
    of_metrics = made["refusal"].query("kind == 'metric'")
    refused = dict(zip(of_metrics["name"].astype("str"), of_metrics["reason"].astype("str"), strict=True))
    told = estimate_design(study, design, comparisons, refusals, made["outcomes"], refused, tell)
    return dict(zip(("estimate", "curve", "incidence"), told, strict=True))


def estimate_design(
    study: Readable,
    design: str,
    comparisons: dict[tuple[str, str], Comparison],
    refusals: dict[tuple[str, str], str],
    outcomes: pd.DataFrame,
    refused_outcomes: dict[str, str],
    tell: Callable[[str], None] = lambda _: None,
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Estimate every analysis of the study that uses one design.

    Parameters
    ----------
    study : Study
        Names the analyses.
    design : str
        Name of the design.
    comparisons : dict
        The contrasts that could be designed, by their two arms.
    refusals : dict
        Why the others could not, in a sentence.
    outcomes : pandas.DataFrame
        Table of that contract.
    refused_outcomes : dict
        Metrics the source cannot give, with the reason.
    tell : callable
        Gets a line per analysis, for progress.

    Returns
    -------
    estimate, curve, incidence : pandas.DataFrame
        Tables of those contracts; what is withheld is decided later, by the gate.
    """
    outcomes = outcomes.set_index("member_id")
    rows, curves, incidences = [], [], []
    for name, analysis in study.analyses.items():
        if analysis.design != design:
            continue
        arms = study.contrast(analysis)
        refusal = refusals.get(arms) or refused_outcomes.get(analysis.outcome, "")
        if refusal:
            rows.append(_refused(name, analysis, arms, refusal))
            tell(f"{name}: refused, {refusal}")
            continue
        comparison = comparisons[arms]
        data = outcomes.reindex(comparison.population.members.index)
        rows.append(_estimated(name, analysis, comparison, data, study))
        rows.append(_estimated(name, analysis, _unadjusted(comparison), data, study, naive=True))
        if analysis.outcome == TIME_IN_CARE and data["retention_days"].notna().any():
            curves.append(_curve(name, data.reindex(comparison.members.index), comparison))
        if analysis.outcome in TIME_TO and data["care_ended_by"].notna().any():
            incidences.append(_incidence(name, data.reindex(comparison.members.index), comparison))
        tell(f"{name}: done")
    columns = tables.empty("estimate").columns
    estimate = pd.concat(rows, ignore_index=True).reindex(columns=columns) if rows else tables.empty("estimate")
    curve = pd.concat(curves, ignore_index=True) if curves else tables.empty("curve")
    incidence = pd.concat(incidences, ignore_index=True) if incidences else tables.empty("incidence")
    return estimate, curve, incidence


def _unadjusted(comparison: Comparison) -> Comparison:
    """Return the arms as they are: everybody counts the same, and there is nothing to adjust for."""
    members = comparison.members.assign(weight=1.0)
    nothing = comparison.covariates.iloc[:, :0]
    return replace(comparison, members=members, covariates=nothing, settings=None, together=None, terms=())


def _estimated(
    name: str, analysis: Analysis, comparison: Comparison, data: pd.DataFrame, study: Readable, naive: bool = False
) -> pd.DataFrame:
    """Return the rows of one estimator for every measure asked for; each arm's own mean once."""
    # Means have a plain estimator of their own; other outcomes are naive when the same estimator adjusts for nothing.
    of_means = analysis.outcome not in (*IN_TIME, WEEKLY_URINE)
    plugin = ESTIMATORS[UNADJUSTED if naive and of_means else analysis.estimator]
    settings = {} if plugin.name == UNADJUSTED else analysis.settings
    kind = NAIVE if naive else ADJUSTED
    try:
        question = question_of(study, name, data_for(plugin, data, comparison))
        answer: Answer = plugin(question, comparison, **plugin.check_in_study(settings, f"analyses.{name}"))
        rows = answer.rows(analysis.measures)
    except StudyError as error:
        return _refused(name, analysis, comparison.arms, str(error), kind)
    return rows.assign(
        analysis=name,
        outcome=analysis.outcome,
        kind=kind,
        design=analysis.design,
        estimator=UNADJUSTED if naive else plugin.name,
        estimand=AS_SEEN if naive else comparison.speaks_for,
        population=EVERYBODY,
        scenario=MAIN,
        status=SHOWN,
    )


def question_of(study: Readable, name: str, data: pd.DataFrame) -> Question:
    """Return what an analysis of a study asks; mean times go to the last day of its follow-up."""
    analysis = study.analyses[name]
    return Question(
        data,
        analysis.outcome,
        of_risk=asks_of_risk(analysis.measures),
        horizon=max(study.cohort.follow_up_days - 1, 1),
        seed=seed_of(study.seed, name),
    )


def _refused(name: str, analysis: Analysis, arms: tuple[str, str], reason: str, kind: str = ADJUSTED) -> pd.DataFrame:
    row = {
        "analysis": name,
        "outcome": analysis.outcome,
        "role": CONTRAST,
        "arm": arms[0],
        "against": arms[1],
        "kind": kind,
        "design": analysis.design,
        "estimator": UNADJUSTED if kind == NAIVE else analysis.estimator,
        "estimand": AS_SEEN if kind == NAIVE else analysis.estimand or "none",
        "measure": analysis.measures[0] or "none",
        "population": EVERYBODY,
        "scenario": MAIN,
        "status": REFUSED,
        "reason": reason,
    }
    return pd.DataFrame([row])


def _curve(name: str, data: pd.DataFrame, comparison: Comparison) -> pd.DataFrame:
    from iop_outcomes.estimates.survival_curves import survival_curves

    return survival_curves(data, comparison).assign(analysis=name)


def _incidence(name: str, data: pd.DataFrame, comparison: Comparison) -> pd.DataFrame:
    from iop_outcomes.estimates.incidence_curves import incidence_curves

    return incidence_curves(data, comparison).assign(analysis=name)
