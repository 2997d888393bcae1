"""One outcome under several rules for what is missing."""

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from iop_outcomes.estimates.few_clusters import FewClusters
from iop_outcomes.estimates.measures import ArmMeans, contrast
from iop_outcomes.estimates.nuisance.weights import Weights
from iop_outcomes.kernel.errors import EstimationError, did_you_mean
from iop_outcomes.robustness.incomplete import Incomplete, incomplete
from iop_outcomes.tables.missing_panel import BEST, FAILURE, OBSERVED, WEIGHTED, WORST


def missing_rules(
    outcome: ArrayLike,
    treated: ArrayLike,
    covariates: pd.DataFrame,
    weights: Weights | ArrayLike,
    *,
    cluster: ArrayLike | None = None,
    few_clusters: FewClusters = "no",
    higher_is_better: bool = True,
    measure: str = "mean_difference",
) -> pd.DataFrame:
    """Return the difference between two arms under each rule for missing outcomes.

    Weighted means with normalised weights: of everybody with missing outcomes counted as failure, as best and as worst
    for the first arm; of those observed; and of those observed with the weight divided by the probability of being
    observed, from a logistic regression on the covariates fitted in each arm.

    Parameters
    ----------
    outcome : array_like, shape (n,)
        Missing where not known. The three rules that count it as something are for outcomes between 0 and 1.
    treated : array_like of 0/1, shape (n,)
        1 in the first arm.
    covariates : DataFrame, n rows
        Without missing values.
    weights : array_like, shape (n,), or Weights
        Of the design, zero for people it does not use. Plain numbers are taken as fixed.
    cluster : array_like, shape (n,), optional
        Units whose members are alike.
    few_clusters : {"no", "auto", "cr2"}
        CR2 and Satterthwaite's degrees of freedom for fewer than 30 clusters (``auto``), or always.
    higher_is_better : bool
        Is 1 a success? Else failure is 1.
    measure : str
        Of means, as in ``iop_outcomes.estimate``.

    Returns
    -------
    DataFrame
        ``rule``, ``value``, ``se`` (of the logarithm for ratios), ``ci_low``, ``ci_high``, and the means of both arms,
        ``first`` and ``second``.

    Raises
    ------
    EstimationError
        Nobody in an arm has a known outcome, or people of some kind are hardly ever observed.
    """
    whole = incomplete(outcome, treated, covariates, weights, cluster, few_clusters)
    found = {OBSERVED: whole.means_of_observed(), WEIGHTED: whole.means_weighted_for_being_observed()}
    if whole.is_share:
        ends = (0.0, 1.0) if higher_is_better else (1.0, 0.0)
        found |= {rule: counted_as(whole, rule, ends) for rule in (FAILURE, BEST, WORST)}
    return pd.DataFrame([_row(rule, means, measure) for rule, means in found.items()])


def counted_as(whole: Incomplete, rule: str, ends: tuple[float, float]) -> ArmMeans:
    """Return the means with one value for whoever of an arm is missing; ``ends`` are the worst value and the best."""
    return whole.means(whole.filled(values_of(rule, ends)))


def values_of(rule: str, ends: tuple[float, float]) -> tuple[float, float]:
    """Return the value that a rule gives to the missing of the first arm, and of the second.

    Examples
    --------
    >>> values_of("best case", (0.0, 1.0))
    (1.0, 0.0)
    """
    worst, best = ends
    known = {FAILURE: (worst, worst), BEST: (best, worst), WORST: (worst, best)}
    if rule not in known:
        raise EstimationError(f"missing outcomes: '{rule}' counts nobody as anything; {did_you_mean(rule, known)}")
    return known[rule]


def _row(rule: str, means: ArmMeans, measure: str) -> dict[str, object]:
    found = contrast(means, measure)
    first, second = (float(mean) for mean in np.asarray(means.means))
    numbers = {name: getattr(found, name) for name in ("value", "se", "ci_low", "ci_high")}
    return {"rule": rule} | numbers | {"first": first, "second": second}
