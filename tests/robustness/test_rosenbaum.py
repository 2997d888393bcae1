"""Rosenbaum's bounds on examples small enough to enumerate."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom, norm, rankdata

from iop_outcomes.kernel.errors import EstimationError
from iop_outcomes.robustness.rosenbaum import (
    hodges_lehmann_bounds,
    mcnemar_bounds,
    pair_differences,
    tipping_gamma,
    wilcoxon_bounds,
)

DIFFERENCES = [5.0, 3.0, -1.0, 4.0, 2.0, 0.0]


def test_wilcoxon_by_hand():
    # Without the zero the ranks of |d| are 5, 3, 1, 4, 2; the positive ones sum to 14 of 15.
    # Gamma 2: expectation 2/3 of 15 = 10, variance 55 * 2/9, so z = 4 / 3.4960; for the lower bound 1/3 of 15 = 5.
    found = wilcoxon_bounds(DIFFERENCES, [1, 2])
    assert found["p_upper"][1] == pytest.approx(norm.sf((14 - 10) / np.sqrt(55 * 2 / 9)))
    assert found["p_lower"][1] == pytest.approx(norm.sf((14 - 5) / np.sqrt(55 * 2 / 9)))
    assert found["p_lower"][0] == found["p_upper"][0]


def test_the_other_direction_is_that_of_the_signs_turned():
    turned = wilcoxon_bounds(-np.array(DIFFERENCES), alternative="less")
    assert turned["p_upper"].tolist() == wilcoxon_bounds(DIFFERENCES)["p_upper"].tolist()


def test_mcnemar_is_a_binomial_tail():
    # Ten discordant pairs, eight in favour. Gamma 1: P(Bin(10, 1/2) >= 8) = (45 + 10 + 1) / 1024.
    found = mcnemar_bounds(8, 2, [1, 3])
    assert found["p_upper"][0] == pytest.approx(56 / 1024)
    assert found["p_upper"][1] == pytest.approx(binom.sf(7, 10, 3 / 4))
    assert found["p_lower"][1] == pytest.approx(binom.sf(7, 10, 1 / 4))


def test_mcnemar_without_any_discordant_pair_says_nothing():
    assert mcnemar_bounds(0, 0, [1, 2])["p_upper"].tolist() == [1, 1]


def test_the_hodges_lehmann_estimate_is_the_median_of_pairwise_means():
    # 1, 2, 6: means 1, 1.5, 2, 3.5, 4, 6; their median is (2 + 3.5) / 2.
    found = hodges_lehmann_bounds([1, 2, 6], [1, 2])
    assert found["low"][0] == found["high"][0] == pytest.approx(2.75)
    # Gamma 2: a third and two thirds of the six means lie at or below 1.5 to 2 and 3.5 to 4.
    assert (found["low"][1], found["high"][1]) == pytest.approx((1.75, 3.75))


@settings(max_examples=100, deadline=None)
@given(
    values=st.lists(st.integers(-5, 5), min_size=1, max_size=12), gamma=st.sampled_from([1.0, 1.25, 1.5, 2.0, 3.0, 7.0])
)
def test_halving_finds_the_quantile_of_all_pairwise_means(values, gamma):
    d = np.array(values, dtype=float)
    means = np.sort([(d[i] + d[j]) / 2 for i, j in product(range(len(d)), repeat=2) if i <= j])
    count = len(means) * gamma / (1 + gamma)
    below = int(count)
    expected = means[below] if count > below else (means[below - 1] + means[below]) / 2
    assert hodges_lehmann_bounds(d, [gamma])["high"][0] == pytest.approx(expected, abs=1e-9)


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_bounds_widen_with_gamma_and_hold_the_unbiased_answer(seed):
    d = np.random.default_rng(seed).normal(0.3, 1, 40)
    p, shift = wilcoxon_bounds(d), hodges_lehmann_bounds(d)
    assert (np.diff(p["p_upper"]) >= 0).all() and (np.diff(p["p_lower"]) <= 0).all()
    assert (np.diff(shift["high"]) >= 0).all() and (np.diff(shift["low"]) <= 0).all()
    ranks = rankdata(np.abs(d))
    z = (ranks[d > 0].sum() - ranks.sum() / 2) / np.sqrt(np.sum(ranks**2) / 4)
    assert p["p_upper"][0] == pytest.approx(norm.sf(z))


def test_the_tipping_gamma_is_where_the_p_value_passes_the_level():
    d = np.random.default_rng(5).normal(0.8, 1, 100)
    gamma = tipping_gamma(d)
    assert wilcoxon_bounds(d, [gamma])["p_upper"][0] == pytest.approx(0.05)
    assert np.isnan(tipping_gamma(-d))


def test_pairs_are_put_together_and_incomplete_ones_left_out():
    found = pair_differences([5, 3, 8, np.nan, 4, 4], [1, 0, 1, 0, 0, 1], ["p", "p", "q", "q", None, None])
    assert found.tolist() == [2]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: pair_differences([1, 2, 3], [1, 0, 0], [1, 1, 1]), "1 matched set is not one treated person"),
        (lambda: pair_differences([1, 2], [1, 1], [1, 2]), "2 matched sets are not"),
        (lambda: pair_differences([1, np.nan], [1, 0], [1, 1]), "no matched pair has the outcome of both"),
        (lambda: wilcoxon_bounds([1, np.nan]), "1 of 2 differences missing"),
        (lambda: wilcoxon_bounds([]), "there is no pair"),
        (lambda: wilcoxon_bounds([1], [0.5]), "a gamma is below 1"),
        (lambda: wilcoxon_bounds([1], alternative="two-sided"), "allowed are greater and less"),
    ],
)
def test_impossible_requests_are_answered_by_name(call, message):
    with pytest.raises(EstimationError, match=message):
        call()
