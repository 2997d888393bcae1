"""Do hazard ratios change in time: test of the proportional hazards of a Cox model."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from iop_outcomes.kernel.errors import EstimationError, did_you_mean
from iop_outcomes.stats.linear.sandwich import cluster_codes
from iop_outcomes.stats.survival.cox import CoxFit
from iop_outcomes.stats.survival.cox_robust import score_influence
from iop_outcomes.stats.survival.event_table import distinct_times
from iop_outcomes.stats.survival.risk_sets import RiskSets

TRANSFORMS = ("km", "identity", "log", "rank")
SINGULAR = 1e-10


def proportional_hazards_test(
    fit: CoxFit, transform: str = "km", *, cluster: ArrayLike | None = None, terms: Sequence[str] | None = None
) -> pd.DataFrame:
    """Test whether hazard ratios change in time.

    The score test that the coefficient of a covariate is b + c g(t) with c = 0. Independent rows that all count the
    same are tested with the information, as in R. Where rows count differently the information says nothing about the
    spread of the score, and with clusters it leaves out that members are alike: then the spread is that of the rows'
    (or clusters') own contributions, by Hotelling's T², which no common factor of the weights changes.

    Parameters
    ----------
    fit : CoxFit
    transform : {"km", "identity", "log", "rank"}
        g(t): one minus the Kaplan-Meier estimate of everybody just before t, t, its logarithm, or its rank among the
        ends of everybody's follow-up.
    cluster : array_like, shape (n,), optional
        Units that are independent, the person where one has several rows.
    terms : sequence of str, optional
        Columns of the matrix whose ratio may change; all unless given.

    Returns
    -------
    DataFrame
        One row per term and a last row ``GLOBAL`` for all of them; columns term, chi_square, degrees_of_freedom,
        p_value. Not a number where there are too few clusters for so many terms, or nothing that could change.

    Raises
    ------
    EstimationError
        The transform is unknown, or does not vary over the events.

    References
    ----------
    Grambsch & Therneau 1994, Biometrika 81:515, in the form of a score test with the full information (Therneau, R
    package survival, from version 3); with weights and clusters, Lin & Wei 1989, JASA 84:1074, and Hotelling 1931, Ann
    Math Stat 2:360.
    """
    terms = fit.names if terms is None else tuple(terms)
    weights = fit.at.data.weights
    used = weights > 0
    if cluster is None and np.ptp(weights[used]) == 0:
        tests = _by_information(fit, transform, weights[used][0], _positions(fit, terms))
    else:
        tests = _by_contributions(contributions(fit, transform, terms), cluster, used)
    statistics, p_values = zip(*tests, strict=True)
    degrees = [1] * len(terms) + [len(terms)]
    columns = {"chi_square": statistics, "degrees_of_freedom": degrees, "p_value": p_values}
    return pd.DataFrame({"term": [*terms, "GLOBAL"], **columns})


def contributions(fit: CoxFit, transform: str = "km", terms: Sequence[str] | None = None) -> NDArray[np.float64]:
    """Return what each row adds to the score of c, weights held fixed and the estimation of b counted.

    Parameters
    ----------
    fit, transform, terms
        As in :func:`proportional_hazards_test`.

    Returns
    -------
    ndarray, shape (n, terms)
        Columns sum to the score: zero but for chance where the hazard ratio stays the same.
    """
    chosen = _positions(fit, fit.names if terms is None else terms)
    g = _transformed(fit, transform)
    # The coefficients themselves are at their maximum: what they leave of the score of c is its projection.
    direct = score_influence(fit.at, g).along(np.eye(len(fit.names))[:, chosen])
    result = direct - score_influence(fit.at).along((fit.covariance @ fit.at.information(g))[:, chosen])
    rounding = np.sum(result**2, axis=0) <= SINGULAR**2 * np.sum(direct**2, axis=0)
    return np.where(rounding, 0.0, result)


def _positions(fit: CoxFit, terms: Sequence[str]) -> list[int]:
    """Return the positions of terms among the coefficients, or say which there is not."""
    for name in terms:
        if name not in fit.names:
            raise EstimationError(f"proportional hazards test: no term '{name}'; {did_you_mean(name, fit.names)}")
    return [fit.names.index(name) for name in terms]


def _by_information(fit, transform, weight, chosen):
    """Return chi-squares and p-values of each term and of all, each row counting ``weight``."""
    from scipy.special import chdtrc

    at, g = fit.at, _transformed(fit, transform)
    information, mixed, squared = at.information(), at.information(g), at.information(g**2)
    residual = (squared - mixed @ np.linalg.solve(information, mixed))[np.ix_(chosen, chosen)]
    score, scale = at.score(g)[chosen], np.diag(squared)[chosen]
    found = [
        (len(score[part]), _quadratic_form(score[part], residual[part, part], scale[part]) / weight)
        for part in _each_and_all(len(chosen))
    ]
    return [(value, float(chdtrc(d, value))) for d, value in found]


def _each_and_all(n: int) -> list[slice]:
    return [*(slice(j, j + 1) for j in range(n)), slice(n)]


def _by_contributions(influence, cluster, used):
    """Return Hotelling's T² and p-values, of each column and of all, that contributions of units have mean zero."""
    from scipy.special import fdtrc

    units = influence[used]
    if cluster is not None:
        codes, n_clusters = cluster_codes(cluster, used)
        units = np.column_stack([np.bincount(codes[used], column, n_clusters) for column in units.T])
    (n, p), total = units.shape, units.sum(axis=0)
    apart = units - total / n
    spread, scale = apart.T @ apart * n / max(n - 1, 1), np.sum(units**2, axis=0)
    found = []
    for part in _each_and_all(p):
        d = len(total[part])
        value = _quadratic_form(total[part], spread[part, part], scale[part]) if n > d else np.nan
        found.append((value, float(fdtrc(d, max(n - d, 1), value * (n - d) / (d * max(n - 1, 1))))))
    return found


def _quadratic_form(values, spread, scale) -> float:
    """Return values' spread⁻¹ values; not a number where ``spread`` has no inverse, seen against ``scale``."""
    if not (scale > 0).all():
        return np.nan
    size = np.sqrt(scale)
    relative = spread / np.outer(size, size)
    if np.linalg.eigvalsh(relative)[0] < SINGULAR:
        return np.nan
    return float((values / size) @ np.linalg.solve(relative, values / size))


def _transformed(fit: CoxFit, transform: str) -> NDArray[np.float64]:
    """Return g at every event time, moved to mean 0 over the events, which changes no test but spares digits."""
    if transform not in TRANSFORMS:
        raise EstimationError(
            f"proportional hazards test: there is no transform '{transform}'; {did_you_mean(transform, TRANSFORMS)}"
        )
    sets, counted = fit.at.data.sets, fit.at.data.weights > 0
    with np.errstate(divide="ignore"):
        g = {
            "identity": lambda: sets.time,
            "log": lambda: np.log(sets.time),
            "rank": lambda: _rank(sets, counted),
            "km": lambda: _share_with_event(sets, counted),
        }[transform]()
    if not np.isfinite(g).all() or np.ptp(g) == 0:
        raise EstimationError(
            f"proportional hazards test: the transform '{transform}' of the event times is "
            f"{'the same for all' if np.isfinite(g).all() else 'infinite for events at time 0'}, so that nothing can "
            "be seen to change with it; choose another"
        )
    return g - np.average(g, weights=sets.n_deaths)


def _rank(sets: RiskSets, counted: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return the rank of each event time among all ends of follow-up, ties at their mean."""
    ends = np.sort(sets.end[counted])
    return (np.searchsorted(ends, sets.time) + np.searchsorted(ends, sets.time, side="right") + 1) / 2


def _share_with_event(sets: RiskSets, counted: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return one minus the Kaplan-Meier estimate of all strata together just before each event time."""
    times, code = distinct_times(sets.time)
    events = np.bincount(code, sets.n_deaths, len(times))
    at_risk = counted.sum() - np.searchsorted(np.sort(sets.end[counted]), times)
    if sets.entry is not None:
        entries = np.sort(sets.entry[counted])
        at_risk = at_risk - (len(entries) - np.searchsorted(entries, times))
    survival = np.cumprod(1 - events / at_risk)
    return 1 - np.append(1.0, survival[:-1])[code]
