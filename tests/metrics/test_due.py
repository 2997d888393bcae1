"""In which weeks a test was due: as the study or the source says, otherwise until the last scheduled one.

Each word is one person's weeks: - tested, . not tested. Nothing says which tests were missed.
"""

import pandas as pd
import pytest

from iop_outcomes.dataset.metric_values import compute_metrics
from iop_outcomes.describe.definitions import abstinence_shares, refused_endpoints
from iop_outcomes.history.due import due_weeks
from iop_outcomes.history.outcome_rules import OutcomeRules
from iop_outcomes.kernel.errors import Refusal
from iop_outcomes.metrics import urine
from iop_outcomes.study import parse
from small import history

STAYED, LEFT = "-" * 12, "-" * 5


def clinic(*words: str, weeks: int = 24, iop: int = 0, sites: list[str] | None = None, extra=(), **others):
    """Return people with these words, the first so many in IOP; those without a site are at one site."""
    tests = [
        {"person_id": f"p{i}", "day": 7 * week, "substance": "opioid", "result": "negative", "scheduled": True}
        for i, word in enumerate(words, start=1)
        for week, sign in enumerate(word)
        if sign == "-"
    ]
    levels = [{"level_of_care": "2.1" if i < iop else "1"} for i in range(len(words))]
    members = history(*levels, drug_test=[*tests, *extra], follow_up_days=7 * weeks, **others)
    if sites:
        members.members["site_id"] = sites
    return members


def due(members, **settings) -> list[int]:
    return due_weeks(members, 24, **settings).sum(axis=1).tolist()


def test_who_leaves_misses_the_tests_of_those_who_stay():
    members = clinic(STAYED, STAYED, LEFT)
    assert due(members) == [12, 12, 12]
    shares = urine.proportion_negative(members, window_days=168)["value"]
    assert shares.tolist() == [1, 1, 5 / 12]
    assert urine.proportion_negative(members, window_days=168, missing="observed")["value"].tolist() == [1, 1, 1]


def test_one_person_who_left_is_no_end_of_testing_of_an_arm():
    assert due(clinic(LEFT, STAYED, STAYED, iop=1)) == [12, 12, 12]


@pytest.mark.parametrize("iop", [0, 3])
def test_tests_that_stop_for_many_at_once_have_ended(iop):
    """Three people of one arm, or of one site, are tested until week 12, the others until week 24."""
    words = [STAYED] * 3 + ["-" * 24] * 3
    sites = ["s1"] * 3 + ["s2"] * 3 if iop == 0 else None
    assert due(clinic(*words, iop=iop, sites=sites)) == [12] * 3 + [24] * 3


def test_an_arm_that_is_never_tested_has_missed_nothing():
    members = clinic(*[""] * 4, *[STAYED] * 4, iop=4)
    assert due(members) == [0] * 4 + [12] * 4
    shares = urine.proportion_negative(members, window_days=84)
    assert shares["value"].isna().tolist() == [True] * 4 + [False] * 4
    assert shares["missing_reason"].iloc[0] == "no test was due in the window"


def test_a_stray_an_unannounced_or_a_later_episodes_test_prolongs_nothing():
    stray = {"person_id": "p1", "day": 140, "substance": "opioid", "result": "negative", "scheduled": True}
    unannounced = stray | {"scheduled": False}
    assert set(due(clinic(*[STAYED] * 30, extra=[stray]))) == {12}
    assert set(due(clinic(*[STAYED] * 3, extra=[unannounced]))) == {12}
    members = clinic(*[STAYED] * 3, extra=[stray])
    episode = members.records["episode"]
    again = episode.iloc[[0]].assign(episode_id="e9", assignment_day=130)
    members.records["episode"] = pd.concat([episode, again], ignore_index=True)
    assert set(due(members)) == {12}


def test_where_nobody_is_observed_after_the_last_test_it_is_no_end():
    assert due(clinic(LEFT, weeks=5)) == [24]


@pytest.mark.parametrize(
    ("schedule", "weeks"), [("weekly", 24), (8, 8), ([1, 2, 4, 8, 12], 5), ("recorded", 12), (None, 12)]
)
def test_the_study_says_when_tests_were_due(schedule, weeks):
    members = clinic(STAYED, STAYED)
    assert due(members, schedule=schedule) == [weeks, weeks]
    assert due(members.under(OutcomeRules(schedule=schedule))) == [weeks, weeks]


def test_missed_tests_on_record_say_when_tests_were_due():
    missed = [{"person_id": "p2", "day": 7 * w, "substance": "opioid", "result": "missing"} for w in range(5, 8)]
    members = clinic(STAYED, LEFT, extra=missed)
    assert due(members) == [12, 8]


@pytest.mark.parametrize("metric", [urine.abstinence_at_end, urine.continuous_abstinence])
def test_what_needs_later_tests_is_refused_by_name(metric):
    members = clinic(STAYED, STAYED, LEFT)
    assert metric(members, window_days=84)["value"].tolist() == [1, 1, 0]
    for days in (91, 168):
        with pytest.raises(Refusal, match=f"needs drug tests until week {days // 7} and none was due after week 12"):
            metric(members, window_days=days)


def test_an_arm_tested_for_too_short_has_no_value_beside_one_that_has():
    members = clinic(*[STAYED] * 3, *["-" * 24] * 3, iop=3)
    ends = urine.abstinence_at_end(members, window_days=168)
    assert ends["value"].isna().tolist() == [True] * 3 + [False] * 3
    assert ends["missing_reason"].iloc[0] == "no test was due any more when this looks for one"


def test_a_published_endpoint_is_refused_and_not_answered_with_nobody():
    """Testing stops in week 12: what looks at week 15 has no rows, the others are as in twelve weeks of observation."""
    members = clinic(*[STAYED] * 4, *[LEFT] * 2, iop=3)
    capability = members.records["capability"]
    table = abstinence_shares(members, capability)
    left_out = {"CTN-0094 2023", "Krupitsky 2011", "Lofwall 2018", "Schwartz 2006"}
    assert set(refused_endpoints(members)) == left_out
    assert not table["endpoint"].str.split(":").str[0].isin(left_out).any()
    published = table[table["missing_rule"] == "as published"].set_index(["endpoint", "arm"])["n_events"]
    assert published["Ling 1998: four weeks in a row"].to_dict() == {"iop": 3, "outpatient": 3}
    assert abstinence_shares(clinic(*["-" * 24] * 4), capability)["endpoint"].nunique() == 9


def test_a_refused_metric_stands_in_the_table_of_refusals():
    content = {
        "study": "stops_early",
        "source": {"kind": "simulated", "true_effect": "none"},
        "cohort": {"arms": {"iop": {"level_of_care": "2.1"}, "outpatient": {"level_of_care": "1"}}},
        "metrics": {"at_end": {"metric": "abstinence_at_end", "window_days": 168}, "longest_abstinence": {}},
    }
    members = clinic(*[STAYED] * 4)
    values, refusal = compute_metrics(members, parse(content), members.records["capability"])
    assert refusal["name"].tolist() == ["at_end"]
    assert refusal["reason"].iloc[0].startswith("at_end needs drug tests until week 24 and none was due after week 12")
    assert values["value"].tolist() == [12] * 4
    stated, nothing = compute_metrics(
        members, parse(content | {"urine_schedule": "weekly"}), members.records["capability"]
    )
    assert nothing.empty
    assert stated.groupby("metric", observed=True)["value"].sum().to_dict() == {"at_end": 0, "longest_abstinence": 48}
