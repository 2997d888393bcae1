"""The rank sum test of how long programmes last is that of SciPy."""

import numpy as np
import pytest
from scipy.stats import mannwhitneyu

from iop_outcomes.conclude.lengths import rank_sum_p


@pytest.mark.parametrize("sizes", [(3, 40), (8, 8), (9, 9), (30, 55)])
def test_the_p_value_is_that_of_scipy_with_and_without_ties(sizes):
    chance = np.random.default_rng(5)
    for days in (1.0, 0.01):
        one, other = (np.round(chance.gamma(3, 20, n) / days) for n in sizes)
        assert rank_sum_p(one, other) == pytest.approx(mannwhitneyu(one, other).pvalue, abs=1e-12)


def test_where_all_last_as_long_nothing_differs():
    assert rank_sum_p(np.full(20, 84.0), np.full(30, 84.0)) == 1
