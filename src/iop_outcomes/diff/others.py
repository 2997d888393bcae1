"""What else two releases do not have in common: cells that were not told one by one, and files that are no tables."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import pandas as pd

from iop_outcomes.diff.conclusions import CHECKS, CLAIMS, VERDICTS
from iop_outcomes.diff.difference import ABSENT, FILE, TABLE, Difference
from iop_outcomes.diff.numbers import KEY, NUMBERS
from iop_outcomes.diff.rows import by_key, cell
from iop_outcomes.kernel.errors import counted

Tables = Mapping[str, pd.DataFrame]

#: Tables that are told row by row: what tells their rows apart, what is told of them, and what only says that again.
_TOLD: dict[str, tuple[Sequence[str], Sequence[str], Sequence[str]]] = {
    **{name: (key, ("verdict", "reasons"), (*NUMBERS, why)) for name, (key, why) in {**VERDICTS, **CLAIMS}.items()},
    **{name: (key, ("status",), (why,)) for name, (key, why) in CHECKS.items()},
    "estimate": (KEY, ("status", *NUMBERS), ("reason",)),
}

#: What is said of a table in which nothing else differs.
ROUNDED = "other counts, none by more than a step of rounding"


class Cell(NamedTuple):
    """A cell that is not the same in two tables."""

    column: str
    was: str
    now: str

    def within(self, step: int) -> bool:
        """Is it a count that differs by no more than a step of rounding?"""
        is_count = self.column == "n" or self.column.startswith("n_")
        return is_count and self.was.isdecimal() and self.now.isdecimal() and abs(int(self.was) - int(self.now)) <= step


def other_tables(first: Tables, second: Tables, told: bool, step: int) -> Iterator[Difference]:
    """Yield tables that differ in what was not told of them.

    What a figure repeats is told with its table. Where nothing was told, what would only say it again is told, too, so
    that no two tables pass for the same. Counts may differ by a step of rounding though people are the same: each
    study draws where it rounds by a key of its own.
    """
    found = list(_tables(first, second, told, step))
    yield from sorted(found, key=lambda one: one.after == ROUNDED)


def _tables(first: Tables, second: Tables, told: bool, step: int) -> Iterator[Difference]:
    for name in unlike_tables(first, second):
        before, after = first.get(name), second.get(name)
        if before is None or after is None:
            yield Difference(TABLE, name, _rows(before), _rows(after))
        elif not _repeated(name, first, second):
            cells = _untold(before, after, name, told) if name in _TOLD else []
            if cells or name not in _TOLD or not told:
                yield _other(name, before, after, cells or _unlike(before, after), step)


def unlike_tables(first: Tables, second: Tables) -> list[str]:
    """Return the names of tables that are not the same in both."""
    names = sorted({*first, *second})
    return [name for name in names if name not in first or name not in second or not first[name].equals(second[name])]


def other_files(first: Mapping[str, str], second: Mapping[str, str], told: Sequence[str]) -> Iterator[Difference]:
    """Yield how many files of each folder are not the same, by their digests; tables told of are left out."""
    there = {*first, *second} - {f"tables/{name}.csv" for name in told}
    unlike = Counter(name.partition("/")[0] for name in sorted(there) if first.get(name) != second.get(name))
    for folder, n in unlike.items():
        of = sum(name.partition("/")[0] == folder for name in there)
        yield Difference(FILE, folder, "", "other content" if of == 1 else f"other content in {n} of {of} files")


def _rows(table: pd.DataFrame | None) -> str:
    return ABSENT if table is None else f"{len(table):,} rows"


def _repeated(name: str, first: Tables, second: Tables) -> bool:
    """Does a table say, in columns of the same names, what another one says that differs as well?"""
    others = [other for other in unlike_tables(first, second) if other in first and other in second and other != name]
    return any(all(_within(run, name, other) for run in (first, second)) for other in others)


def _within(run: Tables, name: str, other: str) -> bool:
    """Are all rows of a table among those of one that has no more columns, and is not itself within it?"""
    own, larger = run[name], run[other]
    smaller = (len(larger.columns), -len(larger), other) < (len(own.columns), -len(own), name)
    if not (smaller and len(own) and set(larger) <= set(own)):
        return False
    # A figure may give a reason in other words.
    columns = [column for column in larger if column != "reason"]
    rows, known = (set(table[columns].itertuples(index=False, name=None)) for table in (own, larger))
    return rows <= known


def _untold(before: pd.DataFrame, after: pd.DataFrame, name: str, told: bool) -> list[Cell]:
    """Return the cells that are not the same in rows of which nothing was told."""
    key, said, again = _TOLD[name]
    old, new = by_key(before, key), by_key(after, key)
    pairs = [(old[place], new[place]) for place in new if place in old]
    pairs = [(was, now) for was, now in pairs if all(cell(was, column) == cell(now, column) for column in said)]
    columns = [column for column in dict.fromkeys([*before, *after]) if not (told and column in again)]
    return [Cell(c, cell(was, c), cell(now, c)) for was, now in pairs for c in columns if cell(was, c) != cell(now, c)]


def _unlike(before: pd.DataFrame, after: pd.DataFrame) -> list[Cell]:
    """Return the cells that are not the same in two tables of one shape; none where they have two."""
    if len(before) != len(after) or list(before) != list(after):
        return []
    pairs = ((str(column), zip(before[column], after[column], strict=True)) for column in before)
    return [Cell(column, was, now) for column, both in pairs for was, now in both if was != now]


def _other(name: str, before: pd.DataFrame, after: pd.DataFrame, cells: list[Cell], step: int) -> Difference:
    if not cells:
        return Difference(TABLE, name, _rows(before), f"{_rows(after)}, with others among rows or columns")
    if all(one.within(step) for one in cells):
        return Difference(TABLE, name, "", ROUNDED)
    columns = ", ".join(dict.fromkeys(one.column for one in cells))
    return Difference(TABLE, name, "", f"{counted(len(cells), 'other cell')}, in {columns}")
