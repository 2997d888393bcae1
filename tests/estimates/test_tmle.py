"""Targeting: the efficient equation is solved, and no estimate leaves the range of the outcome."""

import numpy as np
import pytest
from pytest import approx

from estimates.ten_rows import COVARIATES, EVERYBODY, FIRST, LIKE_THE_FIRST, SCORE, Y
from iop_outcomes.estimates.estimators.tmle import targeted_means
from iop_outcomes.estimates.measures import contrast
from iop_outcomes.estimates.nuisance.outcome_model import fit_outcome_model
from iop_outcomes.kernel.errors import EstimationError


@pytest.mark.parametrize("fluctuation", ["weighted", "covariate"])
def test_the_efficient_influences_sum_to_zero(fluctuation):
    model = fit_outcome_model(Y, FIRST, COVARIATES, kind="binary")
    arms = targeted_means(Y, FIRST, model.predicted, SCORE, fluctuation=fluctuation)
    assert arms.influence.sum(axis=0) == approx([0, 0], abs=1e-10)
    assert (arms.means > 0).all() and (arms.means < 1).all()


@pytest.mark.parametrize(("estimand", "means"), [("ATE", EVERYBODY), ("ATT", LIKE_THE_FIRST)])
def test_saturated_predictions_stay_where_they_are(estimand, means):
    cells = np.where(COVARIATES.dense()[:, 1:] == 1, [2 / 3, 0.9995], [1 / 2, 1 / 4])
    arms = targeted_means(Y, FIRST, cells, SCORE, estimand=estimand)
    assert arms.means == approx(means, abs=1e-3)


def test_the_att_path_solves_its_equation():
    generator = np.random.default_rng(11)
    y = generator.normal(size=10) * 50
    model = fit_outcome_model(y, FIRST, COVARIATES, kind="continuous")
    arms = targeted_means(y, FIRST, model.predicted, SCORE, estimand="ATT")
    difference = arms.influence @ [1, -1]
    assert abs(difference.sum()) < 1e-5 * np.sqrt(np.sum(difference**2))


def test_the_unit_of_the_outcome_does_not_matter():
    generator = np.random.default_rng(12)
    y = generator.gamma(2.0, size=10)
    model, other = (fit_outcome_model(v, FIRST, COVARIATES, kind="continuous") for v in (y, 100 + 7 * y))
    there = contrast(targeted_means(y, FIRST, model.predicted, SCORE), "mean_difference")
    back = contrast(targeted_means(100 + 7 * y, FIRST, other.predicted, SCORE), "mean_difference")
    assert (back.value, back.se) == approx((7 * there.value, 7 * there.se))


def test_what_it_cannot_do_is_said():
    predicted = np.full((10, 2), 0.5)
    with pytest.raises(EstimationError, match="ATO is not offered; use aipw"):
        targeted_means(Y, FIRST, predicted, SCORE, estimand="ATO")
    with pytest.raises(EstimationError, match="one value only"):
        targeted_means(np.ones(10), FIRST, predicted, SCORE)
