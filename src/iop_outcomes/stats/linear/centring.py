"""Numbers moved to mean 0 and standard deviation 1 while a model is fitted.

Sums of squares of a calendar year, of a day number or of a zip code hold next to nothing of how it varies: what a
double keeps of (2,024.3)^2 is used up by the mean. A model with an intercept is the same model on moved columns, so
every fit is made on those and its coefficients are turned back. Only numbers are moved; zeros and ones of categories
stay as they are held.
"""

from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from iop_outcomes.stats.linear.matrix import INTERCEPT, ModelMatrix

#: A number this near to mean 0 and standard deviation 1 is left alone: moving it would spare no digit.
NEAR_ZERO, NEAR_ONE = 4.0, 16.0
#: A standard deviation below this share of the mean is rounding of a constant.
ROUNDING = 4 * np.finfo(float).eps


@dataclass(frozen=True)
class Centring:
    """A model matrix with its numbers moved, and the way back.

    Attributes
    ----------
    matrix : ModelMatrix
        Columns ``(x - centre) / unit``.
    centre, unit : ndarray, shape (p,)
        0 and 1 for columns that were not moved.
    """

    matrix: ModelMatrix
    centre: NDArray[np.float64]
    unit: NDArray[np.float64]

    @cached_property
    def outward(self) -> NDArray[np.float64]:
        """The p x p matrix that turns coefficients of the moved columns into those of the original ones."""
        turned = np.diag(1 / self.unit)
        if self.matrix.has_intercept:
            turned[0] -= self.centre / self.unit
        return turned

    def coefficients(self, moved: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return coefficients of the original columns."""
        return self.outward @ moved

    def covariance(self, moved: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the covariance, or another inverse of an information, of the original columns' coefficients."""
        return self.outward @ moved @ self.outward.T

    def combinations(self, directions: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return combinations of original coefficients, shape (p, q), as combinations of those of moved columns."""
        return self.outward.T @ directions


def centred(matrix: ModelMatrix, *, fixed: Collection[str] = ()) -> Centring:
    """Return a matrix with every number at mean 0 and standard deviation 1.

    Without an intercept numbers only change their unit, because moving them would change the model.

    Parameters
    ----------
    matrix : ModelMatrix
    fixed : collection of str
        Columns that stay as they are.
    """
    centre, unit = _moments(matrix, fixed)
    if not matrix.has_intercept:
        centre = np.zeros_like(centre)
    if (np.abs(centre) <= NEAR_ZERO * unit).all() and (np.maximum(unit, 1 / unit) <= NEAR_ONE).all():
        return Centring(matrix, np.zeros_like(centre), np.ones_like(unit))
    return Centring(matrix.moved(centre, unit), centre, unit)


def from_means(matrix: ModelMatrix) -> tuple[Centring, NDArray[np.float64]]:
    """Return a matrix whose numbers are counted from their means, in their own units, and their standard deviations.

    For models whose baseline holds the intercept: their coefficients and covariances stay the same.
    """
    centre, unit = _moments(matrix, ())
    return Centring(matrix.moved(centre, np.ones_like(unit)), centre, np.ones_like(unit)), unit


def standardised(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return numbers, shape (n,), moved to mean 0 and standard deviation 1."""
    return (values - values.mean()) / values.std()


def _moments(matrix: ModelMatrix, fixed: Collection[str]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return mean and standard deviation of every number, 0 and 1 for other columns."""
    mean, deviation = np.zeros(len(matrix.names)), np.ones(len(matrix.names))
    for block in matrix.blocks:
        mean[block.columns], deviation[block.columns] = block.moments
    constant = ~(deviation > ROUNDING * np.abs(mean))
    deviation[constant] = 1.0
    still = [level is not None or name == INTERCEPT or name in fixed for name, level in matrix.terms]
    mean[still], deviation[still] = 0.0, 1.0
    return mean, deviation
