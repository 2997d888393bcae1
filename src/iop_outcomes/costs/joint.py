"""Cost and effect drawn together: who is costly is not who does well by chance, so one bootstrap draws both."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iop_outcomes.costs.difference import refuse_no_costs
from iop_outcomes.designs.frame import contrast_of, listed, refuse_as_covariates, take_frame
from iop_outcomes.estimates.nuisance.outcome_model import LIMIT_RIDGE
from iop_outcomes.estimates.nuisance.tilting import balancing_weights
from iop_outcomes.kernel.errors import DesignError, EstimationError, counted
from iop_outcomes.kernel.values import known_numbers
from iop_outcomes.stats.linear.glm import fit_glm
from iop_outcomes.stats.linear.matrix import ModelMatrix, model_matrix
from iop_outcomes.stats.replicates import replicate

COLUMNS = ("effect_first", "effect_second", "cost_first", "cost_second")
#: Length of the last step in standard errors; what is left is about its square.
TOLERANCE = 1e-6


def cost_and_effect_draws(
    data: pd.DataFrame,
    *,
    effect: str,
    cost: str,
    arm: str,
    covariates: Sequence[str],
    estimand: str = "ATO",
    cluster: str | None = None,
    contrast: tuple[object, object] | None = None,
    n_draws: int = 1000,
    seed: int = 0,
) -> pd.DataFrame:
    """Draw the mean effect and the mean cost of both arms by a joint bootstrap of people, or of whole clusters.

    Every draw fits the propensity score anew and weights effect and cost alike.

    Parameters
    ----------
    data : DataFrame
        One row per person.
    effect, cost : str
        Columns of numbers without missing values.
    arm, covariates, estimand, contrast
        As in ``iop_outcomes.estimate``.
    cluster : str, optional
        Column of units that are drawn whole.
    n_draws, seed : int

    Returns
    -------
    DataFrame
        A row per draw: ``effect_first``, ``effect_second``, ``cost_first``, ``cost_second``, as
        ``cost_effectiveness(**draws, willingness=...)`` takes them.

    Raises
    ------
    StudyError
        The data cannot be used, or more than a tenth of the draws give no estimate.

    References
    ----------
    Efron 1979, Ann Stat 7:1; joint draws of cost and effect: Briggs, Wonderling & Mooney 1997, Health Econ 6:327.
    """
    drawn = draws_of(
        data,
        columns=(effect, cost),
        costs=(cost,),
        arm=arm,
        covariates=covariates,
        estimand=estimand,
        cluster=cluster,
        contrast=contrast,
        n_draws=n_draws,
        seed=seed,
    )
    return pd.DataFrame(drawn, columns=list(COLUMNS))


def draws_of(
    data: pd.DataFrame,
    *,
    columns: Sequence[str],
    costs: Sequence[str],
    arm: str,
    covariates: Sequence[str],
    estimand: str,
    cluster: str | None,
    contrast: tuple[object, object] | None,
    n_draws: int,
    seed: int,
) -> NDArray[np.float64]:
    """Return the means of some columns in both arms, drawn together: shape (n_draws, 2 * columns), arms side by side.

    Parameters
    ----------
    columns : sequence of str
        Columns of numbers without missing values.
    costs : sequence of str
        Those of them that are costs.
    data, arm, covariates, estimand, cluster, contrast, n_draws, seed
        As in ``cost_and_effect_draws``.
    """
    names = listed(covariates)
    for name in columns:
        refuse_as_covariates(names, name, "the cost" if name in costs else "the effect")
    framed = take_frame(data, arm=arm, covariates=names, cluster=cluster)
    framed = framed.of(contrast_of(framed.arms, arm, contrast))
    chosen = data.iloc[framed.rows]
    for name in costs:
        refuse_no_costs(chosen, name)
    values = np.column_stack([known_numbers(chosen, name) for name in columns])
    for name, missing in zip(columns, np.isnan(values).sum(axis=0), strict=True):
        if missing:
            said = counted(int(missing), "person", "people")
            raise EstimationError(f"{name}: missing for {said}; impute or leave them out")
    first, matrix = framed.arm == 0, model_matrix(framed.covariates, unusable="drop")
    units = np.arange(len(first)) if framed.cluster is None else pd.factorize(framed.cluster)[0]

    def means(drawn: NDArray[np.float64]) -> NDArray[np.float64]:
        times = drawn[units]
        score = _score(first, matrix, times)
        own = balancing_weights(score, first, estimand)[0]
        # Whoever was not drawn may have no finite weight, and needs none.
        weights = np.multiply(times, own, out=np.zeros(len(own)), where=times > 0)
        by_arm = [(weights * group) @ values / np.sum(weights, where=group) for group in (first, ~first)]
        return np.column_stack(by_arm).ravel()

    return replicate(means, int(units.max()) + 1, n_draws, seed).values


def _score(first: NDArray[np.bool_], matrix: ModelMatrix, times: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the propensity score of a draw; a level that the draw has in one arm only goes to its limit."""
    try:
        return fit_glm(first.astype(float), matrix, weights=times, tolerance=TOLERANCE).fitted
    except DesignError:
        ridge = LIMIT_RIDGE * times.sum()
        return fit_glm(first.astype(float), matrix, weights=times, penalty=ridge, tolerance=TOLERANCE).fitted
