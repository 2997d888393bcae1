"""Augmented inverse probability weighting: right if either the propensity or the outcome model is."""

from dataclasses import replace
from typing import Annotated, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import Field

from iop_outcomes.designs.comparison import Comparison
from iop_outcomes.designs.scores.balancing_weights import bound_of, bounded_score
from iop_outcomes.designs.weighting import Bound
from iop_outcomes.estimates.checks import checked_outcome, checked_pair
from iop_outcomes.estimates.few_clusters import FewClusters
from iop_outcomes.estimates.means import Means
from iop_outcomes.estimates.measures import ArmMeans, arm_means
from iop_outcomes.estimates.nuisance.cross_fitting import CrossFitted, Learner
from iop_outcomes.estimates.nuisance.nuisances import cross_fitted, outcome_model_of, weights_of_observed
from iop_outcomes.estimates.nuisance.outcome_model import Form, OutcomeModel
from iop_outcomes.estimates.nuisance.tilting import tilting_function
from iop_outcomes.estimates.nuisance.weights import Weights, propensity_weights
from iop_outcomes.estimates.question import Question
from iop_outcomes.estimates.sample import ESTIMANDS, KINDS, Missing, Sample, Sites, take_sample
from iop_outcomes.kernel.registry import estimator
from iop_outcomes.tables.measure import MEAN, names_of

Augmentation = Literal["plain", "normalised"]


def target_population(
    weights: Weights, score: ArrayLike, treated: ArrayLike, estimand: str, *, by_score: bool = False
) -> Weights:
    """Return how much each row counts in the population that an estimand speaks for.

    Parameters
    ----------
    weights : Weights
        From ``propensity_weights``; its propensity model is the first of its parts.
    score, treated : array_like, shape (n,)
    estimand : str
    by_score : bool
        For ATT and ATC, weight by the score and its complement instead of by membership in the arm.
    """
    first = np.asarray(treated, dtype=bool)
    if not by_score and estimand in ("ATT", "ATC"):
        return Weights((first if estimand == "ATT" else ~first).astype(float))
    e = np.asarray(score, dtype=float)
    values, slope = tilting_function(e, estimand)
    return Weights(values, tuple((slope * e * (1 - e), equation) for _, equation in weights.parts[:1]))


def augmented_means(
    outcome: ArrayLike,
    treated: ArrayLike,
    predicted: NDArray[np.float64],
    weights: Weights,
    population: Weights,
    *,
    model: OutcomeModel | None = None,
    form: Augmentation = "plain",
    cluster: ArrayLike | None = None,
    small_sample: bool = True,
    used: ArrayLike | None = None,
) -> ArmMeans:
    """Return the augmented mean of each arm.

    The mean of the predictions over the population is corrected by the weighted mean residual of those who were in the
    arm. ``plain`` divides both by the size of the population; ``normalised`` divides the residuals by their weights.

    Parameters
    ----------
    outcome : array_like, shape (n,)
        May be missing where the weight is zero, and in neither arm.
    treated : array_like, shape (n,) or (n, 2)
        Membership of the first arm, or of both where there are rows of neither.
    predicted : ndarray, shape (n, 2)
        Outcome predicted for each row in the first and in the second arm.
    weights : Weights
        Balancing weights, times the inverse probability of observation where outcomes are missing.
    population : Weights
        From ``target_population``.
    model : OutcomeModel, optional
        The model behind ``predicted``. With it, and with weights that carry their models, the variance counts the
        estimation of all models (stacked estimating equations); without it the efficient influence function is used,
        which is right when all models are, and with cross-fitting.
    form : {"plain", "normalised"}
    cluster, small_sample, used
        As in ``influence_covariance``; used are the rows that weights or population count, unless told.

    References
    ----------
    Robins, Rotnitzky & Zhao 1994, JASA 89:846; for tilted populations Mao, Li & Greene 2019, Stat Methods Med Res
    28:2439; stacked equations: Stefanski & Boos 2002, Am Stat 56:29.
    """
    pair = checked_pair(treated)
    y = checked_outcome(outcome, treated, weights.values)
    means, influence = np.empty(2), np.empty((len(y), 2))
    for position, arm in enumerate(pair):
        prediction = predicted[:, position]
        own = weights.values * arm
        size, total = population.values.sum(), own.sum()
        standardised = population.values @ prediction / size
        divisor = size if form == "plain" else total
        correction = own @ (y - prediction) / divisor
        means[position] = standardised + correction
        # In the plain form one denominator serves both sums, so that the whole mean is taken off the predictions.
        centre, left = (means[position], 0.0) if form == "plain" else (standardised, correction)
        by_population = (prediction - centre) / size
        by_weight = np.where(arm, y - prediction - left, 0.0) / divisor
        influence[:, position] = population.values * by_population + weights.values * by_weight
        influence[:, position] += population.carry(by_population) + weights.carry(by_weight)
        if model is not None:
            gradient = np.zeros_like(predicted)
            gradient[:, position] = population.values / size - own / divisor
            influence[:, position] += model.direction(gradient) * model.score()
    counted = (weights.values > 0) | (population.values > 0) if used is None else used
    result = arm_means(means, influence, cluster=cluster, small_sample=small_sample, used=counted)
    how = "estimation of the models counted" if model is not None else "efficient influence function"
    return result.with_method(f"augmented weighting ({form}), {how}")


@estimator(
    estimands=ESTIMANDS,
    kinds=KINDS,
    measures=names_of(MEAN),
    description="Augmented inverse probability weighting with the weights of the design and an outcome model",
    several_arms="everybody",
)
def aipw(
    question: Question,
    comparison: Comparison,
    *,
    outcome_model: Form = "main",
    missing: Missing = "weight",
    folds: Annotated[int, Field(ge=0)] = 0,
    learner: Learner = "regression",
    bound: Bound = None,
    by_site: Sites = "no",
    few_clusters: FewClusters = "no",
) -> Means:
    """Compare augmented means; with ``folds`` both models are cross-fitted, by cluster where these have no intercepts.

    Weights are those of the design; with folds they are made of scores no nearer to 0 and 1 than ``bound``. Without
    folds the variance counts the estimation of the outcome model and of a logistic propensity score; with folds
    it is that of the efficient influence function.
    """
    sample = take_sample(question, comparison, by_site=by_site)
    if folds:
        fitted = cross_fitted(sample, folds, learner, question.seed)
        bounded = bounded_score(fitted.score, comparison.estimand, bound_of(bound, int(sample.used.sum())))
        arms = _cross_fitted_means(sample, replace(fitted, score=bounded), missing)
        arms = sample.for_few_clusters(arms, few_clusters, np.where(sample.observed, sample.weight, 0.0))
        return Means(sample, arms.with_method(f"{folds} folds"), missing=sample.missing_in_words(missing))
    model = outcome_model_of(sample, outcome_model)
    weights = weights_of_observed(sample, sample.weights, missing)
    arms = augmented_means(
        sample.outcome,
        sample.pair,
        model.predicted,
        weights,
        sample.population,
        model=model,
        form="normalised",
        cluster=sample.cluster,
        used=sample.used,
    )
    arms = sample.for_few_clusters(arms, few_clusters, weights.values)
    return Means(
        sample, arms.with_method(f"{model.method}, {weights.method}"), missing=sample.missing_in_words(missing)
    )


def _cross_fitted_means(sample: Sample, fitted: CrossFitted, missing: Missing) -> ArmMeans:
    estimand = sample.comparison.estimand
    weights = propensity_weights(fitted.score, sample.first, estimand).only(sample.observed)
    if fitted.observation is not None and missing == "weight":
        own = np.where(sample.first, *fitted.observation.T)
        weights = Weights(weights.values / own, method=weights.method)
    population = target_population(weights, fitted.score, sample.first, estimand).only(sample.used)
    return augmented_means(
        sample.outcome,
        sample.first,
        fitted.predicted,
        weights,
        population,
        form="normalised",
        cluster=sample.comparison.cluster,
        used=sample.used,
    )
