"""Scores and weights against R: glm, WeightIt 1.5.1 and CBPS 0.24 (conventions in the oracles' README)."""

import numpy as np
import pytest
from scipy.special import expit

from iop_outcomes.designs.judge.balance import balance
from iop_outcomes.designs.scores.balancing_weights import (
    balancing_weights,
    stabilised,
    trim_score,
    truncate_weights,
    weight_summary,
)
from iop_outcomes.designs.scores.cbps import balancing_score
from iop_outcomes.designs.scores.cbps_gmm import MomentConditions, overidentified_score
from iop_outcomes.designs.scores.entropy import entropy_weights
from iop_outcomes.stats.linear.glm import fit_glm
from oracles.weights_data import DATA_SETS, weights_case

pytestmark = pytest.mark.oracle
FAMILY = "Scores and weights"


@pytest.fixture(params=DATA_SETS, scope="module")
def case(request):
    return weights_case(request.param)


def test_logistic_regression_equals_glm(case, agree):
    expected, method = case.result("ps_glm"), "glm, logistic"
    fit = fit_glm(case.treated, case.matrix)
    assert case.r_names == expected["coef"]["term"]
    agree(method, fit.coefficients, expected["coef"]["estimate"], rel=1e-8, scale=0.01)
    agree.se(method, fit.standard_errors, expected["coef"]["se"], rel=1e-7)
    agree.statistic(method, fit.deviance, expected["deviance"], rel=1e-10)
    agree("glm, scores", fit.fitted, case.rows["ps"], rel=1e-9)


@pytest.mark.parametrize("estimand", ["ATE", "ATT", "ATC", "ATO", "ATM"])
def test_weights_of_every_estimand(case, agree, estimand):
    fit = fit_glm(case.treated, case.matrix)
    weights = balancing_weights(fit.fitted, case.treated, estimand)
    agree("WeightIt, ATE to ATM", weights, case.rows[f"w_{estimand.lower()}"], rel=1e-9)


def test_stabilised_truncated_and_trimmed_weights(case, agree):
    score, arm = case.rows["ps"].to_numpy(), case.treated
    weights = balancing_weights(score, arm, "ATE")
    found = {
        "w_ate_stab": stabilised(weights, arm),
        "w_ate_trim99": truncate_weights(weights, arm).weights,
        "w_ate_trim95both": truncate_weights(weights, arm, quantile=0.95, both_ends=True).weights,
        "w_ate_crump10": trim_score(weights, score, arm).weights,
    }
    for name, ours in found.items():
        agree("WeightIt, stabilised, truncated, trimmed", ours, case.rows[name], rel=1e-9)


def test_summaries_of_the_weights(case, agree):
    for name, expected in case.result("weights_summary").items():
        found = weight_summary(case.rows[name].to_numpy(), case.treated)
        for arm, theirs in (("treated", "treated"), ("reference", "control")):
            for statistic in ("ess", "sum"):
                ours = found.loc[arm, statistic]
                agree("WeightIt, summaries of weights", ours, expected[statistic][theirs], rel=1e-9)
        for statistic in ("min", "max", "cv"):
            agree("WeightIt, summaries of weights", found.loc["all", statistic], expected[statistic], rel=1e-9)


@pytest.mark.parametrize("estimand", ["ATE", "ATT"])
def test_entropy_balance_is_weightit_made_exact(case, agree, estimand):
    weights = entropy_weights(case.matrix, case.treated, estimand)
    theirs = case.rows[f"w_ebal_{estimand.lower()}"]
    note = "R stops where its optimiser stops, ours balances to rounding"
    agree("WeightIt, entropy balance", weights, theirs, rel=1e-5, scale=0.01, note=note)
    ours_left, theirs_left = (
        balance(case.covariates, case.treated, w, estimand=estimand).query("stage == 'after'")["smd"].abs()
        for w in (weights, theirs)
    )
    if estimand == "ATT":
        assert ours_left.max() < 1e-8
    assert ours_left.max() <= theirs_left.max()
    found, expected = weight_summary(weights, case.treated), case.result("ebal")[estimand]
    for arm, name in (("treated", "treated"), ("reference", "control")):
        ours = found.loc[arm, "ess"]
        agree("WeightIt, entropy balance, effective sample size", ours, expected["ess"][name], rel=1e-6)


@pytest.mark.parametrize("estimand", ["ATE", "ATT"])
def test_just_identified_balancing_score(case, agree, estimand):
    expected = case.result("cbps_exact")[estimand]
    found = balancing_score(case.matrix, case.treated, estimand)
    method, suffix = "CBPS, just identified", estimand.lower()
    agree(method, found.coefficients, list(expected["coef"].values()), rel=1e-6, scale=1e-3)
    agree(f"{method}, scores", found.score, case.rows[f"ps_cbpsx_{suffix}"], rel=1e-8)
    weights = balancing_weights(found.score, case.treated, estimand)
    agree(f"{method}, weights", weights, case.rows[f"w_cbpsx_{suffix}"], rel=1e-8)
    note = "WeightIt's own optimiser stops near 1e-4"
    agree("WeightIt, CBPS, scores", found.score, case.rows[f"ps_cbps_{suffix}"], rel=5e-3, note=note)


def overidentified(case):
    if "cbps_overidentified" not in case.cases:
        pytest.skip("R's over-identified CBPS did not fit this data set")
    return case.result("cbps_overidentified")


def test_overidentified_balancing_score_for_everybody(case, agree):
    expected = overidentified(case)["ATT0"]
    found, method = overidentified_score(case.matrix, case.treated, "ATE"), "CBPS, over-identified"
    note = "R's optimiser stops early; its criterion differs by less"
    agree(method, found.coefficients, list(expected["coef"].values()), rel=1e-2, note=note)
    agree.statistic(method, found.statistic, expected["J"], rel=1e-4)


def test_overidentified_balancing_score_for_the_treated_goes_below_where_r_stops(case):
    expected = overidentified(case)["ATT1"]
    found = overidentified_score(case.matrix, case.treated, "ATT")
    theirs = np.array(list(expected["coef"].values()))
    moments = MomentConditions(case.matrix, case.treated.astype(bool), "ATT")

    def criterion(coefficients):
        # Weighted at our solution for both, so that the two are judged alike.
        weighting = moments.weighting(moments.root @ found.coefficients)
        residual = weighting @ moments.values(moments.root @ coefficients)
        return residual @ residual

    assert found.statistic < expected["J"]
    assert criterion(found.coefficients) < criterion(theirs)
    # The scores themselves are close all the same.
    assert np.corrcoef(found.score, expit(case.matrix.matvec(theirs)))[0, 1] > 0.97
