"""Answers to questionnaires, in a form that scores fast: one row a form, one column an item.

Names of instruments are compared without case, blanks and punctuation (``PHQ-9`` is ``PHQ9``), items by the number they
end in (``PHQ9_3``, ``3``). An answer outside the instrument's range is no answer. Forms of one instrument filled in on
one day are one form.
"""

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd

from iop_outcomes.history.history import History

#: Item under which a source may keep a total where it has no answers to items.
TOTAL = "total"


@dataclass(frozen=True)
class Forms:
    """Forms of one instrument.

    Attributes
    ----------
    member, day : ndarray of int
        Position of the member in ``history.members``, and the day it was filled in; sorted by both.
    answers : ndarray, shape (forms, items)
        NaN where an item was not answered.
    total : ndarray
        Total that came without answers, else NaN.
    """

    member: np.ndarray
    day: np.ndarray
    answers: np.ndarray
    total: np.ndarray


def plain(name: str) -> str:
    """Return a name in capitals without blanks and punctuation."""
    return re.sub(r"[^A-Z0-9]", "", str(name).upper())


def answers_of(history: History, instrument: str) -> pd.DataFrame:
    """Return the rows of ``assessment`` of one instrument."""
    table = history.table("assessment")
    return table[_is_of(table, instrument)]


def _is_of(table: pd.DataFrame, instrument: str) -> np.ndarray:
    wanted = [plain(name) == plain(instrument) for name in table["instrument"].cat.categories]
    return np.append(wanted, False).astype(bool)[table["instrument"].cat.codes.to_numpy()]


def forms(history: History, instrument: str, n_items: int, highest: float) -> Forms:
    """Return the forms of an instrument with items 1 to ``n_items``, answered 0 to ``highest``.

    Parameters
    ----------
    history : History
        Members and their records.
    instrument : str
        As sources name it.
    n_items : int
        Number of items; others are not read.
    highest : float
        Largest answer there is; larger and negative ones are no answers.
    """
    return history.once(("forms", instrument), lambda: _forms(answers_of(history, instrument), n_items, highest))


def _forms(rows: pd.DataFrame, n_items: int, highest: float) -> Forms:
    item = _item_numbers(rows["item"], n_items)
    value = rows["value"].to_numpy(float)
    form = pd.MultiIndex.from_arrays([rows["member"], rows["day"].astype(np.int64)])
    code, index = form.factorize(sort=True)
    answers, total = np.full((len(index), n_items), np.nan), np.full(len(index), np.nan)
    answered = (item > 0) & (value >= 0) & (value <= highest)
    answers[code[answered], item[answered] - 1] = value[answered]
    whole = (item == 0) & (value >= 0) & (value <= n_items * highest)
    total[code[whole]] = value[whole]
    member, day = (index.get_level_values(level).to_numpy() for level in (0, 1))
    return Forms(member, day, answers, total)


def _item_numbers(item: pd.Series, n_items: int) -> np.ndarray:
    """Return the number of each row's item; 0 for a total, -1 for what the instrument does not have."""

    def number(name: str) -> int:
        if name.casefold() == TOTAL:
            return 0
        ending = re.search(r"(\d+)$", name)
        found = int(ending.group(1)) if ending else -1
        return found if 1 <= found <= n_items else -1

    return np.array([*map(number, item.cat.categories.astype(str)), -1])[item.cat.codes.to_numpy()]


def last_between(history: History, found: Forms, usable: np.ndarray, first_day: int, last_day: int) -> np.ndarray:
    """Return for each member the position of the last usable form of some days, -1 where there is none.

    Forms after the end of the follow-up do not count.
    """
    observed = found.day < history.follow_up_days[found.member]
    inside = np.flatnonzero(usable & observed & (found.day >= first_day) & (found.day <= last_day))
    position = np.full(history.n, -1)
    position[found.member[inside]] = inside
    return position


def at_baseline(history: History, found: Forms, usable: np.ndarray, first_day: int, last_day: int) -> np.ndarray:
    """Return each member's last usable form up to time zero, else the first after it, within some days; -1 if none."""
    before = last_between(history, found, usable, first_day, 0)
    after = np.flatnonzero(usable & (found.day > 0) & (found.day <= last_day))[::-1]
    first_after = np.full(history.n, -1)
    first_after[found.member[after]] = after
    return np.where(before >= 0, before, first_after)


def item_by_name(history: History, instrument: str, item: str, highest: float) -> np.ndarray:
    """Return one item's answer by member, the last one if it was asked more than once; NaN where there is none.

    Answers below 1 or above ``highest`` are none: codes of TEDS begin with 1.
    """
    table = history.table("assessment")
    # In one step: the answers to all items are several times as many.
    rows = table[_is_of(table, instrument) & (table["item"] == item) & table["value"].between(1, highest)]
    rows = rows.sort_values("day", kind="stable")
    value = np.full(history.n, np.nan)
    value[rows["member"].to_numpy()] = rows["value"].to_numpy(float)
    return value
