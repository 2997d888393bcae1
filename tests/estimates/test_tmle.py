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


def test_with_missing_outcomes_each_arm_has_its_own_probability_of_observation():
    # Outcomes of the first arm are seen three times in four, of the second always; two kinds of people, half of each.
    n, rng = 4_000, np.random.default_rng(3)
    kind, first = rng.integers(0, 2, n), rng.random(n) < 0.5
    y = (rng.random(n) < 0.2 + 0.5 * kind).astype(float)
    seen = np.where(first & (kind == 1), rng.random(n) < 0.5, True)
    in_arms = np.column_stack([np.where(kind == 1, 0.5, 1.0), np.ones(n)])
    asked = {"outcome": np.where(seen, y, np.nan), "treated": first, "score": np.full(n, 0.5)}
    start = np.full((n, 2), np.average(y[seen]))
    for way in ("weighted", "covariate"):
        found = targeted_means(predicted=start, observation=in_arms, fluctuation=way, bounds=(0, 1), **asked)
        # Both arms have the same truth, 0.45; left to those seen the first would have about 0.37.
        assert found.means == approx([0.45, 0.45], abs=0.03)
    with pytest.raises(EstimationError, match=r"needed in both arms, shape \(n, 2\)"):
        targeted_means(predicted=start, observation=np.ones(n), fluctuation="covariate", **asked)
    with pytest.raises(EstimationError, match="have the shape"):
        targeted_means(predicted=start, observation=np.ones((n, 3)), **asked)
