"""Natural splines: R's basis to the digits printed, Harrell's by his formula, and straight lines beyond the knots."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from iop_outcomes.kernel.errors import DesignError
from iop_outcomes.stats.linear.splines import harrell_knots, natural_spline, quantile_knots, restricted_cubic_spline


def test_the_basis_is_that_of_r():
    # ns(women$height, df = 5) of R's own example: heights 58 to 72.
    heights = np.arange(58, 73)
    printed = [
        [0, 0, 0, 0, 0],
        [7.592323e-03, 0, -8.670223e-02, 2.601067e-01, -1.734045e-01],
        [6.073858e-02, 0, -1.503044e-01, 4.509132e-01, -3.006088e-01],
        [2.047498e-01, 6.073858e-05, -1.677834e-01, 5.033503e-01, -3.355669e-01],
    ]
    knots = quantile_knots(heights, 5)
    assert knots == pytest.approx([58, 60.8, 63.6, 66.4, 69.2, 72])
    assert natural_spline(heights, knots)[:4] == pytest.approx(np.array(printed), rel=1e-6, abs=1e-12)


def test_two_degrees_of_freedom_by_hand():
    # Knots 0, 1, 2. A natural spline with value 0, 1, 0 there: x - (x^3 - x) / 2 up to 1, and its mirror image after.
    x = np.array([0.0, 0.5, 1.0, 1.5, 2.0, 3.0])
    wanted = np.array([0.0, 0.6875, 1.0, 0.6875, 0.0, -1.5])
    basis = np.column_stack([np.ones(6), natural_spline(x, [0, 1, 2])])
    fitted = basis @ np.linalg.lstsq(basis, wanted, rcond=None)[0]
    assert fitted == pytest.approx(wanted, abs=1e-12)


def test_harrells_columns_by_hand():
    # Knots 0, 1, 2: (x)+^3 - 2 (x - 1)+^3 + (x - 2)+^3, over 4.
    basis = restricted_cubic_spline([-1, 0.5, 1.5, 3], [0, 1, 2])
    assert basis.tolist() == [[-1, 0], [0.5, 0.03125], [1.5, (3.375 - 0.25) / 4], [3, (27 - 16 + 1) / 4]]


@given(st.lists(st.floats(-50, 50).map(lambda v: round(v, 3)), min_size=4, max_size=8, unique=True))
def test_both_bases_span_the_same_curves_and_are_straight_beyond_the_outer_knots(knots):
    at = np.sort(knots)
    if np.diff(at).min() < 1:
        return
    x = np.linspace(at[0] - 20, at[-1] + 20, 200)
    one = np.column_stack([np.ones(200), natural_spline(x, at)])
    other = np.column_stack([np.ones(200), restricted_cubic_spline(x, at)])
    assert one.shape[1] == other.shape[1] == len(at)
    left = other - one @ np.linalg.lstsq(one, other, rcond=None)[0]
    assert np.abs(left).max() < 1e-6 * np.abs(other).max()
    outside = natural_spline(np.array([at[-1] + 1, at[-1] + 2, at[-1] + 3]), at)
    assert outside[1] - outside[0] == pytest.approx(outside[2] - outside[1], abs=1e-8)


def test_knots_are_harrells():
    many = np.arange(1001) / 1000
    assert harrell_knots(many, 3) == pytest.approx([0.1, 0.5, 0.9])
    assert harrell_knots(many, 5) == pytest.approx([0.05, 0.275, 0.5, 0.725, 0.95])
    # Of fewer than 100 the outer ones are the fifth smallest and the fifth largest.
    assert harrell_knots(np.arange(50), 3) == pytest.approx([4, 24.5, 45])


@pytest.mark.parametrize("make", [lambda x: quantile_knots(x, 4), lambda x: harrell_knots(x, 4)])
def test_too_few_values_are_said(make):
    with pytest.raises(DesignError, match="knots fall together, since there are 2 different values"):
        make(np.repeat([0, 1], [90, 30]))


def test_there_are_no_places_for_two_knots():
    with pytest.raises(DesignError, match="3 to 7 knots, and not for 2"):
        harrell_knots(np.arange(200), 2)
