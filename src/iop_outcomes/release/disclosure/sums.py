"""The sums that hold in a table, from which an attacker could work out what was hidden.

Each function returns a rule; applied to a frame, a rule yields equations: cells (row position, column) with the
coefficients that add up to zero.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

import pandas as pd

Cell = tuple[int, str]
Equation = dict[Cell, float]
Sum = Callable[[pd.DataFrame], Iterator[Equation]]


def parts(total: str, *columns: str) -> Sum:
    """In each row the total is the sum of the other columns, as ``n = n_events + n_without``."""

    def equations(frame: pd.DataFrame) -> Iterator[Equation]:
        for row in range(len(frame)):
            yield {(row, total): 1.0, **{(row, column): -1.0 for column in columns}}

    return equations


def levels(part: str, total: str, by: Sequence[str], rest: str | None = None) -> Sum:
    """Within each group the parts of all rows add up to the total, which stands on every row of the group.

    ``rest`` is a column whose first row in a group holds those in none of the rows, as an unlisted reference level.
    """

    def equations(frame: pd.DataFrame) -> Iterator[Equation]:
        for rows in _groups(frame, by):
            remainder = {(rows[0], rest): -1.0} if rest else {}
            yield {(rows[0], total): 1.0, **remainder, **{(row, part): -1.0 for row in rows}}
        yield from same(total, by)(frame)

    return equations


def same(column: str, by: Sequence[str]) -> Sum:
    """Within each group the column says the same thing on every row."""

    def equations(frame: pd.DataFrame) -> Iterator[Equation]:
        for rows in _groups(frame, by):
            for one, other in pairwise(rows):
                yield {(one, column): 1.0, (other, column): -1.0}

    return equations


def chain(after: str, before: str, by: Sequence[str], order: str) -> Sum:
    """Within each group, what is left after one row is what the next row that has such a count begins with."""

    def equations(frame: pd.DataFrame) -> Iterator[Equation]:
        there = frame[before].notna().to_numpy()
        for rows in _groups(frame, by):
            ordered = sorted((row for row in rows if there[row]), key=lambda row: frame[order].iloc[row])
            for one, other in pairwise(ordered):
                yield {(one, after): 1.0, (other, before): -1.0}

    return equations


def _groups(frame: pd.DataFrame, by: Sequence[str]) -> list[list[int]]:
    if not by:
        return [list(range(len(frame)))] if len(frame) else []
    groups = frame.groupby(list(by), sort=False, dropna=False, observed=True).indices
    return [list(map(int, rows)) for rows in groups.values()]
