"""Treatment effects equal to R's: survey, WeightIt, marginaleffects, PSweight, AIPW, tmle, sandwich, clubSandwich.

``rel`` of standard errors is 1e-6 where R computes them in closed form and 2e-6 where marginaleffects differentiates
numerically (its step leaves 1e-7 to 1e-6).
"""

import numpy as np
import pytest
from pytest import approx

from iop_outcomes.estimators.aipw import augmented_means, target_population
from iop_outcomes.estimators.measures import arm_mean, contrast
from iop_outcomes.estimators.outcome_model import fit_outcome_model
from iop_outcomes.estimators.outcome_regression import standardised_means
from iop_outcomes.estimators.tilting import balancing_weights
from iop_outcomes.estimators.tmle import targeted_means
from iop_outcomes.estimators.weighting import weighted_means
from iop_outcomes.estimators.weights import Weights, propensity_weights
from iop_outcomes.models.glm import fit_glm
from iop_outcomes.models.robust_glm import fit_robust_glm
from iop_outcomes.sensitivity.e_value import e_value, e_value_of_mean_difference
from oracles.effects_data import DATA_SETS, EffectsCase, effects
from reference import oracle, reference_data

pytestmark = pytest.mark.oracle
MEASURES = {"rd": "risk_difference", "log_rr": "risk_ratio", "log_or": "odds_ratio"}
SPELLINGS = {"rd": "rd", "rr": "log_rr", "or": "log_or"}
NUMERIC_DERIVATIVE = 2e-6


@pytest.fixture(params=DATA_SETS)
def data(request) -> EffectsCase:
    return effects(request.param)


def on_scale(estimate) -> tuple[float, float]:
    """Value and standard error, for ratios on the log scale, as R prints them."""
    return (np.log(estimate.value) if estimate.se_scale == "log" else estimate.value), estimate.se


def agrees(arms, key: str, value: float, se: float, value_rel: float = 1e-6, se_rel: float = 1e-6) -> None:
    ours = on_scale(contrast(arms, MEASURES[key]))
    assert ours == (approx(value, rel=value_rel), approx(se, rel=se_rel))


def test_hajek_means(data):
    for key in ("y", "yc"):
        expected, (outcome, _) = data.result("hajek")[key], data.outcome(key)
        for i, column in enumerate(expected["weights"]):
            arms = weighted_means(outcome, data.first, data.rows[column])
            assert arms.means == approx([expected["mu1"][i], expected["mu0"][i]], rel=1e-8)
            assert contrast(arms, "mean_difference").value == approx(expected["rd"][i], rel=1e-8)
            if key == "y":
                assert contrast(arms, "risk_ratio").value == approx(expected["rr"][i], rel=1e-8)
                assert contrast(arms, "odds_ratio").value == approx(expected["or"][i], rel=1e-8)


@pytest.mark.parametrize("estimand", ["ATE", "ATT", "ATO"])
def test_svyglm(data, estimand):
    expected = data.result(f"svyglm_{estimand}")
    weights, _ = balancing_weights(data.score, data.first, estimand)
    arms = weighted_means(data.binary, data.first, weights)
    for key in MEASURES:
        agrees(arms, key, expected[key]["estimate"][1], expected[key]["se"][1], 1e-8)
    arms = weighted_means(data.continuous, data.first, weights)
    agrees(arms, "rd", expected["md_yc"]["estimate"][1], expected["md_yc"]["se"][1], 1e-8)
    adjusted = fit_robust_glm(data.binary, data.with_arm, family="gaussian", weights=weights, covariance="survey")
    assert adjusted.coefficients[1] == approx(expected["adjusted_rd"]["estimate"][0], rel=1e-8)
    assert adjusted.se[1] == approx(expected["adjusted_rd"]["se"][0], rel=1e-6)
    assert adjusted.p_values[1] == approx(expected["adjusted_rd"]["p"][0], rel=1e-6)
    if "cluster" in expected:
        arms = weighted_means(data.binary, data.first, weights, cluster=data.cluster)
        assert arms.covariance.degrees_of_freedom == expected["cluster"]["degf"]
        for key in ("rd", "log_or"):
            agrees(arms, key, expected["cluster"][key]["estimate"][1], expected["cluster"][key]["se"][1], 1e-8)


@pytest.mark.parametrize("estimand", ["ATE", "ATT", "ATO"])
@pytest.mark.parametrize("kind", ["asympt", "HC0"])
def test_glm_weightit(data, estimand, kind):
    expected = data.result(f"glm_weightit_{estimand}")[kind]
    matrix = data.covariates if kind == "asympt" else None
    weights = propensity_weights(data.score, data.first, estimand, matrix)
    arms = weighted_means(data.binary, data.first, weights, small_sample=False)
    for spelling in ("rd", "rr"):
        found = expected[f"{spelling}_unadjusted"]
        agrees(arms, SPELLINGS[spelling], found["estimate"][0], found["se"][0], se_rel=NUMERIC_DERIVATIVE)
    agrees(arms, "log_or", expected["logit_unadjusted"]["estimate"][1], expected["logit_unadjusted"]["se"][1])
    arms = weighted_means(data.continuous, data.first, weights, small_sample=False)
    agrees(arms, "rd", expected["md_yc"]["estimate"][1], expected["md_yc"]["se"][1])


@pytest.mark.parametrize("estimand", ["ATE", "ATT"])
@pytest.mark.parametrize("kind", ["asympt", "HC0"])
def test_glm_weightit_with_covariates(data, estimand, kind):
    expected = data.result(f"glm_weightit_{estimand}")[kind]
    matrix = data.covariates if kind == "asympt" else None
    weights = propensity_weights(data.score, data.first, estimand, matrix)
    population = data.first.astype(float) if estimand == "ATT" else None
    settings = {"weights": weights, "count_sampling": False, "small_sample": False}
    model = fit_outcome_model(data.binary, data.first, data.covariates, kind="binary", weights=weights.values)
    arms = standardised_means(model, population, **settings)
    for spelling, key in SPELLINGS.items():
        found = expected[f"{spelling}_adjusted"]
        agrees(arms, key, found["estimate"][0], found["se"][0], se_rel=NUMERIC_DERIVATIVE)
    model = fit_outcome_model(
        data.continuous, data.first, data.covariates, kind="continuous", form="per_arm", weights=weights.values
    )
    found = expected["md_yc_adjusted"]
    arms = standardised_means(model, population, **settings)
    agrees(arms, "rd", found["estimate"][0], found["se"][0], se_rel=NUMERIC_DERIVATIVE)


@pytest.mark.parametrize("estimand", ["ATE", "ATT", "ATO"])
def test_glm_weightit_clustered(estimand):
    data = effects("synth_a")
    expected = data.result(f"glm_weightit_{estimand}")["asympt_cluster"]
    weights = propensity_weights(data.score, data.first, estimand, data.covariates)
    arms = weighted_means(data.binary, data.first, weights, cluster=data.cluster)
    found = expected["rd_unadjusted"]
    agrees(arms, "rd", found["estimate"][0], found["se"][0], se_rel=NUMERIC_DERIVATIVE)
    agrees(arms, "log_or", expected["logit_unadjusted"]["estimate"][1], expected["logit_unadjusted"]["se"][1])


@pytest.mark.parametrize(("form", "key"), [("main", "main"), ("per_arm", "interaction")])
def test_standardisation(data, form, key):
    model = fit_outcome_model(data.binary, data.first, data.covariates, kind="binary", form=form)
    for estimand, by_kind in data.result("gcomp").get(key, {}).items():
        population = data.first.astype(float) if estimand == "ATT" else None
        for kind, expected in by_kind.items():
            arms = standardised_means(model, population, kind=kind, count_sampling=False, small_sample=False)
            for name, found in expected.items():
                agrees(arms, name, found["estimate"][0], found["se"][0], se_rel=NUMERIC_DERIVATIVE)


@pytest.mark.parametrize("form", ["main", "per_arm"])
@pytest.mark.parametrize("key", ["y", "yc"])
def test_aipw(data, form, key):
    outcome, kind = data.outcome(key)
    expected = data.result("aipw_own")[form][key]
    model = fit_outcome_model(outcome, data.first, data.covariates, kind=kind, form=form)
    for estimand, value, se in (("ATE", "rd", "se_rd"), ("ATT", "att", "se_att")):
        weights = propensity_weights(data.score, data.first, estimand)
        population = target_population(weights, data.score, data.first, estimand)
        arms = augmented_means(outcome, data.first, model.predicted, weights, population, small_sample=False)
        agrees(arms, "rd", expected[value], expected[se])
        if estimand == "ATT":
            continue
        assert arm_mean(arms, 0).se == approx(expected["se_psi1"], rel=1e-6)
        assert arm_mean(arms, 1).se == approx(expected["se_psi0"], rel=1e-6)
        for name in ("log_rr", "log_or") if key == "y" else ():
            agrees(arms, name, expected[name], expected[f"se_{name}"])
        corrected = augmented_means(outcome, data.first, model.predicted, weights, population)
        assert contrast(corrected, "mean_difference").se == approx(expected["se_rd_n_minus_1"], rel=1e-6)


def test_aipw_package(data):
    """AIPW 0.6.9 takes the covariance of the arms off four times instead of twice in the ratios' variance.

    Seen in all data sets to 1e-9; ours is the delta method. lalonde's scores are from a glm that stopped at 1e-5.
    """
    expected = data.result("aipw_package")
    model = fit_outcome_model(data.binary, data.first, data.covariates, kind="binary")
    weights = propensity_weights(data.score, data.first, "ATE")
    population = target_population(weights, data.score, data.first, "ATE")
    arms = augmented_means(data.binary, data.first, model.predicted, weights, population)
    agrees(arms, "rd", expected["rd"]["Estimate"], expected["rd"]["SE"], 1e-5, 1e-6)
    (v11, v10), (_, v00) = arms.covariance.values
    first, second = arms.means
    for name, u, v in (
        ("rr", 1 / first, 1 / second),
        ("or", 1 / (first * (1 - first)), 1 / (second * (1 - second))),
    ):
        measure = MEASURES[SPELLINGS[name]]
        assert contrast(arms, measure).value == approx(expected[name]["Estimate"], rel=1e-5)
        assert contrast(arms, measure).se ** 2 == approx(v11 * u**2 + v00 * v**2 - 2 * v10 * u * v, rel=1e-12)
        as_published = np.sqrt(v11 * u**2 + v00 * v**2 - 4 * v10 * u * v)
        assert as_published == approx(expected[name]["SE"], rel=1e-5)


@pytest.mark.parametrize("key", ["y", "yc"])
def test_tmle_of_everybody(data, key):
    outcome, kind = data.outcome(key)
    expected = data.result("tmle_package")
    model = fit_outcome_model(outcome, data.first, data.covariates, kind=kind)
    arms = targeted_means(outcome, data.first, model.predicted, data.score)
    agrees(arms, "rd", expected[key]["ATE"]["psi"], expected[key]["ATE"]["se"])
    if key == "y":
        agrees(arms, "log_rr", expected[key]["RR"]["log"], expected[key]["RR"]["se_log"])
        agrees(arms, "log_or", expected[key]["OR"]["log"], expected[key]["OR"]["se_log"])
        arms = targeted_means(outcome, data.first, model.predicted, data.score, fluctuation="covariate")
        agrees(arms, "rd", expected["y_target_gwt_FALSE"]["ate"], expected["y_target_gwt_FALSE"]["se"])


@pytest.mark.parametrize("key", ["y", "yc"])
def test_tmle_of_the_treated_on_the_support_that_the_package_keeps(data, key):
    """tmle 2.0.1 leaves out rows scored below every treated one, refits the score there, and divides by all rows.

    Its path ends on a grid of steps of 0.001, ours where the equation is solved: they differ by less than a step.
    """
    outcome, kind = data.outcome(key)
    expected = data.result("tmle_package")[key]["ATT"]
    model = fit_outcome_model(outcome, data.first, data.covariates, kind=kind)
    kept = data.score >= data.score[data.first].min()
    score = _refitted_score(data, kept)
    bounds = (outcome.min(), outcome.max())
    arms = targeted_means(outcome[kept], data.first[kept], model.predicted[kept], score, estimand="ATT", bounds=bounds)
    ours = contrast(arms, "mean_difference")
    assert abs(ours.value - expected["psi"]) < 0.05 * expected["se"]
    assert ours.se * np.sqrt(kept.sum() / len(kept)) == approx(expected["se"], rel=3e-4)


def _refitted_score(data, kept):
    """The intercept alone, unless more than a tenth of the second arm is left out."""
    arm = data.first[kept].astype(float)
    if (kept & ~data.first).sum() < 0.9 * (~data.first).sum():
        return fit_glm(arm, data.covariates.rows(kept)).fitted
    linear = np.log(data.score / (1 - data.score))[kept]
    only_intercept = np.array(data.covariates.names) == "(Intercept)"
    return fit_glm(arm, data.covariates.columns(only_intercept).rows(kept), offset=linear).fitted


@pytest.mark.parametrize(
    ("name", "estimand"),
    [("IPW", "ATE"), ("treated", "ATT"), ("overlap", "ATO"), ("matching", "ATM"), ("entropy", "ATEN")],
)
def test_psweight(data, name, estimand):
    weights = propensity_weights(data.score, data.first, estimand, data.covariates)
    plain = weighted_means(data.binary, data.first, weights, small_sample=False)
    model = fit_outcome_model(data.binary, data.first, data.covariates, kind="binary", form="per_arm")
    population = target_population(weights, data.score, data.first, estimand, by_score=True)
    augmented = augmented_means(
        data.binary,
        data.first,
        model.predicted,
        weights,
        population,
        model=model,
        form="normalised",
        small_sample=False,
    )
    for arms, key in ((plain, name), (augmented, f"{name}_augmented")):
        expected = data.result("psweight")[key]
        assert arms.means[::-1] == approx(expected["muhat"], rel=1e-6)
        for measure in MEASURES:
            agrees(arms, measure, expected[measure]["Estimate"], expected[measure]["Std.Error"])


ROBUST = {
    "se_model": ("model", False),
    "HC0": ("HC0", False),
    "HC1": ("HC1", False),
    "HC2": ("HC2", False),
    "HC3": ("HC3", False),
    "cl_HC0_nocadjust": ("CR0", True),
    "cl_HC0_cadjust": ("CR1", True),
    "cl_HC1_cadjust": ("CR1S", True),
    "club_CR1": ("CR1", True),
    "club_CR2": ("CR2", True),
}


def test_robust_logistic_model(data):
    expected = data.result("glm_robust")
    for key, (kind, clustered) in ROBUST.items():
        if key not in expected:
            continue
        cluster = data.cluster if clustered else None
        model = fit_robust_glm(data.binary, data.with_arm, covariance=kind, cluster=cluster)
        assert model.coefficients == approx(list(expected["coef"].values()), rel=1e-8)
        assert model.se == approx(list(expected[key].values()), rel=1e-6)
    if "club_CR2_satterthwaite_a" in expected:
        found = expected["club_CR2_satterthwaite_a"]
        assert model.degrees_of_freedom[1] == approx(found["df"], rel=1e-8)
        assert model.p_values[1] == approx(found["p"], rel=1e-6)


def test_modified_poisson(data):
    expected = data.result("log_binomial_and_modified_poisson")
    model = fit_robust_glm(data.binary, data.with_arm, family="poisson")
    assert model.coefficients == approx(list(expected["coef"].values()), rel=1e-8)
    assert model.se == approx(list(expected["se_HC0"].values()), rel=1e-6)


@pytest.mark.parametrize(
    ("name", "outcome", "terms", "site"),
    [("ohio", "resp", ["age", "smoke", "age:smoke"], "id"), ("synth_a", "completed", None, "site")],
)
def test_cluster_robust_logistic_model(name, outcome, terms, site):
    import pandas as pd

    from iop_outcomes.models.matrix import model_matrix

    expected = oracle(f"{name}.gee.json")["cases"]["glm_cluster"]["result"]
    frame = pd.read_csv(reference_data("oracles", "data", f"{name}.csv"))
    if terms is None:
        frame, terms = frame.astype({"substance": str}), ["iop", "psych", "prior_tx", "substance"]
    else:
        frame["age:smoke"] = frame["age"] * frame["smoke"]
    matrix = model_matrix(frame, terms)
    for kind in ("CR0", "CR1", "CR1S", "CR2", "CR3"):
        model = fit_robust_glm(frame[outcome], matrix, covariance=kind, cluster=frame[site])
        assert model.se == approx(list(expected[kind].values()), rel=1e-8)
        if kind == "CR2":
            assert model.degrees_of_freedom == approx(list(expected["CR2_df"].values()), rel=1e-8)
            assert model.p_values == approx(list(expected["CR2_p"].values()), rel=1e-6)


def test_e_values(data):
    expected = data.result("evalue")
    for key, measure, rare, given in (
        ("RR", "risk_ratio", False, "input_rr"),
        ("OR_common", "odds_ratio", False, "input_or"),
        ("OR_rare", "odds_ratio", True, "input_or"),
        ("HR_common", "hazard_ratio", False, "input_or"),
    ):
        ours = e_value(*expected[given], measure=measure, rare_outcome=rare)
        limit = next(expected[key][side] for side in ("lower", "upper") if expected[key][side] is not None)
        assert ours == approx((expected[key]["point"], limit), rel=1e-7)
    ours = e_value_of_mean_difference(-0.3, 0.1)
    assert ours == approx((expected["MD"]["point"], expected["MD"]["upper"]), rel=1e-7)


def test_plain_weights_are_fixed_weights(data):
    weights, _ = balancing_weights(data.score, data.first, "ATO")
    plain, wrapped = (weighted_means(data.binary, data.first, w) for w in (weights, Weights(weights)))
    assert np.array_equal(plain.covariance.values, wrapped.covariance.values)
