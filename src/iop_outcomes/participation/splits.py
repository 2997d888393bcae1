"""Person-time of one strategy's clones, split at given days, with weights for having stayed on it."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iop_outcomes.kernel.errors import EstimationError, counted
from iop_outcomes.stats.linear.glm import fit_glm
from iop_outcomes.stats.linear.matrix import ModelMatrix, model_matrix

#: Length of the last step in standard errors; what is left is about its square.
TOLERANCE = 1e-8
#: Rows beyond this would take more memory than a laptop has.
MOST_ROWS = 50_000_000


@dataclass(frozen=True)
class Splits:
    """Intervals of clones, each person's together and in order.

    Attributes
    ----------
    row : ndarray of int, shape (n,)
        Position of the person.
    cut : ndarray of int, shape (n,)
        Position of the interval's end in ``cuts``.
    begin, end : ndarray, shape (n,)
        Days.
    event, leaves : ndarray of bool, shape (n,)
        Whether the interval ends in the event, or in leaving the strategy.
    cuts : ndarray, shape (k,)
    covariates : DataFrame, n rows
    """

    row: NDArray[np.intp]
    cut: NDArray[np.intp]
    begin: NDArray[np.float64]
    end: NDArray[np.float64]
    event: NDArray[np.bool_]
    leaves: NDArray[np.bool_]
    cuts: NDArray[np.float64]
    covariates: pd.DataFrame

    @classmethod
    def of(cls, clones: pd.DataFrame, cuts: NDArray[np.float64], covariates: pd.DataFrame) -> "Splits":
        """Split clones (``row``, ``time``, ``event``, ``deviates``) at sorted days, one of which each clone ends on."""
        last = np.searchsorted(cuts, clones["time"])
        n_rows = int((last + 1).sum())
        if n_rows > MOST_ROWS:
            raise EstimationError(
                f"person-time: {counted(n_rows, 'row')} after splitting, more than {MOST_ROWS:,}; give times in whole "
                "days or weeks, so that fewer of them differ"
            )
        clone = np.repeat(np.arange(len(clones)), last + 1)
        cut = np.arange(n_rows) - np.repeat(np.cumsum(last + 1) - last - 1, last + 1)
        ends = cut == last[clone]
        row = clones["row"].to_numpy()[clone]
        return cls(
            row=row,
            cut=cut,
            begin=np.append(0.0, cuts)[cut],
            end=cuts[cut],
            event=ends & (clones["event"].to_numpy() == 1)[clone],
            leaves=ends & clones["deviates"].to_numpy(bool)[clone],
            cuts=cuts,
            covariates=covariates.iloc[row].reset_index(drop=True),
        )

    @cached_property
    def matrix(self) -> ModelMatrix:
        """Of the model of staying: the day the interval begins, and covariates."""
        return model_matrix(pd.concat([pd.Series(self.begin, name="day"), self.covariates], axis=1))

    def weights(self, drawn: NDArray[np.float64] | None = None) -> NDArray[np.float64]:
        """Return the inverse of the probability of having stayed up to the beginning of each interval, shape (n,)."""
        if not self.leaves.any():
            return np.ones(len(self.row))
        fit = fit_glm(self.leaves.astype(float), self.matrix, weights=drawn, tolerance=TOLERANCE)
        stays = np.log1p(-fit.fitted)
        before = np.cumsum(stays) - stays
        first = np.flatnonzero(self.cut == 0)
        weights: NDArray[np.float64] = np.exp(np.repeat(before[first], np.diff(np.append(first, len(stays)))) - before)
        return weights

    def survival(self, weights: NDArray[np.float64], at: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return weighted Kaplan-Meier survival at given days, NaN after the last day on which a clone is followed."""
        reached, happened = (
            np.bincount(self.cut, values, len(self.cuts)) for values in (weights, weights * self.event)
        )
        hazard = np.divide(happened, reached, out=np.full(len(self.cuts), np.nan), where=reached > 0)
        curve = np.append(1.0, np.cumprod(1 - hazard))
        beyond = at > self.cuts[-1]
        return np.where(beyond, np.nan, curve[np.searchsorted(self.cuts, at, side="right")])
