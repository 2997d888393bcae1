"""Which drug tests count where one arm was tested more often than the other: one of each stretch of days, by its day.

Whoever is tested three times a week is found positive more often than whoever is tested once, whatever they use. The
test kept is the one due nearest a fixed day of the stretch. It is chosen by day, never by result: a test that was due
on that day and refused is kept as refused, and no other takes its place.
"""

from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray


class Thinning(NamedTuple):
    """One test is kept of every ``every_days`` days from time zero, that nearest to day ``on_day`` of them (from 0)."""

    every_days: int = 7
    on_day: int = 0


def kept_by_day(
    person: NDArray[np.generic], day: NDArray[np.floating], due: NDArray[np.bool_], thinning: Thinning
) -> NDArray[np.bool_]:
    """Return which rows are of the one day kept of each person and stretch.

    Parameters
    ----------
    person : ndarray of shape (n,)
    day : ndarray of shape (n,)
        Since time zero.
    due : ndarray of bool, shape (n,)
        Rows that may be chosen: of tests that were due. The others are not kept.
    thinning : Thinning

    Returns
    -------
    ndarray of bool, shape (n,)
        All rows of a day kept, so that a panel of several substances stays whole; of two days as near the earlier.
    """
    stretch = np.floor(day / thinning.every_days)
    away = np.abs(day - stretch * thinning.every_days - thinning.on_day)
    rows = pd.DataFrame({"person": person, "stretch": stretch, "away": away, "day": day, "row": np.arange(len(day))})
    rows = rows[due]
    first = rows.sort_values(["away", "day"], kind="stable").drop_duplicates(["person", "stretch"])
    chosen = rows.merge(first[["person", "day"]], on=["person", "day"])["row"]
    kept = np.zeros(len(day), dtype=bool)
    kept[chosen.to_numpy()] = True
    return kept
