"""The counts of a frame and the sums among them, as blocks of linear equations that do not touch each other."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from iop_outcomes.release.disclosure.sums import Cell, Equation, Sum

_TOLERANCE = 1e-6


@dataclass(frozen=True)
class Block:
    """Cells that are bound together by sums.

    Attributes
    ----------
    cells : list of (int, str)
        Row position and column.
    counts : numpy.ndarray, shape (m,)
        Their true counts.
    equations : numpy.ndarray, shape (q, m)
        ``equations @ counts = 0``.
    """

    cells: list[Cell]
    counts: np.ndarray
    equations: np.ndarray


def blocks(frame: pd.DataFrame, columns: Sequence[str], sums: Iterable[Sum]) -> list[Block]:
    """Split the counts of a frame into blocks.

    A sum with a missing part, or that does not hold, tells an attacker nothing and is left out.
    """
    counts = {(row, c): v for c in columns for row, v in enumerate(frame[c].to_numpy(float)) if not np.isnan(v)}
    equations = [equation for rule in sums for equation in rule(frame) if _holds(equation, counts)]
    return [_block(cells, found, counts) for cells, found in _components(list(counts), equations)]


def _holds(equation: Equation, counts: dict[Cell, float]) -> bool:
    if any(cell not in counts for cell in equation):
        return False
    return abs(sum(factor * counts[cell] for cell, factor in equation.items())) < _TOLERANCE


def _components(cells: list[Cell], equations: list[Equation]) -> list[tuple[list[Cell], list[Equation]]]:
    root = {cell: cell for cell in cells}

    def find(cell: Cell) -> Cell:
        while root[cell] != cell:
            root[cell] = root[root[cell]]
            cell = root[cell]
        return cell

    for equation in equations:
        first, *others = equation
        for other in others:
            root[find(other)] = find(first)
    found: dict[Cell, tuple[list[Cell], list[Equation]]] = {}
    for cell in cells:
        found.setdefault(find(cell), ([], []))[0].append(cell)
    for equation in equations:
        found[find(next(iter(equation)))][1].append(equation)
    return list(found.values())


def _block(cells: list[Cell], equations: list[Equation], counts: dict[Cell, float]) -> Block:
    place = {cell: position for position, cell in enumerate(cells)}
    matrix = np.zeros((len(equations), len(cells)))
    for row, equation in enumerate(equations):
        for cell, factor in equation.items():
            matrix[row, place[cell]] += factor
    return Block(cells, np.array([counts[cell] for cell in cells]), matrix)
