"""Calendar time as a covariate: periods long enough to be compared within, and who came when only one arm was open.

Outcomes change with the years, whoever is treated. People are compared with those of their own time; where only one arm
had anybody, nobody of the other is of their time, and they are left out, as at a site that has one arm only.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from iop_outcomes.designs.judge.gate import share_of_people, stepped
from iop_outcomes.kernel.errors import DesignError

PERIOD = "period"
#: Level of a period that was not recorded.
NOT_RECORDED = "missing"
#: Periods next to each other are taken together until they have so many people: of fewer, an arm may lack by chance.
FEWEST = 20
#: Check of the row that says who was left out.
ONE_ARM_PERIODS = "one_arm_periods"


def long_enough(period: pd.Series) -> pd.Series:
    """Return periods, neighbours taken together until each has at least ``FEWEST`` people.

    Parameters
    ----------
    period : Series of n rows
        Years or quarters as text, in the order of time when sorted; ``missing`` stands for itself.

    Returns
    -------
    Series of category
        ``2019``, or ``2019Q1 to 2019Q3`` for three taken together.
    """
    label = period.astype("category")
    known = label.cat.rename_categories(label.cat.categories.astype("str")).value_counts().sort_index()
    known = known[(known > 0) & (known.index != NOT_RECORDED)]
    groups: list[list[str]] = [[]]
    people = 0
    for name, size in known.items():
        if people >= FEWEST:
            groups.append([])
            people = 0
        groups[-1].append(str(name))
        people += int(size)
    if people < FEWEST and len(groups) > 1:
        last = groups.pop()
        groups[-1] += last
    called = {name: _span(group) for group in groups for name in group}
    # The code of a period that is missing is -1, which is the last place.
    names = [*(called.get(name, NOT_RECORDED) for name in label.cat.categories.astype("str")), NOT_RECORDED]
    held = np.unique(label.cat.codes.to_numpy())
    levels = sorted({names[code] for code in held})
    place = np.array([levels.index(name) if name in levels else -1 for name in names])
    long = pd.Categorical.from_codes(place[label.cat.codes.to_numpy()], pd.Index(levels, dtype="str"))
    return pd.Series(long, index=period.index, name=period.name)


def of_shared_time(period: pd.Series, arm: Sequence[object] | np.ndarray) -> tuple[np.ndarray, list]:
    """Return who came in a period in which every arm had somebody, and a note on the others.

    Parameters
    ----------
    period : Series of n rows
        From :func:`long_enough`.
    arm : array_like of shape (n,)

    Returns
    -------
    inside : ndarray of bool, shape (n,)
    notes : list of (check, value, sentence)
        Empty where everybody is inside.

    Raises
    ------
    DesignError
        No period has all arms.
    """
    own, arms = pd.factorize(np.asarray(arm))
    time, periods = pd.factorize(period)
    known = (own >= 0) & (time >= 0)
    cells = np.bincount(time[known] * len(arms) + own[known], minlength=len(periods) * len(arms))
    # One more, false, for members whose period is missing and has code -1.
    inside = np.append((cells.reshape(-1, len(arms)) > 0).all(axis=1), False)[time]
    if not inside.any():
        raise DesignError(
            "period: the arms have no time in common, so that what changed with time cannot be told from the arm; "
            "compare arms that were open together."
        )
    if inside.all():
        return inside, []
    share, n = float((~inside).mean()), len(inside)
    said = (
        f"people who came when only one arm had anybody ({share_of_people(share, n)} of all) are left out: nobody "
        "of the other arm is of their time: the answer speaks of the time when both were open."
    )
    return inside, [(ONE_ARM_PERIODS, stepped(share, n), said)]


def with_left_out(made: pd.DataFrame, index: pd.Index, notes: list, key: str) -> pd.DataFrame:
    """Return what a design made of those inside with a row for everybody: weight 0 and no score outside.

    Parameters
    ----------
    made : DataFrame
        Of those inside, by member.
    index : Index
        Everybody.
    notes : list
        Joins those under ``key`` of its ``attrs``.
    key : str
    """
    whole = made.reindex(index)
    whole["weight"] = whole["weight"].fillna(0.0)
    whole.attrs = {**made.attrs, key: [*notes, *made.attrs.get(key, [])]}
    return whole


def _span(group: list[str]) -> str:
    return group[0] if len(group) == 1 else f"{group[0]} to {group[-1]}" if group else NOT_RECORDED
