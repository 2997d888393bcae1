"""A table too long to be held as a whole: its rows part by part, in their order.

Parts are what a source gives of a file of many million rows. They are made when they are asked for and written one
after the other (``store.write``), so that memory is bounded by the part and not by the file. Whoever works in memory
takes ``whole``: the same rows in the same order, with the same types.
"""

from collections.abc import Callable, Iterable, Iterator

import pandas as pd

#: A table of no more rows is held as a whole. It is also what Parquet keeps together, so that a table written in parts
#: is grouped as one that was written at once.
MOST_ROWS = 2**20
#: Of more rows whoever can go through a table part by part never holds them at once.
LONG = 4 * MOST_ROWS


class Parts:
    """Rows of one table, part by part.

    Parameters
    ----------
    make : callable
        Returns an iterator over frames of the same columns, types and categories, or over calls that make these, so
        that one which is not needed is not made; may be called again.
    n_rows : int
        Rows of all parts together.
    keep : bool
        Hold what was made once: a table of ids and codes takes less memory than its raw records, and is looked
        through several times before it is written.
    """

    def __init__(self, make: "Callable[[], Iterable[Part]]", n_rows: int, keep: bool = False) -> None:
        self._make, self._n_rows, self._keep = make, n_rows, keep
        self._kept: list[pd.DataFrame] = []

    def __iter__(self) -> Iterator[pd.DataFrame]:
        if self._keep and not self._kept:
            self._kept = [made(part) for part in self._make()]
        return iter(self._kept) if self._keep else (made(part) for part in self._make())

    def __len__(self) -> int:
        return self._n_rows

    def not_yet_made(self) -> "Iterator[Part]":
        """Yield the parts for ``made``, as far as they need not be there yet."""
        return iter(self._kept or self._make())

    def whole(self) -> pd.DataFrame:
        """Return all rows as one frame."""
        return pd.concat(list(self), ignore_index=True)

    @property
    def columns(self) -> list[str]:
        """Names of the columns."""
        return list(next(iter(self)).columns)

    def only(self, columns: Iterable[str]) -> "Parts":
        """Return some columns, those of them that there are, of every part."""
        wanted = set(columns)
        return Parts(lambda: (part[[c for c in part if c in wanted]] for part in self), len(self))


Table = pd.DataFrame | Parts
Part = pd.DataFrame | Callable[[], pd.DataFrame]


def made(part: Part) -> pd.DataFrame:
    """Return a part that may still be a call that makes it."""
    return part if isinstance(part, pd.DataFrame) else part()


def is_long(n_rows: int) -> bool:
    """Are these more rows than should be held at once?"""
    return n_rows > LONG


def whole(table: Table) -> pd.DataFrame:
    """Return a table as one frame."""
    return table.whole() if isinstance(table, Parts) else table


def parts_of(table: Table) -> Iterable[pd.DataFrame]:
    """Return the parts of a table; one that is held as a whole is its only part."""
    return table if isinstance(table, Parts) else [table]


def columns_of(table: Table, columns: Iterable[str]) -> pd.DataFrame:
    """Return some columns of a table, those of them that there are, as one frame."""
    wanted = set(columns)
    return pd.concat([part[[c for c in part if c in wanted]] for part in parts_of(table)], ignore_index=True)


def has_value(table: Table, column: str) -> bool:
    """Is at least one cell of a column not empty?"""
    parts = table.only([column]) if isinstance(table, Parts) else [table]
    return any(bool(part[column].notna().any()) for part in parts)


def filled(table: Table | None) -> set[str]:
    """Return the columns in which at least one cell is not empty."""
    found: set[str] = set()
    for part in [] if table is None or not len(table) else parts_of(table):
        found |= {str(name) for name in part.columns if name not in found and part[name].notna().any()}
        if len(found) == part.shape[1]:
            # Mostly seen in the first part, so that the others need not be made.
            break
    return found
