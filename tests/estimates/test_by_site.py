"""Where a design adjusts for sites, models of the outcome and of who is observed do so too."""

import numpy as np
import pandas as pd
import pytest

import iop_outcomes
from iop_outcomes.kernel.registry import ESTIMATORS

SAME = {"rel": 1e-6}
WITH_SITES = [plugin.name for plugin in ESTIMATORS if "by_site" in plugin.study_defaults]


@pytest.fixture(scope="module")
def people() -> pd.DataFrame:
    """Return 900 people at six sites of which those that prefer the first arm have better outcomes; some missing."""
    rng = np.random.default_rng(11)
    site = rng.integers(0, 6, 900)
    data = pd.DataFrame({"site": [f"s{k}" for k in site], "age": rng.normal(size=900)})
    data["a"] = (rng.random(900) < 1 / (1 + np.exp(1.2 - 0.4 * site - 0.4 * data["age"]))).astype(int)
    data["y"] = (rng.random(900) < 0.2 + 0.1 * site).astype(float)
    data["seen"] = data["y"].where(rng.random(900) < 0.9 - 0.05 * site)
    return data


def row(data, covariates, outcome="y", **asked) -> pd.Series:
    asked = {"arm": "a", "cluster": "site", "design": "ate_weights"} | asked
    return iop_outcomes.estimate(data, outcome=outcome, covariates=covariates, **asked).iloc[0]


def test_every_estimator_with_a_model_of_the_outcome_takes_sites():
    assert WITH_SITES == ["aipw", "outcome_regression", "tmle", "weighted"]


@pytest.mark.parametrize("outcome", ["y", "seen"])
@pytest.mark.parametrize("estimator", WITH_SITES)
def test_as_the_design_is_the_same_as_the_site_among_the_covariates(people, estimator, outcome):
    design = {"design_settings": {"by_site": "intercepts"}}
    found = row(people, ["age"], outcome, estimator=estimator, by_site="as_design", **design)
    by_hand = row(people, ["age", "site"], outcome, estimator=estimator)
    np.testing.assert_allclose(found[["value", "se"]].astype(float), by_hand[["value", "se"]].astype(float), rtol=1e-6)
    # Those who prefer the first arm have better outcomes, and it changes nothing: 0 is near now, and was far.
    assert abs(found["value"]) < 2 * found["se"]
    assert row(people, ["age"], outcome, estimator=estimator)["value"] > 0.1
    if estimator != "weighted" and estimator != "tmle":
        assert "an intercept for every site" in found["se_method"]


def test_a_design_without_sites_leaves_the_models_without_sites(people):
    plain = row(people, ["age"], estimator="outcome_regression")
    asked = row(people, ["age"], estimator="outcome_regression", by_site="as_design")
    assert asked["value"] == plain["value"]
    assert "every site" not in asked["se_method"]


@pytest.mark.parametrize("estimator", ["aipw", "tmle"])
def test_folds_are_not_by_site_where_sites_have_intercepts(people, estimator):
    design = {"design_settings": {"by_site": "intercepts"}}
    found = row(people, ["age"], estimator=estimator, folds=4, by_site="as_design", **design)
    assert abs(found["value"]) < 2 * found["se"]
    # Whole sites in a fold: nobody's model knows the site, so that what sites differ in stays.
    assert row(people, ["age"], estimator=estimator, folds=4, **design)["value"] > 0.1


def test_a_site_of_which_nothing_is_known_is_stood_for_by_others_and_it_is_said(people):
    people = people.assign(seen=people["y"].where(people["site"] != "s3"))
    design = {"design_settings": {"by_site": "intercepts"}}
    found = row(people, ["age"], "seen", estimator="weighted", by_site="as_design", **design)
    assert "at any site, since at some hardly any is known" in found["se_method"]
    some = row(people, ["age"], "seen", estimator="weighted", **design)
    assert found["value"] == pytest.approx(some["value"], rel=1e-9)
    assert "at any site" not in some["se_method"]
