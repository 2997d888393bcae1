"""Dropout by a gap in attendance: the day it happened and the day it was known."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attendees import crowd, person, session
from iop_outcomes.history.history import History
from iop_outcomes.metrics.dropout import dropout_by_gap, dropout_by_missed_weeks, time_to_dropout


def seen(*days, **others):
    return person(*(session(day) for day in days), **({"follow_up_days": 60} | others))


def first(frame):
    row = frame.iloc[0]
    return [row["dropout_days"], row["dropout_ended"], row["dropout_confirmed_day"], row["state"]]


def test_dropout_is_dated_to_the_day_after_the_last_session_and_known_when_the_gap_has_lasted():
    # Days 4 to 17 are the first 14 days in a row without a session.
    assert first(time_to_dropout(seen(0, 3, 20), 14)) == [4, 1, 17, "dropout"]


@pytest.mark.parametrize(("gap_days", "dropped"), [(7, 1), (13, 1), (14, 0), (30, 0)])
def test_a_gap_of_exactly_g_empty_days_counts(gap_days, dropped):
    # Attended on days 0 and 14 and then weekly: 13 days in between without a session.
    member = seen(0, 14, 20, 26, 32, 38, 44, 50, 56, 59)
    assert dropout_by_gap(member, gap_days=gap_days, window_days=14)["value"].iloc[0] == dropped


def test_a_gap_still_open_when_observation_ends_is_censored_where_it_could_last_be_seen():
    # 60 days observed: a gap of 14 days that begins on day 46 is known on day 59, one that begins later is not.
    np.testing.assert_equal(first(time_to_dropout(seen(*range(0, 50, 7)), 14)), [46, 0, np.nan, "in_care"])


@pytest.mark.parametrize("reason", ["completed", "transfer"])
def test_completion_and_transfer_are_no_dropout_unless_the_gap_had_lasted_before(reason):
    ended = first(time_to_dropout(seen(0, 3, discharge_day=15, discharge_reason=reason), 14))
    np.testing.assert_equal(ended, [15, 0, np.nan, reason])
    late = first(time_to_dropout(seen(0, 3, discharge_day=18, discharge_reason=reason), 14))
    assert late == [4, 1, 17, "dropout"]


def test_being_discharged_for_leaving_is_dropout_on_the_day_after_the_last_session():
    assert first(time_to_dropout(seen(0, 3, discharge_day=33, discharge_reason="dropout"), 14))[:2] == [4, 1]


def test_waiting_is_no_gap_but_never_coming_is_dropout():
    waited = time_to_dropout(seen(20, *range(21, 60, 7)), 14)
    assert waited["state"].tolist() == ["in_care", "dropout"]  # e2 has no session at all
    assert waited["dropout_days"].iloc[1] == 0
    assert waited["dropout_confirmed_day"].iloc[1] == 59


def test_death_is_a_state_of_its_own():
    dead = seen(0, 3, follow_up_days=10)
    dead.members["end_reason"] = "death"
    np.testing.assert_equal(first(time_to_dropout(dead, 14)), [9, 0, np.nan, "death"])
    assert dropout_by_gap(dead, gap_days=14, window_days=28)["value"].iloc[0] == 0


def test_four_missed_weeks():
    # Attended in week 1 and week 6: weeks 2 to 5 are missed.
    member = seen(0, 35, follow_up_days=42)
    assert dropout_by_missed_weeks(member, window_days=42)["value"].tolist() == [1, 1]
    assert dropout_by_missed_weeks(member, weeks=5, window_days=42)["value"].tolist() == [0, 1]
    assert np.isnan(dropout_by_missed_weeks(seen(0, 35, follow_up_days=28), window_days=42)["value"].iloc[0])


def test_weeks_after_completion_are_not_missed():
    member = seen(0, 7, discharge_day=13, discharge_reason="completed")
    assert dropout_by_missed_weeks(member, window_days=56)["value"].iloc[0] == 0


@settings(max_examples=8)
@given(st.integers(0, 10_000), st.integers(2, 20), st.integers(1, 10))
def test_a_longer_gap_is_never_met_earlier(seed, gap_days, more):
    history = History.of(*crowd(seed))
    short, long = time_to_dropout(history, gap_days), time_to_dropout(history, gap_days + more)
    both = (long["state"] == "dropout") & short["dropout_days"].notna()
    assert (short["state"][both] == "dropout").all()
    assert (short["dropout_days"][both] <= long["dropout_days"][both]).all()
    known = short["state"] == "dropout"
    assert (short["dropout_confirmed_day"][known] >= short["dropout_days"][known] + gap_days - 1).all()
