"""Weighted means of the two arms."""

from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike

from iop_outcomes.designs.comparison import Comparison
from iop_outcomes.estimates.checks import checked_outcome, checked_pair
from iop_outcomes.estimates.few_clusters import FewClusters
from iop_outcomes.estimates.means import Means
from iop_outcomes.estimates.measures import ArmMeans, arm_means
from iop_outcomes.estimates.nuisance.nuisances import weights_of_observed
from iop_outcomes.estimates.nuisance.weights import Weights
from iop_outcomes.estimates.question import Question
from iop_outcomes.estimates.sample import ESTIMANDS, KINDS, Missing, Sites, take_sample
from iop_outcomes.kernel.registry import estimator
from iop_outcomes.tables.measure import MEAN, names_of


def weighted_means(
    outcome: ArrayLike,
    treated: ArrayLike,
    weights: Weights | ArrayLike | None = None,
    *,
    cluster: ArrayLike | None = None,
    small_sample: bool = True,
) -> ArmMeans:
    """Return the weighted mean of each arm, with weights normalised within the arm (Hajek).

    The sandwich is that of the weighted regression of the outcome on the arm; with estimated weights the influence of
    each row through the propensity score is added (M-estimation).

    Parameters
    ----------
    outcome : array_like, shape (n,)
        Rows of weight zero, and of neither arm, may be missing.
    treated : array_like, shape (n,) or (n, 2)
        Membership of the first arm, or of both where there are rows of neither.
    weights : Weights or array_like, shape (n,), optional
        Plain numbers are taken as fixed; none means equal weights.
    cluster : array_like, shape (n,), optional
    small_sample : bool
        As in ``influence_covariance``: with fixed weights the default is the convention of survey::svyglm, without it
        HC0 or CR0.

    Returns
    -------
    ArmMeans

    References
    ----------
    Hajek 1971; Lunceford & Davidian 2004, Stat Med 23:2937; Binder 1983, Int Stat Rev 51:279.
    """
    pair = checked_pair(treated)
    if weights is None:
        weights = Weights(np.ones(len(pair[0])), method="unweighted")
    elif not isinstance(weights, Weights):
        weights = Weights(np.asarray(weights, dtype=float))
    y = checked_outcome(outcome, treated, weights.values)
    means, influence = np.empty(2), np.empty((len(y), 2))
    for position, arm in enumerate(pair):
        total = np.sum(weights.values, where=arm)
        means[position] = np.sum(weights.values * y, where=arm) / total
        gradient = np.where(arm, y - means[position], 0.0) / total
        influence[:, position] = gradient * weights.values + weights.carry(gradient)
    used = weights.values > 0
    result = arm_means(means, influence, cluster=cluster, small_sample=small_sample, used=used)
    return result.with_method(f"normalised weighted means, {weights.method}")


@estimator(
    estimands=ESTIMANDS,
    kinds=KINDS,
    measures=names_of(MEAN),
    description="Means of both arms as they are, without any adjustment",
    several_arms="two arms",
)
def unadjusted(question: Question, comparison: Comparison, *, few_clusters: FewClusters = "no") -> Means:
    """Compare the arms as they are; members whose outcome is missing are left out."""
    plain = replace(comparison, members=comparison.members.assign(weight=1.0), together=None)
    sample = take_sample(question, plain)
    weights = Weights(sample.observed.astype(float), method="unweighted")
    arms = weighted_means(sample.outcome, sample.first, weights, cluster=sample.cluster)
    return Means(sample, sample.for_few_clusters(arms, few_clusters, weights.values))


@estimator(
    estimands=ESTIMANDS,
    kinds=KINDS,
    measures=names_of(MEAN),
    description="Weighted means of both arms, with the weights of the design",
    several_arms="everybody",
)
def weighted(
    question: Question,
    comparison: Comparison,
    *,
    missing: Missing = "weight",
    count_estimation: bool = True,
    by_site: Sites = "no",
    few_clusters: FewClusters = "no",
) -> Means:
    """Compare weighted means, by default counting that a logistic propensity score was estimated.

    Missing outcomes are weighted for by the inverse probability of observation given arm and covariates, or left out.
    """
    sample = take_sample(question, comparison, by_site=by_site)
    weights = sample.weights if count_estimation else Weights(sample.weight)
    weights = weights_of_observed(sample, weights, missing)
    arms = weighted_means(sample.outcome, sample.pair, weights, cluster=sample.cluster)
    arms = sample.for_few_clusters(arms, few_clusters, weights.values)
    return Means(sample, arms, missing=sample.missing_in_words(missing))
