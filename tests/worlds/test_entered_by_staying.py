"""Worlds in which one arm is entered by staying: refused, withheld or flagged.

Before the door looked at days, IOP assigned on day 28 was "better" by 26 points and IOP without those who never started
by 17, with every check passed.
"""

import numpy as np
import pandas as pd
import pytest

from iop_outcomes.cohort.early import early_by_arm
from iop_outcomes.designs.judge.early import judge_early
from iop_outcomes.designs.judge.entry import judge_entry
from iop_outcomes.study.gate import GateThresholds
from null_clinic import answer, checks, clinic, fooled, run, weekly_sessions


def assigned_on(day: int, share: float = 0.5) -> dict[str, pd.DataFrame]:
    """Return a clinic in which everybody is admitted on day 0, and IOP is decided on later, for some of those there."""
    tables = clinic()
    episode = tables["episode"]
    there = (episode["discharge_day"] > day).to_numpy()
    chosen = there & (np.random.default_rng(2).random(len(episode)) < share)
    episode["level_of_care"] = np.where(chosen, "2.1", "1")
    episode["assignment_day"] = np.where(chosen, day, 0)
    return tables


@pytest.mark.parametrize("time_zero", ["assignment", "admission"])
def test_iop_assigned_on_day_28_to_those_still_there_is_no_arm(tmp_path, time_zero):
    made = run(tmp_path, assigned_on(28), cohort={"time_zero": time_zero})
    assert answer(made)["status"] == "refused"
    assert answer(made)["reason"] == (
        "the arm 'iop' is empty: no eligible person was assigned to it; everybody assigned to 'iop' was assigned when "
        "they had been in care for longer than cohort.assignment.grace_days: date each assignment by the day it was "
        "first made"
    )
    late = made["attrition"].query("rule == 'Assigned no more than 1 day after care began' and arm == 'iop'")
    assert late["n_after"].tolist() == [0]
    assert (late["n_before"] == made["entry"].set_index("arm").loc["iop", "n_late"]).all()


def test_the_day_care_began_is_seen_from_sessions_where_no_admission_is_recorded(tmp_path):
    tables = assigned_on(28)
    tables["episode"] = tables["episode"].drop(columns="admission_day")
    assert answer(run(tmp_path, tables))["status"] == "refused"


def test_some_assigned_late_fail_the_gate_since_their_like_who_left_are_in_the_other_arm(tmp_path):
    tables, later = clinic(), assigned_on(28, 0.2)
    moved = (later["episode"]["level_of_care"] == "2.1").to_numpy()
    tables["episode"].loc[moved, ["level_of_care", "assignment_day"]] = ["2.1", 28]
    made = run(tmp_path, tables)
    row = checks(made).loc["assigned_late"]
    assert row["status"] == "FAIL"
    assert "in care for longer than the grace, more than the 5% allowed" in row["reason"]
    assert answer(made)["status"] == "withheld"


@pytest.mark.parametrize(
    ("grace", "status"),
    [
        pytest.param(0, "refused", marks=pytest.mark.slow),
        (6, "refused"),
        (7, "shown"),
        pytest.param(14, "shown", marks=pytest.mark.slow),
    ],
)
def test_a_declared_grace_is_kept_to_the_day_and_said(tmp_path, grace, status):
    made = run(tmp_path, assigned_on(7), cohort={"assignment": {"grace_days": grace}})
    assert answer(made)["status"] == status
    if status == "shown":
        row = checks(made).loc["assigned_late"]
        assert row["status"] == "WARN"
        assert "were assigned within the grace after care began, unlike the other arm" in row["reason"]


def test_an_assessment_before_the_assignment_is_no_care(tmp_path):
    tables = clinic()
    assessment = tables["episode"][["episode_id"]].assign(day=-5, status="attended")
    assessment["session_id"] = "a" + assessment["episode_id"]
    tables["episode"] = tables["episode"].drop(columns="admission_day")
    tables["session"] = pd.concat([assessment, tables["session"]])
    made = run(tmp_path, tables)
    assert len(made["cohort"]) == 800
    assert checks(made).loc["assigned_late", "status"] == "PASS"


def never_start(share: float, everybody: bool = False) -> dict[str, pd.DataFrame]:
    """Return a clinic in which some of those who would leave within a month never start, in IOP or in both arms."""
    tables = clinic()
    episode = tables["episode"].astype({"admission_day": "Int64", "discharge_day": "Int64"})
    short = (episode["discharge_day"] < 30).to_numpy(bool)
    never = short & (np.random.default_rng(3).random(len(episode)) < share)
    never &= everybody | (episode["level_of_care"] == "2.1").to_numpy()
    episode.loc[never, ["admission_day", "discharge_day"]] = pd.NA
    episode["discharge_reason"] = episode["discharge_reason"].mask(never)
    return tables | {"episode": episode, "session": weekly_sessions(episode)}


def test_who_never_starts_in_one_arm_only_cannot_be_left_out(tmp_path):
    made = run(tmp_path, never_start(0.9), cohort={"time_zero": "admission"})
    row = checks(made).loc["lost_before_time_zero"]
    assert row["status"] == "FAIL"
    assert row["reason"].startswith("about 20% of those assigned to iop and 0% of those assigned to outpatient ")
    assert "time_zero: assignment" in row["reason"]
    assert answer(made)["status"] == "withheld"
    entry = made["entry"].set_index("arm")
    gone = made["attrition"].query("rule == 'Was admitted (time zero is admission)'").set_index("arm")
    assert entry["n_lost"].to_dict() == {a: gone.loc[a, "n_before"] - gone.loc[a, "n_after"] for a in entry.index}


def test_who_never_starts_in_both_arms_alike_is_said(tmp_path):
    made = run(tmp_path, never_start(0.5, everybody=True), cohort={"time_zero": "admission"})
    assert checks(made).loc["lost_before_time_zero", "status"] == "WARN"
    assert not fooled(made)


def test_from_the_assignment_nobody_is_lost(tmp_path):
    made = run(tmp_path, never_start(0.9))
    assert checks(made).loc["lost_before_time_zero", "status"] == "PASS"
    assert made["cohort"]["arm"].value_counts().to_dict() == {"iop": 400, "outpatient": 400}
    # Who never came did not complete: without a value for them those of IOP were "better" by 17 points.
    assert not fooled(made)


def test_who_never_came_is_on_record_in_both_arms_or_the_other_arm_loses_them_on_paper(tmp_path):
    """A fifth of outpatient care never comes, and IOP opens a record at the first visit: it was better by 14 points."""
    tables = clinic()
    episode = tables["episode"].astype({"admission_day": "Int64"})
    never = (episode["level_of_care"] == "1") & (np.arange(len(episode)) % 5 == 0)
    episode.loc[never, ["admission_day", "discharge_day", "discharge_reason"]] = [pd.NA, 14, "dropout"]
    made = run(tmp_path, tables | {"episode": episode, "session": weekly_sessions(episode)})
    row = checks(made).loc["never_came"]
    assert row["status"] == "FAIL"
    assert "nobody of iop is on record as such" in row["reason"]
    assert answer(made)["status"] == "withheld"


@pytest.mark.parametrize(
    ("n_never", "status"), [((0, 0), "PASS"), ((0, 9), "PASS"), ((0, 10), "FAIL"), ((1, 40), "PASS")]
)
def test_none_of_nine_who_might_never_come_is_chance_and_none_of_ten_is_not(n_never, status):
    zero = {"n_late": 0, "n_in_grace": 0, "n_baseline_late": 0, "n_lost": 0, "n_assigned": 100}
    entry = pd.DataFrame([{"arm": a, "n_begun": 100 - n} | zero for a, n in zip("ab", n_never, strict=True)])
    found = {row[0]: row[3] for row in judge_entry(entry, ("a", "b"), GateThresholds())}
    assert found["never_came"] == status


@pytest.mark.parametrize(
    ("n_lost", "status"),
    [((0, 0), "PASS"), ((50, 50), "WARN"), ((5, 0), "WARN"), ((6, 0), "FAIL"), ((12, 6), "WARN"), ((20, 0), "FAIL")],
)
def test_a_gap_fails_beyond_the_threshold_and_beyond_chance(n_lost, status):
    # Of 100 in each arm: 6 and 0 lie 6 points apart, 2.5 standard errors; so do 12 and 6, but only 1.5 of them.
    zero = {"n_late": 0, "n_in_grace": 0, "n_baseline_late": 0}
    entry = pd.DataFrame(
        [{"arm": a, "n_assigned": 100, "n_begun": 100, "n_lost": n} | zero for a, n in zip("ab", n_lost, strict=True)]
    )
    found = {check: how for check, _, _, how, _ in judge_entry(entry, ("a", "b"), GateThresholds())}
    assert found["lost_before_time_zero"] == status


def written_over(day: int) -> dict[str, pd.DataFrame]:
    """Return a clinic whose people step up on a day, half of those there, and whose records then say IOP of old."""
    tables = assigned_on(day)
    return tables | {"episode": tables["episode"].assign(assignment_day=0)}


@pytest.mark.parametrize(("day", "status"), [(14, "withheld"), pytest.param(0, "shown", marks=pytest.mark.slow)])
def test_a_level_that_was_written_over_makes_an_arm_that_nobody_leaves_early(tmp_path, day, status):
    """Before, IOP kept 14 points more to day 60, surely, and more completed."""
    made = run(tmp_path, written_over(day))
    assert answer(made)["status"] == status
    row = checks(made).loc["left_early"]
    assert row["status"] == ("FAIL" if day else "PASS")
    if day:
        assert row["reason"].startswith(
            "about 25% of outpatient left within 14 days after care had begun, and nobody of"
        )


def test_an_arm_that_half_as_many_leave_early_is_no_suspect():
    rows = [(arm, "left early", "14", n, 400) for arm, n in (("a", 20), ("b", 40))]
    recording = pd.DataFrame(rows, columns=["arm", "what", "level", "n", "n_all"])
    assert [row[3] for row in judge_early(recording, ("a", "b"))] == ["PASS"]


def test_the_longest_time_in_which_nobody_left_is_told():
    rows = [
        (arm, "left early", days, n, 100)
        for days, a, b in (("7", 0, 12), ("28", 0, 30))
        for arm, n in (("a", a), ("b", b))
    ]
    recording = pd.DataFrame(rows, columns=["arm", "what", "level", "n", "n_all"])
    [(check, value, _, status, reason)] = judge_early(recording, ("a", "b"))
    assert (check, value, status) == ("left_early", pytest.approx(0.3), "FAIL")
    assert reason.startswith("about 30% of b left within 28 days after care had begun, and nobody of a: ")


def test_whoever_came_last_in_the_first_days_has_left_in_them_though_the_record_was_closed_later():
    members = pd.DataFrame({"member_id": ["e1", "e2", "e3", "e4"], "arm": ["a", "a", "b", "b"]})
    members = members.assign(time_zero_day=[0, 5, 0, 0], follow_up_end_day=[100, 100, 100, 10])
    session = pd.DataFrame({"episode_id": ["e1", "e1", "e2", "e3"], "day": [0, 6, 8, 40], "status": "attended"})
    # e2 waits for two days; e4 came to no session, and is seen for ten days.
    began, stay = np.array([0.0, 7, 0, 0]), np.array([50.0, 50, 50, 9])

    def left(session):
        counted = early_by_arm(members, session, began, stay)
        return {(row.arm, row.level): (row.n, row.n_all) for row in counted.itertuples()}

    with_sessions = left(session)
    assert [with_sessions["a", days] for days in ("3", "7", "14", "28")] == [(1, 2), (2, 2), (2, 2), (2, 2)]
    assert [with_sessions["b", days] for days in ("3", "7", "14", "28")] == [(0, 2), (0, 2), (0, 1), (0, 1)]
    assert left(None)["a", "28"] == (0, 2)
