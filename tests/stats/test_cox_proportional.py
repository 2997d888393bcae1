"""Proportional hazards: R's cox.zph without weights, and a robust test with weights and clusters."""

import importlib.util
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from iop_outcomes.kernel.errors import EstimationError
from iop_outcomes.stats.linear.matrix import model_matrix
from iop_outcomes.stats.survival.cox import fit_cox
from iop_outcomes.stats.survival.cox_proportional import contributions, proportional_hazards_test

BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "proportional_hazards.py"
TIME = np.array([1, 2, 2, 3, 4, 5, 5, 6, 7, 8, 9, 9, 10, 11, 12, 12], dtype=float)
EVENT = np.array([1, 1, 0, 1, 1, 0, 1, 1, 1, 0, 1, 1, 0, 1, 1, 0])
STRATUM = np.array([0, 1, 0, 1, 0, 1, 0, 1, 1, 0, 0, 1, 0, 1, 0, 1])
ENTRY = np.array([0, 0, 1, 0, 0, 2, 0, 0, 3, 0, 1, 0, 4, 0, 0, 6], dtype=float)
COVARIATES = model_matrix(
    pd.DataFrame(
        {
            "arm": [1.0, 0, 1, 1, 0, 0, 1, 0, 1, 0, 0, 1, 1, 0, 1, 0],
            "age": [3.0, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9, 7, 9, 3],
        }
    )
)

#: chisq of cox.zph, R survival 3.5.3: arm, age, GLOBAL.
R = {
    "plain": {
        "km": [1.429237754, 3.955639895, 4.031129662],
        "rank": [1.205659183, 3.708036111, 3.767656082],
        "identity": [1.195681045, 3.760948428, 3.844178510],
        "log": [0.529296551, 2.450556334, 2.454061022],
    },
    "strata": {
        "km": [0.359920502, 3.379187210, 3.388475161],
        "rank": [0.320874487, 3.094494608, 3.094522087],
        "identity": [0.337185997, 3.181715858, 3.182086528],
        "log": [0.100301639, 2.332410741, 2.332581424],
    },
    "strata and entry": {
        "km": [0.225406371, 2.283800759, 2.328425268],
        "rank": [0.266528379, 2.319269336, 2.336438228],
        "identity": [0.301677106, 2.441284963, 2.459620827],
        "log": [0.060505817, 1.566468065, 1.573183702],
    },
}
FITS = {"plain": {}, "strata": {"strata": STRATUM}, "strata and entry": {"strata": STRATUM, "entry": ENTRY}}


@pytest.mark.parametrize("kind", FITS)
@pytest.mark.parametrize("transform", ["km", "rank", "identity", "log"])
def test_equals_r(kind, transform):
    found = proportional_hazards_test(fit_cox(COVARIATES, TIME, EVENT, **FITS[kind]), transform)
    assert_allclose(found["chi_square"], R[kind][transform], rtol=1e-7)
    assert found["term"].tolist() == ["arm", "age", "GLOBAL"]
    assert found["degrees_of_freedom"].tolist() == [1, 1, 2]


def weighted(factor=1.0):
    return factor * np.random.default_rng(4).uniform(0.3, 3, 16)


@pytest.mark.parametrize("transform", ["km", "rank", "identity", "log"])
def test_no_factor_of_the_weights_changes_the_test(transform):
    one, hundred = (
        proportional_hazards_test(fit_cox(COVARIATES, TIME, EVENT, weights=weighted(factor)), transform)
        for factor in (1.0, 100.0)
    )
    assert_allclose(hundred["chi_square"], one["chi_square"], rtol=1e-8)
    assert_allclose(hundred["p_value"], one["p_value"], rtol=1e-8)


def test_weights_that_are_all_the_same_are_no_weights():
    plain = proportional_hazards_test(fit_cox(COVARIATES, TIME, EVENT))
    tenfold = proportional_hazards_test(fit_cox(COVARIATES, TIME, EVENT, weights=np.full(16, 10.0)))
    assert_allclose(tenfold[["chi_square", "p_value"]], plain[["chi_square", "p_value"]], rtol=1e-8)


def test_people_without_weight_change_neither_test():
    kept = np.arange(16) % 4 > 0
    matrix = COVARIATES.rows(kept)
    for weights, own in ((kept.astype(float), None), (weighted() * kept, weighted()[kept])):
        for transform in ("km", "rank"):
            all_rows = proportional_hazards_test(fit_cox(COVARIATES, TIME, EVENT, weights=weights), transform)
            few = proportional_hazards_test(fit_cox(matrix, TIME[kept], EVENT[kept], weights=own), transform)
            assert_allclose(all_rows["chi_square"], few["chi_square"], rtol=1e-7)


@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_contributions_are_derivatives_by_the_weights(ties):
    """Each row's own contribution is its weight times the slope of the score by it, the fit going along."""
    weights = weighted()
    fit = fit_cox(COVARIATES, TIME, EVENT, weights=weights, ties=ties)
    own = contributions(fit, "identity")
    g = np.array([1.0, 2, 3, 4, 5, 6, 7, 9, 11, 12]) - TIME[EVENT > 0].mean()

    def score(w):
        return fit_cox(COVARIATES, TIME, EVENT, weights=w, ties=ties).at.score(g)

    assert_allclose(own.sum(axis=0), score(weights), rtol=1e-7)
    for row in (0, 3, 9, 13):
        up, down = weights.copy(), weights.copy()
        up[row] *= 1 + 1e-5
        down[row] *= 1 - 1e-5
        assert_allclose(own[row], (score(up) - score(down)) / 2e-5, rtol=1e-4, atol=1e-7)


def test_one_covariate_is_a_t_test_of_the_clusters():
    """Four clusters: the square of the t statistic of their summed contributions, on 3 degrees of freedom."""
    from scipy.stats import ttest_1samp

    fit = fit_cox(COVARIATES.columns([True, True, False]), TIME, EVENT)
    cluster = np.arange(16) % 4
    sums = np.bincount(cluster, contributions(fit)[:, 0])
    expected = ttest_1samp(sums, 0)
    found = proportional_hazards_test(fit, cluster=cluster).iloc[0]
    assert_allclose([found["chi_square"], found["p_value"]], [expected.statistic**2, expected.pvalue], rtol=1e-8)


def test_single_terms_are_tested_as_among_all():
    for settings in ({}, {"weights": weighted()}):
        fit = fit_cox(COVARIATES, TIME, EVENT, **settings)
        whole, one = proportional_hazards_test(fit), proportional_hazards_test(fit, terms=["age"])
        assert one["term"].tolist() == ["age", "GLOBAL"]
        assert_allclose(one["chi_square"], whole["chi_square"].iloc[[1, 1]])
    with pytest.raises(EstimationError, match="no term 'aeg'; did you mean 'age'"):
        proportional_hazards_test(fit, terms=["aeg"])


def test_names_and_order_of_clusters_do_not_matter():
    fit = fit_cox(COVARIATES, TIME, EVENT, weights=weighted())
    cluster = np.arange(16) % 5
    one = proportional_hazards_test(fit, cluster=cluster)
    other = proportional_hazards_test(fit, cluster=np.array(list("qxaby"))[cluster])
    assert_allclose(one["chi_square"], other["chi_square"])


def test_too_few_clusters_or_events_give_no_p_value():
    fit = fit_cox(COVARIATES, TIME, EVENT)
    both = proportional_hazards_test(fit, cluster=np.arange(16) % 2).set_index("term")["p_value"]
    assert both.notna().tolist() == [True, True, False]
    with pytest.raises(EstimationError, match="all rows are in one"):
        proportional_hazards_test(fit, cluster=np.zeros(16))
    # After day 1 only one arm is left, so that nothing is seen to change.
    arm = model_matrix(pd.DataFrame({"arm": [1.0, 1, 0, 0]}))
    for weights in (None, [1.0, 2, 1, 2]):
        fit = fit_cox(arm, [1, 2, 1, 1], [1, 1, 1, 0], weights=weights)
        assert proportional_hazards_test(fit)["p_value"].isna().all()


@pytest.mark.slow
@pytest.mark.parametrize(("estimand", "clustered"), [("ATE", False), ("ATO", False), ("ATT", True)])
def test_a_true_null_is_rejected_in_five_of_a_hundred(estimand, clustered):
    """400 simulated studies of 400 people: Monte-Carlo error 1.1, so 5 % plus or minus three of them.

    Taking weights for counts rejects 19 (ATE) and 0.5 (ATO) of a hundred of the same studies.
    """
    spec = importlib.util.spec_from_file_location("proportional_hazards", BENCHMARK)
    simulated = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(simulated)
    assert 0.017 < simulated.rejected(estimand, 400, 400, 7, clustered=clustered) < 0.083
