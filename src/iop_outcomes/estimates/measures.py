"""From a mean of each arm, or its survival, to differences, ratios and odds ratios with their own intervals."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from iop_outcomes.kernel.errors import EstimationError, did_you_mean
from iop_outcomes.stats.linear.sandwich import Covariance, influence_covariance
from iop_outcomes.tables.measure import (
    INCIDENCE,
    MEAN,
    MEASURES,
    ODDS_RATIO,
    RATIO,
    RMST,
    SURVIVAL,
    TIME_LOST,
    Measure,
    names_of,
)

#: Relative to the numbers it is asked of.
ROUNDING = 1e-13
#: A clustered standard error below this share of that of independent people comes of clusters that agree, by chance or
#: since the covariates tell them apart, and not of people who are alike.
AGREEMENT = 1e-4
#: Measures that compare two means, survivals, mean times, incidences or times lost.
OF_MEANS = names_of(MEAN, SURVIVAL, RMST, INCIDENCE, TIME_LOST)
_WORDS = {MEAN: "mean", SURVIVAL: "survival", RMST: "mean time", INCIDENCE: "incidence", TIME_LOST: "time lost"}
NO_VARIATION = "the outcome does not vary, so that there is no standard error"


@dataclass(frozen=True)
class ArmMeans:
    """Mean outcome had everybody of the estimand's population been in the first arm, and in the second.

    Attributes
    ----------
    means : ndarray, shape (2,)
        First arm, second arm.
    covariance : Covariance
        Of the two means, 2 by 2.
    influence : ndarray, shape (n, 2), or None
        What each row adds to each mean; None where the variance is that of a likelihood. Influences of two outcomes, or
        of parts of a population, add up row by row, and their sums within clusters give the joint covariance.
    how : tuple of str
        What the estimator did, in words.
    """

    means: NDArray[np.float64]
    covariance: Covariance
    influence: NDArray[np.float64] | None = None
    how: tuple[str, ...] = ()

    @property
    def method(self) -> str:
        """How the means and their standard errors were made, in words."""
        return "; ".join((*self.how, self.covariance.method))

    def with_method(self, prefix: str) -> "ArmMeans":
        """Return the same means whose method in words begins with what the estimator did."""
        return replace(self, how=(prefix, *self.how))


@dataclass(frozen=True)
class Estimate:
    """One measure with its interval; ``reason`` says why a part is missing. For ratios ``se`` is of the logarithm.

    ``degrees_of_freedom`` are those of the interval's t quantile, infinite for the normal one.
    """

    measure: str
    value: float
    se: float
    se_scale: str
    ci_low: float
    ci_high: float
    reason: str | None = None
    degrees_of_freedom: float = np.inf


def arm_means(
    means: ArrayLike,
    influence: NDArray[np.float64],
    *,
    cluster: ArrayLike | None = None,
    small_sample: bool = True,
    used: ArrayLike | None = None,
) -> ArmMeans:
    """Return the means of both arms with the covariance that follows from their influences.

    Parameters
    ----------
    means : array_like, shape (2,)
    influence : ndarray, shape (n, 2)
    cluster, small_sample, used
        As in ``influence_covariance``.
    """
    covariance = influence_covariance(influence, cluster=cluster, small_sample=small_sample, used=used)
    return ArmMeans(np.asarray(means, dtype=float), covariance, influence)


def contrast(
    arms: ArmMeans, measure: str, *, names: tuple[str, str] = ("first", "second"), level: float = 0.95
) -> Estimate:
    """Return one measure of the first arm against the second.

    Ratios get the interval of their logarithm (delta method), so that it never leaves the positive numbers and turns
    over when the arms are swapped.

    Parameters
    ----------
    arms : ArmMeans
    measure : str
        Of ``tables.measure.MEASURES``, a hazard ratio excepted.
    names : tuple of str
        The arms, for the sentence that says why an interval is missing.
    level : float
        Coverage of the interval.

    Returns
    -------
    Estimate
    """
    if measure not in OF_MEANS:
        raise EstimationError(f"measures: there is no measure '{measure}'; {did_you_mean(measure, OF_MEANS)}")
    asked = MEASURES[measure]
    first, second = (float(mean) for mean in arms.means)
    reason = _no_ratio(arms.means, asked, names) if asked.scale == RATIO else None
    if reason:
        value = _ratio_without_interval(first, second, asked)
        return Estimate(measure, value, np.nan, asked.se_scale, np.nan, np.nan, reason)
    value, gradient = asked.between(first, second)
    return _interval(measure, value, gradient, arms, asked.se_scale, level)


def arm_mean(arms: ArmMeans, position: int, *, measure: str = MEAN, level: float = 0.95) -> Estimate:
    """Return the mean of one arm (0 = first) with its interval, under the name of what it is a mean of."""
    gradient = np.zeros(2)
    gradient[position] = 1.0
    return _interval(measure, arms.means[position], gradient, arms, "identity", level)


def half_width(se: float, degrees_of_freedom: float, level: float = 0.95) -> float:
    """Return the half width of a confidence interval: t quantile (normal for infinite degrees of freedom) times se."""
    from scipy.special import ndtri, stdtrit

    tail = (1 + level) / 2
    quantile = ndtri(tail) if np.isinf(degrees_of_freedom) else stdtrit(degrees_of_freedom, tail)
    return float(quantile * se)


def why_no_variance(covariance: Covariance, gradient: NDArray[np.float64], rounding: float) -> str | None:
    """Return why the variance of a combination of estimates gives no standard error, None where it does.

    Parameters
    ----------
    covariance : Covariance
        Of k estimates.
    gradient : ndarray, shape (k,)
        The combination.
    rounding : float
        A standard error that is not above it is none.
    """
    variance = gradient @ covariance.values @ gradient
    if covariance.unclustered is not None:
        alone, units = gradient @ covariance.unclustered @ gradient, covariance.units
        if alone > rounding**2 and not variance > AGREEMENT**2 * alone:
            return (
                f"people differ but the means of the {units} agree, which tells nothing of how {units} differ, so that "
                "there is no standard error"
            )
    return None if variance > rounding**2 else NO_VARIATION


def _interval(
    measure: str, value: float, gradient: NDArray[np.float64], arms: ArmMeans, scale: str, level: float
) -> Estimate:
    reason = why_no_variance(arms.covariance, gradient, float(ROUNDING * (np.abs(gradient) @ np.abs(arms.means))))
    if reason:
        value = float(np.exp(value) if scale == "log" else value)
        return Estimate(measure, value, np.nan, scale, np.nan, np.nan, reason)
    se = float(np.sqrt(gradient @ arms.covariance.values @ gradient))
    freedom = arms.covariance.freedom_of(gradient)
    half = half_width(se, freedom, level)
    ends = np.array([value, value - half, value + half])
    value, low, high = (float(end) for end in (np.exp(ends) if scale == "log" else ends))
    return Estimate(measure, value, se, scale, low, high, degrees_of_freedom=freedom)


def _no_ratio(means: NDArray[np.float64], asked: Measure, names: tuple[str, str]) -> str | None:
    for mean, name in zip(means, names, strict=True):
        if mean == 0:
            found = "there are no events" if asked.only_binary else f"the {_WORDS[asked.of]} is zero"
            return f"{asked.name}: {found} in arm '{name}', so that the ratio has no interval"
        if mean < 0:
            return f"{asked.name}: the mean of arm '{name}' is below zero, so that a ratio has no meaning"
        if asked.compared == ODDS_RATIO and mean >= 1:
            return f"odds_ratio: arm '{name}' has the outcome always, so that its odds are infinite"
    return None


def _ratio_without_interval(first: float, second: float, asked: Measure) -> float:
    if min(first, second) < 0 or (asked.compared == ODDS_RATIO and max(first, second) > 1):
        return np.nan
    over, under = first, second
    if asked.compared == ODDS_RATIO:
        over, under = first * (1 - second), second * (1 - first)
    return float(over / under) if under > 0 else np.nan
