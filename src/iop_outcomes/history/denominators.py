"""What counts as an opportunity to attend: denominator policies by name, with a version.

Rates of attendance differ by what they are divided by. A policy is part of a published number, so that its rules never
change without a new version.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from iop_outcomes.history.history import History
from iop_outcomes.history.result import or_missing
from iop_outcomes.tables.canonical import NOT_OFFERED

Denominator = Literal["strict", "standard", "plan"]

#: Version of the policies below; it goes up when one of them comes to count differently.
VERSION = 1

#: Absences nobody holds against a person: illness, hospital, jail, court.
EXCUSED = ("excused",)

SOURCE = f"Denominator policies of this project, version {VERSION}: strict, standard and plan"


@dataclass(frozen=True)
class Policy:
    """One denominator.

    Attributes
    ----------
    left_out : tuple of str
        Statuses of sessions that do not count.
    meaning : str
        The rule in words.
    """

    left_out: tuple[str, ...]
    meaning: str


POLICIES: dict[str, Policy] = {
    "strict": Policy(
        NOT_OFFERED,
        "Every session but those the programme cancelled, closed or moved; the one it was moved to counts.",
    ),
    "standard": Policy(NOT_OFFERED + EXCUSED, "As strict, and without excused sessions."),
    "plan": Policy(
        NOT_OFFERED + EXCUSED,
        "The hours prescribed for the time observed, booked or not: after dropout nobody books sessions, and rates on "
        "booked sessions flatter those who leave. Hours attended are divided by them.",
    ),
}


def policies() -> pd.DataFrame:
    """Return the policies as a table: name, version, statuses left out, rule in words."""
    rows = [(name, VERSION, ", ".join(policy.left_out), policy.meaning) for name, policy in POLICIES.items()]
    return pd.DataFrame(rows, columns=["name", "version", "left_out", "meaning"])


def planned_days(history: History, window_days: int) -> np.ndarray:
    """Return the days of a window that are observed and belong to the planned length of treatment, if there is one.

    Dropout does not shorten them; death and the end of observation do.
    """
    observed = np.minimum(history.follow_up_days, window_days).astype(float)
    return np.fmin(observed, 7 * or_missing(history, "prescribed_weeks"))


def planned_minutes(history: History, window_days: int) -> np.ndarray:
    """Return the minutes prescribed for the planned days of a window; missing where nothing is on record."""
    return or_missing(history, "prescribed_hours_per_week") * 60 * planned_days(history, window_days) / 7
