"""Rosenbaum's bounds: how strong a hidden bias within matched pairs would have to be to explain the result away.

Gamma is the most by which two people of a pair may differ in their odds of treatment because of something nobody
measured. At gamma = 1 matching has done all that randomising would; at gamma = 2 one of a pair may have been twice as
likely to be treated as the other. For each gamma the p value lies between two bounds.
"""

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from iop_outcomes.kernel.errors import EstimationError, counted

GAMMAS = tuple(np.arange(1, 3.01, 0.25))


def pair_differences(outcome: ArrayLike, treated: ArrayLike, matched_set: ArrayLike) -> NDArray[np.float64]:
    """Return the treated person's outcome minus the control's, for every matched pair where both are known.

    Parameters
    ----------
    outcome : array_like, shape (n,)
    treated : array_like, shape (n,)
    matched_set : array_like, shape (n,)
        Label of the pair; missing for people without one.

    Returns
    -------
    (n_pairs,) array

    Raises
    ------
    EstimationError
        The sets are not pairs of one treated person and one control, or no pair is left.
    """
    people = pd.DataFrame(
        {"outcome": np.asarray(outcome, dtype=float), "treated": np.asarray(treated, dtype=bool), "set": matched_set}
    ).dropna(subset="set")
    sizes = people.groupby(["set", "treated"]).size().unstack(fill_value=0)
    odd = int((sizes != 1).any(axis=1).sum()) if sizes.shape[1] == 2 else len(sizes)
    if odd:
        sets = counted(odd, "matched set is", "matched sets are")
        raise EstimationError(
            f"Rosenbaum bounds: {sets} not one treated person and one control; match one to one without replacement"
        )
    wide = people.pivot(index="set", columns="treated", values="outcome").dropna()
    if wide.empty:
        raise EstimationError(
            "Rosenbaum bounds: no matched pair has the outcome of both people; choose another outcome"
        )
    return (wide[True] - wide[False]).to_numpy()


def wilcoxon_bounds(
    differences: ArrayLike, gammas: ArrayLike = GAMMAS, *, alternative: str = "greater"
) -> pd.DataFrame:
    """Return bounds on the one-sided p value of Wilcoxon's signed rank test.

    Parameters
    ----------
    differences : array_like, shape (n_pairs,)
        Treated minus control. Zeros are dropped, ties get their mean rank.
    gammas : array_like
        Each 1 or more.
    alternative : {"greater", "less"}
        Whether the treated are thought to have the larger or the smaller outcome.

    Returns
    -------
    DataFrame
        ``gamma``, ``p_lower``, ``p_upper``. Normal approximation without continuity correction.

    References
    ----------
    Rosenbaum PR. Observational Studies. 2nd ed. Springer 2002, section 4.3.
    """
    from scipy.special import ndtr
    from scipy.stats import rankdata

    differences, gammas = _differences(differences), _gammas(gammas)
    if alternative not in ("greater", "less"):
        raise EstimationError(f"Rosenbaum bounds: alternative is '{alternative}'; allowed are greater and less")
    signed = differences if alternative == "greater" else -differences
    signed = signed[signed != 0]
    ranks = rankdata(np.abs(signed))
    statistic = ranks[signed > 0].sum()
    spread = np.sqrt(np.sum(ranks**2) * gammas) / (1 + gammas)

    def tail(share: NDArray[np.float64]) -> NDArray[np.float64]:
        with np.errstate(invalid="ignore"):
            z = (statistic - ranks.sum() * share) / spread
        return np.where(spread > 0, ndtr(-z), 1.0)

    return pd.DataFrame({"gamma": gammas, "p_lower": tail(1 / (1 + gammas)), "p_upper": tail(gammas / (1 + gammas))})


def mcnemar_bounds(n_larger: int, n_smaller: int, gammas: ArrayLike = GAMMAS) -> pd.DataFrame:
    """Return bounds on the one-sided p value of McNemar's test, exactly.

    Parameters
    ----------
    n_larger, n_smaller : int
        Pairs in which only the treated person has the outcome, and only the control, in the order of the direction
        tested: the p value is the chance of ``n_larger`` or more of all discordant pairs.
    gammas : array_like
        Each 1 or more.

    Returns
    -------
    DataFrame
        ``gamma``, ``p_lower``, ``p_upper``. R's ``rbounds::binarysens`` leaves out the chance of exactly ``n_larger``.

    References
    ----------
    Rosenbaum (2002), section 4.3.2.
    """
    from scipy.special import bdtrc

    gammas = _gammas(gammas)
    n = n_larger + n_smaller

    def tail(share: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.ones(len(gammas)) if n_larger == 0 else bdtrc(n_larger - 1, n, share)

    return pd.DataFrame({"gamma": gammas, "p_lower": tail(1 / (1 + gammas)), "p_upper": tail(gammas / (1 + gammas))})


def hodges_lehmann_bounds(
    differences: ArrayLike, gammas: ArrayLike = GAMMAS, *, step: float | None = None
) -> pd.DataFrame:
    """Return the range of Hodges-Lehmann estimates of the effect that a hidden bias could produce.

    Parameters
    ----------
    differences : array_like, shape (n_pairs,)
        Treated minus control.
    gammas : array_like
        Each 1 or more, increasing.
    step : float, optional
        Search in steps of this size outward from the estimate at gamma = 1, as ``rbounds::hlsens`` does with 0.1;
        without it the bounds are exact.

    Returns
    -------
    DataFrame
        ``gamma``, ``low``, ``high``.

    Notes
    -----
    The estimate is the shift at which the signed rank statistic of the shifted differences passes its expectation, that
    is the median of all means of two differences (each with itself too); hidden bias moves that expectation between
    1/(1 + gamma) and gamma/(1 + gamma) of the sum of ranks, and so to other quantiles. Differences of zero count here;
    with ``step`` they count in the bounds and not in the estimate at gamma = 1, as in R.

    References
    ----------
    Rosenbaum PR. J Am Stat Assoc 1993;88:1250-1253.
    """
    differences, gammas = _differences(differences), _gammas(gammas)
    total = len(differences) * (len(differences) + 1) / 2
    if step is None:
        high = [_walsh_average(differences, total * g / (1 + g)) for g in gammas]
        low = [_walsh_average(differences, total / (1 + g)) for g in gammas]
    else:
        changed = differences[differences != 0]
        centre = _walsh_average(changed, len(changed) * (len(changed) + 1) / 4)
        high = _stepwise(differences, gammas, centre, step)
        low = [-shift for shift in _stepwise(-differences, gammas, -centre, step)]
    return pd.DataFrame({"gamma": gammas, "low": low, "high": high})


def tipping_gamma(
    differences: ArrayLike, *, alternative: str = "greater", level: float = 0.05, most: float = 100.0
) -> float:
    """Return the gamma at which the upper bound of the p value reaches ``level``.

    Parameters
    ----------
    differences, alternative
        As in :func:`wilcoxon_bounds`.
    level : float
        One-sided.
    most : float
        Where the search ends.

    Returns
    -------
    float
        NaN when the test is not significant even without hidden bias; ``most`` when it stays significant up to there.

    References
    ----------
    Rosenbaum PR. Observational Studies. 2nd ed. Springer 2002, section 4.3.
    """
    from scipy.optimize import brentq

    def excess(gamma: float) -> float:
        return float(wilcoxon_bounds(differences, [gamma], alternative=alternative)["p_upper"].iloc[0] - level)

    if excess(1.0) > 0:
        return np.nan
    return most if excess(most) < 0 else float(brentq(excess, 1.0, most, xtol=1e-10))


def _walsh_average(differences: NDArray[np.float64], count: float) -> float:
    """Return the mean of two differences that has ``count`` such means at or below it (between two if it is whole)."""
    values = np.sort(differences)
    below = int(np.floor(count))
    ranks = {below + 1} if count > below else {max(below, 1), below + 1}
    return float(np.mean([_ordered_average(values, rank) for rank in sorted(ranks)]))


def _ordered_average(values: NDArray[np.float64], rank: int) -> float:
    """Return the ``rank``-th smallest mean of two of the sorted values by halving, without listing all means."""

    def n_at_most(shift: float) -> float:
        both = np.searchsorted(values, 2 * shift - values, side="right").sum()
        return float((both + np.searchsorted(values, shift, side="right")) / 2)

    low, high = values[0] - 1.0, values[-1]
    while (middle := (low + high) / 2) not in (low, high) and high - low > 1e-14 * np.abs(values).max():
        if n_at_most(middle) >= rank:
            high = middle
        else:
            low = middle
    place = np.clip(np.searchsorted(values, 2 * high - values), 1, len(values)) - 1
    near = np.concatenate([values + values[place], values + values[np.minimum(place + 1, len(values) - 1)]]) / 2
    return float(near[np.argmin(np.abs(near - high))])


def _stepwise(differences: NDArray[np.float64], gammas: NDArray[np.float64], centre: float, step: float) -> list[float]:
    """Step away from the centre for every further gamma, at least once, until the statistic is down to its target."""
    values = np.sort(differences)
    total = len(values) * (len(values) + 1) / 2
    shift, bounds = centre, []
    for gamma in gammas:
        if gamma > 1:
            first_low_enough = _ordered_average(values, int(np.ceil(total * gamma / (1 + gamma))))
            shift += step * max(1, np.ceil((first_low_enough - shift) / step))
        bounds.append(float(shift))
    return bounds


def _differences(differences: ArrayLike) -> NDArray[np.float64]:
    values = np.asarray(differences, dtype=float)
    missing = int((~np.isfinite(values)).sum())
    if missing or not len(values):
        raise EstimationError(
            f"Rosenbaum bounds: {missing:,} of {counted(len(values), 'difference')} missing; leave incomplete pairs out"
            if missing
            else "Rosenbaum bounds: there is no pair; match first"
        )
    return values


def _gammas(gammas: ArrayLike) -> NDArray[np.float64]:
    values = np.atleast_1d(np.asarray(gammas, dtype=float))
    if not (values >= 1).all():
        raise EstimationError("Rosenbaum bounds: a gamma is below 1; gamma is 1 (no hidden bias) or more")
    return values
