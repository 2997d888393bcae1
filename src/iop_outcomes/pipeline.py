"""The whole road in one call, in memory: for notebooks, simulations and tests. The workflow does the same in files."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd

from iop_outcomes import tables
from iop_outcomes.cohort.build import build_cohort
from iop_outcomes.conclude.stage import apply_gate, run_checks
from iop_outcomes.dataset.members import build_covariates, build_outcomes
from iop_outcomes.dataset.metric_values import compute_metrics
from iop_outcomes.describe.stage import describe
from iop_outcomes.designs.stage import build_design, read_comparisons
from iop_outcomes.estimates.stage import estimate_design
from iop_outcomes.history.history import History
from iop_outcomes.ingest.stage import ingest
from iop_outcomes.study import Study


def run_study(
    study: Study, folder: str | Path = ".", tell: Callable[[str], None] = lambda _: None
) -> dict[str, pd.DataFrame]:
    """Return every table that the workflow would make of a study up to its release.

    Parameters
    ----------
    study : Study
        From ``study.load`` or ``study.parse``.
    folder : path
        Folder that the relative paths of the study start from.
    tell : callable
        Gets a line per metric, design and analysis, for progress.

    Returns
    -------
    dict of str to DataFrame
        Contract tables by name. They describe single people: what may be shared is made by ``release.stage.build``.
    """
    made = ingest(study, folder)
    made["cohort"], made["attrition"] = build_cohort(made, study.cohort)
    history = History.of(made["cohort"], made, study.outcome_rules, care=study.care)
    made["metric_value"], refusal = compute_metrics(history, study, made["capability"], tell)
    made |= describe(history, made["capability"], cluster=study.cluster)
    made["refusal"] = pd.concat([refusal, made["refusal"]], ignore_index=True)
    names = [*study.covariates, *study.describe_by]
    made["covariates"] = build_covariates(made["cohort"], made, names, study.cluster)
    weekly = made["weekly"] if study.has_repeated_outcome else None
    made["outcomes"] = build_outcomes(history, made["metric_value"], weekly)
    parts = [_under_one_design(study, design, made, tell) for design in study.designs]
    for name in ("propensity", "balance", "diagnostic", "estimate", "curve"):
        frames = [part[name] for part in parts]
        made[name] = pd.concat(frames, ignore_index=True) if frames else tables.empty(name)
    made["estimate"] = apply_gate(made["estimate"], made["diagnostic"], study)
    made["estimate"] = pd.concat([made["estimate"], run_checks(made["estimate"], study)], ignore_index=True)
    return made


def _under_one_design(study: Study, design: str, made: dict[str, pd.DataFrame], tell) -> dict[str, pd.DataFrame]:
    part = build_design(made["covariates"], made["capability"], study, design, tell)
    comparisons, refusals = read_comparisons(made["covariates"], part["propensity"], part["diagnostic"], study, design)
    refused = made["refusal"].set_index("name")["reason"].to_dict()
    part["estimate"], part["curve"] = estimate_design(
        study, design, comparisons, refusals, made["outcomes"], refused, tell
    )
    return part
