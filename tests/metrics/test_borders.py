"""Both sides of every border of the windows of attendance and staying in care: the last day that counts, and the next.

A record on the first of the two days gives the first value, on the other the second; nothing else differs.
"""

import numpy as np
import pytest

from attendees import person, session
from iop_outcomes.history.contacts import contacts_of
from iop_outcomes.history.history import History
from iop_outcomes.metrics import (
    continuity,
    dose,
    dropout,
    first_session,
    gaps,
    initiation,
    ninety_days,
    retention,
    washington_circle,
    weekly_hours,
)
from small import history

CODES = {"V": "visit", "M": "medication", "L": "long_acting_medication", "I": "inpatient", "R": "residential"}


def value(metric, member, **settings) -> float:
    return metric(member, **settings)["value"].iloc[0]


def seen(*days, follow_up_days=400, **episode):
    """Return somebody admitted on day 0 with an attended session of an hour on each of some days."""
    return person(*(session(day) for day in days), follow_up_days=follow_up_days, **{"admission_day": 0} | episode)


def left(day, **others):
    """Return somebody discharged on a day, beside somebody who completed."""
    completed = {"admission_day": 0, "discharge_day": 5, "discharge_reason": "completed"}
    return history({"admission_day": 0, "discharge_day": day, "discharge_reason": "dropout"} | others, completed)


def served(*contacts, **episode):
    """Return somebody with services, written as the letter of their kind and the day, such as ``V13``."""
    rows = [
        {"service_id": f"v{number}", "person_id": "p1", "day": int(contact[1:]), "code": contact[0]}
        for number, contact in enumerate(contacts)
    ]
    level = episode.pop("level_of_care", "1")
    members = history(episode, {}, service=rows)
    members.members["level_of_care"] = [level, "1"]
    return members


ATTENDED = [
    (dose.sessions_attended, {"window_days": 14}, (13, 14), (1, 0)),
    (dose.hours_attended, {"window_days": 14}, (13, 14), (1, 0)),
    (dose.treatment_days, {"window_days": 14}, (13, 14), (1, 0)),
    (first_session.started_within, {"window_days": 14, "since": "time_zero"}, (13, 14), (1, 0)),
    (first_session.days_to_first_session, {"window_days": 14, "since": "time_zero"}, (13, 14), (13, 14)),
    (first_session.days_to_first_session, {"window_days": 14, "since": "time_zero"}, (14, 200), (14, 14)),
    (gaps.longest_gap, {"window_days": 14}, (13, 14), (13, 14)),
    (gaps.median_gap, {"window_days": 14}, (13, 14), (7, 14)),  # 13 and 1; one gap of 14
    (gaps.gap_variation, {"window_days": 14}, (13, 14), (72**0.5 / 7, np.nan)),
    (weekly_hours.weekly_hours, {"window_days": 14}, (13, 14), (1 / 2, 0)),
    (weekly_hours.weekly_hours, {"window_days": 13}, (6, 7), (1, 0)),  # one whole week
]


@pytest.mark.parametrize(("metric", "settings", "days", "answers"), ATTENDED)
def test_the_last_day_of_a_window_of_attendance(metric, settings, days, answers):
    found = [value(metric, seen(day), **settings) for day in days]
    np.testing.assert_allclose(found, answers)


@pytest.mark.parametrize("day", [30, 60, 90, 180])
def test_in_care_on_day_k_is_whose_care_ended_on_day_k_or_later(day):
    found = [value(retention.retention, left(day + later), day=day) for later in (-1, 0, 1)]
    assert found == [0, 1, 1]


@pytest.mark.parametrize(("followed", "answer"), [(59, np.nan), (60, 1)])
def test_who_was_in_care_when_observation_ended_is_known_for_the_days_observed(followed, answer):
    member = left(None, discharge_reason=None)
    member.members["follow_up_end_day"] = followed - 1
    np.testing.assert_array_equal(value(retention.retention, member, day=60), answer)


@pytest.mark.parametrize(("died", "answer"), [(58, 0), (59, 1)])
def test_a_death_counts_as_not_retained_until_the_day_before(died, answer):
    member = left(None, discharge_reason=None)
    member.members["follow_up_end_day"], member.members["end_reason"] = died, "death"
    assert value(retention.retention, member, day=60) == answer


@pytest.mark.parametrize(("counting", "answers"), [("last_minus_first", [0, 0, 1]), ("both_days", [0, 1, 1])])
@pytest.mark.parametrize("admitted", [0, 7])
def test_a_stay_of_ninety_days_by_both_ways_to_count(counting, answers, admitted):
    stays = [left(admitted + day, admission_day=admitted) for day in (88, 89, 90)]
    assert [value(ninety_days.ninety_day_stay, stay, counting=counting) for stay in stays] == answers


@pytest.mark.parametrize(("followed", "answer"), [(89, np.nan), (90, 1)])
def test_an_open_stay_has_lasted_what_was_observed_of_it(followed, answer):
    member = left(None, discharge_reason=None)
    member.members["follow_up_end_day"] = followed - 1
    np.testing.assert_array_equal(value(ninety_days.ninety_day_stay, member), answer)


@pytest.mark.parametrize(("third", "answer"), [(59, 0), (60, 1), (89, 1), (90, 0)])
def test_the_third_month_of_service_has_the_days_60_to_89(third, answer):
    assert value(ninety_days.service_each_month, seen(0, 30, third)) == answer


@pytest.mark.parametrize(("day", "answer"), [(89, 1), (90, 0)])
def test_completion_before_three_months_have_passed(day, answer):
    member = seen(0, discharge_day=day, discharge_reason="completed")
    assert value(ninety_days.service_each_month, member) == answer


@pytest.mark.parametrize(("back", "answer"), [(30, 0), (31, 1)])
def test_a_gap_of_thirty_days_has_thirty_days_without_a_session(back, answer):
    often = range(back, 400, 7)
    assert value(dropout.dropout_by_gap, seen(0, *often)) == answer


@pytest.mark.parametrize(("last", "answer"), [(82, 1), (83, 0)])
def test_dropout_counts_where_the_first_day_without_treatment_lies_in_the_window(last, answer):
    assert value(dropout.dropout_by_gap, seen(*range(0, last, 7), last)) == answer


@pytest.mark.parametrize(("followed", "answer"), [(30, np.nan), (31, 1)])
def test_dropout_is_known_when_the_gap_has_lasted(followed, answer):
    np.testing.assert_array_equal(value(dropout.dropout_by_gap, seen(0, follow_up_days=followed)), answer)


@pytest.mark.parametrize(("last", "answer"), [(55, 1), (56, 0)])
def test_four_missed_weeks_lie_within_the_window(last, answer):
    # A session in week 8 (days 49 to 55) leaves the weeks 9 to 12; one on day 56 is in week 9.
    member = seen(*range(0, last, 7), last)
    assert value(dropout.dropout_by_missed_weeks, member, window_days=84) == answer


@pytest.mark.parametrize(("day", "answer"), [(13, 1), (14, 0)])
@pytest.mark.parametrize("variant", ["hedis", "ecqm"])
def test_initiation_is_on_one_of_fourteen_days(variant, day, answer):
    assert value(initiation.hedis_initiation, served(f"V{day}"), variant=variant, code_list=CODES) == answer


@pytest.mark.parametrize(
    ("variant", "contacts", "answer"),
    [
        ("hedis", ["V0"], 1),
        ("ecqm", ["V0"], 0),  # the visit that made the episode is the index, and another is asked for
        ("ecqm", ["V0", "V1"], 1),
        ("ecqm", ["V0", "M0"], 1),  # medication is no visit
        ("ecqm", ["I0", "I3"], 0),
        ("ecqm", ["R5"], 0),
        ("hedis", ["R5"], 1),
    ],
)
def test_what_begins_treatment(variant, contacts, answer):
    assert value(initiation.hedis_initiation, served(*contacts), variant=variant, code_list=CODES) == answer


@pytest.mark.parametrize(("variant", "days"), [("hedis", 194), ("ecqm", 60)])
def test_the_days_before_that_make_no_new_episode(variant, days):
    within, before = served(f"V-{days}", "V3"), served(f"V-{days + 1}", "V3")
    assert np.isnan(value(initiation.hedis_initiation, within, variant=variant, code_list=CODES))
    assert value(initiation.hedis_initiation, before, variant=variant, code_list=CODES) == 1


@pytest.mark.parametrize("variant", ["hedis", "ecqm"])
@pytest.mark.parametrize(
    ("first", "second", "answer"),
    [(12, 39, 1), (12, 40, 0), (5, 39, 0), (6, 39, 1)],  # begun on day 5: the days 6 to 39
)
def test_engagement_is_on_the_days_1_to_34_after_initiation(variant, first, second, answer):
    member = served("V5", f"V{first}", f"V{second}")
    assert value(initiation.hedis_engagement, member, variant=variant, code_list=CODES) == answer


@pytest.mark.parametrize(
    ("contacts", "answer"),
    [(["V22", "V50"], 1), (["V21", "V54"], 1), (["V20", "V54"], 0), (["V22", "V55"], 0), (["L54"], 1), (["L55"], 0)],
)
def test_after_an_inpatient_episode_engagement_counts_from_discharge(contacts, answer):
    member = served(*contacts, level_of_care="4", admission_day=0, discharge_day=20, discharge_reason="completed")
    assert value(initiation.hedis_engagement, member, code_list=CODES) == answer


@pytest.mark.parametrize(("inpatient_from", "answer"), [("discharge", 1), ("admission", 0)])
def test_from_admission_the_window_of_engagement_is_over_before_the_second_visit(inpatient_from, answer):
    member = served("V22", "V50", level_of_care="4", discharge_day=20)
    assert value(initiation.hedis_engagement, member, inpatient_from=inpatient_from, code_list=CODES) == answer


@pytest.mark.parametrize(("last_day", "answer"), [(15, 0), (16, 1)])
def test_a_stay_in_the_services_ends_with_the_last_of_its_days_in_a_row(last_day, answer):
    stay = [f"I{day}" for day in range(2, last_day + 1)]
    # Discharged on day 16, the days 17 to 50 count; a day in hospital later on is another stay.
    assert value(initiation.hedis_engagement, served(*stay, "V22", "V50"), code_list=CODES) == answer
    assert value(initiation.hedis_engagement, served("I2", "I4", "V50"), code_list=CODES) == 0


def test_without_a_discharge_from_the_stay_nobody_knows_about_engagement():
    result = initiation.hedis_engagement(served("V22", "V50", level_of_care="4"), code_list=CODES)
    assert np.isnan(result["value"].iloc[0])
    assert result["missing_reason"].iloc[0] == "no discharge from the inpatient stay on record"


def test_two_stays_for_detoxification_are_no_engagement_of_the_ecqm():
    member = served("I3", "I20")
    assert value(initiation.hedis_engagement, member, variant="ecqm", code_list=CODES) == 0
    assert value(initiation.hedis_engagement, served("V3", "V9", "I20"), variant="ecqm", code_list=CODES) == 0


@pytest.mark.parametrize(("index", "second", "answer"), [(3, 17, 1), (3, 18, 0), (0, 14, 1), (0, 15, 0)])
def test_washington_circle_initiation_is_within_fourteen_days_of_the_index(index, second, answer):
    member = served(f"V{index}", f"V{second}")
    assert value(washington_circle.washington_circle_initiation, member, code_list=CODES) == answer


@pytest.mark.parametrize(("last", "answer"), [(34, 1), (35, 0)])
def test_washington_circle_engagement_is_within_thirty_days_of_initiation(last, answer):
    member = served("V0", "V4", "V11", f"V{last}")
    assert value(washington_circle.washington_circle_engagement, member, code_list=CODES) == answer


@pytest.mark.parametrize(("before", "answer"), [(-60, np.nan), (-61, 0)])
def test_washington_circle_asks_for_sixty_days_without_service(before, answer):
    found = value(washington_circle.washington_circle_initiation, served(f"V{before}", "V0"), code_list=CODES)
    np.testing.assert_array_equal(found, answer)


@pytest.mark.parametrize(
    ("contact", "answer"),
    [("V0", 0), ("V1", 1), ("V7", 1), ("V8", 0), ("M0", 1), ("M7", 1), ("M8", 0), ("L0", 1), ("R2", 0), ("R3", 1)],
)
def test_continuity_in_seven_days_after_an_inpatient_stay(contact, answer):
    assert value(continuity.continuity_of_care, served("I0", contact), within_days=7, code_list=CODES) == answer


@pytest.mark.parametrize(
    ("minutes", "kinds", "band"),
    [
        ((540,), ("group",), "within"),
        ((534,), ("group",), "below"),  # 8.9 hours
        ((480, 60), ("group", "case_management"), "below"),
        ((480, 60), ("group", "peer"), "below"),
        ((480, 60), ("group", "medication"), "within"),
        ((480, 60), (None, None), "within"),  # kinds that are not recorded
        ((1194,), ("group",), "within"),  # 19.9 hours
        ((1200,), ("group",), "above"),
        ((1200, 240), ("group", "individual"), "above"),  # 24 hours
        ((1140, 60), ("group", "peer"), "within"),
    ],
)
def test_a_week_is_at_level_2_1_from_nine_to_under_twenty_clinical_hours(minutes, kinds, band):
    rows = [session(day, of=length, type=kind) for day, (length, kind) in enumerate(zip(minutes, kinds, strict=True))]
    member = person(*rows, follow_up_days=7, level_of_care="2.1")
    found = {name: value(weekly_hours.hours_fidelity, member, band=name) for name in ("below", "within", "above")}
    assert found == {"below": 0.0, "within": 0.0, "above": 0.0} | {band: 1.0}


@pytest.mark.parametrize(("minutes", "answer"), [(360, 1), (354, 0)])
def test_six_hours_are_enough_for_adolescents(minutes, answer):
    member = person(session(0, of=minutes), follow_up_days=7, level_of_care="2.1")
    member.members["age_years"] = [17.0, 18.0]
    assert value(weekly_hours.hours_fidelity, member) == answer
    member.members["age_years"] = [18.0, 17.0]
    assert value(weekly_hours.hours_fidelity, member) == 0


#: What was seen, and on how many days somebody must have been observed for the answer to be known.
OBSERVED = [
    (dose.sessions_attended, {"window_days": 14}, seen(3), 14, 1),
    (dose.hours_attended, {"window_days": 14}, seen(3), 14, 1),
    (dose.treatment_days, {"window_days": 14}, seen(3), 14, 1),
    (first_session.started_within, {"window_days": 14, "since": "time_zero"}, seen(), 14, 0),
    (first_session.days_to_first_session, {"window_days": 14, "since": "time_zero"}, seen(), 14, 14),
    (weekly_hours.weekly_hours, {"window_days": 14}, seen(3), 7, 1),
    (weekly_hours.hours_fidelity, {"among": "everybody"}, seen(3), 7, 0),
    (dropout.dropout_by_gap, {}, seen(), 30, 1),  # never came
    (dropout.dropout_by_gap, {"window_days": 84}, seen(*range(0, 400, 7)), 83 + 30, 0),
    (dropout.dropout_by_missed_weeks, {"window_days": 84}, seen(*range(0, 400, 7)), 84, 0),
    (dropout.dropout_by_missed_weeks, {"window_days": 84}, seen(), 28, 1),
    (ninety_days.service_each_month, {}, seen(0, 30), 90, 0),
    (initiation.hedis_initiation, {"code_list": CODES}, served("V100"), 14, 0),
    (initiation.hedis_engagement, {"code_list": CODES}, served("V100"), 14, 0),
    (initiation.hedis_engagement, {"code_list": CODES}, served("V5"), 5 + 34 + 1, 0),
    (washington_circle.washington_circle_initiation, {"code_list": CODES}, served("V3"), 3 + 14 + 1, 0),
    (washington_circle.washington_circle_engagement, {"code_list": CODES}, served("V3"), 3 + 14 + 1, 0),
    (washington_circle.washington_circle_engagement, {"code_list": CODES}, served("V0", "V4"), 4 + 30 + 1, 0),
    (continuity.continuity_of_care, {"code_list": CODES, "within_days": 7}, served("I0"), 8, 0),
]


@pytest.mark.parametrize(("metric", "settings", "member", "days", "answer"), OBSERVED)
def test_the_answer_is_known_on_the_last_day_that_it_needs_and_not_before(metric, settings, member, days, answer):
    found = []
    for followed in (days - 1, days):
        members = member.members.assign(follow_up_end_day=followed - 1)
        found.append(value(metric, History(members, member.records), **settings))
    np.testing.assert_array_equal(found, [np.nan, answer])


@pytest.mark.parametrize(("day", "answer"), [(39, 0), (40, np.nan)])
def test_completion_is_seen_until_the_last_day_observed(day, answer):
    member = seen(*range(0, 36, 7), follow_up_days=40, discharge_day=day, discharge_reason="completed")
    np.testing.assert_array_equal(value(dropout.dropout_by_gap, member), answer)


@pytest.mark.parametrize(("stay", "answer"), [(-7, 1), (-8, np.nan)])
def test_continuity_follows_stays_that_ended_within_as_many_days(stay, answer):
    found = value(continuity.continuity_of_care, served(f"I{stay}", "V0"), within_days=7, code_list=CODES)
    np.testing.assert_array_equal(found, answer)


@pytest.mark.parametrize(("age", "answer"), [(12, np.nan), (13, 1)])
def test_the_youngest_of_the_measures_are_thirteen(age, answer):
    member = served("V3")
    member.members["age_years"] = [float(age), 40.0]
    np.testing.assert_array_equal(value(initiation.hedis_initiation, member, code_list=CODES), answer)


@pytest.mark.parametrize(("referred", "answer"), [(3, 0), (4, np.nan)])
def test_a_referral_on_the_day_of_the_first_session_is_no_wait_and_one_after_it_no_referral(referred, answer):
    found = value(first_session.days_to_first_session, seen(3, referral_day=referred))
    np.testing.assert_array_equal(found, answer)


@pytest.mark.parametrize(("last", "answer"), [(19, 1), (20, 0)])
def test_contacts_count_until_the_last_day_observed(last, answer):
    member = served("V0", f"V{last}")
    members = member.members.assign(follow_up_end_day=19)
    contacts = contacts_of(History(members, member.records), CODES)
    assert contacts.between(1, np.inf).number()[0] == answer
