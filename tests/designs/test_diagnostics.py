"""Overlap, equipoise, precision and positivity by hand."""

import numpy as np
import pandas as pd
import pytest

from iop_outcomes.designs.judge.diagnostics import (
    design_effect,
    equipoise,
    minimum_detectable_difference,
    overlap_coefficient,
    overlap_table,
    preference_score,
)
from iop_outcomes.designs.judge.positivity import one_arm_share, positivity_failures


def test_preference_score_takes_the_share_of_the_first_arm_out():
    # One in five is in the first arm. Somebody with a score of 1/5 is as likely as anybody: 1/2. A score of 1/2 has
    # odds 1 against odds 1/4: odds 4, so 4/5.
    treated = [1, 0, 0, 0, 0]
    np.testing.assert_allclose(preference_score([0.2, 0.5, np.nan, 0.2, 0.2], treated)[:2], [0.5, 0.8])
    assert equipoise([0.2, 0.5, np.nan, 0.2, 0.2], treated) == pytest.approx(3 / 5)


def test_with_equal_arms_the_preference_score_is_the_propensity_score():
    score = np.array([0.1, 0.4, 0.6, 0.9])
    np.testing.assert_allclose(preference_score(score, [1, 0, 1, 0]), score)
    assert equipoise([0.3, 0.7, 0.29, 0.71], [1, 0, 1, 0]) == 0.5  # both ends are inside


def test_overlap_by_bins():
    table = overlap_table([0.1, 0.3, 0.3, 0.9], [0, 0, 1, 1], n_bins=2)
    assert table["n_treated"].tolist() == [1, 1]
    assert table["n_reference"].tolist() == [2, 0]
    assert overlap_coefficient([0.1, 0.3, 0.3, 0.9], [0, 0, 1, 1], n_bins=2) == 0.5  # min(1/2, 1) + min(1/2, 0)
    # Weights 3 and 1 in the first arm put three quarters of it into the first bin.
    assert overlap_coefficient([0.1, 0.3, 0.3, 0.9], [0, 0, 1, 1], [1, 1, 3, 1], n_bins=2) == 0.75


def test_minimum_detectable_difference_by_hand():
    # 100 in each arm: (1.959964 + 0.841621) * 0.5 * sqrt(2/100) = 0.198.
    treated = np.repeat([1, 0], 100)
    assert minimum_detectable_difference(treated) == pytest.approx(2.801585 * 0.5 * np.sqrt(0.02), rel=1e-6)
    # Equal weights of any size change nothing; a cluster design effect of 4 doubles it.
    assert minimum_detectable_difference(treated, np.full(200, 7.0)) == minimum_detectable_difference(treated)
    assert minimum_detectable_difference(treated, design_effect=4) == 2 * minimum_detectable_difference(treated)


def test_design_effect_counts_the_cluster_an_average_member_is_in():
    # Clusters of 3 and 1: the average member is in one of (9 + 1)/4 = 2.5, so 1 + 1.5 * 0.1.
    assert design_effect(["a", "a", "a", "b"], icc=0.1) == pytest.approx(1.15)


class TestPositivity:
    people = pd.DataFrame(
        {"referral": ["court", "court", "self", "self", "provider", "self"], "age": [20.0, 30, 40, 25, 35, 70]}
    )
    treated = np.array([1, 1, 1, 0, 0, 0])

    def test_levels_and_ranges_that_one_arm_lacks_are_named(self):
        found = positivity_failures(self.people, self.treated, arms=("iop", "outpatient"))
        reasons = found.set_index(["covariate", "level"])["reason"].to_dict()
        assert reasons[("referral", "court")] == "nobody with referral 'court' in outpatient"
        assert reasons[("referral", "provider")] == "nobody with referral 'provider' in iop"
        # The second arm is 25 to 70: one of the first is younger; 70 is above anybody in the first arm.
        assert reasons[("age", "below the range of outpatient")] == "some of iop have age below anybody in outpatient"
        assert reasons[("age", "above the range of iop")] == "some of outpatient have age above anybody in iop"
        assert len(found) == 4
        assert found.iloc[0]["level"] == "court"  # most people first

    def test_sites_are_looked_at_like_levels(self):
        found = positivity_failures(self.people[["referral"]], self.treated, ["a", "b", "b", "b", "c", "b"])
        assert set(found.loc[found["covariate"] == "site", "level"]) == {"a", "c"}
        assert one_arm_share(self.treated, ["a", "b", "b", "b", "c", "b"]) == pytest.approx(2 / 6)

    def test_a_least_number_can_be_asked_for(self):
        found = positivity_failures(self.people[["referral"]], self.treated, fewest=2)
        assert "fewer than 2 people with referral 'self' in the first arm" in set(found["reason"])

    def test_nothing_to_say_is_an_empty_table(self):
        assert positivity_failures(pd.DataFrame({"sex": ["f", "m"] * 3}), [1, 0, 0, 1, 1, 0]).empty
