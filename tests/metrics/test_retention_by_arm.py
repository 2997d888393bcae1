"""Retention by arm under censoring, by hand.

Ten people in one arm. Care ended on day 10 for two (dropout), on day 40 for one (completed), on day 50 for one
(dropout); three were in care when their observation ended on day 30, one died on day 20, two were seen to day 100.
"""

import numpy as np
import pandas as pd
import pytest

from iop_outcomes.describe.retention import care_states, retention_by_arm, states_by_arm
from iop_outcomes.kernel.errors import StudyError
from small import history


def ten_people():
    left = [(10, "dropout"), (10, "dropout"), (40, "completed"), (50, "dropout")]
    stays = [{"admission_day": 0, "discharge_day": day, "discharge_reason": reason} for day, reason in left]
    people = history(*stays, *({"admission_day": 0} for _ in range(6)), follow_up_days=101)
    people.members.loc[["e5", "e6", "e7"], "follow_up_end_day"] = 30
    people.members.loc["e8", ["follow_up_end_day", "end_reason"]] = [20, "death"]
    return people


def test_states_keep_the_ways_to_end_apart():
    states = care_states(ten_people())["state"].value_counts()
    assert states[states > 0].to_dict() == {"in_care": 5, "dropout": 3, "completed": 1, "death": 1}


def test_kaplan_meier_retention():
    curve = retention_by_arm(ten_people(), days=(10, 11, 40, 41, 60, 101)).set_index("day")
    # On day 10 two of ten end; death on day 20 and observation on day 30 censor, so that four are at risk on day 40.
    after_40 = 8 / 10 * 3 / 4
    answers = [1, 8 / 10, 8 / 10, after_40, after_40 * 2 / 3, after_40 * 2 / 3]
    np.testing.assert_allclose(curve["retained"], answers)
    assert curve["n_at_risk"].tolist() == [10, 10, 4, 4, 2, 2]
    assert curve["n_ended"].tolist() == [0, 2, 2, 3, 4, 4]


def test_naive_shares_would_have_called_the_unseen_retained_or_dropped_them():
    retained = retention_by_arm(ten_people(), days=(60,))["retained"].iloc[0]
    assert retained == pytest.approx(0.4)
    assert retained not in (6 / 10, 2 / 6)


def test_aalen_johansen_shares_sum_to_one():
    table = states_by_arm(ten_people(), days=(11, 31, 60))
    shares = table.pivot(index="day", columns="state", values="share")
    np.testing.assert_allclose(shares.sum(axis=1), 1)
    # Death of one of eight at risk on day 20 competes; then 1 of 4 completes, and 1 of 3 of the rest drops out.
    alive = 8 / 10 * 7 / 8
    np.testing.assert_allclose(shares["dropout"], [0.2, 0.2, 0.2 + alive * 3 / 4 / 3])
    np.testing.assert_allclose(shares["completed"], [0, 0, alive / 4])
    np.testing.assert_allclose(shares["death"], [0, 0.1, 0.1])


def test_nothing_is_said_past_the_last_day_anybody_was_watched():
    curve = retention_by_arm(ten_people(), days=(101, 102)).set_index("day")
    assert curve["n_at_risk"].tolist() == [2, 0]
    assert curve["retained"].notna().tolist() == [True, False]


def test_an_arm_that_ended_completely_is_known_to_have_ended():
    everybody = history({"admission_day": 0, "discharge_day": 5}, {"admission_day": 0, "discharge_day": 9})
    assert retention_by_arm(everybody, days=(90,))["retained"].tolist() == [0]


def test_arms_are_apart_and_never_started_is_a_state():
    two = history(
        {"level_of_care": "2.1", "admission_day": 0}, {"admission_day": None, "discharge_day": 14}, follow_up_days=60
    )
    curve = retention_by_arm(two, days=(30,)).set_index("arm")
    assert curve["retained"].to_dict() == {"iop": 1, "outpatient": 0}
    assert care_states(two)["state"].tolist() == ["in_care", "never_started"]


def test_a_source_without_days_of_discharge_is_refused():
    with pytest.raises(StudyError, match="records no day of discharge or last contact"):
        retention_by_arm(history({}, {}))


def arm_at_sites(left, stayed):
    """Return one arm at three sites, where some left on day 10 and the others were seen to day 100."""
    rows = []
    for gone, here in zip(left, stayed, strict=True):
        rows += [{"admission_day": 0, "discharge_day": 10, "discharge_reason": "dropout"}] * gone
        rows += [{"admission_day": 0}] * here
    people = history(*rows, follow_up_days=101)
    site = np.repeat(["a", "b", "c"], np.add(left, stayed))
    people.members["site_id"] = pd.Series(site, index=[f"e{number}" for number in range(1, len(rows) + 1)])
    return people


def test_without_clusters_the_interval_is_greenwoods_whatever_the_sites():
    row = retention_by_arm(arm_at_sites((50, 50, 50), (50, 50, 50)), days=(60,), cluster=None).iloc[0]
    assert row["se"] == pytest.approx(np.sqrt(0.25 / 300))
    half = 1.959964 * row["se"] / (0.5 * np.log(2))
    np.testing.assert_allclose(row[["ci_low", "ci_high"]].astype(float), [0.5 ** np.exp(half), 0.5 ** np.exp(-half)])


def test_sites_that_agree_give_no_interval_and_not_a_certain_one():
    row = retention_by_arm(arm_at_sites((50, 50, 50), (50, 50, 50)), days=(60,)).iloc[0]
    assert row["retained"] == pytest.approx(0.5)
    assert row[["se", "ci_low", "ci_high"]].isna().all()


def test_by_site_few_sites_widen_the_interval():
    row = retention_by_arm(arm_at_sites((40, 50, 60), (60, 50, 40)), days=(60,)).iloc[0]
    # Shares of 0.6, 0.5 and 0.4 around 0.5: variance 3/2 * (0.1**2 + 0.1**2) / 9, and the t quantile with 2 degrees.
    assert row["se"] == pytest.approx(np.sqrt(1.5 * 0.02 / 9))
    half = 4.302653 * row["se"] / (0.5 * np.log(2))
    np.testing.assert_allclose(row[["ci_low", "ci_high"]].astype(float), [0.5 ** np.exp(half), 0.5 ** np.exp(-half)])


@pytest.mark.parametrize("cluster", [None, "site"])
def test_nobody_left_or_everybody_is_no_certainty(cluster):
    people = arm_at_sites((3, 3, 3), (0, 0, 0))
    for day, retained in ((5, 1), (60, 0)):
        row = retention_by_arm(people, days=(day,), cluster=cluster).iloc[0]
        assert row["retained"] == retained
        assert row[["ci_low", "ci_high"]].isna().all()


def test_an_arm_at_one_of_several_sites_has_no_interval_by_site():
    two = history(*[{"admission_day": 0, "discharge_day": day} for day in (5, 50, 60, 70)], follow_up_days=101)
    two.members["site_id"] = ["a", "a", "a", "b"]
    two.members["arm"] = ["iop", "iop", "iop", "outpatient"]
    assert retention_by_arm(two, days=(30,)).set_index("arm").loc["iop", ["ci_low", "ci_high"]].isna().all()


def test_states_follow_the_same_clusters():
    people = arm_at_sites((40, 50, 60), (60, 50, 40))
    by_site = states_by_arm(people, days=(60,)).set_index("state").loc["dropout"]
    alone = states_by_arm(people, days=(60,), cluster=None).set_index("state").loc["dropout"]
    assert by_site["se"] == pytest.approx(np.sqrt(1.5 * 0.02 / 9))
    assert alone["se"] == pytest.approx(np.sqrt(0.25 / 300))


def test_who_was_discharged_on_a_day_nobody_knows_is_in_no_curve():
    known = {"admission_day": 0, "discharge_day": 20, "discharge_reason": "completed"}
    people = history(known, {"admission_day": 0, "discharge_reason": "dropout"})
    assert care_states(people)["state"].isna().tolist() == [False, True]
    assert retention_by_arm(people, days=(10,))["n"].tolist() == [1]
