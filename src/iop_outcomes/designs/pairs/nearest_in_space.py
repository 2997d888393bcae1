"""Greedy search for nearest controls in a space of several coordinates (Mahalanobis matching).

A k-d tree proposes candidates and the exact distance decides among them; the tree is asked for more until no control it
has not shown can be as near as the one taken, so the result is that of comparing everybody with everybody. Of equally
near controls (up to ``tie``, see ``ties.py``) the one met last on MatchIt's walk to the left along the first coordinate
is taken, and if there is none to the left the one met last to the right. MatchIt leaves it to the last bit of its
distances whether it is left or right.
"""

import numpy as np

from iop_outcomes.designs.pairs.nearest import Found
from iop_outcomes.designs.pairs.ties import ranks, snapped

FIRST_ASK = 16


class _Pool:
    """The controls of one stratum that are still free, with a tree that is grown anew when half of them are gone."""

    def __init__(self, coordinates: np.ndarray, controls: np.ndarray, tie: float):
        self.coordinates, self.tie = coordinates, tie
        self.free = np.zeros(len(coordinates), dtype=bool)
        self.free[controls] = True
        self.n_free = len(controls)
        self._grow(controls)

    def _grow(self, controls: np.ndarray) -> None:
        from scipy.spatial import cKDTree

        self.members = controls
        self.tree = cKDTree(self.coordinates[controls]) if len(controls) else None

    def take(self, control: int) -> None:
        self.free[control] = False
        self.n_free -= 1
        if self.n_free and self.n_free <= len(self.members) // 2:
            self._grow(self.members[self.free[self.members]])

    def nearest(self, person: int, admissible, walked, wanted: int) -> np.ndarray:
        """Return up to ``wanted`` free, admissible controls, nearest first and equals as ``walked`` orders them."""
        if not self.n_free:
            return np.empty(0, dtype=np.int64)
        ask = max(FIRST_ASK, 2 * wanted)
        while True:
            ask = min(ask, len(self.members))
            reached, shown = self.tree.query(self.coordinates[person], k=np.arange(1, ask + 1))
            candidates = self.members[shown]
            candidates = candidates[self.free[candidates] & admissible(candidates)]
            # Column by column, so that equal rows give bit-equal distances wherever they stand in the data.
            apart = np.zeros(len(candidates))
            for column in range(self.coordinates.shape[1]):
                apart += (self.coordinates[candidates, column] - self.coordinates[person, column]) ** 2
            apart = np.sqrt(apart)
            rank = ranks(apart, self.tie)
            best = np.lexsort((*walked(candidates), rank))[:wanted]
            if ask == len(self.members):
                return candidates[best]
            # A control the tree has not shown is no nearer than the last it showed, up to rounding, and no tie.
            if len(best) == wanted and apart[rank == rank[best[-1]]].max() + self.tie < reached[-1] * (1 - 1e-9):
                return candidates[best]
            ask *= 2


def nearest_in_space(
    is_control, coordinates, stratum, order, *, ratio, replace, score=None, width=np.inf, tie=0.0
) -> Found:
    """Let each treated person in turn take the nearest controls by Euclidean distance.

    Parameters
    ----------
    is_control : (n,) bool array
    coordinates : (n, p) float array
        Euclidean distance between rows is the distance to match on.
    stratum : (n,) int array
        Codes that must agree within a match.
    order : (n_treated,) int array
        Positions of the treated, in the order in which they choose.
    ratio : int
        Controls per treated person; without replacement one per round.
    replace : bool
        Whether a control may be taken by several.
    score : (n,) float array, optional
        A second distance on which the caliper ``width`` is laid.
    width : float
        The greatest difference of ``score`` within a pair.
    tie : float
        Distances that differ by no more are equal.

    Returns
    -------
    Found
    """
    place = _places(snapped(coordinates[:, 0], tie), stratum)
    pools = {
        code: _Pool(coordinates, np.flatnonzero(is_control & (stratum == code)), tie) for code in np.unique(stratum)
    }

    def choose(person: int, wanted: int) -> np.ndarray:
        def admissible(candidates):
            return True if score is None else np.abs(score[candidates] - score[person]) <= width

        def walked(candidates):
            steps = place[candidates] - place[person]
            return -np.abs(steps), steps > 0

        return pools[stratum[person]].nearest(person, admissible, walked, wanted)

    chosen: list[tuple[int, int, int]] = []
    seeking = range(len(order))
    for first_rank in [1] if replace else range(1, ratio + 1):
        content = []
        for i in seeking:
            taken = choose(order[i], ratio if replace else 1)
            chosen.extend((i, control, first_rank + k) for k, control in enumerate(taken))
            if len(taken):
                content.append(i)
            if not replace:
                for control in taken:
                    pools[stratum[order[i]]].take(control)
        seeking = content
    table = np.array(chosen, dtype=np.int64).reshape(-1, 3)
    return Found(table[:, 0], table[:, 1], table[:, 2])


def _places(key: np.ndarray, stratum: np.ndarray) -> np.ndarray:
    """Rank of everybody by stratum, key and place in the data."""
    in_order = np.lexsort((np.arange(len(key)), key, stratum))
    place = np.empty(len(key), dtype=np.int64)
    place[in_order] = np.arange(len(key))
    return place
