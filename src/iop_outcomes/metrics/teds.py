"""Outcomes of the Treatment Episode Data Set: use before discharge, length of stay, mutual-help attendance.

TEDS records use in the past 30 days as none, some or daily, at admission and at discharge. "None" at discharge means
one thing for somebody who used at admission and another for somebody who did not (a fifth to a quarter: after detox,
jail or residential care), so that the two are separate outcomes. Discharge items are missing for a quarter to a third.
"""

from typing import Literal

import numpy as np
import pandas as pd

from iop_outcomes.history.assessments import item_by_name
from iop_outcomes.history.history import History
from iop_outcomes.history.result import either, or_missing, result
from iop_outcomes.history.windows import Days
from iop_outcomes.kernel.registry import metric

NEEDS = ("assessment.value",)
SOURCE = "TEDS-D codebook, FREQ1 to FREQ3 and FREQ1_D to FREQ3_D: 1 none, 2 some, 3 daily"
NO_USE_AT_ADMISSION = "no use at admission"
USE_AT_ADMISSION = "use at admission"
NOT_RECORDED_AT_ADMISSION = "use at admission not recorded"
NOT_RECORDED_AT_DISCHARGE = "use at discharge not recorded"
NONE, DAILY = 1, 3

#: The substance of the first position, or every substance the record names.
Substances = Literal["primary", "all"]

#: What becomes of people whose use at discharge was not recorded.
Missing = Literal["observed", "use"]


@metric(
    unit="yes or no",
    kind="binary",
    needs=NEEDS,
    missing="observed: not recorded at discharge gives no value; use: it counts as use; no use at admission: no value",
    source=SOURCE,
)
def became_abstinent(
    history: History, *, substances: Substances = "primary", missing: Missing = "observed"
) -> pd.DataFrame:
    """No use in the 30 days before discharge, among those who used in the 30 days before admission.

    Examples
    --------
    Daily use at admission, none at discharge; the second substance is still used.

        TEDS   0: FREQ1=3 FREQ1_D=1 FREQ2=2 FREQ2_D=2
        value  1
        value  0    substances=all

    Discharge items were not filled in.

        TEDS   0: FREQ1=2
        value  none: use at discharge not recorded
        value  0    missing=use

    Nothing was used at admission.

        TEDS   0: FREQ1=1 FREQ1_D=1
        value  none: no use at admission
    """
    return _abstinent(history, substances, missing, used_at_admission=True)


@metric(
    unit="yes or no",
    kind="binary",
    needs=NEEDS,
    missing="observed: not recorded at discharge gives no value; use: it counts as use; use at admission: no value",
    source=SOURCE,
)
def remained_abstinent(
    history: History, *, substances: Substances = "primary", missing: Missing = "observed"
) -> pd.DataFrame:
    """No use in the 30 days before discharge, among those who did not use in the 30 days before admission.

    Examples
    --------
        TEDS   0: FREQ1=1 FREQ1_D=1
        value  1

        TEDS   0: FREQ1=1 FREQ1_D=2
        value  0

        TEDS   0: FREQ1=3 FREQ1_D=1
        value  none: use at admission
    """
    return _abstinent(history, substances, missing, used_at_admission=False)


@metric(
    unit="yes or no",
    kind="binary",
    needs=("episode.stay_days_low",),
    missing="the recorded band of days holds both shorter and longer stays: no value",
    source="TEDS-D codebook, LOS: 1 to 30 days exactly, then bands to 365 and over",
)
def stay_over(history: History, *, days: Days = 90) -> pd.DataFrame:
    """Did the stay last longer than some days? Bands of days are never averaged.

    Known for certain at the ends of the bands (30, 45, 60, 90, 120, 180, 365 days). TEDS adds a day to outpatient
    stays, so that the first and the last day both count. Staying is not completing.

    Examples
    --------
    91 to 120 days.

        episode  stay_days_low=91 stay_days_high=120
        value    1    days=90
        value    0    days=120
        value    none: the recorded band of days spans this length    days=100

    More than 365 days.

        episode  stay_days_low=366 stay_days_high=none
        value    1    days=365
    """
    low = or_missing(history, "stay_days_low")
    high = or_missing(history, "stay_days_high")
    value = np.where(low > days, 1.0, np.where(high <= days, 0.0, np.nan))
    return result(
        history, value, either(np.isnan(low), "no length of stay", "the recorded band of days spans this length")
    )


@metric(
    unit="yes or no",
    kind="binary",
    needs=NEEDS,
    missing="not recorded at discharge, or a number of times that is not known to reach the one asked for: no value",
    source="TEDS-D codebook, FREQ_ATND_SELF_HELP_D: 1 none, 2 1-3 times, 3 4-7, 4 8-30, 5 some, number unknown",
)
def self_help_attendance(
    history: History, *, at_least: Literal[1, 4, 8] = 1, among: Literal["everybody", "new"] = "everybody"
) -> pd.DataFrame:
    """Attended mutual-help groups at least so many times in the 30 days before discharge.

    ``new`` looks at those only who attended none in the 30 days before admission. It is not attendance of the
    programme's sessions.

    Examples
    --------
        TEDS   0: FREQ_ATND_SELF_HELP=1 FREQ_ATND_SELF_HELP_D=3
        value  1
        value  0    at_least=8
        value  1    among=new

    Some, number unknown.

        TEDS   0: FREQ_ATND_SELF_HELP=2 FREQ_ATND_SELF_HELP_D=5
        value  1
        value  none: number of times not known    at_least=4
        value  none: attended at admission already    among=new
    """
    before = item_by_name(history, "TEDS", "FREQ_ATND_SELF_HELP", 5)
    after = item_by_name(history, "TEDS", "FREQ_ATND_SELF_HELP_D", 5)
    some, least_code = 5, {1: 2, 4: 3, 8: 4}[at_least]
    unclear = (after == some) & (at_least > 1)
    left_out = (before != 1) & (among == "new")
    value = np.where(np.isnan(after) | unclear | left_out, np.nan, after >= least_code)
    reason = either(unclear, "number of times not known", "attendance at discharge not recorded")
    at_admission = either(np.isnan(before), "attendance at admission not recorded", "attended at admission already")
    return result(history, value, either(left_out, at_admission, reason))


def _abstinent(history: History, substances: Substances, missing: Missing, used_at_admission: bool) -> pd.DataFrame:
    before, after = _use(history, substances, ""), _use(history, substances, "_D")
    used_before, known_before = _used(before, before)
    used_after, known_after = _used(after, before)
    eligible = known_before & (used_before == used_at_admission)
    value = np.where(known_after | (missing == "use"), (~used_after & known_after).astype(float), np.nan)
    other = NO_USE_AT_ADMISSION if used_at_admission else USE_AT_ADMISSION
    why_not = either(known_before, other, NOT_RECORDED_AT_ADMISSION)
    return result(history, np.where(eligible, value, np.nan), either(eligible, NOT_RECORDED_AT_DISCHARGE, why_not))


def _use(history: History, substances: Substances, when: str) -> np.ndarray:
    """Return codes of use by member and position of the substance."""
    positions = (1,) if substances == "primary" else (1, 2, 3)
    return np.column_stack([item_by_name(history, "TEDS", f"FREQ{position}{when}", DAILY) for position in positions])


def _used(codes: np.ndarray, at_admission: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return whether anything was used, and whether that is known.

    Use of one substance settles it; for no use, the first substance and every other one that the record names at
    admission must be none.
    """
    used = (codes > NONE).any(axis=1)
    due = ~np.isnan(at_admission)
    due[:, 0] = True
    return used, used | ((codes == NONE) | ~due).all(axis=1)
