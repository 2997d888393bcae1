"""Whom an estimand speaks for, as a function of the propensity score.

Every balancing weight is a tilting function h of the score e over the score of one's own arm: h/e in the first arm,
h/(1 - e) in the second. Standard errors that count the estimation of the score also need the slope of the weight along
the linear predictor of a logistic score.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from iop_outcomes.kernel.errors import EstimationError, did_you_mean

ESTIMANDS = {
    "ATE": "everybody",
    "ATT": "people like the first arm",
    "ATC": "people like the second arm",
    "ATO": "people who might have been in either arm (overlap)",
    "ATM": "people who would have a match in the other arm",
    "ATEN": "people who might have been in either arm (entropy)",
}


def tilting_function(score: ArrayLike, estimand: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the tilting function h(e) and its derivative by e.

    Parameters
    ----------
    score : array_like, shape (n,)
        Propensity scores strictly between 0 and 1.
    estimand : {"ATE", "ATT", "ATC", "ATO", "ATM", "ATEN"}

    Returns
    -------
    h, slope : ndarray, shape (n,)

    Raises
    ------
    EstimationError
        If the estimand is unknown.

    References
    ----------
    Li, Morgan & Zaslavsky 2018, JASA 113:390; Li & Greene 2013, Int J Biostat 9:215 (matching weights);
    Zhou, Matsouaka & Thomas 2020, Stat Methods Med Res 29:3721 (entropy weights).
    """
    e = np.asarray(score, dtype=float)
    if estimand == "ATE":
        return np.ones_like(e), np.zeros_like(e)
    if estimand == "ATT":
        return e, np.ones_like(e)
    if estimand == "ATC":
        return 1 - e, -np.ones_like(e)
    if estimand == "ATO":
        return e * (1 - e), 1 - 2 * e
    if estimand == "ATM":
        return np.minimum(e, 1 - e), np.where(e < 0.5, 1.0, -1.0)
    if estimand == "ATEN":
        return -(e * np.log(e) + (1 - e) * np.log1p(-e)), np.log1p(-e) - np.log(e)
    raise EstimationError(f"weighting: there is no estimand '{estimand}'; {did_you_mean(estimand, ESTIMANDS)}")


def balancing_weights(
    score: ArrayLike, treated: ArrayLike, estimand: str
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return balancing weights and their slope along the linear predictor of a logistic propensity score.

    Parameters
    ----------
    score : array_like, shape (n,)
    treated : array_like, shape (n,)
        True in the first arm.
    estimand : str
        A key of ``ESTIMANDS``.

    Returns
    -------
    weights, slope : ndarray, shape (n,)
        Not normalised: for ATT the first arm has weight 1.
    """
    e = np.asarray(score, dtype=float)
    in_first = np.asarray(treated, dtype=bool)
    h, h_slope = tilting_function(e, estimand)
    own = np.where(in_first, e, 1 - e)
    own_slope = np.where(in_first, 1.0, -1.0)
    return h / own, (h_slope / own - h * own_slope / own**2) * e * (1 - e)
