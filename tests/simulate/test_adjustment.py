"""Unadjusted estimates are biased; adjusting for the recorded covariates repairs that, unless one is unrecorded."""

import numpy as np
import pytest

from iop_outcomes.simulate import Settings, simulate
from iop_outcomes.simulate.adjustment import design_matrix, estimation_errors, fit_logistic


@pytest.fixture(scope="module")
def errors():
    return estimation_errors(Settings(true_effect="benefit", n_people=5000), range(3)).groupby("outcome").mean()


def test_unadjusted_estimates_miss_by_several_points(errors):
    assert (errors["unadjusted"] < -4).all()


@pytest.mark.parametrize("estimate", ["weighted", "augmented"])
def test_adjusted_estimates_do_not(errors, estimate):
    # One estimate has a standard deviation of about 1.5 points at 5,000 people; the mean of three has 0.9.
    assert (errors[estimate].abs() < 2.5).all()


@pytest.mark.slow
def test_an_unrecorded_trait_biases_adjusted_estimates():
    settings = Settings(true_effect="none", n_people=8000, unmeasured_confounding=1.0)
    errors = estimation_errors(settings, [0]).groupby("outcome").mean()
    assert (errors["augmented"] < -3).all()


def test_the_negative_control_is_unbalanced_as_found_and_balanced_after_weighting():
    people = simulate(Settings(true_effect="none", n_people=20_000), 1).people
    score = fit_logistic(design_matrix(people), people.iop)
    days, iop = people.true["earlier_use_days"].to_numpy(), people.iop
    found = days[iop].mean() - days[~iop].mean()
    weighted = np.average(days[iop], weights=1 - score[iop]) - np.average(days[~iop], weights=score[~iop])
    # The standard error of the weighted difference is about 0.2 days.
    assert found > 1.5
    assert abs(weighted) < 0.6
