"""Weighted means on ten rows, by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest import approx

from estimates.ten_rows import COVARIATES, FIRST, SCORE, X, Y
from iop_outcomes.estimates.estimators.weighting import weighted_means
from iop_outcomes.estimates.measures import contrast
from iop_outcomes.estimates.nuisance.weights import Weights, propensity_weights
from iop_outcomes.kernel.errors import EstimationError


def test_inverse_probability_weights_stand_for_everybody():
    # Weights of the first arm: 4/3 for x = 1, 3 for x = 0; mean (4/3 + 4/3 + 0 + 3 + 0) / (4 + 6) = 17/30.
    # Second arm: 4 for x = 1, 3/2 for x = 0; mean (4 + 3/2) / (4 + 6) = 11/20.
    arms = weighted_means(Y, FIRST, propensity_weights(SCORE, FIRST, "ATE"))
    assert arms.means == approx([17 / 30, 11 / 20])
    assert contrast(arms, "risk_difference").value == approx(1 / 60)


def test_weights_of_the_treated_leave_the_first_arm_alone():
    # Second arm: e/(1 - e) = 3 for x = 1, 1/2 for x = 0; mean (3 + 1/2) / (3 + 2) = 7/10.
    arms = weighted_means(Y, FIRST, propensity_weights(SCORE, FIRST, "ATT"))
    assert arms.means == approx([3 / 5, 7 / 10])


def test_overlap_weights_are_the_probability_of_the_other_arm():
    # First arm: 1/4 thrice, 2/3 twice; mean (1/4 + 1/4 + 2/3) / (3/4 + 4/3) = 14/25.
    # Second arm: 3/4 once, 1/3 four times; mean (3/4 + 1/3) / (3/4 + 4/3) = 13/25.
    arms = weighted_means(Y, FIRST, propensity_weights(SCORE, FIRST, "ATO"))
    assert arms.means == approx([14 / 25, 13 / 25])


def test_without_weights_the_standard_error_is_that_of_two_means():
    # Plain sandwich, sum of (y - mean)² / n² per arm: 3 of 5 and 2 of 5 give 1.2 / 25 each; times n/(n - 1) = 10/9.
    arms = weighted_means(Y, FIRST)
    assert contrast(arms, "risk_difference").se == approx(np.sqrt((1.2 / 25 + 1.2 / 25) * 10 / 9))


def test_clusters_are_summed_before_they_are_squared():
    # Ten people who come in identical pairs: five clusters, each twice the influence of one.
    y, first = np.repeat([1, 0, 1, 0, 0], 2), np.repeat([1, 1, 0, 0, 0], 2).astype(bool)
    alone = weighted_means(y[::2], first[::2], small_sample=False)
    paired = weighted_means(y, first, cluster=np.repeat(list("abcde"), 2), small_sample=False)
    assert paired.covariance.values == approx(alone.covariance.values)
    corrected = weighted_means(y, first, cluster=np.repeat(list("abcde"), 2))
    assert corrected.covariance.values == approx(alone.covariance.values * 5 / 4)
    assert corrected.covariance.degrees_of_freedom == 4


def test_a_saturated_score_makes_the_estimated_variance_that_of_stratification():
    # With the score estimated in each stratum the weighted mean is the stratified mean Σ p_x ȳ_x, whose linearised
    # influence is (Σ over strata) 1{x} [a (y - ȳ_x) / e_x + ȳ_x - mean] / n: the estimated score adds precision.
    arms = weighted_means(Y, FIRST, propensity_weights(SCORE, FIRST, "ATE", COVARIATES), small_sample=False)
    by_stratum = np.where(X == 1, 2 / 3, 1 / 2)
    influence = (np.where(FIRST, (Y - by_stratum) / SCORE, 0) + by_stratum - 17 / 30) / 10
    assert arms.influence[:, 0] == approx(influence, abs=1e-12)


def test_rows_of_weight_zero_may_be_missing_and_count_for_nothing():
    y = np.append(Y, np.nan).astype(float)
    arms = weighted_means(y, np.append(FIRST, True), np.append(np.ones(10), 0.0))
    plain = weighted_means(Y, FIRST)
    assert np.array_equal(arms.means, plain.means)
    assert arms.covariance.values == approx(plain.covariance.values)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"treated": np.ones(10, dtype=bool)}, "nobody of 10 rows is in arm 'second'"),
        ({"treated": np.zeros(10)}, "nobody of 10 rows is in arm 'first'"),
        ({"treated": np.arange(10)}, "must be 0/1"),
        ({"weights": np.where(FIRST, 0.0, 1.0)}, "nobody in arm 'first' has any weight"),
        ({"weights": np.append(np.ones(9), -1.0)}, "1 row has a weight that is missing"),
        ({"outcome": np.append(Y[:9], np.nan)}, "missing for 1 row"),
        ({"cluster": ["a"] * 10}, "all rows are in one"),
        ({"cluster": ["a"] * 5 + [None] * 5}, "5 rows have none"),
    ],
)
def test_what_cannot_be_compared_is_answered_by_name(change, said):
    given = {"outcome": Y, "treated": FIRST, "weights": np.ones(10), "cluster": None, **change}
    with pytest.raises(EstimationError, match=said):
        weighted_means(given["outcome"], given["treated"], given["weights"], cluster=given["cluster"])


@given(order=st.permutations(range(10)))
def test_the_order_of_rows_does_not_matter(order):
    weights = propensity_weights(SCORE, FIRST, "ATO")
    there = weighted_means(Y, FIRST, weights)
    back = weighted_means(Y[order], FIRST[order], Weights(weights.values[order]))
    assert back.means == approx(there.means)
    assert back.covariance.values == approx(there.covariance.values)


@given(scale=st.floats(0.01, 100))
def test_the_scale_of_weights_does_not_matter(scale):
    weights = propensity_weights(SCORE, FIRST, "ATE").values
    there, back = weighted_means(Y, FIRST, weights), weighted_means(Y, FIRST, weights * scale)
    assert back.means == approx(there.means)
    assert back.covariance.values == approx(there.covariance.values)
