"""Balance beyond means: squares of numbers, and products that the study declares.

Arms whose means are alike may spread unlike, and where an outcome bends with a covariate that decides. What is squared
is the distance from the mean of everybody, in standard deviations, so that a difference in means alone is none here.
"""

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iop_outcomes.designs.comparison import Comparison, Population
from iop_outcomes.designs.judge.balance import balance, balance_together
from iop_outcomes.designs.terms import TIMES, Crossed, Settled, is_number
from iop_outcomes.stats.linear.centring import standardised

SQUARED = " squared"
#: Which moment a row of a balance table is of.
FIRST, SECOND = "first", "second"


def second_moments(covariates: pd.DataFrame, settled: Sequence[Settled] = ()) -> pd.DataFrame:
    """Return squares of the numbers, and the products declared, as columns of their own.

    Parameters
    ----------
    covariates : DataFrame of n rows
        Complete.
    settled : sequence
        Terms of the design; its products count.

    Returns
    -------
    DataFrame
        ``<name> squared`` for every number of more than two values, centred; ``<name> × <name>`` for products.
    """
    columns = {}
    for name in covariates:
        if is_number(covariates[name]) and covariates[name].nunique() > 2:
            values = covariates[name].to_numpy(float)
            columns[f"{name}{SQUARED}"] = standardised(values) ** 2
    squares = pd.DataFrame(columns, index=covariates.index)
    products = [term.columns(covariates) for term in settled if isinstance(term, Crossed)]
    found = pd.concat([squares, *products], axis=1)
    return found.loc[:, [len(found[name].unique()) > 1 and bool(np.isfinite(found[name]).all()) for name in found]]


def made_of(name: str) -> tuple[str, ...]:
    """Return the covariates that a second moment is made of; none for a covariate itself."""
    if name.endswith(SQUARED):
        return (name.removesuffix(SQUARED),)
    return tuple(part.partition(" (")[0] for part in name.split(TIMES)) if TIMES in name else ()


def standard_error(comparison: Comparison, name: str, levels: pd.DataFrame) -> float:
    """Return the standard error of the difference of one second moment, in the standard deviations of its row.

    Parameters
    ----------
    comparison : Comparison
    name : str
        Of the second moment.
    levels : DataFrame
        Rows of a balance table after weighting.
    """
    values = second_moments(comparison.covariates, comparison.terms)[name].to_numpy(float)
    variance, means = 0.0, []
    for arm in (comparison.treated, ~comparison.treated):
        w = comparison.weight[arm] / comparison.weight[arm].sum()
        means.append(float(w @ values[arm]))
        variance += float(w**2 @ (values[arm] - means[-1]) ** 2)
    smd = float(levels.loc[levels["covariate"] == name, "smd"].iloc[0])
    unit = (means[0] - means[1]) / smd if smd and np.isfinite(smd) else np.inf
    return float(np.sqrt(variance) / abs(unit)) if unit else np.inf


def balance_of(comparison: Comparison) -> pd.DataFrame:
    """Return balance of the two arms; where their design has more, with the denominators of all."""
    together, estimand = comparison.together, comparison.estimand
    if together is None:
        treated, weight = comparison.treated, comparison.weight
        measure: Callable[[pd.DataFrame], pd.DataFrame] = partial(
            balance, treated=treated, weights=weight, estimand=estimand
        )
        return _by_moment(comparison.covariates, comparison.terms, measure)
    return balance_of_population(together, estimand, pairs=[comparison.arms]).drop(columns=["arm", "against"])


def balance_of_population(
    together: Population,
    estimand: str,
    *,
    population: NDArray[np.float64] | None = None,
    pairs: Sequence[tuple[str, str]] | None = None,
) -> pd.DataFrame:
    """Return balance of a design for more than two arms, of covariates and their second moments.

    Parameters
    ----------
    together : Population
    estimand : str
    population, pairs
        As in :func:`iop_outcomes.designs.judge.balance.balance_together`.
    """
    measure = partial(
        balance_together,
        arm=together.arm,
        names=together.arms,
        weights=together.weight,
        estimand=estimand,
        target=together.target,
        population=population,
        pairs=pairs,
    )
    return _by_moment(together.covariates, together.terms, measure)


def _by_moment(
    covariates: pd.DataFrame, settled: Sequence[Settled], measure: Callable[[pd.DataFrame], pd.DataFrame]
) -> pd.DataFrame:
    """Return a balance table of covariates, and below it that of their second moments; ``moment`` says which is which.

    Parameters
    ----------
    covariates : DataFrame of n rows
    settled : sequence
    measure : callable
        Makes a balance table of the columns of a frame.
    """
    bent = second_moments(covariates, settled)
    first = measure(covariates).assign(moment=FIRST)
    if bent.shape[1] == 0:
        return first
    return pd.concat([first, measure(bent).assign(moment=SECOND)], ignore_index=True)
