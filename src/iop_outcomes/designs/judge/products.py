"""What goes together in one arm and not in the other, though no product was declared.

Arms that are alike in age and alike in severity may hold the old and severe in one arm, the old and mild in the other.
All pairs of covariates are looked at, and named where chance does not explain it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iop_outcomes.designs.terms import is_number
from iop_outcomes.stats.linear.centring import standardised

#: More columns than this are not crossed with each other: the check would cost more than the fit.
MOST_COLUMNS = 200
#: Chance of naming any pair where the arms are alike.
FALSE_ALARM = 0.01
#: So many people at a time are made numbers of.
ROWS = 2**16
#: A difference below this is what is left of arithmetic.
NOTHING = 1e-9


@dataclass(frozen=True)
class Pair:
    """Two covariates whose product differs most between the arms, and whether by more than chance.

    Attributes
    ----------
    names : (str, str)
    smd : float
        Difference of the product, in standard deviations of it, first minus second arm.
    errors : float
        The same in standard errors.
    limit : float
        Standard errors that chance reaches in one of a hundred comparisons like this, over all pairs.
    """

    names: tuple[str, str]
    smd: float
    errors: float
    limit: float

    @property
    def by_chance(self) -> bool:
        """Would chance explain it?"""
        return self.errors <= self.limit


def most_unlike_product(
    covariates: pd.DataFrame, treated: NDArray[np.bool_], weight: NDArray[np.float64]
) -> Pair | None:
    """Return the pair of covariates whose product differs most, in standard errors, between two weighted arms.

    Numbers and levels are centred first, so that a difference in a covariate by itself is none in its products. Means
    of products are compared by their weighted variance, which knows that few may carry the weight.

    Parameters
    ----------
    covariates : DataFrame of n rows
        Complete.
    treated, weight : ndarray of shape (n,)

    Returns
    -------
    Pair, or None where there are no two covariates to cross, or too many columns
    """
    from scipy.special import ndtri

    columns = _columns(covariates)
    owner = [column.owner for column in columns]
    pairs = [(i, j) for j in range(len(owner)) for i in range(j) if owner[i] != owner[j]]
    if not pairs or len(owner) > MOST_COLUMNS:
        return None
    (mean, error, spread), (others, other_error, other_spread) = (
        _moments(columns, np.flatnonzero(arm), weight) for arm in (treated, ~treated)
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        difference = mean - others
        # A product that is certain in both arms leaves nothing to chance.
        variance = np.maximum(error + other_error, 0)
        errors = np.where(np.abs(difference) > NOTHING, np.abs(difference) / np.sqrt(variance), 0.0)
        smd = difference / np.sqrt(np.maximum(spread + other_spread, 0) / 2)
    i, j = max(pairs, key=lambda pair: errors[pair])
    limit = float(ndtri(1 - FALSE_ALARM / 2 / len(pairs)))
    return Pair((owner[i], owner[j]), float(smd[i, j]), float(errors[i, j]), limit)


def _moments(
    columns: Sequence["_Column"], rows: NDArray[np.intp], weight: NDArray[np.float64]
) -> tuple[NDArray[np.float64], ...]:
    """Return of every product of two columns its mean, the variance of that mean, and its variance, in some rows.

    Sums are taken over some thousand people at a time: a matrix of all people and columns is never made.
    """
    share = weight[rows] / weight[rows].sum()
    # x x', w x x', w^2 x x', x^2 x^2', w^2 x^2 x^2'
    plain, weighted, twice, squares, weighted_squares = np.zeros((5, len(columns), len(columns)))
    for start in range(0, len(rows), ROWS):
        w, some = share[start : start + ROWS, None], rows[start : start + ROWS]
        x = np.column_stack([column.of(some) for column in columns])
        square = x**2
        plain += x.T @ x
        weighted += x.T @ (x * w)
        twice += x.T @ (x * w**2)
        squares += square.T @ square
        weighted_squares += square.T @ (square * w**2)
    # The weighted mean of a product z has variance sum w^2 (z - m)^2.
    error = weighted_squares - 2 * weighted * twice + weighted**2 * (share**2).sum()
    return weighted, error, squares / len(rows) - (plain / len(rows)) ** 2


@dataclass(frozen=True)
class _Column:
    """A number of everybody, or one of two values by whether somebody has a level; and the covariate it is of."""

    owner: str
    values: NDArray[np.float64]
    codes: NDArray[np.integer] | None = None

    def of(self, rows: NDArray[np.intp]) -> NDArray[np.float64]:
        return self.values[rows] if self.codes is None else self.values[self.codes[rows]]


def _columns(covariates: pd.DataFrame) -> list[_Column]:
    """Return centred columns of unit spread: numbers, and levels but the first."""
    columns = []
    for name in covariates:
        values = covariates[name]
        if is_number(values):
            number = values.to_numpy(float)
            if number.min() < number.max():
                columns.append(_Column(str(name), standardised(number)))
            continue
        label = values.astype("category")
        codes = label.cat.codes.to_numpy()
        people = np.bincount(codes[codes >= 0], minlength=len(label.cat.categories))
        for level in range(1, len(people)):
            if 0 < people[level] < len(codes):
                # Everybody has one of two values: that of the level, or that of the others.
                own = np.full(len(people) + 1, _of_level(False, people[level], len(codes)))
                own[level] = _of_level(True, people[level], len(codes))
                columns.append(_Column(str(name), own, codes))
    return columns


def _of_level(has_it: bool, people: int, n: int) -> float:
    share = people / n
    return float((has_it - share) / np.sqrt(share * (1 - share)))
