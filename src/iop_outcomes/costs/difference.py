"""Difference of mean costs: costs are skewed, never below zero, and it is their mean that has to be paid."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
import pandas as pd

from iop_outcomes.designs.by_frame import compare_frame
from iop_outcomes.designs.comparison import Comparison
from iop_outcomes.designs.frame import listed, refuse_as_covariates, refuse_unknown
from iop_outcomes.estimates.estimators.aipw import augmented_means
from iop_outcomes.estimates.estimators.outcome_regression import standardised_means
from iop_outcomes.estimates.measures import ArmMeans, arm_mean, contrast
from iop_outcomes.estimates.nuisance.outcome_model import fit_outcome_model
from iop_outcomes.estimates.question import Question
from iop_outcomes.estimates.sample import Sample, take_sample
from iop_outcomes.kernel.errors import EstimationError, counted, did_you_mean

Method = Literal["gamma", "aipw"]
METHODS: tuple[Method, ...] = ("gamma", "aipw")


def cost_difference(
    data: pd.DataFrame,
    *,
    cost: str,
    arm: str,
    covariates: Sequence[str],
    method: Method = "aipw",
    estimand: str = "ATE",
    cluster: str | None = None,
    contrast_of: tuple[object, object] | None = None,
    count_sampling: bool = True,
    small_sample: bool = True,
    level: float = 0.95,
) -> pd.DataFrame:
    """Estimate the difference that the first arm makes to mean costs.

    Both methods model costs by a gamma regression with a logarithm, so that covariates and arm multiply them, and give
    the difference of means on the scale of money: everybody's cost had they been in the first arm, and in the second.

    Parameters
    ----------
    data : DataFrame
        One row per person.
    cost : str
        Column of costs in one currency and price year, zero or more; nobody's may be missing.
    arm : str
        Column of arms.
    covariates : sequence of str
        Baseline columns without missing values.
    method : {"aipw", "gamma"}
        Augmented by the weights of the design, right if either model is; or the regression alone, standardised.
    estimand : {"ATE", "ATT", "ATC", "ATO", "ATM"}
        For whom; with weights from a logistic propensity score, whose estimation is counted.
    cluster : str, optional
        Column of units whose members are alike.
    contrast_of : (first, second), optional
        The two arms; needed unless they are iop and outpatient, or 1 and 0.
    count_sampling : bool
        Of ``gamma``: count that the covariates are a sample; without it they are fixed (delta method).
    small_sample : bool
        Multiply covariances by n/(n - 1), or G/(G - 1) with t quantiles.
    level : float
        Coverage of the intervals.

    Returns
    -------
    DataFrame
        A row for the difference, the ratio of means, and each arm's mean: ``role``, ``arm``, ``against``, ``measure``,
        ``value``, ``se`` (of the logarithm for the ratio), ``ci_low``, ``ci_high``, ``n``, ``estimand``, ``method``.

    Raises
    ------
    StudyError
        Costs are missing or below zero, or the data cannot be used.

    References
    ----------
    Manning & Mullahy 2001, J Health Econ 20:461 (gamma regression); Robins, Rotnitzky & Zhao 1994, JASA 89:846.
    """
    if method not in METHODS:
        raise EstimationError(f"costs: there is no method '{method}'; {did_you_mean(method, METHODS)}")
    names = listed(covariates)
    refuse_unknown(data, [cost])
    refuse_as_covariates(names, cost, "the cost")
    refuse_no_costs(data, cost)
    comparison, rows = compare_frame(
        data, arm=arm, covariates=names, cluster=cluster, contrast=contrast_of, estimand=estimand
    )
    chosen = data[[cost]].iloc[rows].set_axis(comparison.population.members.index)
    sample = take_sample(Question(chosen, cost), comparison)
    arms = _means(sample, method, count_sampling, small_sample)
    return _rows(arms, comparison, method, level)


def refuse_no_costs(data: pd.DataFrame, name: str) -> None:
    """Raise if a cost is missing or below zero."""
    values = pd.to_numeric(data[name], errors="coerce").to_numpy(float, na_value=np.nan)
    missing, below = int(np.isnan(values).sum()), int((values < 0).sum())
    if missing:
        raise EstimationError(
            f"{name}: missing for {counted(missing, 'person', 'people')}; nobody costs nothing because nothing was "
            "recorded: impute, or leave them out and say so"
        )
    if below:
        raise EstimationError(f"{name}: below zero for {counted(below, 'person', 'people')}; costs are zero or more")


def _means(sample: Sample, method: Method, count_sampling: bool, small_sample: bool) -> ArmMeans:
    model = fit_outcome_model(
        sample.outcome,
        sample.first,
        sample.matrix,
        kind="cost",
        fitted_on=sample.observed,
        names=sample.comparison.arms,
        others=sample.others,
    )
    if method == "gamma":
        population = sample.population.values
        return standardised_means(
            model, population, count_sampling=count_sampling, cluster=sample.cluster, small_sample=small_sample
        )
    return augmented_means(
        sample.outcome,
        sample.pair,
        model.predicted,
        sample.weights,
        sample.population,
        model=model,
        form="normalised",
        cluster=sample.cluster,
        small_sample=small_sample,
        used=sample.used,
    ).with_method(f"{model.method}, {sample.weights.method}")


def _rows(arms: ArmMeans, comparison: Comparison, method: Method, level: float) -> pd.DataFrame:
    first, second = comparison.arms
    treated, used = comparison.treated, comparison.weight > 0
    sizes = [int((used & group).sum()) for group in (treated, ~treated)]
    places = [("contrast", first, second, sum(sizes))] * 2 + [
        ("arm", name, "", size) for name, size in zip((first, second), sizes, strict=True)
    ]
    found = [
        contrast(arms, "mean_difference", names=comparison.arms, level=level),
        contrast(arms, "mean_ratio", names=comparison.arms, level=level),
        *(arm_mean(arms, place, level=level) for place in (0, 1)),
    ]
    rows = [
        {
            "role": role,
            "arm": one,
            "against": other,
            "measure": each.measure,
            "value": each.value,
            "se": each.se,
            "ci_low": each.ci_low,
            "ci_high": each.ci_high,
            "n": n,
            "estimand": comparison.estimand,
            "method": f"{method}: {arms.method}",
        }
        for (role, one, other, n), each in zip(places, found, strict=True)
    ]
    return pd.DataFrame(rows)
