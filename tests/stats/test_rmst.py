"""Restricted means by hand, and as areas under the curve."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from iop_outcomes.kernel.errors import DesignError, EstimationError
from iop_outcomes.stats.linear.matrix import model_matrix
from iop_outcomes.stats.survival.kaplan_meier import kaplan_meier
from iop_outcomes.stats.survival.rmst import restricted_mean, restricted_mean_contrasts, restricted_mean_jackknife_se
from iop_outcomes.stats.survival.rmst_regression import restricted_mean_regression

people = st.lists(st.tuples(st.integers(0, 10), st.booleans()), min_size=5, max_size=30)


def test_mean_days_up_to_day_four():
    """Events on days 1, 2, 3 and one person in care at day 6: (1 + 2 + 3 + 4) / 4 = 2.5.

    Areas from the events on: 1.5, 0.75, 0.25; terms d/(n (n - d)): 1/12, 1/6, 1/2.
    """
    mean = restricted_mean(kaplan_meier([1, 2, 3, 6], [1, 1, 1, 0]), 4)
    assert_allclose(mean.value, 2.5)
    assert_allclose(mean.se**2, 1.5**2 / 12 + 0.75**2 / 6 + 0.25**2 / 2)


@given(people)
def test_without_censoring_it_is_the_mean_of_the_shorter_of_time_and_limit(rows):
    time = np.array([row[0] for row in rows], dtype=float)
    mean = restricted_mean(kaplan_meier(time, np.ones(len(time)), variance="robust"), 6)
    shorter = np.minimum(time, 6)
    assert_allclose(mean.value, shorter.mean())
    assert_allclose(mean.se**2, shorter.var() / len(time), atol=1e-14)


@given(people)
def test_jackknife_leaves_out_one_person_at_a_time(rows):
    time, event = np.array([row[0] for row in rows], dtype=float), np.array([row[1] for row in rows])
    time[-1], event[-1] = 12, False
    time[-2], event[-2] = 12, False
    curve = kaplan_meier(time, event)
    left = [np.delete(np.arange(len(time)), i) for i in range(len(time))]
    means = np.array([restricted_mean(kaplan_meier(time[rows], event[rows]), 8).value for rows in left])
    n = len(time)
    assert_allclose(
        restricted_mean_jackknife_se(curve, 8), np.sqrt((n - 1) / n * np.sum((means - means.mean()) ** 2)), atol=1e-12
    )


def test_contrasts_and_what_swapping_does():
    """Means 2.5 and 2 of 4 days: difference 0.5, ratio 1.25, times lost 1.5 / 2."""
    first = restricted_mean(kaplan_meier([1, 2, 3, 6], [1, 1, 1, 0]), 4)
    second = restricted_mean(kaplan_meier([1, 1, 2, 6], [1, 1, 1, 0]), 4)
    table = restricted_mean_contrasts(first, second).set_index("measure")
    assert_allclose(table["value"], [0.5, 1.25, 0.75])
    assert_allclose(table["se"].iloc[0] ** 2, first.se**2 + second.se**2)
    swapped = restricted_mean_contrasts(second, first).set_index("measure")
    assert_allclose(swapped["value"], [-0.5, 0.8, 4 / 3])
    assert_allclose(swapped["ci_low"].iloc[0], -table["ci_high"].iloc[0])
    assert_allclose(swapped["ci_low"].iloc[1:], 1 / table["ci_high"].iloc[1:])


def test_a_limit_past_follow_up_is_refused_only_if_somebody_is_left():
    with pytest.raises(EstimationError, match="ends at 6 while some survive"):
        restricted_mean(kaplan_meier([1, 6], [1, 0]), 7)
    assert restricted_mean(kaplan_meier([1, 5], [1, 1]), 7).value == 3
    with pytest.raises(EstimationError, match="use one day"):
        restricted_mean_contrasts(
            restricted_mean(kaplan_meier([1, 6], [1, 0]), 5), restricted_mean(kaplan_meier([1, 6], [1, 0]), 4)
        )


def test_regression_without_censoring_is_least_squares():
    """Arm means of min(T, 5): (1 + 3 + 5)/3 = 3 and (2 + 5 + 5)/3 = 4."""
    frame = pd.DataFrame({"arm": [0.0, 0, 0, 1, 1, 1]})
    fit = restricted_mean_regression(model_matrix(frame), [1, 3, 8, 2, 7, 9], np.ones(6), 5)
    assert_allclose(fit.coefficients, [3, 1])
    logarithm = restricted_mean_regression(model_matrix(frame), [1, 3, 8, 2, 7, 9], np.ones(6), 5, link="log")
    assert_allclose(np.exp(logarithm.coefficients), [3, 4 / 3])


def test_regression_on_the_arm_alone_agrees_with_the_curves():
    """With censoring times that tie with no event, weighting and Kaplan-Meier are the same estimate."""
    time = np.array([1, 2.5, 3, 4.5, 6, 1.5, 2, 3.5, 5, 6])
    event = np.array([1, 0, 1, 0, 0, 0, 1, 1, 0, 0])
    arm = np.repeat([0.0, 1.0], 5)
    fit = restricted_mean_regression(model_matrix(pd.DataFrame({"arm": arm})), time, event, 5.5, censoring_groups=arm)
    means = [restricted_mean(kaplan_meier(time[arm == a], event[arm == a]), 5.5).value for a in (0, 1)]
    assert_allclose(fit.coefficients, [means[0], means[1] - means[0]])


def test_regression_names_covariates_that_follow_from_others():
    frame = pd.DataFrame({"arm": [0.0, 0, 0, 1, 1, 1], "twice": [0.0, 0, 0, 2, 2, 2]})
    with pytest.raises(DesignError, match="twice follows exactly from arm"):
        restricted_mean_regression(model_matrix(frame), [1, 3, 8, 2, 7, 9], np.ones(6), 5)
