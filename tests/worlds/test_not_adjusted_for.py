"""Worlds in which the arms differ by something on record that is not adjusted for: named, and withheld if far.

Before, all checks passed: less severe people in IOP were "better" by 14 points, sites that prefer it by 17, and three
tests a week against one "worse" by 31.
"""

import numpy as np
import pandas as pd
import pytest

from iop_outcomes.designs.judge.unadjusted import association
from null_clinic import answer, checks, clinic, fooled, run, weekly_sessions


def confounded(apart: float, n: int = 800) -> dict[str, pd.DataFrame]:
    """Return a clinic that sends the less severe to IOP, who stay longer in either arm."""
    tables = clinic(n)
    rng, episode = np.random.default_rng(7), tables["episode"]
    iop = (episode["level_of_care"] == "2.1").to_numpy()
    severity = rng.normal(size=n) - apart * iop
    stay = np.minimum(rng.exponential(90 * np.exp(-0.6 * severity)).astype(int) + 1, 84)
    episode["discharge_day"], episode["discharge_reason"] = stay, np.where(stay == 84, "completed", "dropout")
    tables["baseline"]["severity"] = severity.round(3)
    return tables | {"session": weekly_sessions(episode)}


@pytest.mark.parametrize(
    ("apart", "n", "status", "shown"),
    [
        (0.8, 800, "FAIL", "withheld"),
        (0.3, 800, "WARN", "shown"),
        (0.5, 40, "WARN", "shown"),
        pytest.param(0, 3200, "PASS", "shown", marks=pytest.mark.slow),
    ],
)
def test_a_fact_left_out_of_the_covariates_is_named(tmp_path, apart, n, status, shown):
    # Of 20 people in each arm 0.5 standard deviations are less than three standard errors: not withheld, but named.
    gate = {"min_ess": 5, "min_equipoise": 0, "max_smd": 0.1 if n > 40 else 0.5}
    made = run(tmp_path, confounded(apart, n), covariates=["referral"], gate=gate)
    row = checks(made).loc["unadjusted_imbalance"]
    assert row["status"] == status
    assert answer(made)["status"] == shown
    if status != "PASS":
        assert row["reason"].startswith("the design does not adjust for severity, in which the arms differ by ")
        assert "Add it to the covariates" in row["reason"]


def test_adjusted_for_it_is_no_longer_named(tmp_path):
    made = run(tmp_path, confounded(0.8), covariates=["severity", "referral", "age_years"])
    assert checks(made).loc["unadjusted_imbalance", "status"] == "NOT_EVALUATED"
    assert not fooled(made)


@pytest.mark.parametrize(
    ("sections", "says"),
    [
        ({"designs": {"overlap": {"method": "unweighted"}}}, "the design leaves the arms as they are: crude"),
        ({"covariates": []}, "the study names no covariates"),
    ],
)
def test_a_design_that_adjusts_for_nothing_is_called_crude(tmp_path, sections, says):
    made = run(tmp_path, clinic(), **sections)
    assert checks(made).loc["crude", "status"] == "WARN"
    assert checks(made).loc["crude", "reason"].startswith(says)


def test_a_design_that_adjusts_is_not(tmp_path):
    assert "crude" not in checks(run(tmp_path, clinic())).index


def test_what_an_arm_prescribes_is_no_difference_between_people(tmp_path):
    tables = clinic()
    iop = tables["episode"]["level_of_care"] == "2.1"
    tables["episode"]["prescribed_hours_per_week"] = np.where(iop, 9, 1)
    made = run(tmp_path, tables, covariates=["severity", "referral", "age_years"])
    assert checks(made).loc["unadjusted_imbalance", "status"] == "NOT_EVALUATED"


def test_rare_levels_are_held_together_and_not_one_by_one(tmp_path):
    tables = clinic()
    tables["baseline"]["district"] = [f"z{i % 200:03}" for i in range(800)]
    made = run(tmp_path, tables)
    assert made["facts"]["district"].nunique() == 12
    assert (made["facts"]["district"] == "any other").sum() == 800 - 11 * 4


def sites_that_prefer(strongly: float) -> dict[str, pd.DataFrame]:
    """Return eight sites; those that prefer IOP keep people longer, whatever their arm."""
    tables = clinic(1600)
    rng, episode = np.random.default_rng(8), tables["episode"]
    site = np.arange(1600) % 8
    better = site >= 4
    episode["site_id"] = [f"s{k}" for k in site]
    episode["level_of_care"] = np.where(rng.random(1600) < 0.5 + strongly * np.where(better, 1, -1), "2.1", "1")
    stay = np.minimum(rng.exponential(np.where(better, 150, 60)).astype(int) + 1, 84)
    episode["discharge_day"], episode["discharge_reason"] = stay, np.where(stay == 84, "completed", "dropout")
    return tables | {
        "session": weekly_sessions(episode),
        "site": pd.DataFrame({"site_id": sorted(set(episode["site_id"]))}),
    }


NOT_BY_SITE = {"overlap": {"method": "overlap_weights", "by_site": "no"}}


@pytest.mark.parametrize(("strongly", "status", "value"), [(0.2, "WARN", 0.4), (0.0, "PASS", 0.0)])
def test_sites_that_prefer_an_arm_are_said(tmp_path, strongly, status, value):
    # Shares of 0.7 and 0.3 of IOP at equally many sites: the site and the arm correlate by 0.4.
    made = run(tmp_path, sites_that_prefer(strongly), cluster="site", designs=NOT_BY_SITE)
    row = checks(made).loc["site_balance"]
    assert row["status"] == status
    assert row["value"] == pytest.approx(value, abs=0.08)
    assert row["reason"].endswith("Adjust for the site.") is (status == "WARN")


@pytest.mark.slow
def test_sites_are_adjusted_for_unless_the_study_says_otherwise(tmp_path):
    # Half of the sites keep people longer, and more of their people are in IOP: 0.7 against 0.3.
    adjusted = run(tmp_path, sites_that_prefer(0.2), cluster="site")
    assert checks(adjusted).loc["site_balance", "status"] == "PASS"
    assert checks(adjusted).loc["by_site", ["value", "status"]].tolist() == [8, "PASS"]
    assert not fooled(adjusted)
    as_before = run(tmp_path, sites_that_prefer(0.2), cluster="site", designs=NOT_BY_SITE)
    assert "by_site" not in checks(as_before).index
    assert answer(as_before)["ci_low"] > 0


def test_a_label_that_tells_the_arm_is_1_and_chance_is_nothing():
    arm = np.arange(2000) % 2 == 0
    label = pd.Series(np.where(arm, "a", "b"))
    assert association(label, arm, np.ones(2000)) == pytest.approx(1)
    many = pd.Series(np.random.default_rng(9).integers(0, 40, 2000).astype(str))
    assert association(many, arm, np.ones(2000)) < 0.05
    assert association(pd.Series("a", index=range(2000)), arm, np.ones(2000)) == 0


@pytest.mark.parametrize(
    ("opened", "status", "value"),
    # IOP in quarter 3 and 4 only: half of outpatient care, and all of IOP, were then. 1, 2 and 3, 4: nothing shared.
    [("always", "PASS", 1.0), ("half way", "FAIL", 0.5), ("afterwards", "FAIL", 0.0)],
)
def test_arms_of_different_times_are_said(tmp_path, opened, status, value):
    tables = clinic()
    iop = (tables["episode"]["level_of_care"] == "2.1").to_numpy()
    order = np.where(iop, np.cumsum(iop), np.cumsum(~iop))
    quarter = {"always": order % 4, "half way": np.where(iop, 2 + order % 2, order % 4)}
    quarter["afterwards"] = np.where(iop, 2 + order % 2, order % 2)
    tables["episode"]["period"] = [f"2023Q{k + 1}" for k in quarter[opened]]
    row = checks(run(tmp_path, tables, adjust_for_calendar=False)).loc["calendar_overlap"]
    assert row["status"] == status
    assert row["value"] == pytest.approx(value, abs=0.03)


def with_tests(per_week: dict[str, int], missed: dict[str, float]) -> dict[str, pd.DataFrame]:
    """Return a clinic in which everybody in care is tested so often a week; some tests are missed, all are negative."""
    tables = clinic()
    rng, rows = np.random.default_rng(10), []
    for one in tables["episode"].itertuples():
        for week in range(0, one.discharge_day, 7):
            for day in range(week, min(week + per_week[one.level_of_care], one.discharge_day + 1)):
                result = "missing" if rng.random() < missed[one.level_of_care] else "negative"
                rows.append((one.person_id, day, "any", result))
    return tables | {"drug_test": pd.DataFrame(rows, columns=["person_id", "day", "substance", "result"])}


@pytest.mark.parametrize(
    ("per_week", "missed", "often", "obtained"),
    [
        ({"2.1": 3, "1": 2}, {"2.1": 0, "1": 0}, "WARN", None),
        ({"2.1": 1, "1": 1}, {"2.1": 0, "1": 0}, "PASS", None),
        ({"2.1": 1, "1": 1}, {"2.1": 0.3, "1": 0.1}, "PASS", "WARN"),
        ({"2.1": 1, "1": 1}, {"2.1": 0.2, "1": 0.2}, "PASS", "PASS"),
    ],
)
def test_an_arm_that_is_tested_more_or_misses_more_is_said(tmp_path, per_week, missed, often, obtained):
    found = checks(run(tmp_path, with_tests(per_week, missed)))
    assert found.loc["testing_by_arm", "status"] == often
    assert found["status"].get("tests_obtained") == obtained
    if often == "WARN":
        assert found.loc["testing_by_arm", "value"] == pytest.approx(1.5, abs=0.1)
        assert "whoever is tested more is found positive more" in found.loc["testing_by_arm", "reason"]


ABSTINENT = {
    "metrics": {"abstinent": {"metric": "continuous_abstinence", "window_days": 28, "missing": "positive"}},
    "analyses": {
        "tests": {"outcome": "abstinent", "design": "overlap", "estimator": "aipw", "measure": "risk_difference"}
    },
}


@pytest.fixture(scope="module")
def tested_unlike() -> dict[str, pd.DataFrame]:
    """Three tests a week in IOP and one in outpatient care: one in ten is positive in both, one in ten refused."""
    tables = with_tests({"2.1": 3, "1": 1}, {"2.1": 0, "1": 0})
    results, often = ["negative", "positive", "missing"], [0.8, 0.1, 0.1]
    tables["drug_test"]["result"] = np.random.default_rng(11).choice(results, len(tables["drug_test"]), p=often)
    return tables


@pytest.mark.slow
def test_three_tests_a_week_against_one_withhold_outcomes_of_tests_and_no_others(tmp_path, tested_unlike):
    # With more tests more people have a positive one in the window.
    made = run(tmp_path, tested_unlike, **ABSTINENT)
    assert checks(made).loc["testing_by_arm", "status"] == "FAIL"
    assert answer(made, "tests")["status"] == "withheld"
    assert answer(made, "primary")["status"] == "shown"
    assert "(urine_thinning)" in checks(made).loc["testing_by_arm", "reason"]
    # Without the check the arm that is tested more is "worse".
    seen = answer(run(tmp_path, tested_unlike, **ABSTINENT, gate={"override": {"tests": "to see"}}), "tests")
    assert seen["ci_high"] < 0


@pytest.mark.parametrize("thinning", ["weekly", {"every_days": 14, "on_day": 0}])
def test_thinned_to_what_both_arms_share_the_outcome_is_answered(tmp_path, tested_unlike, thinning):
    made = run(tmp_path, tested_unlike, **ABSTINENT, urine_thinning=thinning)
    row = checks(made).loc["testing_by_arm"]
    assert row["status"] == "PASS"
    assert row["value"] == pytest.approx(1, abs=0.05)
    assert checks(made).loc["tests_obtained", "status"] == "PASS"
    assert answer(made, "tests")["status"] == "shown"
    assert not fooled(made, "tests")
    left_out = made["set_aside"].astype({"rule": "str"}).set_index("rule")["n"]
    # Two of three tests of IOP, in as many weeks as both arms were in care; and half of the rest every other week.
    assert left_out["left out by thinning of the schedules: not used"] > 1000


def test_without_drug_tests_nothing_is_said_of_them(tmp_path):
    assert "testing_by_arm" not in checks(run(tmp_path, clinic())).index


@pytest.mark.parametrize(("strongly", "status", "shown"), [(0.3, "FAIL", "withheld"), (0, "WARN", "shown")])
def test_a_study_that_takes_no_account_of_its_sites_is_told_so(tmp_path, strongly, status, shown):
    """Before, nothing was said: in three of four such clinics without an effect there was one, surely."""
    made = run(tmp_path, sites_that_prefer(strongly), cluster=None)
    row = checks(made).loc["site_balance"]
    assert row["status"] == status
    assert row["reason"].startswith("the study takes no account of the sites on record (cluster: null)")
    assert answer(made)["status"] == shown


def test_of_one_site_there_is_nothing_to_take_account_of(tmp_path):
    tables = clinic()
    tables["episode"]["site_id"] = "s1"
    made = run(tmp_path, tables | {"site": pd.DataFrame({"site_id": ["s1"]})}, cluster=None)
    assert checks(made).loc["site_balance", "status"] == "NOT_EVALUATED"
