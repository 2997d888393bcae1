"""Weights made to balance were estimated, and standard errors count it: as when everybody is left out in turn."""

import numpy as np
import pandas as pd
import pytest

import iop_outcomes
from iop_outcomes.designs.by_frame import compare_frame
from iop_outcomes.designs.comparison import Comparison
from iop_outcomes.estimates.estimators.weighting import weighted_means
from iop_outcomes.estimates.measures import contrast
from iop_outcomes.estimates.nuisance.design_weights import design_weights

DESIGNS = ["entropy_balance", "entropy_balance_att", "cbps", "cbps_att"]


def people(n=150, seed=4) -> pd.DataFrame:
    """Return people whose outcome goes closely with what arms are balanced in."""
    random = np.random.default_rng(seed)
    age, sex = random.normal(40, 10, n), random.choice(["f", "m"], n)
    lean = 0.5 * (age - 40) / 10 + 0.4 * (sex == "m")
    arm = (random.random(n) < 1 / (1 + np.exp(-lean))).astype(int)
    return pd.DataFrame({"age": age, "sex": sex, "arm": arm, "days": arm + 0.2 * age + random.normal(size=n)})


def compared(frame: pd.DataFrame, design: str) -> Comparison:
    asked = {"covariates": ["age", "sex"], "cluster": None, "contrast": None, "arms": None}
    return compare_frame(frame, arm="arm", design=design, **asked)[0]


def difference(frame: pd.DataFrame, design: str):
    made = compared(frame, design)
    arms = weighted_means(frame["days"], made.treated, design_weights(made), small_sample=False)
    return contrast(arms, "mean_difference")


@pytest.mark.slow
@pytest.mark.parametrize("design", DESIGNS)
def test_the_standard_error_is_that_of_leaving_everybody_out_in_turn(design):
    frame = people()
    without = [difference(frame.drop(row).reset_index(drop=True), design).value for row in frame.index]
    jackknife = np.sqrt(np.sum((np.array(without) - np.mean(without)) ** 2))
    assert difference(frame, design).se == pytest.approx(jackknife, rel=0.05)


@pytest.mark.parametrize("design", DESIGNS)
def test_weights_can_be_taken_as_fixed_by_name(design):
    asked = {"arm": "arm", "covariates": ["age", "sex"], "design": design, "estimator": "weighted"}
    counted = iop_outcomes.estimate(people(), outcome="days", **asked).iloc[0]
    fixed = iop_outcomes.estimate(people(), outcome="days", count_estimation=False, **asked).iloc[0]
    assert "estimation of the balancing weights counted" in counted["se_method"]
    assert "weights taken as fixed" in fixed["se_method"]
    assert counted["value"] == fixed["value"]
    # Covariates that tell the outcome are balanced, and what they tell of it is no noise any more.
    assert counted["se"] < 0.7 * fixed["se"]


def test_weights_that_only_look_like_them_are_taken_as_fixed():
    made = compared(people(), "entropy_balance")
    assert design_weights(made).parts
    moved = made.members.assign(weight=made.weight * np.linspace(1, 1.01, len(made.weight)))
    other = Comparison(made.design, made.method, made.estimand, made.arms, moved, made.covariates)
    assert not design_weights(other).parts
    as_they_are = compared(people(), "unweighted")
    assert not design_weights(as_they_are).parts
