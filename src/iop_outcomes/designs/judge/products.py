"""What goes together in one arm and not in the other, though no product was declared.

Arms that are alike in age and alike in severity may hold the old and severe in one arm, the old and mild in the other.
All pairs of covariates are looked at, and named where chance does not explain it.
"""

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

    columns, owner = _columns(covariates)
    pairs = [(i, j) for j in range(len(owner)) for i in range(j) if owner[i] != owner[j]]
    if not pairs or len(owner) > MOST_COLUMNS:
        return None
    mean, error, spread = [], [], []
    for arm in (treated, ~treated):
        x, w = columns[arm], weight[arm] / weight[arm].sum()
        mean.append(x.T @ (x * w[:, None]))
        # The weighted mean of a product z has variance sum w^2 (z - m)^2.
        ww = (w**2)[:, None]
        error.append((x**2).T @ (x**2 * ww) - 2 * mean[-1] * (x.T @ (x * ww)) + mean[-1] ** 2 * (w**2).sum())
        spread.append((x**2).T @ (x**2) / len(x) - (x.T @ x / len(x)) ** 2)
    with np.errstate(divide="ignore", invalid="ignore"):
        difference = mean[0] - mean[1]
        # A product that is certain in both arms leaves nothing to chance.
        variance = np.maximum(error[0] + error[1], 0)
        errors = np.where(np.abs(difference) > NOTHING, np.abs(difference) / np.sqrt(variance), 0.0)
        smd = difference / np.sqrt(np.maximum(spread[0] + spread[1], 0) / 2)
    i, j = max(pairs, key=lambda pair: errors[pair])
    limit = float(ndtri(1 - FALSE_ALARM / 2 / len(pairs)))
    return Pair((owner[i], owner[j]), float(smd[i, j]), float(errors[i, j]), limit)


def _columns(covariates: pd.DataFrame) -> tuple[NDArray[np.float64], list[str]]:
    """Return centred columns of unit spread, numbers and levels but the first, and the covariate each is of."""
    columns, owner = [], []
    for name in covariates:
        values = covariates[name]
        if is_number(values):
            parts = [values.to_numpy(float)]
        else:
            label = values.astype("category")
            parts = [(label == level).to_numpy(float) for level in label.cat.categories[1:]]
        for part in parts:
            if part.min() < part.max():
                columns.append(standardised(part))
                owner.append(str(name))
    return np.column_stack(columns) if columns else np.empty((len(covariates), 0)), owner
