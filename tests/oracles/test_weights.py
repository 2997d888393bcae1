"""Scores and weights against R: glm, WeightIt 1.5.1 and CBPS 0.24 (conventions in the oracles' README)."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from iop_outcomes.design.balance import balance
from iop_outcomes.design.cbps import balancing_score
from iop_outcomes.design.cbps_gmm import MomentConditions, overidentified_score
from iop_outcomes.design.entropy import entropy_weights
from iop_outcomes.design.weights import (
    balancing_weights,
    effective_sample_size,
    stabilised,
    trim_score,
    truncate_weights,
    weight_summary,
)
from iop_outcomes.models.glm import fit_glm
from iop_outcomes.models.matrix import model_matrix
from oracles.prepared import prepared
from reference import oracle, reference_data

pytestmark = pytest.mark.oracle

DATA = ("lalonde", "aod", "sud", "synth_a")


class Case:
    """One data set with R's results for it."""

    def __init__(self, name):
        self.reference = oracle(f"{name}.weights.json")
        self.rows = pd.read_csv(reference_data("oracles", f"{name}.rows.csv"))
        data = prepared(name)
        self.covariates = data[self.reference["inputs"]["covariates"]]
        self.treated = data["a"].to_numpy()
        self.matrix = model_matrix(self.covariates)

    def result(self, case):
        if case not in self.reference["cases"]:
            pytest.skip(f"R gave no result for '{case}' on this data set")
        return self.reference["cases"][case]["result"]

    @property
    def r_names(self):
        return [f"{term}{'' if level is None else level}" for term, level in self.matrix.terms]


@pytest.fixture(params=DATA, scope="module")
def case(request):
    return Case(request.param)


def test_logistic_regression_equals_glm(case):
    expected = case.result("ps_glm")
    fit = fit_glm(case.treated, case.matrix)
    assert case.r_names == expected["coef"]["term"]
    np.testing.assert_allclose(fit.coefficients, expected["coef"]["estimate"], rtol=1e-8, atol=1e-10)
    np.testing.assert_allclose(fit.standard_errors, expected["coef"]["se"], rtol=1e-7)
    np.testing.assert_allclose(fit.deviance, expected["deviance"], rtol=1e-10)
    np.testing.assert_allclose(fit.fitted, case.rows["ps"], rtol=1e-9)


@pytest.mark.parametrize("estimand", ["ATE", "ATT", "ATC", "ATO", "ATM"])
def test_weights_of_every_estimand(case, estimand):
    fit = fit_glm(case.treated, case.matrix)
    weights = balancing_weights(fit.fitted, case.treated, estimand)
    np.testing.assert_allclose(weights, case.rows[f"w_{estimand.lower()}"], rtol=1e-9)


def test_stabilised_truncated_and_trimmed_weights(case):
    score, arm = case.rows["ps"].to_numpy(), case.treated
    weights = balancing_weights(score, arm, "ATE")
    close = {"rtol": 1e-9}
    np.testing.assert_allclose(stabilised(weights, arm), case.rows["w_ate_stab"], **close)
    np.testing.assert_allclose(truncate_weights(weights, arm).weights, case.rows["w_ate_trim99"], **close)
    both = truncate_weights(weights, arm, quantile=0.95, both_ends=True)
    np.testing.assert_allclose(both.weights, case.rows["w_ate_trim95both"], **close)
    np.testing.assert_allclose(trim_score(weights, score, arm).weights, case.rows["w_ate_crump10"], **close)


def test_summaries_of_the_weights(case):
    for name, expected in case.result("weights_summary").items():
        weights = case.rows[name].to_numpy()
        found = weight_summary(weights, case.treated)
        np.testing.assert_allclose(found.loc["treated", "ess"], expected["ess"]["treated"], rtol=1e-9)
        np.testing.assert_allclose(found.loc["reference", "ess"], expected["ess"]["control"], rtol=1e-9)
        np.testing.assert_allclose(found.loc["reference", "sum"], expected["sum"]["control"], rtol=1e-9)
        for statistic in ("min", "max", "cv"):
            np.testing.assert_allclose(found.loc["all", statistic], expected[statistic], rtol=1e-9)


@pytest.mark.parametrize("estimand", ["ATE", "ATT"])
def test_entropy_balance_is_weightit_made_exact(case, estimand):
    weights = entropy_weights(case.matrix, case.treated, estimand)
    # R stops where its optimiser stops, at relative errors near 1e-6; ours balances to rounding.
    np.testing.assert_allclose(weights, case.rows[f"w_ebal_{estimand.lower()}"], rtol=1e-5, atol=1e-7)
    ours, theirs = (
        balance(case.covariates, case.treated, w, estimand=estimand).query("stage == 'after'")["smd"].abs()
        for w in (weights, case.rows[f"w_ebal_{estimand.lower()}"])
    )
    if estimand == "ATT":
        assert ours.max() < 1e-8
    assert ours.max() <= theirs.max()
    expected = case.result("ebal")[estimand]["ess"]["control"]
    np.testing.assert_allclose(effective_sample_size(weights[case.treated == 0]), expected, rtol=1e-6)


@pytest.mark.parametrize("estimand", ["ATE", "ATT"])
def test_just_identified_balancing_score(case, estimand):
    expected = case.result("cbps_exact")[estimand]
    found = balancing_score(case.matrix, case.treated, estimand)
    np.testing.assert_allclose(found.coefficients, list(expected["coef"].values()), rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(found.score, case.rows[f"ps_cbpsx_{estimand.lower()}"], rtol=1e-8)
    weights = balancing_weights(found.score, case.treated, estimand)
    np.testing.assert_allclose(weights, case.rows[f"w_cbpsx_{estimand.lower()}"], rtol=1e-8)
    # WeightIt's own optimiser stops near 1e-4.
    np.testing.assert_allclose(found.score, case.rows[f"ps_cbps_{estimand.lower()}"], rtol=5e-3)


def test_overidentified_balancing_score_for_everybody(case):
    expected = case.result("cbps_overidentified")["ATT0"]
    found = overidentified_score(case.matrix, case.treated, "ATE")
    np.testing.assert_allclose(found.statistic, expected["J"], rtol=1e-4)
    np.testing.assert_allclose(found.coefficients, list(expected["coef"].values()), rtol=1e-2)


def test_overidentified_balancing_score_for_the_treated_goes_below_where_r_stops(case):
    expected = case.result("cbps_overidentified")["ATT1"]
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
