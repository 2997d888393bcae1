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
    if not block.equations.shape[0]:
        return hidden
    # Whatever lies between two tables agrees with what is shown, too: what was found for one cell may do for others.
    least_found, most_found = block.counts.copy(), block.counts.copy()
    for cell in np.flatnonzero(hidden):
        for target in (1, block.least[cell] - 1):
            if least_found[cell] <= target <= most_found[cell]:
                continue
            moved = _move(block, cell, target - block.counts[cell], hidden)
            if moved is None:
                return block.counts > 0
            hidden |= np.abs(moved) > _MOVED
            np.minimum(least_found, block.counts + moved, out=least_found)
            np.maximum(most_found, block.counts + moved, out=most_found)
    return hidden


def _looks_small(block: Block) -> np.ndarray:
    """Find the part of a sum of two whose rounded total and other part differ by less than ``min_cell``.

    The part itself is large enough, but whoever subtracts the rounded numbers would believe to have found a small one.
    """
    looks = np.zeros(len(block.counts), dtype=bool)
    table = block.equations
    pairs = [row for row in range(table.shape[0]) if table.indptr[row + 1] - table.indptr[row] == 3]
    shown = {}
    for row in pairs:
        held = slice(table.indptr[row], table.indptr[row + 1])
        places, factors = table.indices[held], table.data[held]
        total, others = places[factors > 0], places[factors < 0]
        if len(total) != 1:
            continue
        for place in places:
            if place not in shown:
                shown[place] = float(block.rules[place].rounded(block.counts[place]))
        for part, other in (others, others[::-1]):
            looks[part] |= bool(block.rules[part].small(shown[total[0]] - shown[other]))
    return looks & (block.counts > 0)


def _move(block: Block, cell: int, shift: float, hidden: np.ndarray) -> np.ndarray | None:
    """Return by how much cells differ in the cheapest other tables in which one is larger by ``shift``.

    ``shift`` is negative where it is to be smaller. None where there are no such tables, and none nearly so.
    """
    everything = np.ones(len(block.counts), dtype=bool)
    low, high = np.array(block.widest(cell)) - block.counts[cell]
    nearest = float(np.clip(shift, min(low, 0), max(high, 0)))
    # Where even with all else hidden it cannot be that few, or that many: as far as it can go.
    ways = (hidden, ~block.kept | hidden, everything) if nearest == shift else (hidden, everything)
    found = (_cheapest_move(block, cell, nearest, hidden, movable) for movable in ways)
    return next((moved for moved in found if moved is not None), None)


def _cheapest_move(block: Block, cell: int, shift: float, hidden: np.ndarray, movable: np.ndarray) -> np.ndarray | None:
    from scipy.optimize import linprog

    counts, moved = block.counts, np.zeros(len(block.counts))
    moved[cell] = shift
    # A zero is taken as known, since zeros are shown.
    may = movable & ((counts > 0) | hidden)
    may[cell] = False
    places = np.flatnonzero(may)
    equations, needed = block.equations[:, places], -(block.equations @ moved)
    rows = np.diff(equations.indptr) > 0
    if (needed[~rows] != 0).any():
        return None
    if not len(places) or not needed.any():
        return moved
    cost = np.where(hidden, 1e-4, np.where(block.free, 1e-2, 1 + np.log1p(counts)))[places]
    down = np.maximum(counts[places] - 1, 0)
    answer = linprog(
        np.concatenate([cost, cost]),
        A_eq=hstack([equations[rows], -equations[rows]]),
        b_eq=needed[rows],
        bounds=np.column_stack([np.zeros(2 * len(places)), np.concatenate([np.full(len(places), np.inf), down])]),
        method="highs",
    )
    if answer.status != 0:
        return None
    moved[places] = answer.x[: len(places)] - answer.x[len(places) :]
    return moved
