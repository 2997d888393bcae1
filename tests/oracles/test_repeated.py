"""Repeated outcomes against R: geepack 1.3.9 (GEE) and lme4 1.1.31 (glmer, lmer)."""

import numpy as np
import pandas as pd
import pytest

from iop_outcomes.models.gee import fit_gee
from iop_outcomes.models.linear_mixed import fit_linear_mixed
from iop_outcomes.models.matrix import model_matrix
from iop_outcomes.models.random_intercept import fit_random_intercept
from reference import oracle, reference_data

pytestmark = pytest.mark.oracle


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


@pytest.mark.parametrize("name", GEE)
def test_gee_is_geeglm(case, name):
    if name not in case.result:
        pytest.skip("R's results hold no such case for this data set")
    expected = case.result[name]
    found = fit_gee(case.y, case.matrix, case.cluster, **GEE[name])
    assert found.coefficients == pytest.approx(expected["coef"]["estimate"], rel=1e-8)
    assert found.standard_errors == pytest.approx(expected["coef"]["se"], rel=1e-8)
    assert found.covariance.values == pytest.approx(np.array(expected["vcov"]["values"]), rel=1e-7, abs=1e-12)
    assert found.scale == pytest.approx(expected["phi"][0], rel=1e-8)
    if expected["alpha"]:
        assert found.parameter == pytest.approx(expected["alpha"][0], rel=1e-8)


@pytest.mark.parametrize(("name", "nodes"), [("glmer_laplace", 1), ("glmer_agq", 15)])
def test_the_random_intercept_is_glmer(case, name, nodes):
    found = fit_random_intercept(case.y, case.matrix, case.cluster, nodes=nodes)
    assert_glmer(found, case.result[name], case.result[name].get("deviance_agq"))


@pytest.mark.parametrize("nodes", [1, 9, 25])
def test_the_random_intercept_with_trials_is_glmer(nodes):
    expected = oracle("cbpp.glmer.json")["cases"][f"glmer_nAGQ{nodes}"]["result"]
    data = pd.read_csv(reference_data("oracles", "data", "cbpp.csv"))
    matrix = model_matrix(data[["period"]].astype(str))
    share = data["incidence"] / data["size"]
    found = fit_random_intercept(share, matrix, data["herd"], trials=data["size"], nodes=nodes)
    assert_glmer(found, expected, expected["deviance"])


def assert_glmer(found, expected, deviance):
    assert found.coefficients == pytest.approx(list(expected["fixef"].values()), rel=1e-5)
    # lme4's errors come from second differences at the end of a derivative-free search.
    assert found.standard_errors == pytest.approx(list(expected["se"].values()), rel=3e-4)
    assert found.standard_deviation == pytest.approx(expected["sd_intercept"], rel=1e-5)
    if "loglik" in expected:
        # Ours is the higher one: bobyqa stops a little short of the maximum.
        assert found.log_likelihood == pytest.approx(expected["loglik"], abs=5e-5)
        assert found.log_likelihood > expected["loglik"] - 1e-7
    if deviance is not None:
        assert found.conditional_deviance == pytest.approx(deviance, rel=1e-6)


@pytest.mark.parametrize("method", ["REML", "ML"])
def test_the_linear_mixed_model_is_lmer(method):
    case = Case("synth_a")
    expected = case.result["lmer"][method]
    matrix = model_matrix(case.data[["iop", "psych", "prior_tx", "substance", "days_abst0"]])
    found = fit_linear_mixed(case.data["days_abst1"], matrix, case.cluster, restricted=method == "REML")
    assert found.coefficients == pytest.approx(list(expected["fixef"].values()), rel=1e-6)
    assert found.standard_errors == pytest.approx(list(expected["se"].values()), rel=1e-6)
    assert found.standard_deviation == pytest.approx(expected["sd_site"], rel=1e-6)
    assert found.residual_deviation == pytest.approx(expected["sigma"], rel=1e-8)
    assert found.log_likelihood == pytest.approx(expected["loglik"], abs=1e-8)
