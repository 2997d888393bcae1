"""How small and how large a count of a block can be, given which counts are known."""

import numpy as np

from iop_outcomes.release.disclosure.system import Block


def bounds(block: Block, cell: int, unknown: np.ndarray) -> tuple[float, float]:
    """Return the smallest and the largest that a count can be, by linear programming.

    Parameters
    ----------
    block : Block
        Counts and the sums among them.
    cell : int
        Position of the count.
    unknown : numpy.ndarray of bool, shape (m,)
        Counts that are not known; each is at least 1, since zeros are shown.
    """
    if not unknown[cell]:
        return float(block.counts[cell]), float(block.counts[cell])
    if not block.equations.shape[0]:
        return 1.0, np.inf
    from scipy.optimize import linprog

    limits = np.column_stack([np.where(unknown, 1.0, block.counts), np.where(unknown, np.inf, block.counts)])
    ends = []
    for sign in (1.0, -1.0):
        aim = np.zeros(len(block.counts))
        aim[cell] = sign
        zero = np.zeros(block.equations.shape[0])
        answer = linprog(aim, A_eq=block.equations, b_eq=zero, bounds=limits, method="highs")
        ends.append(sign * answer.fun if answer.status == 0 else sign * -np.inf)
    return ends[0], ends[1]


def widest(block: Block, cell: int) -> tuple[float, float]:
    """Return the range of a small count if every count but the zeros were hidden: no release can leave it a wider one.

    That is 1 to ``min_cell - 1``, unless the count is a sum of others, which are at least 1 each, or part of one.
    """
    low, high = bounds(block, cell, block.counts > 0)
    return max(low, 1.0), min(high, block.least[cell] - 1)
