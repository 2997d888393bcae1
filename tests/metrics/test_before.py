"""Use before time zero, by hand: reports of intake, days in jail, and people of whom too little is known."""

import numpy as np
import pytest

from iop_outcomes.history.before import use_before
from small import history


def report(person: str, day: int, window: int, used: float) -> dict:
    """Return a row of ``use_report``."""
    same = {"substance": "any", "source": "interview"}
    return {"person_id": person, "day": day, "window_days": window, "days_used": used, **same}


def test_each_period_is_read_from_what_was_reported_of_its_days():
    people = history({}, {}, use_report=[report("p1", -30, 30, 3), report("p1", -60, 30, 15), report("p2", 0, 7, 7)])
    found = use_before(people)
    assert found.loc["e1"].tolist() == pytest.approx([0.1, 0.5])
    assert found.loc["e2"].isna().all()


def test_days_after_time_zero_and_death_later_on_change_nothing():
    before = [report("p1", -30, 30, 6)]
    later = [report("p1", 0, 30, 30), report("p1", 30, 30, 30)]
    quiet, busy = (use_before(history({}, use_report=rows)) for rows in (before, before + later))
    assert quiet["use_before_30"].tolist() == busy["use_before_30"].tolist() == [pytest.approx(0.2)]


def test_less_than_half_of_a_period_known_is_no_value_and_a_period_that_nobody_knows_has_no_column():
    found = use_before(history({}, {}, use_report=[report("p1", -10, 10, 5), report("p2", -20, 20, 5)]))
    assert list(found) == ["use_before_30"]
    assert np.isnan(found.loc["e1", "use_before_30"])
    assert found.loc["e2", "use_before_30"] == pytest.approx(0.25)


def test_days_in_jail_are_set_apart():
    jail = [{"person_id": "p1", "start_day": -15, "end_day": -1, "reason": "jail"}]
    daily = [report("p1", day, 1, float(day < -20)) for day in range(-30, -15)]
    found = use_before(history({}, use_report=daily, controlled_period=jail))
    assert found.loc["e1", "use_before_30"] == pytest.approx(10 / 15)


def test_without_reports_there_is_nothing():
    assert use_before(history({})).shape[1] == 0
