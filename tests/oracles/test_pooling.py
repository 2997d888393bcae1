"""Sites pooled, against metafor: the thirteen BCG trials."""

import json

import pandas as pd
import pytest

import iop_outcomes as iop
from reference import reference_data

pytestmark = pytest.mark.oracle
FAMILY = "Pooling of sites"
SETTINGS = {"rel": 1e-6, "data": "bcg"}
#: metafor ends its search for this variance at R's default tolerance of a root, 1e-4.
STOPS_EARLY = {"rel": 1e-4, "data": "bcg", "note": "metafor's root is found to 1e-4 only; ours is the root"}


@pytest.fixture(scope="module")
def expected() -> dict:
    return json.loads(reference_data("honest", "pooling.json").read_text())["cases"][0]


@pytest.fixture(scope="module")
def sites(expected):
    found = pd.read_csv(reference_data("honest", *expected["data"].split("/")))
    return found["estimate"], found["se"]


@pytest.mark.parametrize("tau", ["fixed", "reml", "dersimonian-laird", "paule-mandel"])
def test_normal_intervals(agree, sites, expected, tau):
    ours, theirs = iop.pool_sites(*sites, tau=tau, interval="normal"), expected[tau.replace("-", "_")]
    settings = STOPS_EARLY if tau == "paule-mandel" else SETTINGS
    agree(f"{tau}", [ours["value"]], [theirs["estimate"]], **settings)
    agree.se(f"{tau}", [ours["se"]], [theirs["se"]], **settings)
    if tau == "fixed":
        agree.statistic("Q", ours[["q", "q_p_value"]], [theirs["Q"], theirs["p_Q"]], **SETTINGS)
    else:
        agree.statistic(f"{tau}: variance between sites", [ours["tau"] ** 2], [theirs["tau2"]], **settings)
    if tau == "reml":
        shares = [100 * ours["i_squared"], ours["h_squared"]]
        agree.statistic("I², H²", shares, [theirs["I2"], theirs["H2"]], **SETTINGS)


def test_hartung_knapp(agree, sites, expected):
    ours, theirs = iop.pool_sites(*sites, tau="reml"), expected["reml_hartung_knapp"]
    agree("reml, Hartung-Knapp", [ours["value"]], [theirs["estimate"]], **SETTINGS)
    agree.se("reml, Hartung-Knapp", [ours["se"]], [theirs["se"]], **SETTINGS)
    names = ["ci_low", "ci_high", "prediction_low", "prediction_high"]
    agree.statistic("reml, Hartung-Knapp: intervals", ours[names], [theirs[name] for name in names], **SETTINGS)
    agree.statistic("reml, Hartung-Knapp: p-value", [ours["p_value"]], [theirs["p"]], **SETTINGS)


def test_leave_one_out(agree, sites, expected):
    ours, theirs = iop.pool_without_each_site(*sites, tau="reml"), expected["leave_one_out"]
    agree("reml without one site", ours["value"], theirs["estimate"], **SETTINGS)
    agree.se("reml without one site", ours["se"], theirs["se"], **SETTINGS)
    agree.statistic("reml without one site: variance", ours["tau"] ** 2, theirs["tau2"], **SETTINGS)


def test_paule_mandel_is_the_root_of_its_definition(sites):
    values, errors = (column.to_numpy() for column in sites)
    weights = 1 / (iop.pool_sites(values, errors, tau="paule-mandel")["tau"] ** 2 + errors**2)
    mean = weights @ values / weights.sum()
    assert weights @ (values - mean) ** 2 == pytest.approx(len(values) - 1, rel=1e-12)
