"""Retention by arm under censoring, by hand.

Ten people in one arm. Care ended on day 10 for two (dropout), on day 40 for one (completed), on day 50 for one
(dropout); three were in care when their observation ended on day 30, one died on day 20, two were seen to day 100.
"""

import numpy as np
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
