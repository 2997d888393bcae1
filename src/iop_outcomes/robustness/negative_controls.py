"""Negative controls: outcomes on which the arm can have no effect, and what they say of every other estimate.

How far estimates of no effect lie from none, beyond chance, is the systematic error of the design: what is left of
confounding, selection and measurement. Another estimate of the same design is calibrated by it.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from iop_outcomes.kernel.errors import EstimationError, counted
from iop_outcomes.stats.between import mean_of, minus_log_likelihood, most_likely_variance

#: With fewer controls a standard deviation of the error is a guess.
FEWEST = 10


@dataclass(frozen=True)
class SystematicError:
    """Distribution of the error that a design makes besides chance: normal, on the scale of the estimates.

    Attributes
    ----------
    mean, sd : float
    n_controls : int
    minus_log_likelihood : float
    """

    mean: float
    sd: float
    n_controls: int
    minus_log_likelihood: float

    @property
    def ease(self) -> float:
        """Expected absolute systematic error; above 0.25 on the log scale OHDSI's diagnostics fail."""
        from scipy.special import ndtr

        if self.sd == 0:
            return abs(self.mean)
        ratio = self.mean / self.sd
        spread = self.sd * np.sqrt(2 / np.pi) * np.exp(-(ratio**2) / 2)
        return float(spread + self.mean * (1 - 2 * ndtr(-ratio)))


def systematic_error(estimates: ArrayLike, standard_errors: ArrayLike) -> SystematicError:
    """Fit the systematic error of a design to its estimates for negative controls, by maximum likelihood.

    Parameters
    ----------
    estimates, standard_errors : array_like, shape (k,)
        Of outcomes that the arm cannot change, ten or more, all by the design in question; ratios as logarithms.

    Returns
    -------
    SystematicError

    Raises
    ------
    EstimationError
        There are fewer than ten controls, or a standard error is missing or not above zero.

    References
    ----------
    Schuemie et al. 2014, Stat Med 33:209; Schuemie et al. 2018, PNAS 115:2571. The expected absolute systematic error
    is E|N(mean, sd²)|, as in OHDSI's EmpiricalCalibration.
    """
    values, errors = _usable(estimates, standard_errors, "negative controls")
    if len(values) < FEWEST:
        raise EstimationError(
            f"negative controls: there {'is' if len(values) == 1 else 'are'} {len(values)}, and fewer than {FEWEST} "
            "cannot tell systematic error from chance; report the estimates uncalibrated"
        )
    variance = most_likely_variance(values, errors)
    likelihood = minus_log_likelihood(values, errors, variance)
    return SystematicError(mean_of(values, errors, variance), float(np.sqrt(variance)), len(values), likelihood)


def calibrate(
    estimates: ArrayLike, standard_errors: ArrayLike, error: SystematicError, *, level: float = 0.95
) -> pd.DataFrame:
    """Return estimates with the systematic error of their design taken into account.

    The error is taken to be the same whatever the true effect, and as known: how well the controls tell it is not
    counted.

    Parameters
    ----------
    estimates, standard_errors : array_like, shape (n,)
        On the scale of the controls.
    error : SystematicError
        Of the same design.
    level : float
        Coverage of the interval.

    Returns
    -------
    DataFrame
        ``estimate``, ``se``, ``p_value`` as they were; ``calibrated``, ``calibrated_se``, ``ci_low``, ``ci_high``,
        ``calibrated_p`` (two-sided).

    Raises
    ------
    EstimationError
        A standard error is missing or not above zero.

    References
    ----------
    Schuemie et al. 2014, Stat Med 33:209 (p-values); Schuemie et al. 2018, PNAS 115:2571 (intervals).
    """
    from scipy.special import ndtr, ndtri

    values, errors = _usable(estimates, standard_errors, "estimates")
    calibrated, se = values - error.mean, np.hypot(error.sd, errors)
    half = ndtri((1 + level) / 2) * se
    return pd.DataFrame(
        {
            "estimate": values,
            "se": errors,
            "p_value": 2 * ndtr(-np.abs(values / errors)),
            "calibrated": calibrated,
            "calibrated_se": se,
            "ci_low": calibrated - half,
            "ci_high": calibrated + half,
            "calibrated_p": 2 * ndtr(-np.abs(calibrated / se)),
        }
    )


def _usable(
    estimates: ArrayLike, standard_errors: ArrayLike, what: str
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    values, errors = (np.atleast_1d(np.asarray(given, dtype=float)) for given in (estimates, standard_errors))
    if values.shape != errors.shape or values.ndim != 1:
        raise EstimationError(f"{what}: {values.size} of them for {errors.size} standard errors; give one for each")
    unusable = int((~(np.isfinite(values) & np.isfinite(errors) & (errors > 0))).sum())
    if unusable:
        raise EstimationError(
            f"{what}: {counted(unusable, 'has', 'have')} no value or no standard error above zero; leave them out"
        )
    return values, errors
