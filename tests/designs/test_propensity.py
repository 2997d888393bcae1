"""Propensity scores: every model, folds that keep clusters whole, sites with one arm."""

import numpy as np
import pandas as pd
import pytest

from iop_outcomes.designs.scores.folds import folds_by_cluster
from iop_outcomes.designs.scores.propensity import boosted_score, logistic_score, penalised_score
from iop_outcomes.designs.scores.site_propensity import site_fixed_score, site_stratified_score
from iop_outcomes.kernel.errors import DesignError
from iop_outcomes.stats.linear.glm import fit_glm
from iop_outcomes.stats.linear.matrix import model_matrix


def people(n=600, seed=2):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "age": rng.normal(40, 10, n),
            "referral": rng.choice(["court", "self", "provider"], n),
            "noise": rng.normal(size=n),
        }
    )
    chance = 1 / (1 + np.exp(-((frame["age"] - 40) / 12 + (frame["referral"] == "provider") - 0.3)))
    treated = rng.random(n) < chance
    return frame, treated.to_numpy(), chance.to_numpy(), rng.choice([f"S{i}" for i in range(12)], n)


def test_with_one_category_the_score_is_the_share_of_the_first_arm():
    referral = pd.DataFrame({"referral": ["court"] * 4 + ["self"] * 5})
    found = logistic_score(referral, [1, 0, 0, 0, 1, 1, 1, 0, 0])
    np.testing.assert_allclose(found.score, [1 / 4] * 4 + [3 / 5] * 5, rtol=1e-9)


def test_levels_nobody_has_are_left_out_and_noted():
    frame, treated, _, _ = people()
    frame["referral"] = pd.Categorical(frame["referral"], ["court", "self", "provider", "employer"])
    found = logistic_score(frame, treated)
    assert found.notes == ("nobody has level 'employer' of referral",)
    np.testing.assert_allclose(found.score, logistic_score(frame.astype({"referral": str}), treated).score, rtol=1e-9)


def test_collinear_columns_are_left_out_and_named():
    frame, treated, _, _ = people()
    found = logistic_score(frame.assign(months=frame["age"] * 12), treated)
    assert found.notes == ("months follows exactly from age",)
    np.testing.assert_allclose(found.score, logistic_score(frame, treated).score, rtol=1e-9)
    assert np.linalg.matrix_rank(found.matrix.dense()) == found.matrix.shape[1]


def test_separation_says_which_arm_is_meant():
    frame, treated, _, _ = people()
    with pytest.raises(DesignError, match="response 1 is the first arm.*level 'self' of referral has response 1"):
        logistic_score(frame, treated | (frame["referral"] == "self"))


def test_firth_carries_separation():
    frame, treated, _, _ = people()
    score = logistic_score(frame, treated | (frame["referral"] == "self"), penalty="firth").score
    assert ((score > 0) & (score < 1)).all()


@pytest.mark.parametrize("kind", ["ridge", "lasso"])
def test_penalised_scores_are_close_to_the_truth_and_repeatable(kind):
    frame, treated, chance, site = people()
    found = penalised_score(frame, treated, kind=kind, cluster=site, folds=4, seed=7)
    assert np.corrcoef(found.score, chance)[0, 1] > 0.9
    again = penalised_score(frame, treated, kind=kind, cluster=site, folds=4, seed=7)
    np.testing.assert_array_equal(found.score, again.score)


def test_boosted_scores_are_calibrated_so_that_a_chance_in_ten_is_one():
    frame, treated, _, _ = people(n=300)
    # With leaves of five, trees of so few people are sure of what they cannot know.
    score = boosted_score(frame, treated, folds=3, seed=7, rounds=60, least_leaf=5).score
    logit = pd.DataFrame({"logit": np.log(score / (1 - score))})
    again = fit_glm(treated, model_matrix(logit)).coefficients
    np.testing.assert_allclose(again, [0, 1], atol=1e-6)
    assert score.mean() == pytest.approx(treated.mean())


def test_boosted_scores_come_from_models_that_did_not_see_the_person():
    frame, treated, chance, site = people()
    found = boosted_score(frame, treated, cluster=site, folds=3, seed=7, rounds=20)
    assert np.corrcoef(found.score, chance)[0, 1] > 0.6
    # Arms drawn at random cannot be learnt from others: cross-fitted scores say nothing about who is in which arm,
    # while scores from models that saw everybody would.
    coin = np.random.default_rng(1).random(len(frame)) < 0.5
    blind = boosted_score(frame, coin, folds=3, seed=7, rounds=20, least_leaf=5).score
    assert abs(blind[coin].mean() - blind[~coin].mean()) < 0.1


class TestFolds:
    def test_clusters_stay_whole_and_every_fold_has_both_arms(self):
        _, treated, _, site = people()
        fold = folds_by_cluster(treated, site, 4, seed=1)
        assert pd.Series(fold).groupby(site).nunique().max() == 1
        assert set(fold) == {0, 1, 2, 3}
        for part in range(4):
            assert 0 < treated[fold != part].mean() < 1

    def test_the_seed_decides(self):
        _, treated, _, _ = people()
        np.testing.assert_array_equal(folds_by_cluster(treated, seed=3), folds_by_cluster(treated, seed=3))
        assert (folds_by_cluster(treated, seed=3) != folds_by_cluster(treated, seed=4)).any()

    def test_too_few_clusters_are_counted(self):
        _, treated, _, site = people()
        with pytest.raises(DesignError, match="5 asked for with 3 clusters"):
            folds_by_cluster(treated, np.where(site > "S5", "a", np.where(site > "S2", "b", "c")), 5)


class TestSites:
    def test_an_intercept_per_site_balances_the_sites(self):
        frame, treated, _, site = people()
        found = site_fixed_score(frame, treated, site)
        # The likelihood equations: expected and observed numbers in the first arm agree at every site.
        expected, observed = (pd.Series(v).groupby(site).sum() for v in (found.score, treated.astype(float)))
        np.testing.assert_allclose(expected, observed, rtol=1e-7)

    def test_sites_with_one_arm_are_counted_and_get_no_score(self):
        frame, treated, _, site = people()
        treated = treated & (site != "S3")
        found = site_fixed_score(frame, treated, site)
        assert found.notes[0] == "1 site with one arm only left out."
        np.testing.assert_array_equal(np.isnan(found.score), site == "S3")

    def test_a_model_per_site_equals_a_model_on_that_site(self):
        frame, treated, _, site = people()
        found = site_stratified_score(frame, treated, site)
        here = site == "S5"
        np.testing.assert_allclose(found.score[here], logistic_score(frame[here], treated[here]).score, rtol=1e-9)

    def test_no_site_with_both_arms_is_refused(self):
        frame, treated, _, _ = people()
        with pytest.raises(DesignError, match="none of 2 sites has both arms"):
            site_fixed_score(frame, treated, np.where(treated, "a", "b"))
