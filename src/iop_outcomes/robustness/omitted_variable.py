"""Omitted variables: how much of arm and outcome something unmeasured would have to explain, beside the measured."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from iop_outcomes.designs.frame import listed, refuse_as_covariates, refuse_unknown
from iop_outcomes.kernel.errors import EstimationError, counted, did_you_mean
from iop_outcomes.kernel.values import known_covariate, known_numbers
from iop_outcomes.stats.linear.glm import GlmFit, fit_glm
from iop_outcomes.stats.linear.matrix import ModelMatrix, model_matrix

MULTIPLES = (1.0, 2.0, 3.0)


@dataclass(frozen=True)
class OmittedVariable:
    """How robust a linear regression's coefficient is to a confounder that is not in it.

    Attributes
    ----------
    summary : Series
        ``estimate``, ``se`` (that of least squares), ``t``, ``degrees_of_freedom``, ``partial_r2`` of the arm with the
        outcome, ``robustness_value``: the share of what is left of both arm and outcome that a confounder must explain
        to bring the estimate down by ``share`` of itself, and ``robustness_value_of_interval``: to bring the limit of
        the interval to there.
    bounds : DataFrame
        By ``benchmark`` and ``multiple``: what a confounder that many times as strong as the benchmark explains at most
        of the arm (``r2_arm``) and of the outcome (``r2_outcome``), and ``estimate``, ``se``, ``t``, ``ci_low``,
        ``ci_high`` after adjusting for it in the direction that takes the estimate towards zero. Where nothing can be
        so strong, ``reason`` says so.
    """

    summary: pd.Series
    bounds: pd.DataFrame


def omitted_variable(
    data: pd.DataFrame,
    *,
    outcome: str,
    arm: str,
    covariates: Sequence[str],
    benchmarks: Sequence[str] = (),
    multiples: Sequence[float] = MULTIPLES,
    share: float = 1.0,
    level: float = 0.95,
) -> OmittedVariable:
    """Ask how strong an unmeasured confounder would have to be to explain a regression's difference away.

    Parameters
    ----------
    data : DataFrame
        One row per person, without missing values.
    outcome, arm : str
        Columns of numbers; the arm is 1 or 0, or a dose.
    covariates : sequence of str
        Columns of the linear regression of the outcome on the arm; what follows from others is left out.
    benchmarks : sequence of str
        Of the covariates, those that the confounder is compared with. Levels of a category count together.
    multiples : sequence of float
        How many times as strong as the benchmark the confounder is, with the arm and with the outcome alike.
    share : float
        Share of the estimate that has to go: 1 brings it to zero, 0.5 halves it.
    level : float
        Coverage of the interval.

    Returns
    -------
    OmittedVariable

    Raises
    ------
    StudyError
        A column cannot be used, a benchmark is none of the covariates, or too few people are left for the regression.

    References
    ----------
    Cinelli & Hazlett 2020, J R Stat Soc B 82:39.
    """
    names, compared = listed(covariates), listed(benchmarks)
    refuse_unknown(data, [outcome, arm, *names])
    for name, role in ((outcome, "the outcome"), (arm, "the arm")):
        refuse_as_covariates(names, name, role)
    for name in compared:
        if name not in names:
            raise EstimationError(f"benchmarks: '{name}' is no covariate; {did_you_mean(name, names)}")
    if not 0 < share <= 1 or not 0 < level < 1 or any(multiple <= 0 for multiple in multiples):
        raise EstimationError("omitted variable: share and level lie between 0 and 1, and multiples above 0")
    y, treated = _complete(data, outcome), _complete(data, arm)
    known = pd.DataFrame({name: known_covariate(data, name) for name in names}).reset_index(drop=True)
    matrix = model_matrix(known.assign(**{arm: treated}), unusable="drop")
    if arm not in matrix.names:
        raise EstimationError(f"{arm}: everybody has the same value, so that nothing is compared")
    of_outcome = fit_glm(y, matrix, family="gaussian", aliased="drop")
    if arm in of_outcome.aliased:
        raise EstimationError(f"{arm}: it follows from the covariates; leave out the one that tells the arms")
    df = _degrees_of_freedom(of_outcome, len(data))
    place = matrix.names.index(arm)
    estimate, se = float(of_outcome.coefficients[place]), float(of_outcome.standard_errors[place])
    if not se > 0:
        raise EstimationError(f"{outcome}: the regression leaves nothing of it unexplained, so that there is no test")
    summary = _summary(estimate, se, df, share, level)
    without = model_matrix(known, names, unusable="drop")
    of_arm = fit_glm(treated, without, family="gaussian", aliased="drop")
    rows = []
    for name in compared:
        with_arm = _partial_r2(of_arm, without, name, df + 1)
        with_outcome = _partial_r2(of_outcome, matrix, name, df)
        rows += [
            {"benchmark": name, **_bound(with_arm, with_outcome, float(multiple), estimate, se, df, level)}
            for multiple in multiples
        ]
    return OmittedVariable(summary, pd.DataFrame(rows))


def robustness_value(
    t: ArrayLike, degrees_of_freedom: float, *, share: float = 1.0, level: float | None = None
) -> NDArray[np.float64]:
    """Return the robustness value of a regression coefficient from its t statistic alone.

    Parameters
    ----------
    t : array_like
    degrees_of_freedom : float
        Of the regression.
    share : float
        As in :func:`omitted_variable`.
    level : float, optional
        Coverage of the interval whose limit is to be brought there; the estimate itself unless given.

    Returns
    -------
    ndarray
        0 where it takes nothing, up to 1.

    References
    ----------
    Cinelli & Hazlett 2020, J R Stat Soc B 82:39, equations 18 and 20.
    """
    from scipy.special import stdtrit

    strength = share * np.abs(np.asarray(t, dtype=float)) / np.sqrt(degrees_of_freedom)
    critical = 0.0
    if level is not None:
        critical = stdtrit(degrees_of_freedom - 1, (1 + level) / 2) / np.sqrt(degrees_of_freedom - 1)
    left = np.maximum(strength - critical, 0.0)
    value = (np.sqrt(left**4 + 4 * left**2) - left**2) / 2
    # A confounder that explains more of the arm narrows the interval too: then the outcome's share is bound at 1.
    extreme = (strength**2 - critical**2) / (1 + strength**2)
    values: NDArray[np.float64] = np.where((left > 0) & (strength * critical > 1), extreme, value)
    return values


def _summary(estimate: float, se: float, df: int, share: float, level: float) -> pd.Series:
    t = estimate / se
    return pd.Series(
        {
            "estimate": estimate,
            "se": se,
            "t": t,
            "degrees_of_freedom": float(df),
            "partial_r2": t**2 / (t**2 + df),
            "robustness_value": float(robustness_value(t, df, share=share)),
            "robustness_value_of_interval": float(robustness_value(t, df, share=share, level=level)),
        }
    )


def _bound(
    with_arm: float, with_outcome: float, multiple: float, estimate: float, se: float, df: int, level: float
) -> dict[str, object]:
    """Return what a confounder of a multiple of a benchmark's strength would leave of the estimate."""
    from scipy.special import stdtrit

    r2_arm = multiple * with_arm / (1 - with_arm)
    nothing = dict.fromkeys(("r2_outcome", "estimate", "se", "t", "ci_low", "ci_high"), np.nan)
    if r2_arm >= 1 or multiple * with_arm >= 1:
        reason = "nothing can be this much stronger than the benchmark: it would explain all of the arm"
        return {"multiple": multiple, "r2_arm": np.nan, **nothing, "reason": reason}
    # Part of the benchmark's share that the confounder and it have in common, once the arm is known.
    common = multiple * with_arm**2 / ((1 - multiple * with_arm) * (1 - with_arm))
    if common < 1:
        ratio = (np.sqrt(multiple) + np.sqrt(common)) / np.sqrt(1 - common)
        r2_outcome = ratio**2 * with_outcome / (1 - with_outcome)
    else:
        r2_outcome = np.inf
    beyond = "such a confounder would explain all that is left of the outcome" if r2_outcome > 1 else None
    r2_outcome = min(r2_outcome, 1.0)
    bias = np.sqrt(r2_outcome * r2_arm / (1 - r2_arm)) * se * np.sqrt(df)
    adjusted = np.sign(estimate) * (abs(estimate) - bias)
    error = np.sqrt((1 - r2_outcome) / (1 - r2_arm)) * se * np.sqrt(df / (df - 1))
    half = stdtrit(df - 1, (1 + level) / 2) * error
    return {
        "multiple": multiple,
        "r2_arm": r2_arm,
        "r2_outcome": r2_outcome,
        "estimate": adjusted,
        "se": error,
        "t": adjusted / error if error > 0 else np.nan,
        "ci_low": adjusted - half,
        "ci_high": adjusted + half,
        "reason": beyond,
    }


def _partial_r2(fit: GlmFit, matrix: ModelMatrix, name: str, df: int) -> float:
    """Return the share of what is left of the response that a covariate, with all its levels, explains."""
    own = [
        place for place, (term, _) in enumerate(matrix.terms) if term == name and matrix.names[place] not in fit.aliased
    ]
    if not own:
        raise EstimationError(f"benchmarks: '{name}' does not vary, or follows from the other covariates")
    b = fit.coefficients[own]
    wald = float(b @ np.linalg.solve(fit.covariance[np.ix_(own, own)], b))
    return wald / (wald + df)


def _degrees_of_freedom(fit: GlmFit, n: int) -> int:
    df = n - (len(fit.names) - len(fit.aliased))
    if df < 2:
        raise EstimationError(
            f"omitted variable: {counted(n, 'person', 'people')} for {len(fit.names)} coefficients; leave covariates "
            "out, or merge levels"
        )
    return df


def _complete(data: pd.DataFrame, name: str) -> NDArray[np.float64]:
    values = known_numbers(data, name)
    missing = int(np.isnan(values).sum())
    if missing:
        raise EstimationError(f"{name}: missing for {counted(missing, 'person', 'people')}; leave them out or impute")
    return values
