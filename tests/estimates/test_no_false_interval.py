"""Where the data show no variance there is an interval that knows so, or none and the reason."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from pytest import approx

import iop_outcomes
from estimates.test_plugins import comparison, run
from iop_outcomes.estimates.measures import half_width
from iop_outcomes.estimates.score_interval import wilson

OF_MEANS = [
    ("unadjusted", {}),
    ("weighted", {}),
    ("outcome_regression", {}),
    ("outcome_regression", {"outcome_model": "per_arm"}),
    ("aipw", {}),
    ("aipw", {"folds": 3}),
    ("aipw", {"folds": 3, "learner": "boosting"}),
    ("tmle", {}),
    ("tmle", {"folds": 3}),
    ("tmle", {"fluctuation": "covariate"}),
]
NONE = ["se", "ci_low", "ci_high"]


def people(n=240, seed=1) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n)
    iop = rng.random(n) < 1 / (1 + np.exp(-0.4 * x))
    return pd.DataFrame(
        {
            "x": x,
            "arm": np.where(iop, "iop", "outpatient"),
            "abstinent": (rng.random(n) < 0.4 + 0.1 * iop).astype(float),
            "days": rng.integers(1, 90, n).astype(float),
            "left": (rng.random(n) < 0.8).astype(float),
        }
    )


@pytest.mark.parametrize(("name", "settings"), OF_MEANS)
def test_no_events_in_either_arm_bound_the_difference_by_the_people_there_are(name, settings):
    data, made = comparison(n=400)
    made = replace(made, cluster=None)
    rows = run(name, data.assign(abstinent=0.0), made, measure="risk_difference", **settings)
    assert rows["value"].tolist() == [0, 0, 0]
    uppers = [wilson(0.0, ess, half_width(1.0, np.inf))[1] for ess in rows["ess"][1:]]
    assert rows["ci_high"].tolist() == approx([uppers[0], *uppers])
    assert rows["ci_low"].tolist() == approx([-uppers[1], 0, 0])


@pytest.mark.parametrize(("name", "settings"), OF_MEANS)
@pytest.mark.parametrize("clustered", [True, False])
def test_two_events_keep_a_share_and_its_interval_inside_the_scale(name, settings, clustered):
    data, made = comparison(n=400)
    seen = data["abstinent"].where(~made.treated, 0.0)
    seen.iloc[np.flatnonzero(made.treated)[:2]] = 1.0
    made = made if clustered else replace(made, cluster=None)
    rows = run(name, data.assign(abstinent=seen), made, **settings)
    assert 0 < rows["ci_low"][1] < rows["value"][1] < rows["ci_high"][1] < 0.15
    assert rows["ci_low"][0] < rows["value"][0] < rows["ci_high"][0]


def test_without_weights_or_sites_the_interval_of_a_rare_event_is_newcombes():
    # 3 of 56 against 0 of 29, with a variance of n - 1 for n.
    counts = [("iop", 1.0, 3), ("iop", 0.0, 53), ("outpatient", 0.0, 29)]
    data = pd.concat([pd.DataFrame({"arm": [arm] * n, "y": [y] * n}) for arm, y, n in counts], ignore_index=True)
    rows = iop_outcomes.estimate(data, outcome="y", arm="arm", covariates=[], estimator="unadjusted")
    (low_1, high_1), (low_2, high_2) = wilson(3 / 56, 56, 1.96), wilson(0, 29, 1.96)
    hand = [3 / 56 - np.hypot(3 / 56 - low_1, high_2), 3 / 56 + np.hypot(high_1 - 3 / 56, low_2)]
    assert rows.loc[0, ["ci_low", "ci_high"]].tolist() == approx(hand, abs=1e-3)


@pytest.mark.parametrize(("name", "settings"), OF_MEANS)
@pytest.mark.parametrize(("outcome", "value"), [("days", 21.0), ("share", 0.5)])
def test_a_measurement_that_is_the_same_for_a_whole_arm_gets_no_interval(name, settings, outcome, value):
    data, made = comparison(n=400)
    data = data.assign(**{outcome: data[outcome].where(~made.treated, value)})
    rows = run(name, data, made, outcome=outcome, **settings)
    assert rows[NONE].isna().all(axis=1).tolist() == [True, True, False]
    assert rows["reason"][0] == "the outcome does not vary in arm 'iop', so that there is no standard error"
    assert np.isfinite(rows["value"]).all()


def test_after_matching_no_interval_has_a_width_of_zero():
    data, made = comparison(n=400)
    for outcome in (0.0, made.treated.astype(float)):
        row = run("abadie_imbens", data.assign(abstinent=outcome), made, measure="risk_difference").iloc[0]
        assert row[NONE].isna().all()
        assert row["reason"] == "the outcome does not vary, so that there is no standard error"


@pytest.mark.parametrize("estimator", ["weighted", "outcome_regression", "aipw", "tmle", "cox", "rmst"])
def test_three_sites_that_are_copies_of_one_tell_nothing_of_how_sites_differ(estimator):
    one = people(120)
    data = pd.concat([one.assign(site=site) for site in "abc"], ignore_index=True)
    asked = {"arm": "arm", "covariates": ["x"], "cluster": "site", "estimand": "ATE", "estimator": estimator}
    if estimator in ("cox", "rmst"):
        more = {"until_day": 60} if estimator == "rmst" else {}
        rows = iop_outcomes.survival(data, time="days", event="left", **asked, **more)
    else:
        rows = iop_outcomes.estimate(data, outcome="abstinent", **asked)
    assert rows[NONE].isna().all(axis=None)
    assert rows["reason"].str.startswith("people differ but the means of the sites agree").all()


def test_matched_pairs_that_all_agree_are_said_to():
    arm = np.tile(["iop", "outpatient"], 40)
    y = np.repeat(np.arange(40) % 2, 2).astype(float)
    design = pd.DataFrame({"weight": 1.0, "score": np.nan, "matched_set": np.repeat(np.arange(40), 2).astype(str)})
    data = pd.DataFrame({"arm": arm, "y": y, "x": np.arange(80.0)})
    asked = {"arm": "arm", "covariates": ["x"], "design": design, "estimand": "ATT"}
    contrast = iop_outcomes.estimate(data, outcome="y", estimator="matched", **asked).iloc[0]
    assert contrast[NONE].isna().all()
    assert contrast["reason"].startswith("people differ but the means of the matched sets agree")


def test_survival_of_1_in_an_arm_widens_the_difference_by_what_it_does_not_show():
    data = people()
    iop = data["arm"] == "iop"
    stayed = data.assign(days=data["days"].where(~iop, 200.0))
    asked = {"time": "days", "event": "left", "arm": "arm", "covariates": [], "estimand": "ATE"}
    rows = iop_outcomes.survival(stayed, estimator="weighted_kaplan_meier", day=50, **asked)
    contrast, own, other = rows.iloc[0], rows.iloc[1], rows.iloc[2]
    assert own["value"] == 1
    assert "survival is 0 or 1" in own["reason"] or "does not vary" in own["reason"]
    low = wilson(1.0, float(iop.sum()), half_width(1.0, np.inf))[0]
    size = other["value"] * (1 - other["value"]) / other["se"] ** 2
    high = wilson(other["value"], size, half_width(1.0, np.inf))[1]
    assert contrast["ci_low"] == approx(contrast["value"] - np.hypot(1 - low, high - other["value"]))
    assert contrast["ci_high"] < 1


def test_a_mean_time_that_is_the_horizon_for_a_whole_arm_gives_no_interval():
    data = people()
    stayed = data.assign(days=data["days"].where(data["arm"] != "iop", 200.0))
    asked = {"time": "days", "event": "left", "arm": "arm", "covariates": [], "estimand": "ATE"}
    rows = iop_outcomes.survival(stayed, estimator="rmst", until_day=60, **asked)
    assert rows["value"][1] == 60
    assert rows[NONE].isna().all(axis=1).tolist() == [True, True, False]
    assert rows["reason"][0] == "the outcome does not vary in arm 'iop', so that there is no standard error"
