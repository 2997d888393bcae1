"""Matching against R: MatchIt 4.7.1, Matching 4.10.8, rbounds 2.2 (see the oracles' README for the conventions)."""

import numpy as np
import pandas as pd
import pytest

from iop_outcomes.design.balance import balance
from iop_outcomes.design.mahalanobis import mahalanobis_coordinates
from iop_outcomes.design.matching import nearest_match
from iop_outcomes.design.subclass import subclassify
from iop_outcomes.estimators.abadie_imbens import match_with_ties
from iop_outcomes.estimators.matched import adjusted_matched_means, matched_means
from iop_outcomes.estimators.measures import contrast
from iop_outcomes.sensitivity.rosenbaum import (
    hodges_lehmann_bounds,
    mcnemar_bounds,
    pair_differences,
    wilcoxon_bounds,
)
from oracles.prepared import prepared
from reference import oracle, reference_data

pytestmark = pytest.mark.oracle

DATA = ("lalonde", "aod", "sud", "synth_a")
SPECS = {
    "nn_ps": {"on": "score", "caliper": 0.2},
    "nn_logit": {"on": "logit", "caliper": 0.2},
    "nn_logit_order_data": {"on": "logit", "caliper": 0.2, "order": "data"},
    "nn_logit_exact": {"on": "logit", "caliper": 0.2, "exact": True},
    "nn_ratio2_replace": {"on": "logit", "ratio": 2, "replace": True},
    "mahalanobis": {"on": "covariates"},
}
EFFECTS = ("nn_ps", "nn_logit", "nn_logit_order_data", "nn_logit_exact", "nn_ratio2_replace")


class Case:
    """One data set with R's results for it."""

    def __init__(self, name):
        self.data = prepared(name)
        self.oracle = oracle(f"{name}.matching.json")
        self.result = {case: found["result"] for case, found in self.oracle["cases"].items()}
        self.rows = pd.read_csv(reference_data("oracles", f"{name}.rows.csv"))
        self.pairs = pd.read_csv(reference_data("oracles", f"{name}.pairs.csv"))
        self.covariates = self.data[self.oracle["inputs"]["covariates"]]
        self.score = self.rows["ps"].to_numpy()
        self.exact = self.data[self.oracle["inputs"]["exact_variable"]]

    def match(self, spec):
        settings = dict(SPECS[spec])
        logit = np.log(self.score / (1 - self.score))
        on = {"score": self.score, "logit": logit}.get(settings.pop("on"))
        if on is None:
            on = mahalanobis_coordinates(self.covariates, self.data["a"])
        if settings.pop("exact", False):
            settings["exact"] = self.exact
        return nearest_match(self.data["a"], on, **settings)


@pytest.fixture(scope="module", params=DATA)
def case(request):
    return Case(request.param)


@pytest.mark.parametrize("spec", SPECS)
def test_the_same_people_are_matched_with_the_same_controls(case, spec):
    if f"match_{spec}" not in case.result:
        pytest.skip("R's results hold no such case for this data set")
    found, expected = case.match(spec), case.result[f"match_{spec}"]
    pairs = case.pairs[case.pairs["spec"] == spec]
    ours = set(zip(found.pairs["treated"] + 1, found.pairs["control"] + 1, strict=True))
    assert ours == set(zip(pairs["treated_row"], pairs["control_row"], strict=True))
    assert found.weights == pytest.approx(case.rows[f"mw_{spec}"].to_numpy(), rel=1e-12)
    if f"sub_{spec}" in case.rows:
        assert (found.matched_set == case.rows[f"sub_{spec}"].fillna(0)).all()
    if expected["caliper_width"] is not None:
        assert found.caliper_width == pytest.approx(expected["caliper_width"], rel=1e-12)
    assert found.pairs["treated"].nunique() == expected["n_matched"]["treated"]
    assert found.shortfall["n_people"].sum() == case.data["a"].sum() - expected["n_matched"]["treated"]


COBALT = {
    "M.0": "mean_reference",
    "M.1": "mean_treated",
    "SD.0": "sd_reference",
    "SD.1": "sd_treated",
    "Diff": "smd",
    "V.Ratio": "variance_ratio",
    "KS": "ks",
}


def test_balance_of_the_matched_sample(case):
    covariates = pd.concat([pd.Series(np.log(case.score / (1 - case.score)), name="distance"), case.covariates], axis=1)
    weights = case.match("nn_logit").weights
    found = balance(covariates, case.data["a"], weights, estimand="ATT")
    expected = case.result["balance_nn_logit"]
    for suffix, stage in (("Un", "before"), ("Adj", "after")):
        ours = found[found["stage"] == stage]
        for theirs, column in COBALT.items():
            numbers = np.array(expected["table"][f"{theirs}.{suffix}"], dtype=float)
            assert ours[column].to_numpy(float) == pytest.approx(numbers, rel=1e-9, abs=1e-9, nan_ok=True)
    matched = np.bincount(case.data["a"], weights > 0)
    assert matched.tolist() == expected["ess"]["Matched (ESS)"]
    if "match_mahalanobis" in case.result:
        expected = case.result["match_mahalanobis"]["balance"]
        found = balance(case.covariates, case.data["a"], case.match("mahalanobis").weights, estimand="ATT")
        before, after = (found.loc[found["stage"] == stage, "smd"].to_numpy(float) for stage in ("before", "after"))
        assert before == pytest.approx(expected["Diff.Un"], abs=1e-9)
        # Where everybody is matched cobalt has no second column.
        everybody = expected["Diff.Adj"][0] is None
        assert after == pytest.approx(expected["Diff.Un" if everybody else "Diff.Adj"], abs=1e-9)


@pytest.mark.parametrize(("case_name", "estimand"), [("subclass5", "ATT"), ("subclass5_ate", "ATE")])
def test_subclasses_and_their_weights(case, case_name, estimand):
    found = subclassify(case.data["a"], case.score, n_subclasses=5, estimand=estimand)
    assert (found.subclass == case.rows[f"sub_{case_name}"]).all()
    assert found.weights == pytest.approx(case.rows[f"mw_{case_name}"].to_numpy(), rel=1e-12)


@pytest.mark.parametrize("spec", [*EFFECTS, "subclass5", "subclass5_ate"])
def test_effects_in_the_matched_sample(case, spec):
    expected = case.result[f"match_{spec}"]
    weights, sets = case.rows[f"mw_{spec}"], case.rows.get(f"sub_{spec}")
    arm = case.data["a"]

    continuous = matched_means(case.data["yc"], arm, weights, matched_set=sets)
    regression = expected["mean_difference_yc"]
    assert continuous.means[1] == pytest.approx(regression["estimate"][0], rel=1e-8)
    assert continuous.covariance.se[1] == pytest.approx(regression["se"][0], rel=1e-8)
    assert_agrees(contrast(continuous, "mean_difference"), regression["estimate"][1], regression["se"][1], rel=1e-8)

    binary = matched_means(case.data["y"], arm, weights, matched_set=sets)
    for measure, name in {
        "risk_difference": "marginal_y_difference",
        "risk_ratio": "marginal_y_lnratioavg",
        "odds_ratio": "marginal_y_lnoravg",
    }.items():
        # R's standard errors here come from numerical derivatives.
        assert_agrees(contrast(binary, measure), expected[name]["estimate"][0], expected[name]["se"][0], rel=1e-5)

    adjusted = adjusted_matched_means(case.data["yc"], arm, weights, case.covariates, matched_set=sets)
    expected = expected["gcomp_att_yc"]
    assert_agrees(contrast(adjusted, "mean_difference"), expected["estimate"][0], expected["se"][0], rel=2e-5)


def assert_agrees(found, estimate, se, rel):
    value = np.log(found.value) if found.se_scale == "log" else found.value
    assert value == pytest.approx(estimate, rel=1e-8, abs=1e-12)
    assert found.se == pytest.approx(se, rel=rel)


@pytest.mark.parametrize("estimand", ["ATT", "ATE"])
def test_abadie_imbens(case, estimand):
    found = match_with_ties(case.data["yc"], case.data["a"], case.score, estimand=estimand)
    expected = case.result["abadie_imbens"][estimand]
    assert found.value == pytest.approx(expected["est"], rel=1e-10)
    assert found.se == pytest.approx(expected["se"], rel=1e-10)
    assert found.naive_se == pytest.approx(expected["se_standard"], rel=1e-10)
    assert found.n_pairs == expected["nobs_pairs"]


def test_rosenbaum_bounds(case):
    exact, rounded = case.result["rosenbaum_exact"], case.result["rosenbaum_bounds"]
    differences = pair_differences(case.data["yc"], case.data["a"], case.rows["sub_nn_logit"])
    assert len(differences) == rounded["n_pairs"]
    wilcoxon = wilcoxon_bounds(differences, exact["gamma"])
    assert wilcoxon["p_upper"].to_numpy() == pytest.approx(exact["wilcoxon_p_upper"], rel=1e-8, abs=1e-14)
    # R computes 1 - pnorm, which has no digits left below 1e-16.
    assert wilcoxon["p_lower"].to_numpy() == pytest.approx(exact["wilcoxon_p_lower"], rel=1e-8, abs=1e-14)
    assert wilcoxon["p_upper"].to_numpy() == pytest.approx(rounded["psens"]["Upper bound"], abs=5e-5)
    assert wilcoxon["p_lower"].to_numpy() == pytest.approx(rounded["psens"]["Lower bound"], abs=5e-5)

    larger, smaller = exact["mcnemar_D"], exact["mcnemar_n"] - exact["mcnemar_D"]
    mcnemar = mcnemar_bounds(larger, smaller, exact["gamma"])
    assert mcnemar["p_upper"].to_numpy() == pytest.approx(exact["mcnemar_p_upper"], rel=1e-8)
    assert mcnemar["p_lower"].to_numpy() == pytest.approx(exact["mcnemar_p_lower"], rel=1e-8)
    # binarysens gives the chance of more than the observed count, which is ours one pair further on.
    beyond = mcnemar_bounds(larger + 1, smaller - 1, exact["gamma"])
    assert beyond["p_upper"].to_numpy() == pytest.approx(rounded["binarysens"]["Upper bound"], abs=5e-5)
    assert beyond["p_lower"].to_numpy() == pytest.approx(rounded["binarysens"]["Lower bound"], abs=5e-5)

    if rounded["hlsens"] is not None:
        shifts = hodges_lehmann_bounds(differences, rounded["hlsens"]["Gamma"], step=0.1)
        # hlsens starts from a root found to 1e-4 and prints five digits.
        assert shifts["high"].to_numpy() == pytest.approx(rounded["hlsens"]["Upper bound"], rel=5e-5, abs=1e-4)
        assert shifts["low"].to_numpy() == pytest.approx(rounded["hlsens"]["Lower bound"], rel=5e-5, abs=1e-4)
