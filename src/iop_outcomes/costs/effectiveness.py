"""Cost beside effect from draws of both: what one unit of effect costs, at which price that is worth it, and how sure.

A ratio of differences means nothing without their signs: the same number stands for paying for a gain and for saving by
a loss, and where one arm costs less and does more there is no price to name. Those cases are words and not ratios.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from iop_outcomes.costs.net_benefit import prices
from iop_outcomes.kernel.errors import EstimationError
from iop_outcomes.tables.costing import SURE

DOMINATES = "dominates: costs no more and does no less"
DOMINATED = "is dominated: costs no less and does no more"
BUYS, SAVES = "costs more and does more", "costs less and does less"
ALIKE = "costs and does the same"
#: Where chance could explain either difference neither a side nor a price is told.
CHANCE = "chance could explain which of the two {}"


@dataclass(frozen=True)
class CostEffectiveness:
    """Cost and effect of the first arm against the second.

    Attributes
    ----------
    summary : Series
        ``delta_effect`` and ``delta_cost``, means over the draws; ``words``: whether the first arm dominates, is
        dominated, costs more and does more, or costs less and does less, where 975 of 1,000 draws say so, and else what
        chance could explain; ``icer``: cost of a further unit of effect, only where it costs more and does more by its
        mean; ``saved_per_unit_lost``: only where it costs less and does less.
    by_willingness : DataFrame
        ``willingness`` (price of a unit of effect), ``net_benefit`` (mean gain in money), ``acceptability`` (share of
        the draws in which the first arm has the larger net benefit), ``evpi`` (expected value of perfect information).
    quadrants : Series
        Shares of the draws in which the first arm does more (E) or less (W) and costs more (N) or less (S); draws on an
        axis are in none.
    """

    summary: pd.Series
    by_willingness: pd.DataFrame
    quadrants: pd.Series


def cost_effectiveness(
    *,
    effect_first: ArrayLike,
    effect_second: ArrayLike,
    cost_first: ArrayLike,
    cost_second: ArrayLike,
    willingness: ArrayLike,
) -> CostEffectiveness:
    """Set cost beside effect, from draws of the mean of each in either arm.

    Parameters
    ----------
    effect_first, effect_second, cost_first, cost_second : array_like, shape (n_draws,)
        Drawn together, from a joint bootstrap (``cost_and_effect_draws``) or a posterior; more effect is better.
    willingness : array_like
        Prices of one unit of effect.

    Returns
    -------
    CostEffectiveness

    Raises
    ------
    EstimationError
        Draws differ in number or are missing, or a price is below zero.

    References
    ----------
    Briggs, O'Brien & Blackhouse 2002, Annu Rev Public Health 23:377; Stinnett & Mullahy 1998, Med Decis Making 18:S68
    (net benefit); Fenwick, Claxton & Sculpher 2001, Health Econ 10:779 (acceptability); Felli & Hazen 1998, Med Decis
    Making 18:95 (value of information).
    """
    given = {
        "effect_first": effect_first,
        "effect_second": effect_second,
        "cost_first": cost_first,
        "cost_second": cost_second,
    }
    draws = {name: np.atleast_1d(np.asarray(values, dtype=float)) for name, values in given.items()}
    if len({values.shape for values in draws.values()}) > 1 or draws["cost_first"].ndim != 1:
        raise EstimationError("cost-effectiveness: effects and costs of both arms need the same number of draws")
    if not all(np.isfinite(values).all() for values in draws.values()) or not len(draws["cost_first"]):
        raise EstimationError("cost-effectiveness: draws are missing or infinite; leave out whole draws")
    effect = draws["effect_first"] - draws["effect_second"]
    cost = draws["cost_first"] - draws["cost_second"]
    rows = []
    for price in prices(willingness):
        first = price * draws["effect_first"] - draws["cost_first"]
        second = price * draws["effect_second"] - draws["cost_second"]
        rows.append(
            {
                "willingness": price,
                "net_benefit": price * effect.mean() - cost.mean(),
                "acceptability": float(np.mean(price * effect - cost > 0)),
                "evpi": float(np.maximum(first, second).mean() - max(first.mean(), second.mean())),
            }
        )
    return CostEffectiveness(_summary(effect, cost), pd.DataFrame(rows), _shares(effect, cost))


def _summary(effect: NDArray[np.float64], cost: NDArray[np.float64]) -> pd.Series:
    more, dearer = float(effect.mean()), float(cost.mean())
    return pd.Series(
        {
            "delta_effect": more,
            "delta_cost": dearer,
            "words": _words(effect, cost),
            "icer": dearer / more if more > 0 and dearer > 0 else np.nan,
            "saved_per_unit_lost": dearer / more if more < 0 and dearer < 0 else np.nan,
        }
    )


def _words(effect: NDArray[np.float64], cost: NDArray[np.float64]) -> str:
    """Return what cost and effect are together, or which of the two chance could explain."""
    more, dearer = _side(effect), _side(cost)
    if more is None or dearer is None:
        open_ones = [said for side, said in ((dearer, "costs less"), (more, "does more")) if side is None]
        return CHANCE.format(" and which ".join(open_ones))
    if more * dearer > 0:
        return BUYS if more > 0 else SAVES
    if more == dearer == 0:
        return ALIKE
    return DOMINATES if more >= 0 and dearer <= 0 else DOMINATED


def _side(values: NDArray[np.float64]) -> int | None:
    """Return the side of zero on which nearly all draws lie, 0 where all are zero, None where chance decides."""
    if not values.any():
        return 0
    return next((side for side in (1, -1) if np.mean(side * values > 0) >= SURE), None)


def _shares(effect: NDArray[np.float64], cost: NDArray[np.float64]) -> pd.Series:
    more, dearer = effect > 0, cost > 0
    less, cheaper = effect < 0, cost < 0
    quadrants = {"NE": more & dearer, "SE": more & cheaper, "NW": less & dearer, "SW": less & cheaper}
    return pd.Series({name: float(np.mean(inside)) for name, inside in quadrants.items()})
