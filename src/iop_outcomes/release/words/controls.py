"""What checks found where the arm can do nothing, and how strong a confounder would have to be, in words."""

import numpy as np
import pandas as pd

from iop_outcomes.release import words
from iop_outcomes.tables.controls import (
    CALIBRATED_P,
    EASE,
    LARGEST_EASE,
    PARTIAL_R2,
    PLACEBO_DIFFERENCE,
    ROBUSTNESS_VALUE,
)


def controls_in_words(row: pd.Series) -> str:
    """Return the result of such a check as sentences, empty for a row of another.

    Parameters
    ----------
    row : pandas.Series
        Of the ``estimate`` table as released.
    """
    say = _SAID.get(str(row["measure"]))
    return say(row) if say else ""


def _placebo(row: pd.Series) -> str:
    period = str(row["se_method"]).partition(",")[0].rpartition(" on ")[2]
    low, high = (words.number(row[end], 2) for end in ("ci_low", "ci_high"))
    return (
        f"In use on {period or 'days before time zero'}, which no arm can have made, the arms differ by "
        f"{words.number(row['value'], 2)} standard deviations ({low} to {high}) under the same design{_by_chance(row)}."
    )


def _by_chance(row: pd.Series) -> str:
    if not row["ci_low"] <= 0 <= row["ci_high"]:
        return ""
    return "; chance could explain that, which does not show them alike in what nobody recorded"


def _ease(row: pd.Series) -> str:
    off = float(np.expm1(row["value"]))
    judged = "which is more than may be" if row["value"] > LARGEST_EASE else "which is within what may be"
    return (
        f"Where the arm can do nothing, the comparison is expected to be off by {words.number(row['value'], 2)} of a "
        f"log ratio (a factor of {words.number(1 + off, 2)}), {judged} ({LARGEST_EASE:g}). "
        f"{words.sentences(words.signed(str(row['se_method'])))}."
    )


def _calibrated_p(row: pd.Series) -> str:
    p_value = f"p = {words.number(row['value'], 3)}" if row["value"] >= 0.001 else "p < 0.001"
    return f"With that error taken into account, {p_value}."


def _robustness(row: pd.Series) -> str:
    limit, share = float(row["ci_low"]), words.percent(row["value"])
    if not limit > 0:
        return (
            "The interval includes no difference, so that there is nothing to explain away; the estimate alone would "
            f"take something unrecorded that explains {share} of what is left of both the arm and the outcome."
        )
    said = (
        f"Something unrecorded would have to explain {share} of what is left of both the arm and the outcome to "
        "explain the difference away"
    )
    return f"{said}; {words.percent(limit)} would do to move the interval to no difference."


def _partial(row: pd.Series) -> str:
    share = 100 * float(row["value"])
    shown = "less than 0.1%" if share < 0.1 else f"{words.number(share, 1)}%"
    return f"Of what the covariates leave of the outcome the arm explains {shown}."


_SAID = {
    PLACEBO_DIFFERENCE: _placebo,
    EASE: _ease,
    CALIBRATED_P: _calibrated_p,
    ROBUSTNESS_VALUE: _robustness,
    PARTIAL_R2: _partial,
}
