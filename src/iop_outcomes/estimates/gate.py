"""The gate's decision on estimates: shown, shown with a warning, or withheld with their numbers gone."""

import numpy as np
import pandas as pd

from iop_outcomes.designs.judge.concerns import concerns
from iop_outcomes.designs.judge.gate import FAIL
from iop_outcomes.study.outcome import outcome_of
from iop_outcomes.study.view import Readable
from iop_outcomes.tables.comparison import of_arms
from iop_outcomes.tables.estimate import FLAGGED, WITHHELD, may_be_shown

#: What is taken out of the row of an analysis that is withheld.
_NUMBERS = ["value", "se", "ci_low", "ci_high", "n_events"]


def apply_gate(estimate: pd.DataFrame, diagnostic: pd.DataFrame, study: Readable) -> pd.DataFrame:
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
        concerned = of_arms(failed, study.contrast(analysis), analysis.design)
        outcome = outcome_of(study, analysis.outcome)
        concerned &= failed["check"].astype("str").map(lambda check, of=outcome: concerns(check, of)).astype(bool)
        reasons = failed.loc[concerned, "reason"].tolist()
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
