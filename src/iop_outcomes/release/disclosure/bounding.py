"""How small and how large counts can be, given the sums among them and which of them are known."""

from collections.abc import Sequence

import numpy as np
from scipy.sparse import csr_array, eye_array, hstack, vstack


class Ranges:
    """The smallest and the largest that unknown counts can be, by linear programming.

    Every table that a programme finds is remembered: what it shows of one count it shows of all, so that few of them
    need a programme of their own.

    Parameters
    ----------
    counts : numpy.ndarray, shape (m,)
        True counts.
    equations : scipy.sparse.csr_array, shape (q, m)
        ``equations @ counts = 0``.
    unknown : numpy.ndarray of bool, shape (m,)
        Counts that are not known; each is at least 1, since zeros are shown.

    Attributes
    ----------
    least_found, most_found : numpy.ndarray, shape (m,)
        Smallest and largest that each count is in the tables found so far.
    """

    def __init__(self, counts: np.ndarray, equations: csr_array, unknown: np.ndarray):
        self.counts, self.unknown = counts, unknown
        self.least_found, self.most_found = counts.astype(float), counts.astype(float)
        self._places = np.flatnonzero(unknown)
        self._position = {int(place): number for number, place in enumerate(self._places)}
        bound = equations[:, self._places]
        rows = np.diff(bound.indptr) > 0
        self._equations = bound[rows]
        self._total = -(equations[rows] @ np.where(unknown, 0.0, counts))
        self._ends: dict[tuple[int, float], float] = {}

    def low(self, cell: int, enough: float = -np.inf) -> float:
        """Return the smallest that a count can be, or one that is small enough."""
        return self.least_found[cell] if self.least_found[cell] <= enough else self._end(cell, 1.0)

    def high(self, cell: int, enough: float = np.inf) -> float:
        """Return the largest that a count can be, infinite where nothing bounds it, or one that is large enough."""
        return self.most_found[cell] if self.most_found[cell] >= enough else self._end(cell, -1.0)

    def spread(self, cells: Sequence[int], most: np.ndarray) -> None:
        """Look for a table in which as many counts as can be at once are 1, and for one in which they are ``most``.

        Parameters
        ----------
        cells : sequence of int
            Positions of counts.
        most : numpy.ndarray, shape (m,)
            So large is enough.
        """
        sought = [self._position[cell] for cell in cells if self.unknown[cell]]
        if not sought:
            return
        n, k, q = len(self._places), len(sought), self._equations.shape[0]
        aim = np.zeros(n)
        aim[sought] = 1.0
        self._solve(aim, self._equations, self._total)
        # What each is up to what is asked of it counts; what it is beyond that does not.
        pick = csr_array((np.ones(k), (np.arange(k), sought)), shape=(k, n))
        split = hstack([pick, -eye_array(k), -eye_array(k)])
        equations = vstack([hstack([self._equations, csr_array((q, 2 * k))]), split])
        limits = np.concatenate([np.full(n, np.inf), most[self._places[sought]], np.full(k, np.inf)])
        aim = np.concatenate([np.zeros(n), -np.ones(k), np.zeros(k)])
        self._solve(aim, equations, np.concatenate([self._total, np.zeros(k)]), limits)

    def _end(self, cell: int, sign: float) -> float:
        if not self.unknown[cell]:
            return float(self.counts[cell])
        if (cell, sign) not in self._ends:
            aim = np.zeros(len(self._places))
            aim[self._position[cell]] = sign
            self._ends[cell, sign] = sign * self._solve(aim, self._equations, self._total)
        return self._ends[cell, sign]

    def _solve(self, aim: np.ndarray, equations, total: np.ndarray, limits: np.ndarray | None = None) -> float:
        """Return how small a weighted sum can be, minus infinity where nothing bounds it, and remember the table."""
        from scipy.optimize import linprog

        n = len(self._places)
        least = np.concatenate([np.ones(n), np.zeros(len(aim) - n)])
        most = np.full(len(aim), np.inf) if limits is None else limits
        given = {"A_eq": equations, "b_eq": total} if equations.shape[0] else {}
        answer = linprog(aim, bounds=np.column_stack([least, most]), method="highs", **given)
        if answer.status != 0:
            return -np.inf
        found = answer.x[:n]
        self.least_found[self._places] = np.minimum(self.least_found[self._places], found)
        self.most_found[self._places] = np.maximum(self.most_found[self._places], found)
        return float(answer.fun)
