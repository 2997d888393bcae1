"""Kaplan-Meier curves with weights, clusters and the variances in use for them."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from iop_outcomes.kernel.errors import EstimationError, did_you_mean
from iop_outcomes.stats.survival.event_table import EventTable, event_table, ratio, reverse_cumsum
from iop_outcomes.stats.survival.step_moments import step_moments

VARIANCES = ("greenwood", "robust", "effective_numbers")
INTERVALS = ("log-log", "log", "plain")


@dataclass(frozen=True)
class KaplanMeier:
    """Survival of one group at every distinct time.

    Attributes
    ----------
    table : EventTable
    variance : str
        See ``kaplan_meier``.
    cluster : ndarray of int, shape (n,), or None
        Units of the robust variance.
    """

    table: EventTable
    variance: str
    cluster: NDArray[np.intp] | None = None

    @property
    def survival(self) -> NDArray[np.float64]:
        """Survival just after each distinct time, shape (k,)."""
        return self.table.survival

    @cached_property
    def se(self) -> NDArray[np.float64]:
        """Standard errors of survival, shape (k,); not defined once nobody survives."""
        if self.variance == "robust":
            squares = _robust_squares(self.table, self.table.n_survivors, self.cluster)
        else:
            squares = np.cumsum(variance_terms(self.table, self.variance))
        return np.where(self.survival > 0, self.survival * np.sqrt(squares), np.nan)

    @property
    def cumulative_hazard(self) -> NDArray[np.float64]:
        """Nelson-Aalen estimate just after each distinct time, shape (k,)."""
        return np.cumsum(self.table.hazard)

    @cached_property
    def cumulative_hazard_se(self) -> NDArray[np.float64]:
        """Standard errors of the Nelson-Aalen estimate: root of Σ d/n², or robust."""
        if self.variance == "robust":
            return np.sqrt(_robust_squares(self.table, self.table.n_risk, self.cluster))
        return np.sqrt(np.cumsum(ratio(self.table.hazard, _numbers(self.table, self.variance))))

    def interval(self, kind: str = "log-log", level: float = 0.95) -> tuple[NDArray, NDArray]:
        """Return lower and upper limits at every distinct time; see ``survival_interval``."""
        return survival_interval(self.survival, self.se, kind, level)

    def frame(self, kind: str = "log-log", level: float = 0.95) -> pd.DataFrame:
        """Return the curve, one row per distinct time."""
        low, high = self.interval(kind, level)
        return pd.DataFrame(
            {
                "time": self.table.time,
                "n_risk": self.table.n_risk,
                "n_events": self.table.n_events,
                "n_censored": self.table.n_censored,
                "survival": self.survival,
                "se": self.se,
                "ci_low": low,
                "ci_high": high,
                "cumulative_hazard": self.cumulative_hazard,
                "cumulative_hazard_se": self.cumulative_hazard_se,
            }
        )

    def at(self, times: ArrayLike, kind: str = "log-log", level: float = 0.95) -> pd.DataFrame:
        """Return the curve at given times, one row each.

        ``n_risk`` counts those followed just before the time, ``n_events`` and ``n_censored`` those since the time
        before. Past the last follow-up the curve keeps its last value.
        """
        times = np.asarray(times, dtype=float)
        table, position = self.table, self.table.position(times)
        start = pd.DataFrame({"survival": [1.0], "se": 0.0, "ci_low": 1.0, "ci_high": 1.0, "cumulative_hazard": 0.0})
        steps = pd.concat([start, self.frame(kind, level)[list(start.columns)]], ignore_index=True)
        result = steps.iloc[position + 1].reset_index(drop=True)
        result.insert(0, "time", times)
        result.insert(1, "n_risk", table.n_risk_at(times))
        for place, (name, counts) in enumerate((("n_events", table.n_events), ("n_censored", table.n_censored)), 2):
            running = np.append(0.0, np.cumsum(counts))[position + 1]
            result.insert(place, name, np.diff(running, prepend=0.0))
        return result

    def influence(self, times: ArrayLike) -> NDArray[np.float64]:
        """Return what each person adds to the survival at given times, weights held fixed, shape (n, times).

        The sum over people of their squares is the infinitesimal-jackknife variance.
        """
        table = self.table
        survivors = ratio(np.ones(len(table.time)), table.n_survivors)
        columns = []
        for position in table.position(np.atleast_1d(times)):
            until = np.arange(len(table.time)) <= position
            value = self.survival[position] if position >= 0 else 1.0
            columns.append(-value * table.weights * table.martingale_integral(until * survivors))
        return np.column_stack(columns)

    def quantile(self, probabilities: ArrayLike, kind: str = "log-log", level: float = 0.95) -> pd.DataFrame:
        """Return the times by which given shares have had the event, with limits.

        A share p is reached at the first time at which survival is at most 1 - p; where survival equals 1 - p over a
        stretch of time, at the middle of the stretch. Limits are where the limits of the curve cross 1 - p
        (Brookmeyer & Crowley 1982, Biometrics 38:29). Not a number where the curve does not come so low.
        """
        probabilities = np.atleast_1d(np.asarray(probabilities, dtype=float))
        low, high = self.interval(kind, level)
        curves = {"quantile": self.survival, "ci_low": low, "ci_high": high}
        crossed = {
            name: [_crossing(self.table.time, curve, p) for p in probabilities] for name, curve in curves.items()
        }
        return pd.DataFrame({"probability": probabilities, **crossed})


def kaplan_meier(
    time: ArrayLike,
    event: ArrayLike,
    weights: ArrayLike | None = None,
    *,
    cluster: ArrayLike | None = None,
    variance: str = "greenwood",
) -> KaplanMeier:
    """Estimate the survival of one group.

    Parameters
    ----------
    time, event : array_like, shape (n,)
        Follow-up, and 1 where it ended in the event, 0 where in censoring.
    weights : array_like, shape (n,), optional
        Case weights or inverse-probability weights, taken as fixed.
    cluster : array_like of int, shape (n,), optional
        Units of the robust variance; every person is one unless given.
    variance : {"greenwood", "robust", "effective_numbers"}
        Greenwood's, right for unweighted data and for weights that count people; the infinitesimal jackknife, right
        for probability weights and clusters; or Greenwood's with the effective numbers (Σw)²/Σw² of each risk set.

    Raises
    ------
    EstimationError
        Times, events or weights cannot be used, or clusters were given without ``variance="robust"``.

    References
    ----------
    Kaplan & Meier 1958, JASA 53:457; Therneau & Grambsch 2000, Modeling Survival Data, 2.2 (infinitesimal jackknife);
    Xie & Liu 2005, Stat Med 24:3089 (effective numbers).
    """
    if variance not in VARIANCES:
        raise EstimationError(f"Kaplan-Meier: there is no variance '{variance}'; {did_you_mean(variance, VARIANCES)}")
    if cluster is not None and variance != "robust":
        raise EstimationError(f"Kaplan-Meier: the {variance} variance knows no clusters; use variance='robust'")
    table = event_table(time, np.asarray(event) != 0, weights)
    codes = None if cluster is None else pd.factorize(np.asarray(cluster))[0]
    return KaplanMeier(table, variance, codes)


def _robust_squares(table, denominator, cluster):
    """Return at each time the sum over clusters of squared integrals of 1/denominator over what is not foretold."""
    step = ratio(np.ones(len(table.time)), denominator)
    compensator = np.cumsum(step * table.hazard)
    # Until a person leaves, the influence is minus weight times compensator; it stays what it was on leaving.
    jumps = np.column_stack([table.weights * table.martingale_integral(step), -table.weights])
    starts = np.column_stack([np.zeros(table.n_people), table.weights])
    moments = step_moments(table.code, len(table.time), jumps, starts, cluster)
    total = moments[:, 0, 0] - 2 * compensator * moments[:, 0, 1] + compensator**2 * moments[:, 1, 1]
    return np.maximum(total, 0.0)


def variance_terms(table: EventTable, variance: str = "greenwood") -> NDArray[np.float64]:
    """Return what each distinct time adds to the variance of the logarithm of survival, shape (k,).

    It is h/(m (1 - h)) for the hazard h and the number m at risk, or the effective number; 0 where everybody has the
    event.
    """
    return ratio(table.hazard, _numbers(table, variance) * ratio(table.n_survivors, table.n_risk))


def _numbers(table, variance):
    if variance == "greenwood":
        return table.n_risk
    return ratio(table.n_risk**2, reverse_cumsum(table.sums(table.weights**2)))


def survival_interval(
    survival: ArrayLike, se: ArrayLike, kind: str = "log-log", level: float = 0.95, degrees_of_freedom: float = np.inf
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return confidence limits of survival.

    Parameters
    ----------
    survival, se : array_like
        Survival and its standard error.
    kind : {"log-log", "log", "plain"}
        Scale on which the interval is symmetric. Log-log never leaves 0 to 1; the others are cut there.
    level : float
    degrees_of_freedom : float
        Of the t quantile; infinite for the normal one.

    References
    ----------
    Kalbfleisch & Prentice 2002, The Statistical Analysis of Failure Time Data, 1.4.
    """
    from scipy.special import ndtri, stdtrit

    if kind not in INTERVALS:
        raise EstimationError(f"Kaplan-Meier: there is no interval '{kind}'; {did_you_mean(kind, INTERVALS)}")
    tail = (1 + level) / 2
    quantile = ndtri(tail) if np.isinf(degrees_of_freedom) else stdtrit(degrees_of_freedom, tail)
    survival, half = np.asarray(survival, dtype=float), quantile * np.asarray(se, dtype=float)
    if kind == "plain":
        return np.maximum(survival - half, 0.0), np.minimum(survival + half, 1.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        relative = half / survival
        if kind == "log":
            return survival * np.exp(-relative), np.minimum(survival * np.exp(relative), 1.0)
        inside = np.where((survival > 0) & (survival < 1), survival, np.nan)
        stretch = np.exp(relative / -np.log(inside))
        return inside**stretch, inside ** (1 / stretch)


def _crossing(time, curve, probability):
    """Return the time at which a falling curve passes 1 - probability."""
    # Products of many factors leave 0.4999999999 where 0.5 is meant.
    tolerance = np.sqrt(np.finfo(float).eps)
    level = 1 - probability
    last, defined = time[-1], ~np.isnan(curve)
    time, curve = time[defined], curve[defined]
    reached = np.flatnonzero(curve <= level + tolerance)
    if len(reached) == 0:
        return np.nan
    first = reached[0]
    if curve[first] < level - tolerance:
        return float(time[first])
    beyond = np.flatnonzero(curve < level - tolerance)
    return float((time[first] + (time[beyond[0]] if len(beyond) else last)) / 2)
