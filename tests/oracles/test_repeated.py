"""Repeated outcomes against R: geepack 1.3.9 (GEE) and lme4 1.1.31 (glmer, lmer)."""

import numpy as np
import pandas as pd
import pytest

from iop_outcomes.stats.linear.matrix import model_matrix
from iop_outcomes.stats.repeated.gee import fit_gee
from iop_outcomes.stats.repeated.linear_mixed import fit_linear_mixed
from iop_outcomes.stats.repeated.random_intercept import fit_random_intercept
from reference import oracle, reference_data

pytestmark = pytest.mark.oracle
FAMILY = "Repeated outcomes"


class Case:
    """One data set as the oracles prepare it: response, model matrix and clusters."""

    def __init__(self, name):
        data = pd.read_csv(reference_data("oracles", "data", f"{name}.csv"))
        if name == "ohio":
            data["age:smoke"] = data["age"] * data["smoke"]
            response, columns, cluster = "resp", ["age", "smoke", "age:smoke"], "id"
        else:
            data = data.sort_values(["site", "id"])
            response, columns, cluster = "completed", ["iop", "psych", "prior_tx", "substance"], "site"
        self.data, self.y, self.cluster = data, data[response], data[cluster]
        self.matrix = model_matrix(data[columns])
        self.result = {case: found["result"] for case, found in oracle(f"{name}.gee.json")["cases"].items()}


@pytest.fixture(scope="module", params=["ohio", "synth_a"])
def case(request):
    return Case(request.param)


GEE = {
    "gee_independence": {"correlation": "independence"},
    "gee_exchangeable": {"correlation": "exchangeable"},
    "gee_ar1": {"correlation": "ar1"},
    "gee_poisson_log_rr": {"correlation": "independence", "family": "poisson"},
}


@pytest.mark.parametrize("model", GEE)
def test_gee_is_geeglm(case, agree, model):
    if model not in case.result:
        pytest.skip("R's results hold no such case for this data set")
    expected, method = case.result[model], f"geepack, {model}"
    found = fit_gee(case.y, case.matrix, case.cluster, **GEE[model])
    agree(method, found.coefficients, expected["coef"]["estimate"], rel=1e-8)
    agree.se(method, found.standard_errors, expected["coef"]["se"], rel=1e-8)
    covariance = np.array(expected["vcov"]["values"])
    agree.statistic(method, found.covariance.values, covariance, rel=1e-7, scale=np.abs(covariance).max())
    agree.statistic(method, found.scale, expected["phi"][0], rel=1e-8)
    if expected["alpha"]:
        agree.statistic(method, found.parameter, expected["alpha"][0], rel=1e-8)


@pytest.mark.parametrize(("model", "nodes"), [("glmer_laplace", 1), ("glmer_agq", 15)])
def test_the_random_intercept_is_glmer(case, agree, model, nodes):
    found = fit_random_intercept(case.y, case.matrix, case.cluster, nodes=nodes)
    expected = case.result[model]
    compare_glmer(agree, f"lme4, {model}", found, expected, expected.get("deviance_agq"))


@pytest.mark.parametrize("nodes", [1, 9, 25])
def test_the_random_intercept_with_trials_is_glmer(agree, nodes):
    agree.data = "cbpp"
    expected = oracle("cbpp.glmer.json")["cases"][f"glmer_nAGQ{nodes}"]["result"]
    data = pd.read_csv(reference_data("oracles", "data", "cbpp.csv"))
    matrix = model_matrix(data[["period"]].astype(str))
    share = data["incidence"] / data["size"]
    found = fit_random_intercept(share, matrix, data["herd"], trials=data["size"], nodes=nodes)
    compare_glmer(agree, f"lme4, glmer, {nodes} nodes", found, expected, expected["deviance"])


def compare_glmer(agree, method, found, expected, deviance):
    note = "R searches without derivatives, and its errors are second differences there"
    agree(method, found.coefficients, list(expected["fixef"].values()), rel=1e-5, note=note)
    agree.se(method, found.standard_errors, list(expected["se"].values()), rel=3e-4, note=note)
    agree.statistic(method, found.standard_deviation, expected["sd_intercept"], rel=1e-5, note=note)
    if "loglik" in expected:
        # Ours is the higher one: bobyqa stops a little short of the maximum.
        agree.statistic(method, found.log_likelihood, expected["loglik"], rel=1e-7)
        assert found.log_likelihood > expected["loglik"] - 1e-7
    if deviance is not None:
        agree.statistic(method, found.conditional_deviance, deviance, rel=1e-6, note=note)


@pytest.mark.parametrize("criterion", ["REML", "ML"])
def test_the_linear_mixed_model_is_lmer(agree, criterion):
    agree.data = "synth_a"
    case = Case("synth_a")
    expected, method = case.result["lmer"][criterion], f"lme4, lmer, {criterion}"
    matrix = model_matrix(case.data[["iop", "psych", "prior_tx", "substance", "days_abst0"]])
    found = fit_linear_mixed(case.data["days_abst1"], matrix, case.cluster, restricted=criterion == "REML")
    agree(method, found.coefficients, list(expected["fixef"].values()), rel=1e-6)
    agree.se(method, found.standard_errors, list(expected["se"].values()), rel=1e-6)
    agree.statistic(method, found.standard_deviation, expected["sd_site"], rel=1e-6)
    agree.statistic(method, found.residual_deviation, expected["sigma"], rel=1e-8)
    agree.statistic(method, found.log_likelihood, expected["loglik"], rel=1e-10)
