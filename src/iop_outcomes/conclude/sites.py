"""One estimate over sites that may differ in truth."""

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from iop_outcomes.kernel.errors import EstimationError, counted, did_you_mean
from iop_outcomes.stats.between import mean_of, most_likely_variance, variance_by_q, variance_of_moments

TAU_METHODS = ("reml", "paule-mandel", "dersimonian-laird", "fixed")
INTERVALS = ("hartung-knapp", "modified-hartung-knapp", "normal")


def pool_sites(
    estimates: ArrayLike,
    standard_errors: ArrayLike,
    *,
    tau: str = "paule-mandel",
    interval: str = "hartung-knapp",
    level: float = 0.95,
) -> pd.Series:
    """Pool one estimate over sites that may differ in truth.

    Parameters
    ----------
    estimates, standard_errors : array_like, shape (k,)
        One per site, independent of each other; ratios as logarithms.
    tau : {"reml", "paule-mandel", "dersimonian-laird", "fixed"}
        How the variance between sites is estimated, or that there is none.
    interval : {"hartung-knapp", "modified-hartung-knapp", "normal"}
        Standard error and interval of the mean: from how the sites spread, with k - 1 degrees of freedom; the same, but
        with no standard error below that from the variances alone; or from the variances alone. With ``tau="fixed"``
        always the last.
    level : float
        Coverage of the intervals.

    Returns
    -------
    Series
        ``value``, ``se``, ``ci_low``, ``ci_high``, ``p_value``; ``tau`` (standard deviation between sites);
        ``i_squared`` (share of the variance that lies between sites) and ``h_squared``, 1/(1 - i_squared); ``q`` and
        ``q_p_value`` of a test that sites do not differ; ``prediction_low`` and ``prediction_high``: where the effect
        at a further site lies, with the quantile of the interval, missing below three sites and where ``tau`` is fixed;
        ``n_sites``.

    Raises
    ------
    EstimationError
        There are fewer than two sites, or a standard error is missing or not above zero.

    References
    ----------
    Viechtbauer 2005, J Educ Behav Stat 30:261 (REML); Paule & Mandel 1982, J Res Natl Bur Stand 87:377; DerSimonian &
    Laird 1986, Control Clin Trials 7:177; Hartung & Knapp 2001, Stat Med 20:3875; Röver, Knapp & Friede 2015, BMC Med
    Res Methodol 15:99 (modified); Higgins & Thompson 2002, Stat Med 21:1539 (I², H²); Higgins, Thompson & Spiegelhalter
    2009, J R Stat Soc A 172:137 (prediction). Quantiles and I² as in metafor 3.8.
    """
    from scipy.special import chdtrc, stdtr, stdtrit

    for given, allowed, what in ((tau, TAU_METHODS, "the variance between them"), (interval, INTERVALS, "an interval")):
        if given not in allowed:
            raise EstimationError(f"sites: there is no method '{given}' for {what}; {did_you_mean(given, allowed)}")
    values, errors = _usable(estimates, standard_errors)
    k = len(values)
    variance = _variance_between(values, errors, tau)
    weights = 1 / (variance + errors**2)
    value, se, freedom = mean_of(values, errors, variance), float(weights.sum() ** -0.5), np.inf
    if tau != "fixed" and interval != "normal":
        spread = float(np.sqrt(weights @ (values - value) ** 2 / (k - 1)))
        se *= spread if interval == "hartung-knapp" else max(spread, 1.0)
        freedom = k - 1.0
    quantile = stdtrit(freedom, (1 + level) / 2)
    beyond = quantile * np.hypot(np.sqrt(variance), se) if tau != "fixed" and k > 2 else np.nan
    plain = errors**-2.0
    q = float(plain @ (values - mean_of(values, errors, 0.0)) ** 2)
    i_squared = max(0.0, 1 - (k - 1) / q) if tau == "fixed" and q > 0 else _share_between(variance, plain)
    return pd.Series(
        {
            "value": value,
            "se": se,
            "ci_low": value - quantile * se,
            "ci_high": value + quantile * se,
            "p_value": 2 * stdtr(freedom, -abs(value) / se) if se > 0 else np.nan,
            "tau": np.sqrt(variance),
            "i_squared": i_squared,
            "h_squared": 1 / (1 - i_squared),
            "q": q,
            "q_p_value": chdtrc(k - 1, q),
            "prediction_low": value - beyond,
            "prediction_high": value + beyond,
            "n_sites": k,
        }
    )


def pool_without_each_site(estimates: ArrayLike, standard_errors: ArrayLike, **settings: str | float) -> pd.DataFrame:
    """Pool all sites but one, each left out in turn.

    Parameters
    ----------
    estimates, standard_errors : array_like, shape (k,)
        As in :func:`pool_sites`, three sites or more.
    **settings
        Of :func:`pool_sites`.

    Returns
    -------
    DataFrame
        A row for each site left out, in the order given, as :func:`pool_sites` returns it.

    Raises
    ------
    EstimationError
        As :func:`pool_sites`, or there are fewer than three sites.

    References
    ----------
    Viechtbauer & Cheung 2010, Res Synth Methods 1:112.
    """
    values, errors = _usable(estimates, standard_errors)
    if len(values) < 3:
        raise EstimationError(f"sites: without one of {len(values)} there is nothing to pool; three are needed")
    rows = [pool_sites(np.delete(values, i), np.delete(errors, i), **settings) for i in range(len(values))]  # type: ignore[arg-type]
    return pd.DataFrame(rows)


def _variance_between(values: NDArray[np.float64], errors: NDArray[np.float64], tau: str) -> float:
    if tau == "fixed":
        return 0.0
    if tau == "reml":
        return most_likely_variance(values, errors, restricted=True)
    return variance_by_q(values, errors) if tau == "paule-mandel" else variance_of_moments(values, errors)


def _share_between(variance: float, plain: NDArray[np.float64]) -> float:
    """Return the variance between sites as a share of it and a typical variance within them."""
    within = (len(plain) - 1) * plain.sum() / (plain.sum() ** 2 - plain @ plain)
    return float(variance / (variance + within))


def _usable(estimates: ArrayLike, standard_errors: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    values, errors = np.asarray(estimates, dtype=float), np.asarray(standard_errors, dtype=float)
    if len(values) < 2:
        raise EstimationError(f"sites: {counted(len(values), 'estimate')} to pool; at least two sites are needed")
    if values.shape != errors.shape:
        raise EstimationError(f"sites: {len(values)} estimates for {errors.size} standard errors; give one for each")
    unusable = int((~(np.isfinite(values) & np.isfinite(errors) & (errors > 0))).sum())
    if unusable:
        sites = counted(unusable, "site has", "sites have")
        raise EstimationError(f"sites: {sites} no estimate or no standard error above zero; leave them out")
    return values, errors
