"""A world in which nothing differs but how much is planned: everybody comes to three of four sessions, and stays alike.

IOP plans three sessions a week and outpatient care one in two weeks. Before, IOP was "better" by fifteen sessions, by
gaps, by engagement, and where leaving is dated by the last session by twelve points of retention; it was "worse" by the
share of sessions attended, since nobody misses the first.
"""

import numpy as np
import pandas as pd
import pytest

from iop_outcomes import study as studies
from iop_outcomes.cohort.build import candidates_of
from iop_outcomes.cohort.due import due_by_arm, waiting_by_arm
from iop_outcomes.designs.judge.due import judge_due
from iop_outcomes.kernel.registry import METRICS
from iop_outcomes.release.stage import conclusions
from iop_outcomes.study import Cohort
from null_clinic import checks, clinic, content, run, weekly_sessions

ARMS = {"iop": {"level_of_care": "2.1"}, "outpatient": {"level_of_care": "1"}}
DAYS_BETWEEN, COMES = {"2.1": 7 / 3, "1": 14.0}, 0.75


def planned_unlike(n: int = 1000, between: dict[str, float] = DAYS_BETWEEN) -> dict[str, pd.DataFrame]:
    """Return a clinic whose arms plan sessions this many days apart; the first is the admission."""
    tables, rng = clinic(n), np.random.default_rng(6)
    rows = [
        (f"{one.episode_id}-{number}", one.episode_id, int(day), number == 0 or rng.random() < COMES)
        for one in tables["episode"].itertuples()
        for number, day in enumerate(np.arange(0, one.discharge_day + 1, between[one.level_of_care]))
    ]
    session = pd.DataFrame(rows, columns=["session_id", "episode_id", "day", "came"])
    came = session.pop("came")
    session["status"] = np.where(came, "attended", "no_show")
    session["minutes_scheduled"], session["minutes_attended"] = 60, np.where(came, 60, 0)
    return tables | {"session": session}


def told(folder, tables: dict[str, pd.DataFrame], metrics: dict) -> pd.DataFrame:
    """Return the verdicts on some metrics."""
    weighted = {"design": "overlap", "estimator": "aipw"}
    sections = {"metrics": metrics, "analyses": {name: weighted | {"outcome": name} for name in metrics}}
    made = run(folder, tables, **sections)
    return conclusions(studies.parse(content(folder, **sections)), made)[0].set_index("analysis")


BY_PLAN = (
    *("sessions_attended", "treatment_days", "hours_attended", "weekly_hours", "longest_gap", "median_gap"),
    *("gap_variation", "dropout_by_gap", "dropout_by_missed_weeks", "attendance_rate", "hours_rate", "no_show_rate"),
)


@pytest.fixture(scope="module")
def everything_by_plan(tmp_path_factory):
    return told(tmp_path_factory.mktemp("planned"), planned_unlike(), {name: {} for name in BY_PLAN})


@pytest.mark.parametrize("metric", BY_PLAN)
def test_what_differs_by_plan_gets_no_verdict(everything_by_plan, metric):
    verdict = everything_by_plan.loc[metric]
    assert verdict["ci_low"] > 0 or verdict["ci_high"] < 0
    assert (verdict["verdict"], verdict["reasons"]) == ("cannot tell", "unlike_plans")


@pytest.mark.parametrize("metric", ["service_each_month", "hedis_engagement", "washington_circle_engagement"])
def test_engagement_within_so_many_days_differs_by_plan_too(metric):
    assert METRICS[metric].by_plan == "sessions"


def test_shares_after_the_first_session_are_alike_and_judged(tmp_path):
    after = {name: {"after_first": True} for name in ("attendance_rate", "hours_rate", "no_show_rate")}
    verdicts = told(tmp_path, planned_unlike(), after)
    assert not verdicts["reasons"].str.contains("unlike_plans").any()
    assert not verdicts["verdict"].isin(["better", "worse"]).any()


@pytest.mark.parametrize("column", ["discharge_day", pytest.param("last_contact_day", marks=pytest.mark.slow)])
def test_leaving_dated_by_the_last_session_is_sooner_where_sessions_are_rarer(tmp_path, column):
    tables = planned_unlike()
    session, episode = tables["session"], tables["episode"]
    last = session[session["status"] == "attended"].groupby("episode_id")["day"].max()
    tables["episode"] = episode.drop(columns="discharge_day").assign(**{column: episode["episode_id"].map(last)})
    verdict = told(tmp_path, tables, {"retention_30": {"metric": "retention", "day": 30}}).loc["retention_30"]
    assert verdict["ci_low"] > 0
    assert (verdict["verdict"], verdict["reasons"]) == ("cannot tell", "unlike_plans")


def test_dated_by_their_own_day_they_are_judged(tmp_path):
    verdict = told(tmp_path, planned_unlike(), {"retention_30": {"metric": "retention", "day": 30}}).loc["retention_30"]
    assert "unlike_plans" not in verdict["reasons"]


def test_where_as_much_is_planned_more_sessions_attended_is_better(tmp_path):
    tables = planned_unlike(between={"2.1": 7.0, "1": 7.0})
    episode = tables["episode"].set_index("episode_id")["level_of_care"]
    session = tables["session"]
    skipped = (session["episode_id"].map(episode) == "1") & (np.arange(len(session)) % 2 == 0)
    session.loc[skipped, ["status", "minutes_attended"]] = ["no_show", 0]
    assert told(tmp_path, tables, {"sessions_attended": {}}).loc["sessions_attended", "verdict"] == "better"


MEMBERS = pd.DataFrame(
    {"member_id": ["a", "b", "c"], "arm": ["iop", "iop", "outpatient"], "time_zero_day": 10, "follow_up_end_day": 59}
)
EPISODES = pd.DataFrame(
    {
        "episode_id": ["a", "b", "c"],
        "person_id": ["a", "b", "c"],
        "level_of_care": ["2.1", "2.1", "1"],
        "assignment_day": 10,
        "admission_day": 10,
        "discharge_day": [16, 23, 37],
        "discharge_reason": ["dropout", "completed", "dropout"],
    }
)
#: Of a: day 0 and 4 attended, 6 missed, one before time zero, one closed. Of b: day 0 missed, 13. Of c: day 0, 27.
SESSIONS = pd.DataFrame(
    [
        ("a", 9, "attended", 60),
        ("a", 10, "attended", 60),
        ("a", 14, "attended", 120),
        ("a", 16, "no_show", None),
        ("a", 15, "closed", 60),
        ("b", 10, "no_show", 60),
        ("b", 23, "attended", 60),
        ("c", 10, "attended", 30),
        ("c", 37, "attended", 30),
        ("c", 50, "attended", 30),
    ],
    columns=["episode_id", "day", "status", "minutes_scheduled"],
).assign(session_id=lambda table: table.index.astype("str"))


def test_what_was_due_is_counted_in_care_and_from_time_zero():
    records = {"episode": EPISODES, "session": SESSIONS, "person": pd.DataFrame({"person_id": ["a", "b", "c"]})}
    assigned = candidates_of(records, Cohort(arms=ARMS, time_zero="assignment"))
    counted = due_by_arm(MEMBERS, records, assigned, np.array([6.0, 13.0, 27.0]))
    found = {(row.arm, row.level): (row.n, row.n_all) for row in counted.itertuples()}
    assert found == {
        ("iop", "sessions"): (5, 7 + 14),
        # Three of a, of which two say how long: four and a half hours; two of b.
        ("iop", "hours"): (round(4.5 + 2), 7 + 14),
        ("iop", "first session"): (1, 2),
        ("iop", "later sessions"): (2, 3),
        ("iop", "last session"): (0, 1),
        ("outpatient", "sessions"): (2, 28),
        ("outpatient", "hours"): (1, 28),
        ("outpatient", "first session"): (1, 1),
        ("outpatient", "later sessions"): (1, 1),
        ("outpatient", "last session"): (1, 1),
    }


@pytest.mark.parametrize(("in_iop", "status"), [(125, "PASS"), (126, "WARN")])
def test_a_quarter_more_is_alike_and_more_than_that_is_not(in_iop, status):
    rows = [("iop", "due", "sessions", in_iop, 700), ("outpatient", "due", "sessions", 100, 700)]
    recording = pd.DataFrame(rows, columns=["arm", "what", "level", "n", "n_all"])
    assert [row[3] for row in judge_due(recording, ("iop", "outpatient"))] == [status]


def test_a_source_without_sessions_has_none_of_the_checks(tmp_path):
    tables = clinic()
    del tables["session"]
    found = checks(run(tmp_path, tables))
    assert not {"sessions_due_alike", "hours_due_alike", "first_session", "last_session"} & set(found.index)


def waiting_for_care(days: int) -> dict[str, pd.DataFrame]:
    """Return a clinic in which outpatient care begins so many days after the assignment, and lasts as long."""
    tables = clinic(1000)
    episode = tables["episode"]
    waits = np.where(episode["level_of_care"] == "1", days, 0)
    episode["admission_day"] += waits
    episode["discharge_day"] += waits
    return tables | {"session": weekly_sessions(episode)}


@pytest.mark.parametrize(("days", "says"), [(21, "cannot tell"), (7, "")])
def test_whoever_waits_for_care_is_still_there_later_and_that_is_no_effect(tmp_path, days, says):
    """Before, outpatient care kept twelve points more to day 60, and people left IOP three times as fast."""
    verdict = told(tmp_path, waiting_for_care(days), {"retention_60": {"metric": "retention", "day": 60}})
    row = verdict.loc["retention_60"]
    assert (row["verdict"] == "cannot tell" and row["reasons"] == "unlike_plans") is bool(says)


def test_days_waited_are_of_those_who_came_within_the_follow_up():
    members = pd.DataFrame({"member_id": ["a", "b", "c", "d"], "arm": ["iop", "iop", "outpatient", "outpatient"]})
    members = members.assign(time_zero_day=[0, 10, 0, 0], follow_up_end_day=30)
    assert waiting_by_arm(members, np.array([3.0, np.nan, 14.0, 31.0])).to_dict("records") == [
        {"arm": "iop", "what": "due", "level": "waiting", "n": 3, "n_all": 1},
        {"arm": "outpatient", "what": "due", "level": "waiting", "n": 14, "n_all": 1},
    ]


@pytest.mark.parametrize(("later", "status"), [(7, "PASS"), (8, "WARN")])
def test_a_week_of_waiting_is_no_waiting_list(later, status):
    rows = [("iop", 0, 100), ("outpatient", 100 * later, 100)]
    recording = pd.DataFrame(rows, columns=["arm", "n", "n_all"]).assign(what="due", level="waiting")
    assert [(row[0], row[3]) for row in judge_due(recording, ("iop", "outpatient"))] == [("waiting_alike", status)]
