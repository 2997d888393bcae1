"""Differences, ratios and odds ratios of two means, by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest import approx

from iop_outcomes.estimates.measures import ArmMeans, arm_mean, arm_means, contrast
from iop_outcomes.kernel.errors import EstimationError
from iop_outcomes.stats.linear.sandwich import Covariance

# 12 of 40 against 8 of 40, each variance p (1 - p) / 40.
MEANS = np.array([0.3, 0.2])
VARIANCES = np.array([0.3 * 0.7 / 40, 0.2 * 0.8 / 40])


def two_arms(means=MEANS, variances=VARIANCES, degrees_of_freedom=np.inf) -> ArmMeans:
    return ArmMeans(np.array(means), Covariance(np.diag(variances), degrees_of_freedom, "by hand"))


def test_a_risk_difference_adds_the_variances():
    found = contrast(two_arms(), "risk_difference")
    assert found.value == approx(0.1)
    assert found.se == approx(np.sqrt(0.00525 + 0.004))
    assert (found.ci_low, found.ci_high) == approx((0.1 - 1.959964 * found.se, 0.1 + 1.959964 * found.se))


def test_a_risk_ratio_has_the_interval_of_its_logarithm():
    # Var log RR = (1 - p1) / (n1 p1) + (1 - p2) / (n2 p2) = 0.7 / 12 + 0.8 / 8
    found = contrast(two_arms(), "risk_ratio")
    assert found.value == approx(1.5)
    assert found.se == approx(np.sqrt(0.7 / 12 + 0.8 / 8))
    assert found.se_scale == "log"
    assert found.ci_high == approx(1.5 * np.exp(1.959964 * found.se))


def test_an_odds_ratio_has_woolfs_interval():
    # 12 with and 28 without against 8 and 32: Var log OR = 1/12 + 1/28 + 1/8 + 1/32
    found = contrast(two_arms(), "odds_ratio")
    assert found.value == approx(12 * 32 / (28 * 8))
    assert found.se == approx(np.sqrt(1 / 12 + 1 / 28 + 1 / 8 + 1 / 32))


def test_few_clusters_widen_the_interval_by_the_t_quantile():
    found = contrast(two_arms(degrees_of_freedom=4), "risk_difference")
    assert found.ci_high - found.value == approx(2.776445 * found.se)


def test_the_mean_of_one_arm():
    found = arm_mean(two_arms(), 1)
    assert (found.measure, found.value, found.se) == ("mean", approx(0.2), approx(np.sqrt(0.004)))


@pytest.mark.parametrize(
    ("means", "measure", "value", "said"),
    [
        ([0.0, 0.2], "risk_ratio", 0.0, "no events in arm 'iop'"),
        ([0.3, 0.0], "risk_ratio", np.nan, "no events in arm 'outpatient'"),
        ([1.0, 0.2], "odds_ratio", np.nan, "arm 'iop' has the outcome always"),
        ([-0.5, 0.2], "mean_ratio", np.nan, "below zero"),
    ],
)
def test_a_ratio_without_interval_says_why(means, measure, value, said):
    found = contrast(two_arms(means), measure, names=("iop", "outpatient"))
    assert found.value == approx(value, nan_ok=True)
    assert np.isnan([found.se, found.ci_low, found.ci_high]).all()
    assert said in found.reason


def test_an_outcome_that_does_not_vary_has_no_standard_error():
    found = contrast(two_arms([0.0, 0.0], [0.0, 0.0]), "risk_difference")
    assert found.value == 0
    assert np.isnan(found.se)
    assert "does not vary" in found.reason


def test_sites_whose_means_agree_are_named_and_not_called_an_outcome_that_does_not_vary():
    # Two people with the outcome and two without in each arm at each of three sites.
    outcome, site = np.tile([1.0, 0.0, 1.0, 0.0], 6), np.tile(np.repeat([0, 1, 2], 4), 2)
    first = np.repeat([True, False], 12)
    influence = np.column_stack([np.where(arm, (outcome - 0.5) / 12, 0.0) for arm in (first, ~first)])
    found = contrast(arm_means([0.5, 0.5], influence, cluster=site), "risk_difference")
    assert np.isnan([found.se, found.ci_low, found.ci_high]).all()
    assert "the means of the sites agree" in found.reason
    assert contrast(arm_means([0.5, 0.5], influence), "risk_difference").se > 0


def test_an_unknown_measure_is_answered_with_the_nearest():
    with pytest.raises(EstimationError, match="did you mean 'risk_ratio'"):
        contrast(two_arms(), "risk_ration")


@given(first=st.floats(0.01, 0.99), second=st.floats(0.01, 0.99), n=st.integers(5, 500))
def test_swapping_the_arms_flips_the_contrast(first, second, n):
    variances = np.array([first * (1 - first) / n, second * (1 - second) / n])
    one, other = two_arms([first, second], variances), two_arms([second, first], variances[::-1])
    assert contrast(one, "risk_difference").value == approx(-contrast(other, "risk_difference").value)
    for measure in ("risk_ratio", "odds_ratio"):
        there, back = contrast(one, measure), contrast(other, measure)
        assert there.value == approx(1 / back.value)
        assert (there.ci_low, there.ci_high) == approx((1 / back.ci_high, 1 / back.ci_low))
