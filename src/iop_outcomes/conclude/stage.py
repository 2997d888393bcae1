"""After estimation: the gate decides what may be shown, and checks say how sure one can be."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from iop_outcomes.designs.judge.gate import FAIL
from iop_outcomes.kernel.registry import CHECKS
from iop_outcomes.study import Study
from iop_outcomes.study.view import StudyView
from iop_outcomes.tables.comparison import of_arms
from iop_outcomes.tables.estimate import ADJUSTED, CHECK, FLAGGED, WITHHELD, may_be_shown

#: What is taken out of the row of an analysis that is withheld.
_NUMBERS = ["value", "se", "ci_low", "ci_high", "n_events"]


def run(
    study: StudyView, made: dict[str, pd.DataFrame], *, tell: Callable[[str], None], folder: Path
) -> dict[str, pd.DataFrame]:
    """Gather the estimates of all designs, apply the gate and run the checks: the stage ``conclude``."""
    estimate = apply_gate(made["estimate"], made["diagnostic"], study)
    withheld = int((~may_be_shown(estimate.drop_duplicates("analysis"))).sum())
    tell(f"{estimate['analysis'].nunique()} analyses, {withheld} withheld or refused")
    return made | {"estimate": pd.concat([estimate, run_checks(estimate, study)], ignore_index=True)}


def apply_gate(estimate: pd.DataFrame, diagnostic: pd.DataFrame, study: Study) -> pd.DataFrame:
    """Withhold the analyses whose design failed a check, the unadjusted contrast with them.

    Parameters
    ----------
    estimate, diagnostic : pandas.DataFrame
        Tables of those contracts.
    study : Study
        Its gate says whether to withhold or to flag, and which analyses are shown all the same and why.

    Returns
    -------
    pandas.DataFrame
        ``estimate`` with ``status`` and ``reason``; the numbers of withheld rows are gone, so that nobody peeks.
    """
    failed = diagnostic[diagnostic["status"] == FAIL]
    frame = estimate.copy()
    frame["reason"] = frame["reason"].astype(object)
    for name, analysis in study.analyses.items():
        reasons = failed.loc[of_arms(failed, study.contrast(analysis), analysis.design), "reason"].tolist()
        mine = ((frame["analysis"] == name) & may_be_shown(frame)).to_numpy()
        if not reasons or not mine.any():
            continue
        frame.loc[mine, "status"] = FLAGGED
        if name in study.gate.override:
            frame.loc[mine, "reason"] = f"shown although the gate failed ({study.gate.override[name]}): {reasons[0]}"
        elif study.gate.on_failure == "flag":
            frame.loc[mine, "reason"] = f"to be read with caution: {' '.join(reasons)}"
        else:
            frame.loc[mine, "status"] = WITHHELD
            frame.loc[mine, "reason"] = " ".join(reasons)
            frame.loc[mine, _NUMBERS] = np.nan
    return frame


def run_checks(estimate: pd.DataFrame, study: Study) -> pd.DataFrame:
    """Return the rows of the study's sensitivity checks for every analysis that may be shown.

    Parameters
    ----------
    estimate : pandas.DataFrame
        After ``apply_gate``.
    study : Study
        Its ``sensitivity`` section names the checks.

    Returns
    -------
    pandas.DataFrame
        Rows of the ``estimate`` contract, with the check as their estimator.
    """
    shown = estimate[may_be_shown(estimate) & (estimate["kind"] == ADJUSTED)]
    rows = [
        CHECKS[name](shown, **CHECKS[name].check(settings)).assign(estimator=name, role=CHECK)
        for name, settings in study.checks()
    ]
    return pd.concat(rows, ignore_index=True) if rows else estimate.iloc[:0]
