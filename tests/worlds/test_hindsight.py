"""Worlds built on what came later under an innocent name: found by how closely it goes with staying and attending.

Before, every check passed in all of them: the dose received was "better" by 86 points, and a count of sessions among
the covariates made an interval of no width.
"""

import numpy as np
import pandas as pd
import pytest

from iop_outcomes.cohort.hindsight import strength
from iop_outcomes.designs.judge.hindsight import judge_hindsight
from null_clinic import answer, checks, clinic, fooled, run


def attended(tables: dict[str, pd.DataFrame], until: int = 84) -> pd.Series:
    """Return the sessions each episode attended up to a day."""
    sessions = tables["session"].query("day <= @until")["episode_id"].value_counts()
    return sessions.reindex(tables["episode"]["episode_id"], fill_value=0).set_axis(tables["episode"].index)


def ordered_by_dose(tables: dict[str, pd.DataFrame]) -> None:
    """Make IOP of those who attended a lot: the level "assigned" is the dose received."""
    dose = attended(tables) + np.random.default_rng(4).normal(0, 1, len(tables["episode"]))
    tables["episode"]["level_of_care"] = np.where(dose > dose.median(), "2.1", "1")


def test_an_arm_that_is_the_dose_received_is_named(tmp_path):
    tables = clinic()
    ordered_by_dose(tables)
    made = run(tmp_path, tables)
    row = checks(made).loc["hindsight"]
    assert row["status"] == "FAIL"
    assert row["reason"].startswith("the arm goes with the length of stay (0.9")
    assert answer(made)["status"] == "withheld"


@pytest.mark.parametrize(
    "made_of", ["count", *(pytest.param(kind, marks=pytest.mark.slow) for kind in ("tier", "flag"))]
)
def test_a_covariate_that_is_the_attendance_is_named_whatever_it_is_called(tmp_path, made_of):
    tables = clinic()
    n = attended(tables)
    kinds = {
        "count": n,
        "tier": pd.cut(n, [-1, 3, 8, 99], labels=["x", "y", "z"]),
        "flag": (n >= 6).map({True: "a", False: "b"}),
    }
    tables["baseline"]["w"] = kinds[made_of].to_numpy()
    made = run(tmp_path, tables, covariates=["severity", "w"])
    row = checks(made).loc["hindsight"]
    assert row["status"] == "FAIL"
    assert "the covariate w goes with the sessions attended" in row["reason"]
    assert "recorded by the day of assignment" in row["reason"]
    assert answer(made)["status"] == "withheld"


def test_a_rule_that_keeps_those_who_came_back_is_named(tmp_path):
    # The form is filled in at the third session; IOP hands it out to everybody by then, outpatient care seldom.
    tables = clinic()
    handed = (tables["episode"]["level_of_care"] == "1") | (np.random.default_rng(5).random(800) < 0.5)
    filled = (attended(tables) >= 3) | ~handed.to_numpy()
    tables["baseline"]["form"] = np.where(filled, "yes", None)
    made = run(tmp_path, tables, cohort={"eligibility": [{"recorded": {"column": "form"}}]})
    row = checks(made).loc["hindsight"]
    assert row["status"] in ("WARN", "FAIL")
    assert "the eligibility rule “form is recorded” goes with " in row["reason"]


def test_a_true_risk_factor_is_no_suspect(tmp_path):
    # Severity shortens the stay of everybody, and was known before: rank correlation of about -0.4.
    tables = clinic()
    stay = tables["episode"]["discharge_day"].rank(pct=True)
    tables["baseline"]["severity"] = (-stay + np.random.default_rng(6).normal(0, 0.7, 800)).to_numpy()
    made = run(tmp_path, tables)
    assert checks(made).loc["hindsight", "status"] == "PASS"
    assert 0.25 < checks(made).loc["hindsight", "value"] < 0.5


def test_how_the_arm_goes_with_the_stay_is_told_only_where_it_is_suspicious():
    ties = pd.DataFrame(
        [("arm", "arm", "the length of stay", 0.4), ("covariate", "sex", "the length of stay", 0.1)],
        columns=["role", "name", "later", "strength"],
    )
    check, value, _, status, reason = judge_hindsight(ties, 0.5)
    assert (check, value, status) == ("hindsight", 0.1, "PASS")
    assert "arm" not in reason


@pytest.mark.parametrize(("size", "status"), [(0.5, "PASS"), (0.51, "WARN"), (0.9, "WARN"), (0.91, "FAIL")])
def test_the_borders_of_suspicion(size, status):
    ties = pd.DataFrame([("covariate", "w", "x", size)], columns=["role", "name", "later", "strength"])
    assert judge_hindsight(ties, 0.5)[3] == status


EVERY = np.arange(100.0)


@pytest.mark.parametrize(
    ("values", "later", "expected"),
    [
        (EVERY**3, EVERY, 1.0),  # any rising curve
        (-EVERY, EVERY, 1.0),
        (EVERY, np.abs(EVERY - 49.5), 0.98),  # no rank correlation at all: tenths see it
        (np.where(EVERY >= 30, "a", "b"), EVERY, 1.0),  # a threshold of it
        (EVERY % 2 == 0, EVERY, 0.02),  # every other one
    ],
)
def test_how_closely_two_things_go_together(values, later, expected):
    assert strength(pd.Series(values), pd.Series(later)) == pytest.approx(expected, abs=0.01)


def test_what_only_goes_with_the_arm_goes_with_nothing_within_arms():
    arm = pd.Series(np.repeat(["iop", "op"], 100))
    stay = pd.Series(np.tile(np.arange(100.0), 2) + np.repeat([50.0, 0.0], 100))
    hours = pd.Series(np.repeat([9.0, 1.0], 100))
    assert strength(hours, stay) > 0.5
    assert strength(hours, stay, arm) == pytest.approx(0, abs=0.01)


def test_of_few_people_nothing_is_said():
    assert np.isnan(strength(pd.Series(range(19)), pd.Series(range(19))))


@pytest.mark.parametrize(("day", "status"), [(0, "PASS"), (1, "PASS"), (30, "WARN")])
def test_a_baseline_measured_after_time_zero_is_not_used_and_counted(tmp_path, day, status):
    tables = clinic()
    tables["baseline"]["measured_day"] = np.where(np.arange(800) < 200, day, 0)
    made = run(tmp_path, tables)
    row = checks(made).loc["baseline_days"]
    assert row["status"] == status
    late = day > 1
    assert made["entry"]["n_baseline_late"].sum() == (200 if late else 0)
    used = made["covariates"].set_index("member_id")
    assert ("severity_missing" in used) is late
    if late:
        assert used["severity_missing"].sum() == 200
        assert row["reason"].startswith("about 2")
        assert "measured after time zero: not used" in row["reason"]


def test_a_baseline_without_a_day_is_named_unless_the_study_states_that_it_is_early(tmp_path):
    made = run(tmp_path, clinic())
    assert checks(made).loc["baseline_days", "status"] == "WARN"
    assert "on which severity, referral were measured" in checks(made).loc["baseline_days", "reason"]
    made = run(tmp_path, clinic(), measured_by_assignment=["severity", "referral"])
    assert checks(made).loc["baseline_days", "status"] == "PASS"
    assert checks(made).loc["baseline_days", "reason"].startswith("the study states that severity, referral were")
    assert not fooled(made)
