"""What no answer may depend on: units and order of covariates, order of people, and how labels are stored."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from iop_outcomes.designs.pairs.mahalanobis import mahalanobis_coordinates
from iop_outcomes.designs.pairs.matching import nearest_match
from iop_outcomes.designs.scores.cbps import balancing_score
from iop_outcomes.designs.scores.entropy import entropy_weights
from iop_outcomes.estimates.estimators.aipw import augmented_means, target_population
from iop_outcomes.estimates.estimators.outcome_regression import standardised_means
from iop_outcomes.estimates.estimators.tmle import targeted_means
from iop_outcomes.estimates.estimators.weighting import weighted_means
from iop_outcomes.estimates.measures import contrast
from iop_outcomes.estimates.nuisance.outcome_model import fit_outcome_model
from iop_outcomes.estimates.nuisance.weights import propensity_weights
from iop_outcomes.stats.linear.glm import fit_glm
from iop_outcomes.stats.linear.matrix import model_matrix
from iop_outcomes.stats.linear.robust_glm import fit_robust_glm
from iop_outcomes.stats.repeated.gee import fit_gee
from iop_outcomes.stats.repeated.linear_mixed import fit_linear_mixed
from iop_outcomes.stats.repeated.random_intercept import fit_random_intercept
from iop_outcomes.stats.survival.cox import fit_cox
from iop_outcomes.stats.survival.cox_proportional import proportional_hazards_test
from iop_outcomes.stats.survival.cox_robust import cox_covariance
from iop_outcomes.stats.survival.fine_gray import fit_fine_gray
from iop_outcomes.stats.survival.parametric_survival import fit_weibull
from iop_outcomes.stats.survival.rmst_regression import restricted_mean_regression

COVARIATES = ["income", "severity", "substance"]


def people() -> pd.DataFrame:
    """Four hundred people at 15 sites; income in dollars, far larger than anything else."""
    generator = np.random.default_rng(6)
    n = 400
    severity = generator.normal(size=n)
    arm = generator.random(n) < 1 / (1 + np.exp(-0.7 * severity))
    return pd.DataFrame(
        {
            "arm": arm.astype(float),
            "income": generator.lognormal(10, 0.5, n),
            "severity": severity,
            "substance": generator.choice(["alcohol", "opioid", "stimulant"], n),
            "site": generator.integers(0, 15, n),
            "abstinent": (generator.random(n) < 0.35 + 0.2 * arm).astype(float),
            "days": np.ceil(generator.exponential(60, n)),
            "end": generator.integers(0, 3, n),
        }
    )


def pair(fit, errors) -> list[float]:
    """Return the arm's coefficient, the first after the intercept, and its error."""
    return [fit.coefficients[1], errors[1]]


def effects(d: pd.DataFrame, x, cluster) -> dict[str, list[float]]:
    """Return effects and standard errors of the arm by every family of estimators."""
    first, y = d["arm"].to_numpy(bool), d["abstinent"].to_numpy()
    score = fit_glm(first, x).fitted
    model = fit_outcome_model(y, first, x, kind="binary")
    found = {"tmle": targeted_means(y, first, model.predicted, score, cluster=cluster)}
    found["regression"] = standardised_means(model, cluster=cluster)
    for estimand in ("ATE", "ATT", "ATO"):
        weights = propensity_weights(score, first, estimand, x)
        population = target_population(weights, score, first, estimand)
        found[f"weighted {estimand}"] = weighted_means(y, first, weights, cluster=cluster)
        found[f"aipw {estimand}"] = augmented_means(y, first, model.predicted, weights, population, cluster=cluster)
    estimates = {name: contrast(arms, "risk_ratio") for name, arms in found.items()}
    return {name: [estimate.value, estimate.se] for name, estimate in estimates.items()}


def models(d: pd.DataFrame, x, cluster) -> dict[str, list[float]]:
    """Return the arm's coefficient and its error in every family of models."""
    y, time, event = d["abstinent"].to_numpy(), d["days"].to_numpy(), d["end"].to_numpy()
    found = {}
    for kind in ("CR0", "CR1", "CR2", "CR3"):
        fit = fit_robust_glm(y, x, covariance=kind, cluster=cluster)
        found[kind] = [*pair(fit, fit.se), fit.degrees_of_freedom[1]]
    for correlation in ("independence", "exchangeable"):
        fit = fit_gee(y, x, cluster, correlation=correlation)
        found[f"gee {correlation}"] = pair(fit, fit.standard_errors)
    for name, fit in (("glmer", fit_random_intercept(y, x, cluster)), ("lmer", fit_linear_mixed(time, x, cluster))):
        found[name] = pair(fit, fit.standard_errors)
    cox = fit_cox(x, time, event == 1)
    found["cox"] = [cox.coefficients[0], cox.se[0], np.sqrt(cox_covariance(cox, cluster)[0, 0])]
    found["proportional hazards"] = proportional_hazards_test(cox)["chi_square"].iloc[[0, -1]].tolist()
    fine_gray = fit_fine_gray(x, time, event)
    found["fine-gray"] = [fine_gray.cox.coefficients[0], np.sqrt(fine_gray.covariance()[0, 0])]
    for name, fit in (
        ("rmst", restricted_mean_regression(x, time, event == 1, 90, censoring_groups=d["arm"])),
        ("weibull", fit_weibull(x, time, event == 1)),
    ):
        found[name] = pair(fit, fit.se)
    return found


def designs(d: pd.DataFrame, x) -> dict[str, np.ndarray]:
    """Return what each design makes of every person."""
    first = d["arm"].to_numpy(bool)
    return {
        "score": fit_glm(first, x).fitted,
        "entropy": entropy_weights(x, first, "ATT"),
        "cbps": balancing_score(x, first, "ATE").score,
        "mahalanobis": nearest_match(first, mahalanobis_coordinates(d[COVARIATES], first)).weights,
    }


def everything(d: pd.DataFrame, covariates=COVARIATES) -> dict[str, np.ndarray]:
    """Return all numbers about the arm, and designs by person."""
    x, with_arm = model_matrix(d, covariates), model_matrix(d, ["arm", *covariates])
    found = effects(d, x, d["site"].to_numpy()) | models(d, with_arm, d["site"].to_numpy())
    return {name: np.array(values) for name, values in found.items()} | designs(d, x)


@pytest.fixture(scope="module")
def expected():
    return everything(people())


def same(found, expected, rtol=1e-6):
    for name, values in expected.items():
        assert_allclose(found[name], values, rtol=rtol, atol=1e-9, err_msg=name)


@pytest.mark.parametrize("unit", [1e-5, 1e5])
def test_units_of_covariates(expected, unit):
    d = people()
    same(everything(d.assign(income=d["income"] * unit, severity=(20 - d["severity"]) / unit)), expected)


def test_order_of_covariates(expected):
    same(everything(people(), COVARIATES[::-1]), expected)


def test_names_of_sites_and_types_of_categories(expected):
    d = people()
    categories = d["substance"].astype(pd.CategoricalDtype(["stimulant", "opioid", "alcohol"], ordered=True))
    sites = d["site"].map("site {:02d}".format).astype("category")
    same(everything(d.assign(substance=categories, site=sites)), expected)


def test_order_of_people(expected):
    order = np.random.default_rng(3).permutation(400)
    found = everything(people().iloc[order].reset_index(drop=True))
    for name in ("score", "entropy", "cbps"):
        assert_allclose(found.pop(name), expected[name][order], rtol=1e-6, err_msg=name)
    # Who of several controls equally near is taken depends on their order, as in MatchIt.
    assert found.pop("mahalanobis").sum() == pytest.approx(expected["mahalanobis"].sum())
    same(found, {name: values for name, values in expected.items() if name in found})
