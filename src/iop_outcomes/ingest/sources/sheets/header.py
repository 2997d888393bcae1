"""Where the header of a sheet is: the first row, or two or three rows together, that hold every column asked for."""

import re
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from iop_outcomes.ingest.sources.sheets.grid import Grid

#: Title rows above a header, and rows that a header may go over.
_DEEPEST, _TALLEST = 30, 3


@dataclass(frozen=True)
class Header:
    """A header and what is missing in it.

    Attributes
    ----------
    names : list of str
        Name of each column, empty where there is none.
    first, last : int
        Place of its rows among those of the grid.
    missing : list of str
        Columns asked for that it has not.
    """

    names: list[str]
    first: int
    last: int
    missing: list[str]

    @property
    def twice(self) -> set[str]:
        """Names that stand there more than once, in their plain form."""
        return {name for name, times in Counter(plain(n) for n in self.names if n).items() if times > 1}


def plain(name: str) -> str:
    """Return a name without what does not tell columns apart: capitals, and blanks at the ends or several in a row."""
    return re.sub(r"\s+", " ", str(name).replace("\xa0", " ")).strip().casefold()


def find_header(grid: Grid, wanted: Collection[str], line: int | None = None) -> Header:
    """Return the header of a grid.

    Parameters
    ----------
    grid : Grid
    wanted : collection of str
        Columns that it must hold. Where there is none, it is the first row that is as wide as most rows.
    line : int, optional
        Line of its last row.
    """
    if not grid.rows:
        return Header([], 0, 0, list(wanted))
    if not wanted and line is None:
        return _tall_enough(grid.rows, _first_wide(grid.rows))
    best: Header | None = None
    lasts = (
        range(min(len(grid.rows), _DEEPEST)) if line is None else [i for i, at in enumerate(grid.lines) if at == line]
    )
    for height in range(1, _TALLEST + 1):
        for last in lasts:
            if last - height + 1 >= 0:
                found = _named(grid.rows, last - height + 1, height, wanted)
                if best is None or len(found.missing) < len(best.missing):
                    best = found
    return best or _named(grid.rows, 0, 1, wanted)


def _named(rows: Sequence[Sequence[str]], first: int, height: int, wanted: Collection[str]) -> Header:
    """Return the header made of some rows; parts of a name that stand below each other are joined by a blank."""
    above = rows[first : first + height]
    width = max(map(len, above))
    names = []
    for column in range(width):
        parts = [row[column] for row in above if column < len(row) and row[column]]
        names.append(re.sub(r"\s+", " ", " ".join(dict.fromkeys(parts))))
    known = {plain(name) for name in names}
    return Header(names, first, first + height - 1, [name for name in wanted if plain(name) not in known])


def _tall_enough(rows: Sequence[Sequence[str]], first: int) -> Header:
    """Return the header from a row on: with the rows below it where they tell columns of one (merged) name apart."""
    found = _named(rows, first, 1, [])
    for height in range(2, _TALLEST + 1):
        if not found.twice or first + height >= len(rows):
            break
        taller = _named(rows, first, height, [])
        if len(taller.twice) < len(found.twice):
            found = taller
    return found


def _first_wide(rows: Sequence[Sequence[str]]) -> int:
    """Return the place of the first row that has nearly as many cells filled as the rows below it have."""
    filled = [sum(map(bool, row)) for row in rows[: _DEEPEST * 3]]
    usual = sorted(filled)[len(filled) // 2]
    return next((i for i, n in enumerate(filled) if n >= max(0.8 * usual, min(2, usual))), 0)
