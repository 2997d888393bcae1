"""The attacker within: what could be worked out about a small count from everything that is to be shown.

The attacker here is stronger than a real one: all sums are known, and every count that is shown is known before
rounding. What this attacker cannot do nobody can do with the rounded tables. The attacker who has nothing but the files
is :mod:`iop_outcomes.release.attack`.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from iop_outcomes.release.disclosure.system import Block

_TOLERANCE = 1e-6
_FOUND = ["table", "row", "column", "low", "high", "lowest", "highest"]


def attack_together(system: Sequence[Block], hidden: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Bound every small count of several tables, from all of them together.

    Returns
    -------
    pandas.DataFrame
        One row per small count: table, row, column, low, high; lowest and highest are what it would be in at best.
        Where it can be as small, or as large, as it would be at best, no more is sought.
    """
    flags = {table: {column: frame[column].to_numpy(bool) for column in frame} for table, frame in hidden.items()}
    found = []
    for block in system:
        small = np.flatnonzero(block.small)
        if not len(small):
            continue
        unknown = np.array([all(flags[t][column][row] for t, row, column in cells) for cells in block.places])
        ranges = block.ranges(unknown)
        for cell in small:
            ends = ranges.low(cell, 1.0), ranges.high(cell, block.least[cell] - 1)
            found += [(*place, *ends, *_widest(block, cell, *ends)) for place in block.places[cell]]
    return pd.DataFrame(found, columns=_FOUND)


def told(found: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of :func:`attack_together` that tell more than that a count is small."""
    more = (found["low"] > found["lowest"] + _TOLERANCE) | (found["high"] < found["highest"] - _TOLERANCE)
    return found[more].reset_index(drop=True)


def _widest(block: Block, cell: int, low: float, high: float) -> tuple[float, float]:
    least, most = 1.0, block.least[cell] - 1
    return (least, most) if low <= least + _TOLERANCE and high >= most - _TOLERANCE else block.widest(cell)
