"""No design and no estimator may depend on where a covariate is counted from, or in what unit."""

from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from estimates.asking import asked
from iop_outcomes.designs.comparison import Comparison
from iop_outcomes.kernel.errors import StudyError
from iop_outcomes.kernel.registry import DESIGN_METHODS, ESTIMATORS

NUMBERS = ["year", "severity", "use_days"]
SCORE_MODELS = [{"model": model} for model in ("firth", "ridge", "lasso", "boosted")]
BY_SITE = [{"by_site": "intercepts", "model": "firth"}, {"by_site": "separately", "model": "firth"}]
#: Settings of designs that reach other code than the defaults do.
DESIGN_SETTINGS = {
    "ate_weights": [*SCORE_MODELS, *BY_SITE, {"trim": 0.1}, {"trim": "crump"}, {"truncate": 0.95}],
    "cbps": [{"over_identified": True}],
    "cbps_att": [{"over_identified": True}],
    "nearest_match": [
        {"distance": "mahalanobis", "caliper": None},
        {"distance": "mahalanobis", "ratio": 2, "replace": True},
        {"distance": "propensity", "replace": True},
        {"ratio": 2, "order": "smallest", "caliper": 0.1},
        {"exact": ["substance"]},
    ],
}
#: The same of estimators, beside the outcome.
ESTIMATOR_SETTINGS = {
    "aipw": [{"outcome_model": "per_arm"}, {"folds": 3}, {"folds": 3, "learner": "boosting"}, {"outcome": "weeks"}],
    "cox": [{"adjust": True}, {"adjust": True, "ties": "breslow"}],
    "gee": [{"outcome": "urine"}, {"outcome": "urine", "correlation": "ar1"}, {"outcome": "weeks"}],
    "matched": [{"adjust": True}],
    "outcome_regression": [{"outcome_model": "per_arm"}, {"outcome": "weeks"}, {"outcome": "gap"}],
    "random_intercept": [{"outcome": "urine"}],
    "tmle": [{"folds": 3}, {"outcome_model": "per_arm"}],
    "weighted": [{"outcome": "gap"}],
}


@cache
def people(n: int = 240) -> pd.DataFrame:
    """People at six sites whose covariates are whole numbers, so that many are as near as others."""
    generator = np.random.default_rng(11)
    index = pd.Index([f"p{i:04d}" for i in range(n)], name="member_id")
    year, severity = generator.integers(0, 12, n), generator.integers(-16, 17, n) / 8
    first = generator.random(n) < 1 / (1 + np.exp(0.3 - 0.5 * severity - 0.05 * year))
    days = np.ceil(generator.exponential(80 + 15 * first - 6 * severity, n))
    chance = 1 / (1 + np.exp(0.4 - 0.6 * first + 0.4 * severity))
    frame = pd.DataFrame(
        {
            "year": year.astype(float),
            "severity": severity,
            "use_days": generator.integers(0, 31, n),
            "substance": pd.Categorical(generator.choice(["alcohol", "opioid", "other"], n)),
            "site": pd.Categorical(generator.choice(list("abcdef"), n)),
            "first": first,
            "abstinent": (generator.random(n) < chance).astype(float),
            "weeks": generator.poisson(4 + first - 0.5 * severity.clip(-2, 2)).astype(float),
            "gap": np.where(generator.random(n) < 0.12, np.nan, 5 + first - severity + generator.normal(size=n)),
            "retention_days": np.minimum(days, 180),
            "retention_ended": (days <= 180).astype(float),
            "care_ended_by": np.select([days > 180, np.arange(n) % 3 == 0], [None, "completion"], "dropout"),
            "stay_days_low": np.select([days > 90, days > 30], [91.0, 31.0], 1.0),
            "stay_days_high": np.select([days > 90, days > 30], [np.nan, 90.0], 30.0),
        },
        index,
    )
    for week in (1, 2, 3):
        seen = generator.random(n) < 0.9
        frame[f"urine_{week}"] = np.where(seen, (generator.random(n) < chance).astype(float), np.nan)
    return frame


#: Where numbers are counted from, and their unit. What is added is such that a double still holds every value.
CHANGES = {
    "calendar years": lambda x: x + 2_000,
    "day numbers": lambda x: x + 45_000,
    "a million": lambda x: x + 1e6,
    "a milliard": lambda x: x + 1e9,
    "millionths": lambda x: x * 1e-6,
    "millions": lambda x: x * 1e6,
    "thousands from a million": lambda x: (x + 1e6) * 1e3,
}
#: The largest steps of either kind; the others take time and are among the slow tests.
_QUICK = ("a milliard", "millions")
changes = pytest.mark.parametrize(
    "change", [pytest.param(name, marks=() if name in _QUICK else pytest.mark.slow) for name in CHANGES]
)


def moved(change: str | None) -> pd.DataFrame:
    data = people()
    return data if change is None else data.assign(**{name: CHANGES[change](data[name]) for name in NUMBERS})


@cache
def compared(design: str, change: str | None, settings: tuple = ()) -> Comparison:
    data, method = moved(change), DESIGN_METHODS[design]
    covariates, checked = data[[*NUMBERS, "substance"]], method.check(dict(settings))
    first = data["first"].to_numpy()
    members = method(covariates, first, data["site"].to_numpy(), 5, **checked).assign(treated=first)
    return Comparison(design, design, method.estimand, ("iop", "outpatient"), members, covariates, data["site"])


def every_design() -> list:
    return [
        pytest.param(method.name, tuple(settings.items()), id=f"{method.name} {settings or ''}")
        for method in DESIGN_METHODS
        for settings in [{}, *DESIGN_SETTINGS.get(method.name, [])]
    ]


@pytest.mark.slow
@changes
@pytest.mark.parametrize(("design", "settings"), every_design())
def test_every_design(design, settings, change):
    settings = tuple((k, tuple(v) if isinstance(v, list) else v) for k, v in settings)
    before, after = (compared(design, one, settings).members for one in (None, change))
    assert_allclose(after["weight"], before["weight"], rtol=1e-6, atol=1e-9)
    assert_allclose(after["score"].astype(float), before["score"].astype(float), rtol=1e-6)
    pd.testing.assert_series_equal(after["matched_set"], before["matched_set"])


DESIGN_OF = {"ATE": "ate_weights", "ATT": "att_weights", "ATC": "atc_weights", "ATO": "overlap_weights"}


def every_estimator() -> list:
    return [
        pytest.param(plugin.name, estimand, settings, id=f"{plugin.name} {estimand} {settings or ''}")
        for plugin in ESTIMATORS
        for settings in [{}, *ESTIMATOR_SETTINGS.get(plugin.name, [])]
        for estimand in DESIGN_OF
        if estimand in plugin.estimands
    ]


def design_for(estimator: str, estimand: str) -> str:
    if estimator == "random_intercept":
        return "unweighted"
    if estimator == "matched":
        return "nearest_match" if estimand == "ATT" else "subclass_ate"
    return DESIGN_OF[estimand]


@cache
def estimated(estimator: str, estimand: str, change: str | None, settings: tuple) -> pd.DataFrame:
    plugin, made = ESTIMATORS[estimator], compared(design_for(estimator, estimand), change)
    given = dict(settings)
    of_kind = {"time_to_event": "time_in_care", "competing": "time_to_dropout"}
    outcome = given.pop("outcome", next((of_kind[kind] for kind in plugin.kinds if kind in of_kind), "abstinent"))
    if "until_day" in plugin.settings_model.model_fields:
        given["until_day"] = 150
    # Times of one follow-up for all, so that no arm ends before the day asked for.
    measure = "rmst_difference" if estimator == "interval_survival" else ""
    question = {"outcome": outcome, "measure": measure, "seed": 3}
    return asked(plugin, people(), replace(made), **question, **plugin.check(given))


@changes
@pytest.mark.parametrize(("estimator", "estimand", "settings"), every_estimator())
def test_every_estimator(estimator, estimand, settings, change):
    before, after = (estimated(estimator, estimand, one, tuple(settings.items())) for one in (None, change))
    for column in ("value", "se", "ci_low", "ci_high"):
        assert_allclose(after[column], before[column], rtol=1e-6, atol=1e-9, err_msg=column)
    assert after["se_method"].tolist() == before["se_method"].tolist()


def test_no_case_is_passed_over():
    """Every estimand of every estimator is compared but ATM, whose weights have corners."""
    assert {case.values[0] for case in every_estimator()} == set(ESTIMATORS.names())
    assert {case.values[0] for case in every_design()} == set(DESIGN_METHODS.names())
    with pytest.raises(StudyError):
        compared("no such design", None)
