"""Time in care, by hand."""

import numpy as np
import pytest

from iop_outcomes.history.care import time_in_care
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
