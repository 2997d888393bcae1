"""What an estimate of a figure is in words: with its interval, and all of them one after the other."""

import pandas as pd

from iop_outcomes.kernel.errors import counted
from iop_outcomes.release import words
from iop_outcomes.release.figures import telling
from iop_outcomes.tables.estimate import ADJUSTED, has_interval, is_contrast, may_be_shown


def interval(row: pd.Series) -> str:
    """Return an estimate with its interval in the unit of its axis, without the unit."""
    scale, decimals = (100.0, 1) if row["unit"] == "share" else (1.0, 2 if row["unit"] == "ratio" else 1)
    value, low, high = (words.number(row[c] * scale, decimals) for c in ("value", "ci_low", "ci_high"))
    return f"{value} ({low} to {high})" if has_interval(row) else f"{value} (no interval)"


def says(table: pd.DataFrame) -> str:
    """Say what each analysis found, the first of them, and how many may not be shown."""
    contrasts = table[is_contrast(table, ADJUSTED)]
    may = may_be_shown(contrasts) & contrasts["value"].notna()
    shown, hidden = contrasts[may], contrasts.loc[~may, "analysis"].nunique()
    said = [
        f"{row['outcome_words']}, {_measure(row)}: {interval(row)}." for _, row in shown.head(telling.READ).iterrows()
    ]
    said.append(telling.further(len(shown), "difference"))
    if hidden:
        said.append(f"Not shown, with the reason in their place: {counted(hidden, 'analysis', 'analyses')}.")
    return telling.joined(said)


def _measure(row: pd.Series) -> str:
    unit = "" if row["unit"] == "ratio" else f", {'percentage points' if row['unit'] == 'share' else row['unit']}"
    return f"{words.plain(row['measure'])}{unit}"
