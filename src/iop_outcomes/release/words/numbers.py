"""The numbers of an estimate in words: a difference with its unit, an interval, a margin, the arms' own values."""

import numpy as np
import pandas as pd

from iop_outcomes.release import words
from iop_outcomes.tables.estimate import ADJUSTED, ARM

#: Below this share a percentage is given with a decimal.
RARE = 0.1


def decimals(unit: str) -> int:
    """Return with how many decimals a number in a unit is given."""
    return 2 if unit == "ratio" else 1


def scaled(value: float, unit: str) -> str:
    """Return a number in the unit it is printed in, without the unit: shares are percentage points."""
    return words.number(float(value) * (100 if unit == "share" else 1), decimals(unit))


def unit_words(unit: str) -> str:
    """Return a unit as it stands after a difference."""
    if unit == "share" or unit.startswith("percent"):
        return "percentage points"
    return "" if unit == "ratio" else unit


def size(value: float, unit: str) -> tuple[str, bool]:
    """Return the size of a difference with its unit, and whether it rounds to nothing."""
    text = scaled(abs(value), unit)
    return f"{text} {unit_words(unit)}".strip(), float(text.replace(",", "")) == 0


def interval(row: pd.Series, unit: str) -> str:
    """Return "4.1 to 12.7"; only for a row that has both ends."""
    return f"{scaled(row['ci_low'], unit)} to {scaled(row['ci_high'], unit)}"


def margin(value: float, unit: str) -> str:
    """Return the smallest difference that matters, with its unit; a ratio with its inverse."""
    if unit == "ratio":
        return f"a ratio of {value:g} (or {1 / value:.2g})"
    number = 100 * value if unit == "share" else value
    return f"{number:g} {unit_words(unit).removeprefix('percentage ')}"


def arms_values(row: pd.Series, table: pd.DataFrame) -> str:
    """Return the adjusted values of both arms, "46% against 38%", or nothing where they are not both there."""
    means: dict[str, tuple[float, str]] = {}
    columns = (table[name] for name in ("analysis", "kind", "role", "arm", "value", "unit"))
    for analysis, kind, role, arm, value, unit in zip(*columns, strict=True):
        if (str(analysis), kind, role) == (str(row["analysis"]), ADJUSTED, ARM) and pd.notna(value):
            means.setdefault(str(arm), (float(value), str(unit)))
    arms = [str(row["arm"]), str(row["against"])]
    if not set(arms) <= set(means):
        return ""
    values, unit = np.array([means[arm][0] for arm in arms]), means[arms[0]][1]
    if unit == "share":
        places = int(np.min(np.minimum(values, 1 - values)) < RARE)
        first, second = (words.percent(value, places) for value in values)
        return f"{first} against {second}"
    mark = "%" if unit.startswith("percent") else ""
    first, second = (f"{words.number(value)}{mark}" for value in values)
    return f"{first} against {second}"
