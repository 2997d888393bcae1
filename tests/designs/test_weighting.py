"""Design methods as a study names them."""

import numpy as np
import pandas as pd
import pytest

from iop_outcomes.designs.judge.balance import balance
from iop_outcomes.designs.weighting import score_people
from iop_outcomes.kernel.errors import DesignError, StudyFileError
from iop_outcomes.kernel.registry import DESIGN_METHODS

WEIGHTING = ["ate_weights", "att_weights", "atc_weights", "overlap_weights", "matching_weights"]
WEIGHTING += ["entropy_balance", "entropy_balance_att", "cbps", "cbps_att", "unweighted"]


@pytest.fixture(scope="module")
def study():
    rng = np.random.default_rng(4)
    n = 900
    index = pd.Index([f"m{i:05}" for i in range(n)], name="member_id")
    covariates = pd.DataFrame(
        {"age": rng.normal(40, 10, n), "referral": pd.Categorical(rng.choice(["court", "self"], n))}, index=index
    )
    treated = rng.random(n) < 1 / (
        1 + np.exp(-(covariates["age"] - 40) / 15 - 0.5 * (covariates["referral"] == "self"))
    )
    return covariates, treated.to_numpy(), rng.choice(["S1", "S2", "S3", "S4"], n)


def run(name, study, **settings):
    covariates, treated, site = study
    plugin = DESIGN_METHODS[name]
    return plugin(covariates, treated, site, 1, **plugin.check(settings))


@pytest.mark.parametrize("name", WEIGHTING)
def test_every_method_returns_the_same_frame(name, study):
    frame = run(name, study)
    assert list(frame.columns) == ["score", "weight", "matched_set"]
    pd.testing.assert_index_equal(frame.index, study[0].index)
    assert (frame["weight"] >= 0).all()
    assert frame["matched_set"].isna().all()


@pytest.mark.parametrize("name", [name for name in WEIGHTING if name != "unweighted"])
def test_every_method_balances_for_its_estimand(name, study):
    covariates, treated, _ = study
    estimand = DESIGN_METHODS[name].estimand
    table = balance(covariates, treated, run(name, study)["weight"], estimand=estimand)
    size = table["smd"].abs().groupby(table["stage"]).max()
    assert size["before"] > 0.2
    assert size["after"] < 0.1


def test_overlap_weights_balance_exactly(study):
    covariates, treated, _ = study
    table = balance(covariates, treated, run("overlap_weights", study)["weight"], estimand="ATO")
    assert table.loc[table["stage"] == "after", "smd"].abs().max() < 1e-8


@pytest.mark.parametrize("by_site", ["intercepts", "separately"])
def test_sites_are_balanced_too_when_they_enter_the_score(by_site, study):
    _, treated, site = study
    frame = run("overlap_weights", study, by_site=by_site)
    table = balance(pd.DataFrame({"site": site}), treated, frame["weight"], estimand="ATO")
    assert table.loc[table["stage"] == "after", "smd"].abs().max() < 1e-8


def test_people_at_one_arm_sites_get_no_weight_and_a_note(study):
    covariates, treated, site = study
    frame = run("ate_weights", (covariates, treated & (site != "S2"), site), by_site="intercepts")
    assert (frame.loc[site == "S2", "weight"] == 0).all()
    check, share, sentence = frame.attrs["notes"][0]
    assert check == "left_out"
    assert share == pytest.approx((site == "S2").mean())
    assert sentence == "1 site with one arm only left out."


def test_trimming_and_truncation_are_noted_with_their_share(study):
    frame = run("ate_weights", study, trim="crump", truncate=0.95, truncate_both_ends=True, stabilise=True)
    assert [check for check, _, _ in frame.attrs["notes"]] == ["trimmed", "truncated"]
    assert frame.attrs["notes"][1][1] == pytest.approx(0.1, abs=0.01)


@pytest.mark.parametrize("settings", [{"trim": 0.6}, {"truncate": 2}, {"model": "forest"}, {"fold": 3}])
def test_impossible_settings_are_refused_when_the_study_is_loaded(settings):
    with pytest.raises(StudyFileError):
        DESIGN_METHODS["ate_weights"].check(settings)


def test_settings_that_do_not_go_together_are_refused(study):
    covariates, treated, site = study
    with pytest.raises(DesignError, match="needs sites"):
        score_people(covariates, treated, None, 1, by_site="intercepts")
    with pytest.raises(DesignError, match="goes with the models logistic and firth"):
        score_people(covariates, treated, site, 1, model="lasso", by_site="separately")
