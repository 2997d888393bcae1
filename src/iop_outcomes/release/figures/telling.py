"""Parts of the sentences that tell what a figure shows to those who do not see it."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from iop_outcomes.kernel.errors import counted
from iop_outcomes.release import words

#: So many rows are read out; the rest is in the table.
READ = 12


def not_shown(n: int, one: str, several: str = "") -> str:
    """Return how much may not be shown, empty for nothing."""
    return f"Not shown: {counted(n, one, several or f'{one}s')}." if n else ""


def further(n: int, one: str, several: str = "") -> str:
    """Return how many rows more than are read out the table has, empty for none."""
    more, several = n - READ, several or f"{one}s"
    return f"{counted(more, f'further {one} is', f'further {several} are')} in the table." if more > 0 else ""


def share(row: pd.Series, value: str = "value") -> str:
    """Return a share with its interval as percentages, without one where it has none."""
    low, high = row["ci_low"], row["ci_high"]
    interval = f" ({words.percent(low)} to {words.percent(high)})" if np.isfinite([low, high]).all() else ""
    return f"{words.percent(row[value])}{interval}"


def joined(sentences: Sequence[str]) -> str:
    """Return those of some sentences that say something."""
    return " ".join(said for said in sentences if said)
