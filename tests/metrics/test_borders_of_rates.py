"""Both sides of the borders of rates of attendance: the last day that counts and the next, all and more than all."""

import pytest

from attendees import person, session
from iop_outcomes.metrics import attendance


def value(metric, member, **settings) -> float:
    return metric(member, **settings)["value"].iloc[0]


@pytest.mark.parametrize(("missed", "answer"), [(13, 1 / 2), (14, 1)])
@pytest.mark.parametrize("metric", [attendance.attendance_rate, attendance.hours_rate, attendance.no_show_rate])
def test_a_session_missed_on_the_last_day_of_the_window_counts_and_one_on_the_next_day_does_not(metric, missed, answer):
    member = person(session(0), session(missed, "no_show"))
    missing = metric is attendance.no_show_rate
    assert value(metric, member, window_days=14) == (1 - answer if missing else answer)


@pytest.mark.parametrize(("day", "answer"), [(13, 1 / 18), (14, 0)])
def test_of_a_plan_of_two_weeks_the_fourteenth_day_is_the_last(day, answer):
    # Nine hours a week for two weeks are 18; one hour was attended.
    member = person(session(day), prescribed_hours_per_week=9, prescribed_weeks=2)
    assert value(attendance.hours_rate, member, denominator="plan") == pytest.approx(answer)


@pytest.mark.parametrize(("hours", "answer"), [(1, 1 / 2), (2, 1), (3, 1)])
def test_who_comes_for_more_than_was_planned_has_come_for_all_of_it(hours, answer):
    # One hour a week for two weeks.
    member = person(session(0, of=60 * hours), prescribed_hours_per_week=1, prescribed_weeks=2)
    assert value(attendance.hours_rate, member, denominator="plan") == pytest.approx(answer)
