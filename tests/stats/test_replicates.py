"""Percentile intervals of the bootstrap."""

import numpy as np
import pytest

from iop_outcomes.stats.replicates import Replicates


def test_of_so_many_draws_each_stands_at_its_place_among_one_more():
    """Of 1 to 39 the first stands at 1/40 and the last at 39/40, between which 95% lie."""
    draws = np.arange(1.0, 40.0)[:, None]
    low, high = Replicates(draws, 0).interval(0.95)
    assert (low.item(), high.item()) == pytest.approx((1, 39))
    low, high = Replicates(np.append(draws, draws + 39, axis=0), 0).interval(0.95)
    # Of 78 the place is 0.025 x 79 = 1.975.
    assert (low.item(), high.item()) == pytest.approx((1.975, 77.025))


def test_draws_that_do_not_differ_show_no_variance():
    low, high = Replicates(np.full((50, 1), 0.3), 0).interval()
    assert np.isnan([low.item(), high.item()]).all()
