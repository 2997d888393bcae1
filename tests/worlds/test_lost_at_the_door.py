"""Worlds in which nothing differs but which rows of one arm's export cannot be read, and are set aside at the door.

A twentieth of all rows is less than a source minds. Before, outpatient care was shown to keep people longer where its
export misdates the discharges of those who left at once, and to be missed more rarely where it abbreviates no-shows.
"""

import numpy as np
import pandas as pd
import pytest

from iop_outcomes.cohort.door import set_aside_by_arm
from iop_outcomes.designs.judge.door import judge_door
from iop_outcomes.study import Cohort
from null_clinic import CONTENT, Tables, answer, checks, clinic, fooled, run
from small import episodes, records

N = 2000
PRIMARY = CONTENT["analyses"]["primary"]
ARMS = ("iop", "outpatient")
STAYING = {
    "source": {"max_rejected_share": 0.1},
    "metrics": {"retention_30": {"metric": "retention", "day": 30}, "attendance_rate": {"after_first": True}},
    "analyses": {
        "primary": PRIMARY | {"outcome": "retention_30"},
        "attendance": PRIMARY | {"outcome": "attendance_rate", "measure": "mean_difference"},
    },
}


def misdated(levels: tuple[str, ...], share: float, left_soonest: bool = True) -> Tables:
    """Return a clinic in which a share of the discharges at some levels of care is dated before the admission."""
    tables, rng = clinic(N, 3), np.random.default_rng(1)
    episode = tables["episode"]
    for level in levels:
        own = episode.loc[episode["level_of_care"] == level, "discharge_day"]
        order = own.sort_values().index if left_soonest else rng.permutation(own.index)
        episode.loc[order[: round(share * len(own))], "discharge_day"] = -3
    return tables


def abbreviated(share: float) -> Tables:
    """Return a clinic in which a session in six is missed, and outpatient care abbreviates a share of these."""
    tables, rng = clinic(N, 3), np.random.default_rng(1)
    session, level = tables["session"], tables["episode"].set_index("episode_id")["level_of_care"]
    missed = rng.random(len(session)) < 1 / 6
    short = missed & (session["episode_id"].map(level) == "1") & (rng.random(len(session)) < share)
    session["status"] = np.select([short, missed], ["NS", "no_show"], "attended")
    return tables


def test_people_lost_at_the_door_of_one_arm_are_no_answer(tmp_path):
    made = run(tmp_path, misdated(("1",), 0.09), **STAYING)
    row = checks(made).loc["set_aside_alike"]
    assert (row["status"], row["value"]) == ("FAIL", 0.08)
    assert row["reason"].startswith("of the episodes read 0% in iop and about 8% in outpatient were set aside")
    assert answer(made)["status"] == answer(made, "attendance")["status"] == "withheld"


def test_sessions_lost_at_the_door_of_one_arm_withhold_what_is_made_of_sessions(tmp_path):
    made = run(tmp_path, abbreviated(0.6), **STAYING)
    assert checks(made).loc["sessions_taken_alike", "status"] == "FAIL"
    assert answer(made, "attendance")["status"] == "withheld"
    assert answer(made)["status"] == "shown"


@pytest.mark.slow
@pytest.mark.parametrize(("levels", "share"), [(("1", "2.1"), 0.09), (("1",), 0.008)])
def test_as_many_of_both_arms_or_hardly_any_pass(tmp_path, levels, share):
    made = run(tmp_path, misdated(levels, share, left_soonest=False), **STAYING)
    assert checks(made).loc["set_aside_alike", "status"] == "PASS"
    assert not fooled(made)


@pytest.mark.slow
def test_a_few_more_are_a_warning(tmp_path):
    made = run(tmp_path, misdated(("1",), 0.03), **STAYING)
    assert checks(made).loc["set_aside_alike", "status"] == "WARN"


@pytest.mark.slow
def test_where_nothing_was_set_aside_nothing_is_asked(tmp_path):
    assert not checks(run(tmp_path, clinic(200))).index.str.contains("set_aside|taken_alike").any()


COHORT = Cohort(arms={"iop": {"level_of_care": "2.1"}, "outpatient": {"level_of_care": "1"}})
LINES = [
    # What was lost of drug tests, by line: of p1 (outpatient), twice of p3 (iop), of nobody known; a copy, an orphan.
    {"line": 2, "rule": "result: must be one of", "level_of_care": "1", "expected": False},
    {"line": 3, "rule": "result: must be one of", "level_of_care": "2.1", "expected": False},
    {"line": 4, "rule": "result: must be one of", "level_of_care": "2.1", "expected": False},
    {"line": 4, "rule": "day: may not be empty", "level_of_care": "2.1", "expected": False},
    {"line": 5, "rule": "person_id: may not be empty", "level_of_care": None, "expected": False},
    {"line": 6, "rule": "the same row again", "level_of_care": "1", "expected": True},
    {"line": 7, "rule": "person_id: not among the accepted rows of 'person'", "level_of_care": None, "expected": False},
]


def test_rows_set_aside_are_counted_by_arm_with_those_taken():
    # p1, p2 outpatient, p3 iop; p4 was in both and is of neither arm.
    own = episodes({}, {}, {"level_of_care": "2.1"}, {"person_id": "p4"}, {"person_id": "p4", "level_of_care": "2.1"})
    tests = [{"person_id": f"p{i}", "day": 1, "substance": "opioids", "result": "negative"} for i in (1, 2, 3, 4)]
    lost = [{"file": "t.csv", "table": "drug_test"} | line for line in LINES]
    found = set_aside_by_arm(records(own, drug_test=tests, rejected=lost), COHORT)
    assert found.values.tolist() == [
        ["iop", "set aside", "drug_test", 2, 3],
        ["iop", "set aside, of nobody known", "drug_test", 1, 7],
        ["outpatient", "set aside", "drug_test", 1, 3],
        ["outpatient", "set aside, of nobody known", "drug_test", 1, 7],
    ]


def judged(iop: int, outpatient: int, nobody: int = 0, n: int = 1000, table: str = "drug_test") -> dict[str, str]:
    """Return the status of each check, of as many rows of both arms and so many set aside."""
    counts = {"iop": iop, "outpatient": outpatient}
    rows = [(arm, "set aside", table, counts[arm], n) for arm in ARMS]
    rows += [(arm, "set aside, of nobody known", table, nobody, 2 * n + nobody) for arm in ARMS]
    recording = pd.DataFrame(rows, columns=["arm", "what", "level", "n", "n_all"])
    return {check: status for check, _, _, status, _ in judge_door(recording, ARMS, 400, 0.05)}


@pytest.mark.parametrize(
    ("lost", "status"),
    [
        ({"iop": 80, "outpatient": 80}, "PASS"),
        ({"iop": 0, "outpatient": 9}, "PASS"),  # less than 0.01
        ({"iop": 20, "outpatient": 40}, "PASS"),  # 0.02, and two standard errors of 400 people are 0.024
        ({"iop": 0, "outpatient": 40}, "WARN"),
        ({"iop": 0, "outpatient": 60}, "FAIL"),
        ({"iop": 0, "outpatient": 6, "n": 60}, "FAIL"),
        ({"iop": 0, "outpatient": 2, "n": 30}, "PASS"),  # two rows of thirty are chance
        ({"iop": 0, "outpatient": 0, "nobody": 200}, "WARN"),  # nobody knows whose one row in eleven was
    ],
)
def test_a_gap_that_chance_does_not_make_is_told_and_a_wide_one_withholds(lost, status):
    assert judged(**lost) == {"tests_taken_alike": status}


@pytest.mark.slow
def test_what_is_lost_of_whom_is_told_in_shares_of_people(tmp_path):
    tables = misdated(("1",), 0.09)
    tables["episode"].loc[tables["episode"].index[:40], "level_of_care"] = "IOP?"
    made = run(tmp_path, tables, **STAYING)
    assert "it cannot be read whose they were" in checks(made).loc["set_aside_alike", "reason"]
