"""Standardised predictions: saturated models give the stratified means, and what a model cannot do is said."""

import numpy as np
import pandas as pd
import pytest
from pytest import approx

from estimates.ten_rows import COVARIATES, EVERYBODY, FIRST, LIKE_THE_FIRST, X, Y
from iop_outcomes.estimates.estimators.outcome_regression import standardised_means
from iop_outcomes.estimates.measures import arm_mean, contrast
from iop_outcomes.estimates.nuisance.outcome_model import fit_outcome_model
from iop_outcomes.kernel.errors import EstimationError
from iop_outcomes.stats.linear.matrix import model_matrix


def test_one_model_per_arm_gives_stratified_means():
    model = fit_outcome_model(Y, FIRST, COVARIATES, kind="continuous", form="per_arm")
    assert model.predicted[X == 1][0] == approx([2 / 3, 1])
    assert model.predicted[X == 0][0] == approx([1 / 2, 1 / 4])
    assert standardised_means(model).means == approx(EVERYBODY)
    assert standardised_means(model, FIRST.astype(float)).means == approx(LIKE_THE_FIRST)


def test_a_level_in_which_everybody_has_the_outcome_is_predicted_as_certain():
    # The one person with x = 1 in the second arm has the outcome: no finite logistic coefficient, but a limit.
    model = fit_outcome_model(Y, FIRST, COVARIATES, kind="binary", form="per_arm")
    assert model.predicted[X == 1][0] == approx([2 / 3, 1], abs=1e-6)
    assert standardised_means(model).means == approx(EVERYBODY, abs=1e-6)
    assert np.isfinite(contrast(standardised_means(model), "risk_difference").se)


def test_counting_the_sampling_of_covariates_adds_the_spread_of_effects():
    # Influences: stratum by stratum the delta method, plus (effect of x - mean effect) / n.
    model = fit_outcome_model(Y, FIRST, COVARIATES, kind="continuous", form="per_arm")
    fixed = standardised_means(model, count_sampling=False, small_sample=False).influence
    sampled = standardised_means(model, small_sample=False).influence
    effect = np.where(X == 1, 2 / 3 - 1, 1 / 2 - 1 / 4)
    assert (sampled - fixed) @ [1, -1] == approx((effect - effect.mean()) / 10)


def test_missing_outcomes_are_predicted():
    y, known = Y.copy(), np.ones(10, dtype=bool)
    y[0], known[0] = np.nan, False
    model = fit_outcome_model(y, FIRST, COVARIATES, kind="continuous", form="per_arm", fitted_on=known)
    # Of x = 1 in the first arm one of two is left: (4 · 1/2 + 6 · 1/2) / 10.
    assert standardised_means(model).means[0] == approx(0.5)


@pytest.mark.parametrize(
    ("kind", "outcome"),
    [("count", [3, 1, 0, 2, 1, 4, 0, 1, 2, 1]), ("proportion", [0.5, 0.2, 0.9, 0.1, 0.4, 0.3, 0.6, 0.8, 0.7, 0.2])],
)
def test_a_saturated_model_of_any_kind_reproduces_the_means_of_its_cells(kind, outcome):
    outcome = np.array(outcome, dtype=float)
    model = fit_outcome_model(outcome, FIRST, COVARIATES, kind=kind, form="per_arm")
    assert model.predicted[0] == approx([outcome[:3].mean(), outcome[3]], abs=1e-6)


@pytest.mark.parametrize("certain", [0.0, 1.0])
def test_where_an_arm_has_one_outcome_the_fit_is_its_limit(certain):
    y = np.where(FIRST, certain, Y)
    model = fit_outcome_model(y, FIRST, COVARIATES, kind="binary", names=("iop", "outpatient"))
    assert (model.predicted[:, 0] == certain).all()
    alone = fit_outcome_model(y, FIRST, COVARIATES, kind="binary", form="per_arm", fitted_on=~FIRST | (Y >= 0))
    np.testing.assert_allclose(model.predicted[:, 1], alone.predicted[:, 1])
    assert arm_mean(standardised_means(model), 0).value == certain


def test_swapping_the_arms_flips_the_contrast():
    generator = np.random.default_rng(5)
    frame = pd.DataFrame({"x": generator.normal(size=80), "g": generator.choice(list("abc"), 80)})
    first, y = generator.random(80) < 0.4, (generator.random(80) < 0.5).astype(float)
    matrix = model_matrix(frame, ["x", "g"])
    there, back = (
        contrast(standardised_means(fit_outcome_model(y, arm, matrix, kind="binary")), "risk_ratio")
        for arm in (first, ~first)
    )
    assert there.value == approx(1 / back.value)
    assert there.se == approx(back.se)


def test_clusters_and_the_models_own_variance_do_not_go_together():
    model = fit_outcome_model(Y, FIRST, COVARIATES, kind="continuous")
    for kind in ("model", "HC3"):
        with pytest.raises(EstimationError, match="clusters"):
            standardised_means(model, kind=kind, cluster=X)
