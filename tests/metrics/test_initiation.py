"""Windows of initiation, engagement and continuity, with code lists of the user's own."""

import numpy as np
import pytest

from attendees import person, session
from iop_outcomes.history.contacts import contacts_of, read_code_list
from iop_outcomes.kernel.errors import StudyError
from iop_outcomes.metrics.continuity import continuity_of_care
from iop_outcomes.metrics.initiation import hedis_engagement, hedis_initiation
from iop_outcomes.metrics.ninety_days import ninety_day_stay, service_each_month
from iop_outcomes.metrics.washington_circle import washington_circle_engagement, washington_circle_initiation
from small import history


def claims(*day_and_code, follow_up_days=180, level=None, **episode):
    rows = [
        {"service_id": f"v{number}", "person_id": "p1", "day": day, "code": code, "level_of_care": level}
        for number, (day, code) in enumerate(day_and_code)
    ]
    return history(episode, {}, service=rows, follow_up_days=follow_up_days)


LIST = {"H0015": "visit", "J2315": "long_acting_medication", "J0571": "medication", "0116": "inpatient"}


@pytest.mark.parametrize(("day", "answer"), [(0, 1), (13, 1), (14, 0)])
def test_initiation_is_on_the_day_of_the_episode_or_the_next_13(day, answer):
    assert hedis_initiation(claims((day, "H0015")), code_list=LIST)["value"].tolist() == [answer, 0]


@pytest.mark.parametrize(
    ("later", "answer"),
    [
        ([(1, "H0015"), (34, "H0015")], 1),  # two visits on days 1 and 34 after initiation
        ([(1, "H0015"), (35, "H0015")], 0),  # the second is a day late
        ([(1, "J0571"), (20, "J0571")], 1),  # two medication events
        ([(5, "H0015"), (5, "J0571")], 1),  # one of each, on one day
        ([(5, "H0015"), (5, "H0015")], 0),  # two visits on one day may be one
        ([(34, "J2315")], 1),  # one long-acting medication
        ([(0, "J2315")], 0),  # on the day of initiation it is initiation
    ],
)
def test_engagement_is_in_the_34_days_after_initiation(later, answer):
    member = claims((0, "H0015"), *later)
    assert hedis_engagement(member, code_list=LIST)["value"].iloc[0] == answer


def test_engagement_needs_initiation():
    assert hedis_engagement(claims((20, "H0015"), (25, "H0015"), (30, "H0015")), code_list=LIST)["value"].iloc[0] == 0


def test_an_inpatient_index_counts_itself():
    assert hedis_initiation(claims((0, "0116")), code_list=LIST)["value"].iloc[0] == 1
    member = claims((50, "H0015"))
    member.members["level_of_care"] = ["4", "1"]
    assert hedis_initiation(member, code_list=LIST)["value"].tolist() == [1, 0]


def test_children_under_13_and_people_treated_before_are_in_no_denominator():
    member = claims((-30, "H0015"), (3, "H0015"))
    member.members["age_years"] = [40.0, 12.0]
    result = hedis_initiation(member, code_list=LIST)
    assert result["missing_reason"].tolist() == ["treated in the days before, so not a new episode", "younger than 13"]


def test_who_is_not_watched_for_the_window_is_missing_unless_it_was_met():
    assert hedis_initiation(claims((9, "H0015"), follow_up_days=10), code_list=LIST)["value"].iloc[0] == 1
    assert np.isnan(hedis_initiation(claims((12, "H0015"), follow_up_days=10), code_list=LIST)["value"].iloc[0])


def test_without_a_list_attended_sessions_are_visits_and_services_are_known_by_level():
    contacts = contacts_of(person(session(0), session(2, type="medication"), session(3, "no_show")))
    assert contacts.of("visit").day.tolist() == [0]
    assert contacts.of("medication").day.tolist() == [2]
    contacts = contacts_of(claims((-5, "x"), level="4"))
    assert contacts.of("inpatient").day.tolist() == [-5]


def test_washington_circle_counts_from_the_first_service():
    member = claims((10, "H0015"), (24, "H0015"), (30, "H0015"), (54, "H0015"))
    assert washington_circle_initiation(member, code_list=LIST)["value"].iloc[0] == 1  # 14 days later
    assert washington_circle_engagement(member, code_list=LIST)["value"].iloc[0] == 1  # within 30 more
    late = claims((10, "H0015"), (24, "H0015"), (30, "H0015"), (55, "H0015"))
    result = washington_circle_engagement(late, code_list=LIST)
    np.testing.assert_array_equal(result["value"], [0, np.nan])
    assert result["missing_reason"].iloc[1] == "no service to start from"


@pytest.mark.parametrize(("day", "answer"), [(-50, np.nan), (-51, 0)])
def test_washington_circle_asks_for_60_days_without_service(day, answer):
    result = washington_circle_initiation(claims((day, "H0015"), (10, "H0015")), code_list=LIST)
    np.testing.assert_array_equal(result["value"].iloc[0], answer)


@pytest.mark.parametrize(("within", "answers"), [(7, [0, 1, 0]), (14, [1, 1, 0]), (30, [1, 1, 1])])
def test_continuity_at_7_14_and_30_days(within, answers):
    days = (12, 5, 20)
    found = [
        continuity_of_care(claims((0, "0116"), (day, "H0015")), within_days=within, code_list=LIST)["value"].iloc[0]
        for day in days
    ]
    assert found == answers


def test_a_visit_on_the_day_of_discharge_is_no_continuity_but_medication_is():
    found = [
        continuity_of_care(claims((0, "0116"), (0, code)), code_list=LIST)["value"].iloc[0]
        for code in ("H0015", "J0571")
    ]
    assert found == [0, 1]


def test_a_code_list_is_a_file_of_codes_and_kinds(tmp_path):
    file = tmp_path / "list.csv"
    file.write_text("code,kind,note\n h0015 ,Visit,x\n0116,inpatient,\n", encoding="utf-8")
    assert read_code_list(str(file)) == {"H0015": "visit", "0116": "inpatient"}
    assert hedis_initiation(claims((3, "H0015")), code_list=str(file))["value"].iloc[0] == 1


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("code,type\nA,visit\n", "column 'kind' is missing; it needs the columns code and kind"),
        ("code,kind\nA,visits\n", "there is no kind 'visits'; did you mean 'visit'?"),
        ("code,kind\nA,visit\na,inpatient\n", "the code 'A' is given as visit and as inpatient; keep one"),
        ("code,kind\n", "the list is empty"),
        ("", "this is no CSV file in UTF-8"),
    ],
)
def test_a_code_list_that_cannot_be_used_is_refused_in_one_sentence(tmp_path, content, sentence):
    file = tmp_path / "list.csv"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(StudyError, match="list.csv") as refusal:
        read_code_list(str(file))
    assert sentence in str(refusal.value)


def test_a_list_that_is_not_there_or_fits_no_service_is_refused():
    with pytest.raises(StudyError, match=r"there is no file 'nowhere.csv'"):
        read_code_list("nowhere.csv")
    with pytest.raises(StudyError, match="none of its 1 code stands in the services of this cohort"):
        contacts_of(claims((0, "H0015")), {"99999": "visit"})
    with pytest.raises(StudyError, match="this source has no services with codes"):
        contacts_of(person(session(0)), {"H0015": "visit"})


def test_ninety_days_count_from_admission_and_death_is_no_stay():
    stays = history(
        {"admission_day": 5, "discharge_day": 94}, {"admission_day": 5, "discharge_day": 95}, {"admission_day": 5}
    )
    assert ninety_day_stay(stays)["value"].tolist() == [0, 1, 1]
    stays.members["follow_up_end_day"], stays.members["end_reason"] = 50, "death"
    assert ninety_day_stay(stays)["value"].tolist() == [0, 0, 0]


def test_a_service_each_month_starts_with_admission():
    # Admitted on day 10: months are days 10-39, 40-69 and 70-99.
    rows = (session(39), session(40), session(99))
    assert service_each_month(person(*rows, admission_day=10, follow_up_days=180))["value"].iloc[0] == 1
    assert service_each_month(person(*rows, follow_up_days=180))["value"].iloc[0] == 0  # first session on day 39
