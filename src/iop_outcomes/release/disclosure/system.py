"""The counts of all tables and the sums among them, as blocks of linear equations that do not touch each other.

Counts that stand in no sum are one block without equations.

The same people are one unknown wherever they are counted: two cells that say whom they count (``Roles.who``), say the
same, and hold the same count, are one cell of the system.
"""

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from iop_outcomes.release.disclosure.bounding import Ranges
from iop_outcomes.release.disclosure.roles import Roles
from iop_outcomes.study.release_rules import ReleaseRules

_TOLERANCE = 1e-6

#: A count: table, row position, column.
Place = tuple[str, int, str]
_Sum = dict[Hashable, float]


@dataclass(frozen=True)
class Part:
    """One table of the system: its true counts, its roles, and the rules it is released by."""

    name: str
    frame: pd.DataFrame
    roles: Roles
    rules: ReleaseRules


@dataclass(frozen=True)
class Block:
    """Counts that are bound together by sums.

    Attributes
    ----------
    places : list of list of Place
        Where each of the m counts stands.
    counts : numpy.ndarray, shape (m,)
        True counts.
    equations : scipy.sparse.csr_array, shape (q, m)
        ``equations @ counts = 0``.
    rules : list of ReleaseRules
        The strictest rules of the tables that each stands in.
    kept : numpy.ndarray of bool, shape (m,)
        Counts that had better be shown.
    free : numpy.ndarray of bool, shape (m,)
        Counts that are not shown anyhow, and on which nothing rests that is.
    """

    places: list[list[Place]]
    counts: np.ndarray
    equations: csr_array
    rules: list[ReleaseRules]
    kept: np.ndarray
    free: np.ndarray

    @property
    def least(self) -> np.ndarray:
        """The smallest number that each count may show."""
        return np.array([rules.min_cell for rules in self.rules], dtype=float)

    @property
    def small(self) -> np.ndarray:
        """Which counts are too small to be shown."""
        return (self.counts > 0) & (self.counts < self.least)

    @cached_property
    def at_best(self) -> Ranges:
        """The ranges of counts if every count but the zeros were hidden: no release can leave them wider ones."""
        return self.ranges(self.counts > 0)

    def ranges(self, unknown: np.ndarray) -> Ranges:
        """Return how small and how large counts can be, given which are not known; those of small ones are sought."""
        found = Ranges(self.counts, self.equations, unknown)
        found.spread(np.flatnonzero(self.small), self.least - 1)
        return found

    def widest(self, cell: int) -> tuple[float, float]:
        """Return the range that a count would be in at best: 1 to ``min_cell - 1``, unless it is bound to others.

        A sum of others, which are at least 1 each, is larger, and a part of one may be smaller.
        """
        most = float(self.least[cell] - 1)
        return max(self.at_best.low(cell, 1.0), 1.0), min(self.at_best.high(cell, most), most)


def blocks(parts: Sequence[Part]) -> list[Block]:
    """Split the counts of tables into blocks.

    A sum with a missing part, or that does not hold, tells an attacker nothing and is left out. So is a difference
    below zero, of tables that do not agree: it counts nobody.
    """
    cells = {place: count for part in parts for place, count in _counts(part)}
    of = _whom(parts, cells)
    counts = {of[place]: count for place, count in cells.items()}
    equations = [found for part in parts for found in _equations(part, of) if _holds(found, counts)]
    places: dict[Hashable, list[Place]] = {}
    for place in cells:
        places.setdefault(of[place], []).append(place)
    kept = {of[place] for part in parts for place in _kept(part) if place in of}
    shown = {part.name: _shown(part.roles) for part in parts}
    bound = {of[place] for place in cells if place[2] in shown[place[0]]}
    rules = {part.name: part.rules for part in parts}
    return [
        _block(members, found, counts, places, rules, kept, bound)
        for members, found in _components(list(counts), equations)
    ]


def _shown(roles: Roles) -> set[str]:
    """Return the counts that are shown, and those on which something shown rests."""
    return {*roles.counts, *(c for rests in (*roles.values.values(), *roles.shares.values()) for c in rests)}


def _counts(part: Part) -> Iterator[tuple[Place, float]]:
    for column in part.roles.guarded:
        for row, count in enumerate(part.frame[column].to_numpy(float)):
            if count >= 0:
                yield (part.name, row, column), float(count)


def _whom(parts: Sequence[Part], cells: Mapping[Place, float]) -> dict[Place, Hashable]:
    """Return the unknown that each cell is: whom it counts and how many they are, or the cell itself."""
    of: dict[Place, Hashable] = {place: place for place in cells}
    for part in parts:
        for column, whom in part.roles.people(part.frame).items():
            for row, who in enumerate(whom):
                place = (part.name, row, column)
                if who and place in cells:
                    of[place] = (who, cells[place])
    return of


def _equations(part: Part, of: Mapping[Place, Hashable]) -> Iterator[_Sum]:
    for rule in part.roles.sums:
        for equation in rule(part.frame):
            found: _Sum = {}
            for (row, column), factor in equation.items():
                unknown = of.get((part.name, row, column))
                if unknown is None:
                    break
                found[unknown] = found.get(unknown, 0.0) + factor
            else:
                found = {unknown: factor for unknown, factor in found.items() if factor}
                if found:
                    yield found


def _kept(part: Part) -> Iterator[Place]:
    for column, flag in part.roles.keep.items():
        for row in np.flatnonzero(part.frame[flag].to_numpy(bool)):
            yield part.name, int(row), column


def _holds(equation: _Sum, counts: Mapping[Hashable, float]) -> bool:
    return abs(sum(factor * counts[unknown] for unknown, factor in equation.items())) < _TOLERANCE


def _components(unknowns: list[Hashable], equations: list[_Sum]) -> list[tuple[list[Hashable], list[_Sum]]]:
    root = {unknown: unknown for unknown in unknowns}

    def find(unknown: Hashable) -> Hashable:
        while root[unknown] != unknown:
            root[unknown] = root[root[unknown]]
            unknown = root[unknown]
        return unknown

    for equation in equations:
        first, *others = equation
        for other in others:
            root[find(other)] = find(first)
    found: dict[Hashable, tuple[list[Hashable], list[_Sum]]] = {}
    bound = {unknown for equation in equations for unknown in equation}
    for unknown in unknowns:
        # Those that no sum binds do not touch each other, and make one block without sums.
        found.setdefault(find(unknown) if unknown in bound else None, ([], []))[0].append(unknown)
    for equation in equations:
        found[find(next(iter(equation)))][1].append(equation)
    return list(found.values())


def _block(members, equations: list[_Sum], counts, places, rules: Mapping[str, ReleaseRules], kept, bound) -> Block:
    position = {unknown: number for number, unknown in enumerate(members)}
    entries = [(row, position[u], factor) for row, found in enumerate(equations) for u, factor in found.items()]
    matrix = _matrix(tuple(entries), (len(equations), len(members)))
    strictest = [max((rules[p[0]] for p in places[u]), key=lambda r: (r.min_cell, r.round_to)) for u in members]
    return Block(
        [places[unknown] for unknown in members],
        np.array([counts[unknown] for unknown in members]),
        matrix,
        strictest,
        np.array([unknown in kept for unknown in members], dtype=bool),
        np.array([unknown not in bound for unknown in members], dtype=bool),
    )


@lru_cache(maxsize=256)
def _matrix(entries: tuple[tuple[int, int, float], ...], shape: tuple[int, int]) -> csr_array:
    """Return the sums of a block; those of hundreds of analyses are the same few."""
    rows, columns, factors = zip(*entries, strict=True) if entries else ((), (), ())
    return csr_array((np.array(factors, dtype=float), (rows, columns)), shape=shape)
