"""How often a score foretells which of two people has the event first."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from iop_outcomes.kernel.errors import EstimationError
from iop_outcomes.stats.survival.event_table import checked, distinct_times


@dataclass(frozen=True)
class Concordance:
    """Share of comparable pairs whose order a score foretells, ties in the score counting half.

    Attributes
    ----------
    value, se : float
        ``se`` is the infinitesimal jackknife over people.
    """

    value: float
    se: float


def concordance(time: ArrayLike, event: ArrayLike, score: ArrayLike, weights: ArrayLike | None = None) -> Concordance:
    """Return how often of two people the one with the higher score has the event first.

    Two people are comparable when the earlier time is that of an event; somebody censored at the time of an event is
    known to be later.

    Parameters
    ----------
    time, event, score : array_like, shape (n,)
        ``score`` is high for early events, as the linear predictor of a Cox model.
    weights : array_like, shape (n,), optional

    Raises
    ------
    EstimationError
        No two people are comparable.

    References
    ----------
    Harrell, Lee & Mark 1996, Stat Med 15:361; Therneau & Watson 2017, Mayo Clinic technical report 85 (standard error).
    """
    time, event, weights = checked(time, event, weights)
    happened = event > 0
    by_time, by_score = distinct_times(time)[1], distinct_times(score)[1]
    order = 2 * by_time + ~happened
    agreeing, comparable = np.zeros(len(time)), np.zeros(len(time))
    # Two orders differ first at one binary digit: at that level the pair is split, and counted once.
    for level in range(int(order.max()).bit_length()):
        later = (order >> level) & 1 == 1
        counts = _split_pairs(order >> (level + 1), later, by_score, weights, happened)
        agreeing, comparable = agreeing + counts[0], comparable + counts[1]
    total = weights @ comparable
    if not total > 0:
        raise EstimationError("concordance: no two people can be compared, because nobody is followed beyond an event")
    value = float(weights @ agreeing / total)
    # Every pair is in the totals twice, once for each of the two.
    return Concordance(value, float(np.sqrt(np.sum((weights * (agreeing - value * comparable)) ** 2)) / (total / 2)))


def _split_pairs(block, later, score, weights, happened) -> tuple[NDArray, NDArray]:
    """Return for every person the weight of agreeing and of comparable partners in the other half of the block."""
    blocks = np.unique(block, return_inverse=True)[1]
    n_scores = int(score.max()) + 1
    cells, cell = np.unique(blocks * n_scores + score, return_inverse=True)
    owner = cells // n_scores
    result = []
    for early_side, partner in ((True, later), (False, ~later & happened)):
        in_cell = np.bincount(cell, weights * partner, len(cells))
        in_block = np.bincount(owner, in_cell)
        below = np.cumsum(in_cell) - in_cell
        below -= (np.cumsum(in_block) - in_block)[owner]
        foretold = below if early_side else in_block[owner] - below - in_cell
        asks = (~later & happened) if early_side else later
        result.append((asks * (foretold + in_cell / 2)[cell], asks * in_block[owner][cell]))
    return result[0][0] + result[1][0], result[0][1] + result[1][1]
