"""Nobody's prediction knows their own outcome, and missing outcomes that nobody can stand for are refused."""

import numpy as np
import pandas as pd
import pytest
from pytest import approx

from iop_outcomes.estimates.nuisance.cross_fitting import cross_fit
from iop_outcomes.estimates.nuisance.observation import fit_observation
from iop_outcomes.kernel.errors import EstimationError
from iop_outcomes.stats.linear.matrix import model_matrix

GENERATOR = np.random.default_rng(6)
N = 240
FRAME = pd.DataFrame({"x": GENERATOR.normal(size=N), "state": GENERATOR.choice(list("abcd"), N)})
MATRIX = model_matrix(FRAME)
FIRST = GENERATOR.random(N) < 0.5
Y = (GENERATOR.random(N) < 0.4).astype(float)
FOLDS = np.arange(N) % 3


def test_what_happens_in_a_fold_does_not_change_its_own_predictions():
    there = cross_fit(Y, FIRST, MATRIX, FOLDS, kind="binary")
    inside = FOLDS == 1
    back = cross_fit(np.where(inside, 1 - Y, Y), np.where(inside, ~FIRST, FIRST), MATRIX, FOLDS, kind="binary")
    assert back.predicted[inside] == approx(there.predicted[inside])
    assert back.score[inside] == approx(there.score[inside])
    assert (back.predicted[~inside] != there.predicted[~inside]).all()


def test_a_level_that_only_one_fold_has_is_still_predicted():
    folds = (FRAME["state"] == "d").to_numpy().astype(int)
    found = cross_fit(Y, FIRST, MATRIX, folds, kind="binary")
    assert np.isfinite(found.predicted).all()
    assert ((found.score > 0) & (found.score < 1)).all()


def test_observation_is_modelled_only_where_outcomes_are_missing():
    assert cross_fit(Y, FIRST, MATRIX, FOLDS, kind="binary").observation is None
    missing = np.where(np.arange(N) % 4 == 0, np.nan, Y)
    found = cross_fit(missing, FIRST, MATRIX, FOLDS, kind="binary").observation
    assert found.mean() == approx(0.75, abs=0.02)


def test_a_kind_that_is_never_observed_is_refused_with_its_number():
    observed, everybody = (FRAME["state"] != "d").to_numpy(), np.ones(N, dtype=bool)
    n_never = int((~observed).sum())
    with pytest.raises(EstimationError, match=f"{n_never} members are of a kind observed with a probability under 2%"):
        fit_observation(observed, FIRST, MATRIX, everybody)


def test_a_kind_that_is_always_observed_weighs_one():
    seen = (FRAME["state"] == "d").to_numpy() | (np.arange(N) % 2 == 0)
    found = fit_observation(seen, FIRST, MATRIX, np.ones(N, dtype=bool))
    assert found.probability[(FRAME["state"] == "d").to_numpy()] == approx(1, abs=1e-6)
    assert 0.1 < found.probability[(FRAME["state"] != "d").to_numpy()].max() < 0.9
