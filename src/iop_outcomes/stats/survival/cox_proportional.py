"""Do hazard ratios change in time: test of the proportional hazards of a Cox model."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iop_outcomes.kernel.errors import EstimationError, did_you_mean
from iop_outcomes.stats.survival.cox import CoxFit
from iop_outcomes.stats.survival.event_table import distinct_times

TRANSFORMS = ("km", "identity", "log", "rank")


def proportional_hazards_test(fit: CoxFit, transform: str = "km") -> pd.DataFrame:
    """Test whether hazard ratios change in time.

    The score test that the coefficient of a covariate is b + c g(t) with c = 0.

    Parameters
    ----------
    fit : CoxFit
    transform : {"km", "identity", "log", "rank"}
        g(t): one minus the Kaplan-Meier estimate just before t, t, its logarithm, or the rank of the event time.

    Returns
    -------
    DataFrame
        One row per covariate and a last row ``GLOBAL``; columns term, chi_square, degrees_of_freedom, p_value.

    Raises
    ------
    EstimationError
        The transform is unknown, or does not vary over the events.

    References
    ----------
    Grambsch & Therneau 1994, Biometrika 81:515, in the form of a score test with the full information (Therneau, R
    package survival, from version 3).
    """
    from scipy.special import chdtrc

    at, p = fit.at, len(fit.names)
    g = _transformed(fit, transform)
    information, mixed, squared = at.information(), at.information(g), at.information(g**2)
    score = at.score(g)
    # The coefficients themselves are at their maximum: what they leave of the score of c is its projection.
    residual = squared - mixed @ np.linalg.solve(information, mixed)
    statistics = [float(score[j] ** 2 / residual[j, j]) for j in range(p)]
    statistics.append(float(score @ np.linalg.solve(residual, score)))
    degrees = [1] * p + [p]
    return pd.DataFrame(
        {
            "term": [*fit.names, "GLOBAL"],
            "chi_square": statistics,
            "degrees_of_freedom": degrees,
            "p_value": chdtrc(degrees, statistics),
        }
    )


def _transformed(fit: CoxFit, transform: str) -> NDArray[np.float64]:
    """Return g at every event time, moved to mean 0 over the events, which changes no test but spares digits."""
    sets = fit.at.data.sets
    if transform == "identity":
        g = sets.time
    elif transform == "log":
        with np.errstate(divide="ignore"):
            g = np.log(sets.time)
    elif transform in ("km", "rank"):
        times, code = distinct_times(sets.time)
        events = np.bincount(code, sets.n_deaths, len(times))
        before = np.cumsum(events) - events
        if transform == "rank":
            g = (before + (events + 1) / 2)[code]
        else:
            at_risk = np.bincount(code, sets.sums(np.ones(sets.n_rows)), len(times))
            survival = np.cumprod(1 - events / at_risk)
            g = 1 - np.append(1.0, survival[:-1])[code]
    else:
        raise EstimationError(
            f"proportional hazards test: there is no transform '{transform}'; {did_you_mean(transform, TRANSFORMS)}"
        )
    if not np.isfinite(g).all() or np.ptp(g) == 0:
        raise EstimationError(
            f"proportional hazards test: the transform '{transform}' of the event times is "
            f"{'the same for all' if np.isfinite(g).all() else 'infinite for events at time 0'}, so that nothing can "
            "be seen to change with it; choose another"
        )
    return g - np.average(g, weights=sets.n_deaths)
