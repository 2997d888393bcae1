"""What must not move an answer: people of weight zero; and what must not get an interval: an arm in one cluster."""

import numpy as np
import pandas as pd
import pytest

import iop_outcomes

MEANS = ("weighted", "outcome_regression", "aipw", "tmle")


def people(n=300, seed=4) -> pd.DataFrame:
    """Return people at ten sites with a weight of their own."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n)
    iop = rng.random(n) < 1 / (1 + np.exp(-0.5 * x))
    return pd.DataFrame(
        {
            "x": x,
            "arm": np.where(iop, "iop", "outpatient"),
            "y": (rng.random(n) < 0.4 + 0.1 * iop).astype(float),
            "site": rng.integers(0, 10, n),
            "days": rng.exponential(60, n).round() + 1,
            "left": (rng.random(n) < 0.7).astype(float),
            "weight": rng.uniform(0.5, 2, n),
            "score": 1 / (1 + np.exp(-0.5 * x)),
        }
    )


def unused(n=40) -> pd.DataFrame:
    """Return people of weight zero, unlike the others in everything, at sites of their own."""
    return people(n, seed=5).assign(weight=0.0, x=30.0, y=5.0, site=99, days=900.0)


@pytest.mark.parametrize("cluster", [None, "site"])
@pytest.mark.parametrize("settings", [{}, {"folds": 3}])
@pytest.mark.parametrize("estimator", MEANS)
def test_people_of_weight_zero_move_no_mean(estimator, settings, cluster):
    if settings and estimator not in ("aipw", "tmle"):
        pytest.skip(f"{estimator} is not cross-fitted")
    few = people()
    many = pd.concat([few, unused()], ignore_index=True)
    asked = {"outcome": "y", "arm": "arm", "covariates": ["x"], "cluster": cluster, "estimand": "ATE"}
    found = [
        iop_outcomes.estimate(data, design=data[["weight", "score"]], estimator=estimator, **asked, **settings)
        for data in (few, many)
    ]
    pd.testing.assert_frame_equal(*found, rtol=1e-9)


@pytest.mark.parametrize("cluster", [None, "site"])
@pytest.mark.parametrize("estimator", ["cox", "rmst", "weighted_kaplan_meier"])
def test_people_of_weight_zero_move_no_survival(estimator, cluster):
    few = people()
    many = pd.concat([few, unused()], ignore_index=True)
    asked = {"time": "days", "event": "left", "arm": "arm", "covariates": ["x"], "cluster": cluster, "estimand": "ATE"}
    more = {"rmst": {"until_day": 60}, "weighted_kaplan_meier": {"day": 60}}.get(estimator, {})
    found = [
        iop_outcomes.survival(data, design=data[["weight", "score"]], estimator=estimator, **asked, **more)
        for data in (few, many)
    ]
    pd.testing.assert_frame_equal(*found, rtol=1e-9)


@pytest.mark.parametrize(
    "sites",
    [
        lambda d: (d["arm"] == "iop") * 1,  # a site for each arm
        lambda d: np.where(d["arm"] == "iop", 0, d["site"]),  # IOP at one site of ten, where others are, too
        lambda d: np.where(d["arm"] == "iop", 77, d["site"]),  # at one of its own
    ],
)
@pytest.mark.parametrize("estimator", [*MEANS, "cox", "rmst"])
def test_an_arm_in_one_cluster_gets_no_interval(estimator, sites):
    data = people().assign(own=sites)
    asked = {"arm": "arm", "covariates": ["x"], "cluster": "own", "estimator": estimator, "estimand": "ATE"}
    if estimator in MEANS:
        rows = iop_outcomes.estimate(data, outcome="y", **asked)
    else:
        more = {"until_day": 60} if estimator == "rmst" else {}
        rows = iop_outcomes.survival(data, time="days", event="left", **asked, **more)
    contrast = rows.iloc[0]
    assert contrast[["se", "ci_low", "ci_high"]].isna().all()
    assert "in one cluster, which does not show how clusters differ" in contrast["reason"]
    assert np.isfinite(contrast["value"])


def test_two_clusters_that_both_hold_both_arms_are_enough():
    data = people().assign(own=lambda d: d["site"] % 2)
    rows = iop_outcomes.estimate(data, outcome="y", arm="arm", covariates=["x"], cluster="own")
    assert np.isfinite(rows["ci_low"][0])


@pytest.mark.parametrize("estimator", [*MEANS, "unadjusted"])
@pytest.mark.parametrize("outcome", [0.0, 1.0])
def test_where_nobody_or_everybody_of_an_arm_has_the_event_there_is_an_interval(estimator, outcome):
    data = people()
    data.loc[data["arm"] == "iop", "y"] = outcome
    rows = iop_outcomes.estimate(data, outcome="y", arm="arm", covariates=["x"], estimator=estimator, estimand="ATE")
    contrast, iop = rows.iloc[0], rows.iloc[1]
    assert contrast["ci_low"] < contrast["value"] < contrast["ci_high"]
    assert iop["value"] == outcome
    assert (iop["ci_low"] < 1 if outcome else iop["ci_high"] > 0) and iop["ci_low"] < iop["ci_high"]


def test_a_rare_event_of_which_nobody_has_any_is_no_proof_of_no_difference():
    data = people().assign(y=0.0)
    asked = {"arm": "arm", "covariates": ["x"], "estimator": "weighted", "measure": "risk_difference"}
    contrast = iop_outcomes.estimate(data, outcome="y", **asked).iloc[0]
    assert contrast["ci_low"] < -0.01 < 0.01 < contrast["ci_high"]
