"""Times that differ only by rounding are one time, in every survival model; numbers of R survival 3.5.3."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from iop_outcomes.kernel.errors import EstimationError
from iop_outcomes.stats.linear.matrix import model_matrix
from iop_outcomes.stats.survival.competing import cumulative_incidence
from iop_outcomes.stats.survival.concordance import concordance
from iop_outcomes.stats.survival.cox import fit_cox
from iop_outcomes.stats.survival.cox_curves import baseline_hazard, standardised_survival
from iop_outcomes.stats.survival.cox_exact import fit_cox_exact
from iop_outcomes.stats.survival.fine_gray import fit_fine_gray
from iop_outcomes.stats.survival.gray_test import gray_test
from iop_outcomes.stats.survival.interval_censored import interval_censored
from iop_outcomes.stats.survival.kaplan_meier import kaplan_meier
from iop_outcomes.stats.survival.logrank import logrank_test
from iop_outcomes.stats.survival.rmst import restricted_mean
from iop_outcomes.stats.survival.rmst_regression import restricted_mean_regression
from iop_outcomes.stats.survival.tied_times import on_known_times, tied_times

SUM = 0.1 + 0.2
TIME = np.array([SUM, 0.3, 0.6, 0.9, 1.2, 0.3, 0.5, 0.1 * 6, 1, 1.2])
EVENT = np.array([1, 1, 1, 0, 1, 1, 1, 0, 1, 0])
CAUSE = np.array([1, 1, 2, 0, 1, 2, 1, 0, 1, 0])
ARM = model_matrix(pd.DataFrame({"arm": np.repeat([1.0, 0.0], 5)}))
GROUP = np.repeat([1, 0], 5)
ROUNDED = np.round(TIME, 1)


def test_a_sum_and_its_decimal_are_one_time_and_tenths_are_not():
    assert SUM != 0.3
    assert_array_equal(tied_times([SUM, 0.3, 0.4])[0], [0.3, 0.3, 0.4])
    assert_array_equal(tied_times([1.0, 2.0, 1e6])[0], [1.0, 2.0, 1e6])


def test_the_border_is_the_root_of_the_machine_precision():
    """1.49e-8, absolutely or of the mean distinct time: 1e6 + 0.01 is 1e6 (mean 1e6), 1e6 + 0.02 is not."""
    assert_array_equal(tied_times([1e6, 1e6 + 0.01])[0], [1e6, 1e6])
    assert_array_equal(tied_times([1e6, 1e6 + 0.02])[0], [1e6, 1e6 + 0.02])
    assert_array_equal(tied_times([0.5, 0.5 + 1.4e-8])[0], [0.5, 0.5])
    assert_array_equal(tied_times([0.5, 0.5 + 1.6e-8])[0], [0.5, 0.5 + 1.6e-8])


def test_the_largest_numbers_do_not_tie_everything():
    assert_array_equal(tied_times([5.5, 1e308, 1.1e308])[0][1:], [1e308, 1.1e308])


def test_neighbours_are_tied_in_a_chain_and_columns_share_one_clock():
    step = 1e-8
    assert_array_equal(tied_times([1.5, 1.5 + step, 1.5 + 2 * step])[0], [1.5] * 3)
    entry, end = tied_times([0.3, np.nan], [SUM, np.inf])
    assert_array_equal(entry, [0.3, np.nan])
    assert_array_equal(end, [0.3, np.inf])


@given(st.lists(st.integers(1, 50), min_size=1, max_size=20), st.sampled_from([1 / 7, 1 / 365.25, 0.1, 30.4375]))
def test_whole_days_in_another_unit_keep_their_ties(days, unit):
    """However the unit was computed, days are tied as they were."""
    one = np.array(days) * unit
    other = np.array([sum([unit] * day) for day in days])
    tied = tied_times(np.concatenate([one, other]))[0]
    assert_array_equal(tied[: len(days)], tied[len(days) :])
    assert len(np.unique(tied)) == len(set(days))


def test_moments_asked_for_fall_on_the_times_they_mean():
    known = np.array([0.3, 1.2])
    assert_array_equal(on_known_times([SUM, 0.4, 1.2 - 1e-12, np.inf], known), [0.3, 0.4, 1.2, np.inf])
    assert kaplan_meier(TIME, EVENT).at([0.3])["survival"][0] == pytest.approx(0.7)
    assert kaplan_meier([0.3, 1.0], [1, 0]).at([SUM])["n_risk"][0] == 2
    assert restricted_mean(kaplan_meier([0.2, 0.3], [1, 0]), SUM).value == pytest.approx(0.25)


def test_hazard_ratio_and_tests_equal_r():
    """R without its ``timefix`` gives a hazard ratio of 1.537732773."""
    fit = fit_cox(ARM, TIME, EVENT)
    assert_allclose(np.exp(fit.coefficients), 1.591581471, rtol=1e-9)
    assert_allclose(logrank_test(TIME, EVENT, GROUP).chi_square, 0.351371115, rtol=1e-8)
    assert_allclose(fit_fine_gray(ARM, TIME, CAUSE).cox.coefficients, 0.610271735, rtol=1e-8)
    assert_allclose(concordance(TIME, EVENT, -GROUP).value, 0.4285714, rtol=1e-6)


def test_curves_equal_r():
    curve = kaplan_meier(TIME, EVENT)
    assert_array_equal(curve.table.time, [0.3, 0.5, 0.6, 0.9, 1, 1.2])
    assert_allclose(curve.survival, [0.7, 0.6, 0.5, 0.5, 1 / 3, 1 / 6])
    incidence = cumulative_incidence(TIME, CAUSE).incidence
    assert_allclose(incidence, [[0.2, 0.3, 0.3, 0.3, 0.4666667, 0.6333333], [0.1, 0.1, 0.2, 0.2, 0.2, 0.2]], rtol=1e-6)


@pytest.mark.parametrize(
    "numbers",
    [
        lambda t: fit_cox_exact(ARM, t, EVENT).coefficients,
        lambda t: baseline_hazard(fit_cox(ARM, t, EVENT), [0.3, SUM, 0.6]),
        lambda t: standardised_survival(fit_cox(ARM, t, EVENT), {"arm": 1.0}, [0.3, SUM]).survival,
        lambda t: fit_cox(ARM, t, EVENT, entry=np.where(GROUP, 0.1 * 3 - 0.1, 0.2)).coefficients,
        lambda t: [gray_test(t, CAUSE, GROUP).chi_square],
        lambda t: [restricted_mean(kaplan_meier(t, EVENT), 1).value],
        lambda t: restricted_mean_regression(ARM, t, EVENT, 1, censoring_groups=GROUP).coefficients,
        lambda t: interval_censored(t, np.where(EVENT, t, np.inf)).at([SUM, 0.3, 0.6, 1])["survival"],
        lambda t: interval_censored(np.full(10, 0.3 - 0.1), t + 0.0).mass,
    ],
)
def test_every_model_sees_the_rounded_times(numbers):
    assert_allclose(numbers(TIME), numbers(ROUNDED), rtol=1e-9)


def test_entries_and_strata_need_one_for_each_row():
    for settings in ({"entry": [0.0]}, {"strata": [1, 2]}):
        with pytest.raises(EstimationError, match="rows and times 10; give one per row"):
            fit_cox(ARM, TIME, EVENT, **settings)


def test_follow_up_that_is_only_rounding_is_refused():
    with pytest.raises(EstimationError, match="1 row begins at or after the end"):
        fit_cox(ARM, TIME, EVENT, entry=np.where(np.arange(10) == 0, 0.3, 0.0))
