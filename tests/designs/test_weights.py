"""Balancing weights by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from iop_outcomes.designs.scores.balancing_weights import (
    balancing_weights,
    crump_bounds,
    effective_sample_size,
    stabilised,
    trim_score,
    truncate_weights,
    weight_summary,
)
from iop_outcomes.kernel.errors import DesignError

# Two people with a chance of 1/4 for the first arm and two with 1/2, one of each in each arm.
SCORE = np.array([0.25, 0.25, 0.5, 0.5])
TREATED = np.array([1, 0, 1, 0])


@pytest.mark.parametrize(
    ("estimand", "weights"),
    [
        ("ATE", [4, 4 / 3, 2, 2]),  # 1/e and 1/(1-e)
        ("ATT", [1, 1 / 3, 1, 1]),  # 1 and e/(1-e)
        ("ATC", [3, 1, 1, 1]),  # (1-e)/e and 1
        ("ATO", [0.75, 0.25, 0.5, 0.5]),  # 1-e and e
        ("ATM", [1, 1 / 3, 1, 1]),  # min(e, 1-e)/e and min(e, 1-e)/(1-e)
    ],
)
def test_weights_by_hand(estimand, weights):
    np.testing.assert_allclose(balancing_weights(SCORE, TREATED, estimand), weights)


@given(st.lists(st.floats(0.01, 0.99), min_size=2, max_size=20), st.sampled_from(["ATE", "ATO", "ATM"]))
def test_swapping_the_arms_leaves_symmetric_weights_alone(scores, estimand):
    score, treated = np.array(scores), np.arange(len(scores)) % 2
    here, there = balancing_weights(score, treated, estimand), balancing_weights(1 - score, 1 - treated, estimand)
    np.testing.assert_allclose(here, there, rtol=1e-12)


def test_swapping_the_arms_turns_att_into_atc():
    np.testing.assert_allclose(
        balancing_weights(SCORE, TREATED, "ATT"), balancing_weights(1 - SCORE, 1 - TREATED, "ATC")
    )


def test_stabilised_weights():
    np.testing.assert_allclose(stabilised([4, 4 / 3, 2, 2], TREATED), [2, 2 / 3, 1, 1])  # both arms are half of all


def test_effective_sample_size():
    assert effective_sample_size([1, 1, 1, 1]) == 4
    assert effective_sample_size([2, 1, 1]) == pytest.approx(16 / 6)
    assert effective_sample_size([0, 0]) == 0


class TestTruncation:
    def test_the_limit_is_an_observed_weight(self):
        # Ten weights: 10 * 0.9 - 0.5 = 8.5, so the 9th. The 10th is set to it.
        cut = truncate_weights(np.arange(1, 11), np.arange(10) % 2, quantile=0.9)
        np.testing.assert_array_equal(cut.weights, [1, 2, 3, 4, 5, 6, 7, 8, 9, 9])
        assert cut.high == 9
        assert cut.counts.loc["treated", "n_above"] == 1  # the tenth is in the first arm
        assert cut.counts.loc["reference", "n_above"] == 0

    def test_a_rank_half_way_goes_to_the_even_one(self):
        # R's type 3 with n = 50 and p = 0.99: 49.5 - 0.5 = 49 is whole and odd, so the 50th; n = 150: 148, even, stays.
        assert truncate_weights(np.arange(1.0, 51), np.arange(50) % 2).high == 50
        assert truncate_weights(np.arange(1.0, 151), np.arange(150) % 2).high == 148

    def test_both_ends(self):
        cut = truncate_weights(np.arange(1, 11), np.arange(10) % 2, quantile=0.8, both_ends=True)
        np.testing.assert_array_equal(cut.weights, [2, 2, 3, 4, 5, 6, 7, 8, 8, 8])
        assert cut.counts["n_below"].sum() == 1
        assert cut.counts["n_above"].sum() == 2

    def test_the_arm_an_att_leaves_alone_does_not_count(self):
        # The reference weights 1 to 10 alone decide: their 9th is the limit.
        weights, treated = np.r_[np.ones(30), np.arange(1, 11)], np.repeat([1, 0], [30, 10])
        assert truncate_weights(weights, treated, quantile=0.9).high == 9

    def test_equal_weights_have_nothing_to_cut(self):
        np.testing.assert_array_equal(truncate_weights(np.ones(4), TREATED).weights, np.ones(4))


class TestTrimming:
    def test_scores_outside_the_range_get_no_weight(self):
        cut = trim_score(np.ones(6), [0.05, 0.1, 0.5, 0.6, 0.9, 0.95], [1, 0, 1, 0, 1, 0])
        np.testing.assert_array_equal(cut.weights, [0, 1, 1, 1, 1, 0])
        assert cut.counts.loc["treated"].to_dict() == {"n": 3, "n_below": 1, "n_above": 0}
        assert cut.counts.loc["reference"].to_dict() == {"n": 3, "n_below": 0, "n_above": 1}

    def test_an_arm_outside_the_range_is_refused_by_name(self):
        with pytest.raises(DesignError, match="no score of the second arm"):
            trim_score(np.ones(4), [0.5, 0.01, 0.5, 0.02], TREATED)

    def test_bounds_of_least_variance(self):
        assert crump_bounds([0.4, 0.5, 0.6]) == (0.0, 1.0)  # nobody is dear enough to leave out
        # Costs 1/(e(1-e)): 4 three times and 101.0; bound 2 * 4 = 8, and a(1-a) = 1/8 at a = (1 - sqrt(1/2))/2.
        low, high = crump_bounds([0.5, 0.5, 0.5, 0.01])
        assert low == pytest.approx((1 - np.sqrt(0.5)) / 2)
        assert high == pytest.approx(1 - low)


def test_summary_by_arm():
    summary = weight_summary([2, 1, 1, 0], [1, 1, 0, 0])
    assert summary.loc["treated", "ess"] == pytest.approx(9 / 5)
    assert summary.loc["treated", "largest_share"] == pytest.approx(2 / 3)
    assert summary.loc["reference", "n_used"] == 1
    assert summary.loc["reference", "cv"] == pytest.approx(np.sqrt(0.5) / 0.5)


@pytest.mark.parametrize(
    ("score", "treated", "estimand", "sentence"),
    [
        ([0.5, 1.0], [1, 0], "ATE", "1 person is missing or not strictly between 0 and 1"),
        ([0.5, np.nan], [1, 0], "ATE", "1 person is missing"),
        ([0.5, 0.5], [1, 1], "ATE", "nobody of 2 people is in the second arm"),
        ([0.5, 0.5], [0, 0], "ATE", "in the first arm"),
        ([0.5, 0.5], [1, 2], "ATE", "neither 0 nor 1"),
        ([0.5, 0.5], [1, 0], "ATTT", "did you mean 'ATT'"),
    ],
)
def test_bad_input_is_one_sentence(score, treated, estimand, sentence):
    with pytest.raises(DesignError, match=sentence):
        balancing_weights(score, treated, estimand)
