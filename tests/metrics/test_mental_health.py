"""PHQ-9 and GAD-7 by hand; the forms are (day, answers)."""

import numpy as np
import pytest

from iop_outcomes.metrics.mental_health import (
    reliable_change,
    symptom_change,
    symptom_remission,
    symptom_response,
    symptom_score,
)
from small import history

SEVERE, HALF, MILD = "333222111", "111111110", "111100000"  # 18, 8 and 4 points


def person(*forms: tuple[int, str], instrument: str = "PHQ9", follow_up_days: int = 180):
    rows = [
        {"person_id": "p1", "day": day, "instrument": instrument, "item": str(item), "value": int(answer)}
        for day, answers in forms
        for item, answer in enumerate(answers, start=1)
        if answer != "."
    ]
    return history({}, assessment=rows, follow_up_days=follow_up_days)


def value(metric, *forms, instrument="PHQ9", **settings) -> float:
    return metric(person(*forms, instrument=instrument), **settings)["value"].iloc[0]


def test_the_last_form_between_the_days_is_scored():
    forms = [(0, SEVERE), (30, HALF), (90, MILD), (200, SEVERE)]
    assert value(symptom_score, *forms) == 4
    assert value(symptom_score, *forms, to_day=60) == 8
    assert np.isnan(value(symptom_score, *forms, from_day=100))  # day 200 is after the follow-up


@pytest.mark.parametrize(
    ("answers", "score"),
    [("333222111", 18), ("33322211.", 17 * 9 / 8), ("3332221..", 16 * 9 / 7), ("333222...", np.nan)],
)
def test_up_to_two_missing_answers_are_made_up_for(answers, score):
    assert value(symptom_score, (30, answers)) == pytest.approx(score, nan_ok=True)


def test_an_incomplete_last_form_gives_way_to_the_one_before():
    assert value(symptom_score, (30, HALF), (60, "1........")) == 8


def test_the_baseline_is_the_last_form_up_to_time_zero_or_the_first_after_it():
    assert value(symptom_change, (-20, MILD), (-2, SEVERE), (3, MILD), (60, HALF)) == 8 - 18
    assert value(symptom_change, (3, SEVERE), (6, MILD), (60, HALF)) == 8 - 18
    assert np.isnan(value(symptom_change, (-40, SEVERE), (10, SEVERE), (60, HALF)))


def test_response_and_remission_look_at_people_with_ten_points_or_more():
    assert value(symptom_response, (0, SEVERE), (60, HALF)) == 1  # 8 of 18 points
    assert value(symptom_remission, (0, SEVERE), (60, HALF)) == 0
    assert value(symptom_remission, (0, SEVERE), (60, MILD)) == 1
    mild = symptom_response(person((0, MILD), (60, MILD)))
    assert np.isnan(mild["value"].iloc[0])
    assert mild["missing_reason"].iloc[0] == "below the baseline score asked for"


def test_reliable_change_needs_six_points_on_phq9_and_four_on_gad7():
    assert value(reliable_change, (0, SEVERE), (60, "222221100")) == 1  # 18 to 12
    assert value(reliable_change, (0, SEVERE), (60, "222222100")) == 0  # 18 to 13
    gad7 = [(0, "3332221"), (60, "2222211")]  # 16 to 12
    assert reliable_change(person(*gad7, instrument="GAD-7"), instrument="GAD7")["value"].iloc[0] == 1
    assert value(reliable_change, (0, MILD), (60, SEVERE), direction="worse") == 1


@pytest.mark.parametrize("name", ["PHQ9", "PHQ-9", "phq 9", "Phq_9"])
def test_names_of_instruments_are_read_generously(name):
    assert symptom_score(person((30, HALF), instrument=name))["value"].iloc[0] == 8


def test_a_total_without_answers_is_taken():
    rows = [{"person_id": "p1", "day": 30, "instrument": "PHQ9", "item": "total", "value": 11}]
    assert symptom_score(history({}, assessment=rows))["value"].iloc[0] == 11
    rows[0]["value"] = 40  # more than PHQ-9 can give
    assert np.isnan(symptom_score(history({}, assessment=rows))["value"].iloc[0])


def test_an_answer_out_of_range_is_no_answer():
    assert value(symptom_score, (30, "911111110")) == pytest.approx(7 * 9 / 8)
