"""Which cells to hide: the small ones, and the fewest others without which they could be worked out.

For each small cell a linear programme asks for the cheapest other table, equal in all sums, in which that cell is 1,
and one in which it is ``min_cell - 1``. The cells in which these tables differ from the true one are hidden. As both
tables agree with everything that is shown, nobody can tell more about a small count than that it is small.

References
----------
Fischetti M, Salazar JJ (2000). Models and algorithms for optimizing cell suppression in tabular data with linear
constraints. J Am Stat Assoc 95:916-928; the heuristic with one linear programme per cell and side is described there.
"""

import numpy as np

from iop_outcomes.release.disclosure.system import Block
from iop_outcomes.study.release_rules import ReleaseRules

_MOVED = 1e-7


def hidden_cells(block: Block, rules: ReleaseRules, kept: np.ndarray) -> np.ndarray:
    """Return which cells of a block are hidden.

    Parameters
    ----------
    block : Block
        Cells, counts and the sums among them.
    rules : ReleaseRules
        What counts as small.
    kept : numpy.ndarray of bool, shape (m,)
        Cells that are shown elsewhere and so cannot protect others; a small one is hidden all the same.

    Returns
    -------
    numpy.ndarray of bool, shape (m,)
    """
    hidden = rules.small(block.counts) | _looks_small(block, rules)
    for cell in np.flatnonzero(hidden):
        for target in (1, rules.min_cell - 1):
            hidden |= _cells_that_move(block, cell, target - block.counts[cell], hidden, kept)
    return hidden


def _looks_small(block: Block, rules: ReleaseRules) -> np.ndarray:
    """Find the part of a sum of two whose rounded total and other part differ by less than ``min_cell``.

    The part itself is large enough, but whoever subtracts the rounded numbers would believe to have found a small one.
    """
    looks = np.zeros(len(block.counts), dtype=bool)
    shown = rules.rounded(block.counts)
    for equation in block.equations:
        total, others = np.flatnonzero(equation > 0), np.flatnonzero(equation < 0)
        if len(total) != 1 or len(others) != 2:
            continue
        for part, other in (others, others[::-1]):
            looks[part] |= bool(rules.small(shown[total[0]] - shown[other]))
    return looks


def _cells_that_move(block: Block, cell: int, shift: float, hidden: np.ndarray, kept: np.ndarray) -> np.ndarray:
    """Return the cells to hide so that ``cell`` could be larger by ``shift`` (smaller, if negative)."""
    none = np.zeros(len(block.counts), dtype=bool)
    if shift == 0 or not len(block.equations):
        return none
    for frozen in (kept & ~hidden, none):
        moved = _cheapest_move(block, cell, shift, hidden, frozen)
        if moved is not None:
            return moved
    return block.counts > 0


def _cheapest_move(block: Block, cell: int, shift: float, hidden: np.ndarray, frozen: np.ndarray) -> np.ndarray | None:
    from scipy.optimize import linprog

    counts = block.counts
    # A zero is taken as known, since often nobody could have been in such a cell.
    still = (frozen | (counts == 0)) & ~hidden
    still[cell] = True
    cost = np.where(hidden, 1e-4, 1 + np.log1p(counts))
    up = [(0, 0 if fixed else None) for fixed in still]
    down = [(0, 0 if fixed else count) for fixed, count in zip(still, counts, strict=True)]
    answer = linprog(
        np.concatenate([cost, cost]),
        A_eq=np.hstack([block.equations, -block.equations]),
        b_eq=-block.equations[:, cell] * shift,
        bounds=up + down,
        method="highs",
    )
    if answer.status != 0:
        return None
    half = len(counts)
    return np.abs(answer.x[:half] - answer.x[half:]) > _MOVED
