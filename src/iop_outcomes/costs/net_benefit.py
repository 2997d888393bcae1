"""Net-benefit regression: what is gained in money at each price of an effect, adjusted for covariates."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from iop_outcomes.costs.difference import refuse_no_costs
from iop_outcomes.designs.frame import contrast_of, listed, refuse_as_covariates, take_frame
from iop_outcomes.kernel.errors import EstimationError, counted
from iop_outcomes.kernel.values import known_numbers
from iop_outcomes.stats.coefficients import coefficient_table
from iop_outcomes.stats.linear.matrix import model_matrix
from iop_outcomes.stats.linear.robust_glm import fit_robust_glm

ARM = "(arm)"


def net_benefit_regression(
    data: pd.DataFrame,
    *,
    effect: str,
    cost: str,
    arm: str,
    covariates: Sequence[str],
    willingness: ArrayLike,
    cluster: str | None = None,
    contrast: tuple[object, object] | None = None,
    level: float = 0.95,
) -> pd.DataFrame:
    """Regress the net benefit of everybody, price x effect - cost, on the arm.

    Parameters
    ----------
    data : DataFrame
        One row per person.
    effect, cost : str
        Columns of numbers without missing values: an effect of which more is better, and costs.
    arm : str
        Column of arms.
    covariates : sequence of str
        Baseline columns of the linear regression.
    willingness : array_like
        Prices of one unit of effect.
    cluster : str, optional
        Column of units whose members are alike: CR1 and t with G - 1; HC0 and normal without.
    contrast : (first, second), optional
        The two arms; needed unless they are iop and outpatient, or 1 and 0.
    level : float

    Returns
    -------
    DataFrame
        By ``willingness``: ``net_benefit`` of the first arm against the second, ``se``, ``ci_low``, ``ci_high``,
        ``p_value``.

    Raises
    ------
    StudyError
        The data cannot be used.

    References
    ----------
    Hoch, Briggs & Willan 2002, Health Econ 11:415.
    """
    names = listed(covariates)
    for name, role in ((effect, "the effect"), (cost, "the cost")):
        refuse_as_covariates(names, name, role)
    framed = take_frame(data, arm=arm, covariates=names, cluster=cluster)
    framed = framed.of(contrast_of(framed.arms, arm, contrast))
    chosen = data.iloc[framed.rows]
    refuse_no_costs(chosen, cost)
    gained, spent = known_numbers(chosen, effect), known_numbers(chosen, cost)
    missing = int(np.isnan(gained).sum())
    if missing:
        raise EstimationError(f"{effect}: missing for {counted(missing, 'person', 'people')}; impute or leave them out")
    columns = framed.covariates.assign(**{ARM: (framed.arm == 0).astype(float)})
    matrix = model_matrix(columns[[ARM, *names]], unusable="drop")
    place = matrix.names.index(ARM)
    units, kind = (None, "HC0") if framed.cluster is None else (framed.cluster.to_numpy(), "CR1")
    rows = []
    for price in prices(willingness):
        fit = fit_robust_glm(price * gained - spent, matrix, family="gaussian", covariance=kind, cluster=units)
        table = coefficient_table(
            [ARM],
            fit.coefficients[[place]],
            fit.covariance[np.ix_([place], [place])],
            degrees_of_freedom=float(fit.degrees_of_freedom[place]),
            level=level,
        ).iloc[0]
        told = {name: table[name] for name in ("se", "ci_low", "ci_high", "p_value")}
        rows.append({"willingness": price, "net_benefit": table["value"], **told})
    return pd.DataFrame(rows)


def prices(willingness: ArrayLike) -> list[float]:
    """Return prices of a unit of effect as numbers, or refuse what is none."""
    values = np.atleast_1d(np.asarray(willingness, dtype=float))
    if not len(values) or not (np.isfinite(values) & (values >= 0)).all():
        raise EstimationError("willingness: give one price of a unit of effect or more, each zero or above")
    return [float(value) for value in values]
