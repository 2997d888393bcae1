"""The gate passes what can be compared and names what cannot."""

import numpy as np
import pandas as pd
import pytest

from iop_outcomes import tables
from iop_outcomes.designs.comparison import Comparison
from iop_outcomes.designs.judge.gate import (
    FAIL,
    NOT_EVALUATED,
    PASS,
    WARN,
    judge_design,
    share_of_people,
)
from iop_outcomes.kernel.registry import DESIGN_METHODS
from iop_outcomes.study.gate import GateThresholds
from iop_outcomes.tables.comparison import of_arms


def comparison(method="overlap_weights", n=2_000, spread=0.5, **settings):
    rng = np.random.default_rng(8)
    index = pd.Index([f"m{i:05}" for i in range(n)], name="member_id")
    covariates = pd.DataFrame({"age": rng.normal(40, 10, n), "sex": rng.choice(["f", "m"], n)}, index=index)
    treated = rng.random(n) < 1 / (1 + np.exp(-spread * (covariates["age"] - 40) / 10))
    site = pd.Series(rng.choice(["S1", "S2", "S3"], n), index=index)
    plugin = DESIGN_METHODS[method]
    members = plugin(covariates, treated.to_numpy(), site.to_numpy(), 1, **plugin.check(settings))
    members["treated"] = treated
    return Comparison("main", method, plugin.estimand, ("iop", "outpatient"), members, covariates, site)


def status(table):
    return table.set_index("check")["status"].to_dict()


def test_a_good_design_passes_and_its_rows_keep_the_contract():
    table = judge_design(comparison(), GateThresholds(max_detectable_difference=0.1))
    assert set(status(table).values()) == {PASS}
    tables.check(table, "diagnostic")
    assert of_arms(table, ("iop", "outpatient"), "main").all()
    assert table["reason"].str.endswith(".").all()


def test_imbalance_fails_and_names_the_covariate():
    table = judge_design(comparison("unweighted"), GateThresholds())
    row = table.set_index("check").loc["max_smd"]
    assert row["status"] == FAIL
    assert "differ most in age" in row["reason"]
    assert "more than the 0.1 allowed" in row["reason"]


def test_what_cannot_be_judged_is_not_evaluated():
    found = status(judge_design(comparison("entropy_balance"), GateThresholds()))
    assert found["equipoise"] == NOT_EVALUATED
    assert found["detectable_difference"] == NOT_EVALUATED


def test_little_overlap_fails_equipoise_and_effective_size():
    found = status(
        judge_design(comparison("ate_weights", n=400, spread=4), GateThresholds(min_equipoise=0.5, min_ess=300))
    )
    assert found["equipoise"] == FAIL
    assert found["ess_iop"] == FAIL


def test_sites_with_one_arm_fail_and_are_named():
    made = comparison()
    lonely = made.cluster.mask(made.members["treated"] & (made.cluster == "S2"), "S9")
    table = judge_design(
        Comparison("main", made.method, "ATO", made.arms, made.members, made.covariates, lonely), GateThresholds()
    ).set_index("check")
    assert table.loc["one_arm_sites", "status"] == FAIL
    assert table.loc["positivity", "status"] == WARN
    assert "2 sites with nobody in one of the arms" in table.loc["positivity", "reason"]
    assert "S9" not in table.loc["positivity", "reason"]


@pytest.mark.parametrize(
    ("share", "n", "said"),
    [
        (0.294, 1_000, "29%"),  # a step of 1% is ten people
        (0.294, 652, "about 30%"),  # of 2%: thirteen
        (3 / 385, 385, "less than 5%"),  # three people stay hidden among up to nineteen
        (0.0, 385, "0%"),
        (0.5, 12, "about 50%"),
    ],
)
def test_a_share_in_a_sentence_counts_no_few_people(share, n, said):
    assert share_of_people(share, n) == said


def test_a_balance_that_the_design_makes_is_no_finding():
    row = judge_design(comparison(), GateThresholds()).set_index("check").loc["max_smd"]
    assert row["status"] == PASS
    assert row["reason"].startswith("the design makes the means of all covariates equal")


def test_what_the_method_cut_is_said():
    table = judge_design(comparison("ate_weights", trim=0.3, truncate=0.9), GateThresholds()).set_index("check")
    assert table.loc["trimmed", "status"] == WARN
    assert 0 < table.loc["trimmed", "value"] < 1
    assert table.loc["truncated", "value"] == pytest.approx(0.1, abs=0.02)


def test_a_covariate_without_spread_in_the_denominator_fails():
    made = comparison("att_weights")
    covariates = made.covariates.assign(
        state=np.where(made.treated, "a", np.where(made.covariates["sex"] == "f", "a", "b"))
    )
    changed = Comparison("main", made.method, "ATT", made.arms, made.members, covariates, made.cluster)
    row = judge_design(changed, GateThresholds()).set_index("check").loc["max_smd"]
    assert row["status"] == FAIL
    assert "infinitely many" in row["reason"]
