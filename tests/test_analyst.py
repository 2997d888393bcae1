"""One call for analysts, on a hundred people."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from pytest import approx

import iop_outcomes
from iop_outcomes import tables
from iop_outcomes.kernel.errors import StudyError

COVARIATES = ["severity", "substance"]


@pytest.fixture(scope="module")
def people() -> pd.DataFrame:
    """Six hundred people at eight sites; severity decides arm and outcome."""
    generator = np.random.default_rng(1)
    n = 600
    severity = generator.normal(size=n)
    iop = generator.random(n) < 1 / (1 + np.exp(-severity))
    days = generator.exponential(60 * np.exp(0.3 * iop - 0.2 * severity))
    return pd.DataFrame(
        {
            "arm": np.where(iop, "iop", "outpatient"),
            "severity": severity,
            "substance": generator.choice(["alcohol", "opioid"], n),
            "site": generator.choice(list("abcdefgh"), n),
            "abstinent": (generator.random(n) < 0.4 + 0.2 * iop - 0.1 * np.tanh(severity)).astype(float),
            "days": np.minimum(days, 180).round(1),
            "left": (days < 180).astype(float),
        },
        index=[f"p{i}" for i in range(n)],
    )


ASKED = {"arm": "arm", "covariates": COVARIATES, "cluster": "site"}


@pytest.mark.parametrize("estimator", ["unadjusted", "weighted", "outcome_regression", "aipw", "tmle"])
def test_an_estimate_is_rows_of_the_contract(people, estimator):
    rows = iop_outcomes.estimate(people, outcome="abstinent", estimator=estimator, estimand="ATE", **ASKED)
    assert tables.violations(rows, "estimate") == []
    assert rows["role"].tolist() == ["contrast", "arm", "arm"]
    assert rows["arm"].tolist() == ["iop", "iop", "outpatient"]
    assert rows["against"].tolist() == ["outpatient", "", ""]
    assert rows["estimand"].tolist() == ["ATE"] * 3
    assert rows["se_method"].str.contains("8 clusters").all()
    if estimator != "unadjusted":
        assert abs(rows["value"][0] - 0.2) < 3 * rows["se"][0]


def test_several_measures_share_the_rows_of_the_arms(people):
    measures = ["risk_difference", "risk_ratio", "odds_ratio"]
    rows = iop_outcomes.estimate(people, outcome="abstinent", measure=measures, **ASKED)
    assert rows["measure"].tolist() == ["risk_difference", "mean", "mean", "risk_ratio", "odds_ratio"]
    first, second = rows["value"][1], rows["value"][2]
    assert rows["value"][3] == approx(first / second)


def test_a_design_made_once_serves_every_estimate(people):
    made = iop_outcomes.weigh(people, estimand="ATT", **ASKED)
    assert made.index.equals(people.index)
    assert (made.loc[made["treated"], "weight"] == 1).all()
    given = iop_outcomes.estimate(people, outcome="abstinent", design=made, **ASKED)
    named = iop_outcomes.estimate(people, outcome="abstinent", design="att_weights", **ASKED)
    assert given["value"].tolist() == named["value"].tolist()
    assert given["estimand"][0] == "ATT"


def test_matching_and_balance(people):
    made = iop_outcomes.match(people, ratio=1, caliper=0.2, **ASKED)
    kept = made[made["weight"] > 0]
    assert kept["treated"].sum() == (~kept["treated"]).sum()
    rows = iop_outcomes.estimate(people, outcome="abstinent", design=made, estimator="matched", **ASKED)
    assert rows["n"][0] == len(kept)
    table = iop_outcomes.balance(people, design=made, **ASKED)
    worst = table.groupby("stage")["smd"].agg(lambda smd: smd.abs().max())
    assert worst["after"] < 0.3 * worst["before"]


@pytest.mark.parametrize(
    ("estimator", "settings", "measure"),
    [
        ("rmst", {"until_day": 120}, "rmst_difference"),
        ("weighted_kaplan_meier", {"day": 90}, "survival_difference"),
        ("cox", {}, "hazard_ratio"),
    ],
)
def test_survival(people, estimator, settings, measure):
    rows = iop_outcomes.survival(people, time="days", event="left", estimator=estimator, **ASKED, **settings)
    assert tables.violations(rows, "estimate") == []
    assert rows["measure"][0] == measure
    assert rows["n_events"][0] == people["left"].sum()


def test_the_bootstrap_checks_the_formula(people):
    rows = iop_outcomes.estimate(
        people, outcome="abstinent", estimator="weighted", bootstrap=40, arm="arm", covariates=COVARIATES
    )
    assert rows["boot_se"][0] == approx(rows["se"][0], rel=0.35)
    assert rows["boot_ci_low"][0] < rows["value"][0] < rows["boot_ci_high"][0]
    assert rows["boot_se"].isna().tolist() == [False, True, True]


def test_arms_may_be_named_or_coded(people):
    coded = people.assign(arm=(people["arm"] == "iop").astype(int))
    other = people.replace({"arm": {"iop": "intensive", "outpatient": "standard"}})
    asked = {"outcome": "abstinent", "covariates": COVARIATES, "arm": "arm"}
    expected = iop_outcomes.estimate(people, **asked)["value"][0]
    assert iop_outcomes.estimate(coded, **asked)["value"][0] == expected
    assert iop_outcomes.estimate(other, contrast=("intensive", "standard"), **asked)["value"][0] == expected
    swapped = iop_outcomes.estimate(other, contrast=("standard", "intensive"), **asked)
    assert swapped["value"][0] == approx(-expected)


@pytest.mark.parametrize(
    ("change", "settings", "said"),
    [
        ({}, {"outcome": "abstinence"}, "did you mean 'abstinent'"),
        ({}, {"covariates": ["severty"]}, "did you mean 'severity'"),
        ({}, {"estimator": "aipww"}, "did you mean 'aipw'"),
        ({}, {"design": "overlap"}, "there is no design method 'overlap'"),
        ({}, {"design": "overlap_weights", "estimand": "ATT"}, "answers for the ATO, not the ATT"),
        ({}, {"estimand": "ATX"}, "there is no estimand 'ATX'"),
        ({}, {"estimator": "tmle"}, "'tmle' cannot estimate the ATO"),
        ({}, {"measure": "risk_diff"}, "did you mean 'risk_difference'"),
        ({}, {"contrast": ("iop", "residential")}, "nobody is in arm 'residential'"),
        ({"arm": list("abc") * 200}, {}, "it holds 3 arms; say by contrast"),
        ({"severity": np.nan}, {}, "missing or infinite values in severity"),
        ({}, {"design": pd.DataFrame({"weight": [1.0]}), "estimand": "ATE"}, "make it from the same data"),
        ({}, {"flods": 3}, "there is no setting 'flods'; did you mean 'folds'?"),
        ({}, {"folds": 1}, "folds: 1 asked for"),
        ({}, {"bootstrap": -1}, "bootstrap: -1 replicates asked for"),
        ({}, {"covariates": "severity"}, "give a list of columns"),
        ({}, {"covariates": ["severity", "arm"]}, "'arm' is the arm"),
        ({}, {"covariates": ["severity", "abstinent"]}, "'abstinent' is the outcome"),
        ({"arm": "iop"}, {}, "everybody is in arm 'iop'"),
        ({"abstinent": "yes"}, {}, "abstinent: it holds str and an outcome is a number"),
        ({"abstinent": np.inf}, {}, "abstinent: 600 values are infinite"),
        ({"site": "a"}, {"cluster": "site"}, "all rows are in one"),
    ],
)
def test_what_cannot_be_done_is_answered_in_one_sentence(people, change, settings, said):
    asked = {"outcome": "abstinent", "arm": "arm", "covariates": COVARIATES, **settings}
    with pytest.raises(StudyError, match=said) as caught:
        iop_outcomes.estimate(people.assign(**change), **asked)
    assert "\n" not in str(caught.value)


def test_outcomes_of_other_types_are_the_same_outcome(people):
    """Missing values may be NaN, None or pandas' NA; answers 0/1 or true and false."""
    asked = {"outcome": "abstinent", "arm": "arm", "covariates": COVARIATES, "cluster": "site"}
    some = people["abstinent"].mask(np.arange(len(people)) % 9 == 0)
    expected = iop_outcomes.estimate(people.assign(abstinent=some), **asked)
    for other in (some.astype("Int64"), some.astype("boolean"), some.astype(object).where(some.notna(), None)):
        found = iop_outcomes.estimate(people.assign(abstinent=other), **asked)
        pd.testing.assert_frame_equal(found, expected)
    assert "67 missing outcomes" in expected["se_method"][0]


def test_an_arm_in_one_cluster_is_told(people):
    sites = people["site"].where(people["arm"] == "outpatient", "its own")
    rows = iop_outcomes.estimate(people.assign(site=sites), outcome="abstinent", **ASKED)
    assert "arm 'iop' lies in one cluster" in rows["se_method"][0]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"left": 2.0}, "left: 600 values are neither 0"),
        ({"left": "yes"}, "left: it holds str"),
        ({"days": -1.0}, "negative follow-up times"),
        ({"left": 0.0}, "nobody in arm 'iop' has the event"),
    ],
)
def test_follow_up_that_makes_no_sense_is_answered_in_one_sentence(people, change, said):
    with pytest.raises(StudyError, match=said):
        iop_outcomes.survival(people.assign(**change), time="days", event="left", estimator="cox", **ASKED)


def test_importing_the_package_imports_nothing_else():
    code = "import sys, iop_outcomes; print(sorted(m for m in ('numpy', 'pandas', 'scipy') if m in sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
    assert {"estimate", "survival", "weigh", "match", "balance", "endpoints"} <= set(dir(iop_outcomes))
    with pytest.raises(AttributeError, match="no attribute 'estimat'"):
        iop_outcomes.estimat  # noqa: B018
