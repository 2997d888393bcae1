"""Covariates that are none, constant or nothing a model knows: an answer, or one sentence, and never a traceback."""

import numpy as np
import pandas as pd
import pytest
from pytest import approx

from iop_outcomes import analyst
from iop_outcomes.errors import StudyError
from iop_outcomes.kernel.registry import DESIGN_METHODS, ESTIMATORS


def people(n: int = 120) -> pd.DataFrame:
    generator = np.random.default_rng(1)
    x = generator.integers(0, 20, n).astype(float)
    arm = (generator.random(n) < 1 / (1 + np.exp((10 - x) / 10))).astype(int)
    return pd.DataFrame(
        {
            "arm": arm,
            "x": x,
            "z": generator.integers(0, 9, n).astype(float),
            "group": generator.choice(list("pqr"), n),
            "site": generator.choice(list("abcd"), n),
            "y": (generator.random(n) < 0.4).astype(float),
            "days": np.ceil(generator.exponential(100, n)),
            "ended": (generator.random(n) < 0.8).astype(float),
        }
    )


def frames() -> dict[str, tuple[pd.DataFrame, list[str]]]:
    d = people()
    noise = pd.DataFrame(np.random.default_rng(0).normal(size=(20, 40))).add_prefix("c")
    first, second = d[d["arm"] == 1], d[d["arm"] == 0]
    return {
        "none": (d, []),
        "constant": (d.assign(x=3.0), ["x"]),
        "constant and far from zero": (d.assign(x=1e9 + 0.1), ["x", "z"]),
        "all missing": (d.assign(x=np.nan), ["x", "z"]),
        "all missing, no type": (d.assign(x=None), ["x", "z"]),
        "some missing": (d.assign(x=d["x"].mask(d["x"] > 18)), ["x", "z"]),
        "infinite": (d.assign(x=d["x"].where(d["x"] < 18, np.inf)), ["x", "z"]),
        "one level in an arm": (d.assign(group=np.where(d["arm"] == 1, "p", d["group"])), ["group", "x"]),
        "constant in an arm": (d.assign(x=np.where(d["arm"] == 1, 5.0, d["x"])), ["x", "z"]),
        "more columns than rows": (pd.concat([d.iloc[:20], noise], axis=1), list(noise)),
        "one person an arm": (pd.concat([first.iloc[:1], second.iloc[:1]]), ["x", "z"]),
        "one person an arm, none": (pd.concat([first.iloc[:1], second.iloc[:1]]), []),
        "one against many": (pd.concat([first.iloc[:1], second]), ["x", "z"]),
        "collinear": (d.assign(twice=2 * d["x"] + 3), ["x", "twice", "z"]),
        "outcome infinite": (d.assign(y=np.inf, days=np.inf), ["x", "z"]),
        "outcome beyond squares": (d.assign(y=d["x"] * 5e306, days=d["x"] * 5e306 + 1), ["x", "z"]),
        "outcome missing": (d.assign(y=np.nan, days=np.nan), ["x", "z"]),
        "dates": (d.assign(x=pd.Timestamp("2020-01-01") + pd.to_timedelta(d["x"], unit="D")), ["x", "z"]),
        "durations": (d.assign(x=pd.to_timedelta(d["x"], unit="D")), ["x", "z"]),
        "complex": (d.assign(x=d["x"] + 1j), ["x", "z"]),
        "lists": (d.assign(x=[[1]] * len(d)), ["x", "z"]),
        "beyond squares": (d.assign(x=d["x"] * 5e306), ["x", "z"]),
        "too small for squares": (d.assign(x=d["x"] * 1e-309), ["x", "z"]),
        "named twice": (d, ["x", "x"]),
    }


DESIGNS = [(method.name, {}) for method in DESIGN_METHODS]
DESIGNS += [("ate_weights", {"model": model}) for model in ("firth", "ridge", "lasso", "boosted")]
DESIGNS += [("ate_weights", {"by_site": way, "cluster": "site"}) for way in ("intercepts", "separately")]
DESIGNS += [(name, {"over_identified": True}) for name in ("cbps", "cbps_att")]
DESIGNS += [("nearest_match", {"distance": "mahalanobis"})]
SETTINGS = {
    "aipw": [{"outcome_model": "per_arm"}, {"folds": 3}],
    "cox": [{"adjust": True}],
    "gee": [{"cluster": "site"}],
    "matched": [{"adjust": True, "design": "nearest_match"}],
    "random_intercept": [{"cluster": "site", "design": "unweighted"}],
    "rmst": [{"until_day": 20}],
    "standardised_cox": [{"day": 20}],
    "weighted_kaplan_meier": [{"day": 20}],
}


@pytest.mark.slow
@pytest.mark.parametrize("case", frames())
def test_every_design_answers_or_refuses_in_a_sentence(case):
    data, covariates = frames()[case]
    for name, settings in DESIGNS:
        try:
            made = analyst.weigh(data, arm="arm", covariates=covariates, design=name, **settings)
            analyst.balance(data, arm="arm", covariates=covariates, design=made)
        except StudyError as refused:
            assert str(refused)
            continue
        assert np.isfinite(made["weight"]).all(), name


@pytest.mark.parametrize("case", frames())
def test_every_estimator_answers_or_refuses_in_a_sentence(case):
    data, covariates = frames()[case]
    for plugin in ESTIMATORS:
        for settings in SETTINGS.get(plugin.name, [{}]):
            of_time = "time_to_event" in plugin.kinds
            call, of = (
                (analyst.survival, {"time": "days", "event": "ended"})
                if of_time
                else (analyst.estimate, {"outcome": "y"})
            )
            asked = {"design": "ate_weights", **of, **settings}
            try:
                rows = call(data, arm="arm", covariates=covariates, estimator=plugin.name, **asked)
            except StudyError as refused:
                assert str(refused)
                continue
            assert np.isfinite(rows["value"]).all(), plugin.name


@pytest.mark.parametrize("design", [name for name in DESIGN_METHODS.names() if not name.startswith("nearest")])
def test_without_covariates_the_arms_are_compared_as_they_are(design):
    data = people()
    asked = {"outcome": "y", "arm": "arm", "covariates": []}
    plain = analyst.estimate(data, **asked, estimator="unadjusted")
    found = analyst.estimate(data, **asked, design=design, estimator="weighted")
    assert found["value"].to_numpy() == approx(plain["value"].to_numpy())


@pytest.mark.parametrize("model", ["ridge", "lasso", "boosted"])
def test_without_covariates_every_score_is_the_share_of_the_first_arm(model):
    data = people()
    made = analyst.weigh(data, arm="arm", covariates=[], design="overlap_weights", model=model)
    assert made["score"].to_numpy() == approx(np.full(120, data["arm"].mean()))
