"""What is not measured, against R: omitted variables (Cinelli & Hazlett) and negative controls (OHDSI)."""

import json

import pandas as pd
import pytest

import iop_outcomes as iop
from reference import reference_data

pytestmark = pytest.mark.oracle
FAMILY = "Unmeasured confounding"


def read(name: str) -> tuple[dict, pd.DataFrame]:
    case = json.loads(reference_data("honest", name).read_text())["cases"][0]
    return case, pd.read_csv(reference_data("honest", *case["data"].split("/")))


def test_omitted_variable(agree):
    case, people = read("omitted_variable.json")
    outcome, right = case["formula"].split("~")
    arm = case["treatment"]
    covariates = [name.strip() for name in right.split("+") if name.strip() != arm]
    settings = {"rel": 1e-8, "data": case["id"]}
    asked = {"outcome": outcome.strip(), "arm": arm, "covariates": covariates, "benchmarks": [case["benchmark"]]}
    found = iop.omitted_variable(people, multiples=case["bounds"]["k"], **asked)
    ours, bounds = found.summary, case["bounds"]
    agree("omitted variable: estimate", [ours["estimate"]], [case["estimate"]], **settings)
    agree.se("omitted variable: estimate", [ours["se"]], [case["se"]], **settings)
    names = ["partial_r2", "robustness_value", "robustness_value_of_interval", "degrees_of_freedom"]
    theirs = [case[name] for name in ("partial_r2", "rv_q1", "rv_q1_alpha05", "df")]
    agree.statistic("robustness values", ours[names], theirs, **settings)
    half = iop.robustness.robustness_value(case["t"], case["df"], share=0.5)
    agree.statistic("robustness values", [half], [case["rv_q05"]], **settings)
    agree("omitted variable: adjusted", found.bounds["estimate"], bounds["adjusted_estimate"], **settings)
    agree.se("omitted variable: adjusted", found.bounds["se"], bounds["adjusted_se"], **settings)
    for name, theirs in {
        "r2_arm": "r2dz_x",
        "r2_outcome": "r2yz_dx",
        "t": "adjusted_t",
        "ci_low": "ci_low",
        "ci_high": "ci_high",
    }.items():
        agree.statistic(f"omitted variable: bounds, {name}", found.bounds[name], bounds[theirs], **settings)


def test_negative_controls(agree):
    case, controls = read("calibration.json")
    settings = {"rel": 1e-6, "scale": 1.0, "data": case["id"]}
    none = controls[controls["groundTruth"] == 0]
    assert len(none) == case["n_negative"]
    error = iop.robustness.systematic_error(none["logRr"], none["seLogRr"])
    theirs = case["null"]
    agree("systematic error", [error.mean, error.sd], [theirs["mean"], theirs["sd"]], **settings)
    ours = [error.minus_log_likelihood, error.ease]
    agree.statistic("systematic error", ours, [theirs["minus_log_likelihood"], case["ease"]], **settings)
    found = iop.robustness.calibrate(controls["logRr"], controls["seLogRr"], error)
    agree.statistic("calibrated p-values", found["calibrated_p"], case["calibrated_p"], **settings)
    interval = case["calibrated_ci"]
    agree("calibrated estimates", found["calibrated"], interval["logRr"], **settings)
    agree.se("calibrated estimates", found["calibrated_se"], interval["seLogRr"], **settings)
    for name, limit in {"ci_low": "logLb95Rr", "ci_high": "logUb95Rr"}.items():
        agree.statistic("calibrated intervals", found[name], interval[limit], **settings)
