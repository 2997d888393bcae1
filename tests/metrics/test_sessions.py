"""Sessions that cannot be are answered by rule, and counted."""

import numpy as np
import pandas as pd
import pytest

from attendees import person, session
from iop_outcomes.history.history import History
from iop_outcomes.history.session_rules import session_rules
from iop_outcomes.history.sessions import sessions_of
from iop_outcomes.metrics.attendance import attendance_rate, hours_rate
from iop_outcomes.metrics.dose import hours_attended, sessions_attended, treatment_days


def applied(history):
    """Return how many sessions each rule applied to, rules without any left out."""
    table = session_rules(history).set_index("rule")
    assert (table["n_members"] <= 1).all()  # only e1 has sessions
    return table["n_sessions"][table["n_sessions"] > 0].to_dict()


def test_good_sessions_break_no_rule():
    assert applied(person(session(0), session(3, "partial", 30), session(7, "no_show"))) == {}


def test_more_minutes_attended_than_scheduled_are_cut():
    member = person(session(0, "attended", 90), session(3, "partial", 75), session(7, "no_show"))
    assert applied(member) == {"more minutes attended than scheduled": 2}
    assert hours_rate(member)["value"].iloc[0] == pytest.approx(120 / 180)
    assert attendance_rate(member)["value"].iloc[0] == pytest.approx(2 / 3)


def test_the_status_decides_whether_somebody_came():
    member = person(session(0, "no_show", 60), session(3, "attended", 0))
    assert applied(member) == {"minutes attended in a session not attended": 1, "attended with zero minutes": 1}
    assert hours_attended(member, window_days=28)["value"].iloc[0] == 1
    assert attendance_rate(member)["value"].iloc[0] == pytest.approx(1 / 2)


def test_sessions_more_than_a_week_after_discharge_are_left_out():
    # Discharged on day 10: day 17 still belongs to winding up, day 18 does not.
    member = person(session(10), session(17), session(18), discharge_day=10)
    assert applied(member) == {"more than 7 days after discharge": 1}
    assert sessions_attended(member, window_days=28)["value"].iloc[0] == 2


def test_sessions_before_time_zero_and_after_observation_are_left_out():
    member = person(session(-1), session(0), session(28))
    assert applied(member) == {"before time zero": 1, "after the end of follow-up": 1}
    assert sessions_attended(member, window_days=28)["value"].iloc[0] == 1


def test_sessions_on_one_day_are_told_apart_by_their_ids():
    # Three alike groups of an hour are a day of three hours; a fourth was missed. The day counts once.
    member = person(session(0), session(0), session(0), session(0, "no_show"))
    alike = {"alike on one day": 2, "alike on one day, but attended and not attended": 4}
    assert applied(member) == alike
    assert hours_attended(member, window_days=28)["value"].iloc[0] == 3
    assert treatment_days(member, window_days=28)["value"].iloc[0] == 1
    assert attendance_rate(member)["value"].iloc[0] == pytest.approx(3 / 4)


def test_sessions_of_different_kinds_on_one_day_are_not_alike():
    assert applied(person(session(0, type="group"), session(0, type="individual"))) == {}


def test_a_slot_with_two_statuses_counts_once_with_the_one_that_comes_first():
    # The contract allows an id once; a table that was never checked can still hold it twice.
    member = person(session(0, "no_show"), session(0), session(3, "excused"), session(3, "no_show"))
    twice = member.records["session"].assign(session_id=["a", "a", "b", "b"])
    member = History(member.members, dict(member.records) | {"session": twice})
    assert applied(member) == {"slot that stands there again": 2}
    # Attended before no show, no show before excused: 1 of 2.
    assert attendance_rate(member)["value"].iloc[0] == pytest.approx(1 / 2)
    assert attendance_rate(member, denominator="strict")["value"].iloc[0] == pytest.approx(1 / 2)


def test_slots_of_different_people_are_different_slots():
    member = person(session(0), session(3) | {"episode_id": "e2"})
    same = member.records["session"].assign(session_id="a")
    member = History(member.members, dict(member.records) | {"session": same})
    assert sessions_attended(member, window_days=28)["value"].tolist() == [1, 1]


def test_a_status_that_is_not_known_is_left_out():
    member = person(session(0), session(3))
    odd = member.records["session"].assign(status=pd.Categorical(["attended", "maybe"]))
    member = History(member.members, dict(member.records) | {"session": odd})
    assert applied(member) == {"status not known": 1}
    assert attendance_rate(member)["value"].iloc[0] == 1


def test_a_source_without_types_minutes_and_modes_still_has_sessions():
    member = person(session(0), session(3, "no_show"))
    bare = member.records["session"][["session_id", "episode_id", "day", "status"]]
    sessions = sessions_of(History(member.members, dict(member.records) | {"session": bare}))
    assert sessions.attended.tolist() == [1, 0]
    np.testing.assert_array_equal(sessions.minutes_attended, [np.nan, 0])
    assert (sessions.type == -1).all()
    assert (sessions.mode == -1).all()
