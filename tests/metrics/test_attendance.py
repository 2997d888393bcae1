"""Attendance, by hand.

One person, four weeks, one session a day:

    day       0         3        7          10        14       17
    status    attended  no_show  attended   excused   partial  cancel_program
    minutes   60 of 60  0 of 60  60 of 60   0 of 60   30 of 60 0 of 60
"""

import numpy as np
import pytest

from iop_outcomes.metrics.attendance import attendance_rate, hours_rate, weekly_attendance, weekly_hours
from small import history

SESSIONS = [(0, "attended", 60), (3, "no_show", 0), (7, "attended", 60), (10, "excused", 0), (14, "partial", 30)]
SESSIONS += [(17, "cancel_program", 0)]


def person(sessions=SESSIONS, follow_up_days=28, **episode):
    rows = [
        {
            "session_id": f"s{i}",
            "episode_id": "e1",
            "day": day,
            "status": status,
            "minutes_scheduled": 60,
            "minutes_attended": minutes,
        }
        for i, (day, status, minutes) in enumerate(sessions)
    ]
    return history(episode, {}, session=rows, follow_up_days=follow_up_days)


@pytest.mark.parametrize(
    ("denominator", "answer"),
    [
        ("standard", 2.5 / 4),  # attended, no_show, attended, partial; neither the excused nor the cancelled one
        ("strict", 2.5 / 5),  # the excused one counts too
    ],
)
def test_attendance_rate_by_denominator(denominator, answer):
    result = attendance_rate(person(), window_days=28, denominator=denominator)
    assert result.loc["e1", "value"] == pytest.approx(answer)


def test_plan_counts_prescribed_hours_that_nobody_booked():
    # One hour a week for four weeks = 240 minutes planned; 150 attended.
    planned = person(prescribed_hours_per_week=1, prescribed_weeks=12)
    assert attendance_rate(planned, window_days=28, denominator="plan").loc["e1", "value"] == pytest.approx(150 / 240)


def test_dropout_lowers_plan_but_not_standard():
    stayed_two_weeks = person(SESSIONS[:3], prescribed_hours_per_week=1, prescribed_weeks=12)
    assert attendance_rate(stayed_two_weeks, window_days=28).loc["e1", "value"] == pytest.approx(2 / 3)
    plan = attendance_rate(stayed_two_weeks, window_days=28, denominator="plan")
    assert plan.loc["e1", "value"] == pytest.approx(120 / 240)


def test_somebody_without_a_session_is_missing_and_not_zero():
    result = attendance_rate(person(), window_days=28)
    assert np.isnan(result.loc["e2", "value"])
    assert result.loc["e2", "missing_reason"] == "no session counted in the window"


def test_sessions_after_the_end_of_observation_do_not_count():
    assert attendance_rate(person(follow_up_days=7), window_days=28).loc["e1", "value"] == pytest.approx(1 / 2)


def test_hours():
    assert hours_rate(person(), window_days=28).loc["e1", "value"] == pytest.approx(150 / 240)
    assert weekly_hours(person(), window_days=28)["e1"] == pytest.approx(2.5 / 4)


def test_week_by_week():
    weeks = weekly_attendance(person())
    mine = weeks[weeks["member"] == 0]
    assert mine["n_eligible"].tolist() == [2, 1, 1, 0]
    assert mine["n_attended"].tolist() == [1, 1, 0.5, 0]
    assert mine["hours_attended"].tolist() == [1, 1, 0.5, 0]
