"""E-values by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest import approx

from iop_outcomes.kernel.errors import EstimationError
from iop_outcomes.robustness.e_value import e_value, e_value_of_mean_difference


def test_the_published_example():
    # VanderWeele & Ding 2017: risk ratio 3.9 (1.8 to 8.7) has E-values 7.26 and 3.0.
    assert e_value(3.9, 1.8, 8.7) == (approx(3.9 + np.sqrt(3.9 * 2.9)), approx(1.8 + np.sqrt(1.8 * 0.8)))
    assert e_value(3.9, 1.8, 8.7) == approx((7.26, 3.0), abs=0.005)


def test_a_protective_ratio_is_turned_over():
    assert e_value(0.5, 0.25, 0.8) == approx(e_value(2.0, 1.25, 4.0))


def test_an_interval_that_holds_one_needs_no_confounder():
    assert e_value(1.2, 0.9, 1.6).limit == 1


def test_a_common_odds_ratio_counts_by_its_square_root():
    assert e_value(4.0, measure="odds_ratio").point == approx(e_value(2.0).point)
    assert e_value(4.0, measure="odds_ratio", rare_outcome=True).point == approx(e_value(4.0).point)


def test_a_standardised_difference_is_turned_into_a_ratio():
    found = e_value_of_mean_difference(0.5, 0.1)
    assert found.point == approx(e_value(np.exp(0.91 * 0.5)).point)
    assert found.limit == approx(e_value(np.exp(0.91 * 0.5 - 0.178)).point)


@given(st.floats(1.0, 50))
def test_it_is_never_below_one_and_grows_with_the_ratio(ratio):
    assert 1 <= e_value(ratio).point <= e_value(ratio * 1.1).point


@pytest.mark.parametrize(
    ("arguments", "said"),
    [((0.0,), "above 0"), ((-1.2,), "above 0"), ((2.0, 2.5, 3.0), "does not hold the estimate")],
)
def test_what_is_no_ratio_is_answered_by_name(arguments, said):
    with pytest.raises(EstimationError, match=said):
        e_value(*arguments)
