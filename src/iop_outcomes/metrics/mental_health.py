"""Depression and anxiety by PHQ-9 and GAD-7: scores, response, remission, reliable change.

A score is the sum of the answers. Where up to ``max_missing_items`` answers lack, the sum of the others is scaled up to
all items; with more lacking there is no score. The follow-up form is the last one from day ``from_day`` to ``to_day``,
the baseline form the last one of the 30 days up to time zero, else the first of the seven days after it.
"""

from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
import pandas as pd
from pydantic import Field, NonNegativeInt

from iop_outcomes.history.assessments import at_baseline, forms, last_between
from iop_outcomes.history.history import History
from iop_outcomes.history.result import result
from iop_outcomes.kernel.registry import metric


@dataclass(frozen=True)
class Scale:
    """A questionnaire whose score is the sum of answers 0 to 3.

    Attributes
    ----------
    n_items : int
    reliable_change : float
        Points by which two scores must differ to be more than error of measurement.
    """

    n_items: int
    reliable_change: float


#: Cut-offs of change from Gyani et al. 2013, Behav Res Ther 51:597-606, not checked against the paper.
SCALES = {"PHQ9": Scale(9, reliable_change=6), "GAD7": Scale(7, reliable_change=4)}
HIGHEST_ANSWER = 3
BASELINE_DAYS = (-30, 7)

Instrument = Literal["PHQ9", "GAD7"]
NEEDS = ("assessment.value",)
KROENKE = "Kroenke, Spitzer & Williams 2001, 10.1046/j.1525-1497.2001.016009606.x"
SPITZER = "Spitzer et al. 2006, 10.1001/archinte.166.10.1092"
NO_BASELINE = "no scorable form at baseline"
NO_FOLLOW_UP = "no scorable form at follow-up"
MISSING = "no scorable form at baseline or at follow-up: no value"


@metric(
    unit="points",
    kind="continuous",
    needs=NEEDS,
    missing="up to two answers lacking: scaled up; more, or no form between the days: no value",
    source=f"PHQ-9: {KROENKE}; GAD-7: {SPITZER}; scaling up is a rule of this project",
    better="lower",
)
def symptom_score(
    history: History,
    *,
    instrument: Instrument = "PHQ9",
    from_day: int = 14,
    to_day: int = 180,
    max_missing_items: NonNegativeInt = 2,
) -> pd.DataFrame:
    """Score of the last form filled in between two days: 0 to 27 for PHQ-9, 0 to 21 for GAD-7.

    Examples
    --------
        PHQ9   90: 3 2 1 0 1 1 0 1 0
        value  9
        value  none: no scorable form at follow-up    to_day=60

    One answer lacks: eight answers add up to 8.

        PHQ9   90: 3 2 1 0 1 1 0 . 0
        value  8*9/8
        value  none: no scorable form at follow-up    max_missing_items=0

    An answer of 7 is no answer.

        GAD7   90: 3 2 1 0 7 1 0
        value  7*7/6    instrument=GAD7
    """
    _, after = _scores(history, instrument, from_day, to_day, max_missing_items)
    return result(history, after, NO_FOLLOW_UP)


@metric(
    unit="points",
    kind="continuous",
    needs=NEEDS,
    missing=MISSING,
    source=f"PHQ-9: {KROENKE}; GAD-7: {SPITZER}",
    better="lower",
)
def symptom_change(
    history: History,
    *,
    instrument: Instrument = "PHQ9",
    from_day: int = 14,
    to_day: int = 180,
    max_missing_items: NonNegativeInt = 2,
) -> pd.DataFrame:
    """Score at follow-up less score at baseline; below zero is better.

    Examples
    --------
        PHQ9   0: 3 3 3 2 1 1 1 1 1
        PHQ9   90: 1 1 1 1 1 1 0 0 0
        value  6-16

        PHQ9   90: 1 1 1 1 1 1 0 0 0
        value  none: no scorable form at baseline
    """
    before, after = _scores(history, instrument, from_day, to_day, max_missing_items)
    return result(history, after - before, _lacking(before))


@metric(
    unit="yes or no",
    kind="binary",
    needs=NEEDS,
    missing=MISSING + "; nor below the baseline score asked for",
    source="50 percent reduction from a baseline of 10 or more; the same for GAD-7 is not checked",
)
def symptom_response(
    history: History,
    *,
    instrument: Instrument = "PHQ9",
    min_baseline: float = 10,
    min_reduction: float = 0.5,
    from_day: int = 14,
    to_day: int = 180,
    max_missing_items: NonNegativeInt = 2,
) -> pd.DataFrame:
    """Did the score fall by at least half, among those with at least ten points at baseline?

    Examples
    --------
    From 16 to 8 points.

        PHQ9   0: 3 3 3 2 1 1 1 1 1
        PHQ9   90: 1 1 1 1 1 1 1 1 0
        value  1
        value  0    min_reduction=0.6
        value  none: below the baseline score asked for    min_baseline=17
    """
    before, after = _scores(history, instrument, from_day, to_day, max_missing_items)
    value = np.where(before >= min_baseline, after <= (1 - min_reduction) * before, np.nan)
    return result(history, np.where(np.isnan(after), np.nan, value), _lacking(before, min_baseline))


@metric(
    unit="yes or no",
    kind="binary",
    needs=NEEDS,
    missing=MISSING + "; nor below the baseline score asked for",
    source="PHQ-9 or GAD-7 below 5 at follow-up, from a baseline of 10 or more",
)
def symptom_remission(
    history: History,
    *,
    instrument: Instrument = "PHQ9",
    min_baseline: float = 10,
    below: float = 5,
    from_day: int = 14,
    to_day: int = 180,
    max_missing_items: NonNegativeInt = 2,
) -> pd.DataFrame:
    """Was the score below five at follow-up, among those with at least ten points at baseline?

    Examples
    --------
        GAD7   0: 3 3 3 2 1 1 1
        GAD7   90: 1 1 1 1 0 0 0
        value  1    instrument=GAD7
        value  0    instrument=GAD7 below=4
    """
    before, after = _scores(history, instrument, from_day, to_day, max_missing_items)
    value = np.where(before >= min_baseline, after < below, np.nan)
    return result(history, np.where(np.isnan(after), np.nan, value), _lacking(before, min_baseline))


@metric(
    unit="yes or no",
    kind="binary",
    needs=NEEDS,
    missing=MISSING,
    source="PHQ-9 6 points, GAD-7 4 points: Gyani et al. 2013, Behav Res Ther 51:597-606; values not checked",
)
def reliable_change(
    history: History,
    *,
    instrument: Instrument = "PHQ9",
    direction: Literal["improved", "worse"] = "improved",
    points: Annotated[float, Field(gt=0)] | None = None,
    from_day: int = 14,
    to_day: int = 180,
    max_missing_items: NonNegativeInt = 2,
) -> pd.DataFrame:
    """Did the score change by more than error of measurement: 6 points on PHQ-9, 4 on GAD-7, or as ``points`` says?

    With ``direction=worse`` yes is the bad answer.

    Examples
    --------
    From 16 to 10 points.

        PHQ9   0: 3 3 3 2 1 1 1 1 1
        PHQ9   90: 2 2 1 1 1 1 1 1 0
        value  1
        value  0    points=7
        value  0    direction=worse
    """
    before, after = _scores(history, instrument, from_day, to_day, max_missing_items)
    fall = before - after if direction == "improved" else after - before
    needed = SCALES[instrument].reliable_change if points is None else points
    value = np.where(np.isnan(fall), np.nan, fall >= needed)
    return result(history, value, _lacking(before))


def _scores(
    history: History, instrument: Instrument, from_day: int, to_day: int, max_missing_items: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return the scores at baseline and at follow-up by member; NaN where there is none."""
    scale = SCALES[instrument]
    found = forms(history, instrument, scale.n_items, HIGHEST_ANSWER)
    answered = np.count_nonzero(~np.isnan(found.answers), axis=1)
    enough = answered >= max(scale.n_items - max_missing_items, 1)
    score = np.where(enough, np.nansum(found.answers, axis=1) * scale.n_items / np.maximum(answered, 1), found.total)
    usable = ~np.isnan(score)
    score = np.append(score, np.nan)
    before = at_baseline(history, found, usable, *BASELINE_DAYS)
    return score[before], score[last_between(history, found, usable, from_day, to_day)]


def _lacking(before: np.ndarray, min_baseline: float = -np.inf) -> np.ndarray:
    low = np.where(before < min_baseline, "below the baseline score asked for", NO_FOLLOW_UP)
    return np.where(np.isnan(before), NO_BASELINE, low)
