"""The models an estimator needs for a sample, fitted on all of it or crosswise."""

from dataclasses import replace

import numpy as np

from iop_outcomes.designs.scores.folds import folds_by_cluster
from iop_outcomes.estimates.nuisance.cross_fitting import NO_FOLD, CrossFitted, Learner, cross_fit
from iop_outcomes.estimates.nuisance.outcome_model import Form, OutcomeModel, fit_outcome_model
from iop_outcomes.estimates.nuisance.weights import Weights
from iop_outcomes.estimates.sample import Missing, Sample
from iop_outcomes.kernel.errors import EstimationError


def outcome_model_of(sample: Sample, form: Form) -> OutcomeModel:
    """Fit the outcome on arm and covariates, on the members whose outcome is known."""
    model = fit_outcome_model(
        sample.outcome,
        sample.first,
        sample.matrix,
        kind=sample.kind,
        form=form,
        fitted_on=sample.observed,
        names=sample.comparison.arms,
        others=sample.others,
    )
    return replace(model, method=f"{model.method}, an intercept for every site") if sample.sites else model


def cross_fitted(sample: Sample, n_folds: int, learner: Learner, seed: int) -> CrossFitted:
    """Fit all models crosswise, by cluster where there are clusters, unless the models have intercepts for them."""
    n_arms = len(sample.comparison.population.arms)
    if n_arms > 2:
        raise EstimationError(
            f"folds: models are not cross-fitted where {n_arms} arms are compared at once; "
            "leave the folds out, or restrict the design to two by arms"
        )
    # The intercept of a site must be learned from its own people.
    used, cluster = sample.used, None if sample.sites else sample.comparison.cluster
    # People whom the design does not use are in no fold, so that they cannot move those of the others.
    folds = np.full(len(used), NO_FOLD)
    folds[used] = folds_by_cluster(sample.first[used], None if cluster is None else cluster[used], n_folds, seed)
    return cross_fit(
        sample.outcome,
        sample.first,
        sample.matrix,
        folds,
        kind=sample.kind,
        used=used,
        learner=learner,
        seed=seed,
    )


def weights_of_observed(sample: Sample, weights: Weights, missing: Missing) -> Weights:
    """Return weights that are zero for missing outcomes, whose weight the observed ones take over if asked."""
    if missing == "weight" and sample.observation is not None:
        return sample.observation.weigh(weights)
    return weights.only(sample.observed) if sample.n_missing else weights
