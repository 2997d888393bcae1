"""Coefficients of any fitted model as rows, with intervals."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike


def coefficient_table(
    names: Sequence[str],
    coefficients: ArrayLike,
    covariance: ArrayLike,
    *,
    degrees_of_freedom: float = np.inf,
    level: float = 0.95,
    exponentiate: bool = False,
) -> pd.DataFrame:
    """Return coefficients with standard errors, intervals and p-values.

    Parameters
    ----------
    names : sequence of p str
    coefficients : array_like, shape (p,)
    covariance : array_like, shape (p, p)
        Of the coefficients: that of the model, or a robust one.
    degrees_of_freedom : float
        Of the t quantile, such as the number of clusters less one; normal unless given.
    level : float
        Coverage of the intervals.
    exponentiate : bool
        Whether ``value`` and its interval are ratios, as of odds or hazards; ``se`` stays that of the logarithm.

    Returns
    -------
    DataFrame
        ``name``, ``value``, ``se``, ``ci_low``, ``ci_high``, ``p_value`` (that the coefficient is zero).

    References
    ----------
    Wald 1943, Trans Am Math Soc 54:426.
    """
    from scipy.special import stdtr, stdtrit

    b, se = np.asarray(coefficients, dtype=float), np.sqrt(np.diag(np.asarray(covariance, dtype=float)))
    half = stdtrit(degrees_of_freedom, (1 + level) / 2) * se
    shown = np.exp if exponentiate else np.asarray
    return pd.DataFrame(
        {
            "name": list(names),
            "value": shown(b),
            "se": se,
            "ci_low": shown(b - half),
            "ci_high": shown(b + half),
            "p_value": 2 * stdtr(degrees_of_freedom, -np.abs(b / se)),
        }
    )
