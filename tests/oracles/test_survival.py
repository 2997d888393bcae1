"""Survival against R: survival 3.5.3, survRM2 1.0.4, adjustedCurves 0.11.3, WeightIt 1.5.1, survey 4.1.1.

Closed forms agree to 1e-10. Iterated fits are compared to 1e-8 (coefficients) and 1e-6 (standard errors): R stops at
its own last step.
"""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import chi2

from iop_outcomes.stats.linear.matrix import model_matrix
from iop_outcomes.stats.survival.concordance import concordance
from iop_outcomes.stats.survival.cox import fit_cox
from iop_outcomes.stats.survival.cox_curves import baseline_hazard, standardised_survival
from iop_outcomes.stats.survival.cox_exact import fit_cox_exact
from iop_outcomes.stats.survival.cox_proportional import proportional_hazards_test
from iop_outcomes.stats.survival.cox_robust import cox_covariance, cox_score_test
from iop_outcomes.stats.survival.kaplan_meier import kaplan_meier
from iop_outcomes.stats.survival.logrank import logrank_test
from iop_outcomes.stats.survival.parametric_survival import fit_weibull
from iop_outcomes.stats.survival.rmst import restricted_mean, restricted_mean_contrasts, restricted_mean_jackknife_se
from iop_outcomes.stats.survival.rmst_regression import restricted_mean_regression
from oracles.survival_data import SURVIVAL, numbers, survival_case
from reference import oracle, reference_data

pytestmark = pytest.mark.oracle
FAMILY = "Survival"

GRID = {
    "n_risk": "n_risk",
    "surv": "survival",
    "std_err": "se",
    "lower": "ci_low",
    "upper": "ci_high",
    "cumhaz": "cumulative_hazard",
}
POINTS = {"n_risk": "n_risk", "n_event": "n_events", "surv": "survival", "cumhaz": "cumulative_hazard"}
CURVE = GRID | {"n_event": "n_events", "n_censor": "n_censored", "std_chaz": "cumulative_hazard_se"}


@pytest.fixture(scope="module", params=SURVIVAL)
def case(request):
    return survival_case(request.param)


def standard_errors(covariance):
    return np.sqrt(np.diag(covariance))


def compare_cox(agree, method, fit, expected, robust=None):
    """Compare coefficients, standard errors and both log likelihoods with R's."""
    agree(method, fit.coefficients, expected["coef"]["coef"], rel=1e-8)
    agree.se(method, fit.se, expected["coef"]["se"], rel=1e-6)
    agree.statistic(method, [fit.log_likelihood_null, fit.log_likelihood], expected["loglik"], rel=1e-10)
    if robust is not None:
        agree.se(f"{method}, robust", standard_errors(robust), expected["coef"]["robust_se"], rel=1e-6)


def kind(column):
    return {"survival": "estimate", "cumulative_hazard": "estimate", "se": "standard error"}.get(
        column, "standard error" if column.endswith("_se") else "statistic"
    )


def compare_at_grid(agree, method, curves, times, expected, interval="log-log"):
    ours = pd.concat([curve.at(times, interval) for curve in curves])
    for theirs, name in GRID.items():
        agree(method, ours[name], expected[theirs], rel=1e-10, of=kind(name))


def compare_at_events(agree, method, curves, expected, columns):
    """Compare whole curves by arm at every time that R lists."""
    ours = pd.concat([curve.frame().assign(arm=arm) for arm, curve in enumerate(curves)])
    expected = pd.DataFrame(expected)
    key = ["arm", "time"]
    expected["arm"] = expected["strata"].str[-1].astype(int)
    both = expected[key].merge(ours, on=key)
    assert len(both) == len(expected)
    for theirs, name in columns.items():
        agree(method, both[name], expected[theirs], rel=1e-10, of=kind(name))


def test_kaplan_meier_by_arm(case, agree):
    curves = [kaplan_meier(arm.t, arm.s) for arm in case.arms]
    compare_at_events(agree, "survfit, Kaplan-Meier", curves, case.result("km"), CURVE)


@pytest.mark.parametrize("interval", ["log", "plain"])
def test_other_intervals(case, agree, interval):
    curves = [kaplan_meier(arm.t, arm.s) for arm in case.arms]
    expected = case.result("km_log_ci_grid")[interval]
    compare_at_grid(agree, "survfit, Kaplan-Meier", curves, case.inputs["grid"], expected, interval)


def test_quantiles_and_their_limits(case, agree):
    expected = case.result("quantiles")
    ours = [kaplan_meier(arm.t, arm.s).quantile([0.25, 0.5, 0.75]) for arm in case.arms]
    for theirs, name in (("quantile", "quantile"), ("lower", "ci_low"), ("upper", "ci_high")):
        of = "estimate" if name == "quantile" else "statistic"
        agree("survfit, Kaplan-Meier", [frame[name] for frame in ours], numbers(expected[theirs]), rel=1e-10, of=of)


@pytest.mark.parametrize(("key", "variance"), [("greenwood_grid", "greenwood"), ("robust_grid", "robust")])
def test_weighted_kaplan_meier(case, agree, key, variance):
    curves = [kaplan_meier(arm.t, arm.s, arm.w, variance=variance) for arm in case.arms]
    expected, method = case.result("km_weighted_ate"), f"survfit, weighted Kaplan-Meier, {variance}"
    compare_at_grid(agree, method, curves, case.inputs["grid"], expected[key])
    compare_at_events(agree, method, curves, expected["all_event_times"], POINTS)


def test_weighted_kaplan_meier_with_effective_numbers(case, agree):
    """At the last time of synth_a, adjustedCurves' value is not that of survfit with the same weights; ours is."""
    expected, method = case.result("km_iptw_adjustedCurves"), "adjustedCurves, weighted Kaplan-Meier"
    curves = [kaplan_meier(arm.t, arm.s, arm.w, variance="effective_numbers") for arm in case.arms]
    ours = pd.concat([curve.at(case.inputs["grid"], "plain") for curve in curves])
    agree.se(method, ours["se"], expected["se"], rel=1e-10)
    last = (ours["time"] == case.data["t"].max()).to_numpy()
    agree(method, ours["survival"][~last], numbers(expected["surv"])[~last], rel=1e-10)
    agree(method, ours["survival"], case.result("km_weighted_ate")["robust_grid"]["surv"], rel=1e-10)


def test_log_rank_tests(case, agree):
    d, expected, method = case.data, case.result("logrank"), "survdiff, log-rank"
    plain = logrank_test(d.t, d.s, d.a)
    agree.statistic(method, plain.chi_square, expected["logrank_chisq"], rel=1e-10)
    agree.statistic(method, plain.observed, expected["obs"], rel=1e-12)
    agree.statistic(method, plain.expected, expected["exp"], rel=1e-10)
    agree.statistic(method, plain.variance[0, 0], expected["var"], rel=1e-10)
    peto = logrank_test(d.t, d.s, d.a, rho=1)
    agree.statistic(method, peto.chi_square, expected["peto_chisq"], rel=1e-10)
    stratified = logrank_test(d.t, d.s, d.a, strata=d[case.inputs["strata_variable"]])
    agree.statistic(method, stratified.chi_square, expected["stratified_chisq"], rel=1e-10)
    weighted = cox_score_test(fit_cox(case.arm_only, d.t, d.s, weights=d.w))
    score, p_value = expected["iptw_robust_score"]["test"], expected["iptw_robust_score"]["pvalue"]
    agree.statistic("coxph, weighted robust score test", weighted, score, rel=1e-9)
    agree.statistic("coxph, weighted robust score test", chi2.sf(weighted, 1), p_value, rel=1e-9)


def test_restricted_means(case, agree):
    expected, until, method = case.result("rmst_unadjusted"), case.inputs["tau"], "survRM2, restricted mean"
    second, first = (restricted_mean(kaplan_meier(arm.t, arm.s), until) for arm in case.arms)
    for ours, key in ((first, "arm1"), (second, "arm0")):
        agree(method, ours.value, expected[key]["Est."], rel=1e-10)
        agree.se(method, [ours.se, ours.se], [expected[key]["se"], np.sqrt(expected[f"{key}_var"])], rel=1e-10)
    both = [[mean.value, mean.se] for mean in (second, first)]
    agree(method, both, numbers(expected["survival_rmean"]), rel=1e-10)
    contrasts, theirs = restricted_mean_contrasts(first, second), numbers(expected["contrasts"])
    agree(method, contrasts["value"], theirs[:, 0], rel=1e-10)
    agree.statistic(method, contrasts[["ci_low", "ci_high", "p_value"]], theirs[:, 1:], rel=1e-10)


@pytest.mark.parametrize(("link", "key"), [("identity", "difference"), ("log", "ratio")])
def test_regression_of_restricted_time(case, agree, link, key):
    d, method = case.data, "survRM2, regression"
    fit = restricted_mean_regression(case.matrix(), d.t, d.s, case.inputs["tau"], censoring_groups=d.a, link=link)
    expected = numbers([row[:2] for row in case.result("rmst_adjusted_regression")[key]["values"]])
    agree(method, fit.coefficients, expected[:, 0], rel=1e-6)
    agree.se(method, fit.se, expected[:, 1], rel=1e-6)


@pytest.mark.parametrize(("column", "key"), [("w", "ate"), ("wo", "ato")])
@pytest.mark.parametrize("arm", [0, 1])
def test_weighted_restricted_means(case, agree, column, key, arm):
    """The robust standard error is the jackknife's but for terms of the order 1/n."""
    d, expected, method = case.arms[arm], case.result("rmst_weighted")[f"{key}_arm{arm}"], "weighted restricted mean"
    curve = kaplan_meier(d.t, d.s, d[column], variance="robust")
    mean = restricted_mean(curve, case.inputs["tau"])
    agree(method, mean.value, expected["rmst"], rel=1e-10)
    if expected["jackknife_se"] is not None:
        jackknife = restricted_mean_jackknife_se(curve, case.inputs["tau"])
        agree.se(f"{method}, jackknife", jackknife, expected["jackknife_se"], rel=1e-10)
        note = "ours is the infinitesimal jackknife, R's leaves out one person at a time: apart by the order of 1/n"
        agree.se(f"{method}, robust", mean.se, expected["jackknife_se"], rel=0.02, note=note)


@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_cox(case, agree, ties):
    d, expected, method = case.data, case.result(f"cox_{ties}"), f"coxph, {ties}"
    fit = fit_cox(case.matrix(), d.t, d.s, ties=ties)
    compare_cox(agree, method, fit, expected)
    if ties == "efron":
        scale = 1e-3 * fit.covariance.max()
        agree.statistic(method, fit.covariance, numbers(expected["vcov"]), rel=1e-5, scale=scale)
        for name, theirs in (("score", "score_test"), ("likelihood_ratio", "lr_test"), ("wald", "wald_test")):
            agree.statistic(method, getattr(fit.tests, name), expected[theirs], rel=1e-6)
        found = concordance(d.t, d.s, fit.at.data.matrix.matvec(fit.coefficients))
        agree("concordance", found.value, expected["concordance"], rel=1e-8)
        agree.se("concordance", found.se, expected["concordance_se"], rel=1e-8)


def test_cox_with_exact_ties(case, agree):
    if "cox_exact" not in case.cases:
        pytest.skip("R's exact method is too slow for this data set")
    d = case.data
    compare_cox(agree, "coxph, exact", fit_cox_exact(case.matrix(), d.t, d.s), case.result("cox_exact"))


@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_robust_cox(case, agree, ties):
    d = case.data
    fit = fit_cox(case.matrix(), d.t, d.s, ties=ties)
    compare_cox(agree, f"coxph, {ties}", fit, case.result("cox_robust")[ties], cox_covariance(fit))


def test_clustered_cox(case, agree):
    if "cox_cluster" not in case.cases:
        pytest.skip("no clusters in this data set")
    d, expected = case.data, case.result("cox_cluster")
    cluster = d[case.inputs["cluster"]]
    for key, fit in (
        ("unweighted", fit_cox(case.matrix(), d.t, d.s)),
        ("iptw", fit_cox(case.arm_only, d.t, d.s, weights=d.w)),
    ):
        compare_cox(agree, "coxph, clustered", fit, expected[key], cox_covariance(fit, cluster))


@pytest.mark.parametrize(("column", "key"), [("w", "ATE"), ("wo", "ATO")])
def test_weighted_cox(case, agree, column, key):
    d, expected = case.data, case.result("cox_iptw")[key]
    for name, ties, matrix in (
        ("efron", "efron", case.arm_only),
        ("breslow", "breslow", case.arm_only),
        ("doubly_adjusted_efron", "efron", case.matrix()),
    ):
        fit = fit_cox(matrix, d.t, d.s, weights=d[column], ties=ties)
        compare_cox(agree, "coxph, weighted", fit, expected[name], cox_covariance(fit))
    fit = fit_cox(case.arm_only, d.t, d.s, weights=d[column])
    note = "svycoxph stops at 1e-9 of the likelihood"
    agree("survey, svycoxph", fit.coefficients[0], expected["svycoxph"]["coef"], rel=1e-6, note=note)
    svycoxph = np.sqrt(cox_covariance(fit, small_sample=True)[0, 0])
    agree.se("survey, svycoxph", svycoxph, expected["svycoxph"]["se"], rel=1e-6)
    if key == "ATE":
        weightit, method = case.result("coxph_weightit"), "WeightIt, coxph_weightit"
        note = "R scores with a glm that stops at 1e-5 of a score"
        agree(method, fit.coefficients[0], weightit["coef"], rel=1e-4, note=note)
        agree.se(method, np.sqrt(cox_covariance(fit)[0, 0]), weightit["se"], rel=1e-6)


def test_stratified_cox(case, agree):
    d, stratum = case.data, case.inputs["strata_variable"]
    fit = fit_cox(case.matrix(stratum), d.t, d.s, strata=d[stratum])
    compare_cox(agree, "coxph, stratified", fit, case.result("cox_stratified"))


@pytest.mark.parametrize("transform", ["km", "identity"])
def test_proportional_hazards(case, agree, transform):
    d = case.data
    ours = proportional_hazards_test(fit_cox(case.matrix(), d.t, d.s), transform)
    columns = ["chi_square", "degrees_of_freedom", "p_value"]
    agree.statistic("cox.zph", ours[columns], numbers(case.result("cox_zph")[transform]), rel=1e-8)


def test_baseline_hazard_and_standardised_survival(case, agree):
    d, expected, times = case.data, case.result("cox_basehaz_gformula"), case.inputs["grid"]
    fit = fit_cox(case.matrix(), d.t, d.s)
    agree("basehaz", baseline_hazard(fit, times), expected["basehaz"], rel=1e-8)
    for arm in (0, 1):
        curve = standardised_survival(fit, {"a": arm}, times)
        agree("coxph, standardised survival", curve.survival, expected[f"surv{arm}"], rel=1e-10)


def test_weibull(case, agree):
    d, expected, method = case.data[case.data["t"] > 0], case.result("weibull_aft"), "survreg, Weibull"
    matrix = model_matrix(d, ["a", *case.inputs["covariates"]])
    fit = fit_weibull(matrix, d.t, d.s)
    agree(method, fit.coefficients, list(expected["coef"].values()), rel=1e-8)
    agree.se(method, fit.se, expected["se"], rel=1e-6)
    agree.statistic(method, [fit.scale, fit.log_likelihood], [expected["scale"], expected["loglik"]], rel=1e-10)


@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_cox_with_a_covariate_that_changes(agree, ties):
    """Stanford heart transplants: several rows per person, robust by person."""
    agree.data = "heart"
    d = pd.read_csv(reference_data("oracles", "data", "heart.csv"))
    matrix = model_matrix(d, ["age", "year", "surgery", "transplant"])
    fit = fit_cox(matrix, d["stop"], d["event"], entry=d["start"], ties=ties)
    expected = oracle("heart.cox_counting.json")["cases"][f"cox_{ties}"]["result"]
    compare_cox(agree, f"coxph, {ties}", fit, expected, cox_covariance(fit, d["id"]))
