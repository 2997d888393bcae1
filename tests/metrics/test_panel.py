"""What a day's drug tests say: positive if any target that is not prescribed is positive, one rule for every reader."""

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from iop_outcomes.describe.set_aside import records_set_aside
from iop_outcomes.describe.weekly import weekly_records
from iop_outcomes.history.outcome_rules import OutcomeRules
from iop_outcomes.history.panel import day_panels, target_tests
from iop_outcomes.history.substances import about_one
from iop_outcomes.kernel.errors import Refusal
from iop_outcomes.metrics import urine
from iop_outcomes.metrics.composite import agreement, composite_abstinence
from small import history

SIX = ("opioid", "alcohol", "amphetamine", "benzodiazepine", "cannabis", "cocaine")


def screen(day: int, *positive: str, tested=SIX, person: str = "p1", prescribed: tuple[str, ...] = ()) -> list[dict]:
    """Return one specimen: every substance tested for, those named positive."""
    return [
        {"person_id": person, "day": day, "substance": s, "result": "positive" if s in positive else "negative"}
        | {"prescribed": s in prescribed}
        for s in tested
    ]


def specimens(*screens: list[dict], weeks: int, **others):
    return history({}, drug_test=[row for rows in screens for row in rows], follow_up_days=7 * weeks, **others)


def negative(members, **settings) -> float:
    days = int(members.follow_up_days[0])
    return urine.proportion_negative(members, window_days=days, **settings)["value"].iloc[0]


def word(members, **settings) -> str:
    capability = members.records["capability"]
    return "".join(weekly_records(members, capability, **settings)["urine"].astype(str))


def test_opioids_every_week_and_five_negative_panels_are_no_negative_week():
    members = specimens(*(screen(7 * week, "opioid") for week in range(4)), weeks=4)
    assert negative(members) == 0
    assert word(members) == "++++"


def test_a_prescribed_medication_is_no_use_and_any_other_positive_is():
    agents = (*SIX, "buprenorphine")
    clean = specimens(screen(1, "buprenorphine", tested=agents, prescribed=("buprenorphine",)), weeks=1)
    used = specimens(screen(1, "buprenorphine", "cocaine", tested=agents, prescribed=("buprenorphine",)), weeks=1)
    diverted = specimens(screen(1, "buprenorphine", tested=agents), weeks=1)
    assert [negative(members) for members in (clean, used, diverted)] == [1, 0, 0]


def test_a_prescribed_substance_is_no_use_even_where_it_is_named():
    members = specimens(
        screen(1, "opioid", "methadone", tested=("opioid", "methadone"), prescribed=("methadone",)), weeks=1
    )
    assert negative(members, substance=["methadone", "opioid"]) == 0
    assert target_tests(members, "methadone").empty


def test_mixed_is_a_week_whose_days_differ():
    assert word(specimens(screen(0), screen(3, "cocaine"), weeks=1)) == "*"
    assert word(specimens(screen(0, "opioid"), screen(3, "cocaine"), weeks=1)) == "+"
    assert negative(specimens(screen(0), screen(3, "cocaine"), weeks=1)) == 0.5


@pytest.mark.parametrize(
    ("targets", "answer"),
    [
        ("all", 0),
        ("opioid", 1 / 2),
        ("Cocaine", 1 / 2),
        (["opioid", "cocaine"], 0),
        (["alcohol", "cannabis"], 1),
        ("primary", 1 / 2),
    ],
)
def test_targets_are_all_some_or_the_persons_own(targets, answer):
    """Opioids in week 1, cocaine in week 2; admitted for heroin."""
    rows = [{"episode_id": "e1", "primary_substance": "Heroin"}]
    members = specimens(screen(0, "opioid"), screen(7, "cocaine"), weeks=2, baseline=rows)
    assert negative(members, substance=targets) == answer
    assert negative(members.under(OutcomeRules(panel=targets))) == answer


def test_each_person_is_judged_by_their_own_substance():
    tests = [*screen(0, "opioid"), *screen(0, "opioid", person="p2"), *screen(0, "opioid", person="p3")]
    own = [
        {"episode_id": "e1", "primary_substance": "opioids"},
        {"episode_id": "e2", "primary_substance": "stimulants"},
    ]
    members = history({}, {}, {}, drug_test=tests, baseline=own, follow_up_days=7)
    found = urine.proportion_negative(members, window_days=7, substance="primary")
    assert found["value"].tolist()[:2] == [0, 1]
    assert pd.isna(found["value"].iloc[2])
    assert found["missing_reason"].iloc[2] == "the primary substance is not recorded, or not tested for"


@pytest.mark.parametrize(
    ("substance", "test", "same"),
    [
        ("Methamphetamine", "amphetamines", True),
        ("heroin", "opiates", True),
        ("other opioids", "fentanyl", True),
        ("stimulants", "cocaine", True),
        ("marijuana", "THC", True),
        ("non_study_opioid", "oxycodone", True),
        ("heroin", "fentanyl", False),
        ("cocaine", "amphetamine", False),
        ("alcohol", "cannabis", False),
        ("other", "opioid", False),
    ],
)
def test_names_of_one_substance(substance, test, same):
    assert about_one(substance, test) == about_one(test, substance) == same


def test_a_target_nobody_is_tested_for_is_refused_by_name():
    members = specimens(screen(0), weeks=1)
    with pytest.raises(Refusal, match="'opiod'"):
        negative(members, substance=["opioid", "opiod"])
    with pytest.raises(Refusal, match="baseline.primary_substance"):
        negative(members, substance="primary")


def test_an_overall_result_counts_where_it_can():
    """'any' negative denies every target; 'any' positive does not say which."""
    rows = [
        {"person_id": "p1", "day": d, "substance": "any", "result": r} for d, r in ((0, "negative"), (7, "positive"))
    ]
    members = specimens(rows, screen(14, "opioid", tested=("opioid",)), weeks=3)
    assert word(members) == "-++"
    assert word(members, substance="opioid") == "-o+"


DAYS = st.lists(st.tuples(st.integers(0, 27), st.sampled_from(SIX), st.booleans()), min_size=1, max_size=40)


@pytest.mark.slow
@settings(max_examples=25)
@given(DAYS, st.sampled_from(["all", "opioid", ["opioid", "cocaine"]]))
def test_every_reader_sees_the_same_days(results, targets):
    used_on = {(day, substance): used for day, substance, used in results}
    rows = [
        {"person_id": "p1", "day": day, "substance": substance, "result": "positive" if used else "negative"}
        for (day, substance), used in used_on.items()
    ]
    rows += screen(27, person="p2")
    members = history({}, {}, drug_test=rows, follow_up_days=28).under(OutcomeRules(panel=targets))
    wanted = SIX if targets == "all" else [targets] if isinstance(targets, str) else targets
    by_hand = {}
    for (day, substance), used in used_on.items():
        if substance in wanted:
            by_hand.setdefault(day, set()).add(used)
    days = day_panels(members)
    mine = days[days["member"] == 0]
    assert dict(zip(mine["day"], mine["positive"], strict=True)) == {
        day: True in found for day, found in by_hand.items()
    }

    weeks = [frozenset(True in by_hand[day] for day in by_hand if day // 7 == week) for week in range(4)]
    signs = {frozenset(): "o", frozenset({True}): "+", frozenset({False}): "-", frozenset({True, False}): "*"}
    assert word(members)[:4] == "".join(signs[found] for found in weeks)

    compared = agreement(members, window_days=28, substance=members.rules.targets()).set_index("arm")
    assert compared.loc["all", "n_tests"] == len(by_hand) + 1

    rule = "positive and negative results on one day: that day's panel is positive (days)"
    conflicts = records_set_aside(members).set_index("rule")["n"]
    assert conflicts.get(rule, 0) == sum(len(found) == 2 for found in by_hand.values())


def test_the_studys_targets_hold_for_tests_beside_reports():
    """Cocaine is positive, the study asks for opioids: no use by test."""
    members = specimens(screen(8, "cocaine"), weeks=2).under(OutcomeRules(panel="opioid"))
    assert composite_abstinence(members, window_days=9, last_days=1)["value"].iloc[0] == 1
    assert composite_abstinence(members, window_days=9, last_days=1, substance="all")["value"].iloc[0] == 0
