"""Worlds in which nothing differs but how it was taken: another specimen, another panel, another way of asking.

Before, nothing was said: where IOP tested breath and outpatient care urine, fewer tests found use in IOP, and that was
"better".
"""

import numpy as np
import pandas as pd
import pytest

from iop_outcomes.cohort.looked_at import looked_at
from iop_outcomes.cohort.measured import measures_by_arm
from iop_outcomes.designs.judge.measured import judge_measured
from null_clinic import checks, clinic, run

RECORDED = ["arm", "what", "level", "n", "n_all"]
WEIGHTED = {"design": "overlap", "estimator": "weighted"}
MEMBERS = pd.DataFrame(
    {
        "member_id": ["e1", "e2", "e3"],
        "person_id": ["p1", "p2", "p3"],
        "arm": ["iop", "outpatient", "outpatient"],
        "time_zero_day": [0, 0, 10],
        "follow_up_end_day": [179, 179, 179],
    }
)


def drug_tests(*rows: tuple) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["person_id", "day", "substance", "result", "matrix"])


def counted(records: dict[str, pd.DataFrame], what: str) -> dict[tuple[str, str], tuple[int, int]]:
    found = measures_by_arm(MEMBERS, records)
    own = found[found["what"] == what]
    return {(row.arm, row.level): (row.n, row.n_all) for row in own.itertuples()}


def test_days_are_counted_by_specimen_and_those_before_time_zero_are_not():
    table = drug_tests(
        ("p1", 3, "any", "negative", "breath"),
        ("p1", 3, "opioids", "negative", "breath"),
        ("p2", 3, "any", "positive", "urine"),
        ("p3", 9, "any", "positive", "breath"),
        ("p3", 12, "any", "missing", None),
        ("p3", 14, "any", "negative", None),
    )
    assert counted({"drug_test": table}, "specimen") == {
        ("iop", "breath"): (1, 1),
        ("iop", "urine"): (0, 1),
        ("outpatient", "breath"): (0, 1),
        ("outpatient", "urine"): (1, 1),
    }


def test_a_substance_listed_only_when_it_is_found_is_no_part_of_a_panel():
    table = drug_tests(
        ("p1", 3, "any", "negative", None),
        ("p1", 5, "cocaine", "positive", None),
        ("p2", 3, "opioids", "negative", None),
        ("p3", 13, "opioids", "positive", None),
    )
    assert counted({"drug_test": table}, "substance tested") == {
        ("iop", "opioids"): (0, 2),
        ("outpatient", "opioids"): (2, 2),
    }


@pytest.mark.parametrize(("in_iop", "status"), [(10, "PASS"), (11, "WARN"), (50, "WARN"), (51, "FAIL")])
def test_one_in_ten_otherwise_is_worth_a_warning_and_more_than_half_is_too_much(in_iop, status):
    cells = [("iop", in_iop), ("outpatient", 0)]
    rows = [(arm, "specimen", "breath", n, 100) for arm, n in cells]
    recording = pd.DataFrame(rows, columns=["arm", "what", "level", "n", "n_all"])
    assert judge_measured(recording, ("iop", "outpatient"), 100)[0][3] == status


def test_of_twenty_people_with_a_thousand_tests_no_share_tells_of_one():
    """Before, 5% of one arm's tests by breath was told as 0.05, which is one person of twenty."""
    rows = [("iop", "specimen", "breath", 50, 1000), ("outpatient", "specimen", "breath", 0, 1000)]
    recording = pd.DataFrame(rows, columns=["arm", "what", "level", "n", "n_all"])
    assert judge_measured(recording, ("iop", "outpatient"), 20)[0][1] == 0.0
    assert judge_measured(recording, ("iop", "outpatient"), 2000)[0][1] == 0.05


def test_a_source_that_says_nothing_of_it_has_none_of_the_checks():
    nothing = measures_by_arm(MEMBERS, {})
    assert list(nothing.columns) == ["arm", "what", "level", "n", "n_all"]
    assert judge_measured(nothing, ("iop", "outpatient"), 100) == []


def shown(made: dict[str, pd.DataFrame]) -> dict[str, str]:
    rows = made["estimate"].query("role == 'contrast' and kind == 'adjusted'")
    return dict(zip(rows["analysis"].astype(str), rows["status"].astype(str), strict=True))


def in_iop(tables: dict[str, pd.DataFrame]) -> np.ndarray:
    return (tables["episode"]["level_of_care"] == "2.1").to_numpy()


def test_breath_in_one_arm_and_urine_in_the_other_withholds_what_tests_say_and_nothing_else(tmp_path):
    tables = clinic()
    episode = tables["episode"]
    seen = np.random.default_rng(3).random((len(episode), 12)) < np.where(in_iop(tables), 0.25, 0.5)[:, None]
    tables["drug_test"] = pd.DataFrame(
        {
            "person_id": episode["person_id"].repeat(12),
            "day": np.tile(np.arange(3, 87, 7), len(episode)),
            "substance": "any",
            "result": np.where(seen.ravel(), "positive", "negative"),
            "matrix": np.where(in_iop(tables), "breath", "urine").repeat(12),
        }
    )
    made = run(
        tmp_path,
        tables,
        metrics={"proportion_negative": {}},
        analyses={"proportion_negative": WEIGHTED | {"outcome": "proportion_negative"}},
    )
    assert checks(made).loc["tested_alike", "status"] == "FAIL"
    assert shown(made) == {"proportion_negative": "withheld", "primary": "shown"}


def test_an_arm_that_is_asked_only_while_in_care_uses_less_on_paper(tmp_path):
    """Before, 14 points more days abstinent, more than matters: people do worse after leaving, in both arms."""
    tables, rng = clinic(), np.random.default_rng(11)
    asked = [
        (one.person_id, day, 7, rng.binomial(7, 0.3 if day <= one.discharge_day else 0.8))
        for one in tables["episode"].itertuples()
        for day in range(0, 84, 7)
        if day <= one.discharge_day or one.level_of_care == "1"
    ]
    reports = pd.DataFrame(asked, columns=["person_id", "day", "window_days", "days_used"])
    tables["use_report"] = reports.assign(substance="any", source="interview")
    made = run(
        tmp_path,
        tables,
        metrics={"percent_days_abstinent": {"window_days": 84}},
        analyses={"days": WEIGHTED | {"outcome": "percent_days_abstinent"}},
    )
    row = checks(made).loc["asked_after_care"]
    assert row["status"] == "FAIL"
    assert "people do worse after leaving" in row["reason"]
    assert shown(made) == {"days": "withheld", "primary": "shown"}


def test_a_test_that_was_due_after_care_and_missed_is_on_record():
    tests = drug_tests(("p1", 28, "any", "missing", None))
    found = looked_at(MEMBERS, {"drug_test": tests}, np.array([20.0, 20.0, 10.0]))
    assert found.set_index("arm")["n"].to_dict() == {"iop": 1, "outpatient": 0}


def test_seen_after_care_is_who_was_tested_or_asked_more_than_a_week_after_leaving():
    members = MEMBERS.assign(follow_up_end_day=[60, 60, 37])
    stay = np.array([20.0, 20.0, 10.0])
    tests = drug_tests(
        ("p1", 28, "any", "negative", None),  # day 28, eight days after leaving
        ("p2", 27, "any", "negative", None),  # seven days
        ("p3", 40, "any", "negative", None),  # left 27 days before the end: not asked about
    )
    reports = pd.DataFrame({"person_id": ["p2"], "day": [21], "window_days": [8]})  # days 21 to 28
    found = looked_at(members, {"drug_test": tests, "use_report": reports}, stay)
    after = found[~found["what"].str.startswith("day seen")]
    assert {(row.what, row.arm): (row.n, row.n_all) for row in after.itertuples()} == {
        ("tested after care", "iop"): (1, 1),
        ("tested after care", "outpatient"): (0, 1),
        ("asked after care", "iop"): (0, 1),
        ("asked after care", "outpatient"): (1, 1),
    }


@pytest.mark.parametrize(("seen", "status"), [(10, "PASS"), (11, "WARN"), (25, "WARN"), (26, "FAIL")])
def test_a_quarter_more_seen_after_care_is_too_much(seen, status):
    rows = [(arm, "tested after care", "after care", n, 100) for arm, n in (("iop", 0), ("outpatient", seen))]
    recording = pd.DataFrame(rows, columns=["arm", "what", "level", "n", "n_all"])
    assert judge_measured(recording, ("iop", "outpatient"), 100)[0][3] == status


def answers(*rows: tuple) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["person_id", "day", "instrument", "value"])


def test_people_are_counted_by_the_answers_they_ever_gave():
    table = answers(
        ("p1", 30, "PHQ9", 0), ("p1", 30, "PHQ9", 0), ("p1", 60, "PHQ9", 1), ("p2", 30, "PHQ9", 1), ("p3", 9, "PHQ9", 0)
    )
    assert counted({"assessment": table}, "answer") == {
        ("iop", "PHQ9: 0"): (1, 1),
        ("iop", "PHQ9: 1"): (1, 1),
        ("outpatient", "PHQ9: 0"): (0, 1),
        ("outpatient", "PHQ9: 1"): (1, 1),
    }


@pytest.mark.parametrize(("expected", "status"), [(9, "PASS"), (10, "FAIL")])
def test_an_answer_that_nobody_of_an_arm_ever_gives_is_coded_otherwise(expected, status):
    """Before, an arm whose questionnaires count from 1 had eight points more symptoms, surely."""
    cells = [("iop", "PHQ9: 0", 0), ("outpatient", "PHQ9: 0", expected), ("iop", "PHQ9: 1", 80)]
    rows = [(arm, "answer", level, n, 100) for arm, level, n in [*cells, ("outpatient", "PHQ9: 1", 80)]]
    recording = pd.DataFrame(rows, columns=["arm", "what", "level", "n", "n_all"])
    row = judge_measured(recording, ("iop", "outpatient"), 100)[0]
    assert (row[0], row[3]) == ("answered_alike", status)
    assert status == "PASS" or "nobody of iop ever answers 0 to PHQ9" in row[4]


@pytest.mark.parametrize(("what", "level"), [("result of tests", "negative"), ("result of reports", "no use")])
def test_results_of_a_kind_that_one_arm_never_has_are_not_on_record(what, level):
    """Before, an arm that files no report of a month without use had one and a half points fewer days abstinent."""
    cells = [("iop", level, 30), ("outpatient", level, 0), ("iop", "other", 80), ("outpatient", "other", 80)]
    recording = pd.DataFrame([(arm, what, level, n, 100) for arm, level, n in cells], columns=RECORDED)
    row = judge_measured(recording, ("iop", "outpatient"), 100)[0]
    assert (row[0], row[3]) == ("tested_alike" if "tests" in what else "reported_alike", "FAIL")
    assert f"nobody of outpatient ever {'tests' if 'tests' in what else 'reports'} {level}" in row[4]


def test_reports_are_told_apart_by_how_many_days_they_speak_of_and_people_by_what_they_report():
    rows = [("p1", 7, 1, 0), ("p1", 14, 7, 1), ("p2", 30, 28, 0), ("p3", 60, 90, 0)]
    table = pd.DataFrame(rows, columns=["person_id", "day", "window_days", "days_used"]).assign(source="interview")
    ways = {level.partition(", ")[2] for _, level in counted({"use_report": table}, "way of asking")}
    assert ways == {"day by day", "of a week at once", "of a month at once", "of a longer time at once"}
    assert counted({"use_report": table}, "result of reports") == {
        ("iop", "no use"): (1, 1),
        ("iop", "use"): (1, 1),
        ("outpatient", "no use"): (2, 2),
        ("outpatient", "use"): (0, 2),
    }
