"""What the columns of the ``estimate`` table say, so that nobody has to read it out of a sentence."""

from typing import overload

import numpy as np
import pandas as pd
from numpy.typing import NDArray

#: What a row is: first arm against second, one arm's own mean, or a check of an analysis.
CONTRAST, ARM, CHECK = "contrast", "arm", "check"
#: Under the design, or the cohort as it was seen.
ADJUSTED, NAIVE = "adjusted", "naive"
#: Of whom everybody counts, and the scenario in which nothing was changed.
EVERYBODY, MAIN = "everybody", "main"
SHOWN, FLAGGED, WITHHELD, REFUSED = "shown", "flagged", "withheld", "refused"
STATUS = (SHOWN, FLAGGED, WITHHELD, REFUSED)

#: Estimator whose naive contrast stands beside every adjusted one, so that a reader sees what adjustment did, and for
#: whom it holds: no design chose them.
UNADJUSTED, AS_SEEN = "unadjusted", "as seen"

KEY = ("analysis", "role", "arm", "against", "kind", "measure", "population", "scenario", "day")


def is_contrast(table: pd.DataFrame, kind: str | None = None) -> pd.Series:
    """Return which rows compare two arms, of one kind or of both."""
    found = table["role"] == CONTRAST
    return found if kind is None else found & (table["kind"] == kind)


def may_be_shown(table: pd.DataFrame) -> pd.Series:
    """Return which rows are neither withheld nor refused."""
    return table["status"].isin([SHOWN, FLAGGED])


def by_analysis(table: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return the rows of each analysis, found once: to seek each among all takes long where there are hundreds."""
    # Of a few rows plain text is sooner compared than text in columns of Arrow or in categories.
    text = table.select_dtypes(exclude=["number", "bool"]).columns
    # Copied, columns of one type are taken apart together and not each by itself.
    table = table.astype(dict.fromkeys(text, "object")).copy()
    return {str(name): rows for name, rows in table.groupby("analysis", sort=False)}


@overload
def has_interval(rows: pd.DataFrame) -> NDArray[np.bool_]: ...
@overload
def has_interval(rows: pd.Series) -> np.bool_: ...
def has_interval(rows: pd.DataFrame | pd.Series) -> NDArray[np.bool_] | np.bool_:
    """Return which rows, or whether one row, have both ends of an interval; without, there is no verdict.

    A sentence that speaks of an interval looks here first.
    """
    # Of one row both are taken by name: hundreds of them are asked, and a selection takes a hundred times as long.
    ends = (rows["ci_low"], rows["ci_high"])
    known: NDArray[np.bool_] = np.isfinite(np.asarray(ends, dtype=float))
    return known.all(axis=0)
