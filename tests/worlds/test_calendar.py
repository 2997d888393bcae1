"""A world in which outcomes improve with the calendar and IOP opened half-way: what changed with time looks like IOP.

Before, the calendar was only looked at: IOP, which changes nothing, was "better" beside a word of caution.
"""

import numpy as np
import pandas as pd
import pytest

from iop_outcomes import study as studies
from iop_outcomes.designs.calendar import long_enough, of_shared_time
from iop_outcomes.kernel.errors import DesignError, StudyFileError
from null_clinic import answer, checks, clinic, content, fooled, run, weekly_sessions

QUARTERS = [f"202{year}Q{quarter}" for year in (2, 3) for quarter in (1, 2, 3, 4)]


def opened_half_way(opened: int = 4, n: int = 1600, share: float = 0.6) -> dict[str, pd.DataFrame]:
    """Return a clinic of eight quarters in which people stay ever longer, in either arm; IOP opens after some.

    Once open it also fills up: more of the last quarter's people are in it than of those before.
    """
    tables = clinic(n)
    rng, episode = np.random.default_rng(5), tables["episode"]
    quarter = np.arange(n) % 8
    chance = np.where(quarter >= opened, share * (quarter - opened + 1) / (8 - opened), 0)
    episode["level_of_care"] = np.where(rng.random(n) < chance, "2.1", "1")
    stay = np.minimum(rng.exponential(40 * np.exp(0.2 * quarter)).astype(int) + 1, 84)
    episode["discharge_day"], episode["discharge_reason"] = stay, np.where(stay == 84, "completed", "dropout")
    episode["period"] = [QUARTERS[k] for k in quarter]
    return tables | {"session": weekly_sessions(episode)}


@pytest.mark.slow
def test_without_the_calendar_the_answer_is_better_and_the_check_says_why_not(tmp_path):
    made = run(tmp_path, opened_half_way(), adjust_for_calendar=False)
    row = checks(made).loc["calendar_overlap"]
    assert row["status"] == "FAIL"
    assert answer(made)["status"] == "withheld"
    to_see = {"override": {"primary": "to see"}}
    assert answer(run(tmp_path, opened_half_way(), adjust_for_calendar=False, gate=to_see))["ci_low"] > 0.05


def test_with_it_people_are_compared_within_their_own_time(tmp_path):
    made = run(tmp_path, opened_half_way())
    found = checks(made)
    assert answer(made)["status"] == "shown"
    assert not fooled(made)
    assert found.loc["calendar_overlap", "status"] == "PASS"
    left_out = found.loc["one_arm_periods"]
    assert (left_out["status"], left_out["value"]) == ("WARN", 0.5)
    assert "the time when both were open" in left_out["reason"]
    members = made["propensity"].merge(made["covariates"], on="member_id")
    before = members["period"].isin(QUARTERS[:4])
    assert (members.loc[before, "weight"] == 0).all()
    assert (members.loc[~before, "weight"] > 0).all()


@pytest.mark.parametrize(
    "method",
    [
        "ate_weights",
        *(pytest.param(name, marks=pytest.mark.slow) for name in ("entropy_balance", "nearest_match", "subclass_ate")),
    ],
)
def test_every_design_leaves_out_who_came_when_one_arm_was_open(tmp_path, method):
    estimator = "matched" if method in ("nearest_match", "subclass_ate") else "aipw"
    analyses = {"primary": {"outcome": "completion", "design": "overlap", "estimator": estimator}}
    lenient = {"min_equipoise": 0, "override": {"primary": "to see"}}
    made = run(tmp_path, opened_half_way(), designs={"overlap": {"method": method}}, analyses=analyses, gate=lenient)
    assert "one_arm_periods" in checks(made).index
    assert not fooled(made)


def test_three_arms_at_once_leave_out_who_came_when_one_was_closed(tmp_path):
    tables = opened_half_way()
    rng, episode = np.random.default_rng(6), tables["episode"]
    moved = (episode["level_of_care"] == "1") & (rng.random(len(episode)) < 0.4)
    episode["level_of_care"] = np.where(moved, "2.5", episode["level_of_care"])
    arms = {"iop": {"level_of_care": "2.1"}, "outpatient": {"level_of_care": "1"}, "day": {"level_of_care": "2.5"}}
    made = run(tmp_path, tables, cohort={"arms": arms})
    assert (checks(made).loc["one_arm_periods", "value"] == 0.5).all()
    assert not fooled(made)


@pytest.mark.slow
def test_a_source_without_periods_and_a_study_without_covariates_are_as_they_were(tmp_path):
    assert "period" not in run(tmp_path, clinic())["covariates"]
    made = run(tmp_path, opened_half_way(), covariates=[])
    assert "period" not in made["covariates"]
    assert checks(made).loc["crude", "status"] == "WARN"


def test_arms_that_share_no_time_are_refused_in_a_sentence(tmp_path):
    tables = opened_half_way()
    iop = tables["episode"]["level_of_care"] == "2.1"
    tables["episode"]["period"] = np.where(iop, "2023", "2022")
    row = checks(run(tmp_path, tables)).loc["comparison"]
    assert row["status"] == "FAIL"
    assert row["reason"].startswith("period: the arms have no time in common")


def test_a_study_cannot_ask_for_the_calendar_and_against_it(tmp_path):
    with pytest.raises(StudyFileError, match="adjust_for_calendar: it is false, and 'period' is among the covariates"):
        studies.parse(content(tmp_path, covariates=["period"], adjust_for_calendar=False))


def test_neighbouring_periods_are_taken_together_until_they_have_twenty_people():
    period = pd.Series(["2020"] * 25 + ["2021"] * 9 + ["2022"] * 12 + ["2023"] * 5 + ["missing"] * 2, name="period")
    found = long_enough(period).value_counts()
    # 2021 and 2022 have 21 together; 2023 has 5 and goes with those before it.
    assert found.to_dict() == {"2020": 25, "2021 to 2023": 26, "missing": 2}
    assert long_enough(pd.Series(["2020"] * 3)).unique().tolist() == ["2020"]


def test_who_came_when_one_arm_had_nobody_is_outside():
    period = pd.Series(["2020", "2020", "2021", "2021", "2022"] * 20)
    inside, notes = of_shared_time(period, [0, 1, 0, 1, 1] * 20)
    assert inside.tolist() == [True, True, True, True, False] * 20
    assert notes[0][:2] == ("one_arm_periods", pytest.approx(0.2))
    with pytest.raises(DesignError, match="no time in common"):
        of_shared_time(period, [0, 0, 1, 1, 1] * 20)
