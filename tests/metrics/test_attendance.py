"""Attendance, by hand: one person, four weeks, six sessions of an hour.

day       0         3        7          10        14       17
status    attended  no_show  attended   excused   partial  cancel_program
minutes   60        0        60         0         30       0
"""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attendees import attendance_metrics, crowd, person, session, values_of
from iop_outcomes.history.denominators import POLICIES, VERSION, policies
from iop_outcomes.history.history import History
from iop_outcomes.metrics.attendance import attendance_rate, hours_rate, no_show_rate
from small import history

SESSIONS = [session(0), session(3, "no_show"), session(7), session(10, "excused"), session(14, "partial", 30)]
SESSIONS += [session(17, "cancel_program")]
STATUSES = st.sampled_from(["attended", "partial", "no_show", "late_cancel", "excused", "cancel_program", "closed"])


@pytest.mark.parametrize(
    ("denominator", "answer"),
    [
        ("standard", 2.5 / 4),  # attended, no_show, attended, partial; neither the excused nor the cancelled one
        ("strict", 2.5 / 5),  # the excused one counts too
        ("plan", 2.5 / (4 * 3)),  # three hours a week for four weeks were prescribed
    ],
)
def test_attendance_rate_by_denominator(denominator, answer):
    member = person(*SESSIONS, prescribed_hours_per_week=3)
    result = attendance_rate(member, window_days=28, denominator=denominator)
    assert result.loc["e1", "value"] == pytest.approx(answer)
    assert hours_rate(member, window_days=28, denominator=denominator).loc["e1", "value"] == pytest.approx(answer)


def test_the_policies_are_named_and_versioned():
    table = policies()
    assert table["name"].tolist() == ["strict", "standard", "plan"]
    assert (table["version"] == VERSION).all()
    assert set(POLICIES["standard"].left_out) - set(POLICIES["strict"].left_out) == {"excused"}


def test_dropout_lowers_plan_but_not_standard():
    # Both come to two of three sessions; the first has no more booked after day 7. One hour a week is 4 hours.
    left = person(*SESSIONS[:3], prescribed_hours_per_week=1)
    assert attendance_rate(left, window_days=28).loc["e1", "value"] == pytest.approx(2 / 3)
    assert attendance_rate(left, window_days=28, denominator="plan").loc["e1", "value"] == pytest.approx(2 / 4)


def test_plan_ends_with_the_planned_length_and_with_observation_and_with_nothing_else():
    # Of one hour a week: two weeks planned, or two weeks observed, of the four of the window.
    planned = person(*SESSIONS, prescribed_hours_per_week=1, prescribed_weeks=2)
    censored = person(*SESSIONS, prescribed_hours_per_week=1, follow_up_days=14)
    discharged = person(*SESSIONS[:3], prescribed_hours_per_week=1, discharge_day=10, discharge_reason="dropout")
    rates = [attendance_rate(m, window_days=28, denominator="plan")["value"].iloc[0] for m in (planned, censored)]
    assert rates == [pytest.approx(2 / 2), pytest.approx(2 / 2)]
    assert attendance_rate(discharged, window_days=28, denominator="plan")["value"].iloc[0] == pytest.approx(2 / 4)


def test_nobody_is_given_a_zero_because_nothing_is_on_record():
    result = attendance_rate(person(*SESSIONS), window_days=28)
    assert np.isnan(result.loc["e2", "value"])
    assert result.loc["e2", "missing_reason"] == "no session counted in the window"
    result = attendance_rate(person(*SESSIONS), window_days=28, denominator="plan")
    assert result["missing_reason"].tolist() == ["no prescribed hours on record"] * 2


def test_sessions_after_the_end_of_observation_do_not_count():
    result = attendance_rate(person(*SESSIONS, follow_up_days=7), window_days=28)
    assert result.loc["e1", "value"] == pytest.approx(1 / 2)
    assert result.loc["e1", "observed_share"] == pytest.approx(7 / 28)


@pytest.mark.parametrize(("minutes", "by_minutes", "by_half"), [(29, 29 / 60, 0), (30, 0.5, 1), (59, 59 / 60, 1)])
def test_a_partial_attendance_counts_by_its_minutes_or_in_full_from_half_on(minutes, by_minutes, by_half):
    member = person(session(0, "partial", minutes))
    assert attendance_rate(member)["value"].iloc[0] == pytest.approx(by_minutes)
    assert attendance_rate(member, partial="half")["value"].iloc[0] == by_half


def test_without_minutes_a_partial_attendance_is_half_and_hours_have_no_rate():
    member = person(session(0, "partial") | {"minutes_scheduled": None, "minutes_attended": None}, session(3))
    assert attendance_rate(member)["value"].iloc[0] == pytest.approx(1.5 / 2)
    assert hours_rate(member)["value"].iloc[0] == 1  # of the session whose length is known
    with_plan = person(session(0) | {"minutes_scheduled": None, "minutes_attended": None}, prescribed_hours_per_week=1)
    result = hours_rate(with_plan, denominator="plan")
    assert result["missing_reason"].iloc[0] == "sessions were attended for a time that is not recorded"


def test_no_show_rate_counts_sessions_held_and_not_cancelled_in_time():
    # no_show 1 of attended 2, partial 1, no_show 1, late_cancel 1; cancelled in time and excused are out.
    more = [session(18, "late_cancel"), session(19, "cancel_patient")]
    assert no_show_rate(person(*SESSIONS, *more), window_days=28)["value"].iloc[0] == pytest.approx(1 / 5)


def test_where_little_is_on_record_every_missing_value_has_its_reason():
    bare = history({}, {}, follow_up_days=100)
    for metric in attendance_metrics():
        result = values_of(metric, bare)
        missing = result["value"].isna()
        assert (result["missing_reason"].notna() == missing).all(), metric.name
        assert (result["missing_reason"][missing].str.len() > 0).all(), metric.name


@settings(max_examples=15)
@given(st.lists(STATUSES, min_size=1, max_size=28))
def test_denominators_are_ordered(statuses):
    """Excused absences only widen strict; plan is lowest where no more is booked than was prescribed."""
    member = person(*(session(day, s, 30 if s == "partial" else None) for day, s in enumerate(statuses)))
    member.members["prescribed_hours_per_week"] = 7.0
    rate = {d: hours_rate(member, window_days=28, denominator=d)["value"].iloc[0] for d in POLICIES}
    if not np.isnan(rate["standard"]):
        assert rate["plan"] <= rate["standard"] + 1e-12
        assert rate["strict"] <= rate["standard"] + 1e-12


@settings(max_examples=10)
@given(st.lists(STATUSES, min_size=1, max_size=28))
def test_plan_does_not_look_at_what_was_booked_and_missed(statuses):
    sessions = [session(day, s, 30 if s == "partial" else None) for day, s in enumerate(statuses)]
    came = [row for row in sessions if row["minutes_attended"]]
    rates = [
        attendance_rate(person(*rows, prescribed_hours_per_week=9), window_days=28, denominator="plan")["value"].iloc[0]
        for rows in (sessions, [*came, session(0, "no_show")])
    ]
    assert rates[0] == pytest.approx(rates[1])


@pytest.mark.slow
@settings(max_examples=5)
@given(st.integers(0, 10_000))
def test_shuffling_rows_and_renaming_people_changes_nothing(seed):
    cohort, records = crowd(seed)
    rng = np.random.default_rng(seed)
    names = cohort["member_id"].tolist()
    other = dict(zip(names, rng.permutation([f"x{number}" for number in range(len(names))]), strict=True))
    shuffled = {name: frame.sample(frac=1, random_state=seed) for name, frame in records.items()}
    for name in ("session", "episode"):
        shuffled[name] = shuffled[name].assign(episode_id=shuffled[name]["episode_id"].map(other))
    before = History.of(cohort, records)
    after = History.of(cohort.assign(member_id=cohort["member_id"].map(other)), shuffled)
    for metric in attendance_metrics():
        first, second = values_of(metric, before), values_of(metric, after).loc[[other[name] for name in names]]
        first, second = first.loc[names].reset_index(drop=True), second.reset_index(drop=True)
        pd.testing.assert_frame_equal(first, second, obj=metric.name)


@settings(max_examples=5)
@given(st.integers(0, 10_000))
def test_shares_lie_between_zero_and_one_and_everything_else_is_not_negative(seed):
    people = History.of(*crowd(seed))
    for metric in attendance_metrics():
        value = values_of(metric, people)["value"].dropna()
        assert (value >= 0).all(), metric.name
        if metric.kind_of_value in ("binary", "proportion"):
            assert (value <= 1).all(), metric.name
