"""E-value: how strong an unmeasured confounder would have to be to explain an association away."""

from typing import NamedTuple

import numpy as np

from iop_outcomes.kernel.errors import EstimationError, did_you_mean

MEASURES = ("risk_ratio", "odds_ratio", "hazard_ratio", "rate_ratio", "standardised_mean_difference")
NATURAL_SCALE = "standardised_mean_difference"


class EValue(NamedTuple):
    """E-value of an estimate and of the limit of its interval nearer to no effect (1 if the interval holds it)."""

    point: float
    limit: float


def e_value(
    estimate: float,
    ci_low: float = np.nan,
    ci_high: float = np.nan,
    *,
    measure: str = "risk_ratio",
    rare_outcome: bool = False,
) -> EValue:
    """Return the E-value of an estimate and of its confidence limit.

    The E-value is the least strength of association, on the risk-ratio scale, that an unmeasured confounder would need
    with both arm and outcome, beyond the measured covariates, to move the estimate (or its limit) to no effect.

    Parameters
    ----------
    estimate, ci_low, ci_high : float
        Estimate and interval on the scale of the measure; limits that are NaN give a NaN limit.
    measure : {"risk_ratio", "odds_ratio", "hazard_ratio", "rate_ratio", "standardised_mean_difference"}
        Odds and hazard ratios of common outcomes are first turned into approximate risk ratios.
    rare_outcome : bool
        True if the outcome is rare (below about 15 % by the end of follow-up), so that odds and hazard ratios stand for
        risk ratios as they are.

    Returns
    -------
    EValue
        ``point`` and ``limit``, each at least 1.

    Raises
    ------
    EstimationError
        If the measure is unknown, a ratio is not positive, or the interval does not hold the estimate.

    References
    ----------
    VanderWeele & Ding 2017, Ann Intern Med 167:268; conversions: VanderWeele 2017, Biometrics 73:1405 (square root of
    a common odds ratio) and VanderWeele & Ding 2017, Table 2 (hazard ratio, and risk ratio = exp(0.91 d)).
    """
    if measure not in MEASURES:
        raise EstimationError(f"e_value: there is no measure '{measure}'; {did_you_mean(measure, MEASURES)}")
    if measure != NATURAL_SCALE and not estimate > 0:
        raise EstimationError(f"e_value: a {measure} must be above 0, and this one is not; give the ratio, not its log")
    if ci_low > estimate or ci_high < estimate:
        raise EstimationError("e_value: the interval does not hold the estimate; give both on the scale of the measure")
    point, low, high = (as_risk_ratio(value, measure, rare_outcome) for value in (estimate, ci_low, ci_high))
    return EValue(_strength(point), _strength_of_limit(point, low, high))


def e_value_of_mean_difference(standardised_difference: float, se: float) -> EValue:
    """Return the E-value of a standardised mean difference with its standard error.

    The interval is ``exp(0.91 d ± 1.78 se)``, which carries the uncertainty of the conversion (1.78 = 0.91 × 1.96).

    Parameters
    ----------
    standardised_difference, se : float
        Difference of means in standard deviations of the outcome, and its standard error.

    References
    ----------
    VanderWeele & Ding 2017, Ann Intern Med 167:268, Table 2.
    """
    point = as_risk_ratio(standardised_difference, NATURAL_SCALE)
    low, high = (np.exp(0.91 * standardised_difference + sign * 1.78 * se) for sign in (-1, 1))
    return EValue(_strength(point), _strength_of_limit(point, low, high))


def as_risk_ratio(value: float, measure: str, rare_outcome: bool = False) -> float:
    """Return the approximate risk ratio that stands for a value of another measure."""
    if measure == NATURAL_SCALE:
        return float(np.exp(0.91 * value))
    if measure == "odds_ratio" and not rare_outcome:
        return float(np.sqrt(value))
    if measure == "hazard_ratio" and not rare_outcome:
        return float((1 - 0.5 ** np.sqrt(value)) / (1 - 0.5 ** np.sqrt(1 / value)))
    return float(value)


def _strength(risk_ratio: float) -> float:
    away = max(risk_ratio, 1 / risk_ratio)
    return float(away + np.sqrt(away * (away - 1)))


def _strength_of_limit(point: float, low: float, high: float) -> float:
    nearer = low if point >= 1 else high
    if np.isnan(nearer):
        return float("nan")
    crosses = nearer <= 1 if point >= 1 else nearer >= 1
    return 1.0 if crosses else _strength(nearer)
