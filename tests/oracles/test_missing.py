"""Rules for missing outcomes against R: observed only, missing as failure, best and worst, weights, shifts, tipping."""

import json

import numpy as np
import pandas as pd
import pytest

from iop_outcomes import robustness, weigh
from oracles.prepared import prepared
from reference import reference_data

pytestmark = pytest.mark.oracle
FAMILY = "Missing outcomes"
#: The file has them to 1e-6, of shares and of shifts on the logit alike.
SETTINGS = {"rel": 1e-6, "scale": 1.0, "data": "synth_a_missing"}


@pytest.fixture(scope="module")
def expected() -> dict:
    return json.loads(reference_data("honest", "missing.json").read_text())["cases"][0]


@pytest.fixture(scope="module")
def given(expected) -> dict:
    """Outcome with missing values, arm, covariates and overlap weights, as a call takes them."""
    missing = pd.read_csv(reference_data("honest", "data", "synth_a_missing.csv"))
    people = prepared("synth_a").drop(columns=["y", "yc"]).merge(missing, on="id")
    names = expected["covariates"]
    weights = weigh(people, arm="a", covariates=names, estimand="ATO")["weight"].to_numpy()
    arrays = {"treated": people["a"].to_numpy(), "covariates": people[names], "weights": weights}
    return {"y": people["y"], "yc": people["yc"], "arrays": arrays}


def test_rules(agree, given, expected):
    found = robustness.missing_rules(given["y"], **given["arrays"]).set_index("rule")["value"]
    for rule, name in {
        "observed only": "observed_only",
        "missing = failure": "missing_is_failure",
        "best case": "best_case_for_iop",
        "worst case": "worst_case_for_iop",
        "weighted for being observed": "ipcw",
    }.items():
        agree(f"rule: {rule}", found[rule], expected[name], **SETTINGS)


def test_weights_for_a_number_that_is_missing(agree, given, expected):
    found = robustness.missing_rules(given["yc"], **given["arrays"]).set_index("rule")["value"]
    agree("rule: weighted, of a number", found["weighted for being observed"], expected["ipcw_days_abst1"], **SETTINGS)
    # A number has no value that is failure.
    assert list(found.index) == ["observed only", "weighted for being observed"]


def test_shifts(agree, given, expected):
    grid = expected["delta"]["grid"]
    found = robustness.shifted_differences(given["y"], **given["arrays"], shifts=[-4, -3, -2, -1, 0, 1, 2])
    np.testing.assert_array_equal(found["shift_first"], grid["delta_iop"])
    np.testing.assert_array_equal(found["shift_second"], grid["delta_outpatient"])
    agree("shifts of those missing", found["value"], grid["risk_difference"], **SETTINGS)


def test_tipping_shifts(agree, given, expected):
    asked = expected["delta"]["tipping_delta_iop"]
    for held, shift in zip(asked["delta_outpatient"], asked["delta_iop"], strict=True):
        found = robustness.tipping_shift(given["y"], **given["arrays"], held=held)
        agree("tipping shift of one arm", [found], [np.nan if shift is None else shift], **SETTINGS)
    both = robustness.tipping_shift(given["y"], **given["arrays"], which="both")
    agree("tipping shift of both arms", [both], [expected["delta"]["tipping_equal_delta"]], **SETTINGS)
