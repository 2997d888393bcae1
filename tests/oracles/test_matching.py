"""Matching against R: MatchIt 4.7.1, Matching 4.10.8, rbounds 2.2 (see the oracles' README for the conventions)."""

import numpy as np
import pandas as pd
import pytest

from iop_outcomes.designs.judge.balance import balance
from iop_outcomes.designs.pairs.mahalanobis import mahalanobis_coordinates
from iop_outcomes.designs.pairs.matching import nearest_match
from iop_outcomes.designs.pairs.subclass import subclassify
from iop_outcomes.estimates.estimators.abadie_imbens import match_with_ties
from iop_outcomes.estimates.estimators.matched import adjusted_matched_means, matched_means
from iop_outcomes.estimates.measures import contrast
from iop_outcomes.robustness.rosenbaum import hodges_lehmann_bounds, mcnemar_bounds, pair_differences, wilcoxon_bounds
from oracles.prepared import prepared
from reference import oracle, reference_data

pytestmark = pytest.mark.oracle
FAMILY = "Matching"

DATA = ("lalonde", "aod", "sud", "synth_a")
SPECS = {
    "nn_ps": {"on": "score", "caliper": 0.2},
    "nn_logit": {"on": "logit", "caliper": 0.2},
    "nn_logit_order_data": {"on": "logit", "caliper": 0.2, "order": "data"},
    "nn_logit_exact": {"on": "logit", "caliper": 0.2, "exact": True},
    "nn_ratio2_replace": {"on": "logit", "ratio": 2, "replace": True},
    "mahalanobis": {"on": "covariates"},
}
NUMERIC = "R differentiates numerically"
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
def test_the_same_people_are_matched_with_the_same_controls(case, agree, spec):
    if f"match_{spec}" not in case.result:
        pytest.skip("R's results hold no such case for this data set")
    found, expected = case.match(spec), case.result[f"match_{spec}"]
    pairs = case.pairs[case.pairs["spec"] == spec]
    ours = sorted(zip(found.pairs["treated"] + 1, found.pairs["control"] + 1, strict=True))
    theirs = sorted(zip(pairs["treated_row"], pairs["control_row"], strict=True))
    agree("MatchIt, row numbers of the pairs", ours, theirs, rel=0)
    agree("MatchIt, weights", found.weights, case.rows[f"mw_{spec}"], rel=1e-12)
    if f"sub_{spec}" in case.rows:
        assert (found.matched_set == case.rows[f"sub_{spec}"].fillna(0)).all()
    if expected["caliper_width"] is not None:
        agree("MatchIt, width of the caliper", found.caliper_width, expected["caliper_width"], rel=1e-12)
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


def test_balance_of_the_matched_sample(case, agree):
    covariates = pd.concat([pd.Series(np.log(case.score / (1 - case.score)), name="distance"), case.covariates], axis=1)
    weights = case.match("nn_logit").weights
    found = balance(covariates, case.data["a"], weights, estimand="ATT")
    expected = case.result["balance_nn_logit"]
    for suffix, stage in (("Un", "before"), ("Adj", "after")):
        ours = found[found["stage"] == stage]
        for theirs, column in COBALT.items():
            numbers = expected["table"][f"{theirs}.{suffix}"]
            agree("cobalt, matched sample", ours[column], numbers, rel=1e-9, scale=1)
    matched = np.bincount(case.data["a"], weights > 0)
    assert matched.tolist() == expected["ess"]["Matched (ESS)"]
    if "match_mahalanobis" in case.result:
        expected = case.result["match_mahalanobis"]["balance"]
        found = balance(case.covariates, case.data["a"], case.match("mahalanobis").weights, estimand="ATT")
        before, after = (found.loc[found["stage"] == stage, "smd"].to_numpy(float) for stage in ("before", "after"))
        agree("cobalt, matched sample", before, expected["Diff.Un"], rel=1e-9, scale=1)
        # Where everybody is matched cobalt has no second column.
        everybody = expected["Diff.Adj"][0] is None
        theirs = expected["Diff.Un" if everybody else "Diff.Adj"]
        agree("cobalt, matched sample", after, theirs, rel=1e-9, scale=1)


@pytest.mark.parametrize(("case_name", "estimand"), [("subclass5", "ATT"), ("subclass5_ate", "ATE")])
def test_subclasses_and_their_weights(case, agree, case_name, estimand):
    found = subclassify(case.data["a"], case.score, n_subclasses=5, estimand=estimand)
    agree("MatchIt, subclasses", found.subclass, case.rows[f"sub_{case_name}"], rel=0)
    agree("MatchIt, weights", found.weights, case.rows[f"mw_{case_name}"], rel=1e-12)


@pytest.mark.parametrize("spec", [*EFFECTS, "subclass5", "subclass5_ate"])
def test_effects_in_the_matched_sample(case, agree, spec):
    expected = case.result[f"match_{spec}"]
    method = "pair-robust effects" if spec in EFFECTS else "effects within subclasses"
    weights, sets = case.rows[f"mw_{spec}"], case.rows.get(f"sub_{spec}")
    arm = case.data["a"]

    continuous = matched_means(case.data["yc"], arm, weights, matched_set=sets)
    regression = expected["mean_difference_yc"]
    agree(method, continuous.means[1], regression["estimate"][0], rel=1e-8)
    agree.se(method, continuous.covariance.se[1], regression["se"][0], rel=1e-8)
    difference = contrast(continuous, "mean_difference")
    compare_contrast(agree, method, difference, regression["estimate"][1], regression["se"][1], rel=1e-8)

    binary = matched_means(case.data["y"], arm, weights, matched_set=sets)
    for measure, name in {
        "risk_difference": "marginal_y_difference",
        "risk_ratio": "marginal_y_lnratioavg",
        "odds_ratio": "marginal_y_lnoravg",
    }.items():
        theirs = expected[name]["estimate"][0], expected[name]["se"][0]
        compare_contrast(agree, method, contrast(binary, measure), *theirs, rel=1e-5, note=NUMERIC)

    adjusted = adjusted_matched_means(case.data["yc"], arm, weights, case.covariates, matched_set=sets)
    expected = expected["gcomp_att_yc"]
    theirs = expected["estimate"][0], expected["se"][0]
    method = f"{method}, with covariates"
    compare_contrast(agree, method, contrast(adjusted, "mean_difference"), *theirs, rel=2e-5, note=NUMERIC)


def compare_contrast(agree, method, found, estimate, se, rel, note=""):
    value = np.log(found.value) if found.se_scale == "log" else found.value
    agree(method, value, estimate, rel=1e-8, scale=1e-4)
    agree.se(method, found.se, se, rel=rel, note=note)


@pytest.mark.parametrize("estimand", ["ATT", "ATE"])
def test_abadie_imbens(case, agree, estimand):
    found = match_with_ties(case.data["yc"], case.data["a"], case.score, estimand=estimand)
    expected, method = case.result["abadie_imbens"][estimand], "Matching, Abadie-Imbens"
    agree(method, found.value, expected["est"], rel=1e-10)
    agree.se(method, [found.se, found.naive_se], [expected["se"], expected["se_standard"]], rel=1e-10)
    assert found.n_pairs == expected["nobs_pairs"]


def test_rosenbaum_bounds(case, agree):
    exact, rounded = case.result["rosenbaum_exact"], case.result["rosenbaum_bounds"]
    differences = pair_differences(case.data["yc"], case.data["a"], case.rows["sub_nn_logit"])
    assert len(differences) == rounded["n_pairs"]
    wilcoxon = wilcoxon_bounds(differences, exact["gamma"])
    digits = {"rel": 1e-8, "scale": 1e-6, "note": "R computes 1 - pnorm, which has no digits left below 1e-16"}
    printed = {"rel": 5e-5, "scale": 1, "note": "R prints four decimals"}
    method = "rbounds, p-values"
    for ours, exactly, shown in (("p_upper", "wilcoxon_p_upper", "Upper"), ("p_lower", "wilcoxon_p_lower", "Lower")):
        agree.statistic(method, wilcoxon[ours], exact[exactly], **digits)
        agree.statistic(method, wilcoxon[ours], rounded["psens"][f"{shown} bound"], **printed)

    larger, smaller = exact["mcnemar_D"], exact["mcnemar_n"] - exact["mcnemar_D"]
    mcnemar = mcnemar_bounds(larger, smaller, exact["gamma"])
    for ours in ("p_upper", "p_lower"):
        agree.statistic(method, mcnemar[ours], exact[f"mcnemar_{ours}"], rel=1e-8)
    # binarysens gives the chance of more than the observed count, which is ours one pair further on.
    beyond = mcnemar_bounds(larger + 1, smaller - 1, exact["gamma"])
    agree.statistic(method, beyond["p_upper"], rounded["binarysens"]["Upper bound"], **printed)
    agree.statistic(method, beyond["p_lower"], rounded["binarysens"]["Lower bound"], **printed)

    if rounded["hlsens"] is not None:
        shifts = hodges_lehmann_bounds(differences, rounded["hlsens"]["Gamma"], step=0.1)
        printed = {"rel": 5e-5, "scale": 2, "note": "R starts from a root found to 1e-4 and prints five digits"}
        agree("rbounds, shifts", shifts["high"], rounded["hlsens"]["Upper bound"], **printed)
        agree("rbounds, shifts", shifts["low"], rounded["hlsens"]["Lower bound"], **printed)
