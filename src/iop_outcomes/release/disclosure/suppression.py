"""Which cells to hide: the small ones, and the fewest others without which they could be worked out.

For each small cell a linear programme asks for the cheapest other tables, equal in all sums, in which that cell is 1,
and for those in which it is ``min_cell - 1``. The cells in which these differ from the true ones are hidden. As both
agree with everything that is shown, nobody can tell more about a small count than that it is small. A hidden count is
never 0, since zeros are shown, so that in no such table a hidden cell is less than 1.

References
----------
Fischetti M, Salazar JJ (2000). Models and algorithms for optimizing cell suppression in tabular data with linear
constraints. J Am Stat Assoc 95:916-928; the heuristic with one linear programme per cell and side is described there.
"""

import numpy as np
from scipy.sparse import hstack

from iop_outcomes.release.disclosure.bounding import widest
from iop_outcomes.release.disclosure.system import Block

_MOVED = 1e-7


def hidden_cells(block: Block) -> np.ndarray:
    """Return which counts of a block are hidden.

    Counts that are kept, since a reader needs them, are hidden only where nothing else protects; a small one always is.

    Parameters
    ----------
    block : Block
        Counts, their rules, and the sums among them.

    Returns
    -------
    numpy.ndarray of bool, shape (m,)
    """
    hidden = block.small | _looks_small(block)
    for cell in np.flatnonzero(hidden):
        for target in (1, block.least[cell] - 1):
            hidden |= _cells_that_move(block, cell, target - block.counts[cell], hidden)
    return hidden


def _looks_small(block: Block) -> np.ndarray:
    """Find the part of a sum of two whose rounded total and other part differ by less than ``min_cell``.

    The part itself is large enough, but whoever subtracts the rounded numbers would believe to have found a small one.
    """
    looks = np.zeros(len(block.counts), dtype=bool)
    shown = [float(rules.rounded(count)) for rules, count in zip(block.rules, block.counts, strict=True)]
    table = block.equations
    for row in range(table.shape[0]):
        held = slice(table.indptr[row], table.indptr[row + 1])
        places, factors = table.indices[held], table.data[held]
        total, others = places[factors > 0], places[factors < 0]
        if len(total) != 1 or len(others) != 2:
            continue
        for part, other in (others, others[::-1]):
            looks[part] |= bool(block.rules[part].small(shown[total[0]] - shown[other]))
    return looks & (block.counts > 0)


def _cells_that_move(block: Block, cell: int, shift: float, hidden: np.ndarray) -> np.ndarray:
    """Return the cells to hide so that ``cell`` could be larger by ``shift`` (smaller, if negative)."""
    none = np.zeros(len(block.counts), dtype=bool)
    if shift == 0 or not block.equations.shape[0]:
        return none
    for frozen in (block.kept & ~hidden, none):
        moved = _cheapest_move(block, cell, shift, hidden, frozen)
        if moved is not None:
            return moved
    # Even with all else hidden it cannot be that few, or that many: then as far as it can go.
    low, high = np.array(widest(block, cell)) - block.counts[cell]
    moved = _cheapest_move(block, cell, float(np.clip(shift, min(low, 0), max(high, 0))), hidden, none)
    return block.counts > 0 if moved is None else moved


def _cheapest_move(block: Block, cell: int, shift: float, hidden: np.ndarray, frozen: np.ndarray) -> np.ndarray | None:
    from scipy.optimize import linprog

    counts = block.counts
    # A zero is taken as known, since zeros are shown.
    still = (frozen | (counts == 0)) & ~hidden
    still[cell] = True
    cost = np.where(hidden, 1e-4, np.where(block.free, 1e-2, 1 + np.log1p(counts)))
    up, down = np.where(still, 0, np.inf), np.where(still, 0, np.maximum(counts - 1, 0))
    answer = linprog(
        np.concatenate([cost, cost]),
        A_eq=hstack([block.equations, -block.equations]),
        b_eq=-block.equations[:, [cell]].toarray().ravel() * shift,
        bounds=np.column_stack([np.zeros(2 * len(counts)), np.concatenate([up, down])]),
        method="highs",
    )
    if answer.status != 0:
        return None
    half = len(counts)
    return np.abs(answer.x[:half] - answer.x[half:]) > _MOVED
