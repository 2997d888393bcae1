"""Outcomes that are known of those who left and not of those who stayed, since observation of one arm was cut short.

Whoever left before the data were cut has left, whatever the day asked for; whoever was still in care then is unknown.
An arm that was opened later, or whose data end sooner, so looks like one that people leave. No weighting by what is
known of people mends that: who is unknown depends on the outcome itself.
"""

from collections.abc import Callable, Iterable, Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray

#: So much more of one arm than of the other may be unknown for being in care still when observation ended.
MORE = 0.05
Counts = Callable[[NDArray[np.float64]], NDArray[np.float64]]


def cut_short(
    cohort: pd.DataFrame, outcomes: pd.DataFrame, names: Iterable[str], told: Counts
) -> list[tuple[str, str, str]]:
    """Return outcomes and pairs of arms of which one has many more whose observation ended while they were in care.

    Parameters
    ----------
    cohort : pandas.DataFrame
        ``member_id``, ``arm``, ``end_reason``.
    outcomes : pandas.DataFrame
        ``member_id``, ``retention_ended``, and a column an outcome, missing where it is not known.
    names : iterable of str
        Outcomes that are asked about.
    told : callable
        Makes of counts of people by arm what may be told of them: nothing closer goes into what is found.

    Returns
    -------
    list of (str, str, str)
        Outcome and two arms, these in the order of their names.
    """
    if "retention_ended" not in outcomes:
        return []
    both = cohort[["member_id", "arm", "end_reason"]].merge(outcomes, on="member_id")
    in_care = ~both["retention_ended"].astype("boolean").fillna(True).astype(bool) & (
        both["end_reason"].astype("str") != "death"
    )
    if not in_care.any():
        return []
    arm = both["arm"].astype("str")
    size = arm.value_counts().sort_index()
    found = []
    for name in (name for name in names if name in outcomes):
        unknown = arm[in_care & both[name].isna()].value_counts().reindex(size.index, fill_value=0)
        if unknown.any():
            share = pd.Series(told(np.asarray(unknown, dtype=np.float64)), size.index) / size
            found += [(name, *pair) for pair in _apart(share)]
    return found


def _apart(share: pd.Series) -> Iterator[tuple[str, str]]:
    names = [str(name) for name in share.index]
    for one in names:
        for other in names:
            if one < other and abs(share[one] - share[other]) > MORE:
                yield one, other
