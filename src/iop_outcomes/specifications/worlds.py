"""Who is compared, from when, on what: the members under one arm rule and time zero, with all that is known of them."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import pandas as pd

from iop_outcomes.cohort import hindsight
from iop_outcomes.cohort import stage as cohort_stage
from iop_outcomes.dataset import covariates
from iop_outcomes.dataset.metric_values import compute_metrics
from iop_outcomes.dataset.outcomes import build_outcomes
from iop_outcomes.history.history import History
from iop_outcomes.specifications.naming import MAIN_RULE, designs_of
from iop_outcomes.study.view import StudyView

Tables = dict[str, pd.DataFrame]


def worlds(study: StudyView, records: Mapping[str, pd.DataFrame]) -> Iterator[tuple[str, str, StudyView, Tables]]:
    """Yield arm rule, time zero, the study as it then is, and the tables that designs and estimators read.

    Parameters
    ----------
    study : StudyView
    records : mapping of str to DataFrame
        Canonical tables.
    """
    asked = study.specifications
    rules = {MAIN_RULE: {}} | dict(asked.arm_rules)
    for rule, arms in rules.items():
        for time_zero in asked.all_time_zeros(study):
            selection = {**study.cohort.arms, **arms}
            cohort = study.cohort.model_copy(update={"arms": selection, "time_zero": time_zero})
            varied = varied_study(study, cohort)
            yield rule, time_zero, varied, _tables(varied, records)


def varied_study(study: StudyView, cohort: object) -> StudyView:
    """Return the study with another cohort, its outcomes alone, and every design under every trimming."""
    asked = study.specifications
    contrast = study.contrast(study.analyses[asked.asked(study)])
    designs = designs_of(study)
    return study.changed(
        cohort=cohort,
        metrics={name: study.metrics[name] for name in asked.all_outcomes(study)},
        designs={one.name: one.design for one in designs},
        contrasts_by_design={one.name: [contrast] for one in designs},
    )


def _tables(study: StudyView, records: Mapping[str, pd.DataFrame]) -> Tables:
    made = dict(records) | cohort_stage.run(study, dict(records), tell=_silent, folder=Path())
    history = History.of(made["cohort"], made, study.outcome_rules, care=study.care)
    values, refusal = compute_metrics(history, study, made["capability"])
    made |= {"metric_value": values, "refusal": refusal}
    made |= covariates.run(study, made, tell=_silent, folder=Path())
    made |= hindsight.run(study, made, tell=_silent, folder=Path())
    return made | {"outcomes": build_outcomes(history, values, None, study.events)}


def _silent(_: str) -> None:
    """Tell nobody."""
