"""Hours week by week: only whole weeks that were observed, nine hours or six."""

import numpy as np
import pytest

from attendees import person, session
from iop_outcomes.metrics.weekly_hours import hours_fidelity, weekly_attendance, weekly_hours

# Nine hours in week 1, six in week 2 (of nine offered), none in week 3 (of three offered).
WEEKS = [session(day, of=180) for day in (0, 2, 4, 7, 9)] + [session(11, "no_show", of=180), session(14, "excused")]
WEEKS += [session(16, "no_show", of=120)]


def test_week_by_week():
    weeks = weekly_attendance(person(*WEEKS))
    mine = weeks[weeks["member"] == 0]
    assert mine["week"].tolist() == [1, 2, 3, 4]
    assert mine["n_eligible"].tolist() == [3, 3, 1, 0]  # standard: without the excused one
    assert mine["n_attended"].tolist() == [3, 2, 0, 0]
    assert mine["hours_offered"].tolist() == [9, 9, 3, 0]  # strict: the excused hour was offered
    assert mine["hours_attended"].tolist() == [9, 6, 0, 0]


@pytest.mark.parametrize(("days", "weeks", "mean"), [(28, 4, 15 / 4), (27, 3, 15 / 3), (8, 1, 9), (6, 0, np.nan)])
def test_a_week_cut_by_the_end_of_observation_is_dropped_and_none_after_it_is_filled(days, weeks, mean):
    member = person(*WEEKS, follow_up_days=days)
    assert (weekly_attendance(member)["member"] == 0).sum() == weeks
    assert weekly_hours(member, window_days=28)["value"].iloc[0] == pytest.approx(mean, nan_ok=True)


def test_a_week_attended_for_an_unknown_time_is_unknown_and_not_zero():
    unknown = session(9) | {"minutes_scheduled": None, "minutes_attended": None}
    member = person(session(0), unknown)
    np.testing.assert_array_equal(weekly_attendance(member)["hours_attended"][:4], [1, np.nan, 0, 0])
    assert weekly_hours(member, window_days=28)["value"].iloc[0] == pytest.approx(1 / 3)


@pytest.mark.parametrize(
    ("hours", "answer"),
    [
        ("assigned", 4 / 4),  # nine hours a week were prescribed
        ("offered", 2 / 4),  # weeks 1 and 2
        ("received", 1 / 4),  # week 1
    ],
)
def test_fidelity_to_nine_hours(hours, answer):
    member = person(*WEEKS, level_of_care="2.1", prescribed_hours_per_week=9)
    assert hours_fidelity(member, window_days=28, hours=hours)["value"].iloc[0] == pytest.approx(answer)


def test_adolescents_need_six_hours_and_weeks_end_with_the_plan():
    member = person(*WEEKS, level_of_care="2.1", prescribed_weeks=3)
    member.members["age_years"] = 17.0
    assert hours_fidelity(member, window_days=28)["value"].iloc[0] == pytest.approx(2 / 3)
    member.members["age_years"] = np.nan  # not recorded: counts as an adult
    assert hours_fidelity(member, window_days=28)["value"].iloc[0] == pytest.approx(1 / 3)


def test_outpatients_have_no_fidelity_to_a_plan_that_was_not_theirs():
    result = hours_fidelity(person(*WEEKS, level_of_care="1"), window_days=28)
    assert result["missing_reason"].iloc[0] == "not assigned to level 2.1"
