"""Put estimates together: over imputations of missing values (Rubin's rules), and over sites (random effects)."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from iop_outcomes.kernel.errors import EstimationError, counted, did_you_mean
from iop_outcomes.stats.imputations import pool_imputations
from iop_outcomes.tables.estimate import KEY

TAU_METHODS = ("paule-mandel", "dersimonian-laird", "fixed")


def pool_estimate_rows(
    completed: Sequence[pd.DataFrame], *, complete_degrees_of_freedom: float = np.inf
) -> pd.DataFrame:
    """Pool the answers that several completed data sets gave to one question, every row with its like.

    Parameters
    ----------
    completed : sequence of DataFrame
        From ``iop_outcomes.estimate`` or ``survival``: the same rows in every frame.
    complete_degrees_of_freedom : float
        As in :func:`pool_imputations`.

    Returns
    -------
    DataFrame
        The rows of the first frame with pooled ``value``, ``se``, ``ci_low``, ``ci_high``; ratios are pooled as
        logarithms (``se_scale`` says so). Numbers of people and events are means over the imputations. A row that has
        no estimate in some imputation has none, and a ``reason``.

    Raises
    ------
    EstimationError
        There are fewer than two frames, or they do not hold the same rows.

    References
    ----------
    Rubin DB. Multiple Imputation for Nonresponse in Surveys. Wiley 1987; as in :func:`pool_imputations`.
    """
    if len(completed) < 2:
        raise EstimationError(f"imputations: there is {counted(len(completed), 'answer')}; at least two are needed")
    first = completed[0].reset_index(drop=True)
    for frame in completed[1:]:
        if not _likeness(first).equals(_likeness(frame)):
            raise EstimationError("imputations: their estimates are not of the same rows; use one analysis for all")
    log = (first["se_scale"] == "log").to_numpy()
    values, errors = (np.array([frame[name].to_numpy(dtype=float) for frame in completed]) for name in ("value", "se"))
    with np.errstate(divide="ignore", invalid="ignore"):
        scaled = np.where(log, np.log(values), values)
    usable = np.isfinite(scaled).all(axis=0) & np.isfinite(errors).all(axis=0)
    pooled = first.copy()
    pooled[["value", "se", "ci_low", "ci_high"]] = np.nan
    if usable.any():
        found = pool_imputations(
            scaled[:, usable], errors[:, usable] ** 2, complete_degrees_of_freedom=complete_degrees_of_freedom
        )
        for name in ("value", "ci_low", "ci_high"):
            pooled.loc[usable, name] = np.where(log[usable], np.exp(found[name]), found[name])
        pooled.loc[usable, "se"] = found["se"].to_numpy()
    for name in ("n", "n_events", "ess"):
        if name in pooled:
            pooled[name] = np.mean([frame[name].to_numpy(dtype=float) for frame in completed], axis=0)
    pooled["se_method"] = [
        f"{method}; Rubin's rules over {len(completed)} imputations" for method in first["se_method"]
    ]
    lacking = "no estimate in at least one imputation, so that none can be pooled"
    pooled["reason"] = pooled["reason"].where(usable, pooled["reason"].fillna(lacking))
    return pooled


def pool_sites(
    estimates: ArrayLike, standard_errors: ArrayLike, *, tau: str = "paule-mandel", level: float = 0.95
) -> pd.Series:
    """Pool one estimate over sites that may differ in truth.

    Parameters
    ----------
    estimates, standard_errors : array_like, shape (k,)
        One per site, independent of each other; ratios as logarithms.
    tau : {"paule-mandel", "dersimonian-laird", "fixed"}
        How the variance between sites is estimated, or that there is none.
    level : float
        Coverage of the intervals.

    Returns
    -------
    Series
        ``value``, ``se``, ``ci_low``, ``ci_high`` (Hartung-Knapp with k - 1 degrees of freedom, normal if fixed),
        ``tau`` (standard deviation between sites), ``i_squared``, ``q``, ``q_p_value``, ``prediction_low`` and
        ``prediction_high`` (where the effect at a further site lies; NaN below three sites), ``n_sites``.

    Raises
    ------
    EstimationError
        There are fewer than two sites, or a standard error is missing or not above zero.

    References
    ----------
    Paule & Mandel 1982, J Res Natl Bur Stand 87:377; Hartung & Knapp 2001, Stat Med 20:3875; Higgins, Thompson &
    Spiegelhalter 2009, J R Stat Soc A 172:137 (prediction interval).
    """
    from scipy.special import chdtrc, stdtrit
    from statsmodels.stats.meta_analysis import combine_effects

    if tau not in TAU_METHODS:
        raise EstimationError(
            f"sites: there is no method '{tau}' for the variance between them; {did_you_mean(tau, TAU_METHODS)}"
        )
    values, errors = np.asarray(estimates, dtype=float), np.asarray(standard_errors, dtype=float)
    if len(values) < 2:
        raise EstimationError(f"sites: {counted(len(values), 'estimate')} to pool; at least two sites are needed")
    unusable = int((~(np.isfinite(values) & np.isfinite(errors) & (errors > 0))).sum())
    if unusable:
        sites = counted(unusable, "site has", "sites have")
        raise EstimationError(f"sites: {sites} no estimate or no standard error above zero; leave them out")
    k = len(values)
    random = tau != "fixed"
    method = "iterated" if tau == "paule-mandel" else "chi2"
    found = combine_effects(values, errors**2, method_re=method, use_t=random, alpha=1 - level)
    value = found.mean_effect_re if random else found.mean_effect_fe
    se = found.sd_eff_w_re_hksj if random else found.sd_eff_w_fe
    quantile = stdtrit(k - 1 if random else np.inf, (1 + level) / 2)
    spread = np.sqrt(found.tau2) if random else 0.0
    beyond = stdtrit(k - 2, (1 + level) / 2) * np.hypot(spread, found.sd_eff_w_re) if random and k > 2 else np.nan
    return pd.Series(
        {
            "value": value,
            "se": se,
            "ci_low": value - quantile * se,
            "ci_high": value + quantile * se,
            "tau": spread,
            "i_squared": max(0.0, found.i2),
            "q": found.q,
            "q_p_value": chdtrc(k - 1, found.q),
            "prediction_low": value - beyond,
            "prediction_high": value + beyond,
            "n_sites": k,
        }
    )


def _likeness(rows: pd.DataFrame) -> pd.DataFrame:
    """Return what tells one row of an answer from the others, as text."""
    return rows[[name for name in KEY if name in rows]].astype(str).reset_index(drop=True)
