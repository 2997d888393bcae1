"""Survival from intervals: shares by hand where they do not overlap, the maximum where they do."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from iop_outcomes.kernel.errors import EstimationError
from iop_outcomes.stats.survival.interval_censored import interval_censored
from iop_outcomes.stats.survival.kaplan_meier import kaplan_meier
from iop_outcomes.stats.survival.rmst import restricted_mean

intervals = st.lists(st.tuples(st.integers(0, 8), st.integers(0, 4), st.integers(1, 3)), min_size=3, max_size=25)


def bounds(rows):
    lower, length, weights = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    return lower, np.where(length == 4, np.inf, lower + length), weights


def test_stays_in_classes_are_plain_shares():
    """Ten stays: days 5, 5, 20; three of 31-45; two of 46-60; two of more than 60."""
    lower = [5, 5, 20, 30, 30, 30, 45, 45, 60, 60]
    upper = [5, 5, 20, 45, 45, 45, 60, 60, np.inf, np.inf]
    found = interval_censored(lower, upper)
    at = found.at([4, 5, 30, 40, 45, 60])
    assert_allclose(at["survival"], [1, 0.8, 0.7, 0.7 - 0.3 * 10 / 15, 0.4, 0.2], atol=1e-9)
    # Day 40 lies inside a class: nobody, or all three, may have left by then.
    assert_allclose(at["survival_low"], [1, 0.8, 0.7, 0.4, 0.4, 0.2], atol=1e-9)
    assert_allclose(at["survival_high"], [1, 0.8, 0.7, 0.7, 0.4, 0.2], atol=1e-9)
    assert_allclose(at["se"][4] ** 2, 0.4 * 0.6 / 10)
    # Mean of min(T, 60) with stays in the middle of their class: (5 + 5 + 20 + 3 x 37.5 + 2 x 52.5 + 2 x 60) / 10
    assert_allclose(found.restricted_mean(60)[0], 36.75)


@pytest.mark.slow
@given(st.lists(st.tuples(st.integers(1, 9), st.booleans(), st.integers(1, 3)), min_size=4, max_size=30))
def test_exact_and_right_censored_times_are_kaplan_meier(rows):
    time, event, weights = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    time[0], event[0] = 10, 1
    found = interval_censored(time, np.where(event > 0, time, np.inf), weights)
    curve = kaplan_meier(time, event, weights, variance="robust")
    at = found.at(np.arange(1, 10))
    assert_allclose(at["survival"], curve.at(np.arange(1, 10))["survival"], atol=1e-6)
    assert_allclose(at["se"] ** 2, curve.at(np.arange(1, 10))["se"] ** 2, atol=1e-6)
    mean = restricted_mean(curve, 9)
    assert_allclose(found.restricted_mean(9), [mean.value, mean.se], atol=1e-5)


@given(intervals)
def test_no_other_masses_are_more_likely(rows):
    """Gentleman and Geyer: at the maximum no place would gain from more mass."""
    lower, upper, weights = bounds(rows)
    found = interval_censored(lower, upper, weights)
    assert found.gap < 1e-9
    assert_allclose(found.mass.sum(), 1)

    def likelihood(mass):
        exact = lower == upper
        inside = (found.lower >= lower[:, None]) & (found.upper <= upper[:, None])
        inside &= np.where(
            exact[:, None], found.lower == found.upper, (found.lower > lower[:, None]) | ~(found.lower == found.upper)
        )
        return weights @ np.log(np.maximum(inside @ mass, 1e-300))

    best = likelihood(found.mass)
    rng = np.random.default_rng(0)
    for _ in range(20):
        other = 0.9 * found.mass + 0.1 * rng.dirichlet(np.ones(len(found.mass)))
        assert likelihood(other) <= best + 1e-7


@given(intervals)
def test_whole_weights_are_repeated_people(rows):
    lower, upper, weights = bounds(rows)
    times = weights.astype(int)
    weighted, repeated = (
        interval_censored(lower, upper, weights),
        interval_censored(*(np.repeat(x, times) for x in (lower, upper))),
    )
    assert_allclose(weighted.mass, repeated.mass, atol=1e-5)


def test_clusters_of_one_person_each_change_nothing():
    lower, upper = np.array([0, 1, 2, 2, 3, 0, 4.0]), np.array([2, 3, 3, 5, 5, 1, 6.0])
    plain, clustered = interval_censored(lower, upper), interval_censored(lower, upper, cluster=np.arange(7))
    assert_allclose(plain.covariance, clustered.covariance, atol=1e-12)
    influence = plain.influence(plain.survival_values(np.array([3.0])))
    assert_allclose(np.sum(influence**2), plain.at([3])["se"][0] ** 2, atol=1e-12)


def test_what_cannot_be_used_is_named():
    with pytest.raises(EstimationError, match="2 rows have a missing or negative bound"):
        interval_censored([1, 5, np.nan], [2, 4, 3])
    with pytest.raises(EstimationError, match="nobody has a weight above zero"):
        interval_censored([1, 5], [2, 6], [0, 0])
