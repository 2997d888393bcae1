"""Costs against R: gamma regression standardised, net-benefit regression, and cost-effectiveness from draws."""

import json

import pandas as pd
import pytest

from iop_outcomes import costs
from iop_outcomes.stats import fit_robust_glm, model_matrix
from oracles.prepared import prepared
from reference import reference_data

pytestmark = pytest.mark.oracle
FAMILY = "Costs"


@pytest.fixture(scope="module")
def expected() -> dict:
    return json.loads(reference_data("honest", "costs.json").read_text())["cases"][0]


@pytest.fixture(scope="module")
def people():
    return prepared("synth_a").merge(pd.read_csv(reference_data("honest", "data", "synth_a_cost.csv")), on="id")


def test_gamma_regression(agree, people, expected):
    theirs, settings = expected["gamma_log"], {"rel": 1e-6, "data": expected["id"]}
    fit = fit_robust_glm(people["cost"], model_matrix(people[["iop", *expected["covariates"]]]), family="gamma")
    place = fit.names.index("iop")
    agree("gamma regression", [fit.coefficients[place]], [theirs["coef_iop"]], **settings)
    agree.se("gamma regression", [fit.se[place]], [theirs["se_robust"]], **settings)
    found = costs.cost_difference(
        people,
        cost="cost",
        arm="iop",
        covariates=expected["covariates"],
        method="gamma",
        count_sampling=False,
        small_sample=False,
    )
    ours, means = found["value"].iloc[[0, 2, 3]], ("cost_difference", "mean_iop", "mean_outpatient")
    agree("gamma regression, standardised", ours, [theirs[name] for name in means], **settings)
    agree.se("gamma regression, standardised", [found["se"].iloc[0]], [theirs["se"]], **settings)


def test_net_benefit(agree, people, expected):
    theirs, settings = expected["net_benefit"], {"rel": 1e-6, "data": expected["id"]}
    found = costs.net_benefit_regression(
        people, effect="y", cost="cost", arm="iop", covariates=expected["covariates"], willingness=theirs["k"]
    )
    agree("net-benefit regression", found["net_benefit"], theirs["inmb"], **settings)
    agree.se("net-benefit regression", found["se"], theirs["se_hc0"], **settings)


def test_cost_effectiveness(agree):
    case = json.loads(reference_data("honest", "cost_effectiveness.json").read_text())["cases"][0]
    draws = pd.read_csv(reference_data("honest", *case["data"].split("/")))
    names = {"effect_int": "effect_first", "effect_ref": "effect_second"}
    names |= {"cost_int": "cost_first", "cost_ref": "cost_second"}
    found = costs.cost_effectiveness(**draws.rename(columns=names), willingness=case["k"])
    settings = {"rel": 1e-10, "scale": 1.0, "data": case["id"]}
    summary = found.summary[["delta_effect", "delta_cost", "icer"]]
    agree("cost-effectiveness", summary, [case[name] for name in summary.index], **settings)
    by_price = found.by_willingness
    agree("net benefit", by_price["net_benefit"], case["inmb"], **settings)
    agree.statistic("acceptability", by_price["acceptability"], case["ceac"], **settings)
    agree.statistic("expected value of perfect information", by_price["evpi"], case["evpi"], **settings)
    agree.statistic("quadrants", found.quadrants, list(case["quadrants"].values()), **settings)
