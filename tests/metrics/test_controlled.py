"""Days in a controlled environment, counted."""

from iop_outcomes.metrics.controlled import controlled_days
from small import history


def test_days_are_counted_once_inside_window_and_follow_up():
    stays = [
        {"person_id": "p1", "start_day": -5, "end_day": 2, "reason": "jail"},  # days 0, 1, 2
        {"person_id": "p1", "start_day": 10, "end_day": 12, "reason": "inpatient"},  # days 10, 11, 12
        {"person_id": "p1", "start_day": 12, "end_day": 13, "reason": "residential"},  # day 13; 12 is counted
        {"person_id": "p1", "start_day": 28, "end_day": 40, "reason": "jail"},  # days 28, 29
    ]
    people = history({}, {}, controlled_period=stays, follow_up_days=30)
    assert controlled_days(people).tolist() == [9, 0]
    assert controlled_days(people, window_days=11).tolist() == [4, 0]
