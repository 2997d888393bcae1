"""Which levels of a category to merge so that none is hidden: the smallest merge that leaves no small cell in any arm.

Whoever has the records gives exact counts; whoever has a release gives what it shows, with nothing where a count is
hidden. Then every hidden level has to be merged, since which of them are small is not known, and the answer tells
nothing that the table does not.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import pandas as pd

from iop_outcomes.study.release_rules import ReleaseRules

#: Level of what was not recorded; it is no kind of people and is merged with nothing.
MISSING = "missing"
#: A band of a number: where it begins, or what it is below.
_BAND = re.compile(r"\s*(under |below |less than |up to |<)?\s*(?:over |above |>)?(\d+(?:\.\d+)?)\b")
#: So many levels that are not small are added to small ones at most, where levels have no order.
_MOST_ADDED = 2

Group = tuple[str, ...]


@dataclass(frozen=True)
class Merging:
    """What to do about the hidden levels of a category.

    Attributes
    ----------
    groups : tuple of tuple of str
        Levels to make one, group by group.
    missing : {"", "few", "hidden"}
        What is known of the level ``missing``: nothing amiss, of few itself, or hidden for a reason that is not told.
    """

    groups: tuple[Group, ...] = ()
    missing: str = ""

    def __str__(self) -> str:
        """Say what to do, to whoever writes the study."""
        merge = ", and ".join(f"merge {quoted(group)}" for group in self.groups)
        if not self.missing:
            return merge or "no merging leaves more than one level; leave it out"
        found_out = "find out what was not recorded, or leave it out"
        if self.missing == "few":
            return f"nothing is merged with '{MISSING}': {found_out}{f'; {merge}' if merge else ''}"
        return f"{merge or 'leave it out'}; where '{MISSING}' is of few itself no merging helps: {found_out}"


def merging(counts: pd.DataFrame, rules: ReleaseRules, hidden: Collection[str] = ()) -> Merging:
    """Return the smallest merge of levels after which no arm has a level of few.

    Bands of a number are merged side by side; of other levels those that are small become one, with as few of the
    others as it takes. Levels that are hidden anyway are taken before those that are shown, and of these the rarest.

    Parameters
    ----------
    counts : DataFrame
        People by level (index) and arm (columns); missing where hidden.
    rules : ReleaseRules
        What is too small.
    hidden : collection of str
        Levels that are hidden, whether or not they are small themselves.
    """
    cells = _Cells(counts, rules, frozenset(hidden) | set(counts.index[counts.isna().any(axis=1)]))
    levels = [str(level) for level in counts.index if level != MISSING]
    bands = in_order(levels)
    groups = tuple(group for group in (_side_by_side(bands, cells) if bands else _one(levels, cells)) if len(group) > 1)
    missing = ""
    if MISSING in counts.index and not cells.fit((MISSING,)):
        missing = "hidden" if counts.loc[MISSING].isna().any() else "few"
    # One level for everybody would say nothing.
    return Merging(() if any(len(group) == len(levels) for group in groups) else groups, missing)


@dataclass(frozen=True)
class _Cells:
    """Counts of levels by arm, and which levels are hidden."""

    counts: pd.DataFrame
    rules: ReleaseRules
    hidden: frozenset[str]

    def fit(self, group: Group) -> bool:
        """Say whether a group, as one level, would certainly be small in no arm."""
        return all(self._fits(self.counts[arm], group) for arm in self.counts)

    def _fits(self, of_arm: pd.Series, group: Group) -> bool:
        own, sure = of_arm[list(group)], float(of_arm[list(group)].sum())
        if not own.isna().any():
            return not self.rules.small(sure)
        # What a table hides in an arm is never few in all: it would follow from the rest.
        return sure >= self.rules.min_cell or int(own.isna().sum()) == int(of_arm.isna().sum())

    def price(self, group: Group) -> tuple[int, int, float]:
        """Return what a group costs a reader: levels lost, those among them that would be shown, and their people."""
        if len(group) < 2:
            return 0, 0, 0.0
        return len(group) - 1, len(set(group) - self.hidden), float(self.counts.loc[list(group)].sum().sum())


def _one(levels: Sequence[str], cells: _Cells) -> list[Group]:
    """Return all levels that are small as one, with as few others as it takes."""
    small = [level for level in levels if not cells.fit((level,))]
    if not small:
        return []
    others = [level for level in levels if level not in small]
    for added in range(_MOST_ADDED + 1):
        groups = [tuple(sorted((*small, *more))) for more in combinations(others, added)]
        fitting = [group for group in groups if len(group) > 1 and cells.fit(group)]
        if fitting:
            return [min(fitting, key=lambda group: (*cells.price(group), group))]
    return []


def _side_by_side(bands: Sequence[str], cells: _Cells) -> list[Group]:
    """Return the bands cut into runs, none of them small, at the least price."""
    best: list[tuple[tuple[float, ...], list[Group]] | None] = [((0, 0, 0.0), [])]
    for end in range(1, len(bands) + 1):
        ways = list(_last_runs(bands, end, best, cells))
        best.append(min(ways) if ways else None)
    return best[-1][1] if best[-1] else []


def _last_runs(bands: Sequence[str], end: int, best: Sequence, cells: _Cells) -> Iterator[tuple[tuple, list[Group]]]:
    for start in range(end):
        run = tuple(bands[start:end])
        if best[start] is not None and cells.fit(run):
            price, before = best[start]
            yield tuple(a + b for a, b in zip(price, cells.price(run), strict=True)), [*before, run]


def in_order(levels: Sequence[str]) -> list[str]:
    """Return bands of a number in their order, nothing where the levels are not all such."""
    starts = {level: found for level in levels if (found := _BAND.match(level))}
    if len(starts) < len(levels):
        return []
    return sorted(levels, key=lambda level: float(starts[level][2]) - bool(starts[level][1]))


def quoted(names: Sequence[str]) -> str:
    """Return names in quotation marks, as in a list."""
    marked = [f"'{name}'" for name in names]
    return marked[0] if len(marked) == 1 else f"{', '.join(marked[:-1])} and {marked[-1]}"
