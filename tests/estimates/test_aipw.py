"""AIPW: equal to stratification when saturated, right when one of its two models is wrong."""

import numpy as np
import pandas as pd
import pytest
from pytest import approx

from estimates.ten_rows import COVARIATES, EVERYBODY, FIRST, LIKE_THE_FIRST, OVERLAP, SCORE, Y
from iop_outcomes.estimates.estimators.aipw import augmented_means, target_population
from iop_outcomes.estimates.estimators.weighting import weighted_means
from iop_outcomes.estimates.measures import contrast
from iop_outcomes.estimates.nuisance.outcome_model import fit_outcome_model
from iop_outcomes.estimates.nuisance.weights import Weights, logistic_equation, propensity_weights
from iop_outcomes.kernel.errors import EstimationError
from iop_outcomes.stats.linear.glm import fit_glm
from iop_outcomes.stats.linear.matrix import model_matrix


@pytest.mark.parametrize("form", ["plain", "normalised"])
@pytest.mark.parametrize(("estimand", "means"), [("ATE", EVERYBODY), ("ATT", LIKE_THE_FIRST), ("ATO", OVERLAP)])
def test_a_saturated_score_gives_stratified_means_whatever_is_predicted(form, estimand, means):
    weights = propensity_weights(SCORE, FIRST, estimand)
    population = target_population(weights, SCORE, FIRST, estimand)
    for predicted in (np.zeros((10, 2)), np.full((10, 2), 0.4)):
        assert augmented_means(Y, FIRST, predicted, weights, population, form=form).means == approx(means)


def test_predictions_of_nothing_leave_the_weighted_means_and_their_variance():
    weights = propensity_weights(SCORE, FIRST, "ATE", COVARIATES)
    population = target_population(weights, SCORE, FIRST, "ATE")
    augmented = augmented_means(Y, FIRST, np.zeros((10, 2)), weights, population, form="normalised")
    plain = weighted_means(Y, FIRST, weights)
    assert augmented.means == approx(plain.means)
    assert augmented.covariance.values == approx(plain.covariance.values)


@pytest.fixture(scope="module")
def confounded():
    """8,000 people; x decides arm and outcome; the true risk difference is 0.1 for everybody."""
    generator = np.random.default_rng(20240501)
    x = generator.normal(size=8000)
    first = generator.random(8000) < 1 / (1 + np.exp(-x))
    y = (generator.random(8000) < 0.35 + 0.1 * first + 0.25 * np.tanh(x)).astype(float)
    return x, first, y


def test_either_model_may_be_wrong(confounded):
    x, first, y = confounded
    right, useless = model_matrix(pd.DataFrame({"x": np.tanh(x), "u": x})), model_matrix(pd.DataFrame({"u": x**2}))
    for of_arm, of_outcome in ((right, useless), (useless, right)):
        score = fit_glm(first.astype(float), of_arm).fitted
        model = fit_outcome_model(y, first, of_outcome, kind="continuous")
        weights = propensity_weights(score, first, "ATE", of_arm)
        population = target_population(weights, score, first, "ATE")
        arms = augmented_means(y, first, model.predicted, weights, population, model=model)
        found = contrast(arms, "risk_difference")
        assert abs(found.value - 0.1) < 2.5 * found.se
    naive = contrast(weighted_means(y, first), "risk_difference")
    assert abs(naive.value - 0.1) > 5 * naive.se


def test_missing_outcomes_are_weighted_for(confounded):
    """Those with high x are seen less often: leaving out the rest is biased for each arm's mean, weighting is not."""
    x, first, y = confounded
    seen = np.random.default_rng(7).random(8000) < 1 / (1 + np.exp(2 * x))
    matrix = model_matrix(pd.DataFrame({"x": x}))
    probability = fit_glm(seen.astype(float), matrix).fitted
    observed = logistic_equation(matrix, seen, probability)
    weights = Weights(np.ones(8000), method="everybody alike").times_inverse_of(probability, seen, observed)
    known = np.where(seen, y, np.nan)
    everybody, complete = weighted_means(y, first), weighted_means(y[seen], first[seen])
    recovered = weighted_means(known, first, weights)
    assert (np.abs(recovered.means - everybody.means) < 2 * recovered.covariance.se).all()
    assert (everybody.means - complete.means > 2 * complete.covariance.se).all()


def test_missing_outcomes_that_would_be_used_are_refused():
    weights = propensity_weights(SCORE, FIRST, "ATE")
    population = target_population(weights, SCORE, FIRST, "ATE")
    with pytest.raises(EstimationError, match="missing for 1 row"):
        augmented_means(np.append(Y[:9], np.nan), FIRST, np.zeros((10, 2)), weights, population)
