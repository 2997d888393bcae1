"""Competing risks by hand: completion (1) and dropout (2) are each other's end."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from iop_outcomes.kernel.errors import EstimationError
from iop_outcomes.stats.survival.competing import cumulative_incidence
from iop_outcomes.stats.survival.gray_test import gray_test
from iop_outcomes.stats.survival.kaplan_meier import kaplan_meier

follow_up = st.lists(
    st.tuples(st.integers(0, 9), st.integers(0, 2), st.integers(1, 3), st.integers(0, 2)), min_size=5, max_size=30
)


def arrays(rows):
    time, event, weights, cluster = (np.array(column) for column in zip(*rows, strict=True))
    event[0] = 1
    return time.astype(float), event, weights.astype(float), cluster


def test_five_people():
    """Day 1: completion of 1 of 5. Day 2: dropout of 1 of 4, left 0.6. Day 3: censored. Day 4: completion of 1 of 2."""
    curve = cumulative_incidence([1, 2, 3, 4, 5], [1, 2, 0, 1, 0])
    assert_allclose(curve.incidence[0], [0.2, 0.2, 0.2, 0.2 + 0.6 / 2, 0.5])
    assert_allclose(curve.incidence[1], [0, 0.2, 0.2, 0.2, 0.2])
    # Days lost to completion by day 5: 0.2 from day 1 to 4, 0.5 from day 4 to 5.
    assert_allclose(curve.time_lost(5).value, 0.2 * 3 + 0.5)
    assert_allclose(curve.at([0, 2.5, 9], cause=2)["incidence"], [0, 0.2, 0.2])


@given(follow_up)
def test_shares_add_up_to_those_who_left(rows):
    time, event, weights, _ = arrays(rows)
    curve = cumulative_incidence(time, event, weights)
    assert_allclose(curve.incidence.sum(axis=0), 1 - kaplan_meier(time, event > 0, weights).survival, atol=1e-12)


@given(follow_up)
def test_one_cause_only_is_kaplan_meier(rows):
    time, event, weights, cluster = arrays(rows)
    only = (event > 0).astype(int)
    curve = cumulative_incidence(time, only, weights, cluster=cluster)
    plain = kaplan_meier(time, only, weights, cluster=cluster, variance="robust")
    somebody = plain.survival > 0
    assert_allclose(curve.se[0][somebody] ** 2, plain.se[somebody] ** 2, atol=1e-12)


@given(follow_up)
def test_influences_are_the_robust_variance(rows):
    time, event, weights, cluster = arrays(rows)
    for cause in (1, 2):
        if not (event == cause).any():
            continue
        curve = cumulative_incidence(time, event, weights, cluster=cluster)
        influence = curve.influence(curve.table.time, cause)
        sums = np.array([influence[cluster == c].sum(axis=0) for c in np.unique(cluster)])
        assert_allclose(curve.se[cause - 1] ** 2, np.sum(sums**2, axis=0), atol=1e-12)


def test_time_lost_has_the_influence_of_its_derivative():
    time, event = np.array([1, 2, 3, 4, 5.0]), np.array([1, 2, 0, 1, 0])
    found = cumulative_incidence(time, event).time_lost(5)
    for i in range(5):
        ends = []
        for step in (1e-5, -1e-5):
            weights = np.ones(5)
            weights[i] += step
            ends.append(cumulative_incidence(time, event, weights).time_lost(5).value)
        assert_allclose(found.influence[i], (ends[0] - ends[1]) / 2e-5, atol=1e-8)


@given(follow_up, st.integers(0, 1))
def test_gray_test_does_not_depend_on_names_or_order(rows, flip):
    time, event, _, group = arrays(rows)
    if len(np.unique(group)) < 2:
        return
    test = gray_test(time, event, group)
    renamed = gray_test(time[::-1], event[::-1], np.array(["z", "y", "x"])[group[::-1]])
    assert_allclose(renamed.observed, test.observed[::-1])
    assert_allclose(test.observed.sum(), test.expected.sum())
    if test.degrees_of_freedom == renamed.degrees_of_freedom and np.linalg.cond(test.variance[1:, 1:]) < 1e6:
        assert_allclose(renamed.chi_square, test.chi_square, rtol=1e-5, atol=1e-9)


def test_a_cause_that_nobody_here_has_had():
    """Everybody leaves by cause 1 or is censored: cause 2 has incidence zero, which is known without error."""
    curve = cumulative_incidence([1, 2, 3], [1, 0, 1])
    found = curve.at([1, 3], cause=2)
    assert found["incidence"].tolist() == found["se"].tolist() == [0, 0]
    assert curve.time_lost(3, cause=2).value == 0
    assert (curve.influence(3, cause=2) == 0).all()
    with pytest.raises(EstimationError, match="cause 0 asked for"):
        curve.at([1], cause=0)


def test_what_is_refused():
    with pytest.raises(EstimationError, match="knows no weights or clusters"):
        cumulative_incidence([1, 2], [1, 2], [1, 1], variance="aalen")
    with pytest.raises(EstimationError, match="did you mean 'robust'"):
        cumulative_incidence([1, 2], [1, 2], variance="robustt")
    with pytest.raises(EstimationError, match="everybody is in one group"):
        gray_test([1, 2], [1, 2], [0, 0])
    with pytest.raises(EstimationError, match="nobody has an event of cause 3"):
        gray_test([1, 2], [1, 2], [0, 1], cause=3)
    with pytest.raises(EstimationError, match="1 row has an event code that is no whole number"):
        cumulative_incidence([1, 2], [1, 1.5])
