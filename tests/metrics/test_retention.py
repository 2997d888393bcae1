"""Retention, completion and dropout, by hand."""

import numpy as np
import pytest

from iop_outcomes.metrics.retention import completion, dropout, retention
from small import history

FATES = [
    {"admission_day": 0, "discharge_day": 20, "discharge_reason": "dropout"},
    {"admission_day": 0, "discharge_day": 100, "discharge_reason": "completed"},
    {"admission_day": 0, "discharge_day": None, "discharge_reason": None},
    {"admission_day": None, "discharge_day": 14, "discharge_reason": "dropout"},
    {"admission_day": 0, "discharge_day": 95, "discharge_reason": "transfer"},
]


def test_retention_at_90_days():
    assert retention(history(*FATES), day=90)["value"].tolist() == [0, 1, 1, 0, 1]


def test_somebody_observed_for_60_days_is_not_known_to_be_retained_at_90():
    result = retention(history(*FATES, follow_up_days=60), day=90)
    np.testing.assert_array_equal(result["value"], [0, np.nan, np.nan, 0, np.nan])
    assert result["missing_reason"].iloc[1] == "observed for less than this time"


def test_completion_and_dropout_come_from_the_reason_and_are_missing_without_one():
    members = history(*FATES)
    np.testing.assert_array_equal(completion(members)["value"], [0, 1, np.nan, 0, 0])
    np.testing.assert_array_equal(completion(members, count_transfer=True)["value"], [0, 1, np.nan, 0, 1])
    np.testing.assert_array_equal(dropout(members)["value"], [1, 0, np.nan, 1, 0])


@pytest.mark.parametrize(("days", "answer"), [(120, 0.0), (60, 0.0)])
def test_a_death_before_the_day_is_not_retention(days, answer):
    dead = history({"admission_day": 0, "discharge_day": None}, {"admission_day": 0, "discharge_day": 5})
    dead.members["follow_up_end_day"] = 50
    dead.members["end_reason"] = "death"
    assert retention(dead, day=days)["value"].iloc[0] == answer


def test_without_any_day_of_discharge_on_record_nobody_is_called_retained():
    result = retention(history({}, {}), day=90)
    assert result["value"].isna().all()
    assert set(result["missing_reason"]) == {"no day of discharge or last contact on record"}


def test_who_is_never_admitted_did_not_complete_once_the_follow_up_is_over():
    # Completed; never came; never came as far as the data go.
    admitted = {"admission_day": 1, "discharge_day": 95, "discharge_reason": "completed"}
    people = history(admitted, {}, {"observation_end_day": 40})
    people.members.loc["e3", "end_reason"] = "end_of_data"
    found = completion(people)
    assert found["value"].fillna(-1).tolist() == [1, 0, -1]
    assert found["missing_reason"].notna().tolist() == [False, False, True]


def test_a_source_without_admissions_says_nothing_of_who_never_came():
    assert completion(history({"discharge_day": 95, "discharge_reason": "completed"}, {}))["value"].isna().sum() == 1
