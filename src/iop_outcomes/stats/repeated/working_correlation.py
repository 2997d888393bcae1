"""Working correlations of repeated observations, held so that nothing of size cluster x cluster is ever made.

A structure knows which rows belong together. It estimates its one parameter from Pearson residuals as R's geese does,
multiplies by the inverse of the correlation matrix R, and gives X' diag(a) R^-1 diag(a) X for the information.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from iop_outcomes.kernel.errors import EstimationError, did_you_mean
from iop_outcomes.stats.linear.matrix import ModelMatrix


@dataclass(frozen=True)
class Independence:
    """No correlation is assumed; the robust covariance allows for it all the same."""

    codes: NDArray[np.intp]
    n_clusters: int
    wave: NDArray[np.float64] | None = None

    def estimate(self, residuals, scale) -> float:
        return 0.0

    def apply_inverse(self, values, parameter):
        return values

    def information(self, matrix: ModelMatrix, root: NDArray[np.float64], parameter: float):
        return matrix.sandwich(root**2)

    def part(self, rows):
        """Return the structure of some rows, which must be whole clusters in the order of their codes."""
        codes = self.codes[rows]
        first = codes.min() if len(codes) else 0
        wave = None if self.wave is None else self.wave[rows]
        return type(self)(codes - first, int(codes.max() - first + 1), wave)


@dataclass(frozen=True)
class Exchangeable(Independence):
    """Any two observations of a cluster are equally correlated."""

    @cached_property
    def sizes(self) -> NDArray[np.intp]:
        return np.bincount(self.codes, minlength=self.n_clusters)

    def estimate(self, residuals, scale) -> float:
        # The sum of products over pairs is half of the square of the sum less the sum of squares.
        sums = np.bincount(self.codes, residuals, self.n_clusters)
        n_pairs = np.sum(self.sizes * (self.sizes - 1.0)) / 2
        if n_pairs == 0:
            return 0.0
        parameter = (np.sum(sums**2) - np.sum(residuals**2)) / 2 / n_pairs / scale
        lowest = -1 / (self.sizes.max() - 1)
        if not lowest < parameter < 1:
            raise EstimationError(
                f"GEE: the exchangeable correlation came out as {parameter:.3f}, in clusters of {self.sizes.max():,} "
                f"it must be between {lowest:.3f} and 1; use correlation 'independence'"
            )
        return float(parameter)

    def _shrink(self, parameter):
        return parameter / (1 + (self.sizes - 1) * parameter)

    def apply_inverse(self, values, parameter):
        if values.ndim == 1:
            sums = np.bincount(self.codes, values, self.n_clusters)
            return (values - (self._shrink(parameter) * sums)[self.codes]) / (1 - parameter)
        return np.column_stack([self.apply_inverse(column, parameter) for column in values.T])

    def information(self, matrix, root, parameter):
        sums = matrix.group_sums(root, self.codes, self.n_clusters)
        between = (sums * self._shrink(parameter)[:, None]).T @ sums
        return (matrix.sandwich(root**2) - between) / (1 - parameter)


@dataclass(frozen=True)
class Autoregressive(Independence):
    """The correlation of two observations of a cluster falls as a power of the waves between them (AR1).

    Such a process forgets all but the last observation, so that the inverse of R links neighbours only, also where
    waves are missing between them.
    """

    @cached_property
    def _order(self) -> NDArray[np.intp]:
        return np.lexsort((self.wave, self.codes))

    @cached_property
    def _links(self) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float64]]:
        """Rows that follow each other within a cluster, and the waves between them."""
        before, after = self._order[:-1], self._order[1:]
        same = self.codes[before] == self.codes[after]
        return before[same], after[same], (self.wave[after] - self.wave[before])[same]

    def estimate(self, residuals, scale) -> float:
        from scipy.optimize import brentq

        counts, sums = self._pairs_by_lag(None), self._pairs_by_lag(residuals)
        lags = np.flatnonzero(counts)
        if not len(lags):
            return 0.0
        counts, sums = counts[lags], sums[lags] / scale

        def excess(parameter):
            return np.sum(lags * parameter ** (lags - 1.0) * (sums - counts * parameter**lags))

        # Just above zero the equation has the sign of the products at the least lag.
        ends = (1e-9, 0.999) if excess(1e-9) > 0 else (-0.999, -1e-9)
        if excess(ends[0]) * excess(ends[1]) > 0:
            raise EstimationError(
                "GEE: no autoregressive correlation between -1 and 1 fits; use 'exchangeable' or 'independence'"
            )
        return float(brentq(excess, *ends, xtol=1e-14))

    def _pairs_by_lag(self, residuals) -> NDArray[np.float64]:
        """Sum the products of all pairs within clusters (or count the pairs) by the waves between them."""
        codes, wave = self.codes[self._order], self.wave[self._order].astype(np.intp)
        values = None if residuals is None else residuals[self._order]
        totals = np.zeros(np.ptp(wave) + 1)
        shift = 1
        while shift < len(codes) and (same := codes[shift:] == codes[:-shift]).any():
            products = None if values is None else (values[shift:] * values[:-shift])[same]
            totals += np.bincount((wave[shift:] - wave[:-shift])[same], products, len(totals))
            shift += 1
        return totals

    def apply_inverse(self, values, parameter):
        before, after, gap = self._links
        fading = parameter**gap
        own, cross = fading**2 / (1 - fading**2), fading / (1 - fading**2)
        if values.ndim > 1:
            own, cross = own[:, None], cross[:, None]
        # Each row is in at most one link as the first and in one as the second, so plain indexing adds up.
        result = values.astype(float).copy()
        result[before] += own * values[before] - cross * values[after]
        result[after] += own * values[after] - cross * values[before]
        return result

    def information(self, matrix, root, parameter):
        before, after, gap = self._links
        fading = parameter**gap
        own = np.ones(len(root))
        own[before] += fading**2 / (1 - fading**2)
        own[after] += fading**2 / (1 - fading**2)
        cross = matrix.rows(before).cross(matrix.rows(after), root[before] * root[after] * fading / (1 - fading**2))
        return matrix.sandwich(root**2 * own) - cross - cross.T


STRUCTURES = {"independence": Independence, "exchangeable": Exchangeable, "ar1": Autoregressive}


def working_correlation(name: str, codes, n_clusters: int, wave=None) -> Independence:
    """Return a working correlation by name.

    Parameters
    ----------
    name : {"independence", "exchangeable", "ar1"}
    codes : (n,) int array
        Cluster of each row, 0 to ``n_clusters`` - 1.
    n_clusters : int
    wave : (n,) array of whole numbers, optional
        Time of each row, for "ar1"; by default 0, 1, 2, ... in the order of the rows of a cluster.

    Raises
    ------
    EstimationError
        There is no such structure, or a wave is missing, broken or twice in one cluster.
    """
    if name not in STRUCTURES:
        raise EstimationError(f"GEE: there is no correlation '{name}'; {did_you_mean(name, STRUCTURES)}")
    if name != "ar1":
        return STRUCTURES[name](codes, n_clusters)
    wave = _counted(codes) if wave is None else np.asarray(wave, dtype=float)
    if not (wave == np.round(wave)).all():
        raise EstimationError("GEE: waves must be whole numbers without gaps in them; number the weeks or visits")
    order = np.lexsort((wave, codes))
    twice = int(((np.diff(codes[order]) == 0) & (np.diff(wave[order]) == 0)).sum())
    if twice:
        raise EstimationError(
            f"GEE: {twice:,} rows repeat a wave of their cluster; keep one row per wave, or use 'exchangeable'"
        )
    return Autoregressive(codes, n_clusters, wave)


def _counted(codes) -> NDArray[np.float64]:
    import pandas as pd

    return pd.Series(codes).groupby(codes).cumcount().to_numpy(dtype=float)
