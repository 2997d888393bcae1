"""Who becomes a member of a cohort, by hand."""

import pytest

from iop_outcomes.cohort.build import build_cohort
from iop_outcomes.kernel.errors import StudyError
from iop_outcomes.study import Cohort
from small import episodes, records

ARMS = {"iop": {"level_of_care": "2.1"}, "outpatient": {"level_of_care": "1"}}


def cohort(*rules, **settings) -> Cohort:
    return Cohort(arms=ARMS, eligibility=list(rules), **settings)


def test_arms_come_from_the_assigned_level_and_every_step_is_counted():
    #                         p1 IOP, adult             p2 IOP, child   p3 OP, adult          p4 residential
    episode = episodes({"level_of_care": "2.1"}, {"level_of_care": "2.1"}, {}, {"level_of_care": "3"})
    ages = [{"person_id": f"p{i}", "age_years": age} for i, age in enumerate([30, 15, 60, 40], start=1)]
    members, attrition = build_cohort(records(episode, person=ages), cohort("adult"))
    assert dict(zip(members["member_id"], members["arm"], strict=True)) == {"e1": "iop", "e3": "outpatient"}
    by_rule = attrition.pivot(index=["step", "rule"], columns="arm", values="n_after").reset_index()
    assert by_rule[["rule", "iop", "outpatient", "other"]].to_numpy().tolist() == [
        ["All episodes of the source", 2, 1, 1],
        ["Assigned to an arm of the study", 2, 1, 0],
        ["Has a day of assignment", 2, 1, 0],
        ["Assigned no more than 1 day after care began", 2, 1, 0],
        ["Alive and observed at time zero", 2, 1, 0],
        ["Assigned to one arm only on that day", 2, 1, 0],
        ["At least 18 years old", 1, 1, 0],
        ["The person's first eligible episode", 1, 1, 0],
        ["No second episode of the arm on that day", 1, 1, 0],
    ]


def lost(attrition, rule: str) -> dict[str, int]:
    """Return how many of each arm a rule takes."""
    rows = attrition[attrition["rule"] == rule]
    taken = dict(zip(rows["arm"], rows["n_before"] - rows["n_after"], strict=True))
    return {arm: n for arm, n in taken.items() if n}


@pytest.mark.parametrize("names", [("a", "z"), ("z", "a")])
def test_who_was_assigned_to_two_arms_on_one_day_is_in_neither(names):
    # Whichever episode comes first in the alphabet: p1 was assigned to both levels on day 10.
    both = [
        {"episode_id": name, "person_id": "p1", "assignment_day": 10, "level_of_care": level}
        for name, level in zip(names, ("2.1", "1"), strict=True)
    ]
    members, attrition = build_cohort(records(episodes(*both, {})), cohort())
    assert members["member_id"].tolist() == ["e3"]
    assert lost(attrition, "Assigned to one arm only on that day") == {"iop": 1, "outpatient": 1}


def test_an_arm_that_is_not_of_the_study_does_not_tear_anybody():
    both = ({"person_id": "p1", "level_of_care": "2.1"}, {"person_id": "p1", "level_of_care": "3"})
    members, _ = build_cohort(records(episodes(*both)), cohort())
    assert members["member_id"].tolist() == ["e1"]


def test_a_rule_of_eligibility_does_not_hide_that_there_were_two_arms():
    # The outpatient episode alone is not eligible, and the person was assigned to it all the same.
    both = ({"person_id": "p1", "level_of_care": "2.1"}, {"person_id": "p1", "level_of_care": "1"}, {})
    diagnosis = [{"episode_id": f"e{i}", "substance_use_diagnosis": said} for i, said in ((1, "yes"), (3, "yes"))]
    members, _ = build_cohort(records(episodes(*both), baseline=diagnosis), cohort("substance_use_diagnosis"))
    assert members["member_id"].tolist() == ["e3"]


def test_two_episodes_of_one_arm_on_one_day_are_left_out_since_nothing_says_which_is_meant():
    twice = ({"person_id": "p1"}, {"person_id": "p1"}, {"person_id": "p2"})
    members, attrition = build_cohort(records(episodes(*twice)), cohort())
    assert members["member_id"].tolist() == ["e3"]
    assert lost(attrition, "No second episode of the arm on that day") == {"outpatient": 2}


@pytest.mark.parametrize(
    ("death_day", "end_day", "kept"), [(-1, None, False), (0, None, True), (None, -1, False), (None, 0, True)]
)
def test_nobody_is_followed_from_after_their_death_or_the_end_of_the_data(death_day, end_day, kept):
    person = [{"person_id": "p1", "age_years": 40, "death_day": death_day}, {"person_id": "p2", "age_years": 40}]
    tables = records(episodes({"observation_end_day": end_day}, {}), person=person)
    members, attrition = build_cohort(tables, cohort())
    assert ("e1" in members["member_id"].tolist()) is kept
    assert lost(attrition, "Alive and observed at time zero") == ({} if kept else {"outpatient": 1})


def test_a_person_is_a_member_once_with_the_first_eligible_episode():
    episode = episodes({"person_id": "p", "assignment_day": 90}, {"person_id": "p", "assignment_day": 10})
    members, _ = build_cohort(records(episode), cohort())
    assert members["member_id"].tolist() == ["e2"]
    assert members["time_zero_day"].tolist() == [10]


@pytest.mark.parametrize(
    ("service_day", "level", "kept"),
    [(-1, "2.1", False), (-60, "3", False), (-61, "2.1", True), (0, "2.1", True), (-10, "1", True)],
)
def test_intensive_care_in_the_sixty_days_before_excludes(service_day, level, kept):
    service = [{"service_id": "x", "person_id": "p1", "day": service_day, "level_of_care": level}]
    tables = records(episodes({}, {}), service=service)
    members, _ = build_cohort(tables, cohort("no_intensive_care_in_prior_60_days"))
    assert ("e1" in members["member_id"].tolist()) is kept


@pytest.mark.parametrize(
    ("row", "death_day", "last_day", "why"),
    [
        ({}, None, 179, "end_of_follow_up"),
        ({"observation_end_day": 100}, None, 100, "end_of_data"),
        ({"observation_end_day": 100}, 50, 50, "death"),
        ({"assignment_day": 20, "observation_end_day": 100}, None, 80, "end_of_data"),
    ],
)
def test_follow_up_ends_at_whatever_comes_first(row, death_day, last_day, why):
    tables = records(episodes(row), person=[{"person_id": "p1", "age_years": 40, "death_day": death_day}])
    members, _ = build_cohort(tables, cohort(follow_up_days=180))
    assert members[["follow_up_end_day", "end_reason"]].iloc[0].tolist() == [last_day, why]


def test_time_zero_at_admission_loses_those_who_never_came_and_says_so():
    tables = records(episodes({"admission_day": 5}, {"admission_day": None}))
    members, attrition = build_cohort(tables, cohort(time_zero="admission"))
    assert members["member_id"].tolist() == ["e1"]
    assert lost(attrition, "Was admitted (time zero is admission)") == {"outpatient": 1}


def test_a_rule_that_the_source_cannot_answer_is_refused_by_name():
    with pytest.raises(StudyError, match="no_intensive_care_in_prior_60_days: the rule needs service.level_of_care"):
        build_cohort(records(episodes({})), cohort("no_intensive_care_in_prior_60_days"))


def test_an_episode_may_not_be_in_two_arms():
    arms = {"iop": {"level_of_care": ["1", "2.1"]}, "outpatient": {"level_of_care": "1"}}
    with pytest.raises(StudyError, match="1 episode selected by both 'iop' and 'outpatient'"):
        build_cohort(records(episodes({})), Cohort(arms=arms))


def test_an_empty_cohort_is_an_error():
    with pytest.raises(StudyError, match="no episode passes"):
        build_cohort(records(episodes({"level_of_care": "3"})), cohort())


@pytest.mark.parametrize("answer", ["yes", "Yes", True, 1, 1.0, "true"])
def test_a_yes_is_a_yes_in_whatever_form_and_everything_else_is_not(answer):
    baseline = [{"episode_id": f"e{i}", "substance_use_diagnosis": said} for i, said in enumerate([answer, None], 1)]
    members, _ = build_cohort(records(episodes({}, {}), baseline=baseline), cohort("substance_use_diagnosis"))
    assert members["member_id"].tolist() == ["e1"]
    unlike = [
        {"episode_id": "e1", "substance_use_diagnosis": "no"},
        {"episode_id": "e2", "substance_use_diagnosis": "yes"},
    ]
    members, _ = build_cohort(records(episodes({}, {}), baseline=unlike), cohort("substance_use_diagnosis"))
    assert members["member_id"].tolist() == ["e2"]
