"""Repeated outcomes: marginal and random-intercept models agree once the intercept is integrated out."""

import numpy as np
import pandas as pd
import pytest
from scipy.integrate import quad
from scipy.stats import norm

from iop_outcomes.estimates.estimators.repeated import gee_means, random_intercept_means
from iop_outcomes.estimates.measures import contrast
from iop_outcomes.kernel.errors import EstimationError


def urine(seed=1, n_people=1500, weeks=6, effect=0.9, deviation=1.5):
    """Weekly results whose odds differ between people; the first arm has higher odds by ``effect``."""
    random = np.random.default_rng(seed)
    person = np.repeat(np.arange(n_people), weeks)
    arm = (np.arange(n_people) % 2 == 0)[person]
    severity = random.normal(size=n_people)[person]
    linear = -0.4 + effect * arm + 0.5 * severity + deviation * random.normal(size=n_people)[person]
    outcome = (random.random(len(person)) < 1 / (1 + np.exp(-linear))).astype(float)
    return person, arm, pd.DataFrame({"severity": severity}), outcome


def true_share(severity, effect, deviation):
    return np.mean(
        [
            quad(lambda u, s=s: norm.pdf(u) / (1 + np.exp(0.4 - effect - 0.5 * s - deviation * u)), -8, 8)[0]
            for s in np.unique(severity)[::10]
        ]
    )


@pytest.mark.slow
def test_both_models_give_the_same_risk_difference_and_it_is_the_true_one():
    person, arm, covariates, outcome = urine()
    marginal = contrast(gee_means(outcome, arm, person, covariates=covariates), "risk_difference")
    conditional = contrast(random_intercept_means(outcome, arm, person, covariates=covariates), "risk_difference")
    truth = true_share(covariates["severity"], 0.9, 1.5) - true_share(covariates["severity"], 0.0, 1.5)
    assert marginal.value == pytest.approx(truth, abs=2.5 * marginal.se)
    assert conditional.value == pytest.approx(marginal.value, abs=0.005)
    assert conditional.se == pytest.approx(marginal.se, rel=0.1)


def test_without_covariates_the_means_are_those_of_the_arms():
    # Every person has all six weeks, so the working correlation weighs everybody alike.
    person, arm, _, outcome = urine(2, n_people=200)
    found = gee_means(outcome, arm, person)
    assert found.means == pytest.approx([outcome[arm].mean(), outcome[~arm].mean()])
    # Squared sums of the residuals of a person, over the rows of the arm.
    sums = np.bincount(person, outcome - np.where(arm, *found.means))
    in_first = np.arange(200) % 2 == 0
    assert found.covariance.se**2 == pytest.approx(
        [np.sum(sums[in_first] ** 2) / arm.sum() ** 2, np.sum(sums[~in_first] ** 2) / (~arm).sum() ** 2]
    )


def test_weights_choose_the_population():
    person, arm, covariates, outcome = urine(3, n_people=300)
    weights = np.where(covariates["severity"] > 0, 2.0, 0.0)
    kept = weights > 0
    whole = gee_means(outcome, arm, person, covariates=covariates, weights=weights)
    part = gee_means(outcome[kept], arm[kept], person[kept], covariates=covariates[kept])
    assert whole.means == pytest.approx(part.means)
    assert whole.covariance.se == pytest.approx(part.covariance.se)


def test_swapping_the_arms_turns_the_difference_over():
    person, arm, covariates, outcome = urine(4, n_people=200)
    for estimate in (gee_means, random_intercept_means):
        there = contrast(estimate(outcome, arm, person, covariates=covariates), "risk_difference")
        back = contrast(estimate(outcome, ~arm, person, covariates=covariates), "risk_difference")
        assert back.value == pytest.approx(-there.value, abs=1e-6)
        assert back.se == pytest.approx(there.se, rel=1e-4)


def test_poisson_means_of_counts():
    person, arm, covariates, outcome = urine(5, n_people=200)
    found = gee_means(3 * outcome, arm, person, covariates=covariates, family="poisson")
    assert contrast(found, "mean_ratio").value > 1


def test_a_random_intercept_needs_yes_or_no():
    person, arm, _, outcome = urine(6, n_people=50)
    with pytest.raises(EstimationError, match="not 0 and 1 throughout"):
        random_intercept_means(outcome / 2, arm, person)
