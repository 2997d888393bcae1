"""Few sites: every estimator takes CR2 where it is asked to, a study asks for it, and a call only when told."""

import numpy as np
import pandas as pd
import pytest

import iop_outcomes
from iop_outcomes.kernel.registry import ESTIMATORS
from iop_outcomes.stats.linear.cluster_robust import cluster_covariance
from iop_outcomes.stats.linear.matrix import model_matrix
from iop_outcomes.stats.linear.robust_glm import fit_equation

OF_MEANS = ["unadjusted", "weighted", "outcome_regression", "aipw", "tmle", "matched", "gee"]
IN_TIME = {
    "cox": {},
    "standardised_cox": {"day": 40},
    "weighted_kaplan_meier": {"day": 40},
    "rmst": {"until_day": 60},
}


def people(n_sites: int, seed=6) -> pd.DataFrame:
    """Return people at sites of unequal size that differ in their outcomes."""
    random = np.random.default_rng(seed)
    site = np.repeat(np.arange(n_sites), np.geomspace(10, 90, n_sites).astype(int))
    n, of_site = len(site), random.normal(0, 0.5, n_sites)[site]
    age = random.normal(size=n)
    arm = (random.random(n) < 1 / (1 + np.exp(-0.6 * age))).astype(int)
    stay = np.ceil(random.exponential(60 * np.exp(of_site + 0.3 * arm)))
    done = (random.random(n) < 1 / (1 + np.exp(-(of_site + 0.4 * age)))).astype(int)
    labels = [f"S{one}" for one in site]
    return pd.DataFrame(
        {"age": age, "arm": arm, "site": labels, "done": done, "days": stay.clip(max=90), "left": stay < 90}
    )


def asked(frame: pd.DataFrame, estimator: str, **settings) -> pd.Series:
    design = {"matched": "nearest_match", "tmle": "att_weights"}.get(estimator, "overlap_weights")
    same = {"arm": "arm", "covariates": ["age"], "cluster": "site", "estimator": estimator, "design": design}
    if estimator in IN_TIME:
        settings = IN_TIME[estimator] | settings
        return iop_outcomes.survival(frame, time="days", event="left", **same, **settings).iloc[0]
    return iop_outcomes.estimate(frame, outcome="done", **same, **settings).iloc[0]


@pytest.mark.parametrize("estimator", [*OF_MEANS, *IN_TIME])
def test_few_sites_get_cr2_and_wider_intervals_and_the_estimate_stays(estimator):
    frame = people(9)
    plain, few = asked(frame, estimator), asked(frame, estimator, few_clusters="auto")
    assert few["value"] == pytest.approx(plain["value"], rel=1e-12)
    assert "CR2" not in plain["se_method"]
    assert "CR2" in few["se_method"]
    assert "Satterthwaite degrees of freedom" in few["se_method"]
    width = few["ci_high"] - few["ci_low"]
    # Mancl and DeRouen's correction, which GEE has for few sites unless told, is the wider of the two by itself.
    assert width > (1.0 if estimator != "gee" else 0.85) * (plain["ci_high"] - plain["ci_low"])


@pytest.mark.parametrize("estimator", ["weighted", "cox"])
def test_thirty_sites_are_not_few_unless_cr2_is_asked_for_by_name(estimator):
    frame = people(30)
    plain = asked(frame, estimator)
    assert asked(frame, estimator, few_clusters="auto")["se"] == plain["se"]
    assert "CR2" in asked(frame, estimator, few_clusters="cr2")["se_method"]


def test_a_study_minds_few_sites_and_a_call_does_not():
    have = [each for each in ESTIMATORS if "few_clusters" in each.settings_model.model_fields]
    assert {each.name for each in have} >= {*OF_MEANS, *IN_TIME, "interval_survival"}
    for each in have:
        assert each.check()["few_clusters"] == "no"
        assert each.check_in_study()["few_clusters"] == "auto"


def test_unadjusted_means_have_the_cr2_of_clubsandwich():
    frame = people(9)
    row = asked(frame, "unadjusted", few_clusters="auto")
    matrix = model_matrix(pd.DataFrame({"arm": frame["arm"].astype(float)}))
    equation = fit_equation(frame["done"], matrix, family="gaussian").equation
    expected = cluster_covariance(equation, frame["site"], "CR2", contrasts=[[0.0, 1.0]])
    assert row["se"] == pytest.approx(np.sqrt(expected.values[1, 1]), rel=1e-8)


def test_standardised_survival_by_models_per_arm_follows_an_effect_that_varies():
    random, n = np.random.default_rng(3), 2_000
    age = random.normal(size=n)
    arm = (random.random(n) < 1 / (1 + np.exp(-1.2 * age))).astype(int)
    # The first arm keeps the young and loses the old, who are most of its people.
    stay = random.exponential(np.exp(4 - np.where(arm == 1, 1.2 * age - 0.8, 0.0)))
    frame = pd.DataFrame({"age": age, "arm": arm, "days": np.ceil(stay.clip(max=90)), "left": stay < 90})
    everybody = random.normal(size=200_000)
    still = np.exp(-40 * np.exp(1.2 * everybody - 4.8)) - np.exp(-40 * np.exp(-4.0))
    true = np.average(still, weights=1 / (1 + np.exp(-1.2 * everybody)))
    call = {"time": "days", "event": "left", "arm": "arm", "covariates": ["age"], "estimand": "ATT", "day": 40}
    one, per_arm = (
        iop_outcomes.survival(frame, estimator="standardised_cox", form=form, **call).iloc[0]
        for form in ("main", "per_arm")
    )
    assert abs(per_arm["value"] - true) < 2.5 * per_arm["se"]
    assert abs(one["value"] - true) > 4 * one["se"]
    assert "a Cox model in each arm" in per_arm["se_method"]
    assert ESTIMATORS["standardised_cox"].check_in_study()["form"] == "per_arm"
