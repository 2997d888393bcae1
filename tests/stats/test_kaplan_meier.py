"""Kaplan-Meier curves by hand: ten people, their days in care, and whether care ended (1) or was cut off (0)."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from iop_outcomes.kernel.errors import EstimationError
from iop_outcomes.stats.survival import step_moments
from iop_outcomes.stats.survival.kaplan_meier import kaplan_meier, survival_interval

DAYS = [1, 2, 2, 3, 4, 4, 5, 6, 6, 8]
ENDED = [1, 1, 0, 1, 0, 1, 1, 0, 1, 0]

follow_up = st.lists(
    st.tuples(st.integers(0, 12), st.booleans(), st.integers(1, 4), st.integers(0, 3)), min_size=4, max_size=40
)


def arrays(people):
    time, event, weights, cluster = (np.array(column) for column in zip(*people, strict=True))
    return time.astype(float), event.astype(int), weights.astype(float), cluster


def test_survival_of_ten_people():
    """At risk 10, 9, 7, 6, 4, 3, 1; leaving by an event 1, 1, 1, 1, 1, 1, 0."""
    curve = kaplan_meier(DAYS, ENDED).frame()
    assert list(curve["time"]) == [1, 2, 3, 4, 5, 6, 8]
    assert list(curve["n_risk"]) == [10, 9, 7, 6, 4, 3, 1]
    assert list(curve["n_events"]) == [1, 1, 1, 1, 1, 1, 0]
    assert list(curve["n_censored"]) == [0, 1, 0, 1, 0, 1, 1]
    # 9/10, x 8/9, x 6/7, x 5/6, x 3/4, x 2/3
    assert_allclose(curve["survival"], [0.9, 0.8, 24 / 35, 4 / 7, 3 / 7, 2 / 7, 2 / 7])
    # Greenwood at day 2: 0.8² (1/(10 x 9) + 1/(9 x 8)) = 0.64 x 0.025 = 0.016
    assert_allclose(curve["se"][1] ** 2, 0.016)
    # Nelson-Aalen at day 2: 1/10 + 1/9, variance 1/100 + 1/81
    assert_allclose(curve["cumulative_hazard"][1], 1 / 10 + 1 / 9)
    assert_allclose(curve["cumulative_hazard_se"][1] ** 2, 1 / 100 + 1 / 81)


def test_between_and_beyond_the_times_seen():
    at = kaplan_meier(DAYS, ENDED).at([0, 2, 3.5, 100])
    assert_allclose(at["survival"], [1, 0.8, 24 / 35, 2 / 7])
    # Followed just before day 0, 2, 3.5 and 100.
    assert list(at["n_risk"]) == [10, 9, 6, 0]
    assert list(at["n_events"]) == [0, 2, 1, 3]


def test_intervals_by_hand():
    """S = 0.8, se = 0.1, z = 1.96: plain 0.8 -+ 0.196; log 0.8 exp(-+0.245); log-log 0.8^exp(-+0.245 / -log 0.8)."""
    z = 1.959963984540054
    assert_allclose(survival_interval(0.8, 0.1, "plain"), [0.8 - 0.1 * z, 0.8 + 0.1 * z])
    assert_allclose(survival_interval(0.8, 0.1, "log"), [0.8 * np.exp(-0.125 * z), 1.0])
    stretch = np.exp(0.125 * z / -np.log(0.8))
    assert_allclose(survival_interval(0.8, 0.1), [0.8**stretch, 0.8 ** (1 / stretch)])


def test_median_is_in_the_middle_of_a_stretch_at_one_half():
    """Four people with events on days 1 to 4: half survive from day 2 until day 3."""
    curve = kaplan_meier([1, 2, 3, 4], [1, 1, 1, 1])
    assert curve.quantile(0.5)["quantile"][0] == 2.5
    assert kaplan_meier([1, 2, 3], [1, 1, 1]).quantile(0.5)["quantile"][0] == 2
    assert np.isnan(kaplan_meier([1, 2, 3], [1, 0, 0]).quantile(0.5)["quantile"][0])


def test_everybody_has_the_event():
    curve = kaplan_meier([3, 3], [1, 1])
    assert curve.survival[-1] == 0
    assert np.isnan(curve.se[-1])


def test_weights_of_two_and_one_by_hand():
    """Weights 2, 1, 1: the first leaves at day 1 with 2 of 4, the second at day 2 with 1 of 2."""
    curve = kaplan_meier([1, 2, 3], [1, 1, 0], [2, 1, 1], variance="effective_numbers")
    assert_allclose(curve.survival, [0.5, 0.25, 0.25])
    # Effective numbers 4²/6 and 2²/2; terms 0.5 / (m 0.5): 6/16 and 1/2.
    assert_allclose(curve.se[1] ** 2, 0.25**2 * (6 / 16 + 1 / 2))


@given(follow_up)
def test_whole_weights_are_repeated_people(people):
    time, event, weights, _ = arrays(people)
    times = weights.astype(int)
    weighted = kaplan_meier(time, event, weights).frame()
    repeated = kaplan_meier(np.repeat(time, times), np.repeat(event, times)).frame()
    pd.testing.assert_frame_equal(weighted, repeated, check_exact=False, rtol=1e-10)


@given(follow_up, st.randoms(use_true_random=False))
def test_order_of_people_does_not_matter(people, random):
    shuffled = random.sample(people, len(people))
    frames = []
    for rows in (people, shuffled):
        time, event, weights, cluster = arrays(rows)
        frames.append(kaplan_meier(time, event, weights, cluster=cluster, variance="robust").frame())
    pd.testing.assert_frame_equal(*frames, check_exact=False, rtol=1e-8)


@given(follow_up)
def test_influences_are_the_robust_variance(people):
    """Σ over clusters of (Σ influences)² at every time, against the same sums made in one pass over sorted people."""
    time, event, weights, cluster = arrays(people)
    curve = kaplan_meier(time, event, weights, cluster=cluster, variance="robust")
    influence = curve.influence(curve.table.time)
    by_cluster = np.array([influence[cluster == c].sum(axis=0) for c in np.unique(cluster)])
    expected = np.where(curve.survival > 0, np.sum(by_cluster**2, axis=0), np.nan)
    assert_allclose(curve.se**2, expected, atol=1e-14)
    # A person's influence is the derivative by own weight, times the weight.
    more = weights.copy()
    more[0] *= 1 + 1e-6
    change = (kaplan_meier(time, event, more).survival - curve.survival) / 1e-6
    assert_allclose(influence[0], change, atol=1e-5)


@given(follow_up)
def test_both_ways_of_summing_clusters_agree(people):
    """Few clusters and days are summed in a table, many by sorting."""
    time, event, weights, cluster = arrays(people)
    by_table = kaplan_meier(time, event, weights, cluster=cluster, variance="robust").se
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(step_moments, "DENSE_CELLS", 0)
        by_sorting = kaplan_meier(time, event, weights, cluster=cluster, variance="robust").se
    assert_allclose(by_sorting**2, by_table**2, atol=1e-12)


def test_without_censoring_the_variance_is_binomial():
    """Seven of ten survive day 5: 0.7 x 0.3 / 10."""
    curve = kaplan_meier([1, 3, 5, 9, 9, 9, 9, 9, 9, 9], [1, 1, 1, 0, 0, 0, 0, 0, 0, 0], variance="robust")
    assert_allclose(curve.at([5])["se"] ** 2, 0.021)
    assert_allclose(kaplan_meier(curve.table.time[curve.table.code], curve.table.event).at([5])["se"] ** 2, 0.021)


@pytest.mark.parametrize(
    ("time", "event", "weights", "words"),
    [
        ([1, np.nan], [1, 0], None, "1 row has missing, infinite or negative follow-up times"),
        ([1, -2], [1, 0], None, "1 row has missing, infinite or negative follow-up times"),
        ([1, 2], [1, 0], [1, -1], "1 row has missing, infinite or negative weights"),
        ([1, 2], [1], None, "2, 1 and 2 rows"),
        ([1, 2], [1, 0], [0, 0], "nobody has a weight above zero"),
        ([], [], None, "nobody has a weight above zero"),
    ],
)
def test_what_cannot_be_used_is_named(time, event, weights, words):
    with pytest.raises(EstimationError, match=words):
        kaplan_meier(time, event, weights)


def test_settings_that_do_not_exist_are_named():
    with pytest.raises(EstimationError, match="did you mean 'greenwood'"):
        kaplan_meier([1], [1], variance="greenwod")
    with pytest.raises(EstimationError, match="knows no clusters"):
        kaplan_meier([1, 2], [1, 1], cluster=[0, 1])
    with pytest.raises(EstimationError, match="did you mean 'log-log'"):
        kaplan_meier(DAYS, ENDED).interval("loglog")
