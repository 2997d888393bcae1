"""What a verdict knows from where the arm can have no effect: use before time zero, and negative-control outcomes."""

from typing import Any

import numpy as np

from iop_outcomes.conclude.evidence import NO_INTERVAL, interval_of
from iop_outcomes.conclude.rows import Rows
from iop_outcomes.study import Study
from iop_outcomes.tables.controls import (
    CALIBRATED,
    CONTROLS,
    EASE,
    placebo_fails,
)
from iop_outcomes.tables.measure import MEASURES


def known_without_effect(rows: Rows, study: Study, name: str) -> dict[str, Any]:
    """Return what the checks ``placebo`` and ``negative_controls`` found of an analysis, for its ``Evidence``.

    The placebo is of a design and its two arms, and so speaks of every analysis under them; of people who were assigned
    by chance it says nothing.

    Parameters
    ----------
    rows : Rows
        Those of the analysis.
    study : Study
    name : str
        The analysis.

    Returns
    -------
    dict
        ``placebo_failed``, ``ease``, ``calibrated``.
    """
    found: dict[str, Any] = {"placebo_failed": _placebo_failed(rows, study, name)}
    own = rows.controls
    if own.empty:
        return found | {"ease": np.nan, "calibrated": NO_INTERVAL}
    ease = own.loc[own["measure"] == EASE, "value"].to_numpy(float)
    ratio = own[(own["scenario"].astype("str") == f"{CONTROLS}: {CALIBRATED}") & own["measure"].isin(MEASURES)]
    return found | {
        "ease": float(ease[0]) if len(ease) else np.nan,
        "calibrated": interval_of(ratio.iloc[0]) if len(ratio) else NO_INTERVAL,
    }


def _placebo_failed(rows: Rows, study: Study, name: str) -> bool:
    analysis = study.analyses[name]
    mine = rows.placebos.get((analysis.design, *study.contrast(analysis)))
    if mine is None or analysis.randomised:
        return False
    return any(placebo_fails(row, study.gate.max_smd) for row in mine)
