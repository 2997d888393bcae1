"""Balancing weights from a propensity score: whom each estimand speaks for, and what trimming cuts."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from iop_outcomes.designs.arms import proper_score, two_arms
from iop_outcomes.kernel.errors import DesignError, counted, did_you_mean

#: A bound further from the ends than this would change the question.
LARGEST_BOUND = 0.1
ESTIMANDS = {
    "ATE": "everybody",
    "ATT": "people like the first arm",
    "ATC": "people like the second arm",
    "ATO": "people who might have been in either arm (overlap)",
    "ATM": "people who would have a match in the other arm",
}


def balancing_weights(score, treated, estimand: str) -> np.ndarray:
    """Return balancing weights, not normalised.

    With e the score: ATE 1/e and 1/(1-e); ATT 1 and e/(1-e); ATC (1-e)/e and 1; ATO 1-e and e; ATM (matching weights)
    min(e, 1-e) over the score of one's own arm.

    Parameters
    ----------
    score : array_like of shape (n,)
        Probability of the first arm, strictly between 0 and 1.
    treated : array_like of shape (n,)
        True or 1 in the first arm.
    estimand : {"ATE", "ATT", "ATC", "ATO", "ATM"}

    Returns
    -------
    ndarray of shape (n,)

    Raises
    ------
    DesignError
        An arm is empty, a score is not strictly between 0 and 1, or the estimand is unknown.

    References
    ----------
    Li, Morgan & Zaslavsky 2018, J Am Stat Assoc 113:390; Li & Greene 2013, Int J Biostat 9:215.
    """
    e, first = proper_score(score), two_arms(treated, "weights")
    if estimand not in ESTIMANDS:
        raise DesignError(f"weights: there is no estimand '{estimand}'; {did_you_mean(estimand, ESTIMANDS)}")
    tilt = {
        "ATE": lambda: 1.0,
        "ATT": lambda: e,
        "ATC": lambda: 1 - e,
        "ATO": lambda: e * (1 - e),
        "ATM": lambda: np.minimum(e, 1 - e),
    }[estimand]()
    return tilt / np.where(first, e, 1 - e)


def bound_of(bound: float | str | None, n: int) -> float:
    """Return how near to 0 and 1 a score may come: the number itself, 0 for none.

    ``auto`` is 5 / (sqrt(n) log n) and at most 0.1, which goes to 0 as slowly as a bound may whose bias vanishes beside
    the standard error.

    Parameters
    ----------
    bound : float, "auto" or None
    n : int
        People with a score.

    References
    ----------
    Gruber, Phillips, Lee & van der Laan 2022, Am J Epidemiol 191:1640.
    """
    if bound is None:
        return 0.0
    if bound == "auto":
        return float(min(5 / (np.sqrt(n) * np.log(n)), LARGEST_BOUND)) if n > 1 else LARGEST_BOUND
    return float(bound)


def bounded_score(score, estimand: str, bound: float) -> np.ndarray:
    """Return scores no nearer to the end of their scale than a bound, at the ends where the estimand has large weights.

    Parameters
    ----------
    score : array_like of shape (n,)
    estimand : {"ATE", "ATT", "ATC", "ATO", "ATM"}
        ATE at both ends; ATT at 1, where the odds of the second arm are largest; ATC at 0. The weights of the others
        are bounded by themselves.
    bound : float
        From :func:`bound_of`.
    """
    low, high = {"ATE": (bound, 1 - bound), "ATT": (0.0, 1 - bound), "ATC": (bound, 1.0)}.get(estimand, (0.0, 1.0))
    return np.clip(np.asarray(score, dtype=float), low, high)


def stabilised(weights, treated) -> np.ndarray:
    """Return weights times the share of the own arm, so that inverse-probability weights have mean about 1.

    Parameters
    ----------
    weights, treated : array_like of shape (n,)
    """
    first = two_arms(treated, "weights")
    return np.asarray(weights, dtype=float) * np.where(first, first.mean(), (~first).mean())


def effective_sample_size(weights) -> float:
    """Return (sum w)^2 / sum w^2, the size of an equally weighted sample of the same precision.

    References
    ----------
    Kish 1965, Survey Sampling, section 11.7.
    """
    values = np.asarray(weights, dtype=float)
    squares = values @ values
    return float(values.sum() ** 2 / squares) if squares > 0 else 0.0


@dataclass(frozen=True)
class Cut:
    """Weights after trimming or truncation, and how many people it touched.

    Attributes
    ----------
    weights : ndarray of shape (n,)
    low, high : float
        Bounds: of the weights when truncated, of the score when trimmed.
    counts : DataFrame
        One row per arm (``treated``, ``reference``, or the arms' names): ``n``, ``n_below``, ``n_above``.
    """

    weights: np.ndarray
    low: float
    high: float
    counts: pd.DataFrame


def truncate_weights(weights, treated, *, quantile: float = 0.99, both_ends: bool = False) -> Cut:
    """Set weights beyond a quantile to that quantile.

    The quantile is an observed weight (R's type 3, the nearest even order statistic), over both arms together. An arm
    whose weights are all equal, as the treated of an ATT, neither counts nor is touched.

    Parameters
    ----------
    weights, treated : array_like of shape (n,)
    quantile : float
        Between 0.5 and 1.
    both_ends : bool
        Whether weights below the ``1 - quantile`` quantile are raised to it too.

    Returns
    -------
    Cut

    Raises
    ------
    DesignError
        The quantile is not between 0.5 and 1.
    """
    first = two_arms(treated, "weights")
    return truncate_within(weights, {"treated": first, "reference": ~first}, quantile=quantile, both_ends=both_ends)


def truncate_within(weights, arms: dict[str, np.ndarray], *, quantile: float = 0.99, both_ends: bool = False) -> Cut:
    """Set weights beyond a quantile to it, as :func:`truncate_weights`, in any number of arms.

    Parameters
    ----------
    weights : array_like of shape (n,)
    arms : dict of ndarray of bool, shape (n,)
        Who is in each arm.
    quantile, both_ends
        As in :func:`truncate_weights`.
    """
    values = np.asarray(weights, dtype=float)
    if not 0.5 < quantile < 1:
        raise DesignError(f"weights: truncation at the quantile {quantile} asked for; it lies between 0.5 and 1.")
    varying = np.zeros(len(values), dtype=bool)
    for arm in arms.values():
        varying |= arm & (np.ptp(values[arm]) > 0)
    if not varying.any():
        return Cut(values.copy(), -np.inf, np.inf, _counts(arms, varying, varying))
    high = _order_statistic(values[varying], quantile)
    low = _order_statistic(values[varying], 1 - quantile) if both_ends else -np.inf
    below, above = varying & (values < low), varying & (values > high)
    return Cut(np.where(below, low, np.where(above, high, values)), low, high, _counts(arms, below, above))


def _order_statistic(values: np.ndarray, quantile: float) -> float:
    # 1 - 0.95 is not 0.05 in binary; unrounded, the rank could fall on the other side of a half.
    return float(np.quantile(values, round(quantile, 12), method="closest_observation"))


def trim_score(weights, score, treated, *, low: float = 0.1, high: float = 0.9) -> Cut:
    """Give weight zero to people whose score lies outside a range.

    The score is not estimated again; design methods do that where they are asked to.

    Parameters
    ----------
    weights, score, treated : array_like of shape (n,)
    low, high : float
        Bounds, both inside; 0.1 and 0.9 are the rule of thumb of Crump et al.

    Returns
    -------
    Cut

    Raises
    ------
    DesignError
        The bounds leave an arm empty.

    References
    ----------
    Crump, Hotz, Imbens & Mitnik 2009, Biometrika 96:187.
    """
    e, first = proper_score(score), two_arms(treated, "weights")
    below, above = e < low, e > high
    kept = ~(below | above)
    for arm, name in ((first, "first"), (~first, "second")):
        if not (kept & arm).any():
            raise DesignError(
                f"weights: no score of the {name} arm ({counted(int(arm.sum()), 'person', 'people')}) lies between "
                f"{low:g} and {high:g}; the arms do not overlap there."
            )
    return Cut(
        np.where(kept, np.asarray(weights, dtype=float), 0.0),
        low,
        high,
        _counts({"treated": first, "reference": ~first}, below, above),
    )


def crump_bounds(score) -> tuple[float, float]:
    """Return the range of scores that gives the most precise average effect.

    The bound a solves 1/(a(1-a)) = 2 * mean of 1/(e(1-e)) over the scores inside; (0, 1) where nobody need be left out.

    Parameters
    ----------
    score : array_like of shape (n,)

    References
    ----------
    Crump, Hotz, Imbens & Mitnik 2009, Biometrika 96:187, corollary 1.
    """
    e = proper_score(score)
    cost = np.sort(1 / (e * (1 - e)))
    mean_of_cheapest = np.cumsum(cost) / np.arange(1, len(cost) + 1)
    dear = cost[1:] > 2 * mean_of_cheapest[:-1]
    if not dear.any():
        return 0.0, 1.0
    bound = 2 * mean_of_cheapest[np.argmax(dear)]
    low = float((1 - np.sqrt(1 - 4 / bound)) / 2)
    return low, 1 - low


def weight_summary(weights, treated) -> pd.DataFrame:
    """Return size, effective size and spread of the weights by arm.

    Parameters
    ----------
    weights, treated : array_like of shape (n,)

    Returns
    -------
    DataFrame
        Rows ``treated``, ``reference``, ``all``; columns ``n``, ``n_used``, ``sum``, ``min``, ``max``, ``cv`` (standard
        deviation with divisor n - 1 over the mean), ``ess``, ``largest_share``.
    """
    values, first = np.asarray(weights, dtype=float), two_arms(treated, "weights")
    rows = {}
    for name, arm in (("treated", first), ("reference", ~first), ("all", np.ones(len(first), dtype=bool))):
        w = values[arm]
        total = w.sum()
        rows[name] = {
            "n": len(w),
            "n_used": int((w > 0).sum()),
            "sum": total,
            "min": w.min(),
            "max": w.max(),
            "cv": w.std(ddof=1) / w.mean() if len(w) > 1 and total > 0 else np.nan,
            "ess": effective_sample_size(w),
            "largest_share": w.max() / total if total > 0 else np.nan,
        }
    return pd.DataFrame.from_dict(rows, orient="index")


def _counts(arms: dict[str, np.ndarray], below, above) -> pd.DataFrame:
    rows = {
        name: {"n": int(arm.sum()), "n_below": int((arm & below).sum()), "n_above": int((arm & above).sum())}
        for name, arm in arms.items()
    }
    return pd.DataFrame.from_dict(rows, orient="index")
