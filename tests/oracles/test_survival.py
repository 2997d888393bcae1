"""Survival against R: survival 3.5.3, survRM2 1.0.4, adjustedCurves 0.11.3, WeightIt 1.5.1, survey 4.1.1.

Closed forms agree to 1e-10. Iterated fits are compared to 1e-8 (coefficients) and 1e-6 (standard errors): R stops at
its own last step.
"""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from iop_outcomes.models.concordance import concordance
from iop_outcomes.models.cox import fit_cox
from iop_outcomes.models.cox_curves import baseline_hazard, standardised_survival
from iop_outcomes.models.cox_exact import fit_cox_exact
from iop_outcomes.models.cox_proportional import proportional_hazards_test
from iop_outcomes.models.cox_robust import robust_covariance, robust_score_test
from iop_outcomes.models.kaplan_meier import kaplan_meier
from iop_outcomes.models.logrank import logrank
from iop_outcomes.models.matrix import model_matrix
from iop_outcomes.models.parametric_survival import fit_weibull
from iop_outcomes.models.rmst import jackknife_se, restricted_mean, restricted_mean_contrasts
from iop_outcomes.models.rmst_regression import restricted_mean_regression
from oracles.survival_data import SURVIVAL, numbers, survival_case
from reference import oracle, reference_data

pytestmark = pytest.mark.oracle

GRID = {
    "n_risk": "n_risk",
    "surv": "survival",
    "std_err": "se",
    "lower": "ci_low",
    "upper": "ci_high",
    "cumhaz": "cumulative_hazard",
}
CURVE = GRID | {"n_event": "n_events", "n_censor": "n_censored", "std_chaz": "cumulative_hazard_se"}


@pytest.fixture(scope="module", params=SURVIVAL)
def case(request):
    return survival_case(request.param)


def standard_errors(covariance):
    return np.sqrt(np.diag(covariance))


def assert_cox(fit, expected, robust=None):
    """Compare coefficients, standard errors and both log likelihoods with R's."""
    assert_allclose(fit.coefficients, expected["coef"]["coef"], rtol=1e-8)
    assert_allclose(fit.se, expected["coef"]["se"], rtol=1e-6)
    assert_allclose([fit.log_likelihood_null, fit.log_likelihood], expected["loglik"], rtol=1e-10)
    if robust is not None:
        assert_allclose(standard_errors(robust), expected["coef"]["robust_se"], rtol=1e-6)


def assert_at_grid(curves, times, expected, interval="log-log"):
    ours = pd.concat([curve.at(times, interval) for curve in curves])
    for theirs, name in GRID.items():
        assert_allclose(ours[name], numbers(expected[theirs]), rtol=1e-10, err_msg=name)


def test_kaplan_meier_by_arm(case):
    expected = pd.DataFrame(case.result("km"))
    curves = pd.concat([kaplan_meier(arm.t, arm.s).frame().assign(arm=i) for i, arm in enumerate(case.arms)])
    both = expected.assign(arm=expected["strata"].str[-1].astype(int)).merge(curves, on=["arm", "time"])
    assert len(both) == len(expected)
    for theirs, name in CURVE.items():
        left = both[theirs + ("_x" if theirs == name else "")].astype(float)
        right = both[name + ("_y" if theirs == name else "")]
        assert_allclose(right, left, rtol=1e-10, err_msg=name)


@pytest.mark.parametrize("interval", ["log", "plain"])
def test_other_intervals(case, interval):
    curves = [kaplan_meier(arm.t, arm.s) for arm in case.arms]
    assert_at_grid(curves, case.inputs["grid"], case.result("km_log_ci_grid")[interval], interval)


def test_quantiles_and_their_limits(case):
    expected = case.result("quantiles")
    ours = [kaplan_meier(arm.t, arm.s).quantile([0.25, 0.5, 0.75]) for arm in case.arms]
    for theirs, name in (("quantile", "quantile"), ("lower", "ci_low"), ("upper", "ci_high")):
        assert_allclose([frame[name] for frame in ours], numbers(expected[theirs]))


@pytest.mark.parametrize(("key", "variance"), [("greenwood_grid", "greenwood"), ("robust_grid", "robust")])
def test_weighted_kaplan_meier(case, key, variance):
    curves = [kaplan_meier(arm.t, arm.s, arm.w, variance=variance) for arm in case.arms]
    assert_at_grid(curves, case.inputs["grid"], case.result("km_weighted_ate")[key])


def test_weighted_kaplan_meier_with_effective_numbers(case):
    """At the last time of synth_a, adjustedCurves' value is not that of survfit with the same weights; ours is."""
    expected = case.result("km_iptw_adjustedCurves")
    curves = [kaplan_meier(arm.t, arm.s, arm.w, variance="effective_numbers") for arm in case.arms]
    ours = pd.concat([curve.at(case.inputs["grid"], "plain") for curve in curves])
    assert_allclose(ours["se"], expected["se"], rtol=1e-10)
    last = (ours["time"] == case.data["t"].max()).to_numpy()
    assert_allclose(ours["survival"][~last], numbers(expected["surv"])[~last], rtol=1e-10)
    survfit = numbers(case.result("km_weighted_ate")["robust_grid"]["surv"])
    assert_allclose(ours["survival"], survfit, rtol=1e-10)


def test_log_rank_tests(case):
    d, expected = case.data, case.result("logrank")
    plain = logrank(d.t, d.s, d.a)
    assert_allclose(plain.chi_square, expected["logrank_chisq"], rtol=1e-10)
    assert_allclose(plain.observed, expected["obs"])
    assert_allclose(plain.expected, expected["exp"], rtol=1e-10)
    assert_allclose(plain.variance[0, 0], expected["var"], rtol=1e-10)
    assert_allclose(logrank(d.t, d.s, d.a, rho=1).chi_square, expected["peto_chisq"], rtol=1e-10)
    stratified = logrank(d.t, d.s, d.a, strata=d[case.inputs["strata_variable"]])
    assert_allclose(stratified.chi_square, expected["stratified_chisq"], rtol=1e-10)
    weighted = fit_cox(case.arm_only, d.t, d.s, weights=d.w)
    # Relative to the statistic's own scale: veteran's is 1.6e-8.
    assert_allclose(robust_score_test(weighted), expected["iptw_robust_score"]["test"], rtol=1e-9)


def test_restricted_means(case):
    expected, until = case.result("rmst_unadjusted"), case.inputs["tau"]
    second, first = (restricted_mean(kaplan_meier(arm.t, arm.s), until) for arm in case.arms)
    for ours, key in ((first, "arm1"), (second, "arm0")):
        assert_allclose([ours.value, ours.se], [expected[key]["Est."], expected[key]["se"]], rtol=1e-10)
        assert_allclose(ours.se**2, expected[f"{key}_var"], rtol=1e-10)
    contrasts = restricted_mean_contrasts(first, second)
    columns = ["value", "ci_low", "ci_high", "p_value"]
    assert_allclose(contrasts[columns], numbers(expected["contrasts"]), rtol=1e-10)


@pytest.mark.parametrize(("link", "key"), [("identity", "difference"), ("log", "ratio")])
def test_regression_of_restricted_time(case, link, key):
    d = case.data
    fit = restricted_mean_regression(case.matrix(), d.t, d.s, case.inputs["tau"], censoring_groups=d.a, link=link)
    expected = numbers([row[:2] for row in case.result("rmst_adjusted_regression")[key]["values"]])
    assert_allclose(fit.coefficients, expected[:, 0], rtol=1e-6)
    assert_allclose(fit.se, expected[:, 1], rtol=1e-6)


@pytest.mark.parametrize(("column", "key"), [("w", "ate"), ("wo", "ato")])
@pytest.mark.parametrize("arm", [0, 1])
def test_weighted_restricted_means(case, column, key, arm):
    """The robust standard error is the jackknife's but for terms of the order 1/n."""
    d, expected = case.arms[arm], case.result("rmst_weighted")[f"{key}_arm{arm}"]
    curve = kaplan_meier(d.t, d.s, d[column], variance="robust")
    mean = restricted_mean(curve, case.inputs["tau"])
    assert_allclose(mean.value, expected["rmst"], rtol=1e-10)
    if expected["jackknife_se"] is not None:
        assert_allclose(jackknife_se(curve, case.inputs["tau"]), expected["jackknife_se"], rtol=1e-10)
        assert_allclose(mean.se, expected["jackknife_se"], rtol=0.02)


@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_cox(case, ties):
    d, expected = case.data, case.result(f"cox_{ties}")
    fit = fit_cox(case.matrix(), d.t, d.s, ties=ties)
    assert_cox(fit, expected)
    if ties == "efron":
        assert_allclose(fit.covariance, numbers(expected["vcov"]), rtol=1e-5, atol=1e-8 * fit.covariance.max())
        assert_allclose(fit.tests.score, expected["score_test"], rtol=1e-6)
        assert_allclose(fit.tests.likelihood_ratio, expected["lr_test"], rtol=1e-6)
        assert_allclose(fit.tests.wald, expected["wald_test"], rtol=1e-6)
        linear = fit.at.data.matrix.matvec(fit.coefficients)
        found = concordance(d.t, d.s, linear)
        assert_allclose([found.value, found.se], [expected["concordance"], expected["concordance_se"]], rtol=1e-8)


def test_cox_with_exact_ties(case):
    if "cox_exact" not in case.cases:
        pytest.skip("R's exact method is too slow for this data set")
    d = case.data
    assert_cox(fit_cox_exact(case.matrix(), d.t, d.s), case.result("cox_exact"))


@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_robust_cox(case, ties):
    d = case.data
    fit = fit_cox(case.matrix(), d.t, d.s, ties=ties)
    assert_cox(fit, case.result("cox_robust")[ties], robust_covariance(fit))


def test_clustered_cox(case):
    if "cox_cluster" not in case.cases:
        pytest.skip("no clusters in this data set")
    d, expected = case.data, case.result("cox_cluster")
    cluster = d[case.inputs["cluster"]]
    plain = fit_cox(case.matrix(), d.t, d.s)
    weighted = fit_cox(case.arm_only, d.t, d.s, weights=d.w)
    # With two clusters (uis) the arm's influences nearly cancel, which costs digits.
    assert_cox(plain, expected["unweighted"], robust_covariance(plain, cluster))
    assert_cox(weighted, expected["iptw"], robust_covariance(weighted, cluster))


@pytest.mark.parametrize(("column", "key"), [("w", "ATE"), ("wo", "ATO")])
def test_weighted_cox(case, column, key):
    d, expected = case.data, case.result("cox_iptw")[key]
    for name, ties, matrix in (
        ("efron", "efron", case.arm_only),
        ("breslow", "breslow", case.arm_only),
        ("doubly_adjusted_efron", "efron", case.matrix()),
    ):
        fit = fit_cox(matrix, d.t, d.s, weights=d[column], ties=ties)
        assert_cox(fit, expected[name], robust_covariance(fit))
    fit = fit_cox(case.arm_only, d.t, d.s, weights=d[column])
    svycoxph = np.sqrt(robust_covariance(fit, small_sample=True)[0, 0])
    assert_allclose(svycoxph, expected["svycoxph"]["se"], rtol=1e-6)
    if key == "ATE":
        weightit = case.result("coxph_weightit")
        assert_allclose(fit.coefficients[0], weightit["coef"], rtol=1e-4)
        assert_allclose(np.sqrt(robust_covariance(fit)[0, 0]), weightit["se"], rtol=1e-6)


def test_stratified_cox(case):
    d, stratum = case.data, case.inputs["strata_variable"]
    assert_cox(fit_cox(case.matrix(stratum), d.t, d.s, strata=d[stratum]), case.result("cox_stratified"))


@pytest.mark.parametrize("transform", ["km", "identity"])
def test_proportional_hazards(case, transform):
    d = case.data
    ours = proportional_hazards_test(fit_cox(case.matrix(), d.t, d.s), transform)
    columns = ["chi_square", "degrees_of_freedom", "p_value"]
    assert_allclose(ours[columns], numbers(case.result("cox_zph")[transform]), rtol=1e-8)


def test_baseline_hazard_and_standardised_survival(case):
    d, expected, times = case.data, case.result("cox_basehaz_gformula"), case.inputs["grid"]
    fit = fit_cox(case.matrix(), d.t, d.s)
    assert_allclose(baseline_hazard(fit, times), expected["basehaz"], rtol=1e-8)
    for arm in (0, 1):
        curve = standardised_survival(fit, {"a": arm}, times)
        assert_allclose(curve.survival, expected[f"surv{arm}"], rtol=1e-10)


def test_weibull(case):
    d, expected = case.data[case.data["t"] > 0], case.result("weibull_aft")
    matrix = model_matrix(d, ["a", *case.inputs["covariates"]])
    fit = fit_weibull(matrix, d.t, d.s)
    assert_allclose(fit.coefficients, list(expected["coef"].values()), rtol=1e-8)
    assert_allclose(fit.se, expected["se"], rtol=1e-6)
    assert_allclose([fit.scale, fit.log_likelihood], [expected["scale"], expected["loglik"]], rtol=1e-10)


@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_cox_with_a_covariate_that_changes(ties):
    """Stanford heart transplants: several rows per person, robust by person."""
    d = pd.read_csv(reference_data("oracles", "data", "heart.csv"))
    matrix = model_matrix(d, ["age", "year", "surgery", "transplant"])
    fit = fit_cox(matrix, d["stop"], d["event"], entry=d["start"], ties=ties)
    expected = oracle("heart.cox_counting.json")["cases"][f"cox_{ties}"]["result"]
    assert_cox(fit, expected, robust_covariance(fit, d["id"]))
