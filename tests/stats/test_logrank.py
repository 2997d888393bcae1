"""Log-rank tests by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from iop_outcomes.kernel.errors import EstimationError
from iop_outcomes.stats.survival.logrank import logrank_test


def test_five_people():
    """Group a: 1, 3+; group b: 2, 4, 5. At risk of a / all on days 1, 2, 4, 5: 2/5, 1/4, 0/2, 0/1.

    Expected in a 2/5 + 1/4 = 0.65; variance 2/5 x 3/5 + 1/4 x 3/4 = 0.4275; (1 - 0.65)² / 0.4275.
    """
    test = logrank_test([1, 3, 2, 4, 5], [1, 0, 1, 1, 1], ["a", "a", "b", "b", "b"])
    assert_allclose(test.observed, [1, 3])
    assert_allclose(test.expected, [0.65, 3.35])
    assert_allclose(test.variance[0, 0], 0.4275)
    assert_allclose(test.chi_square, 0.35**2 / 0.4275)
    assert test.degrees_of_freedom == 1


def test_tied_events_by_hand():
    """Four people, two events on day 1, one in each group of two: expected 1; variance 2 x 1/4 x (4 - 2)/(4 - 1)."""
    test = logrank_test([1, 2, 1, 2], [1, 0, 1, 0], [0, 0, 1, 1])
    assert_allclose(test.chi_square, 0)
    assert_allclose(test.variance[0, 0], 1 / 3)


@given(
    st.lists(st.tuples(st.integers(0, 9), st.booleans(), st.integers(0, 2), st.integers(0, 1)), min_size=6, max_size=40)
)
def test_names_and_order_of_groups_do_not_matter(rows):
    time, event, group, stratum = (np.array(column) for column in zip(*rows, strict=True))
    if len(np.unique(group)) < 2 or not event.any():
        return
    test = logrank_test(time, event, group, strata=stratum, rho=1)
    renamed = logrank_test(time[::-1], event[::-1], np.array(["z", "y", "x"])[group[::-1]], strata=stratum[::-1], rho=1)
    assert_allclose(renamed.chi_square, test.chi_square, rtol=1e-6, atol=1e-10)
    assert_allclose(renamed.observed, test.observed[::-1])
    assert_allclose(test.observed.sum(), test.expected.sum())


def test_one_group_is_refused():
    with pytest.raises(EstimationError, match="everybody is in one group"):
        logrank_test([1, 2], [1, 1], ["a", "a"])
