"""Members of weight zero decide nothing, whatever stands in their rows: in every estimator there is."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import iop_outcomes
from estimates.test_plugins import comparison, run
from iop_outcomes.designs.comparison import Comparison
from iop_outcomes.kernel.registry import ESTIMATORS
from three_arms import COVARIATES, three_arms

#: Outcome and settings by estimator; "unadjusted" counts everybody by its definition.
ASKED = {
    "weighted": [("seen", {}), ("days", {"count_estimation": False}), ("abstinent", {})],
    "outcome_regression": [("seen", {"outcome_model": "per_arm"}), ("visits", {})],
    "aipw": [("seen", {}), ("days", {"missing": "leave_out"}), ("seen", {"folds": 3})],
    "tmle": [("abstinent", {}), ("share", {"folds": 3})],
    "matched": [("seen", {}), ("days", {"adjust": True})],
    "abadie_imbens": [("abstinent", {})],
    "gee": [("abstinent", {}), ("week", {})],
    "random_intercept": [("week", {"nodes": 7})],
    "cox": [("time_in_care", {}), ("time_in_care", {"adjust": True})],
    "standardised_cox": [("time_in_care", {})],
    "weighted_kaplan_meier": [("time_in_care", {})],
    "rmst": [("time_in_care", {"until_day": 100})],
    "interval_survival": [("time_in_care", {"day": 90})],
    "aalen_johansen": [("time_to_dropout", {"day": 90})],
    "time_lost": [("time_to_dropout", {"until_day": 100})],
    "fine_gray": [("time_to_dropout", {})],
}


def with_every_outcome(name: str) -> tuple[pd.DataFrame, Comparison]:
    data, made = comparison(n=360)
    made = replace(made, covariates=made.covariates.astype({"group": str}))
    rng = np.random.default_rng(8)
    n = len(data)
    stay = rng.integers(1, 180, n).astype(float)
    more = {
        "seen": data["abstinent"].where(rng.random(n) < 0.8),
        "visits": rng.poisson(2 + made.treated, n).astype(float),
        "week_1": data["abstinent"],
        "week_2": (rng.random(n) < 0.5).astype(float),
        "retention_days": stay,
        "retention_ended": (rng.random(n) < 0.7).astype(float),
        "care_ended_by": rng.choice(["dropout", "completion", None], n),
        "stay_days_low": stay // 30 * 30 + 1,
        "stay_days_high": stay // 30 * 30 + 30,
    }
    if name == "random_intercept":
        made = replace(made, members=made.members.assign(weight=1.0))
    if name == "matched":
        first, second = np.flatnonzero(made.treated), np.flatnonzero(~made.treated)
        members = made.members.assign(weight=0.0, matched_set=pd.Series(pd.NA, data.index, dtype="str"))
        for pair, rows in enumerate(zip(first, second, strict=False)):
            members.iloc[list(rows), [members.columns.get_loc("weight")]] = 1.0
            members.iloc[list(rows), [members.columns.get_loc("matched_set")]] = f"pair {pair}"
        made = replace(made, members=members)
    return data.assign(**more), made


def with_others(data: pd.DataFrame, made: Comparison, scored: bool) -> tuple[pd.DataFrame, Comparison]:
    """Put among the members others of weight zero: far off, of a group and a site of their own, outcomes absurd."""
    rng = np.random.default_rng(9)
    index = pd.Index([f"x{i:05d}" for i in range(40)], name=data.index.name)
    where = np.argsort(np.r_[np.arange(len(data)), rng.random(40) * len(data)], kind="stable")

    def among(own, others):
        return pd.concat([own, others.set_axis(index)]).iloc[where]

    members = pd.DataFrame(
        {"treated": rng.random(40) < 0.5, "score": 0.4 if scored else np.nan, "weight": 0.0}, index
    ).assign(matched_set=None)
    outcomes = pd.DataFrame({name: 700.0 + np.arange(40.0) for name in data}, index)
    # A group that comes first in the alphabet would be the reference of the others.
    covariates = pd.DataFrame({"severity": 1e3 * rng.normal(size=40), "group": "a group of their own"}, index)
    added = replace(
        made,
        members=among(made.members.astype({"matched_set": object}), members),
        covariates=among(made.covariates, covariates),
        cluster=among(made.cluster.astype(str), pd.Series("another site", index)),
    )
    return among(data, outcomes.assign(retention_ended=1.0)), added


def test_every_estimator_is_asked():
    assert set(ASKED) == set(ESTIMATORS.names()) - {"unadjusted"}


@pytest.mark.parametrize("clustered", [True, False], ids=["sites", "no sites"])
@pytest.mark.parametrize(
    ("name", "outcome", "settings"), [(name, *asked) for name, each in ASKED.items() for asked in each]
)
def test_members_of_weight_zero_decide_nothing(name, outcome, settings, clustered):
    if not clustered and (name, outcome) == ("gee", "abstinent"):
        pytest.skip("one outcome a person needs sites")
    data, made = with_every_outcome(name)
    without = run(name, data, made if clustered else replace(made, cluster=None), outcome=outcome, **settings)
    for scored in (True, False):
        many, added = with_others(data, made, scored)
        found = run(name, many, added if clustered else replace(added, cluster=None), outcome=outcome, **settings)
        pd.testing.assert_frame_equal(found, without, rtol=1e-7)


def test_whom_a_design_left_out_after_its_score_was_fitted_on_them_moves_the_variance():
    data, made = with_every_outcome("weighted")
    inside = made.members["score"].between(0.3, 0.7)
    trimmed = replace(made, members=made.members.assign(weight=made.members["weight"].where(inside, 0.0)))
    found = run("weighted", data, trimmed)
    assert "estimated propensity score counted" in found["se_method"][0]
    assert found["n"][0] == inside.sum()
    # Without them the score is no longer the fit that it was, and the weights count as fixed.
    alone = run("weighted", data[inside], trimmed.only(inside.to_numpy()))
    assert found["value"][0] == pytest.approx(alone["value"][0])
    assert found["se"][0] != pytest.approx(alone["se"][0], rel=1e-3)


@pytest.mark.parametrize("estimator", ["weighted", "aipw", "outcome_regression", "rmst"])
@pytest.mark.parametrize("estimand", ["ATE", "ATO"])
def test_members_of_weight_zero_decide_nothing_among_three_arms(estimator, estimand):
    few = three_arms(300)
    design = iop_outcomes.weigh(few, arm="arm", covariates=COVARIATES, estimand=estimand)
    nobody = {**dict.fromkeys(design, np.nan), "weight": 0.0}
    more = few.head(30).assign(age=900.0, referral="a referral of their own", site=99, completed=5, days=700.0)
    many = pd.concat([few, more], ignore_index=True)
    added = pd.concat([design, pd.DataFrame([nobody] * 30, index=range(300, 330)).reindex(columns=design.columns)])
    added.attrs = design.attrs
    asked = {"arm": "arm", "covariates": COVARIATES, "contrast": ("iop", "outpatient"), "estimand": estimand}
    asked |= {"estimator": estimator, "cluster": "site"}
    if estimator == "rmst":
        call, asked = iop_outcomes.survival, asked | {"time": "days", "event": "left", "until_day": 60}
    else:
        call, asked = iop_outcomes.estimate, asked | {"outcome": "completed"}
    pd.testing.assert_frame_equal(call(many, design=added, **asked), call(few, design=design, **asked), rtol=1e-7)
