"""Guesses of what is missing: like the people they are of, and as far apart as the data leave them open."""

import numpy as np
import pandas as pd
import pytest

from iop_outcomes.kernel.errors import EstimationError
from iop_outcomes.robustness.imputation import impute

UNKNOWN = np.nan


def people(n: int = 4_000, seed: int = 1, sites: int = 0):
    """Return outcome, arm, covariate, site; whose outcome is missing depends on the covariate that decides it."""
    random = np.random.default_rng(seed)
    x, treated = random.normal(size=n), np.arange(n) % 2
    site = random.integers(sites, size=n) if sites else np.zeros(n, int)
    of_site = random.normal(size=max(sites, 1))[site] if sites else 0.0
    full = (random.random(n) < 1 / (1 + np.exp(-1.5 * x - of_site))).astype(float)
    outcome = np.where(random.random(n) < 1 / (1 + np.exp(-x)), UNKNOWN, full)
    return outcome, treated, pd.DataFrame({"x": x}), full, site


def test_what_is_known_stays_and_the_rest_is_like_people_with_the_same_covariates():
    outcome, treated, covariates, full, _ = people()
    drawn = impute(outcome, treated, covariates, imputations=20)
    known = np.isfinite(outcome)
    assert (drawn[:, known] == outcome[known]).all()
    assert set(np.unique(drawn)) == {0.0, 1.0}
    assert np.mean(outcome[known]) < 0.43  # those who did well are missed more
    assert drawn.mean() == pytest.approx(full.mean(), abs=0.02)


def test_each_arm_has_a_model_of_its_own():
    # In the first arm all known women did well, in the second all known men.
    sex = ["f", "m"] * 400
    treated = np.repeat([1, 0], 400)
    outcome = np.where((treated == 1) == (np.array(sex) == "f"), 1.0, 0.0)
    missing = np.arange(800) % 8 < 2
    drawn = impute(np.where(missing, UNKNOWN, outcome), treated, pd.DataFrame({"sex": sex}), imputations=20)
    assert (drawn[:, missing] == outcome[missing]).mean() > 0.97


def test_one_person_of_whom_nothing_is_known_is_guessed_as_often_as_others_did_well():
    outcome = np.array([1, 0, 0, 0] * 50 + [UNKNOWN, 1, 0])
    treated = np.array([1] * 201 + [0] * 2)
    drawn = impute(outcome, treated, pd.DataFrame(index=range(203)), imputations=4_000)[:, 200]
    assert drawn.mean() == pytest.approx(0.25, abs=0.03)


def test_where_all_who_are_known_did_the_same_the_others_may_yet_have_differed():
    outcome = np.array([1.0] * 20 + [UNKNOWN] * 5 + [0.0, 1.0] * 10)
    treated = np.array([1] * 25 + [0] * 20)
    drawn = impute(outcome, treated, pd.DataFrame(index=range(45)), imputations=2_000)[:, 20:25]
    # The mean of Jeffreys' distribution: 20.5 of 21.
    assert drawn.mean() == pytest.approx(20.5 / 21, abs=0.01)


def test_a_number_is_taken_from_somebody_much_like_the_missing_person():
    random = np.random.default_rng(4)
    x = np.linspace(0, 100, 1_000)
    outcome = np.where(random.random(1_000) < 0.3, UNKNOWN, 3 * x)
    drawn = impute(outcome, np.arange(1_000) % 2, pd.DataFrame({"x": x}), imputations=5)
    assert np.isin(drawn, outcome[np.isfinite(outcome)]).all()
    assert np.abs(drawn - 3 * x).max() < 12


def test_people_of_neither_arm_and_of_known_outcome_stay_as_they_are():
    outcome = np.array([1, 0, UNKNOWN, 1, 0, UNKNOWN, UNKNOWN, 1.0])
    pair = np.column_stack([np.arange(8) < 3, (np.arange(8) >= 3) & (np.arange(8) < 6)])
    drawn = impute(outcome, pair, pd.DataFrame(index=range(8)), imputations=3)
    assert np.isnan(drawn[:, 6]).all()
    assert (drawn[:, 7] == 1).all()
    assert np.isfinite(drawn[:, :6]).all()


def test_sites_that_differ_leave_more_open_than_people_who_do():
    outcome, treated, covariates, _, site = people(3_000, sites=20)
    missing = np.isnan(outcome)
    apart = [
        impute(outcome, treated, covariates, cluster=of, imputations=200)[:, missing].mean(axis=1).std()
        for of in (None, site)
    ]
    assert apart[1] > 1.5 * apart[0]


def test_the_same_seed_gives_the_same_guesses_and_another_others():
    outcome, treated, covariates, _, _ = people(200)
    one, same, other = (impute(outcome, treated, covariates, imputations=2, seed=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, same)
    assert (one != other).any()


def test_an_arm_of_which_nobody_is_known_is_refused():
    with pytest.raises(EstimationError, match="nobody of an arm has a known outcome"):
        impute([1, 0, UNKNOWN, UNKNOWN], [1, 1, 0, 0], pd.DataFrame(index=range(4)))
