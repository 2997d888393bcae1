"""Effects in a matched sample, counted by hand on four pairs."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from iop_outcomes.errors import EstimationError
from iop_outcomes.estimators.matched import adjusted_matched_means, matched_means
from iop_outcomes.estimators.measures import contrast

#   pair           1     2     3     4    nobody's
TREATED = np.array([1, 0, 1, 0, 1, 0, 1, 0, 0])
PAIR = np.array([1, 1, 2, 2, 3, 3, 4, 4, 0])
WEIGHT = np.array([1.0, 1, 1, 1, 1, 1, 1, 1, 0])
OUTCOME = np.array([9.0, 5, 7, 6, 4, 4, 8, 5, np.nan])


def test_the_mean_difference_and_its_pair_robust_error():
    # Treated 9, 7, 4, 8: mean 7. Controls 5, 6, 4, 5: mean 5. Difference 2.
    # Pair differences 4, 1, 0, 3 are 2, -1, -2, 1 away from 2: sum of squares 10. The sandwich is 10 / 4^2,
    # times 4/3 (pairs) times 7/6 (8 people, 2 means).
    found = contrast(matched_means(OUTCOME, TREATED, WEIGHT, matched_set=PAIR), "mean_difference")
    assert found.value == pytest.approx(2)
    assert found.se == pytest.approx(np.sqrt(10 / 16 * 4 / 3 * 7 / 6))
    assert (found.ci_low, found.ci_high) == pytest.approx((2 - 1.959964 * found.se, 2 + 1.959964 * found.se))


def test_without_sets_people_are_independent():
    # Squared residuals 4 + 0 + 9 + 1 = 14 and 0 + 1 + 1 + 0 = 2, each over 4^2, times 8/6.
    found = contrast(matched_means(OUTCOME, TREATED, WEIGHT), "mean_difference")
    assert found.se == pytest.approx(np.sqrt((14 + 2) / 16 * 8 / 6))


def test_swapping_the_arms_turns_the_difference_over():
    there = contrast(matched_means(OUTCOME, TREATED, WEIGHT, matched_set=PAIR), "mean_difference")
    back = contrast(matched_means(OUTCOME, 1 - TREATED, WEIGHT, matched_set=PAIR), "mean_difference")
    assert (back.value, back.se) == pytest.approx((-there.value, there.se))


def test_adjustment_takes_out_what_matching_left():
    # The outcome is 2 x age, + 3 for the treated; they are 1 older in each pair: the raw difference is 5, the effect 3.
    age = np.array([31.0, 30, 41, 40, 52, 51, 60, 59, 20])
    outcome = 2 * age + 3 * TREATED
    frame = pd.DataFrame({"age": age})
    assert contrast(matched_means(outcome, TREATED, WEIGHT), "mean_difference").value == pytest.approx(5)
    found = adjusted_matched_means(outcome, TREATED, WEIGHT, frame, matched_set=PAIR)
    assert found.means[0] - found.means[1] == pytest.approx(3)
    assert found.means[0] == pytest.approx(2 * 46 + 3)  # the matched treated are 46 on average


def test_columns_without_information_are_left_out_and_counted():
    # Nobody matched is from site C, and b says what a says.
    frame = pd.DataFrame({"a": np.arange(9.0), "b": 2 * np.arange(9.0), "site": list("AABBAABBC")})
    found = adjusted_matched_means(OUTCOME, TREATED, WEIGHT, frame, matched_set=PAIR)
    alone = adjusted_matched_means(OUTCOME, TREATED, WEIGHT, frame[["a", "site"]], matched_set=PAIR)
    assert found.means == pytest.approx(alone.means)
    assert "2 columns without information left out" in found.method


def test_a_missing_outcome_of_somebody_matched_is_refused():
    outcome = OUTCOME.copy()
    outcome[2] = np.nan
    with pytest.raises(EstimationError, match="missing for 1 row"):
        matched_means(outcome, TREATED, WEIGHT, matched_set=PAIR)


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_regression_with_interactions_is_one_regression_in_each_arm(seed):
    random = np.random.default_rng(seed)
    n = 60
    arm, weight, outcome = np.arange(n) % 2 == 0, random.uniform(0.5, 2, n), random.normal(size=n)
    frame = pd.DataFrame({"age": random.normal(size=n), "sex": random.choice(["f", "m"], n)})
    found = adjusted_matched_means(outcome, arm, weight, frame)
    x = np.column_stack([np.ones(n), frame["age"], frame["sex"] == "m"])
    for a, mean in ((arm, found.means[0]), (~arm, found.means[1])):
        root = np.sqrt(weight[a])
        coefficients = np.linalg.lstsq(x[a] * root[:, None], outcome[a] * root, rcond=None)[0]
        assert mean == pytest.approx((x[arm] @ coefficients).mean())
