"""Pool neighbours until none is too small: bins of a histogram, steps of a curve."""

import numpy as np
from numpy.typing import ArrayLike

from iop_outcomes.study.release_rules import ReleaseRules


def pool(counts: ArrayLike, rules: ReleaseRules) -> np.ndarray:
    """Pool neighbouring counts until each pool holds nobody or so many that rounding cannot make them look few.

    Parameters
    ----------
    counts : array-like, shape (k,)
        People in each of k ordered bins.
    rules : ReleaseRules
        The smallest pool, ``min_cell + round_to - 1``.

    Returns
    -------
    numpy.ndarray of int, shape (k,)
        Number of the pool of each bin, 0, 1, 2, ... If all bins together hold too few, there is one pool.

    Examples
    --------
    >>> pool([0, 0, 3, 9, 40, 4], ReleaseRules(min_cell=11, round_to=1)).tolist()
    [0, 1, 2, 2, 3, 3]
    """
    counts = np.asarray(counts, dtype=float)
    pools: list[list[int]] = []
    filled = True
    for position in range(len(counts)):
        if filled:
            pools.append([])
        pools[-1].append(position)
        filled = not _too_few(counts[pools[-1]].sum(), rules)
    # What is left at the end is too small by itself and joins the last pool that holds anybody.
    while len(pools) > 1 and _too_few(counts[pools[-1]].sum(), rules):
        last = pools.pop()
        pools[-1] += last
    labels = np.zeros(len(counts), dtype=int)
    for number, positions in enumerate(pools):
        labels[positions] = number
    return labels


def _too_few(count: float, rules: ReleaseRules) -> bool:
    return 0 < count < rules.clear
