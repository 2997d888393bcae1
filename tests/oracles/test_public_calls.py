"""Which number of R a call of ``iop_outcomes`` equals, estimator by estimator, and which it does not.

The other modules compare functions, some with settings that no call offers. Here everything goes through ``estimate``
and ``survival``; ``docs/validation.md`` makes a sentence of what is found for each estimator.
"""

import numpy as np
import pytest

import iop_outcomes
from iop_outcomes.kernel.errors import StudyError
from oracles.effects_data import DATA_SETS
from oracles.prepared import prepared
from oracles.survival_data import SURVIVAL, numbers, survival_case
from reference import oracle

pytestmark = pytest.mark.oracle
FAMILY = "Effects"

PSWEIGHT = {"ATE": "IPW", "ATT": "treated", "ATO": "overlap", "ATM": "matching"}
DIVISOR = "times √(n/(n − 1))"


class Effects:
    """One data set and R's results for its effects and matching."""

    def __init__(self, name):
        inputs = oracle(f"{name}.effects.json")["inputs"]
        self.covariates = inputs["covariates"]
        self.frame = prepared(name)[["a", "y", "yc", *self.covariates]]
        self.result = {case: found["result"] for case, found in oracle(f"{name}.effects.json")["cases"].items()}
        self.matching = {case: found["result"] for case, found in oracle(f"{name}.matching.json")["cases"].items()}
        #: From a standard error with the divisor n - 1 to one with n.
        self.shrink = np.sqrt(1 - 1 / len(self.frame))

    def call(self, outcome="y", **settings) -> tuple[float, float]:
        row = iop_outcomes.estimate(self.frame, outcome=outcome, arm="a", covariates=self.covariates, **settings)
        return row["value"].iloc[0], row["se"].iloc[0]


@pytest.fixture(params=DATA_SETS)
def name(request):
    return request.param


@pytest.fixture
def case(name):
    return Effects(name)


def test_weighted(case, found):
    for estimand, key in PSWEIGHT.items():
        value, se = case.call(estimand=estimand, estimator="weighted")
        expected, number = case.result["psweight"][key]["rd"], "PSweight's (ATE, ATT, ATO, ATM)"
        found.equal("weighted", number, value, expected["Estimate"])
        found.equal("weighted", f"{number} {DIVISOR}", se * case.shrink, expected["Std.Error"], of="standard error")
        if f"svyglm_{estimand}" in case.result:
            value, se = case.call(estimand=estimand, estimator="weighted", count_estimation=False)
            expected, number = case.result[f"svyglm_{estimand}"]["rd"], "survey's svyglm (`count_estimation=False`)"
            found.equal("weighted", number, value, expected["estimate"][1])
            found.equal("weighted", number, se, expected["se"][1], of="standard error")


def test_outcome_regression(case, found):
    """R's delta method takes the covariates as they are; ours counts that they are a sample."""
    for form, key in (("main", "main"), ("per_arm", "interaction")):
        for estimand, by_kind in case.result["gcomp"].get(key, {}).items():
            value, se = case.call(estimand=estimand, estimator="outcome_regression", outcome_model=form)
            number = "marginaleffects' standardised difference (`outcome_model` main or per_arm; ATE, ATT)"
            found.equal("outcome_regression", number, value, by_kind["HC0"]["rd"]["estimate"][0])
            because = "ours counts that the covariates are a sample, and has the divisor n − 1"
            for kind, number in (
                ("HC0", "marginaleffects' robust one (HC0)"),
                ("model", "marginaleffects' model-based one"),
            ):
                expected, settings = by_kind[kind]["rd"]["se"][0], {"at_most": 0.15, "because": because}
                found.apart("outcome_regression", number, se, expected, of="standard error", **settings)


def test_aipw(case, found):
    for estimand, key in PSWEIGHT.items():
        value, se = case.call(estimand=estimand, estimator="aipw", outcome_model="per_arm")
        expected = case.result["psweight"][f"{key}_augmented"]["rd"]
        if estimand != "ATT":
            number = 'PSweight\'s augmented one (`outcome_model="per_arm"`; ATE, ATO, ATM)'
            found.equal("aipw", number, value, expected["Estimate"])
            found.equal("aipw", f"{number} {DIVISOR}", se * case.shrink, expected["Std.Error"], of="standard error")
            continue
        number = "PSweight's augmented one for the ATT"
        because = "ours averages predictions over the treated, PSweight over everybody by their score"
        found.apart("aipw", number, value, expected["Estimate"], at_most=0.2, because=because)
        found.apart("aipw", number, se, expected["Std.Error"], at_most=0.02, because=because, of="standard error")


def test_aipw_beside_its_influence_function(case, found):
    """The plain form divides the residuals by n; ours by the sum of their weights."""
    value, se = case.call(estimand="ATE", estimator="aipw")
    package, own = case.result["aipw_package"]["rd"], case.result["aipw_own"]["main"]["y"]
    number, because = "the AIPW package's", "residuals are divided by their weights, there by n"
    found.apart("aipw", number, value, package["Estimate"], at_most=0.1, because=because)
    because = "ours counts that both models were estimated, theirs is that of the efficient influence function"
    of = {"of": "standard error", "at_most": 0.1, "because": because}
    found.apart("aipw", "the AIPW package's, with the divisor n − 1", se, package["SE"], **of)
    found.apart("aipw", "that of the efficient influence function with the divisor n", se, own["se_rd"], **of)


def test_tmle(case, found):
    for outcome in ("y", "yc"):
        expected = case.result["tmle_package"][outcome]
        value, se = case.call(outcome, estimand="ATE", estimator="tmle")
        found.equal("tmle", "the tmle package's (ATE)", value, expected["ATE"]["psi"])
        found.equal("tmle", "the tmle package's (ATE)", se, expected["ATE"]["se"], of="standard error")
        value, se = case.call(outcome, estimand="ATT", estimator="tmle")
        theirs, number = expected["ATT"], "the tmle package's for the ATT"
        because = "the package leaves out whoever is scored below every treated person and stops on a grid of steps"
        gap, settings = (value - theirs["psi"]) / theirs["se"], {"because": because, "at_most": 0.1}
        found.apart("tmle", f"{number}, in standard errors", 1 + gap, 1.0, **settings)
        found.apart("tmle", number, se, theirs["se"], of="standard error", **settings)


def test_matched(case, found):
    for spec, distance in (("nn_logit", "logit"), ("nn_ps", "propensity")):
        design = {"design": "nearest_match", "design_settings": {"distance": distance}}
        for outcome, key, place in (("yc", "mean_difference_yc", 1), ("y", "marginal_y_difference", 0)):
            value, se = case.call(outcome, estimator="matched", **design)
            expected = case.matching[f"match_{spec}"][key]
            found.equal("matched", "MatchIt's pairs', by lm or glm", value, expected["estimate"][place], scale=1e-4)
            number = "sandwich's vcovCL (HC1) by pair"
            found.equal("matched", number, se, expected["se"][place], of="standard error")


def test_abadie_imbens(case, found):
    for estimand in ("ATE", "ATT"):
        value, se = case.call("yc", estimand=estimand, estimator="abadie_imbens")
        expected = case.matching["abadie_imbens"][estimand]
        found.equal("abadie_imbens", "Matching's (ATE, ATT)", value, expected["est"])
        found.equal("abadie_imbens", "Matching's (ATE, ATT)", se, expected["se"], of="standard error")


class Times:
    """One survival data set and R's results."""

    def __init__(self, name):
        self.found = survival_case(name)
        self.covariates = self.found.inputs["covariates"]
        self.frame = self.found.data[["a", "t", "s", *self.covariates]]
        self.shrink = np.sqrt(1 - 1 / len(self.frame))

    def call(self, **settings):
        asked = {"time": "t", "event": "s", "arm": "a", "covariates": self.covariates}
        return iop_outcomes.survival(self.frame, **asked, **settings)


@pytest.fixture(params=SURVIVAL)
def data(request):
    return request.param


@pytest.fixture
def times(data):
    return Times(data)


def test_rmst(times, found):
    until = {"estimator": "rmst", "until_day": times.found.inputs["tau"]}
    expected = times.found.result("rmst_unadjusted")
    rows = times.call(design="unweighted", **until)
    found.equal(
        "rmst", 'survRM2\'s (`design="unweighted"`)', rows["value"].iloc[0], numbers(expected["contrasts"])[0, 0]
    )
    theirs = [expected["arm1"]["se"], expected["arm0"]["se"]]
    number = f"survRM2's by arm {DIVISOR}"
    found.equal("rmst", number, rows["se"].iloc[1:] * times.shrink, theirs, of="standard error")
    for estimand, key in (("ATE", "ate"), ("ATO", "ato")):
        rows = times.call(estimand=estimand, **until)
        both = [times.found.result("rmst_weighted")[f"{key}_arm{arm}"] for arm in (1, 0)]
        found.equal(
            "rmst",
            "the area under survfit's weighted curve (ATE, ATO)",
            rows["value"].iloc[1:],
            [b["rmst"] for b in both],
        )
        if both[0]["jackknife_se"] is not None:
            number, jackknife = "the jackknife's with fixed weights", [b["jackknife_se"] for b in both]
            because = "ours counts that the propensity score was estimated"
            found.apart(
                "rmst", number, rows["se"].iloc[1:], jackknife, at_most=0.25, because=because, of="standard error"
            )


def test_weighted_kaplan_meier(times, found):
    grid, expected = times.found.inputs["grid"], times.found.result("km_weighted_ate")["robust_grid"]
    survival, se = (numbers(expected[key]).reshape(2, -1)[::-1].T for key in ("surv", "std_err"))
    for place, day in enumerate(grid):
        settings = {"estimand": "ATE", "estimator": "weighted_kaplan_meier", "day": float(day)}
        try:
            rows, fixed = times.call(**settings), times.call(**settings, count_estimation=False)
        except StudyError:
            # Nobody of an arm is followed so far: refused, where R carries the last value on.
            continue
        found.equal("weighted_kaplan_meier", "survfit's with weights (ATE)", rows["value"].iloc[1:], survival[place])
        number = f"survfit's robust one {DIVISOR} (`count_estimation=False`)"
        ours = fixed["se"].iloc[1:].fillna(0) * times.shrink
        found.equal("weighted_kaplan_meier", number, ours, se[place], of="standard error", scale=1e-9)
        because = "the propensity score was estimated, which the default counts and R does not"
        number, ours = "survfit's robust one", rows["se"].iloc[1:].fillna(0)
        settings = {"at_most": 0.5, "because": because, "of": "standard error", "scale": 1e-9}
        found.apart("weighted_kaplan_meier", number, ours, se[place], **settings)


def test_cox(times, found):
    for estimand in ("ATE", "ATO"):
        expected = times.found.result("cox_iptw")[estimand]
        for ties in ("efron", "breslow"):
            value = np.log(times.call(estimand=estimand, estimator="cox", ties=ties)["value"].iloc[0])
            theirs, number = expected[ties]["coef"]["coef"][0], "coxph's with weights (ATE, ATO; efron, breslow)"
            found.equal("cox", number, value, theirs, scale=1e-3)
        fixed = times.call(estimand=estimand, estimator="cox", count_estimation=False)["se"].iloc[0]
        theirs, number = expected["svycoxph"]["se"], "survey's svycoxph (`count_estimation=False`)"
        found.equal("cox", number, fixed, theirs, of="standard error")
        counted = times.call(estimand=estimand, estimator="cox")["se"].iloc[0]
        because = "the propensity score was estimated, which the default counts and R does not"
        settings = {"at_most": 0.3, "because": because, "of": "standard error"}
        found.apart("cox", "survey's svycoxph", counted, theirs, **settings)


def test_standardised_cox(times, found):
    expected = times.found.result("cox_basehaz_gformula")
    for place, day in enumerate(times.found.inputs["grid"]):
        try:
            rows = times.call(estimand="ATE", estimator="standardised_cox", day=float(day))
        except StudyError:
            continue
        theirs = [expected["surv1"][place], expected["surv0"][place]]
        number = "coxph's g-formula (ATE), for whose standard error R has no number"
        found.equal("standardised_cox", number, rows["value"].iloc[1:], theirs)
