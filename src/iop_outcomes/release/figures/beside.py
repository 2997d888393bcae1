"""Numbers at risk beside a line: on which days both may be read without telling how few left between two of them."""

from collections.abc import Iterable
from itertools import pairwise

import numpy as np
import pandas as pd

from iop_outcomes.release.disclosure import ReleaseRules
from iop_outcomes.study import Study

#: Who is no longer observed, beside those who left in one way or another.
UNOBSERVED = "unobserved"


def tells_counts(at_risk: pd.Series, left: pd.Series, line: pd.Series, rules: ReleaseRules) -> bool:
    """Tell whether a line of those still in care, times the people at its start, is nearly their count.

    It is one where everybody has the same weight, as people do who found a match or were assigned by chance.

    Parameters
    ----------
    at_risk, left : Series
        People at risk, and of them those who left, by day.
    line : Series
        Share still in care, on the same days.
    rules : ReleaseRules
        A line that is ``min_cell`` people or more off somewhere tells no count.
    """
    counted = (1 - left / at_risk.where(at_risk > 0, 1)).cumprod()
    off = (counted - line).abs()[at_risk >= rules.min_cell] * at_risk.iloc[0]
    return bool(off.max() < rules.min_cell)


def by_day(at_risk: pd.Series, left: pd.DataFrame) -> pd.DataFrame:
    """Return how many left on each day from 0 to the last, by way, and how many were observed no longer."""
    after = at_risk.shift(-1, fill_value=0)
    lost = left.assign(**{UNOBSERVED: at_risk - left.sum(axis=1) - after})
    return lost.reindex(range(int(at_risk.index.max()) + 1), fill_value=0)


def marks(lost: pd.DataFrame, days: Iterable[int], stated: Iterable[int], rules: ReleaseRules) -> list[int]:
    """Return the days on which a number at risk may stand: since the one before nobody or enough were lost each way.

    Parameters
    ----------
    lost : DataFrame
        People lost by day, a column for each way of being lost.
    days : iterable of int
        Days on which a number at risk is asked for; those that would tell of few are left out.
    stated : iterable of int
        Days on which such a number stands elsewhere in the release, as retention does. They stay, so that days too
        near to them are left out.
    rules : ReleaseRules
        What is too few, and how much rounding may hide of it.
    """
    end, stated = len(lost), set(stated)
    kept = sorted({0, end, *(day for day in {*days, *stated} if 0 < day < end)})
    totals = np.vstack([np.zeros(lost.shape[1]), lost.to_numpy(float).cumsum(axis=0)])
    left = lost.columns != UNOBSERVED
    place = 0
    while place < len(kept) - 1:
        between = totals[kept[place + 1]] - totals[kept[place]]
        # After the last number nothing says how many are observed no longer.
        counted = left | (kept[place + 1] < end)
        if not ((between > 0) & (between < rules.clear) & counted).any():
            place += 1
        elif 0 < kept[place + 1] < end and kept[place + 1] not in stated:
            kept.pop(place + 1)
        elif kept[place] and kept[place] not in stated:
            kept.pop(place)
            place -= 1
        else:
            place += 1
    return kept[1:-1]


def parted(lost: pd.DataFrame, cuts: Iterable[int], last: int) -> list[pd.DataFrame]:
    """Return days up to the last in parts, each of which begins on a day with a number at risk."""
    borders = [0, *(cut for cut in cuts if cut <= last), last + 1]
    found = (lost.loc[start : end - 1] for start, end in pairwise(borders))
    return [days for days in found if len(days)]


def days_of_retention(study: Study) -> list[int]:
    """Return the days of whose people in care an outcome of the study speaks."""
    asked = (study.metric(name) for name in study.metrics)
    return [int(settings["day"]) for plugin, settings in asked if plugin.name == "retention"]
