"""What a verdict knows from where the arm can have no effect: use before time zero, and negative-control outcomes."""

from typing import Any

import numpy as np
import pandas as pd

from iop_outcomes.conclude.evidence import NO_INTERVAL, interval_of
from iop_outcomes.study import Study
from iop_outcomes.tables.controls import (
    CALIBRATED,
    CONTROLS,
    EASE,
    PLACEBO_DIFFERENCE,
    placebo_fails,
)
from iop_outcomes.tables.estimate import CHECK, may_be_shown
from iop_outcomes.tables.measure import MEASURES


def known_without_effect(estimate: pd.DataFrame, study: Study, name: str) -> dict[str, Any]:
    """Return what the checks ``placebo`` and ``negative_controls`` found of an analysis, for its ``Evidence``.

    The placebo is of a design and its two arms, and so speaks of every analysis under them; of people who were assigned
    by chance it says nothing.

    Parameters
    ----------
    estimate : pandas.DataFrame
        Table of that contract, or as released.
    study : Study
    name : str
        The analysis.

    Returns
    -------
    dict
        ``placebo_failed``, ``ease``, ``calibrated``.
    """
    checks = estimate[(estimate["role"] == CHECK) & may_be_shown(estimate)]
    own = checks[checks["analysis"].astype("str") == name]
    ease = own.loc[own["measure"] == EASE, "value"].to_numpy(float)
    ratio = own[(own["scenario"].astype("str") == f"{CONTROLS}: {CALIBRATED}") & own["measure"].isin(MEASURES)]
    return {
        "placebo_failed": _placebo_failed(checks, study, name),
        "ease": float(ease[0]) if len(ease) else np.nan,
        "calibrated": interval_of(ratio.iloc[0]) if len(ratio) else NO_INTERVAL,
    }


def _placebo_failed(checks: pd.DataFrame, study: Study, name: str) -> bool:
    analysis = study.analyses[name]
    if analysis.randomised:
        return False
    first, second = study.contrast(analysis)
    mine = (checks["measure"] == PLACEBO_DIFFERENCE) & (checks["design"].astype("str") == analysis.design)
    mine &= (checks["arm"].astype("str") == first) & (checks["against"].astype("str") == second)
    return any(placebo_fails(row, study.gate.max_smd) for _, row in checks[mine].iterrows())
