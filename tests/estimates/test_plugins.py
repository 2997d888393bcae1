"""The estimators as a study calls them: rows, words, and answers by name."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from pytest import approx

from estimates.asking import asked
from iop_outcomes.designs.comparison import Comparison
from iop_outcomes.estimates.answer import COLUMNS
from iop_outcomes.estimates.nuisance.tilting import balancing_weights
from iop_outcomes.kernel.errors import EstimationError
from iop_outcomes.kernel.registry import ESTIMATORS
from iop_outcomes.stats.linear.glm import fit_glm
from iop_outcomes.stats.linear.matrix import model_matrix

ADJUSTED = ("weighted", "outcome_regression", "aipw", "tmle")


def comparison(estimand="ATE", n=1200, seed=2) -> tuple[pd.DataFrame, Comparison]:
    """People at 12 sites; severity decides arm and outcomes; the first arm adds 0.2 to the chance, 2 to the days."""
    generator = np.random.default_rng(seed)
    index = pd.Index([f"p{i:05d}" for i in range(n)], name="member_id")
    severity = generator.normal(size=n)
    group = pd.Categorical.from_codes(generator.integers(0, 3, n), ["low", "middle", "high"])
    site = pd.Series(generator.integers(0, 12, n), index).map("s{:02d}".format).astype("category")
    treated = generator.random(n) < 1 / (1 + np.exp(-0.6 * severity))
    covariates = pd.DataFrame({"severity": severity, "group": group}, index)
    score = fit_glm(treated.astype(float), model_matrix(covariates)).fitted
    weight, _ = balancing_weights(score, treated, estimand)
    members = pd.DataFrame({"treated": treated, "score": score, "weight": weight, "matched_set": None}, index)
    chance = np.clip(0.3 + 0.2 * treated - 0.1 * severity, 0, 1)
    data = pd.DataFrame(
        {
            "abstinent": (generator.random(n) < chance).astype(float),
            "days": np.round(20 + 2 * treated - 3 * severity + generator.normal(size=n)).clip(0),
            "share": np.clip(0.4 + 0.1 * treated - 0.1 * severity + 0.1 * generator.normal(size=n), 0, 1),
        },
        index,
    )
    made = Comparison("test", "test", estimand, ("iop", "outpatient"), members, covariates, site, {})
    return data, made


def run(name, data, made, outcome="abstinent", **settings) -> pd.DataFrame:
    plugin = ESTIMATORS[name]
    measure = settings.pop("measure", "")
    return asked(plugin, data, made, outcome=outcome, measure=measure, seed=7, **plugin.check(settings))


@pytest.mark.parametrize("name", ["unadjusted", *ADJUSTED])
def test_one_row_for_the_contrast_and_one_per_arm(name):
    rows = run(name, *comparison())
    assert tuple(rows.columns) == COLUMNS
    assert rows[["role", "arm", "against"]].to_numpy().tolist() == [
        ["contrast", "iop", "outpatient"],
        ["arm", "iop", ""],
        ["arm", "outpatient", ""],
    ]
    assert rows["measure"].tolist() == ["risk_difference", "mean", "mean"]
    assert rows["value"][0] == approx(rows["value"][1] - rows["value"][2])
    assert rows["n"][0] == rows["n"][1] + rows["n"][2] == 1200
    assert rows["n_events"][0] == rows["n_events"][1] + rows["n_events"][2]
    assert rows["se_method"].str.contains("12 clusters").all()


@pytest.mark.parametrize("name", ADJUSTED)
@pytest.mark.parametrize("estimand", ["ATE", "ATT", "ATO"])
@pytest.mark.parametrize(("outcome", "truth"), [("abstinent", 0.2), ("days", 2.0), ("share", 0.1)])
def test_the_true_difference_is_found(name, estimand, outcome, truth):
    if (name, estimand) == ("tmle", "ATO"):
        pytest.skip("tmle is for ATE and ATT")
    rows = run(name, *comparison(estimand), outcome=outcome)
    assert abs(rows["value"][0] - truth) < 3 * rows["se"][0]
    naive = run("unadjusted", *comparison(estimand), outcome=outcome)
    assert abs(rows["value"][0] - truth) < abs(naive["value"][0] - truth)


@pytest.mark.parametrize("name", ["unadjusted", *ADJUSTED])
@pytest.mark.parametrize(("outcome", "measure"), [("abstinent", "risk_ratio"), ("days", "mean_ratio")])
def test_swapping_the_arms_turns_a_ratio_over(name, outcome, measure):
    data, made = comparison()
    members = made.members.assign(treated=~made.treated, score=1 - made.score)
    swapped = replace(made, members=members, arms=("outpatient", "iop"))
    there, back = run(name, data, made, outcome, measure=measure), run(name, data, swapped, outcome, measure=measure)
    assert there["value"][0] == approx(1 / back["value"][0], rel=1e-6)
    assert there["se"][0] == approx(back["se"][0], rel=1e-6)
    assert (there["se_scale"] == ["log", "identity", "identity"]).all()


@pytest.mark.parametrize("name", [*ADJUSTED])
def test_shuffling_members_changes_nothing(name):
    data, made = comparison()
    order = np.random.default_rng(3).permutation(len(data))
    shuffled = replace(
        made, members=made.members.iloc[order], covariates=made.covariates.iloc[order], cluster=made.cluster.iloc[order]
    )
    there, back = run(name, data, made), run(name, data.iloc[order], shuffled)
    assert back["value"].to_numpy() == approx(there["value"].to_numpy())
    assert back["se"].to_numpy() == approx(there["se"].to_numpy())


def test_a_logistic_score_is_recognised_by_its_numbers():
    data, made = comparison("ATO")
    assert "estimated propensity score counted" in run("weighted", data, made)["se_method"][0]
    intercepts = made.covariates.assign(site=made.cluster)
    score = fit_glm(made.treated.astype(float), model_matrix(intercepts)).fitted
    weight, _ = balancing_weights(score, made.treated, "ATO")
    by_site = replace(made, members=made.members.assign(score=score, weight=weight))
    assert "estimated propensity score counted" in run("weighted", data, by_site)["se_method"][0]
    rescaled = replace(made, members=made.members.assign(weight=made.weight * np.where(made.treated, 3, 0.2)))
    assert run("weighted", data, rescaled)["se"][0] == approx(run("weighted", data, made)["se"][0])
    for members in (
        made.members.assign(weight=np.random.default_rng(2).random(1200)),
        made.members.assign(score=np.clip(made.score + 0.05, 0, 0.99)),
        made.members.assign(score=np.nan),
    ):
        assert "weights taken as fixed" in run("weighted", data, replace(made, members=members))["se_method"][0]


def test_members_without_weight_are_not_used():
    data, made = comparison()
    dropped = made.members["score"] > 0.6
    trimmed = replace(made, members=made.members.assign(weight=made.members["weight"].where(~dropped, 0.0)))
    data.loc[dropped.to_numpy(), "abstinent"] = np.nan
    for name in ADJUSTED:
        rows = run(name, data, trimmed)
        assert rows["n"][0] == 1200 - dropped.sum()
        assert "missing" not in rows["se_method"][0]


@pytest.mark.parametrize(
    ("name", "settings", "said"),
    [
        ("unadjusted", {}, "left out"),
        ("weighted", {}, "weighted for by the inverse probability of observation"),
        ("weighted", {"missing": "leave_out"}, "left out"),
        ("outcome_regression", {}, "predicted by the outcome model"),
        ("aipw", {}, "weighted for by the inverse probability of observation"),
        ("aipw", {"folds": 3}, "weighted for by the inverse probability of observation"),
        ("tmle", {}, "weighted for by the inverse probability of observation"),
    ],
)
def test_missing_outcomes_are_counted_and_the_handling_said(name, settings, said):
    data, made = comparison()
    lost = np.random.default_rng(4).random(1200) < 0.2 + 0.2 * (made.covariates["severity"] > 0)
    data.loc[lost.to_numpy(), "abstinent"] = np.nan
    rows = run(name, data, made, **settings)
    assert f"{lost.sum()} missing outcomes {said}" in rows["se_method"][0]
    assert rows["n"][0] == 1200 - lost.sum()
    if name != "unadjusted":
        assert rows["ci_low"][0] < 0.2 < rows["ci_high"][0]


@pytest.mark.parametrize(("name", "learner"), [("aipw", "regression"), ("tmle", "regression"), ("aipw", "boosting")])
def test_cross_fitting_keeps_clusters_together_and_covers_the_truth(name, learner):
    rows = run(name, *comparison(), folds=2, learner=learner)
    assert "2 folds" in rows["se_method"][0]
    assert rows["ci_low"][0] < 0.2 < rows["ci_high"][0]


def test_an_arm_without_events_keeps_its_row_and_says_why_there_is_no_ratio():
    data, made = comparison()
    data.loc[made.treated, "abstinent"] = 0.0
    rows = run("weighted", data, made, measure="risk_ratio")
    assert rows["value"][0] == 0
    assert np.isnan(rows["ci_low"][0])
    assert rows["reason"][0] == "risk_ratio: there are no events in arm 'iop', so that the ratio has no interval"
    for name in ("weighted", "outcome_regression", "aipw", "tmle"):
        difference = run(name, data, made)
        assert difference["ci_low"][0] < difference["value"][0] < difference["ci_high"][0]
        assert difference["value"][1] == 0
        assert 0 == difference["ci_low"][1] < difference["ci_high"][1]
        assert "score interval (Newcombe), since nearly nobody" in difference["se_method"][0]


@pytest.mark.parametrize("name", ["unadjusted", *ADJUSTED])
@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda d, c: (d, replace(c, members=c.members.assign(treated=True))), "nobody of 1,200 rows is in arm 'outp"),
        (lambda d, c: (d.assign(abstinent=d["abstinent"].where(~c.treated)), c), "nobody in arm 'iop'"),
        (lambda d, c: (d.drop(columns="abstinent").assign(abstinence=1.0), c), "did you mean 'abstinence'"),
    ],
)
def test_what_cannot_be_compared_is_answered_by_name(name, change, said):
    with pytest.raises(EstimationError, match=said):
        run(name, *change(*comparison()))


def test_a_measure_that_does_not_fit_the_outcome_is_answered_by_name():
    with pytest.raises(EstimationError, match="odds_ratio is for outcomes of 0 and 1 and this is a count"):
        run("weighted", *comparison(), outcome="days", measure="odds_ratio")
