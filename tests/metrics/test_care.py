"""Time in care, by hand."""

import numpy as np
import pandas as pd
import pytest

from iop_outcomes.history.care import time_in_care
from iop_outcomes.history.care_rules import CareRules
from small import history


@pytest.mark.parametrize(
    ("row", "days", "ended"),
    [
        ({"admission_day": 2, "discharge_day": 50, "discharge_reason": "dropout"}, 50, True),
        ({"admission_day": 2, "discharge_day": 50, "discharge_reason": "death"}, 50, False),
        ({"admission_day": 2, "discharge_day": 400, "discharge_reason": "completed"}, 179, False),
        ({"admission_day": 2, "discharge_day": None}, 179, False),
        ({"admission_day": None, "discharge_day": 14, "discharge_reason": "dropout"}, 0, True),
    ],
)
def test_time_in_care_ends_at_discharge_and_is_censored_by_death_and_the_end_of_follow_up(row, days, ended):
    known = {"admission_day": 0, "discharge_day": 10, "discharge_reason": "completed"}
    got_days, got_ended = time_in_care(history(row, known, follow_up_days=180))
    assert (got_days["e1"], bool(got_ended["e1"])) == (days, ended)


def test_a_source_without_days_of_discharge_has_no_time_in_care():
    days, ended = time_in_care(history({"discharge_reason": "completed"}))
    assert np.isnan(days["e1"])
    assert ended.isna().all()


def in_care(*contacts, data_end=100, care=None, follow_up_days=None, **episode):
    """Return days and end of e1, in care as far as is recorded, seen on some days; e2 shows that discharges are."""
    row = {"admission_day": 0, "observation_end_day": data_end} | episode
    sessions = [{"session_id": f"s{day}", "episode_id": "e1", "day": day, "status": "attended"} for day in contacts]
    known = {"admission_day": 0, "discharge_day": 10, "discharge_reason": "completed", "observation_end_day": 400}
    members = history(row, known, session=sessions, follow_up_days=follow_up_days or data_end + 1)
    members.care = care or CareRules()
    days, ended = time_in_care(members)
    return days["e1"], ended["e1"]


@pytest.mark.parametrize(
    ("last_contact", "days", "ended"),
    [
        (97, 100, False),  # seen three days before the data end: in care, and censored there
        (71, 100, False),  # 29 days without contact, which is no gap yet
        (70, 70, True),  # 30 days, 71 to 100
        (40, 40, True),
    ],
)
def test_at_the_end_of_the_data_a_gap_ends_care_only_when_it_has_lasted(last_contact, days, ended):
    assert in_care(last_contact_day=last_contact) == (days, ended)
    assert in_care(*range(0, last_contact, 7), last_contact) == (days, ended)  # the same seen in sessions


def test_the_study_says_how_long_a_gap_is_and_on_which_day_it_ends_care():
    assert in_care(last_contact_day=80, care=CareRules(gap_days=14)) == (80, True)
    assert in_care(last_contact_day=40, care=CareRules(dated="confirmation")) == (70, True)
    assert in_care(last_contact_day=40, care=CareRules(gap_days=None)) == (100, False)


def test_what_comes_after_the_follow_up_tells_whether_a_gap_in_it_lasted():
    later = {"data_end": 400, "follow_up_days": 180}
    assert in_care(last_contact_day=170, **later) == (170, True)
    assert in_care(last_contact_day=390, **later) == (179, False)
    assert in_care(*range(0, 171, 10), 190, **later) == (179, False)
    assert in_care(*range(0, 171, 10), 210, **later) == (170, True)
    # Without observation after the follow-up nobody knows whether the gap lasted.
    assert in_care(last_contact_day=170, data_end=179) == (179, False)


def test_coming_back_after_a_gap_does_not_undo_the_end():
    assert in_care(0, 10, 41, 97) == (10, True)
    assert in_care(0, 10, 40, 70, 97) == (100, False)
    assert in_care(0, 30, 60, 70, 100) == (100, False)  # the last session is on the last day of the data


def test_a_last_contact_of_the_source_is_taken_at_its_word_and_sessions_after_it_carry_care_on():
    assert in_care(0, 97, last_contact_day=60) == (60, True)
    assert in_care(0, 65, 90, last_contact_day=60) == (100, False)


def test_missed_sessions_are_no_contact():
    missed = [{"session_id": "s1", "episode_id": "e1", "day": 90, "status": "no_show"}]
    rows = ({"admission_day": 0, "last_contact_day": 40}, {"admission_day": 0, "discharge_day": 5})
    days, ended = time_in_care(history(*rows, session=missed, follow_up_days=101))
    assert (days["e1"], ended["e1"]) == (40, True)


def test_death_before_a_gap_has_lasted_censors():
    rows = ({"admission_day": 0, "last_contact_day": 40}, {"admission_day": 0, "discharge_day": 5})
    for death, answer in ((69, (69, False)), (70, (40, True))):
        died = history(*rows, person=[{"person_id": "p1", "death_day": death}, {"person_id": "p2"}])
        died.members["follow_up_end_day"], died.members["end_reason"] = death, "death"
        days, ended = time_in_care(died)
        assert (days["e1"], ended["e1"]) == answer


@pytest.mark.parametrize(("data_end", "answer"), [(29, (29, False)), (30, (0, True))])
def test_waiting_for_admission_when_the_data_end_is_not_yet_never_having_started(data_end, answer):
    assert in_care(admission_day=None, data_end=data_end) == answer


def test_a_discharge_whose_day_nobody_wrote_down_is_dated_to_the_last_contact_or_not_at_all():
    assert in_care(0, 97, discharge_reason="completed") == (97, True)
    days, ended = in_care(discharge_reason="completed")
    assert np.isnan(days)
    assert pd.isna(ended)


def test_a_recorded_discharge_counts_and_no_gap_before_it():
    assert in_care(0, 10, discharge_day=95, discharge_reason="completed") == (95, True)
