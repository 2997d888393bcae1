"""From the mean of the outcome under each arm to differences, ratios and odds ratios with their own intervals."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from iop_outcomes.kernel.errors import EstimationError, did_you_mean
from iop_outcomes.stats.linear.sandwich import Covariance, influence_covariance

DIFFERENCES = ("risk_difference", "mean_difference")
RATIOS = ("risk_ratio", "mean_ratio")
MEASURES = (*DIFFERENCES, *RATIOS, "odds_ratio")
#: Relative to the numbers it is asked of.
ROUNDING = 1e-13


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
        What each row adds to each mean, where the estimator has influences.
    """

    means: NDArray[np.float64]
    covariance: Covariance
    influence: NDArray[np.float64] | None = None

    @property
    def method(self) -> str:
        """How the standard errors were made, in words."""
        return self.covariance.method

    def with_method(self, prefix: str) -> "ArmMeans":
        """Return the same means whose method in words begins with what the estimator did."""
        return replace(self, covariance=replace(self.covariance, method=f"{prefix}; {self.covariance.method}"))


@dataclass(frozen=True)
class Estimate:
    """One measure with its interval; ``reason`` says why a part is missing. For ratios ``se`` is of the logarithm."""

    measure: str
    value: float
    se: float
    se_scale: str
    ci_low: float
    ci_high: float
    reason: str | None = None


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
    measure : {"risk_difference", "mean_difference", "risk_ratio", "mean_ratio", "odds_ratio"}
    names : tuple of str
        The arms, for the sentence that says why an interval is missing.
    level : float
        Coverage of the interval.

    Returns
    -------
    Estimate
    """
    if measure not in MEASURES:
        raise EstimationError(f"measures: there is no measure '{measure}'; {did_you_mean(measure, MEASURES)}")
    first, second = arms.means
    if measure in DIFFERENCES:
        return _interval(measure, first - second, np.array([1.0, -1.0]), arms, "identity", level)
    reason = _no_ratio(arms.means, measure, names)
    if reason:
        value = _ratio_without_interval(first, second, measure)
        return Estimate(measure, value, np.nan, "log", np.nan, np.nan, reason)
    if measure in RATIOS:
        return _interval(measure, np.log(first / second), np.array([1 / first, -1 / second]), arms, "log", level)
    log_odds_ratio = np.log(first / (1 - first)) - np.log(second / (1 - second))
    gradient = np.array([1 / (first * (1 - first)), -1 / (second * (1 - second))])
    return _interval(measure, log_odds_ratio, gradient, arms, "log", level)


def arm_mean(arms: ArmMeans, position: int, *, level: float = 0.95) -> Estimate:
    """Return the mean of one arm (0 = first) with its interval."""
    gradient = np.zeros(2)
    gradient[position] = 1.0
    return _interval("mean", arms.means[position], gradient, arms, "identity", level)


def half_width(se: float, degrees_of_freedom: float, level: float = 0.95) -> float:
    """Return the half width of a confidence interval: t quantile (normal for infinite degrees of freedom) times se."""
    from scipy.special import ndtri, stdtrit

    tail = (1 + level) / 2
    quantile = ndtri(tail) if np.isinf(degrees_of_freedom) else stdtrit(degrees_of_freedom, tail)
    return float(quantile * se)


def _interval(measure, value, gradient, arms, scale, level):
    variance = gradient @ arms.covariance.values @ gradient
    # A variance within rounding of the means it speaks of is none.
    if not variance > (ROUNDING * (np.abs(gradient) @ np.abs(arms.means))) ** 2:
        value = float(np.exp(value) if scale == "log" else value)
        return Estimate(measure, value, np.nan, scale, np.nan, np.nan, _why_no_variance(arms, gradient))
    se = float(np.sqrt(variance))
    half = half_width(se, arms.covariance.degrees_of_freedom, level)
    ends = np.array([value, value - half, value + half])
    value, low, high = (float(end) for end in (np.exp(ends) if scale == "log" else ends))
    return Estimate(measure, value, se, scale, low, high)


def _why_no_variance(arms: ArmMeans, gradient: NDArray[np.float64]) -> str:
    by_cluster = np.isfinite(arms.covariance.degrees_of_freedom)
    if by_cluster and arms.influence is not None:
        people = np.abs(arms.influence @ gradient)
        if people.max(initial=0.0) > ROUNDING * (np.abs(gradient) @ np.abs(arms.means)):
            return (
                "people differ but the means of the sites agree, which tells nothing of how sites differ, so that "
                "there is no standard error by site"
            )
    return "the outcome does not vary, so that there is no standard error"


def _no_ratio(means, measure, names):
    for mean, name in zip(means, names, strict=True):
        if mean == 0:
            found = "the mean is zero" if measure == "mean_ratio" else "there are no events"
            return f"{measure}: {found} in arm '{name}', so that the ratio has no interval"
        if mean < 0:
            return f"{measure}: the mean of arm '{name}' is below zero, so that a ratio has no meaning"
        if measure == "odds_ratio" and mean >= 1:
            return f"odds_ratio: arm '{name}' has the outcome always, so that its odds are infinite"
    return None


def _ratio_without_interval(first, second, measure):
    if min(first, second) < 0 or (measure == "odds_ratio" and max(first, second) > 1):
        return np.nan
    over, under = first, second
    if measure == "odds_ratio":
        over, under = first * (1 - second), second * (1 - first)
    return float(over / under) if under > 0 else np.nan
