"""Effects in a matched sample, counted by hand on four pairs."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from estimates.asking import asked
from iop_outcomes.designs.comparison import Comparison
from iop_outcomes.estimates.estimators.matched import adjusted_matched_means, matched, matched_means
from iop_outcomes.estimates.measures import contrast
from iop_outcomes.kernel.errors import EstimationError

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


def test_pairs_within_sites_are_clustered_by_site_alone():
    # Pairs 1 and 2 are of one site, 3 and 4 of another: sets lie within sites, so two ways are no more than sites.
    # Sums of the pair deviations 2 - 1 = 1 and -2 + 1 = -1, each over 4; times 2/1 (sites) times 7/6.
    site = np.array(["A", "A", "A", "A", "B", "B", "B", "B", "B"])
    means = matched_means(OUTCOME, TREATED, WEIGHT, matched_set=PAIR, cluster=site)
    found = contrast(means, "mean_difference")
    assert found.se == pytest.approx(np.sqrt((1 + 1) / 16 * 2 * 7 / 6))
    assert means.covariance.degrees_of_freedom == 1


def comparison(estimand="ATT", matched_set=PAIR, weight=WEIGHT):
    index = pd.Index([f"p{i}" for i in range(len(TREATED))], name="member_id")
    sets = pd.Series(matched_set, index=index).astype("str").where(np.asarray(matched_set) > 0)
    members = pd.DataFrame({"treated": TREATED == 1, "score": 0.5, "weight": weight, "matched_set": sets}, index=index)
    covariates = pd.DataFrame({"age": [31.0, 30, 41, 40, 52, 51, 60, 59, 20]}, index=index)
    return Comparison("pairs", "nearest_match", estimand, ("iop", "outpatient"), members, covariates)


def test_who_has_no_outcome_takes_the_partner_along():
    outcome = np.where(np.arange(9) == 3, np.nan, OUTCOME)  # the control of pair 2
    data = pd.DataFrame({"days": outcome}, index=comparison().members.index)
    rows = asked(matched, data, comparison(), outcome="days")
    # Pairs 1, 3 and 4 are left: 9, 4, 8 against 5, 4, 5.
    assert rows["value"].tolist() == pytest.approx([7 - 14 / 3, 7, 14 / 3])
    assert rows["n"].tolist() == [6, 3, 3]
    assert "1 missing outcome left out, and with them 1 partner" in rows["se_method"][0]


def test_few_sets_are_not_asked_for_a_variance():
    data = pd.DataFrame({"days": OUTCOME}, index=comparison().members.index)
    rows = asked(matched, data, comparison(), outcome="days")
    assert rows["se"][0] == pytest.approx(np.sqrt((14 + 2) / 16 * 8 / 6))
    assert "robust (HC1)" in rows["se_method"][0]


def test_adjusting_for_the_ate_averages_over_everybody():
    data = pd.DataFrame({"days": 2 * comparison().covariates["age"] + 3 * TREATED})
    rows = asked(matched, data, comparison("ATE"), outcome="days", adjust=True)
    # The eight matched are 45.5 on average.
    assert rows["value"].tolist() == pytest.approx([3, 2 * 45.5 + 3, 2 * 45.5])
