"""Outcome regression with standardisation (g-computation)."""

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from iop_outcomes.designs.comparison import Comparison
from iop_outcomes.estimates.few_clusters import FewClusters
from iop_outcomes.estimates.means import Means
from iop_outcomes.estimates.measures import ArmMeans, arm_means
from iop_outcomes.estimates.nuisance.nuisances import outcome_model_of
from iop_outcomes.estimates.nuisance.outcome_model import Form, OutcomeModel
from iop_outcomes.estimates.nuisance.weights import Weights
from iop_outcomes.estimates.question import Question
from iop_outcomes.estimates.sample import ESTIMANDS, KINDS, Sites, take_sample
from iop_outcomes.kernel.errors import EstimationError
from iop_outcomes.kernel.registry import estimator
from iop_outcomes.stats.linear.sandwich import Covariance
from iop_outcomes.tables.measure import MEAN, names_of

CovarianceKind = Literal["model", "HC0", "HC1", "HC2", "HC3"]


def standardised_means(
    model: OutcomeModel,
    population: NDArray[np.float64] | None = None,
    *,
    weights: Weights | None = None,
    kind: CovarianceKind = "HC0",
    count_sampling: bool = True,
    cluster: ArrayLike | None = None,
    small_sample: bool = True,
) -> ArmMeans:
    """Return the mean prediction of an outcome model over a population, had all of it been in each arm.

    Parameters
    ----------
    model : OutcomeModel
    population : ndarray, shape (n,), optional
        How much each row counts: all alike (ATE) unless told; membership in the first arm for ATT.
    weights : Weights, optional
        Weights the model was fitted with; if they carry their models, the estimation of the weights is counted.
    kind : {"model", "HC0", "HC1", "HC2", "HC3"}
        Covariance of the coefficients: from the model, or robust.
    count_sampling : bool
        Count that the covariates are a sample of a larger population. False is the usual delta method, which takes
        the covariates as fixed.
    cluster, small_sample
        As in ``influence_covariance``; with clusters ``kind`` must be HC0.

    Returns
    -------
    ArmMeans

    References
    ----------
    Snowden, Rose & Mortimer 2011, Am J Epidemiol 173:731; variance: Terza 2016, Stata J 16:124 (delta method) and
    Qu & Luo 2015, Pharm Stat 14:56 (sampling of covariates).
    """
    share = np.ones(len(model.first)) if population is None else np.asarray(population, dtype=float)
    share = share / share.sum()
    means = share @ model.predicted
    if kind == "model":
        if cluster is not None:
            raise EstimationError("outcome regression: the model's own variance knows no clusters; use HC0 with them")
        covariance = _model_covariance(model, share)
        return ArmMeans(
            means, Covariance(covariance, np.inf, f"standardised {model.method}, model-based, delta method")
        )
    if cluster is not None and kind != "HC0":
        raise EstimationError(f"outcome regression: {kind} knows no clusters; use HC0 with clusters")
    influence = np.empty_like(model.predicted)
    for position in range(2):
        gradient = np.zeros_like(model.predicted)
        gradient[:, position] = share
        direction = model.direction(gradient)
        influence[:, position] = direction * model.score(kind)
        if weights is not None:
            influence[:, position] += weights.carry(direction * model.unit_score)
    if count_sampling:
        influence += share[:, None] * (model.predicted - means)
    fitted = np.any([equation.working_weights != 0 for equation in model.equations], axis=0)
    used = fitted | (share > 0)
    result = arm_means(means, influence, cluster=cluster, small_sample=small_sample, used=used)
    sampling = "influence functions" if count_sampling else "delta method, covariates fixed"
    weighted = "" if weights is None else f", {weights.method}"
    return result.with_method(
        f"standardised {model.method}{weighted}, {'' if kind == 'HC0' else kind + ', '}{sampling}"
    )


def _model_covariance(model: OutcomeModel, share: NDArray[np.float64]) -> NDArray[np.float64]:
    gradients = []
    for position in range(2):
        gradient = np.zeros_like(model.predicted)
        gradient[:, position] = share
        gradients.append(model.coefficients_gradient(gradient))
    if len(model.equations) == 1:
        by_arm = np.array([own[0] for own in gradients])
        covariance: NDArray[np.float64] = model.dispersion[0] * by_arm @ model.equations[0].bread @ by_arm.T
        return covariance
    variances = [
        dispersion * gradients[position][position] @ equation.bread @ gradients[position][position]
        for position, (equation, dispersion) in enumerate(zip(model.equations, model.dispersion, strict=True))
    ]
    return np.diag(variances)


@estimator(
    estimands=ESTIMANDS,
    kinds=KINDS,
    measures=names_of(MEAN),
    description="Outcome regression on arm and covariates, standardised to the population of the estimand",
    several_arms="everybody",
)
def outcome_regression(
    question: Question,
    comparison: Comparison,
    *,
    outcome_model: Form = "main",
    by_site: Sites = "no",
    few_clusters: FewClusters = "no",
) -> Means:
    """Compare predicted means had everybody been in each arm.

    The model is fitted without weights on members whose outcome is known and predicts for all, which handles missing
    outcomes if they are missing at random given arm and covariates.
    """
    sample = take_sample(question, comparison, by_site=by_site)
    model = outcome_model_of(sample, outcome_model)
    arms = standardised_means(model, sample.population.values, cluster=sample.cluster)
    arms = sample.for_few_clusters(arms, few_clusters, sample.observed.astype(float))
    return Means(sample, arms, missing="predicted by the outcome model")
