"""How closely two things go together, whatever they are: numbers, categories or flags.

People with the same pair of values in the same arm are counted once with their number, so that a million rows of
categories and days cost one pass.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

#: Groups of about equal size that a number is cut into, so that a tie that is no straight line is seen too.
GROUPS = 10
#: Fewer people than this, in all or with one of two values, say little of how two things go together.
FEWEST = 20
#: Values are counted by cell while there are no more cells than this for each person.
CELLS_A_ROW = 4

Codes = NDArray[np.intp]
Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class _Cells:
    """People by value, arm and what came later: codes in order of size, and the number of people of each cell."""

    value: Codes
    arm: Codes
    later: Codes
    people: Numbers

    @property
    def n(self) -> float:
        return float(self.people.sum())

    def people_by(self, code: Codes) -> Numbers:
        """Return the number of people with each code."""
        return np.bincount(code, self.people)

    def shares(self, code: Codes) -> Numbers:
        """Return each cell's mean rank among the people of its arm, as a share of them."""
        size = int(code.max()) + 1
        table = np.bincount(self.arm * size + code, self.people, (int(self.arm.max()) + 1) * size).reshape(-1, size)
        of_arm = np.maximum(table.sum(axis=1, keepdims=True), 1)
        return ((table.cumsum(axis=1) - table / 2 + 0.5) / of_arm)[self.arm, code]

    def ranks(self, code: Codes) -> Numbers:
        """Return the shares less the mean of their arm."""
        share = self.shares(code)
        mean = np.bincount(self.arm, self.people * share) / np.maximum(self.people_by(self.arm), 1)
        return share - mean[self.arm]


def strength(values: pd.Series, later: pd.Series, within: pd.Series | None = None) -> float:
    """Return how closely values go with something that came later, 0 to 1; missing where too few people tell.

    Both are taken as ranks, within each arm if arms are given. Of numbers it is the larger of the rank correlation and
    the correlation ratio of tenths; of categories the correlation ratio; of two values the share by which one outranks
    the other, if larger, so that a flag that is a threshold of the later number is seen to be one.

    Parameters
    ----------
    values, later : Series
        Aligned; where either is missing the row says nothing.
    within : Series, optional
        Arm of each.
    """
    cells = _cells(values, later, within)
    if cells is None:
        return np.nan
    rank = cells.ranks(cells.later)
    of_value = cells.people_by(cells.value)
    held = of_value[of_value > 0]
    if len(held) == 2 and held.min() >= FEWEST:
        return max(_ratio(cells, rank, cells.value), _outranks(cells, rank))
    if not pd.api.types.is_numeric_dtype(values) or pd.api.types.is_bool_dtype(values):
        return _ratio(cells, rank, cells.value)
    own = cells.ranks(cells.value)
    spread = np.sqrt((cells.people @ own**2) * (cells.people @ rank**2))
    straight = abs(float(cells.people @ (own * rank))) / spread if spread else 0.0
    return max(straight, _ratio(cells, rank, np.ceil(cells.shares(cells.value) * GROUPS).astype(np.intp)))


def ranked(values: pd.Series) -> pd.Series:
    """Return values as categories in their order, so that what is held against many others is sorted once."""
    codes, levels = pd.factorize(values, sort=True)
    return pd.Series(pd.Categorical.from_codes(codes, levels), index=values.index, name=values.name)


def _cells(values: pd.Series, later: pd.Series, within: pd.Series | None) -> _Cells | None:
    arm = np.zeros(len(values), dtype=np.int8) if within is None else _codes(within)
    codes = (_codes(values), arm, _codes(later))
    known = (codes[0] >= 0) & (codes[2] >= 0)
    n_known = np.count_nonzero(known)
    if n_known < FEWEST:
        return None
    sizes = [int(code.max()) + 1 for code in codes]
    if np.prod(sizes, dtype=float) > CELLS_A_ROW * n_known:
        cells = _Cells(*(code[known].astype(np.intp) for code in codes), np.ones(n_known))
    else:
        cells = _counted(codes, sizes)
    alike = (cells.value == cells.value[0]).all() or (cells.later == cells.later[0]).all()
    return None if alike else cells


def _counted(codes: Sequence[NDArray[np.integer]], sizes: Sequence[int]) -> _Cells:
    """Return the cells in which somebody is, counted in one pass; the first of each code is for what is missing."""
    place = np.zeros(len(codes[0]), dtype=np.intp)
    for code, size in zip(codes, sizes, strict=True):
        place *= size + 1
        place += code
        place += 1
    shape = tuple(size + 1 for size in sizes)
    people = np.bincount(place, minlength=int(np.prod(shape))).reshape(shape)[1:, 1:, 1:]
    some = np.nonzero(people)
    return _Cells(*some, people[some].astype(float))


def _codes(values: pd.Series) -> NDArray[np.integer]:
    """Return codes in the order of the values, -1 where missing."""
    if isinstance(values.dtype, pd.CategoricalDtype):
        return values.cat.codes.to_numpy()
    if values.dtype == bool:
        return values.to_numpy().view(np.int8)
    return pd.factorize(values, sort=True)[0]


def _ratio(cells: _Cells, rank: Numbers, group: Codes) -> float:
    """Return the correlation ratio of ranks by group, without the part that chance makes (epsilon squared)."""
    people = cells.people_by(group)
    some = people > 0
    n, k = cells.n, int(some.sum())
    total = float(cells.people @ rank**2)
    between = float((np.bincount(group, cells.people * rank)[some] ** 2 / people[some]).sum())
    if n <= k or not total:
        return 0.0
    return float(np.sqrt(max(1 - (total - between) / (n - k) / (total / (n - 1)), 0.0)))


def _outranks(cells: _Cells, rank: Numbers) -> float:
    """Return by how much one of two values outranks the other: the rank-biserial correlation."""
    if (cells.people_by(cells.later) > 0).sum() == 2:
        # Ranks within arms would tell ties of different arms apart; of two values there is nothing to rank.
        rank = cells.later.astype(float)
    level = np.unique(rank, return_inverse=True)[1]
    one = cells.value == cells.value[0]
    ones, others = (np.bincount(level, cells.people * own, int(level.max()) + 1) for own in (one, ~one))
    larger = ones @ (others.cumsum() - others / 2)
    return abs(2 * float(larger / (ones.sum() * others.sum())) - 1)
