"""Subclassification on ten people whose bands and weights can be counted."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from iop_outcomes.designs.pairs.subclass import subclassify
from iop_outcomes.kernel.errors import DesignError

#   person    0    1    2    3    4    5    6    7    8    9
ARM = [1, 1, 1, 1, 0, 0, 0, 0, 0, 0]
SCORE = [0.2, 0.4, 0.6, 0.8, 0.1, 0.2, 0.3, 0.3, 0.7, 0.9]


def test_bands_at_the_median_of_the_treated():
    # The treated have median 0.5: below it two treated and four controls, above it two and two.
    found = subclassify(ARM, SCORE, n_subclasses=2)
    assert found.cut_points.tolist() == pytest.approx([0.2, 0.5, 0.8])
    assert found.subclass.tolist() == [1, 1, 2, 2, 1, 1, 1, 1, 2, 2]
    assert found.table.to_dict("list") == {"subclass": [1, 2], "n_treated": [2, 2], "n_control": [4, 2]}
    # Controls weigh 2/4 below and 2/2 above; these sum to 4 and are scaled to 6.
    assert found.weights.tolist() == pytest.approx([1] * 4 + [0.75] * 4 + [1.5] * 2)


def test_bands_of_everybody_for_the_ate():
    # Everybody's median is 0.35: below it one treated of five, above it three of five.
    found = subclassify(ARM, SCORE, n_subclasses=2, estimand="ATE")
    assert found.table.to_dict("list") == {"subclass": [1, 2], "n_treated": [1, 3], "n_control": [4, 2]}
    # Treated weigh 5/1 and 5/3, summing to 10, scaled to 4; controls 5/4 and 5/2, summing to 10, scaled to 6.
    assert found.weights.tolist() == pytest.approx([2, 2 / 3, 2 / 3, 2 / 3] + [0.75] * 4 + [1.5] * 2)


def test_a_band_without_controls_is_lent_the_nearest_one():
    # Above 0.5 there is no control; the control with the highest score below moves up, and is counted.
    found = subclassify([1, 1, 1, 1, 0, 0, 0], [0.2, 0.4, 0.6, 0.8, 0.1, 0.3, 0.25], n_subclasses=2)
    assert found.n_moved == 1
    assert found.subclass.tolist() == [1, 1, 2, 2, 1, 2, 1]


def test_a_score_with_few_values_gives_fewer_bands():
    found = subclassify([1, 1, 0, 0, 0], [0.3, 0.6, 0.3, 0.6, 0.6], n_subclasses=5)
    assert len(found.table) == 2


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"n_subclasses": 1}, "1 were asked for"),
        ({"estimand": "ATO"}, "estimand is 'ATO'; allowed are ATT and ATE"),
        ({"score": [np.nan, *SCORE[1:]]}, "the propensity score of 1 person is missing"),
        ({"n_subclasses": 8, "estimand": "ATE"}, "4 treated people for 7 subclasses"),
    ],
)
def test_impossible_requests_are_answered_by_name(change, message):
    with pytest.raises(DesignError, match=message):
        subclassify(**({"treated": ARM, "score": SCORE} | change))


@settings(max_examples=100, deadline=None)
@given(seed=st.integers(0, 10_000), n_subclasses=st.integers(2, 6), estimand=st.sampled_from(["ATT", "ATE"]))
def test_weighted_arms_have_the_same_share_of_every_band(seed, n_subclasses, estimand):
    random = np.random.default_rng(seed)
    arm = np.arange(80) % 4 == 0
    found = subclassify(arm, random.normal(arm * 1.0), n_subclasses=n_subclasses, estimand=estimand)
    shares = [
        np.bincount(found.subclass[a], found.weights[a], n_subclasses + 1) / found.weights[a].sum() for a in (arm, ~arm)
    ]
    assert shares[0] == pytest.approx(shares[1])
    assert (found.table[["n_treated", "n_control"]] > 0).all(axis=None)
