"""Shares at an end of their scale have intervals, too; the limits are Newcombe's (1998, table II, method 10)."""

import numpy as np
import pytest

from iop_outcomes.estimates.score_interval import difference_limits, effective_sizes, quantile_of, wilson

NORMAL = quantile_of(np.inf)


@pytest.mark.parametrize(
    ("first", "second", "low", "high"),
    [
        ((56, 70), (48, 80), 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((5, 56), (0, 29), -0.0381, 0.1926),
        ((0, 10), (0, 20), -0.1611, 0.2775),
        ((0, 10), (0, 10), -0.2775, 0.2775),
        ((10, 10), (0, 20), 0.6791, 1.0),
    ],
)
def test_a_difference_has_newcombes_limits(first, second, low, high):
    shares, sizes = [first[0] / first[1], second[0] / second[1]], [first[1], second[1]]
    found = difference_limits(shares, sizes, NORMAL)
    assert [round(end, 4) for end in found] == [low, high]
    swapped = difference_limits(shares[::-1], sizes[::-1], NORMAL)
    assert swapped == pytest.approx([-found[1], -found[0]])


def test_wilsons_limits_end_with_the_scale():
    assert wilson(0.0, 10, NORMAL)[0] == 0.0
    assert wilson(0.0, 10, NORMAL)[1] == pytest.approx(NORMAL**2 / (10 + NORMAL**2))
    assert wilson(1.0, 10, NORMAL) == pytest.approx((10 / (10 + NORMAL**2), 1.0))


def test_a_share_without_variance_is_worth_the_people_that_clusters_leave():
    # 0.25 x 0.75 / 0.0075 = 25 of 50 people in the other arm: clusters halve what they tell, and so they do here.
    sizes = effective_sizes([0.0, 0.25], [0.0, 0.0075], [40, 50], clusters=[4, 5])
    assert sizes == pytest.approx([20, 25])
    assert effective_sizes([0.0, 0.25], [0.0, 0.0075], [6, 50], clusters=[4, 5])[0] == 4
    assert effective_sizes([0.0, 0.0], [0.0, 0.0], [40, 50]) == pytest.approx([40, 50])
